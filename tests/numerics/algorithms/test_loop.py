"""Closed loops: reference values, folds, every fixed point against brute force, what has no amplitude or many states.

Reference values: the network of Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, its averages as trapezoid sums
with 34 digits (tanh; two step widths agree to 1e-34) or in closed form (erf(sqrt(pi) x/2), ReLU).
"""

import numpy as np
import pytest
from scipy.optimize import brentq

from numerics.algorithms.loop import outliers
from tests.loops import BUMP, CUBIC, ERF, RELU, ROTATED, SIGN, SINE, SQUARE, TANH, Loop, overlaps

FIG1E = (1.2, 0.5, 0.5, 1, 1, 0.3)
SHARED, ONLY_M, ONLY_I = (1.2, 0.5, 0.5, 1, 0, 0), (1.2, 0.5, 0, 0, 1, 0), (1.2, 0.5, 0, 0, 0, 1)
STRONG, STRONG_M, STRONG_I = (1.2, 0.8, 0, 0, 1, 0.5), (1.2, 0.8, 0, 0, 1, 0), (1.2, 0.8, 0, 0, 0, 1)
PAIR_10 = 0.1170252753807294 + 0.1402748942867651j, 0.1170252753807294 - 0.1402748942867651j
PAIR_12 = 0.219012119237803 + 0.1152177956821055j, 0.219012119237803 - 0.1152177956821055j
ROWS = [  # loop, g, vectors, target, C, Delta, outliers, bulk radius, stable
    (TANH, 0.3, FIG1E, 1, 1.0387710634851, 2.0370901041061, (0.21177465212443, 0.029897851946982), 0.17665295154089, True),
    (TANH, 0.3, FIG1E, -0.5, 1.5544366673915, 0.48416274353223, (1.6001456812778, 0.034835724874814), 0.23207713934645, False),
    (TANH, 0.3, FIG1E, -0.7, 1.400682552768, 0.77700104185254, (1.0652912241658, 0.028846726396736), 0.21428476072882, False),
    (TANH, 0.3, FIG1E, -1, 1.4698717985168, 1.4313789145972, (0.68339243510074, 0.021821227712569), 0.19034929226789, True),
    (TANH, 0.3, FIG1E, -2, 2.1644957485746, 5.4713097786408, (0.24761247953663, 0.010504097654188), 0.14104372155368, True),
    (TANH, 0.8, ONLY_I, 1, 4.1849524526769, 2.0241422837, (0.0, -0.47014025031054), 0.47172631741774, True),
    (TANH, 0.8, ONLY_M, 1, 1.7437301886154, 2.0241422837, (0.38462162707438, 0.14523812261507), 0.47172631741774, True),
    (TANH, 0.8, SHARED, -1, 5.6179003587233, 1.7045098147332, (1.1446661585921, 0.10126605673005), 0.48942072458374, False),
    (TANH, 0.8, SHARED, 1, 2.5998175540853, 2.3403869172329, PAIR_10, 0.45698399328205, True),
    (TANH, 1.2, STRONG, 1, 1.5064514907348, 2.922569544698, PAIR_12, 0.65230774324456, True),
    (TANH, 1.5, STRONG_M, 1.5, 2.601072571935, 5.4091435270854, (0.38021328911754, 0.15350219826247), 0.70712481725114, True),
    (TANH, 1.5, STRONG_I, 1.5, 5.8524132868538, 5.4091435270854, (0.0, -0.46628451261999), 0.70712481725114, True),
    (ERF, 0.3, FIG1E, -0.5, 1.5097641995695, 0.48564123408322, (1.6048455007944, 0.037311958093386), 0.23797228207717, False),
    (ERF, 0.8, ONLY_M, 1, 1.7097719183662, 2.0432826100565, (0.36596425501304, 0.15251938214296), 0.48473153989809, True),
    (ERF, 1.5, STRONG_M, 1.5, 2.5809742731972, 5.47012776886, (0.37950758439286, 0.14493610931524), 0.72637928577237, True),
    (RELU, 0.8, FIG1E, 1, 0.99052351537224, 2.9264705882353, (0.8118481710266, 0.32), 0.56568542494924, True),
    (RELU, 0.8, FIG1E, -1, 1.5881502721524, 2.0441176470588, (1.3016721700724, 0.32), 0.56568542494924, False),
    (RELU, 0.8, ONLY_M, 1, 1.6666666666667, 2.4852941176471, (1.0, 0.32), 0.56568542494924, False),
]  # fmt: skip
OTHERS = [  # row, z, Delta, outliers, bulk radius, stable
    (1, -1.160302056407, 1.886446141209, (0.5591921745, 0.0190006357), 0.1796067432, True),
    (1, 1.626418485457, 4.606151550368, (0.0966530290, 0.0260899215), 0.1468693364, True),
    (2, -0.778774520791, 0.923907828383, (0.9370035449, 0.0267597790), 0.2075430040, True),
    (2, 1.442948442648, 3.737335412245, (0.1223175518, 0.0265140681), 0.1541761641, True),
    (3, -0.560774878152, 0.560938315079, (1.3876886548, 0.0329325235), 0.2266721168, False),
    (3, 1.525802015623, 4.117736653172, (0.1100843834, 0.0262464352), 0.1507568118, True),
    (4, -0.362604618834, 0.350259441286, (2.6266475601, 0.0391618329), 0.2433829591, False),
    (4, 2.336636707366, 8.880128615720, (0.0306062097 + 0.0122221277j, 0.0306062097 - 0.0122221277j), 0.1256283060, True),
    (6, -1.0, 2.024142283700, (0.3846216271, 0.1452381226), 0.4717263174, True),
    (6, 0.0, 0.403585558432, (1.5903291486, 0.2411016154), 0.6361159482, False),
    (7, -1.202288937231, 2.320262110902, (0.8691155474, 0.0840885703), 0.4578550360, True),
    (7, 2.330277285856, 9.247490797909, (0.0210844892 + 0.0797778856j, 0.0210844892 - 0.0797778856j), 0.3317453648, True),
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(ROWS)))
def test_reference_rows(k):
    loop, g, vectors, target, C, Delta, pair, radius, stable = ROWS[k]
    found_Delta, found_C, points = loop.closed(target, overlaps(g, *vectors))
    assert (found_Delta, found_C) == pytest.approx((Delta, C), rel=1e-12)
    at = int(np.argmin(np.abs(points["z"] - target)))
    assert points["z"][at] == target
    assert points["Delta"][at] == pytest.approx(Delta, rel=1e-12)
    assert points["outliers"][at].tolist() == pytest.approx(pair, rel=1e-11, abs=1e-12)
    assert points["bulk_radius"][at] == pytest.approx(radius, rel=1e-12)
    assert points["stable"][at] == stable
    assert points["continuum"] == (k == len(ROWS) - 1)
    assert_polynomial_form(loop, C, overlaps(g, *vectors), points["Delta"])
    others = [row[1:] for row in OTHERS if row[0] == k]  # printed to 12 and 10 digits after the point
    rest = [j for j in range(points["z"].size) if j != at]
    for j, (z, Delta, pair, radius, stable) in zip(rest, others, strict=True) if others else ():
        assert (points["z"][j], points["Delta"][j]) == pytest.approx((z, Delta), abs=2e-12)
        assert points["outliers"][j].tolist() == pytest.approx(pair, abs=1e-10)
        assert points["bulk_radius"][j] == pytest.approx(radius, abs=1e-10)
        assert points["stable"][j] == stable


