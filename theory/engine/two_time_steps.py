"""The argument in time: two-time fields, the equation of the autocovariance, its first integral, pair spectra."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial
from typing import Any

from sympy import Add, Derivative, Eq, Expr, Function, I, Integral, Matrix, Rational, S, Symbol, exp, oo, sqrt, symbols

from theory.averages.average import Average, averages
from theory.averages.exact import ODD_CUBIC, exact
from theory.averages.measures import Normal
from theory.derivation import Evaluated, Replay, Solves, Step, named
from theory.engine.cavity import linear_root
from theory.engine.cavity_in_time import ONE, TWO
from theory.engine.collective import ACTIVITY, PREACTIVATION, RESPONSE, Action, Bilinear, Kernel
from theory.engine.spectral import CLARK, L_phi, L_x, OneSite
from theory.engine.steps import coupling_steps
from theory.equations import IN_FREQUENCY, IN_LAGS, C, C_phi, PairTransform, f
from theory.model import Model
from theory.networks import NetworkInTime
from theory.symbols import Delta, eta, frequency, g, mu, phi, sigma, tau, tau_n, x

OPERATOR = {"phi": ACTIVITY, "x": PREACTIVATION}
SCS = "Sompolinsky, Crisanti, Sommers 1988, PRL 61 259"
ZERO = OneSite.of(0)
"""One-site functions of one replica at frequency zero; `ONE` and `TWO` are those of two, each at its frequency."""

DIAGONAL = {"phi": ONE.C * TWO.C, "x": ONE.X * TWO.X}
"""Product of two spectra of one unit."""

NAMES = {name: Symbol(f"psi_{name}(omega_1, omega_2)") for name in OPERATOR}
"""Pair spectra: N times the second moments over J of cross-spectra of two units."""

POWER, GAIN = symbols("P_0 G_0", real=True)
"""Equal-time variance and mean slope of phi, averages over the process of one unit."""

PSI = dict(zip(OPERATOR, symbols("psi_phi psi_x", nonnegative=True), strict=True))
"""Integrated pair spectra: N times the mean squared off-diagonal covariance at equal times."""

PSI_LAGS = Symbol("Psi_phi", nonnegative=True)
"""Integral over tau > 0 of N times the mean squared off-diagonal covariance of phi at lag tau."""

QUADRATURE = "inner integral by quadrature for exponential autocovariances, 8 digits"
CUBIC = "exactly, for a cubic phi"
EXAMPLE = "inserted for C_phi(tau) = exp(-2 tau/3), tau_n = 1/2, where C follows from its spectrum by residues"
EXPONENTIAL = "both sides for psi(tau_1, tau_2) = 3 exp(-|tau_1| - |tau_2|/2)"
_impulse, _psi, _psi_hat, _W = (Function(name) for name in ("delta", "psi", "psi_hat", "W"))
_omega, _c, _V = Symbol("omega", real=True), Symbol("c", positive=True), Symbol("V", nonnegative=True)
_t, _h = symbols("t h")
_slope = Derivative(C(tau), tau)


# ---- one unit ------------------------------------------------------------------------------------------------------------


def field_steps(
    model: Model[NetworkInTime], action: Action, strength: Expr, feedback: Expr, leaky: bool
) -> tuple[Step, ...]:
    """From the equation of motion to the field that drives one unit."""
    responses, activities = Bilinear.of((1, RESPONSE), (2, RESPONSE)), Bilinear.of((1, ACTIVITY), (2, ACTIVITY))
    own, reaction = Bilinear.of((1, RESPONSE), (2, ACTIVITY)), Bilinear.of((1, ACTIVITY), (2, RESPONSE))
    network, couplings = model.network, model.network.couplings
    even, odd = symbols("s a")
    there, back = (g * (sqrt((1 + eta) / 2) * even + sign * sqrt((1 - eta) / 2) * odd) for sign in (1, -1))
    position, received, wave = Function("X")(_t), Function("u")(_t), exp(frequency * _t)
    waves = {position: _h * wave, received: wave}
    unit = Step(
        "A leaky unit that receives u = exp(s t) answers h(s) exp(s t)",
        "linear response",
        Eq(Derivative(position, _t), received - position),
        network.transfer,
        check=Replay(lambda e: linear_root(Eq(*((side.subs(waves).doit() / wave).expand() for side in e.args)), _h)),
    )
    return (
        Step(
            f"Impose {model.equation} at every time with response fields. Causal (Ito) dynamics has unit Jacobian. Labels 1, 2 "
            "now stand for two times of one trajectory, or for two replicas of the noise with the same J",
            "generating functional",
            assumption="the state is stationary",
            reference=f"{SCS}; {CLARK}",
        ),
        *((unit,) if leaky else ()),
        Step(
            f"Spectra of the noises {', '.join(network.noises)}",
            "Fourier transform",
            Matrix([noise.autocovariance + noise.impulse * _impulse(tau) for noise in network.noises.values()]),
            Matrix([noise.spectrum for noise in network.noises.values()]),
            check=Replay(lambda lags: lags.applyfunc(_transformed), "exp(-b |tau|) becomes 2 b/(b^2 - s^2), delta 1"),
        ),
        Step(
            "Couplings are made of a symmetric part s_ij and an antisymmetric one a_ij. Shown: N <J_ij^2> and N <J_ij J_ji>",
            "independent parts averaged",
            Matrix([there**2, there * back]),
            Matrix([couplings.strength**2, couplings.symmetry * couplings.strength**2]),
            check=Replay(lambda e: e.expand().subs({even**2: 1, odd**2: 1}).subs({even: 0, odd: 0}).expand()),
        ),
        *coupling_steps(couplings, action),
        Step(
            "Saddle point: the coefficient of xr1 xr2 is the covariance of a Gaussian field that drives the unit; that of xr1 phi2 "
            "is a force, with which the unit's own activity returns by the response of the network",
            "saddle point",
            action.F,
            Matrix([strength * activities.symbol, feedback * reaction.symbol]),
            assumption="N -> infinity; odd phi",
            check=Replay(lambda F: Matrix([F.diff(responses.symbol), F.diff(own.symbol)])),
        ),
    )


def _transformed(autocovariance: Expr) -> Expr:
    impulse = autocovariance.coeff(_impulse(tau))
    smooth = autocovariance - impulse * _impulse(tau)
    rate = -smooth.diff(tau) / smooth if smooth != 0 else S.One
    return impulse + smooth.subs(tau, 0) * 2 * rate / (rate**2 - frequency**2)


def equal_time_steps(strength: Expr, power: Expr, gain: Expr) -> tuple[Step, ...]:
    """Names of equal-time averages, and their values for a Gaussian x; f(c, v) = <phi(u) phi(v)>."""
    closed, regression = {POWER: power, GAIN: gain, C(0): Delta}, Average(x * phi(x)) / Delta
    rows: tuple[tuple[str, Expr, Expr], ...] = (
        ("Equal-time variance of x", C(0), named("Delta0", Delta)),
        ("Equal-time variance of phi", f(Delta, Delta), named("C_phi0", POWER)),
        ("The same for a Gaussian x, eta = 0", f(Delta, Delta), named(POWER, power)),
        ("Mean slope of phi, its regression on x by Stein's lemma", regression, named("gain", GAIN)),
        ("The same for a Gaussian x, eta = 0", regression, named(GAIN, gain)),
        (
            "Long lags: the slope in c of what returns through the couplings, at c = 0",
            strength * Derivative(f(_c, Delta), _c),
            strength * gain**2,
        ),
    )
    return tuple(
        Step(title, "Gaussian average", before, after, check=Solves(partial(_in_cubic, before, closed), CUBIC))
        for title, before, after in rows
    )


def _in_cubic(before: Expr, values: Mapping[Expr, Expr], after: Expr) -> Expr:
    """The difference for a cubic phi; given what two Gaussian variables share, they are independent."""
    pairs = exact(Average(Average(phi(x), 0, Normal(mu, Delta - _c)) ** 2, 0, Normal(S.Zero, _c, mu)), ODD_CUBIC)
    primitive = ODD_CUBIC.integrate(x)
    spread = Average(primitive**2) - Average(primitive) ** 2
    difference = (before - getattr(after, "rhs", after)).subs({**values, _V: spread})
    inserted = difference.replace(f, lambda c, v: pairs.subs({_c: c, Delta: v}, simultaneous=True))
    return exact(inserted, ODD_CUBIC).doit().subs(_c, 0)


# ---- the equation of the autocovariance ----------------------------------------------------------------------------------


def autocovariance_steps(
    network: NetworkInTime, strength: Expr, spectra: Mapping[str, Expr], right: Mapping[str, Expr]
) -> tuple[Step, ...]:
    """The spectrum of x for independent couplings, by noise, and for a leaky unit C'' (`right`)."""
    h, conjugate = (network.transfer.subs(frequency, s) for s in (frequency, -frequency))
    in_frequency = (
        Step(
            f"Both ends of the covariance of the field pass through the unit, noise={word}; C_phi(tau) = f(C(tau), C(0))",
            "linear filter, eta = 0",
            strength * C_phi(frequency) + network.noises[word].spectrum,
            named(IN_FREQUENCY.format(word), spectrum),
            check=Replay(lambda field: h * conjugate * field),
        )
        for word, spectrum in spectra.items()
    )
    in_lags = (
        Step(
            f"Equation of the autocovariance, noise={word}: 1/[h(s) h(-s)] = 1 - s^2, s = d/dtau",
            "inverse Fourier transform at tau > 0",
            spectra[word],
            named(IN_LAGS.format(word), second),
            check=Solves(partial(_realised, spectra[word]), EXAMPLE),
        )
        for word, second in right.items()
    )
    return (*in_frequency, *in_lags)


def _realised(spectrum: Expr, equation: Eq) -> Expr:
    """What is missing in an equation, of C'' if by name, where C_phi is given, so that all else is elementary."""
    force, time = exp(-2 * tau / 3), Rational(1, 2)
    given = spectrum.subs({C_phi(frequency): _transformed(force), tau_n: time})
    poles = (-1, Rational(-2, 3), -1 / time)
    c = Add(*(((frequency - p) * given).cancel().subs(frequency, p) * exp(p * tau) for p in poles))
    work = _until_infinity(-force * c.diff(tau))
    values = {f(C(tau), Delta): force, _W(C(tau)): work, _V: work.subs(tau, 0), Delta: c.subs(tau, 0)}
    left = C(tau).diff(tau, 2) if equation.lhs.is_Symbol else equation.lhs
    inserted = (left - equation.rhs).xreplace(values).subs({C(tau): c, tau_n: time}).doit(integrals=False)
    return inserted.replace(Integral, lambda e, _: _until_infinity(e.expand()).subs(tau, 0))


def _until_infinity(exponentials: Expr) -> Expr:
    """The integral of a sum of exponentials from tau to infinity."""
    return Add(*(-(term**2) / term.diff(tau) for term in Add.make_args(exponentials.expand())))


def energy_steps(
    network: NetworkInTime, spectra: Mapping[str, Expr], right: Mapping[str, Expr], kinetic: Mapping[str, Expr]
) -> tuple[Step, ...]:
    """The first integral where noise is absent at tau > 0, with C'(0+)^2/2 (`kinetic`), and the identity that ou has instead."""
    silent = next(iter(kinetic))
    potential = right[silent].xreplace({C(tau): C(tau) ** 2 / 2, f(C(tau), Delta): _W(C(tau))})
    at_zero = potential.xreplace({_W(C(tau)): _V, C(tau): Delta})
    noise, area = network.noises["ou"].autocovariance, Integral(f(_c, Delta), (_c, 0, Delta))
    return (
        Step(
            "Where the noise is absent at tau > 0 the energy is conserved, and 0 where C has decayed; W' = f, W(0) = 0",
            "C'' integrated against C'",
            right[silent],
            Eq(_slope**2 / 2, potential),
            assumption="C -> 0 at long lags",
            check=Solves(partial(_realised, spectra[silent]), EXAMPLE),
        ),
        Step(
            "W(C(0)) is the variance V of Phi(x), Phi' = phi, because d<Phi(u) Phi(v)>/dc = <phi(u) phi(v)>",
            "Price's theorem, integrated over c from 0 to C(0)",
            area,
            _V,
            check=Solves(partial(_in_cubic, area, {}), CUBIC),
        ),
        *(
            Step(
                f"At tau = 0+ this is a scalar equation for C(0) = Delta, noise={word}; -C'(0+) is half its delta function",
                "energy at both ends",
                Eq(_slope**2 / 2, potential),
                Eq(at_zero, energy),
                reference=SCS,
                check=Solves(partial(_realised, spectra[word]), EXAMPLE),
            )
            for word, energy in kinetic.items()
        ),
        Step(
            "For ou the same energy argument gives an identity that every solution must satisfy",
            "integration by parts",
            -Integral(noise * _slope, (tau, 0, oo)),
            Eq(at_zero, noise.subs(tau, 0) * Delta + Integral(noise.diff(tau) * C(tau), (tau, 0, oo))),
            check=Solves(partial(_realised, spectra["ou"]), EXAMPLE),
        ),
    )


