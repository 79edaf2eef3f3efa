"""The collective-field argument for a network with a readout, step by step; each step carries its check."""

from __future__ import annotations

from sympy import Eq, Expr, IndexedBase, Matrix, Mul, Sum, Symbol, eye, log, symbols

from theory.averages.exact import exact
from theory.derivation import Evaluated, Replay, Solves, Step, named
from theory.engine.collective import Action, disorder_average
from theory.engine.moments import N, at_three_units
from theory.engine.readout import (
    ACTIVITIES,
    FIELDS,
    LOADED_RESPONSE,
    NOISE_POWER,
    OUTPUT,
    POWER,
    LoadedSite,
    Loop,
    n,
)
from theory.engine.steps import coupling_steps
from theory.equations import ReadoutEquation
from theory.implicit import Branch
from theory.model import Model
from theory.networks import ReadoutNetwork
from theory.readout.vectors import moment, signal
from theory.symbols import C, growth, x

_i, _j = symbols("i j", integer=True)
_k = Symbol("k", real=True)
BY_PAIRINGS = Evaluated(exact, name="a cubic phi, both sides by Isserlis' theorem")

_m, _n, _xr, _phi = (IndexedBase(name) for name in ("m", "n", "xr", "phi"))


def exponent_steps(model: Model[ReadoutNetwork], action: Action) -> tuple[Step, ...]:
    """From the equation of motion to exp(N F[B]) with the loop."""
    bulk = disorder_average(model.network.couplings, (1,))
    terms = {LOADED_RESPONSE: _xr[_i] * _m[_i], OUTPUT: C * _n[_i] * _phi[_i]}
    sums = {b.symbol: Sum(term, (_i, 1, N)) / N for b, term in terms.items()}
    return (
        Step(
            f"Impose {model.equation} with response fields at two times, of which one may carry a perturbation. The entries of m, "
            "I and N n are numbers of order 1, frozen like the couplings",
            "generating functional",
            reference=model.reference,
        ),
        *coupling_steps(model.network.couplings, bulk, (1,)),
        Step(
            "The loop is a coupling m_i n_j of rank one, not random: it adds a product of two collective fields. Here and below n "
            "stands for N n at amplitude 1, with entries of order 1",
            "finite sums reordered",
            N * bulk.F + Sum(_xr[_i] * _m[_i] * C * _n[_j] * _phi[_j] / N, (_i, 1, N), (_j, 1, N)),
            N * action.F,
            assumption="none: exact for every N",
            check=Evaluated(lambda side: at_three_units(side.subs(sums)), name="exact identity at N = 3"),
        ),
    )


def stationary_steps(
    model: Model[ReadoutNetwork], action: Action, equation: ReadoutEquation, site: LoadedSite
) -> tuple[Step, ...]:
    """From F to (M1), (M2), (M3)."""
    vanishing = {b.symbol: site.average(b) for b in (NOISE_POWER, LOADED_RESPONSE)}
    drive = moment(signal(equation.output) ** 2)
    return (
        Step(
            "Saddle point: averages with a response field alone vanish, so that phi^2 and C n phi have no coefficients in the "
            "weight of a site. Those of xr^2, a Gaussian recurrent input, and of m xr, the output z as a signal along m, remain",
            "saddle point",
            action.F,
            Matrix([action.conjugate(b) for b in FIELDS]).subs(vanishing),
            assumption="N -> infinity; a stationary state",
            check=Replay(lambda F: Matrix([F.diff(b.symbol) for b in FIELDS]).subs(dict.fromkeys(vanishing, 0))),
        ),
        Step(
            "(M1) x = m z + I + recurrent input is Gaussian: its variance is the sum",
            "saddle values inserted",
            action.conjugate(NOISE_POWER),
            Eq(equation.unknown, equation.right),
            assumption="m, I, n Gaussian over units",
            reference=model.reference,
            check=Replay(lambda F: 2 * F.subs(POWER.symbol, site.average(POWER)) + drive),
        ),
        Step(
            "The coupling strength at which a given variance solves (M1)",
            "equation solved",
            Eq(equation.unknown, equation.right),
            Eq(equation.control, equation.control_at),
            check=Solves(lambda root: equation.right.subs(root.lhs, root.rhs) - equation.unknown, "inserted into (M1)"),
        ),
        Step(
            "(M2) The output: n and x are jointly Gaussian, <n phi> = <n x> <phi'>, <n x> the overlap of n with m z + I",
            "Stein's lemma",
            Eq(equation.output, site.average(OUTPUT, evaluate=False)),
            Eq(equation.output, equation.readout),
            reference=model.reference,
            check=BY_PAIRINGS,
        ),
        Step(
            f"(M3) At the target {equation.output} = {equation.target} the variance is that of the open loop, and (M2) gives the "
            "amplitude; it has a pole where n has no overlap with the activity",
            "linear equation solved",
            Eq(equation.output, equation.readout),
            Eq(equation.amplitude, equation.at_target(equation.amplitude_at)),
            reference=model.reference,
            check=Solves(
                lambda after: (equation.readout - equation.output).subs(
                    {after.lhs: after.rhs, equation.output: equation.target}
                ),
                "inserted into (M2)",
            ),
        ),
    )


