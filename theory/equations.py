"""What a theory asks a solver for: the self-consistency of a number, or of an autocovariance function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Function, Symbol, roots, sqrt, sstr

from theory.averages.average import Average, averages
from theory.averages.measures import Normal
from theory.engine.site_in_time import Site
from theory.networks import TemporalNoise
from theory.symbols import growth, mu, phi, x

_squared = Symbol("squared", positive=True)

C = Function("C")
"""Autocovariance of x as a function of the lag."""

C_phi = Function("C_phi")
"""Spectrum of phi."""

f = Function("f")
"""<phi(u) phi(v)> for x-covariance given as first, variance given as second argument."""


@dataclass(frozen=True)
class SelfConsistency:
    """``unknown = right`` for one number, solved on every branch.

    Attributes
    ----------
    unknown : Symbol
        The order parameter.
    right : Expr
        In the unknown, the model's parameters and averages of the generic activation.
    control : Symbol
        Parameter that is turned up to follow a branch, usually the coupling strength.
    """

    unknown: Symbol
    right: Expr
    control: Symbol

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        return ((str(self.unknown), self.right, "self-consistency"),)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What its statements define."""
        return (self.unknown,)

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """Everything that generated code evaluates."""
        return self.right, self.slope

    @property
    def slope(self) -> Expr:
        """d(right)/d(unknown), by Price's theorem: 1 at a saddle-node."""
        return self.right.diff(self.unknown)

    @cached_property
    def control_at(self) -> Expr:
        """The value of the control parameter at which a given `unknown` is a solution."""
        found = tuple(roots(self.unknown - self.right, self.control))
        sample = {atom: 1 for root in found for atom in root.free_symbols | root.atoms(Average)} | {self.unknown: 2}
        return max(found, key=lambda root: root.xreplace(sample))  # couplings are not negative