def limit_steps(network: NetworkInTime, second: Expr, power: Expr, static_variance: Expr) -> tuple[Step, ...]:
    """The two ends of the correlation time; `second` is C'' for ou."""
    size, at_rest = Symbol("D", positive=True), {f(C(tau), Delta): power, C(tau): Delta}
    return (
        Step(
            "tau_n -> infinity: C is constant, C'' = 0, and the equation at tau = 0 is the self-consistency of the static network",
            "limit",
            second,
            Eq(Delta, static_variance),
            check=Replay(lambda e: Delta - e.xreplace(at_rest).subs(tau, 0)),
        ),
        Step(
            "tau_n -> 0 at fixed 2 sigma^2 tau_n = D: the spectrum becomes flat, white noise of strength D",
            "limit",
            network.noises["ou"].spectrum,
            size,
            check=Replay(lambda e: e.subs(sigma, sqrt(size / (2 * tau_n))).cancel().subs(tau_n, 0)),
        ),
    )


# ---- pairs ---------------------------------------------------------------------------------------------------------------


def pair_steps(
    kernel: Kernel,
    totals: Mapping[str, Expr],
    pairs: Mapping[str, Expr],
    independent: Mapping[Symbol, Expr],
    entries: Mapping[str, Expr],
    static: tuple[Matrix, Mapping[Symbol, Expr]],
) -> tuple[Step, ...]:
    """Fluctuations of the pair fields of two replicas, each at its own frequency, by observable.

    The entry of N Cov(B) on the diagonal (`totals`), without the spectra of single units (`pairs`), and for `independent` couplings
    (`entries`), where they are compared with the block of the static network.
    """
    y, z, yc, zc = symbols("y z y_c z_c")
    in_ladder = {y: g**2 * ONE.S * TWO.S, yc: g**2 * ONE.Sc * TWO.Sc}
    in_ladder |= {z: eta * g**2 * ONE.S * TWO.Sc, zc: eta * g**2 * ONE.Sc * TWO.S}
    block, constant = static
    fluctuations = (
        Step(
            "Two replicas with different noise, at frequencies omega_1 and omega_2; Pi is the Kronecker product of two G. Gaussian "
            f"fluctuations about the saddle: N Cov(B) = (1 - Pi F'')^{{-1}} Pi. Entry of {name}1 {name}2, (1/N) sum_ij of the "
            "product of two cross-spectra",
            "Gaussian integral over the collective fields",
            ONE.two_point(),
            total,
            assumption="1/N small, odd phi, and the pair sector stable: g^2 |S|^2 below 1 at every frequency",
            reference=CLARK,
            check=Solves(partial(_beside_the_inverse, kernel, name), "whole matrix inverted at random rational points"),
        )
        for name, total in totals.items()
    )
    off_diagonal = (
        Step(
            f"The diagonal i = j holds the spectra of {name}; the rest is N times the second moment over J of cross-spectra",
            "diagonal subtracted",
            total,
            Eq(NAMES[name], pairs[name]),
            check=Replay(partial(Add, -DIAGONAL[name])),
        )
        for name, total in totals.items()
    )
    return (
        *fluctuations,
        Step(
            "In one line, y = g^2 S_1 S_2, z = eta g^2 S_1 S_2*: C_1 C_2 Re[(1 + z)/(1 - z)]/|1 - y|^2",
            "regrouped",
            totals["phi"],
            ONE.C * TWO.C * (1 / (1 - z) + 1 / (1 - zc) - 1) / ((1 - y) * (1 - yc)),
            check=Evaluated(lambda side: side.xreplace(in_ladder), name="y and z inserted, at random points"),
        ),
        *off_diagonal,
        Step(
            "Independent couplings, eta = 0: entries of phi and x",
            "limit",
            Matrix([*totals.values()]),
            Matrix([*entries.values()]),
            reference=CLARK,
            check=Replay(lambda both: both.xreplace(dict(independent))),
        ),
        Step(
            "Noise that never changes, tau_n -> infinity: responses become 1, spectra become variances, and the entries of phi "
            "and x are those of the static network",
            "limit",
            Matrix([*entries.values()]),
            Matrix([block[0, 0], block[1, 1]]),
            reference="Mato, Rigatuso, Torroba 2025, arXiv 2510.21742",
            check=Replay(lambda both: both.xreplace(dict(constant))),
        ),
    )