def outlier_steps(loop: Loop, equation: ReadoutEquation) -> tuple[Step, ...]:
    """From the kernel to the outlier equation (O), the transfer function and the folds (T1)."""
    size, site = len(FIELDS), loop.site
    mode = loop.gain[0, 0]
    open_loop = Branch(equation.output, {equation.unknown: equation.right - equation.unknown}, {})
    a, G, theta = symbols("a G theta")
    letters = {a: equation.loop_gain, G: equation.slope, theta: equation.trace - equation.slope - equation.loop_gain}

    def connected(r: int, c: int) -> Expr:
        first, second = FIELDS[r], FIELDS[c]
        if first in ACTIVITIES and second in ACTIVITIES:
            return site.connected(first, second)
        joint, *single = (site.average(b, evaluate=False) for b in (first * second, first, second))
        return joint - Mul(*single)

    return (
        Step(
            f"Covariances Pi of the fields {', '.join(str(b.symbol) for b in FIELDS)} at one site: <xr^k f> = <f^(k)>, and "
            "m and n give factors <m x>, <n x>, <m n>. Covariances of two activities stay open",
            "Stein's lemma",
            Matrix(size, size, connected),
            loop.kernel.Pi,
            check=BY_PAIRINGS,
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
            "(O) The outliers of the Jacobian are the zeros of its root: their sum and their product",
            "coefficients, theta factored",
            loop.polynomial,
            Matrix([equation.trace, equation.determinant]),
            reference="Mastrogiuseppe, Ostojic 2019 (2x2 matrix of outliers)",
            check=Replay(lambda polynomial: Matrix([-polynomial.coeff(growth, 1), polynomial.coeff(growth, 0)])),
        ),
        Step(
            "(O) in one line",
            "quadratic equation",
            Matrix([equation.trace, equation.determinant]),
            Eq(growth**2, equation.trace * growth - equation.determinant),
            check=Solves(lambda e: e.lhs - e.rhs - loop.polynomial, "the polynomial of the kernel"),
        ),
        Step(
            "In letters: the slow variance mode G = g^2 dP/dDelta, the loop a = C <n m> <phi'>, and theta, which mixes them",
            "weak derivatives: G = g^2 <(phi^2)''>/2, so that no phi'' of a kinked phi is needed",
            loop.polynomial,
            (growth - G) * (growth - a) - theta * growth,
            check=Solves(lambda named: named.subs(letters) - loop.polynomial, "a, G, theta inserted"),
        ),
        Step(
            "Transfer function of the open loop, the response of C n phi to exp((lambda - 1) t) along m: directly, and by way of "
            "the variance. Outliers are where it is 1",
            "one field of the kernel resolved",
            loop.gain,
            loop.transfer(),
            check=Solves(
                lambda h: (1 - h) * growth * (growth - mode) - loop.polynomial,
                "(1 - h) lambda (lambda - G) is the polynomial of the outliers",
            ),
        ),
        Step(
            "(T1) At lambda = 1 the transfer function is the slope H' = dH/dz of the output against the clamped output, so a fold "
            "of the fixed points is where an outlier is 1",
            "implicit differentiation of (M1), (M2) by Price's theorem",
            loop.polynomial,
            named("H'", equation.output_slope),
            check=Replay(
                lambda polynomial: 1 - polynomial.subs(growth, 1) / (1 - mode),
                "the polynomial at 1 is (1 - G)(1 - H')",
            ),
        ),
        Step(
            "(T1) So a fold is where the amplitude is extremal along the open loop: for G < 1 a target is stable against slow "
            "modes where the amplitude grows with the target. Written without poles, (1 - G) dlnC/dlnz times <n x>",
            "polynomial at lambda = 1, (M3) inserted",
            Eq(equation.amplitude, equation.amplitude_at),
            named("turning", equation.turning),
            check=Replay(
                lambda e: (1 - mode) * open_loop.along(log(e.rhs)) * equation.output * site.joint.covariance(n, x),
                "differentiated along the open loop",
            ),
        ),
        Step(
            "Both outliers have real part below 1 where the polynomial at 1 is positive and the trace below 2",
            "Routh-Hurwitz at lambda = 1 + s",
            loop.polynomial,
            _k**2 + (2 - loop.trace) * _k + loop.polynomial.subs(growth, 1),
            check=Replay(lambda polynomial: polynomial.subs(growth, 1 + _k)),
        ),
    )