@dataclass(frozen=True)
class ReadoutEquation:
    """Two coupled numbers, a variance and an output: ``unknown = right(unknown, output)``, ``output = readout(unknown, output)``.

    With the output clamped the first equation is that of the open loop; the second then gives the amplitude that puts the output
    there. In the closed loop, at a given amplitude, both hold.

    Attributes
    ----------
    unknown, output, amplitude : Symbol
    target : Symbol
        Parameter: the value at which the output is clamped.
    control : Symbol
        Parameter that is turned up to follow a branch, the coupling strength.
    right : Expr
        Quadratic in the output.
    readout : Expr
        Proportional to the amplitude, linear in the output.
    trace, determinant : Expr
        Outliers of the Jacobian, ``lambda^2 - trace lambda + determinant = 0``, at any fixed point of the closed loop.
    overlaps : mapping of Symbol to Expr
        What the equations know of the vectors, in the model's parameters.
    transfers : mapping of str to Expr
        Response of the output to a small signal ``exp((lambda - 1) t)``, the loop being open, by the vector along which it enters.
    """

    unknown: Symbol
    output: Symbol
    amplitude: Symbol
    target: Symbol
    control: Symbol
    right: Expr
    readout: Expr
    trace: Expr
    determinant: Expr
    overlaps: Mapping[Symbol, Expr]
    transfers: Mapping[str, Expr]

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        return (
            (str(self.unknown), self.right, f"self-consistency; {self.output} = {self.target} where the loop is open"),
            (str(self.output), self.readout, "the loop closed"),
            (
                str(self.amplitude),
                self.at_target(self.amplitude_at),
                f"amplitude that puts the output at {self.target}",
            ),
            ("lambda^2", self.trace * growth - self.determinant, "outliers lambda of the Jacobian, at any fixed point"),
            (
                "turning",
                self.turning,
                f"zero where {self.amplitude} is extremal along the open loop, at a fold of fixed points",
            ),
            *(
                (
                    f"h_{name}",
                    e,
                    f"response of the output to a signal exp((lambda-1) t) along the {name}, with the loop open",
                )
                for name, e in self.transfers.items()
            ),
            *((str(symbol), e, "overlap of the vectors, at amplitude 1") for symbol, e in self.overlaps.items()),
        )

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """Everything that generated code evaluates."""
        overlap = self.overlap
        return self.right, self.slope, overlap, overlap.diff(self.unknown), self.trace, self.determinant

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What its statements define."""
        return self.unknown, self.output, self.amplitude, *self.overlaps

    @property
    def slope(self) -> Expr:
        """d(right)/d(unknown) by Price's theorem, the gain of the slow variance mode: 1 at a fold of the open loop."""
        return self.right.diff(self.unknown)

    @property
    def amplitude_at(self) -> Expr:
        """The amplitude at which the closed loop has a given unknown and output."""
        return self.output / self.overlap

    @property
    def loop_gain(self) -> Expr:
        """Derivative of the readout in the output at a fixed unknown."""
        return self.readout.diff(self.output)

    @property
    def overlap(self) -> Expr:
        """Output per unit amplitude."""
        return self.readout.subs(self.amplitude, 1)

    @property
    def output_slope(self) -> Expr:
        """Derivative of the readout along the open loop, dH/dz: 1 at a fold of the closed loop."""
        follow = self.right.diff(self.output) / (1 - self.slope)
        return self.loop_gain + self.readout.diff(self.unknown) * follow

    @property
    def turning(self) -> Expr:
        """Zero where the amplitude is extremal along the open loop: a fold of the closed loop, where an outlier is 1.

        The polynomial of the outliers at 1, times the output per amplitude and gain, which leaves no pole.
        """
        at_one = (1 - self.trace + self.determinant).subs(self.amplitude, self.amplitude_at)
        (gain,) = averages(self.amplitude_at)
        return (at_one * self.overlap / gain).cancel()

    @cached_property
    def control_at(self) -> Expr:
        """The value of the control parameter at which a given unknown solves the open loop."""
        (squared,) = roots(self.unknown - self.right.subs(self.control, sqrt(_squared)), _squared)
        return sqrt(squared)

    def at_target(self, expression: Expr) -> Expr:
        """An expression of the closed loop where the output is the target, in the model's parameters alone."""
        return expression.subs(self.amplitude, self.amplitude_at).subs(self.output, self.target)


IN_LAGS, IN_FREQUENCY = "C''(tau), noise={}", "C_x(s), noise={}"
_FORCE = "f(c, v) = <phi(u) phi(v)> of two Gaussian variables of variance v and covariance c"


@dataclass(frozen=True)
class PairTransform:
    """One double frequency integral over pair spectra, the inner one done by residues.

    Attributes
    ----------
    poles : mapping of Symbol to Expr
        Decay rates at which Laplace transforms are needed, as functions of s = i omega.
    integrand : Expr
        In s, the poles and the transforms ``L_x(.)``, ``L_phi(.)`` of C_x and C_phi; its integral is
        ``(2/pi) Re int_0^oo domega integrand``.
    """

    poles: Mapping[Symbol, Expr]
    integrand: Expr


