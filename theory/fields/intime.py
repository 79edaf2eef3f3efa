"""The argument in time: two-time fields, the equation of the autocovariance, its first integral, pair spectra."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import mpmath
from sympy import Derivative, Eq, Expr, Function, Integral, Matrix, Rational, S, Symbol, cos, exp, eye, oo, sqrt

from theory.derivation import Fact, Replay, Sides, Step
from theory.equations import C, PairTransform, f
from theory.fields.argument import coupling_steps
from theory.fields.collective import ACTIVITY, RESPONSE, Action, Bilinear, Kernel
from theory.models import DynamicNetwork
from theory.symbols import Delta, frequency, g, sigma, tau, tau_n

CLARK = "Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401"
_a, _omega = Symbol("a", positive=True), Symbol("omega", real=True)
_W, _V = Function("W"), Symbol("V", nonnegative=True)


def field_steps(model: DynamicNetwork, action: Action, equation: Expr) -> tuple[Step, ...]:
    """From the equation of motion to the equation of the autocovariance."""
    responses, activities = Bilinear.of((1, RESPONSE), (2, RESPONSE)), Bilinear.of((1, ACTIVITY), (2, ACTIVITY))
    return (
        Step(
            f"Impose {model.equation} at every time with response fields. Causal (Ito) dynamics has unit Jacobian. Labels 1, 2 "
            "now stand for two times of one trajectory, or for two replicas of the noise with the same J",
            "generating functional",
            assumption="the state is stationary",
            reference="Sompolinsky, Crisanti, Sommers 1988, PRL 61 259; " + CLARK,
        ),
        *coupling_steps(model.couplings, action),
        Step(
            "Saddle point: one unit is driven by a Gaussian field; its covariance between two times is the coefficient of xr1 xr2",
            "saddle point",
            action.F,
            g**2 * activities.symbol,
            assumption="N -> infinity; odd phi",
            check=Replay(lambda F: F.diff(responses.symbol)),
        ),
        Step(
            "Both ends of the covariance pass through the unit: (1 + s)(1 - s) C_x(s) = g^2 C_phi(s) + noise, s = d/dtau",
            "linear filter",
            model.transfer,
            1 - frequency**2,
            check=Replay(lambda h: (1 / (h * h.subs(frequency, -frequency))).expand()),
        ),
        Step(
            "Spectrum of the Ornstein-Uhlenbeck noise",
            "Fourier transform",
            Integral(2 * sigma**2 * exp(-tau / tau_n) * cos(_omega * tau), (tau, 0, oo)),
            model.noises["ou"].spectrum,
            check=Sides(
                lambda w, t: mpmath.quad(
                    lambda u: 2 * mpmath.exp(-u / t) * mpmath.cos(w * u), mpmath.linspace(0, 60 * t, 60)
                ),
                lambda w, t: 2 * t / (1 + (w * t) ** 2),
                lambda random: (random.uniform(0, 3), random.uniform(0.2, 3)),
            ),
        ),
        Step(
            "Equation of the autocovariance: <phi phi> of two Gaussian variables of variance C(0) and covariance C(tau) is "
            "f(C(tau); C(0)). Shown for ou; without noise and for white noise the last term is absent at tau > 0",
            "saddle values inserted",
            after=Eq(Derivative(C(tau), (tau, 2)), equation),
            reference=CLARK,
        ),
    )


def energy_steps(kinetic: Expr, total: Expr) -> tuple[Step, ...]:
    """The first integral, for white noise and without noise; the identity that replaces it for ou."""
    return (
        Step(
            "Where the noise is absent at tau > 0 the energy is conserved; W' = f",
            "first integral",
            Derivative(C(tau), tau) ** 2 / 2 - C(tau) ** 2 / 2 + g**2 * _W(C(tau)),
            S.Zero,
            check=Fact(_energy_is_conserved, "derivative vanishes by the equation of the autocovariance"),
        ),
        Step(
            "W(C(0)) is the variance V of Phi(x), Phi' = phi, because d<Phi(u) Phi(v)>/dc = <phi(u) phi(v)>",
            "Price's theorem, integrated over c from 0 to C(0)",
            Integral(f(Symbol("c"), Delta), (Symbol("c"), 0, Delta)),
            _V,
            check=Sides(
                _integrated_arcsine,
                _variance_of_primitive,
                lambda random: (random.uniform(0.3, 3),),
                points=1,
                name="phi = erf: the arcsine law integrated, against the variance of its primitive",
            ),
        ),
        Step(
            "Integrate the equation across tau = 0: white noise makes C'(0+) = -sigma^2/2",
            "jump of the derivative",
            -(sigma**2) / 2,
            kinetic,
            check=Replay(lambda slope: slope**2 / 2),
        ),
        Step(
            "C decays to 0, where the energy is 0; so it is 0 at tau = 0+, a scalar equation for C(0) = Delta. Without noise "
            "the right-hand side is 0",
            "energy at both ends",
            after=Eq(total, kinetic),
            assumption="C -> 0 at long lags",
            reference="Sompolinsky, Crisanti, Sommers 1988, PRL 61 259",
            check=Fact(
                lambda: _linear_white(total, kinetic), "linear network: C = sigma^2 exp(-a tau)/(2 a), a^2 = 1-g^2"
            ),
        ),
        Step(
            "For ou the same energy argument gives an identity that every solution must satisfy",
            "integration by parts",
            after=Eq(
                total,
                sigma**2 * Delta - sigma**2 / tau_n * Integral(exp(-tau / tau_n) * C(tau), (tau, 0, oo)),
            ),
            check=Sides(
                lambda a, t: a * a * _linear_ou(a, t, 0) ** 2 / 2,
                lambda a, t: (
                    _linear_ou(a, t, 0)
                    - mpmath.quad(lambda u: mpmath.exp(-u / t) * _linear_ou(a, t, u), mpmath.linspace(0, 60 * t, 30))
                    / t
                ),
                lambda random: (random.uniform(0.3, 0.9), random.uniform(0.2, 0.9)),
                name="linear network, sigma = 1: C by partial fractions of its spectrum",
            ),
        ),
    )


def _energy_is_conserved() -> bool:
    energy = Derivative(C(tau), tau) ** 2 / 2 - C(tau) ** 2 / 2 + g**2 * _W(C(tau))
    by_chain = energy.diff(tau).doit()
    force = C(tau) - g**2 * f(C(tau), Delta)
    value = Symbol("value")
    by_chain = by_chain.replace(lambda node: node.func.__name__ == "Subs", lambda node: f(C(tau), Delta)).subs(
        Derivative(_W(C(tau)), C(tau)), f(C(tau), Delta)
    )
    return (by_chain.subs(Derivative(C(tau), (tau, 2)), force).subs(Derivative(C(tau), tau), value)).expand() == 0


def _integrated_arcsine(v: float) -> mpmath.mpf:
    return mpmath.quad(lambda c: 2 / mpmath.pi * mpmath.asin(2 * c / (1 + 2 * v)), [0, v])


def _variance_of_primitive(v: float) -> mpmath.mpf:
    def primitive(y: mpmath.mpf) -> mpmath.mpf:
        return y * mpmath.erf(y) + mpmath.exp(-y * y) / mpmath.sqrt(mpmath.pi)

    def mean(function: Callable[[mpmath.mpf], mpmath.mpf]) -> mpmath.mpf:
        deviation = mpmath.sqrt(v)
        return mpmath.quad(lambda z: function(deviation * z) * mpmath.npdf(z), mpmath.linspace(-12, 12, 13))

    return mean(lambda y: primitive(y) ** 2) - mean(primitive) ** 2


def _linear_white(total: Expr, kinetic: Expr) -> bool:
    """The linear network, where V = Delta^2/2 and everything is elementary."""
    solution = sigma**2 * exp(-_a * tau) / (2 * _a)
    solves = (solution.diff(tau, 2) - _a**2 * solution).expand() == 0
    kink = (solution.diff(tau).subs(tau, 0) + sigma**2 / 2).expand() == 0
    at_zero = solution.subs(tau, 0)
    energy = (total - kinetic).subs(_V, Delta**2 / 2).subs(Delta, at_zero).subs(g, sqrt(1 - _a**2))
    return bool(solves and kink and energy.expand() == 0)


def _linear_ou(a: float, t: float, lag: float) -> mpmath.mpf:
    """C of the linear network with 1 - g^2 = a^2 and unit noise of correlation time t."""
    b = 1 / mpmath.mpf(t)
    return (mpmath.exp(-b * lag) - b / a * mpmath.exp(-a * lag)) / (a * a - b * b)


def spectral_steps(
    kernel: Kernel,
    covariance: Matrix,
    shown: Matrix,
    two_point: Matrix,
    constant: Mapping[Symbol, Expr],
    static: Callable[[], Matrix],
) -> tuple[Step, ...]:
    """Fluctuations of the pair fields of two replicas, each at its own frequency.

    `constant` holds responses and spectra for noise that never changes, `static` is the block of the static network.
    """
    size = len(kernel.fields)
    return (
        Step(
            "Two replicas with different noise, at frequencies omega_1 and omega_2: one-site two-point function G of (response, "
            "activity, preactivation) at one frequency; Pi is the Kronecker product of two G",
            "<phi a> = <phi'> <x a> for a Gaussian a (Stein)",
            after=two_point,
            assumption="odd phi, independent replicas",
        ),
        Step(
            "Gaussian fluctuations about the saddle: N Cov(B) = (1 - Pi F'')^{-1} Pi. Shown: the block of phi1 phi2 and x1 x2",
            "Gaussian integral over the collective fields",
            after=shown,
            assumption="1/N small, and g^2 <phi'>^2 below 1",
            reference=CLARK,
            check=Fact(
                lambda: (
                    ((eye(size) - kernel.Pi * kernel.coupling) * covariance - kernel.Pi)
                    .applyfunc(lambda e: e.together().expand().factor())
                    .is_zero_matrix
                ),
                "the whole solution X inserted into (1 - Pi F'') X = Pi",
            ),
        ),
        Step(
            "Noise that never changes, tau_n -> infinity: responses become 1, spectra become variances, and the block "
            "is that of the static network",
            "limit",
            shown,
            shown.xreplace(dict(constant)),
            reference="Mato, Rigatuso, Torroba 2025, arXiv 2510.21742",
            check=Fact(
                lambda: (shown.xreplace(dict(constant)) - static()).applyfunc(lambda e: e.factor()).is_zero_matrix,
                "equals the block of the static network's own kernel",
            ),
        ),
    )


def residue_steps(name: str, entry: Expr, transform: PairTransform) -> tuple[Step, ...]:
    """From one entry of N Cov(B) at two frequencies to the second moment at equal times."""
    return (
        Step(
            f"Equal-time second moment of {name}: integrate the entry over both frequencies. The inner integral is done by "
            "residues: 1/(t + p) is the transform of exp(-p tau), which leaves the Laplace transform L(p) of the autocovariance. "
            "The constant at t -> oo gives the squared variance; the rest is psi",
            "residues",
            entry,
            transform.integrand,
            reference=CLARK,
            check=_Residues(name, entry, transform),
        ),
    )


class _Residues:
    """Both sides for exponential autocovariances: a double integral in frequency against a single one."""

    name = "double frequency integral by quadrature for exponential autocovariances, 8 digits"

    def __init__(self, which: str, entry: Expr, transform: PairTransform) -> None:
        self.which, self.entry, self.transform = which, entry, transform

    def __call__(self, step: Step) -> bool:
        """Whether both integrals agree."""
        from sympy import lambdify

        from theory.fields.spectral import L_phi, L_x, Spectra
        from theory.gaussian.average import averages

        rates, sizes, values = {"phi": 0.9, "x": 0.7}, {"phi": 0.5, "x": 1.1}, {g: 1.2}
        t, one, two = Symbol("t"), Spectra.of(1), Spectra.of(2)

        def spectrum(kind: str, s: Expr) -> Expr:
            return 2 * sizes[kind] * rates[kind] / (rates[kind] ** 2 - s**2)

        gain = {average: Rational(3, 5) for average in averages(self.entry)}
        dressed = self.entry.xreplace(gain).subs(values)
        for symbols, s in ((one, frequency), (two, t)):
            dressed = dressed.subs({symbols.h: 1 / (1 + s), symbols.conjugate: 1 / (1 - s)})
            dressed = dressed.subs({symbols.phi: spectrum("phi", s), symbols.x: spectrum("x", s)})
        double = lambdify((frequency, t), dressed, "math")  # rational: plain complex numbers will do
        single = step.after.xreplace(gain).subs(values)
        for pole, rate in self.transform.poles.items():
            single = single.subs(pole, rate.xreplace(gain).subs(values))
        single = single.replace(L_phi, lambda p: sizes["phi"] / (rates["phi"] + p))
        single = single.replace(L_x, lambda p: sizes["x"] / (rates["x"] + p))
        inner = lambdify(frequency, single, "math")
        # omega = tan(theta): every integrand is a smooth periodic function of the angle, where the midpoint rule converges
        count = 128
        angles = [math.pi * ((k + 0.5) / count - 0.5) for k in range(count)]
        nodes = [(math.tan(u), math.pi / count / math.cos(u) ** 2) for u in angles]
        both = math.fsum(v * w * double(1j * a, 1j * b).real for a, v in nodes for b, w in nodes if a > 0)
        both /= 2 * math.pi**2
        once = math.fsum(w * inner(1j * a).real for a, w in nodes) / math.pi
        return bool(abs(both - sizes[self.which] ** 2 - once) < 1e-8 * both)


def limit_steps(model: DynamicNetwork, static_right: Expr, dynamic_right: Expr) -> tuple[Step, ...]:
    """The two ends of the correlation time."""
    size = Symbol("D", positive=True)
    return (
        Step(
            "tau_n -> infinity: C is constant, C'' = 0, and the equation at tau = 0 is the self-consistency of the static network",
            "limit",
            Eq(S.Zero, dynamic_right),
            Eq(Delta, static_right),
            check=Replay(lambda equation: Eq(Delta, Delta - equation.rhs)),
        ),
        Step(
            "tau_n -> 0 at fixed 2 sigma^2 tau_n = D: the spectrum becomes flat, white noise of strength D",
            "limit",
            model.noises["ou"].spectrum,
            size,
            check=Replay(lambda spectrum: spectrum.subs(sigma, sqrt(size / (2 * tau_n))).cancel().subs(tau_n, 0)),
        ),
    )


__all__ = ["energy_steps", "field_steps", "limit_steps", "residue_steps", "spectral_steps"]
