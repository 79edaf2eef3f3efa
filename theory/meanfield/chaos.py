r"""The chaotic state, derived: frozen part and total variance of a field that fluctuates in time under a constant drive.

    dx_i/dt = -x_i + sum_j J_ij phi(x_j) + xi_i,   xi_i constant in time,

has the fixed points of the static network. Where they are unstable, the field of a unit is Gaussian with a covariance C(t - t')
whose equation is that of a particle in a potential. Of the drive it needs the variance over units alone, which is sigma^2 for
static noise. A readout that is fed back drives the units with m z + I, of variance S(z), because its output does not fluctuate.

Source: Sompolinsky, Crisanti, Sommers 1988 (without noise); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (static noise);
Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (the network with a readout).
"""

from __future__ import annotations

from sympy import Derivative, Eq, Expr, Function, Integral, Rational, Sum, Symbol

from theory.averages.average import Average
from theory.averages.exact import exact
from theory.derivation import Derivation, Evaluated, Replay, Step, chain
from theory.engine.collective import disorder_average
from theory.engine.two_states import (
    ACTIVITIES_OF_TWO,
    RESPONSES,
    clamped_covariance,
    pair_of_states,
    shared_couplings,
)
from theory.models.static import STATIC
from theory.symbols import Delta, phi, sigma, x

REFERENCE = "Sompolinsky, Crisanti, Sommers 1988; Mato, Rigatuso, Torroba 2025, arXiv 2510.21742"
FEEDBACK = "Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139"

_t, _s, _tau = (Symbol(name, real=True) for name in ("t", "s", "tau"))
_c, _q = Symbol("c", real=True), Symbol("q", nonnegative=True)
_C = Function("C", real=True)
_f = Function("f", real=True)
"""f(c) = <phi(u) phi(v)> for u, v of variance Delta and covariance c."""


def input_covariance(c: Expr, drive: Expr = sigma**2) -> Expr:
    """Covariance of what a unit receives at two times at which x has the covariance c; the drive has the variance S."""
    return clamped_covariance(STATIC.network.couplings, _f(c), drive)


def force(c: Expr, drive: Expr = sigma**2) -> Expr:
    """S + g^2 f(c) - c for a drive of variance S: minus the acceleration C'' at C = c."""
    return input_covariance(c, drive) - c


def chaotic_state_equations(drive: Expr = sigma**2) -> tuple[Eq, Eq]:
    """The equation of the frozen part q, and the one that fixes the total variance Delta."""
    return Eq(_q, input_covariance(_q, drive)), Eq(Integral(force(_c, drive), (_c, _q, Delta)), 0)


def derive_chaotic_state(drive: Expr = sigma**2, title: str = "The chaotic state under static noise") -> Derivation:
    """The two equations of the chaotic state from the saddle of the two-time collective fields, step by step.

    Parameters
    ----------
    drive : Expr
        Variance over units of what drives a unit from outside, constant in time.
    title : str
    """
    action = disorder_average(STATIC.network.couplings)  # labels 1, 2 are two times of one trajectory
    two_time = Eq(_both_filters(_C(_t, _s)), input_covariance(_C(_t, _s), drive))
    energy = _C(_tau).diff(_tau) ** 2 / 2 + _potential(_C(_tau), drive)
    frozen, total = chaotic_state_equations(drive)
    pair = pair_of_states(0, 0, Delta, Delta, _c)
    return chain(
        title,
        (
            shared_couplings("phi_t", "phi_s"),
            Step(
                "Two times 1, 2 of one trajectory: the coefficient of xr1 xr2 in the weight of a unit says the same of what the "
                "couplings give. The drive, of variance S, has the same value at both times",
                "saddle point",
                action.F,
                input_covariance(_c, drive) - drive,
                assumption="N -> infinity; Gaussian couplings",
                reference=REFERENCE,
                check=Replay(lambda F: F.diff(RESPONSES.symbol).subs(ACTIVITIES_OF_TWO.symbol, _f(_c))),
            ),
            Step(
                "Both sides of the equation of motion at two times: (1 + d/dt)(1 + d/ds) C = S + g^2 f(C), and C depends on t - s",
                "stationarity",
                two_time,
                Eq(_C(_tau) - _C(_tau).diff(_tau, 2), input_covariance(_C(_tau), drive)),
                assumption="the state is stationary",
                check=Evaluated(_decaying, name="for a C that decays to a frozen part, tau = t - s"),
            ),
            Step(
                "Multiply by C' and integrate: with C'' = C - S - g^2 f(C) the energy is conserved",
                "first integral of a one-dimensional motion",
                energy,
                _C(_tau).diff(_tau) * (_C(_tau).diff(_tau, 2) + force(_C(_tau), drive)),
                check=Replay(lambda e: e.diff(_tau).doit().expand()),
            ),
            Step(
                "As tau grows C comes to rest at the frozen part q, the variance of the time average: C'' = 0",
                "boundary condition at infinity",
                Eq(force(_q, drive), 0),
                frozen,
                assumption="C' -> 0 and C'' -> 0: the fluctuating part forgets",
                reference=REFERENCE,
                check=Replay(lambda rest: rest.lhs + _q),
            ),
            Step(
                "At tau = 0 the even function C is at rest at its maximum Delta. The energy there equals that at q: the force does "
                "no work between them",
                "energy conservation between two points of rest",
                Eq(_potential(Delta, drive) - _potential(_q, drive), 0),
                total,
                assumption="C is twice differentiable at tau = 0: no noise that is white in time",
                reference=REFERENCE,
                check=Replay(lambda rest: Eq(Integral(rest.lhs.diff(Delta).subs(Delta, _c), (_c, _q, Delta)), 0)),
            ),
            Step(
                "Price's theorem for f(c), x1 and x2 of variance Delta: df/dc = <phi'(x1) phi'(x2)>, which at c = Delta is "
                "<phi'^2>. The slope of the map q -> S + g^2 f(q) at q = Delta is the stability g^2 <phi'^2>: below 1 the convex "
                "map has no other fixed point, above 1 it has",
                "Price's theorem",
                Derivative(pair, _c),
                pair.diff(_c),
                reference="Price 1958",
                check=Evaluated(exact, name="a cubic phi, both sides by Isserlis' theorem"),
            ),
        ),
    )


