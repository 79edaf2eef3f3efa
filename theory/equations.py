"""What a theory asks a solver for: the self-consistency of a number, or of an autocovariance function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sympy import Expr, Function, Symbol, roots, sqrt, sstr

from theory.gaussian.average import Average
from theory.symbols import tau

C = Function("C")
"""Autocovariance of x as a function of the lag."""

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

    kind: ClassVar[str] = "number"

    unknown: Symbol
    right: Expr
    control: Symbol

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        return ((str(self.unknown), self.right, "self-consistency"),)

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """Everything that generated code evaluates."""
        return self.right, self.slope

    @property
    def slope(self) -> Expr:
        """d(right)/d(unknown), by Price's theorem: 1 at a saddle-node."""
        return self.right.diff(self.unknown)

    @property
    def control_at(self) -> Expr:
        """The value of the control parameter at which a given `unknown` is a solution."""
        found = tuple(roots(self.unknown - self.right, self.control))
        sample = {atom: 1 for root in found for atom in root.free_symbols | root.atoms(Average)} | {self.unknown: 2}
        return max(found, key=lambda root: root.xreplace(sample))  # couplings are not negative


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
    """``C'' = C - strength f(C; C(0)) - noise`` for the function C(tau), decaying to 0.

    Attributes
    ----------
    unknown : Symbol
        The equal-time variance C(0).
    control : Symbol
        Parameter that is turned up to follow a branch, usually the coupling strength.
    strength : Expr
    noises : mapping of str to Expr
        Autocovariance of the noise at lags tau > 0, by the word that chooses it.
    kinetic : mapping of str to Expr
        C'(0+)^2/2 for the noises that vanish at tau > 0: there the energy is conserved.
    pair_average, gain, multiplier : Expr
        <phi> at any mean, from which f is integrated where it has no closed form; <phi'>; strength <phi'>^2.
    transforms : mapping of str to PairTransform
        The double frequency integrals ``psi_x``, ``psi_phi``.
    """

    kind: ClassVar[str] = "autocovariance"

    unknown: Symbol
    control: Symbol
    strength: Expr
    noises: Mapping[str, Expr]
    kinetic: Mapping[str, Expr]
    pair_average: Average
    gain: Expr
    multiplier: Expr
    transforms: Mapping[str, PairTransform]

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        force = C(tau) - self.strength * f(C(tau), self.unknown)
        rows: list[tuple[str, Expr, str]] = []
        for word, noise in self.noises.items():
            right = force - noise
            rows.append(
                (
                    f"C''(tau), noise={word}",
                    right,
                    f"C(0) = {self.unknown}, C'(0+) = {self._slope(word)}, C(oo) = 0; {_FORCE}",
                )
            )
        rows += [
            (
                name,
                transform.integrand,
                f"(2/pi) Re of its integral over omega, s = i omega, is {name}; {self._poles()}",
            )
            for name, transform in self.transforms.items()
        ]
        return tuple(rows)

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
        return (self.pair_average, self.gain, self.multiplier, *transforms)


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
