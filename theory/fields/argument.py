"""The collective-field argument, step by step, for any random-coupling model; each step carries its check."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import mpmath
from sympy import Derivative, Eq, Expr, I, Integral, Matrix, Symbol, eye, oo, pi, sqrt, symbols
from sympy import exp as Exp

from theory.derivation import Fact, Replay, Sides, Step, same
from theory.fields.collective import Action, Bilinear, Kernel, Operator, SiteMeasure
from theory.fields.finite_size import FiniteSizeIdentity, coupling_exponent
from theory.model import Model
from theory.networks import GaussianCouplings, StaticNetwork
from theory.symbols import Delta, x

_a, _J, _k = symbols("a J k", real=True)
_v = Symbol("v", positive=True)
_n = Symbol("n", integer=True, nonnegative=True)
_N = Symbol("N", positive=True, integer=True)


def disorder_steps(model: Model[StaticNetwork], action: Action, replicas: tuple[int, ...] = (1, 2)) -> tuple[Step, ...]:
    """From the equation of motion to exp(N F[B])."""
    connected = "" if len(replicas) == 2 else "connected "
    return (
        Step(
            f"Impose {model.equation} with response fields: each delta function is an integral of exp(-xr_i (x_i "
            "- ...)) over imaginary xr_i. "
            f"Take replicas {', '.join(map(str, replicas))} of the noise with the same J, so that products of two "
            f"{connected}covariances can be averaged. Relaxation to the fixed "
            "point has unit Jacobian; at leading order the Jacobian of the static equation plays no role",
            "generating functional",
            assumption="the fixed point is stable and unique",
            reference=model.reference,
        ),
        *coupling_steps(model.network.couplings, action, replicas),
    )


def coupling_steps(
    couplings: GaussianCouplings, action: Action, replicas: tuple[int, ...] = (1, 2)
) -> tuple[Step, ...]:
    """The average over the couplings: one Gaussian integral, and the exponent in the collective fields."""
    density = Exp(-(_J**2) / (2 * _v)) / sqrt(2 * pi * _v)
    return (
        Step(
            "Average over one coupling of variance v, and likewise over the noise",
            "Gaussian integral",
            Integral(Exp(_a * _J) * density, (_J, -oo, oo)),
            Exp(_v * _a**2 / 2),
            assumption="Gaussian couplings",
            check=Sides(
                lambda a, v: mpmath.quad(
                    lambda j: mpmath.exp(a * j) * mpmath.npdf(j, 0, mpmath.sqrt(v)), [-mpmath.inf, v * a, mpmath.inf]
                ),
                lambda a, v: mpmath.exp(v * a * a / 2),
                lambda random: (random.uniform(-2, 2), random.uniform(0.2, 2)),
            ),
        ),
        Step(
            "Collect the exponent in the collective fields B = (1/N) sum_i b(site i): it is N F[B]",
            "finite sums reordered",
            coupling_exponent(couplings),
            _N * action.F,
            assumption="none: exact for every N",
            check=FiniteSizeIdentity(couplings, action, replicas),
        ),
    )


def saddle_steps(
    model: Model[StaticNetwork],
    action: Action,
    measure: SiteMeasure,
    response: Bilinear,
    variance: Expr,
    assumption: str = "N -> infinity; odd phi, so that replicas with different noise are uncorrelated",
) -> tuple[Step, ...]:
    """From F to the self-consistency of the single site."""
    saddle = {b.symbol: measure.average(b) for b in action.fields}
    return (
        Step(
            "Saddle point: every field equals its single-site average and the site weight is exp( sum_k "
            "(dF/dB_k) b_k ). Response fields do not "
            "correlate with each other, so only coefficients of two response fields remain, here that of xr^2",
            "saddle point",
            action.F,
            action.conjugate(response),
            assumption=assumption,
            check=Replay(lambda F: F.diff(response.symbol)),
        ),
        Step(
            "Integrate out the response field, xr = i k: powers of xr become derivatives of the Gaussian density of x, so by parts "
            "<xr^n f(x)> = <f^(n)(x)>",
            "Fourier transform of a Gaussian",
            Integral((I * _k) ** _n * Exp(-I * _k * x - Delta * _k**2 / 2), (_k, -oo, oo)) / (2 * pi),
            (-1) ** _n * Derivative(Exp(-(x**2) / (2 * Delta)) / sqrt(2 * pi * Delta), (x, _n)),
            check=Sides(
                lambda point, v, n: mpmath.quad(
                    lambda k: mpmath.re((1j * k) ** n * mpmath.exp(-1j * k * point - v * k * k / 2)) / (2 * mpmath.pi),
                    [-mpmath.inf, 0, mpmath.inf],
                ),
                lambda point, v, n: (-1) ** n * mpmath.diff(lambda y: mpmath.npdf(y, 0, mpmath.sqrt(v)), point, n),
                lambda random: (random.uniform(-2, 2), random.uniform(0.3, 2), random.randint(0, 3)),
                digits=8,
            ),
        ),
        Step(
            "Self-consistency: x is Gaussian with variance equal to the noise plus twice the coefficient of xr^2",
            "saddle values inserted",
            action.conjugate(response),
            Eq(Delta, variance),
            reference=model.reference,
            check=Replay(lambda conjugate: Eq(Delta, model.network.noise.variance + 2 * conjugate.subs(saddle))),
        ),
    )


def kernel_steps(
    action: Action, kernel: Kernel, operators: Sequence[Operator], two_point: Matrix, covariance: Matrix, shown: Matrix
) -> tuple[Step, ...]:
    """From the saddle to the fluctuations of the replica-pair fields.

    `two_point` is the one-site two-point function of the operators, `shown` the block of N Cov(B) that carries the results.
    """
    names = ", ".join(Bilinear.of((1, o)).label for o in operators)
    m, size = two_point.rows, len(kernel.fields)
    coupled = [(r, c) for r in range(size) for c in range(r, size) if kernel.coupling[r, c] != 0]
    pairs = "; ".join(
        f"F'' = {kernel.coupling[r, c]} between {kernel.fields[r].symbol} and {kernel.fields[c].symbol}"
        for r, c in coupled
    )
    return (
        Step(
            f"Two-point function G of one site in the basis {names}. For two replicas with different noise the "
            "covariance of the bilinears "
            "b = (operator of replica 1)(operator of replica 2), Pi_kl = <b_k b_l> - <b_k><b_l>, is the Kronecker product of two G",
            "<xr^n f> = <f^(n)> and Stein's lemma <x f> = Delta <f'>",
            after=two_point,
            assumption="odd phi: <b> = 0 and the replicas are independent",
            check=Fact(
                lambda: (
                    kernel.Pi == Matrix(size, size, lambda r, c: two_point[r // m, c // m] * two_point[r % m, c % m])
                ),
                f"all {size}x{size} entries of Pi, each averaged by itself",
            ),
        ),
        Step(
            f"Second derivatives of F among these fields: {pairs}; all others vanish",
            "differentiation",
            check=Fact(
                lambda: _quadratic_form(kernel) == _restricted(action, kernel),
                "F restricted to these fields is b F'' b / 2",
            ),
        ),
        inversion_step(kernel, covariance, shown, "B", "B[phi1 phi2] and B[x1 x2]"),
    )


def inversion_step(kernel: Kernel, covariance: Matrix, shown: Matrix, fields: str, block: str) -> Step:
    """From the kernel to N Cov of its fields, called `fields`; `shown` is the block named by `block`."""
    size = len(kernel.fields)
    return Step(
        f"Gaussian fluctuations about the saddle: N Cov({fields}) = (1 - Pi F'')^{{-1}} Pi. Shown: the block of {block}",
        "Gaussian integral over the collective fields",
        after=shown,
        assumption="1/N small, and every multiplier (eigenvalue of Pi F'') below 1",
        check=Fact(
            lambda: (
                ((eye(size) - kernel.Pi * kernel.coupling) * covariance - kernel.Pi)
                .applyfunc(lambda e: e.together().expand().factor())
                .is_zero_matrix
            ),
            "the whole solution X inserted into (1 - Pi F'') X = Pi",
        ),
    )


def _quadratic_form(kernel: Kernel) -> Expr:
    b = Matrix([field.symbol for field in kernel.fields])
    return (b.T * kernel.coupling * b)[0].expand() / 2


def _restricted(action: Action, kernel: Kernel) -> Expr:
    inside = {field.symbol for field in kernel.fields}
    return action.F.subs({field.symbol: 0 for field in action.fields if field.symbol not in inside})


def reading_steps(
    name: str, entry: Expr, diagonal: Expr, n_variance: Expr, dimension: Expr, reference: str
) -> tuple[Step, ...]:
    """From one entry of N Cov(B) to the statistics of the covariance matrix of x or phi."""
    return (
        Step(
            f"The entry for B[{name}1 {name}2] is (1/N) sum_ij C_ij^2. Its diagonal i = j holds <{name}^2>^2; the "
            "rest is N times the variance over J "
            f"of an off-diagonal covariance of {name}",
            "diagonal subtracted",
            entry,
            n_variance,
            assumption="odd phi, so that off-diagonal covariances average to zero over J",
            reference=reference,
            check=Replay(lambda e: e - diagonal**2),
        ),
        Step(
            f"Participation dimension of {name}, (tr C)^2 / (N tr C^2)",
            "definition",
            entry,
            dimension,
            reference=reference,
            check=Replay(lambda e: diagonal**2 / e),
        ),
    )


def instability_steps(
    same_noise: Kernel, one_replica: Kernel, stability: Expr, slope: Expr, self_consistency: Expr
) -> tuple[Step, ...]:
    """Multipliers that reach 1: loss of stability, and folds of the self-consistency."""
    return (
        Step(
            "Two replicas with the same noise sit on one trajectory; Pi for their fields. The multiplier of Pi "
            "F'' is the squared spectral radius of "
            "the Jacobian J diag(phi'): below 1 the copies converge and the fixed point is stable and unique",
            "eigenvalue of Pi F''",
            same_noise.Pi,
            stability,
            reference="Sompolinsky, Crisanti, Sommers 1988; Mato, Rigatuso, Torroba 2025",
            check=Fact(
                lambda: (
                    (eye(len(same_noise.fields)) - same_noise.Pi * same_noise.coupling / stability).det().factor() == 0
                ),
                "det(1 - Pi F''/multiplier) = 0",
            ),
        ),
        Step(
            "Fields of one replica: the multiplier is the slope of the self-consistency, 1 at a saddle-node",
            "eigenvalue of Pi F''",
            one_replica.Pi,
            slope,
            check=Fact(
                lambda: (self_consistency.diff(Delta) - slope).expand() == 0,
                "equals d(self-consistency)/dDelta by Price's theorem",
            ),
        ),
    )


def comparison_steps(results: Sequence[tuple[str, Expr, Expr]]) -> tuple[Step, ...]:
    """The cavity must give what the collective fields gave, for a generic phi: (key, by cavity, by fields) for each result."""
    return tuple(
        Step(
            f"Both routes agree on {key}, for any phi",
            "comparison",
            Eq(Symbol(key), by_cavity),
            Eq(Symbol(key), by_fields),
            check=Fact(partial(same, by_cavity, by_fields), "difference of canonical forms is zero"),
        )
        for key, by_cavity, by_fields in results
    )