def _beside_the_inverse(kernel: Kernel, name: str, entry: Expr) -> Matrix:
    """Entry minus that of (1 - Pi F'')^{-1} Pi, exactly, at random rational values of every symbol."""
    place, draw, missing = kernel.index((1, OPERATOR[name]), (2, OPERATOR[name])), random.Random(31), []
    unknown = sorted(kernel.Pi.free_symbols | kernel.coupling.free_symbols, key=str)
    for _ in range(3):
        at = {s: Rational(draw.randint(-9, 9), draw.randint(10, 19)) for s in unknown}
        Pi, coupling = (matrix.xreplace(at) for matrix in (kernel.Pi, kernel.coupling))
        missing.append(entry.xreplace(at) - (Pi.eye(Pi.rows) - Pi * coupling).LUsolve(Pi[:, place])[place])
    return Matrix(missing)


def residue_steps(
    entries: Mapping[str, Expr], transforms: Mapping[str, PairTransform], multiplier: Expr, transfer: Expr
) -> tuple[Step, ...]:
    """From entries of N Cov(B) at two frequencies to second moments at equal times."""
    (poles,) = {tuple(transform.poles.items()) for transform in transforms.values()}
    of_entries = (
        Step(
            f"A pole of the entries in their second frequency, t = -{pole}; its mirror image belongs to the conjugate factor",
            "linear equation solved",
            1 - multiplier * transfer.subs(frequency, s) * transfer.subs(frequency, _t),
            Eq(pole, value),
            check=Replay(lambda e: -linear_root(Eq(e.together().as_numer_denom()[0], 0), _t)),
        )
        for (pole, value), s in zip(poles, (frequency, -frequency), strict=True)
    )
    integrated = (
        Step(
            f"Equal-time second moment of {name} for eta = 0: integrate the entry over both frequencies. The inner integral is "
            "done by residues: 1/(t + p) is the transform of exp(-p tau), which leaves the Laplace transform L(p) of the "
            "autocovariance. The constant at t -> oo gives the squared variance; the rest is psi",
            "residues",
            entry,
            transforms[name].integrand,
            reference=CLARK,
            check=Evaluated(partial(_at_one_frequency, transfer, dict(poles), DIAGONAL[name]), {}, 2, 8, QUADRATURE),
        )
        for name, entry in entries.items()
    )
    return (*of_entries, *integrated)


