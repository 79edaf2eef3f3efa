r"""Two-site cavity in frequency: an independent second route to the pair spectra of `theory.engine.collective`.

Two units are added to a network of N. To first order in the 1/sqrt(N) couplings their fields are

    h_1 = eta_1 + A_12 phi_2,    h_2 = eta_2 + A_21 phi_1,    <eta_1 eta_2*> = E_12,

A_12 = J_12 + sum_kl J_1k R_kl J_l2 the coupling beside and through the reservoir, E_12 = sum_kl J_1k J_2l C_kl the covariance that
the reservoir feeds to both; the action of each unit on itself is in its one-site functions.  At frequencies 1 and 2 the second
moments over J of A and E close on the statistics of the reservoir, which are those of the pair.  Any filter, any phi, partially
symmetric couplings.  Shares nothing with the collective-field route but the names of the one-site functions.

Source: Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401 (independent couplings); here for N <J_ij J_ji> = eta g^2 too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from sympy import Add, Eq, Expr, Matrix, Symbol, factor, symbols

from theory.derivation import Derivation, Replay, Step
from theory.engine.cavity import linear_root
from theory.engine.spectral import CLARK, OneSite
from theory.factors import positive_factors
from theory.networks import GaussianCouplings

ONE, TWO = OneSite.of(1), OneSite.of(2)
ALPHA, BETA = symbols("alpha beta")
GAMMA12, GAMMA21 = symbols("gamma_12 gamma_21")
EPSILON, PSI = symbols("epsilon psi")
_a1, _a2c, _phi1c, _phi2 = symbols("a1 a2c phi1c phi2")


def _coupling_symbols(k: int) -> tuple[Symbol, Symbol, Symbol]:
    """A_12, conjugate of A_21, and E_12 at frequency k."""
    a, b, e = symbols(f"A12_{k} A21c_{k} E12_{k}")
    return a, b, e


@dataclass(frozen=True)
class PairSpectra:
    """N times the second moments over J of the cross-spectra of two units, at two frequencies.

    Attributes
    ----------
    phi, x : Expr
        ``N <C_12(omega_1) C_12(omega_2)>`` of phi and of x, in the one-site functions of replicas 1 and 2.
    moments : mapping of Symbol to Expr
        The moments of A and E.
    derivation : Derivation
    """

    phi: Expr
    x: Expr
    moments: Mapping[Symbol, Expr]
    derivation: Derivation


def _perturbed(k: int, observable: str) -> Expr:
    """a_1 a_2* at frequency k, each unit moved by what it hears from the other."""
    site, (a, b, _) = {1: ONE, 2: TWO}[k], _coupling_symbols(k)
    response, conjugate = (site.S, site.Sc) if observable == "phi" else (site.T, site.Tc)
    return (_a1 + response * a * _phi2) * (_a2c + conjugate * b * _phi1c)


def cross_spectrum(k: int, observable: str) -> Expr:
    """Cross-spectrum <a_1 a_2*> of a pair at frequency k, to first order in A and E; linear in A_12, conj(A_21), E_12.

    Parameters
    ----------
    k : int
        1 or 2.
    observable : {'phi', 'x'}
    """
    return _averaged(_perturbed(k, observable), k, observable)


def _averaged(product: Expr, k: int, observable: str) -> Expr:
    """<a_1 phi_1*> and <phi_2 a_2*> of unperturbed units, and <a_1 a_2*> of two units that share the input E_12."""
    site, (*_, e) = {1: ONE, 2: TWO}[k], _coupling_symbols(k)
    first, second, shared = (
        (site.C, site.C, site.S * site.Sc) if observable == "phi" else (site.Kc, site.K, site.T * site.Tc)
    )
    expanded = product.expand()
    return expanded.coeff(_a1 * _phi1c) * first + expanded.coeff(_phi2 * _a2c) * second + shared * e


def product_over_couplings(first: Expr, second: Expr, moments: Mapping[tuple[Symbol, Symbol], Expr]) -> Expr:
    """N <first second> over J for two expressions linear in A and E at frequencies 1 and 2."""
    return Add(*(first.coeff(a, 1) * second.coeff(b, 1) * moment for (a, b), moment in moments.items()))


def factored_root(equation: Eq, unknown: Symbol) -> Expr:
    """The root of a linear equation, as a product."""
    return positive_factors(linear_root(equation, unknown, factor))


def _swapped(e: Expr) -> Expr:
    names = ONE.renamed(TWO)
    return e.xreplace({**names, **{v: k for k, v in names.items()}})


def conjugate(e: Expr) -> Expr:
    """Complex conjugate of an expression in the one-site functions; C, X and the parameters are real."""
    return e.xreplace({**ONE.conjugates, **TWO.conjugates})


@lru_cache(maxsize=4)
def two_site_cavity_in_time(couplings: GaussianCouplings) -> PairSpectra:
    """Pair spectra of phi and of x by the two-site cavity, for any one-site functions."""
    v, symmetry = couplings.strength**2, couplings.symmetry
    S1, S2, S2c, C1, C2 = ONE.S, TWO.S, TWO.Sc, ONE.C, TWO.C

    # responses of the reservoir: R_kk = S, R_kl = S A_kl S; its covariances: C_kk = C, C_kl = cross_spectrum; (1/N) sum_kl of a
    # product of two is that of the diagonal values, plus N times a mean over pairs
    fed, a2, b2, e2 = cross_spectrum(2, "phi"), *_coupling_symbols(2)
    heard = Add(*(fed.coeff(s, 1) * moment for s, moment in ((a2, ALPHA), (b2, BETA), (e2, GAMMA12))))
    alpha_rhs = v + v**2 * (S1 * S2 + S1**2 * S2**2 * ALPHA)
    beta_rhs = symmetry * v + symmetry**2 * v**2 * (S1 * S2c + S1**2 * S2c**2 * BETA)
    gamma_rhs = symmetry * v**2 * (S1 * C2 + S1**2 * heard)
    epsilon_rhs = v**2 * (C1 * C2 + PSI)
    alpha, beta = factored_root(Eq(ALPHA, alpha_rhs), ALPHA), factored_root(Eq(BETA, beta_rhs), BETA)
    known = {ALPHA: alpha, BETA: beta}
    gamma = factored_root(Eq(GAMMA12, gamma_rhs.subs(known)), GAMMA12)

    a1, b1, e1 = _coupling_symbols(1)
    values = {
        (a1, a2): alpha,
        (a1, b2): beta,
        (b1, a2): _swapped(beta),
        (b1, b2): conjugate(alpha),
        (a1, e2): gamma,
        (e1, a2): _swapped(gamma),
        (b1, e2): conjugate(gamma),
        (e1, b2): conjugate(_swapped(gamma)),
        (e1, e2): EPSILON,
    }
    phi1, phi2 = (cross_spectrum(k, "phi") for k in (1, 2))
    closed = product_over_couplings(phi1, phi2, values).subs(EPSILON, epsilon_rhs)
    psi = factored_root(Eq(PSI, closed), PSI)
    epsilon = epsilon_rhs.subs(PSI, psi).factor()
    x1, x2 = (cross_spectrum(k, "x") for k in (1, 2))
    psi_x = product_over_couplings(x1, x2, values).subs(EPSILON, epsilon)

    def solved(equation: Eq) -> Expr:
        others = {symbol: value for symbol, value in {**known, PSI: psi}.items() if symbol != equation.lhs}
        return factored_root(equation.subs(others), equation.lhs)

    wick = "Wick's theorem over the couplings that touch the pair, linear equation solved"
    steps = (
        *(
            Step(
                f"Add two units. Expand the cross-spectrum of their {what} to first order in A_12 and A_21 (their coupling, beside "
                "and through the reservoir) and E_12 (the covariance that the reservoir feeds to both)",
                "linear response; Price's theorem for functionals of Gaussian fields",
                _perturbed(1, observable),
                result,
                assumption="A and E are of order 1/sqrt(N); phi need not be Gaussian, its field is",
                reference=CLARK,
                check=Replay(partial(_averaged, k=1, observable=observable)),
            )
            for what, observable, result in (("activities", "phi", phi1), ("preactivations", "x", x1))
        ),
        *(
            Step(title, wick, Eq(unknown, right), root, check=Replay(solved))
            for title, unknown, right, root in (
                ("alpha = N <A_12 A_12>: direct, and through responses S and S A_kl S", ALPHA, alpha_rhs, alpha),
                ("beta = N <A_12 A_21*>: only reciprocal couplings contribute", BETA, beta_rhs, beta),
                ("gamma_12 = N <A_12 E_12>: reciprocal couplings at one end", GAMMA12, gamma_rhs, gamma),
                ("N <C_12 C_12>, linear in the moments and in itself, epsilon = N <E_12 E_12>", PSI, closed, psi),
                ("epsilon from the spectra of the reservoir", EPSILON, epsilon_rhs, epsilon),
            )
        ),
        Step(
            "N <X_12 X_12> of the preactivations",
            "substitution",
            Matrix([x1, x2]),
            psi_x,
            reference=CLARK,
            check=Replay(lambda both: product_over_couplings(both[0], both[1], {**values, (e1, e2): epsilon})),
        ),
    )
    moments = {**known, GAMMA12: gamma, GAMMA21: _swapped(gamma), EPSILON: epsilon}
    return PairSpectra(psi, psi_x, moments, Derivation("Two-site cavity in frequency", steps))