def assert_polynomial_form(loop, C, given, Delta):
    """With z = C snI Q/(1 - C snm Q) eliminated instead, states are zeros of a function of Delta with a pole."""
    g, Sm2, smI, SI2, snm, snI = given
    pole, driven = 1 - C * snm * loop.Q(Delta), C * snI * loop.Q(Delta)
    left = (Delta - g**2 * loop.P(Delta)) * pole**2
    right = Sm2 * driven**2 + 2 * smI * driven * pole + SI2 * pole**2
    assert left.tolist() == pytest.approx(right.tolist(), rel=1e-9, abs=1e-12)


CRITICAL = [  # g, vectors, flex, A_c, the amplitude there, A_b
    (0.3, FIG1E, -0.2317574094, -0.7379772483, 1.3983114406, 1.4401000142),
    (0.8, SHARED, -0.4166666667, -1.0939141310, 5.5837637068, 2.3157124639),
    (1.2, STRONG, -0.3333333333, -1.0645405092, 3.0062663049, 2.3896710809),
]
TURNS = {  # A_c at g = 0.1, 0.3, 0.6, 0.9
    FIG1E: (-0.73678818, -0.73797725, -0.74425600, -0.76202464),
    SHARED: (-1.05914621, -1.06291535, -1.07711516, -1.10493958),
    (1.2, 0.5, 0, 0, 1, 0.5): (-0.69221558, -0.69379592, -0.70099838, -0.71882602),
}