@dataclass(frozen=True)
class AutocovarianceEquation:
    """``C_x(s) = h(s) h(-s) [strength C_phi(s) + noise(s)]`` for the function C(tau), decaying to 0.

    For independent couplings x is Gaussian and C_phi(tau) = f(C(tau); C(0)); a leaky unit, h = 1/(1+s), turns the equation into
    ``C'' = C - strength f(C; C(0)) - noise``.  For partially symmetric couplings C_phi comes from the process of one unit,
    which the functions of `site` complete.

    Attributes
    ----------
    unknown : Symbol
        The equal-time variance C(0).
    control : Symbol
        Parameter that is turned up to follow a branch, usually the coupling strength.
    right : mapping of str to Expr
        Right side of the equation for C'', h = 1/(1+s), or for C_x(s), by the word that chooses the noise.
    transfer : Expr
        h(s).
    strength, feedback : Expr
        Factor of C_phi in the field of a unit, and of the network's response to the unit's own activity.
    noises : mapping of str to TemporalNoise
    power, gain, multiplier : Expr
        <phi^2>; <phi'>; strength <phi'>^2.
    site : Site
        T, K, X of one unit from S and C.
    pair_spectra : mapping of str to Expr
        ``psi_phi``, ``psi_x`` at two frequencies: N times the second moments over J of cross-spectra.
    transforms : mapping of str to PairTransform
        The double frequency integrals ``psi_x``, ``psi_phi`` for independent couplings and h = 1/(1+s).
    """

    unknown: Symbol
    control: Symbol
    right: Mapping[str, Expr]
    transfer: Expr
    strength: Expr
    feedback: Expr
    noises: Mapping[str, TemporalNoise]
    power: Expr
    gain: Expr
    multiplier: Expr
    site: Site
    pair_spectra: Mapping[str, Expr]
    transforms: Mapping[str, PairTransform]

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        rows: list[tuple[str, Expr, str]] = []
        for word, right in self.right.items():
            ends = f"C(0) = {self.unknown}, C'(0+) = {self._slope(word)}, C(oo) = 0"
            meaning = ends if self.transforms else "spectra; C_phi(tau) = f(C(tau), C(0))"
            name = (IN_LAGS if self.transforms else IN_FREQUENCY).format(word)
            rows.append((name, right, f"{meaning}{'; ' if self.transforms else ', '}{_FORCE}; eta = 0"))
        rows += [
            ("T", self.site.response_x, "mean response of x; S that of phi, the process of one unit; any eta"),
            ("K", self.site.cross, "cross-spectrum <phi x*>"),
            ("X", self.site.spectrum_x, "spectrum of x"),
        ]
        rows += [
            (f"{name}(omega_1, omega_2)", expression, "N times the second moment over J of cross-spectra")
            for name, expression in self.pair_spectra.items()
        ]
        rows += [
            (
                name,
                transform.integrand,
                f"eta = 0: (2/pi) Re of its integral over omega, s = i omega, is {name}; {self._poles()}",
            )
            for name, transform in self.transforms.items()
        ]
        return tuple(rows)

    @property
    def kinetic(self) -> Mapping[str, Expr]:
        """C'(0+)^2/2 for the noises that vanish at tau > 0: there the energy is conserved. Empty for other filters than 1/(1+s)."""
        noises = self.noises.items() if self.transforms else ()
        return {word: (noise.impulse / 2) ** 2 / 2 for word, noise in noises if noise.autocovariance == 0}

    @property
    def pair_average(self) -> Average:
        """<phi> at any mean, from which f is integrated where it has no closed form."""
        return Average(phi(x), 0, Normal(mu, self.unknown))

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What its statements define."""
        return (self.unknown,)

    def _slope(self, word: str) -> str:
        kinetic = self.kinetic.get(word)
        return "0" if kinetic is None else sstr(-sqrt(2 * kinetic))

    def _poles(self) -> str:
        poles = next(iter(self.transforms.values())).poles
        return ", ".join(f"{name} = {sstr(value)}" for name, value in poles.items())

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """Everything that generated code evaluates."""
        transforms = tuple(
            expression for t in self.transforms.values() for expression in (t.integrand, *t.poles.values())
        )
        return (self.pair_average, self.power, self.gain, self.multiplier, *transforms)


@dataclass(frozen=True)
class FollowUp:
    """``unknown = right`` for a second number, solved once the first equation is: one root, in [0, upper].

    Attributes
    ----------
    unknown : Symbol
    right : Expr
        In the unknown, the first order parameter, the model's parameters and averages; increasing and convex in the
        unknown, >= 0 at 0 and <= upper at `upper`, so that the smallest root is the only one with slope < 1.
    upper : Expr
    """

    unknown: Symbol
    right: Expr
    upper: Expr

    @property
    def slope(self) -> Expr:
        """d(right)/d(unknown), by Price's theorem."""
        return self.right.diff(self.unknown)