def derive_chaotic_feedback(z: Symbol, amplitude: Symbol, drive: Expr, overlap: Expr) -> Derivation:
    """The chaotic state of a network that is driven by its own readout, ``z = (1/N) sum_i n_i phi(x_i)``, fed back along m.

    Parameters
    ----------
    z : Symbol
        Output.
    amplitude : Symbol
        C, the factor of a readout of given direction.
    drive : Expr
        S(z) = <(m z + I)^2>.
    overlap : Expr
        <n x> = <n m> z + <n I> at amplitude 1.
    """
    gain, variance = Average(phi(x), 1), Function("Delta", positive=True)(z)
    N, unit = Symbol("N", integer=True, positive=True), Symbol("i", integer=True)
    fluctuation = Symbol("<n^2>", nonnegative=True) * (_f(Delta) - _f(_q))
    output = amplitude * overlap * gain
    followed = output.subs(Delta, variance)
    constant = Step(
        "The output fluctuates in time by a sum over units of n_i times the fluctuation of phi(x_i): its mean square is of "
        "order 1/N, and m z + I is a drive that is constant in time",
        "variance of a sum of independent terms",
        Sum(fluctuation / N**2, (unit, 1, N)),
        fluctuation / N,
        assumption="n is fixed; fluctuations of different units are independent to leading order",
        reference=FEEDBACK,
        check=Replay(lambda total: total.doit()),
    )
    return chain(
        "The chaotic state of a network with a readout",
        (constant,),
        derive_chaotic_state(drive, "The chaotic state of the open loop"),
        (
            Step(
                "At one time x is Gaussian of the total variance Delta, and jointly Gaussian with the entry n of the readout: "
                "n = (<n x>/Delta) x plus a part independent of x. The readout sees the total variance alone",
                "Stein's lemma",
                overlap / Delta * Average(x * phi(x)),
                overlap * gain,
                reference=FEEDBACK,
                check=Evaluated(exact, name="a cubic phi, exactly"),
            ),
            Step(
                "The amplitude that puts the output at z, at the variance of the chaotic state",
                "linear equation for C",
                Eq(z, output),
                Eq(amplitude, z / (overlap * gain)),
                reference=FEEDBACK,
                check=Replay(lambda e: e.lhs / e.rhs.coeff(amplitude)),
            ),
            Step(
                "Where the output changes so slowly that the units stay in the chaotic state that belongs to it, a deviation "
                "decays while dH/dz < 1, H the output of the open loop",
                "derivative along the branch Delta(z) of the open loop",
                Derivative(followed, z),
                followed.diff(z),
                assumption="adiabatic: the units follow the output at once",
                check=Evaluated(
                    lambda side: exact(side).subs(variance, 2 + z**2 / 3 - z / 5).doit(),
                    name="a cubic phi and a quadratic Delta(z)",
                ),
            ),
        ),
    )


def _both_filters(covariance: Expr) -> Expr:
    first = covariance + covariance.diff(_t)
    return first + first.diff(_s)


def _potential(c: Expr, drive: Expr) -> Expr:
    """V with V' = force, so that C'^2/2 + V(C) is conserved."""
    start = Symbol("u", real=True)
    return Integral(force(start, drive), (start, 0, c))


def _decaying(side: Eq) -> Eq:
    """For a C that decays to a frozen part, and some f."""
    trial = _q + 1 / (1 + Rational(3, 2) * _tau**2)
    written = side.replace(_C, lambda *at: trial.subs(_tau, at[0] - at[1]) if len(at) == 2 else trial)
    return written.replace(_f, lambda c: c**3 / 3 - c + 1).doit().subs(_tau, _t - _s)