@pytest.mark.parametrize(("g", "vectors", "flex", "A_c", "C_c", "A_b"), CRITICAL)
def test_critical_targets(g, vectors, flex, A_c, C_c, A_b):
    given = overlaps(g, *vectors)
    found = TANH.readout.critical_targets(given)
    assert [found[key] for key in ("flex", "A_c", "C_c", "A_b")] == pytest.approx([flex, A_c, C_c, A_b], abs=1e-10)
    # the mirror image z -> -z is another input, I -> -I
    mirrored = TANH.readout.critical_targets((*given[:2], -given[2], given[3], given[4], -given[5]))
    assert [-mirrored[key] for key in ("flex", "A_c", "A_b")] == pytest.approx([flex, A_c, A_b], abs=1e-10)


def test_critical_targets_depend_weakly_on_g():
    for vectors, expected in TURNS.items():
        for g, A_c in zip((0.1, 0.3, 0.6, 0.9), expected, strict=True):
            found = TANH.readout.critical_targets(overlaps(g, *vectors))
            assert found["A_c"] == pytest.approx(A_c, abs=6e-9)


def test_noise_in_a_derivative_makes_no_extremum():
    def noisy(D):
        return BUMP.dQ(D) * np.where(np.sin(3 * np.log(D)) + (D < 1e6) > 0, 1, -1)

    loop, given = Loop(BUMP.P, BUMP.dP, BUMP.Q, noisy, BUMP.W), overlaps(0.3, *FIG1E)
    assert (
        loop.readout.critical_targets(given)["turns"].tolist() == BUMP.readout.critical_targets(given)["turns"].tolist()
    )


FOLDING = [
    (ERF, 0.3, FIG1E),
    (ERF, 1.2, STRONG),
    (ERF, 0.8, (1.2, 0.5, 0.5, -1, 0.2, 0.3)),
    (SQUARE, 0.05, (1, 0.5, 0.5, 1, 1, 0.3)),
]


@pytest.mark.parametrize(("loop", "g", "vectors"), [*FOLDING, (TANH, 0.3, FIG1E)])
@pytest.mark.parametrize("power", [4, 8, 12])
def test_partner_of_a_target_next_to_a_fold(loop, g, vectors, power):
    """Near its extremum C(z) is even in z - A_c to leading order: the other fixed point is the mirror image of the target."""
    given = overlaps(g, *vectors)
    turn = loop.readout.critical_targets(given)["turns"][0]
    for side in (1, -1):
        target = turn * (1 + side * 10.0**-power)
        points = loop.closed(target, given)[2]
        assert points["index"] == points["index_expected"]
        distance = points["z"] - target
        partner = distance[np.argsort(np.abs(distance))[1]]
        rounding = 4e-15 / 10.0**-power
        assert partner == pytest.approx(2 * (turn - target), rel=2 * 10.0**-power + rounding)


