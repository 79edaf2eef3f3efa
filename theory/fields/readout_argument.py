"""The collective-field argument for a network with a readout, step by step; each step carries its check."""

from __future__ import annotations

import random

from sympy import Eq, Expr, IndexedBase, Matrix, Rational, Sum, Symbol, eye, log, symbols

from theory.derivation import Fact, Replay, Step
from theory.equations import ReadoutEquation
from theory.fields.argument import coupling_steps
from theory.fields.collective import Action, disorder_average
from theory.fields.readout import (
    ACTIVITIES,
    FEEDBACK_ENTRY,
    FIELDS,
    LOADED_RESPONSE,
    NOISE_POWER,
    OUTPUT,
    POWER,
    READOUT_ENTRY,
    LoadedSite,
    Loop,
)
from theory.model import Model
from theory.networks import ReadoutNetwork
from theory.symbols import growth, phi, x

_N = Symbol("N", positive=True, integer=True)
_i, _j = symbols("i j", integer=True)
_k = Symbol("k", real=True)


def exponent_steps(model: Model[ReadoutNetwork], action: Action) -> tuple[Step, ...]:
    """From the equation of motion to exp(N F[B]) with the loop."""
    m, n, xr, activity = (IndexedBase(name) for name in ("m", "n", "xr", "phi"))
    return (
        Step(
            f"Impose {model.equation} with response fields at two times, of which one may carry a perturbation. The entries of m, "
            "I and N n are numbers of order 1, frozen like the couplings",
            "generating functional",
            reference=model.reference,
        ),
        *coupling_steps(model.network.couplings, disorder_average(model.network.couplings, (1,)), (1,)),
        Step(
            "The loop is a coupling m_i n_j of rank one, not random: its exponent is a product of two collective fields. Here and "
            "below n stands for N n, whose entries are of order 1",
            "finite sums reordered",
            Sum(xr[_i] * m[_i] * n[_j] * activity[_j] / _N, (_i, 1, _N), (_j, 1, _N)),
            _N * LOADED_RESPONSE.symbol * OUTPUT.symbol,
            assumption="none: exact for every N",
            check=Fact(_loop_is_product, "exact identity at N = 3 with random rational entries"),
        ),
        Step(
            "The whole exponent, over N",
            "sum",
            after=action.F,
            check=Fact(
                lambda: (
                    action.F
                    - disorder_average(model.network.couplings, (1,)).F
                    - LOADED_RESPONSE.symbol * OUTPUT.symbol
                    == 0
                ),
                "couplings and loop",
            ),
        ),
    )


def _loop_is_product() -> bool:
    draw = random.Random(5)
    m, n, xr, activity = ([Rational(draw.randint(-9, 9), draw.randint(1, 9)) for _ in range(3)] for _ in range(4))
    double = sum(xr[i] * m[i] * n[j] * activity[j] for i in range(3) for j in range(3)) / 3
    fields = [sum(a * b for a, b in zip(*pair, strict=True)) / 3 for pair in ((m, xr), (n, activity))]
    return bool(double == 3 * fields[0] * fields[1])


