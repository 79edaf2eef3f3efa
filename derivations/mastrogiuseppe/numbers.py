"""Numbers: solutions at their targets and every other fixed point, against quadrature with 34 digits and closed forms."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from derivations.claims import Claims
from derivations.comparison import near, number
from derivations.mastrogiuseppe import loop
from derivations.mastrogiuseppe.loop import ERF, Q_SLOPE, RELU, TANH, Geometry, Q, W


class State(NamedTuple):
    """Another fixed point of the closed loop; eleven digits."""

    z: float
    Delta0: float
    outliers: tuple[complex, complex]
    bulk_radius: float
    stable: bool


class Reference(NamedTuple):
    """A solution at its target, and every other fixed point of its loop (None: not in this list)."""

    activation: str
    geometry: Geometry
    target: float
    C: float
    Delta0: float
    gain: float
    C_phi: float
    outliers: tuple[complex, complex]
    bulk_radius: float
    lambda_ls: float
    stable: bool
    others: tuple[State, ...] | None


_WIDE_INPUT: Geometry = {"g": 1.5, "Sm": 1.2, "SI": 0.8, "pI": 1}
_STRONGER: Geometry = {**loop.FIGURE_1E, "g": 0.8}

# fmt: off
REFERENCES = (
    Reference(TANH, loop.FIGURE_1E, 1, 1.038771063485082, 2.0370901041060904, 0.4767766210434397, 0.5232233789565603,
              (0.2117746521244286, 0.02989785194698228), 0.1766529515408903, 0.2711328131015652, True, ()),
    Reference(TANH, loop.FIGURE_1E, -0.5, 1.554436667391469, 0.4841627435322303, 0.7315250718641077, 0.2684749281358923,
              (1.600145681277779, 0.03483572487481415), 0.2320771393464468, 0.38263352113803, False, (
        State(-1.160302056407, 1.886446141209, (0.5591921745, 0.0190006357), 0.1796067432, True),
        State(1.626418485457, 4.606151550368, (0.0966530290, 0.0260899215), 0.1468693364, True),
    )),
    Reference(TANH, loop.FIGURE_1E, -0.7, 1.400682552768036, 0.7770010418525424, 0.6510995349717507, 0.3489004650282493,
              (1.065291224165848, 0.02884672639673624), 0.2142847607288165, 0.41372474318937, False, (
        State(-0.778774520791, 0.923907828383, (0.9370035449, 0.0267597790), 0.2075430040, True),
        State(1.442948442648, 3.737335412245, (0.1223175518, 0.0265140681), 0.1541761641, True),
    )),
    Reference(TANH, loop.FIGURE_1E, -1, 1.469871798516766, 1.4313789145971962, 0.5402342822533746, 0.4597657177466254,
              (0.6833924351007359, 0.02182122771256901), 0.1903492922678902, 0.3686127124185753, True, (
        State(-0.560774878152, 0.560938315079, (1.3876886548, 0.0329325235), 0.2266721168, False),
        State(1.525802015623, 4.117736653172, (0.1100843834, 0.0262464352), 0.1507568118, True),
    )),
    Reference(TANH, loop.FIGURE_1E, -2, 2.164495748574592, 5.4713097786407772, 0.3187802373246974, 0.6812197626753026,
              (0.2476124795366274, 0.01050409765418782), 0.1410437215536827, 0.2070882686689929, True, (
        State(-0.362604618834, 0.350259441286, (2.6266475601, 0.0391618329), 0.2433829591, False),
        State(2.336636707366, 8.880128615720, (0.0306062097 + 0.0122221277j, 0.0306062097 - 0.0122221277j), 0.1256283060, True),
    )),
    Reference(TANH, loop.INPUT_ONLY, 1, 4.184952452676932, 2.0241422836999641, 0.477902681718806, 0.522097318281194,
              (0.0, -0.4701402503105432), 0.471726317417741, 0.2966001302695049, True, ()),
    Reference(TANH, loop.LOOP_ONLY, 1, 1.743730188615388, 2.0241422836999641, 0.477902681718806, 0.522097318281194,
              (0.3846216270743831, 0.1452381226150736), 0.471726317417741, 0.2966001302695049, True, (
        State(-1.000000000000, 2.024142283700, (0.3846216271, 0.1452381226), 0.4717263174, True),
        State(0.000000000000, 0.403585558432, (1.5903291486, 0.2411016154), 0.6361159482, False),
    )),
    Reference(TANH, loop.SHARED, -1, 5.617900358723253, 1.7045098147331689, 0.5085784144794236, 0.4914215855205764,
              (1.144666158592096, 0.101266056730046), 0.4894207245837392, 0.3449591837552254, False, (
        State(-1.202288937231, 2.320262110902, (0.8691155474, 0.0840885703), 0.4578550360, True),
        State(2.330277285856, 9.247490797909, (0.0210844892 + 0.0797778856j, 0.0210844892 - 0.0797778856j), 0.3317453648, True),
    )),
    Reference(TANH, loop.SHARED, 1, 2.599817554085303, 2.3403869172329300, 0.4525204418235468, 0.5474795581764532,
              (0.1170252753807294 + 0.1402748942867651j, 0.1170252753807294 - 0.1402748942867651j),
              0.4569839932820513, 0.2618121873044452, True, ()),
    Reference(TANH, loop.APART, 1, 1.506451490734774, 2.9225695446980350, 0.4148822606263645, 0.5851177393736355,
              (0.219012119237803 + 0.1152177956821055j, 0.219012119237803 - 0.1152177956821055j),
              0.65230774324456, 0.2212088277146229, True, ()),
    Reference(TANH, loop.WIDE_LOOP, 1.5, 2.601072571935024, 5.4091435270853956, 0.320380654628713, 0.679619345371287,
              (0.3802132891175357, 0.1535021982624738), 0.7071248172511356, 0.1820262547500825, True, None),
    Reference(TANH, _WIDE_INPUT, 1.5, 5.852413286853804, 5.4091435270853956, 0.320380654628713, 0.679619345371287,
              (0.0, -0.4662845126199905), 0.7071248172511356, 0.1820262547500825, True, ()),
    Reference(ERF, loop.FIGURE_1E, -0.5, 1.509764199569456, 0.4856412340832195, 0.7531701938263085, 0.2849026009246619,
              (1.604845500794355, 0.03731195809338632), 0.2379722820771679, 0.3891877658532526, False, None),
    Reference(ERF, loop.LOOP_ONLY, 1, 1.709771918366239, 2.0432826100564917, 0.4873944438914516, 0.5520040782132684,
              (0.3659642550130362, 0.1525193821429587), 0.4847315398980858, 0.283328447850085, True, None),
    Reference(ERF, loop.WIDE_LOOP, 1.5, 2.580974273197151, 5.4701277688599723, 0.3228754900764864, 0.7067234528266544,
              (0.3795075843928603, 0.1449361093152446), 0.7263792857723691, 0.1670796880405268, True, None),
    Reference(RELU, _STRONGER, 1, 0.9905235153722356, 2.9264705882352941, 0.5, 1.463235294117647,
              (0.8118481710266039, 0.32), 0.565685424949238, 0.8633165829145729, True, ()),
    Reference(RELU, _STRONGER, -1, 1.588150272152364, 2.0441176470588235, 0.5, 1.022058823529412,
              (1.301672170072379, 0.32), 0.565685424949238, 0.9510791366906475, False, ()),
    Reference(RELU, loop.LOOP_ONLY, 1, 1.666666666666667, 2.4852941176470588, 0.5, 1.242647058823529,
              (1.0, 0.32), 0.565685424949238, 0.8994082840236686, False, None),
)
# fmt: on

claims = Claims()
_SIXTEEN, _TEN = (1e-12, 1e-12), (2e-10, 2e-10)  # tolerances for numbers of sixteen digits and of ten decimals
_SCALARS = ("C", "Delta0", "gain", "C_phi", "bulk_radius", "lambda_ls")


def agrees(reference: Reference) -> bool:
    """Whether the generated solver gives a reference solution, and all fixed points where they are listed."""
    found = loop.solved(reference.activation, reference.geometry, reference.target)
    target = min(found.fixed_points, key=lambda point: abs(point.z - reference.target))
    others = [point for point in found.fixed_points if point is not target]
    claimed = reference.others or ()
    return (
        near(found.leading, {key: getattr(reference, key) for key in _SCALARS}, *_SIXTEEN)
        and _same_pair(loop.outliers(found), reference.outliers, _SIXTEEN)
        and target.stable is reference.stable
        and near((target.z, target.Delta0), (reference.target, reference.Delta0), *_SIXTEEN)
        and (reference.others is None or len(others) == len(claimed))
        and all(
            near([getattr(point, key) for key in _STATE], [getattr(state, key) for key in _STATE], *_TEN)
            and _same_pair(point.outliers, state.outliers, _TEN)
            and point.stable is state.stable
            for point, state in zip(others, claimed, strict=False)
        )
    )


_STATE = ("z", "Delta0", "bulk_radius")


def _same_pair(
    pair: tuple[complex, complex], claimed: tuple[complex, complex], tolerances: tuple[float, float]
) -> bool:
    """Largest real part first; of a complex pair either first."""
    return near(pair, claimed, *tolerances) or near(pair, claimed[::-1], *tolerances)


for _text in (TANH, ERF, RELU):
    _rows = [reference for reference in REFERENCES if reference.activation == _text]
    claims(
        f"Solutions for phi = {_text}: Delta0, C, <phi'>, <phi^2>, outliers, radius of the bulk, least-squares outlier and "
        f"stability at {len(_rows)} targets, and all other fixed points of these loops",
        "the generated solver to twelve digits of numbers computed here by quadrature of 34 digits, other fixed points to ten",
    )(partial(map, agrees, _rows))


@claims(
    "ReLU with a loop alone: a = 1, marginal at every g; every output is a fixed point",
    "the generated solver, g = 0.2, 0.8, 1.3",
)
def _marginal():
    for strength in (0.2, 0.8, 1.3):
        found = loop.solved(RELU, {"g": strength, "Sm": 1.2, "SI": 0.5, "pm": 1}, 1.0)
        yield found.details["regime"] == "continuum" and near(loop.outliers(found)[0], 1.0, 1e-12)
        yield not any(point.stable for point in found.fixed_points)


# Delta: absolute errors of the rule in <phi'>, <phi'^2>, <phi'''>
_RULE_ERRORS = {4: (1e-8, 3e-7, 2e-6), 10: (1e-5, 2e-4, 1e-3), 30: (1e-3, 7e-3, 4e-2)}


@claims(
    "A Gauss-Hermite rule of 200 nodes, as in the public code, is not enough at large variance: errors of <phi'>, <phi'^2>, "
    "<phi'''> for tanh 1e-8, 3e-7, 2e-6 at Delta = 4; 1e-5, 2e-4, 1e-3 at 10; 1e-3, 7e-3, 4e-2 at 30",
    "25 digits, averages by certified quadrature, errors to a factor 2",
)
def _hermite_rule():
    node, weight = np.polynomial.hermite_e.hermegauss(200)
    for variance, errors in _RULE_ERRORS.items():
        slope = np.cosh(np.sqrt(variance) * node) ** -2.0
        functions = slope, slope**2, 4 * slope - 6 * slope**2
        for average, function, error in zip((Q, W, 2 * Q_SLOPE), functions, errors, strict=True):
            rule = float(weight @ function) / np.sqrt(2 * np.pi)
            yield error / 2 < abs(rule - float(number(average, TANH, Delta=variance))) < 2 * error
