r"""One-site measure in frequency, and double frequency integrals whose inner one is done by residues.

For stationary fluctuations the replica pair fields at frequencies (omega_1, omega_2) see the Kronecker product of two one-site
two-point functions, Pi = G(omega_1) x G(omega_2), over (response field, activity, preactivation):

    G = [[0, <phi'> h*, h*], [<phi'> h, S_phi, <phi'> S_x], [h, <phi'> S_x, S_x]],    h = transfer function, S = spectrum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr, Function, Matrix, Mul, S, Symbol, symbols

from theory.fields.collective import Bilinear, Operator

L_x, L_phi = Function("L_x"), Function("L_phi")
"""Laplace transforms ``int_0^oo exp(-s tau) C(tau) dtau`` of the autocovariances of x and phi."""


@dataclass(frozen=True)
class Spectra:
    """Symbols of one replica: response h and its conjugate, spectra of phi and x."""

    h: Symbol
    conjugate: Symbol
    phi: Symbol
    x: Symbol

    @classmethod
    def of(cls, replica: int) -> Spectra:
        """The symbols of a replica."""
        return cls(*symbols(f"h_{replica} hc_{replica} S_phi{replica} S_x{replica}"))

    def two_point(self, gain: Expr) -> Matrix:
        """G of (response field, activity, preactivation); by Stein's lemma <phi a> = <phi'> <x a> for a Gaussian a."""
        h, conjugate = self.h, self.conjugate
        return Matrix(
            [
                [S.Zero, gain * conjugate, conjugate],
                [gain * h, self.phi, gain * self.x],
                [h, gain * self.x, self.x],
            ]
        )


@dataclass(frozen=True)
class SpectralMeasure:
    """Single-site measure of two replicas, each at its own frequency.

    Attributes
    ----------
    operators : sequence of Operator
        Basis of G.
    two_point : mapping of replica to Matrix
    """

    operators: Sequence[Operator]
    two_point: Mapping[int, Matrix]

    def connected(self, a: Bilinear, b: Bilinear) -> Expr:
        """<a b*>: replicas with different noise are independent, so that it is a product of two entries of G."""
        index = self.operators.index
        return Mul(
            *(
                self.two_point[replica][index(first), index(second)]
                for (replica, first), (_, second) in zip(a.factors, b.factors, strict=True)
            )
        )


def inner_integral(response: Expr, t: Symbol, right: Expr, left: Expr) -> tuple[Expr, Expr, Expr]:
    """Partial fractions in t = i omega: ``constant + first/(t + right) + second/(left - t)``.

    `right` and `left` have positive real parts.  Against a spectrum S with autocovariance C the three terms integrate to
    ``constant C(0) + first L(right) + second L(left)``, because 1/(t + p) is the transform of exp(-p tau), tau > 0.
    """
    first = ((t + right) * response).cancel().subs(t, -right)
    second = ((left - t) * response).cancel().subs(t, left)
    numerator, denominator = (part.as_poly(t) for part in response.cancel().as_numer_denom())
    even = numerator.degree() == denominator.degree()
    constant = numerator.LC() / denominator.LC() if even else S.Zero
    return constant, first.factor(), second.factor()


__all__ = ["L_phi", "L_x", "Spectra", "SpectralMeasure", "inner_integral"]