def stationary_steps(
    model: Model[ReadoutNetwork], action: Action, equation: ReadoutEquation, site: LoadedSite
) -> tuple[Step, ...]:
    """From F to (M1), (M2), (M3)."""
    vanishing = {b.symbol: site.average(b) for b in (NOISE_POWER, LOADED_RESPONSE)}
    loads = {
        name: model.network.feedback.get(name, 0) * equation.output + model.network.input.get(name, 0)
        for name in _vectors(model)
    }
    drive = sum(load**2 for load in loads.values())
    recurrent = 2 * action.conjugate(NOISE_POWER).subs(POWER.symbol, site.average(POWER))
    output = site.average(OUTPUT)
    return (
        Step(
            "Saddle point: averages with a response field alone vanish, so that only coefficients of response fields remain in the "
            "weight of a site: of xr^2, a Gaussian recurrent input; of m xr, a signal along m, which is the output z",
            "saddle point",
            action.F,
            Matrix([action.conjugate(NOISE_POWER), action.conjugate(LOADED_RESPONSE)]),
            assumption="N -> infinity; a stationary state",
            check=Fact(
                lambda: (
                    all(value == 0 for value in vanishing.values())
                    and all(action.conjugate(b).subs(vanishing) == 0 for b in ACTIVITIES)
                    and action.conjugate(LOADED_RESPONSE) == OUTPUT.symbol
                ),
                "<xr^2> = <m xr> = 0, so phi^2 and n phi have no coefficients",
            ),
        ),
        Step(
            "Variance of m z + I over units, from the loadings on independent vectors; overlaps as abbreviations",
            "independent standard normal vectors",
            drive,
            equation.right - recurrent,
            check=Fact(
                lambda: (drive - (equation.right - recurrent).xreplace(dict(equation.overlaps))).expand() == 0,
                "overlaps inserted",
            ),
        ),
        Step(
            "(M1) x = m z + I + recurrent input is Gaussian: its variance is the sum",
            "saddle values inserted",
            action.conjugate(NOISE_POWER),
            Eq(equation.unknown, equation.right),
            assumption="m, I, n Gaussian over units",
            reference=model.reference,
            check=Replay(
                lambda conjugate: Eq(
                    equation.unknown,
                    2 * conjugate.subs(POWER.symbol, site.average(POWER)) + equation.right - recurrent,
                )
            ),
        ),
        Step(
            "(M2) The output: n and x are jointly Gaussian, <n phi> = <n x> <phi'>, <n x> the overlap of n with m z + I",
            "Stein's lemma",
            Eq(equation.output, OUTPUT.symbol),
            Eq(equation.output, equation.readout),
            reference=model.reference,
            check=Replay(lambda saddle: saddle.subs(OUTPUT.symbol, output)),
        ),
        Step(
            f"(M3) At the target {equation.output} = {equation.target} the variance is that of the open loop, and (M2) gives the "
            "amplitude; it has a pole where n has no overlap with the activity",
            "linear equation solved",
            Eq(equation.output, equation.readout),
            equation.at_target(equation.amplitude_at),
            reference=model.reference,
            check=Replay(lambda closed: equation.at_target(closed.lhs / (closed.rhs / equation.amplitude))),
        ),
    )


def _vectors(model: Model[ReadoutNetwork]) -> list[str]:
    return sorted({*model.network.feedback, *model.network.input, *model.network.readout})


def outlier_steps(loop: Loop, equation: ReadoutEquation, named: Expr) -> tuple[Step, ...]:
    """From the kernel to the outlier equation (O), the transfer function and the folds (T1); `named` is (O) in a, G, theta."""
    size = len(FIELDS)
    perturbed = eye(size) - loop.kernel.Pi * loop.kernel.coupling / growth
    mode = loop.gain[0, 0]
    fold = loop.polynomial.subs(growth, 1)
    return (
        Step(
            f"Covariances Pi of the fields {', '.join(str(b.symbol) for b in FIELDS)} at one site: <xr^k f> = <f^(k)>, and "
            "m and n give factors <m x>, <n x>, <m n>. Covariances of two activities stay open",
            "Stein's lemma",
            after=loop.kernel.Pi,
            check=Fact(lambda: _stein_on_polynomials(), "<n m f'> and <n f''> of a cubic f at exact Gaussian moments"),
        ),
        Step(
            "Perturb the saddle by exp(s t). A response field that carries the perturbation brings 1/lambda, lambda = 1 + s: "
            "det(1 - Pi F''/lambda) is a square, because responses act on activities and not the other way round",
            "determinant of a block matrix",
            loop.kernel.Pi * loop.kernel.coupling,
            (loop.polynomial / growth**2) ** 2,
            check=Replay(lambda matrix: (eye(size) - matrix / growth).det(method="berkowitz"), "4x4 determinant"),
        ),
        Step(
            "(O) The outliers of the Jacobian: the slow variance mode G = g^2 dP/dDelta, the loop a = C <n m> <phi'>, and theta, "
            "which mixes them",
            "weak derivatives: G = g^2 <(phi^2)''>/2, so that no phi'' of a kinked phi is needed",
            loop.polynomial,
            named,
            reference="Mastrogiuseppe, Ostojic 2019 (2x2 matrix of outliers)",
            check=Fact(
                lambda: (loop.polynomial - _inserted(named, loop, equation)).expand() == 0,
                "a, G, theta inserted",
            ),
        ),
        Step(
            "Transfer function of the open loop, the response of n phi to exp((lambda - 1) t) along m: directly, and by way of the "
            "variance. Outliers are where it is 1",
            "one field of the kernel resolved",
            loop.gain,
            loop.transfer,
            check=Fact(
                lambda: (
                    ((1 - loop.transfer) * growth * (growth - mode) - loop.polynomial).together().expand() == 0
                    and perturbed.shape == (size, size)
                ),
                "(1 - h) lambda (lambda - G) is the polynomial of the outliers",
            ),
        ),
        Step(
            "(T1) At lambda = 1 the transfer function is the slope dH/dz of the output against the clamped output, so a fold of "
            "the fixed points is where an outlier is 1",
            "implicit differentiation of (M1), (M2) by Price's theorem",
            fold,
            (1 - mode) * (1 - equation.output_slope),
            check=Fact(
                lambda: (fold - (1 - mode) * (1 - equation.output_slope)).together().expand() == 0,
                "both sides for a generic phi",
            ),
        ),
        Step(
            "(T1) At the target the same is (1 - G) dlnC/dlnA: for G < 1 the target is stable against slow modes where the "
            "amplitude grows with the target",
            "logarithmic derivative of (M3) along the open loop",
            equation.at_target(fold),
            equation.at_target((1 - mode) * _logarithmic_slope(equation)),
            check=Fact(
                lambda: equation.at_target(fold - (1 - mode) * _logarithmic_slope(equation)).together().expand() == 0,
                "both sides for a generic phi",
            ),
        ),
        Step(
            "Both outliers have real part below 1 where the polynomial at 1 is positive and the trace below 2",
            "Routh-Hurwitz at lambda = 1 + s",
            loop.polynomial,
            _k**2 + (2 - loop.trace) * _k + fold,
            check=Replay(lambda polynomial: polynomial.subs(growth, 1 + _k)),
        ),
    )