def _at_one_frequency(transfer: Expr, poles: Mapping[Symbol, Expr], diagonal: Expr, side: Expr) -> Expr:
    """Both sides at s = i omega for exponential autocovariances: the inner integral without the constant, and its residues."""
    of_phi, of_x = (lambda p: 5 / (9 + 10 * p)), (lambda p: 11 / (7 + 10 * p))
    values, other = dict[Expr, Expr](), Symbol("other", real=True)
    for site, s in ((ONE, frequency), (TWO, _t)):
        values |= {site.h: transfer.subs(frequency, s), site.hc: transfer.subs(frequency, -s)}
        values |= {site.C: of_phi(s) + of_phi(-s), site.X: of_x(s) + of_x(-s)}
    values |= {L_phi(frequency): values[ONE.C], L_x(frequency): values[ONE.X]}  # twice the real part
    inserted = (side if side.has(L_phi) else side - diagonal).xreplace(values).subs(poles)
    inserted = inserted.replace(L_phi, of_phi).replace(L_x, of_x)
    at = inserted.subs({frequency: I * _omega, _t: I * other, **dict.fromkeys(averages(inserted), Rational(2, 5))})
    return Integral(at, (other, -oo, oo)) / (2 * S.Pi) if at.has(other) else at


# ---- what is read off ----------------------------------------------------------------------------------------------------


