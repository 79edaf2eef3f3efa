"""The argument in time: two-time fields, the equation of the autocovariance, its first integral, pair spectra."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from functools import partial

import mpmath
from sympy import (
    Derivative,
    Eq,
    Expr,
    Function,
    Integral,
    Matrix,
    Rational,
    S,
    Symbol,
    cos,
    exp,
    eye,
    oo,
    pi,
    sqrt,
    symbols,
)

from theory.derivation import Fact, Replay, Sides, Step, same
from theory.equations import C, PairTransform, f
from theory.fields.argument import coupling_steps
from theory.fields.collective import ACTIVITY, PREACTIVATION, RESPONSE, Action, Bilinear, Kernel, Operator
from theory.fields.spectral import OneSite
from theory.model import Model
from theory.networks import NetworkInTime
from theory.symbols import Delta, eta, frequency, g, sigma, tau, tau_n

OPERATOR = {"phi": ACTIVITY, "x": PREACTIVATION}
CLARK = "Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401"
_a, _omega = Symbol("a", positive=True), Symbol("omega", real=True)
_W, _V = Function("W"), Symbol("V", nonnegative=True)


def field_steps(model: Model[NetworkInTime], action: Action, equation: Expr | None) -> tuple[Step, ...]:
    """From the equation of motion to the equation of the autocovariance; `equation` is C'' for a leaky unit, else None."""
    responses, activities = Bilinear.of((1, RESPONSE), (2, RESPONSE)), Bilinear.of((1, ACTIVITY), (2, ACTIVITY))
    own, reaction = Bilinear.of((1, RESPONSE), (2, ACTIVITY)), Bilinear.of((1, ACTIVITY), (2, RESPONSE))
    autocovariance = (
        (
            Step(
                "Equation of the autocovariance for eta = 0: <phi phi> of two Gaussian variables of variance C(0) and covariance "
                "C(tau) is f(C(tau); C(0)). Shown for ou; without noise and for white noise the last term is absent at tau > 0",
                "saddle values inserted",
                after=Eq(Derivative(C(tau), (tau, 2)), equation),
                reference=CLARK,
            ),
        )
        if equation is not None
        else ()
    )
    return (
        Step(
            f"Impose {model.equation} at every time with response fields. Causal (Ito) dynamics has unit Jacobian. Labels 1, 2 "
            "now stand for two times of one trajectory, or for two replicas of the noise with the same J",
            "generating functional",
            assumption="the state is stationary",
            reference="Sompolinsky, Crisanti, Sommers 1988, PRL 61 259; " + CLARK,
        ),
        *coupling_steps(model.network.couplings, action),
        Step(
            "Saddle point: one unit is driven by a Gaussian field; its covariance between two times is the coefficient of xr1 xr2",
            "saddle point",
            action.F,
            g**2 * activities.symbol,
            assumption="N -> infinity; odd phi",
            check=Replay(lambda F: F.diff(responses.symbol)),
        ),
        Step(
            "The coefficient of xr1 phi2 is a force: the unit's own activity returns to it with the response of the network",
            "saddle point",
            action.F,
            eta * g**2 * reaction.symbol,
            check=Replay(lambda F: F.diff(own.symbol)),
        ),
        Step(
            "Both ends of the covariance pass through the unit: C_x(s)/[h(s) h(-s)] = g^2 C_phi(s) + noise, eta = 0, s = d/dtau",
            "linear filter",
            model.network.transfer,
            1 / (model.network.transfer * model.network.transfer.subs(frequency, -frequency)).cancel(),
            check=Replay(lambda h: 1 / (h * h.subs(frequency, -frequency)).cancel()),
        ),
        Step(
            "Spectrum of the Ornstein-Uhlenbeck noise",
            "Fourier transform",
            Integral(2 * sigma**2 * exp(-tau / tau_n) * cos(_omega * tau), (tau, 0, oo)),
            model.network.noises["ou"].spectrum,
            check=Sides(
                lambda w, t: mpmath.quad(
                    lambda u: 2 * mpmath.exp(-u / t) * mpmath.cos(w * u), mpmath.linspace(0, 60 * t, 60)
                ),
                lambda w, t: 2 * t / (1 + (w * t) ** 2),
                lambda random: (random.uniform(0, 3), random.uniform(0.2, 3)),
            ),
        ),
        *autocovariance,
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


def pair_steps(
    kernel: Kernel,
    columns: Mapping[str, Matrix],
    totals: Mapping[str, Expr],
    independent: Mapping[Symbol, Expr],
    entries: Mapping[str, Expr],
    gain: Expr,
    static: tuple[Matrix, Mapping[Symbol, Expr]],
) -> tuple[Step, ...]:
    """Fluctuations of the pair fields of two replicas, each at its own frequency.

    Parameters
    ----------
    kernel : Kernel
    columns, totals : mapping
        By observable: the column of N Cov(B) of its pair field, and the entry on the diagonal.
    independent : mapping
        Independent couplings, where x is Gaussian.
    entries : mapping
        `totals` there.
    gain : Expr
        <phi'>.
    static : (Matrix, mapping)
        The block of the static network, and what one-site functions are for noise that never changes.
    """
    one, two = OneSite.of(1), OneSite.of(2)
    y, z, yc, zc = symbols("y z y_c z_c")
    ladder = one.C * two.C * (1 / (1 - z) + 1 / (1 - zc) - 1) / ((1 - y) * (1 - yc))
    in_ladder = {
        y: g**2 * one.S * two.S,
        yc: g**2 * one.Sc * two.Sc,
        z: eta * g**2 * one.S * two.Sc,
        zc: eta * g**2 * one.Sc * two.S,
    }
    block, constant = static
    return (
        Step(
            "Two replicas with different noise, at frequencies omega_1 and omega_2: one-site two-point function G of (response, "
            "activity, preactivation) at one frequency; Pi is the Kronecker product of two G",
            "definition of the one-site functions S, T, C, K, X",
            after=one.two_point(),
            assumption="odd phi, independent replicas",
        ),
        *(
            Step(
                f"Gaussian fluctuations about the saddle: N Cov(B) = (1 - Pi F'')^{{-1}} Pi. Entry of {name}1 {name}2: "
                f"(1/N) sum_ij of the product of two cross-spectra of {name}",
                "Gaussian integral over the collective fields",
                after=totals[name],
                assumption="1/N small, and the pair sector stable: g^2 |S|^2 below 1 at every frequency",
                reference=CLARK,
                check=Fact(
                    partial(_solves_column, kernel, columns[name], totals[name], OPERATOR[name]),
                    "the whole column X inserted into (1 - Pi F'') X = Pi, at random rational points",
                ),
            )
            for name in totals
        ),
        Step(
            "In one line, y = g^2 S_1 S_2, z = eta g^2 S_1 S_2*: C_1 C_2 Re[(1 + z)/(1 - z)]/|1 - y|^2",
            "regrouped",
            totals["phi"],
            ladder,
            check=Fact(
                lambda: same(totals["phi"], ladder.xreplace(in_ladder)),
                "y and z inserted, rational canonical forms compared",
            ),
        ),
        *(
            Step(
                f"Independent couplings, eta = 0: x is Gaussian, S = <phi'> h, T = h, K = <phi'> X (Stein); entry of {name}",
                "limit",
                totals[name],
                entries[name],
                reference=CLARK,
                check=Replay(lambda e: e.xreplace(dict(independent))),
            )
            for name in totals
        ),
        Step(
            "Noise that never changes, tau_n -> infinity: responses become 1, spectra become variances, and the entries of phi "
            "and x are those of the static network",
            "limit",
            Matrix([entries["phi"], entries["x"]]),
            Matrix([block[0, 0], block[1, 1]]),
            reference="Mato, Rigatuso, Torroba 2025, arXiv 2510.21742",
            check=Replay(lambda both: both.xreplace(dict(constant))),
        ),
    )


def _solves_column(kernel: Kernel, column: Matrix, total: Expr, operator: Operator) -> bool:
    """(1 - Pi F'') X = Pi in one column, exactly, at random rational values of every symbol; and the entry that is shown."""
    place = kernel.index((1, operator), (2, operator))
    draw = random.Random(31)
    for _ in range(3):
        symbols_of = sorted(kernel.Pi.free_symbols | kernel.coupling.free_symbols, key=str)
        point = {s: Rational(draw.randint(-9, 9), draw.randint(10, 19)) for s in symbols_of}
        Pi, coupling, found = (m.xreplace(point) for m in (kernel.Pi, kernel.coupling, column))
        if (eye(len(kernel.fields)) - Pi * coupling) * found != Pi[:, place] or found[place] != total.xreplace(point):
            return False
    return True


def slow_steps(zero: Expr, total: Expr) -> tuple[Step, ...]:
    """Zero frequency (long windows), any single frequency, and the time over which pairs stay correlated."""
    one, two, nought = OneSite.of(1), OneSite.of(2), OneSite.of(0)
    opposite = two.renamed(one) | {two.S: one.Sc, two.Sc: one.S}
    single = total.xreplace(opposite).factor()
    return (
        Step(
            "Zero frequency, covariances over windows long against every correlation time: everything is real, and the "
            "participation ratio over N of phi is",
            "both frequencies 0",
            total,
            (nought.C**2 / zero).factor(),
            reference=CLARK,
            check=Replay(
                lambda e: (one.C**2 / e.xreplace(two.renamed(one)).xreplace(one.real())).xreplace(one.renamed(nought))
            ),
        ),
        Step(
            "Any one frequency: the cross-spectral matrix C_ij(omega) has the participation ratio over N of phi",
            "omega_2 = -omega_1",
            total,
            (one.C**2 / single).factor(),
            reference=CLARK,
            check=Replay(lambda e: (one.C**2 / e.xreplace(opposite)).factor()),
        ),
        Step(
            "The mean squared cross-covariance at lag tau, integrated over all lags, is a single frequency integral: "
            "integral over tau > 0 of psi(tau, tau) = (1/2) int domega/(2 pi) psi(omega, -omega)",
            "Parseval",
            after=Integral(single - one.C**2, (_omega, -oo, oo)) / (4 * pi),
            check=Sides(
                lambda a, b: mpmath.quad(lambda t: mpmath.exp(-(a + b) * t), [0, mpmath.inf]),
                lambda a, b: (
                    mpmath.quad(lambda w: 4 * a * b / ((a * a + w * w) * (b * b + w * w)), [-mpmath.inf, 0, mpmath.inf])
                    / (4 * mpmath.pi)
                ),
                lambda draw: (draw.uniform(0.3, 2), draw.uniform(0.3, 2)),
                name="psi(tau_1, tau_2) = exp(-a |tau_1| - b |tau_2|), both sides by quadrature",
            ),
        ),
    )


def residue_steps(name: str, entry: Expr, transform: PairTransform, model: Model[NetworkInTime]) -> tuple[Step, ...]:
    """From one entry of N Cov(B) at two frequencies to the second moment at equal times."""
    return (
        Step(
            f"Equal-time second moment of {name} for eta = 0: integrate the entry over both frequencies. The inner integral is "
            "done by residues: 1/(t + p) is the transform of exp(-p tau), which leaves the Laplace transform L(p) of the "
            "autocovariance. The constant at t -> oo gives the squared variance; the rest is psi",
            "residues",
            entry,
            transform.integrand,
            reference=CLARK,
            check=_Residues(name, entry, transform, model.network.transfer),
        ),
    )


class _Residues:
    """Both sides for exponential autocovariances: a double integral in frequency against a single one."""

    name = "double frequency integral by quadrature for exponential autocovariances, 8 digits"

    def __init__(self, which: str, entry: Expr, transform: PairTransform, transfer: Expr) -> None:
        self.which, self.entry, self.transform, self.transfer = which, entry, transform, transfer

    def __call__(self, step: Step) -> bool:
        """Whether both integrals agree."""
        from sympy import lambdify

        from theory.averages.average import averages
        from theory.fields.spectral import L_phi, L_x

        rates, sizes, values = {"phi": 0.9, "x": 0.7}, {"phi": 0.5, "x": 1.1}, {g: 1.2}
        t, one, two = Symbol("t"), OneSite.of(1), OneSite.of(2)

        def spectrum(kind: str, s: Expr) -> Expr:
            return 2 * sizes[kind] * rates[kind] / (rates[kind] ** 2 - s**2)

        gain = {average: Rational(3, 5) for average in averages(self.entry)}
        dressed = self.entry.xreplace(gain).subs(values)
        for site, s in ((one, frequency), (two, t)):
            h, conjugate = (self.transfer.subs(frequency, at) for at in (s, -s))
            dressed = dressed.subs(
                {site.h: h, site.hc: conjugate, site.C: spectrum("phi", s), site.X: spectrum("x", s)}
            )
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


def limit_steps(model: Model[NetworkInTime], static_right: Expr, dynamic_right: Expr) -> tuple[Step, ...]:
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
            model.network.noises["ou"].spectrum,
            size,
            check=Replay(lambda spectrum: spectrum.subs(sigma, sqrt(size / (2 * tau_n))).cancel().subs(tau_n, 0)),
        ),
    )


__all__ = ["energy_steps", "field_steps", "limit_steps", "pair_steps", "residue_steps", "slow_steps"]