def _inserted(named: Expr, loop: Loop, equation: ReadoutEquation) -> Expr:
    """(O) with what its letters stand for."""
    a, G, theta = symbols("a G theta")
    theta_of = equation.trace - equation.slope - equation.loop_gain
    return named.subs({a: equation.loop_gain, G: equation.slope, theta: theta_of})


def _logarithmic_slope(equation: ReadoutEquation) -> Expr:
    """dlnC/dlnz along the open loop."""
    logarithm = log(equation.amplitude_at)
    follow = equation.right.diff(equation.output) / (1 - equation.slope)
    return equation.output * (logarithm.diff(equation.output) + logarithm.diff(equation.unknown) * follow)


def _stein_on_polynomials() -> bool:
    """x = v_1 + 2 v_2 + v_3, m = v_1 - v_2, n = 3 v_2 + v_1 of independent normals: exact moments by Wick."""
    v = symbols("v_1:4")
    vectors = {x: (1, 2, 1), FEEDBACK_ENTRY: (1, -1, 0), READOUT_ENTRY: (1, 3, 0)}

    def covariance(first: Symbol, second: Symbol) -> int:
        return sum(p * q for p, q in zip(vectors[first], vectors[second], strict=True))

    def moment(expression: Expr) -> Expr:
        expanded = expression.subs({s: sum(c * w for c, w in zip(row, v, strict=True)) for s, row in vectors.items()})
        return sum(
            coefficient * _double_factorials(powers) for powers, coefficient in expanded.expand().as_poly(*v).terms()
        )

    f = x + 2 * x**3 / 7 + x**2
    site = LoadedSite(
        Rational(covariance(x, x)),
        {entry: Rational(covariance(entry, x)) for entry in (FEEDBACK_ENTRY, READOUT_ENTRY)},
        Rational(covariance(FEEDBACK_ENTRY, READOUT_ENTRY)),
    )
    for field, source, exact in (
        (OUTPUT, LOADED_RESPONSE, FEEDBACK_ENTRY * READOUT_ENTRY * f.diff(x)),
        (OUTPUT, NOISE_POWER, READOUT_ENTRY * f.diff(x, 2)),
        (POWER, LOADED_RESPONSE, FEEDBACK_ENTRY * (f**2).diff(x)),
    ):
        value = site.average(field * source)
        concrete = value.replace(
            lambda node: hasattr(node, "integrand"),
            lambda node: moment(node.integrand.subs(phi(x), f).doit().diff(x, node.order)),
        )
        if concrete != moment(exact):
            return False
    return True


def _double_factorials(powers: tuple[int, ...]) -> int:
    """prod_k <v^k> for standard normal v."""
    total = 1
    for power in powers:
        total *= 0 if power % 2 else int(_odd_product(power))
    return total


def _odd_product(power: int) -> int:
    product = 1
    for k in range(1, power, 2):
        product *= k
    return product


__all__ = ["exponent_steps", "outlier_steps", "stationary_steps"]