def at_frequency_zero(e: Any) -> Any:
    """Both replicas at frequency zero, where everything is real."""
    return e.xreplace(TWO.renamed(ONE)).xreplace(ONE.real()).xreplace(ONE.renamed(ZERO))


def reading_steps(
    kernel: Kernel, totals: Mapping[str, Expr], multiplier: Expr, observables: Mapping[str, Expr]
) -> tuple[Step, ...]:
    """Stability of the pair sector, and the observables by their keys."""

    def persisting(_: None) -> Expr:
        (found,) = Kernel(kernel.fields, at_frequency_zero(kernel.Pi), kernel.coupling.subs(eta, 0)).multipliers()
        return found

    opposite = TWO.renamed(ONE) | {TWO.S: ONE.Sc, TWO.Sc: ONE.S}
    trace, squares, N = symbols("tr(C) tr(C^2) N", positive=True)
    three = Matrix(3, 3, lambda i, j: 2 if i == j else Rational(1, i + j + 2))
    of_three = {trace: three.trace(), squares: (three**2).trace(), N: 3, Delta: 2, POWER: 2}
    of_three |= dict.fromkeys(PSI.values(), Rational(1, 3) * ((three**2).trace() - 3 * 2**2))
    lags = Integral(_psi(tau, tau), (tau, 0, oo))
    equal_times = (
        Step(
            f"Participation ratio over N of {name} at equal times: (1/N) sum_(i != j) C_ij^2 is psi",
            "definition",
            named(f"PR_{name}", trace**2 / (N * squares)),
            named(f"PR_{name}", observables[f"PR_{name}"]),
            reference=CLARK,
            check=Evaluated(lambda side: side.xreplace(of_three), name="both sides for a matrix of three units"),
        )
        for name in totals
    )
    long_windows = (
        Step(
            f"Participation ratio over N of {name} in windows long against every correlation time; everything is real",
            "both frequencies 0",
            DIAGONAL[name] / totals[name],
            named(f"PR0_{name}", observables[f"PR0_{name}"]),
            reference=CLARK,
            check=Replay(at_frequency_zero),
        )
        for name in totals
    )
    return (
        Step(
            "The largest multiplier at zero frequency is that of independent couplings; others carry a factor eta",
            "eigenvalue of Pi F''",
            after=named("multiplier", multiplier),
            assumption="|eta| <= 1",
            check=Replay(persisting, "eigenvalue of the kernel at frequency 0 and eta = 0"),
        ),
        Step(
            "What it lacks to 1; for independent couplings C'' = kappa^2 C at long lags",
            "definition",
            multiplier,
            named("kappa2", observables["kappa2"]),
            check=Replay(lambda e: 1 - e),
        ),
        *equal_times,
        *long_windows,
        Step(
            "Any one frequency: the cross-spectral matrix C_ij(omega) has the participation ratio over N of phi",
            "omega_2 = -omega_1",
            totals["phi"],
            (DIAGONAL["phi"] / totals["phi"]).xreplace(opposite).factor(),
            reference=CLARK,
            check=Replay(lambda e: ONE.C**2 / e.xreplace(opposite)),
        ),
        Step(
            "The mean squared cross-covariance of phi at lag tau, integrated over lags, is an integral over single frequencies",
            "Parseval",
            lags,
            Integral(_psi_hat(_omega, -_omega), (_omega, -oo, oo)) / (4 * S.Pi),
            check=Evaluated(_with_exponential_pairs, name=EXPONENTIAL),
        ),
        Step(
            "Correlation time of the population; Psi is the integral over lags",
            "definition",
            named("tau_pop", lags / _psi(0, 0)),
            named("tau_pop", observables["tau_pop"]),
            reference=CLARK,
            check=Evaluated(_with_exponential_pairs, name=EXPONENTIAL),
        ),
    )


def _with_exponential_pairs(side: Expr) -> Expr:
    inserted = side.subs({PSI_LAGS: 2, PSI["phi"]: 3}).replace(_psi, lambda t, u: 3 * exp(-t - u / 2))
    return inserted.replace(_psi_hat, lambda v, w: 3 * 2 / (1 + v**2) * 4 / (1 + 4 * w**2))


def rest_steps(transfer: Expr, gain: Expr, closure: Mapping[Symbol, Expr]) -> tuple[Step, ...]:
    """One-site functions at frequency zero for independent couplings."""
    zero = ONE.renamed(ZERO)
    at_rest = Replay(lambda e: e.xreplace({**zero, ONE.h: transfer.subs(frequency, 0)}))
    return tuple(
        Step(f"{zero[s]} at eta = 0", "s = 0", e, named(zero[s], closure[zero[s]]), check=at_rest)
        for s, e in ONE.gaussian(gain).items()
        if zero[s] in closure
    )
