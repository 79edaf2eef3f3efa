"""What a theory asks a solver for: the self-consistency equation of its order parameter."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol, roots

from theory.gaussian.average import Average


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
    def slope(self) -> Expr:
        """d(right)/d(unknown), by Price's theorem: 1 at a saddle-node."""
        return self.right.diff(self.unknown)

    @property
    def control_at(self) -> Expr:
        """The value of the control parameter at which a given `unknown` is a solution."""
        found = tuple(roots(self.unknown - self.right, self.control))
        sample = {atom: 1 for root in found for atom in root.free_symbols | root.atoms(Average)} | {self.unknown: 2}
        return max(found, key=lambda root: root.xreplace(sample))  # couplings are not negative


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