def test_pair_of_states_next_to_a_fold_elsewhere():
    """A target that is barely bistable: the other two states are as far apart as the root of the distance to A_b."""
    given = overlaps(0.3, *FIG1E)
    A_b = ERF.readout.critical_targets(given)["A_b"]
    apart = []
    for power in (4, 6, 8, 10, 12):
        inside, outside = (ERF.closed(A_b * (1 + side * 10.0**-power), given)[2]["z"] for side in (1, -1))
        assert outside.size == 1
        assert inside.size == 3
        apart.append((inside[1] - inside[0]) * 10 ** (power / 2))
    assert apart == pytest.approx([apart[2]] * 5, rel=3e-4)


def test_at_the_fold_itself():
    given = overlaps(0.3, *FIG1E)
    A_c = ERF.readout.critical_targets(given)["A_c"]
    points = ERF.closed(A_c, given)[2]
    assert points["outliers"][0, 0].real == pytest.approx(1, abs=1e-12)
    assert points["stable"].tolist() == [False] * (points["z"].size - 1) + [True]


def test_no_recurrent_folds_where_relu_is_linear_in_z():
    found = RELU.readout.critical_targets(overlaps(0.8, *FIG1E))
    assert np.isnan([found["A_c"], found["A_b"]]).all()
    assert found["turns"].size == 0


def test_loop_without_input():
    """C snm Q = 1 at one variance: both signs; and silence, which is stable below g = 1 only while the loop is weak."""
    below, above = (ERF.closed(1.0, overlaps(g, 1.2, 0, 0, 0, 1, 0))[2] for g in (0.8, 1.3))
    assert below["z"].tolist() == [-1, 0, 1]
    assert below["Delta"][1] == 0
    assert below["outliers"][1].real.tolist() == pytest.approx(
        sorted([0.64, 1 / ERF.Q(below["Delta"][0])], reverse=True)
    )
    assert above["z"].tolist() == [-1, 0, 0, 1]
    silent, active = above["Delta"][1:3]
    assert (silent, active) == (0, pytest.approx(1.3**2 * ERF.P(active), rel=1e-12))
    assert below["stable"].tolist() == [True, False, True]


@pytest.mark.parametrize("snI", [1e-3, 1e-6, 1e-9, 1e-12])
def test_hardly_any_constant_part(snI):
    """z and -z lie a hair apart in Delta, on the two sides of the pole; the third state is at 0."""
    given = 0.8, 1.44, 0.0, 0.25, 1.2, snI
    z = ERF.closed(1.0, given)[2]["z"]
    at_zero = brentq(lambda v: v - 0.64 * ERF.P(v) - 0.25, 0.2, 1, xtol=1e-15)
    C = 1 / ((1.2 + snI) * ERF.Q(ERF.readout.open_loop(1.0, given)[0]))
    assert z.size == 3
    assert z[2] == 1
    assert z[1] == pytest.approx(
        C * snI * ERF.Q(at_zero) / (1 - C * 1.2 * ERF.Q(at_zero)), rel=1e-3 if snI == 1e-3 else 1e-6
    )
    assert 0 < z[0] + 1 < 4 * snI


@pytest.mark.parametrize("target", [1e-3, 1e-6, 1e-9])
def test_pitchfork(target):
    """At small targets the three states of a loop without constant part merge."""
    points = ERF.closed(target, overlaps(0.8, *ONLY_M))[2]
    assert points["z"].tolist() == pytest.approx([-target, 0, target], rel=1e-12)


