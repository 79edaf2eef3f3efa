r"""One-site functions in frequency, and double frequency integrals whose inner one is done by residues.

Replicas with different noise are independent, so that the pair fields of two, at frequencies (omega_1, omega_2), see the Kronecker
product of two one-site two-point functions, Pi = G(omega_1) x G(omega_2), over (response field, activity, preactivation):

    G = [[0, S*, T*], [S, C, K], [T, K*, X]],

S and T the mean responses of phi and of x to the field of their unit, C and X their spectra, K = <phi x*> the cross-spectrum.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

from sympy import Expr, Function, Matrix, S, Symbol, symbols

CLARK = "Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401"

L_x, L_phi = Function("L_x"), Function("L_phi")
"""Laplace transforms ``int_0^oo exp(-s tau) C(tau) dtau`` of the autocovariances of x and phi."""


@dataclass(frozen=True)
class OneSite:
    """One-site functions of one replica at its frequency, as symbols.

    Attributes
    ----------
    S, T : Symbol
        Mean responses of phi and of x to the field.
    C, X : Symbol
        Spectra of phi and of x.
    K : Symbol
        Cross-spectrum <phi x*>.
    h : Symbol
        Transfer function of a unit without couplings.
    Sc, Tc, Kc, hc : Symbol
        Complex conjugates.
    """

    S: Symbol
    T: Symbol
    C: Symbol
    K: Symbol
    X: Symbol
    h: Symbol
    Sc: Symbol
    Tc: Symbol
    Kc: Symbol
    hc: Symbol

    @classmethod
    def of(cls, replica: int | str) -> OneSite:
        """The symbols of a replica."""
        return cls(*symbols(" ".join(f"{name}_{replica}" for name in cls.__dataclass_fields__)))

    def two_point(self) -> Matrix:
        """G of (response field, activity, preactivation)."""
        return Matrix([[S.Zero, self.Sc, self.Tc], [self.S, self.C, self.K], [self.T, self.Kc, self.X]])

    @property
    def functions(self) -> tuple[Symbol, ...]:
        """S, T, C, K, X: what generated code passes around."""
        return self.S, self.T, self.C, self.K, self.X

    @property
    def conjugates(self) -> dict[Symbol, Symbol]:
        """Each function with its complex conjugate."""
        pairs = ((self.S, self.Sc), (self.T, self.Tc), (self.K, self.Kc), (self.h, self.hc))
        return {**dict(pairs), **{conjugate: plain for plain, conjugate in pairs}}

    def gaussian(self, gain: Expr) -> dict[Symbol, Expr]:
        """The functions of a Gaussian site, by Stein's lemma <phi a> = <phi'> <x a>: everything from h, C and X."""
        return {
            self.S: gain * self.h,
            self.Sc: gain * self.hc,
            self.T: self.h,
            self.Tc: self.hc,
            self.K: gain * self.X,
            self.Kc: gain * self.X,
        }

    def real(self) -> dict[Symbol, Symbol]:
        """At frequency zero everything is real."""
        return {self.Sc: self.S, self.Tc: self.T, self.Kc: self.K, self.hc: self.h}

    def renamed(self, other: OneSite) -> dict[Symbol, Symbol]:
        """The functions of this replica as those of another."""
        return dict(zip(astuple(self), astuple(other), strict=True))


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