@pytest.mark.parametrize("power", [3, 6, 9])
@pytest.mark.parametrize("g", np.linspace(0.5, 0.9, 8))  # the rounding of the edge goes either way
def test_pitchfork_of_an_amplitude_without_target(g, power):
    """The states +-z appear at C = 1/(snm Q(Delta(0))), with z growing as the root of the distance."""
    given = overlaps(g, *ONLY_M)
    (critical,) = ERF.readout.critical_targets(given)["C_turns"]
    inside, outside = (ERF.readout.fixed_points(np.nan, critical * (1 + s * 10.0**-power), given)["z"] for s in (1, -1))
    assert outside.tolist() == [0]
    assert inside.size == 3
    below, zero, above = inside
    Delta = brentq(lambda v: 1 - critical * (1 + 10.0**-power) * given[4] * ERF.Q(v), 0.2, 1, xtol=1e-16)
    z = np.sqrt((Delta - g**2 * ERF.P(Delta) - 0.25) / given[1])
    assert (zero, -below) == (0, pytest.approx(above, rel=1e-6))
    assert above == pytest.approx(z, rel=1e-6)


def test_next_to_the_pole_of_the_amplitude():
    given = overlaps(0.3, *FIG1E)
    flex = -given[5] / given[4]
    for beyond in (1e-6, 1e-9):
        far, near = (ERF.closed(flex * (1 + side * beyond), given)[2] for side in (1, -1))
        assert far["stable"].tolist() == [True, False, True]
        assert near["stable"].tolist() == [True]
        size = np.abs(far["z"][[0, 2]])  # the loop saturates: z = C snm <phi'> z, <phi'> = (1 + pi Delta/2)^(-1/2)
        C = flex * (1 + beyond) / (-given[5] * beyond * ERF.Q(far["Delta"][1]))
        assert size.tolist() == pytest.approx([C * given[4] / np.sqrt(np.pi / 2 * given[1])] * 2, rel=1e-5)


def test_no_feedback_and_no_readout():
    points = ERF.closed(1.0, overlaps(0.8, 0, 0.5, 0, 1, 1, 0.3))[2]
    assert points["z"].tolist() == pytest.approx([1.0])
    assert ERF.closed(0.0, overlaps(0.8, *FIG1E))[2]["z"].tolist() == [0.0]


def test_open_loop_of_a_superlinear_network():
    given = overlaps(0.1, 1.2, 0.5, 0.5, 1, 1, 0.3)
    Delta, roots = SQUARE.readout.open_loop(np.array([0.0, 1.0, 5.0]), given)
    expected = [[(1 + side * np.sqrt(1 - 0.12 * S)) / 0.06 for S in (0.25, 1.99)] for side in (-1, 1)]
    assert roots[:, :2].tolist() == [pytest.approx(row, rel=1e-12) for row in expected]
    assert Delta[:2].tolist() == roots[0, :2].tolist()
    assert np.isnan(Delta[2])


def test_outliers_do_not_cancel():
    pairs = outliers(np.array([1.0, -1.0, 0.0, 3.0, 0.2, 0.0]), np.array([1e-20, 1e-20, 0.0, 2.0, 0.17, -4.0]))
    expected = [[1, 1e-20], [-1e-20, -1], [0, 0], [2, 1], [0.1 + 0.4j, 0.1 - 0.4j], [2, -2]]
    assert pairs.tolist() == [pytest.approx(row, rel=1e-15, abs=1e-35) for row in expected]


# ---- brute force ----------------------------------------------------------------------------------------------------

COUPLINGS = {ERF: 2, RELU: 1.4, SQUARE: 0.06, SINE: 2, BUMP: 3.5, CUBIC: 0.35, ROTATED: 2, SIGN: 2}


def random_case(rng):
    """A loop, its overlaps, an amplitude, and the target if the amplitude belongs to one."""
    loop = list(COUPLINGS)[rng.integers(len(COUPLINGS))]
    scales = rng.choice([1, 1e-3, 1e-8, 0], size=3, p=[0.7, 0.1, 0.05, 0.15])
    rho = rng.choice([0, 0.999, rng.random(), rng.random()])
    given = overlaps(
        COUPLINGS[loop] * rng.random(),
        10 ** rng.uniform(-1.5, 1),
        10 ** rng.uniform(-1.5, 0.5),
        rho,
        *rng.normal(size=3) * scales,
    )
    target = rng.normal() * 10 ** rng.uniform(-2, 1)
    Delta = float(loop.readout.open_loop(target, given)[0])
    with np.errstate(all="ignore"):
        C = target / loop.overlap(Delta, target, *given)[0]
    choice = rng.random()
    if choice < 0.2:  # next to a fold that is not the target's
        turns = loop.readout.critical_targets(given)["C_turns"]
        if turns.size:
            return loop, given, turns[0] * (1 + rng.choice([-1e-5, 1e-5])), np.nan
    if choice < 0.5 or not np.isfinite(C):
        return loop, given, rng.normal() * 3, np.nan
    return loop, given, C, target


def brute_force(loop, C, given):
    """(Delta, z) by sign changes of the mismatch on a fine grid of z, on each monotone branch Delta(z)."""
    g, Sm2, smI, SI2 = given[:4]

    def left(v):
        return v - g**2 * loop.P(v)

    def drive(z):
        return Sm2 * z**2 + 2 * smI * z + SI2

    Delta, positive = np.geomspace(1e-9, 1e9, 40001), np.geomspace(1e-6, 1e4, 5000)
    z = np.concatenate([-positive[::-1], [0.0], positive])
    height = left(Delta)
    turns = np.nonzero(np.diff(np.sign(np.diff(height))))[0] + 1
    found = []
    for k, part in enumerate(np.split(np.arange(Delta.size), turns)):
        part = part if k == 0 else np.append(part[0] - 1, part)
        low, high = Delta[part[0]], Delta[part[-1]]
        inside = (drive(z) > height[part].min()) & (drive(z) < height[part].max())
        order = np.argsort(height[part])
        branch = np.interp(drive(z), height[part][order], Delta[part][order])
        mismatch = loop.overlap(branch, z, *given)[0] * C - z

        def variance(z, ends=(low, high)):
            return brentq(lambda v: left(v) - drive(z), *ends, xtol=1e-300, rtol=1e-15)

        def residual(z, variance=variance):
            return C * loop.overlap(variance(z), z, *given)[0] - z

        for j in np.nonzero(inside[:-1] & inside[1:] & (mismatch[:-1] * mismatch[1:] <= 0))[0]:
            if residual(z[j]) * residual(z[j + 1]) <= 0:
                root = brentq(residual, z[j], z[j + 1], xtol=1e-15)
                found.append((variance(root), root))
    return found


def assert_complete(seed, cases):
    """What brute force finds is found, what is found solves the equations, and the sum of the indices is what it must be.

    Along the curve of states with held output the mismatch goes from + to - or from - to +, as its ends tell, or returns to
    where it began, where the curve closes; so the signs of (1 - first outlier)(1 - second) add up to 1, -1 or 0.
    """
    rng, sizes = np.random.default_rng(seed), []
    for _ in range(cases):
        loop, given, C, target = random_case(rng)
        points = loop.readout.fixed_points(target, C, given)
        assert np.all(points["residual"] < 1e-11)
        if points["continuum"]:
            continue
        sizes.append(points["z"].size)
        assert points["index"] == points["index_expected"] or np.isnan(points["index"] + points["index_expected"])
        if np.isfinite(target):
            assert target in points["z"]
        for Delta, z in brute_force(loop, C, given):
            close = (np.abs(points["z"] - z) <= 1e-6 * abs(z) + 1e-9) & (
                np.abs(points["Delta"] - Delta) <= 1e-5 * Delta
            )
            assert np.any(close), (given, C, z, Delta)
    assert {1, 2, 3} <= set(sizes)


def test_no_fixed_point_is_missed():
    assert_complete(seed=1, cases=40)


@pytest.mark.heavy
def test_no_fixed_point_is_missed_in_many_loops():
    assert_complete(seed=2, cases=400)


def test_a_missing_fixed_point_shows_in_the_index():
    points = ERF.closed(-0.5, overlaps(0.3, *FIG1E))[2]
    signs = np.sign(np.prod(1 - points["outliers"], axis=1).real)
    assert signs.tolist() == [1, -1, 1]
    assert points["index"] == points["index_expected"] == 1
