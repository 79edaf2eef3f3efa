r"""Two-site cavity in frequency: an independent second route to the pair spectra of `theory.fields.collective`.

Two units are added to a network of N. To first order in the 1/sqrt(N) couplings their fields are

    h_1 = eta_1 + A_12 phi_2,    h_2 = eta_2 + A_21 phi_1,    <eta_1 eta_2*> = E_12,

A_12 = J_12 + sum_kl J_1k R_kl J_l2 the coupling beside and through the reservoir, E_12 = sum_kl J_1k J_2l C_kl the covariance that
the reservoir feeds to both; the action of each unit on itself is in its one-site functions.  At frequencies 1 and 2 the second
moments over J of A and E close on the statistics of the reservoir, which are those of the pair.  Any filter, any phi, partially
symmetric couplings.  Shares nothing with the collective-field route but the names of the one-site functions.

Source: Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401 (independent couplings); here for N <J_ij J_ji> = eta g^2 too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from sympy import Eq, Expr, Rational, Symbol, symbols

from theory.derivation import Derivation, Fact, Replay, Step, same
from theory.factors import positive_factors
from theory.fields.cavity import linear_root
from theory.fields.spectral import OneSite
from theory.networks import GaussianCouplings

CLARK = "Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401"
ONE, TWO = OneSite.of(1), OneSite.of(2)
ALPHA, BETA = symbols("alpha beta")
GAMMA12, GAMMA21 = symbols("gamma_12 gamma_21")
EPSILON, PSI = symbols("epsilon psi")
_small = Symbol("small")


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


def cross_spectrum(k: int, observable: str) -> Expr:
    """Cross-spectrum <a_1 a_2*> of a pair at frequency k, to first order in A and E; linear in A_12, conj(A_21), E_12.

    Parameters
    ----------
    k : int
        1 or 2.
    observable : {'phi', 'x'}
    """
    site = {1: ONE, 2: TWO}[k]
    response, conjugate = (site.S, site.Sc) if observable == "phi" else (site.T, site.Tc)
    free1, free2c, phi1c, phi2 = symbols("a1 a2c phi1c phi2")
    a, b, e = _coupling_symbols(k)
    first = free1 + _small * response * a * phi2
    second = free2c + _small * conjugate * b * phi1c
    linear = (first * second).expand().coeff(_small, 1)
    with_phi, phi_with = (site.C, site.C) if observable == "phi" else (site.Kc, site.K)
    # <a_1 phi_1*> and <phi_2 a_2*> of unperturbed units; <a_1 a_2*> of two units that share the input E_12
    averaged = linear.subs(free1 * phi1c, with_phi).subs(phi2 * free2c, phi_with)
    return averaged + response * conjugate * e


def product_over_couplings(first: Expr, second: Expr, moments: Mapping[tuple[Symbol, Symbol], Expr]) -> Expr:
    """N <first second> over J for two expressions linear in A and E at frequencies 1 and 2."""
    total = 0
    for (a, b), moment in moments.items():
        total += first.coeff(a, 1) * second.coeff(b, 1) * moment
    return total


def reservoir(diagonal: Expr, off_diagonal: Expr) -> Expr:
    """(1/N) sum_kl of a product of two matrices of the reservoir: diagonal values, plus N times a mean over pairs."""
    return diagonal + off_diagonal


def factored_root(equation: Eq, unknown: Symbol) -> Expr:
    """The root of a linear equation, as a product."""
    return positive_factors(linear_root(equation, unknown).factor())


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

    # responses of the reservoir: R_kk = S, R_kl = S A_kl S; its covariances: C_kk = C, C_kl = cross_spectrum
    alpha_rhs = v + v**2 * reservoir(S1 * S2, S1**2 * S2**2 * ALPHA)
    alpha = factored_root(Eq(ALPHA, alpha_rhs), ALPHA)
    beta_rhs = symmetry * v + symmetry**2 * v**2 * reservoir(S1 * S2c, S1**2 * S2c**2 * BETA)
    beta = factored_root(Eq(BETA, beta_rhs), BETA)
    fed = cross_spectrum(2, "phi")
    a2, b2, e2 = _coupling_symbols(2)
    with_alpha = {a2: ALPHA, b2: BETA, e2: GAMMA12}
    off = S1**2 * sum(fed.coeff(s, 1) * moment for s, moment in with_alpha.items())
    gamma_rhs = symmetry * v**2 * reservoir(S1 * C2, off)
    gamma = factored_root(Eq(GAMMA12, gamma_rhs.subs({ALPHA: alpha, BETA: beta})), GAMMA12)
    epsilon_rhs = v**2 * reservoir(C1 * C2, PSI)

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

    steps = (
        Step(
            "Add two units. Expand the cross-spectrum of their activities to first order in A_12 and A_21 (their coupling, "
            "beside and through the reservoir) and E_12 (the covariance that the reservoir feeds to both)",
            "linear response; Price's theorem for functionals of Gaussian fields",
            after=phi1,
            assumption="A and E are of order 1/sqrt(N); phi need not be Gaussian, its field is",
            reference=CLARK,
            check=Fact(_linear_pair, "exact covariance of two coupled linear filters, to first order"),
        ),
        Step("The same for the preactivations", "linear response", after=x1, reference=CLARK),
        Step(
            "alpha = N <A_12 A_12>: the direct coupling, and through the reservoir its diagonal responses S and its off-diagonal "
            "ones S A_kl S",
            "Wick's theorem over the couplings that touch the pair, linear equation solved",
            Eq(ALPHA, alpha_rhs),
            alpha,
            check=Fact(
                lambda: _through_the_reservoir() and same(alpha_rhs.subs(ALPHA, alpha), alpha),
                "second moments over couplings at N = 3, exactly; solution inserted",
            ),
        ),
        Step(
            "beta = N <A_12 A_21*>: only reciprocal couplings contribute",
            "Wick's theorem over the couplings that touch the pair, linear equation solved",
            Eq(BETA, beta_rhs),
            beta,
            check=Fact(
                lambda: _through_the_reservoir_and_back() and same(beta_rhs.subs(BETA, beta), beta),
                "second moments over couplings at N = 3, exactly; solution inserted",
            ),
        ),
        Step(
            "gamma_12 = N <A_12 E_12>: one end of A meets one end of E through a reciprocal pair of couplings",
            "Wick's theorem over the couplings that touch the pair, linear equation solved",
            Eq(GAMMA12, gamma_rhs),
            gamma,
            check=Fact(
                lambda: (
                    _response_and_input() and same(gamma_rhs.subs({ALPHA: alpha, BETA: beta, GAMMA12: gamma}), gamma)
                ),
                "second moments over couplings at N = 3, exactly; solution inserted",
            ),
        ),
        Step(
            "epsilon = N <E_12 E_12> from the spectra and pair spectra of the reservoir",
            "Wick's theorem over J",
            after=Eq(EPSILON, epsilon_rhs),
            check=Fact(_fed_to_both, "second moments over couplings at N = 3, exactly"),
        ),
        Step(
            "N <C_12 C_12> is linear in the moments of A and E, and epsilon in it: the system closes; solve for psi",
            "linear equation solved",
            Eq(PSI, closed),
            psi,
            reference=CLARK,
            check=Replay(lambda equation: factored_root(equation, PSI)),
        ),
        Step("N <X_12 X_12> of the preactivations", "substitution", after=psi_x, reference=CLARK),
    )
    moments = {ALPHA: alpha, BETA: beta, GAMMA12: gamma, GAMMA21: _swapped(gamma), EPSILON: epsilon}
    return PairSpectra(psi, psi_x, moments, Derivation("Two-site cavity in frequency", steps))


# ---- what the steps rest on, checked exactly on small reservoirs ---------------------------------------------------------


def _table(seed: int) -> list[list[Rational]]:
    source = random.Random(seed)
    return [[Rational(source.randint(-9, 9), source.randint(1, 5)) for _ in range(3)] for _ in range(3)]


def _over_reciprocal_pairs(
    count: int, value: Callable[[tuple[Rational, ...], tuple[Rational, ...]], Rational]
) -> Rational:
    """Average over `count` pairs (J, J') of unit variance and correlation 7/25: exact for second moments in each pair."""
    u, w = Rational(4, 5), Rational(3, 5)
    pairs = [(u * p + w * q, u * p - w * q) for p, q in product((-1, 1), repeat=2)]
    total = sum(
        value(tuple(first for first, _ in draw), tuple(second for _, second in draw))
        for draw in product(pairs, repeat=count)
    )
    return total / len(pairs) ** count


_CORRELATION = Rational(7, 25)


def _through(out: tuple[Rational, ...], R: list[list[Rational]], into: tuple[Rational, ...]) -> Rational:
    return sum(out[k] * R[k][n] * into[n] for k in range(3) for n in range(3))


def _through_the_reservoir() -> bool:
    """<A_12 A'_12> = sum R_kl R'_kl: the couplings J_1k are independent of J_l2, whatever their reciprocals are."""
    R, other = _table(2), _table(5)
    signs = list(product((-1, 1), repeat=3))
    mean = sum(_through(o, R, i) * _through(o, other, i) for o in signs for i in signs) / len(signs) ** 2
    return bool(mean == sum(R[k][n] * other[k][n] for k in range(3) for n in range(3)))


def _through_the_reservoir_and_back() -> bool:
    """<A_12 A'_21> = eta^2 sum R_kl R'_lk."""
    R, other = _table(2), _table(5)

    def value(first: tuple[Rational, ...], second: tuple[Rational, ...]) -> Rational:
        one_k, k_one, two_k, k_two = first[:3], second[:3], first[3:], second[3:]
        return _through(one_k, R, k_two) * _through(two_k, other, k_one)

    expected = _CORRELATION**2 * sum(R[k][n] * other[n][k] for k in range(3) for n in range(3))
    return bool(_over_reciprocal_pairs(6, value) == expected)


def _response_and_input() -> bool:
    """<A_12 E_12> = eta sum R_kl C_kl."""
    R, C = _table(2), _table(7)

    def value(first: tuple[Rational, ...], second: tuple[Rational, ...]) -> Rational:
        one_k, two_k, k_two = first[:3], first[3:], second[3:]
        return _through(one_k, R, k_two) * sum(one_k[k] * two_k[n] * C[k][n] for k in range(3) for n in range(3))

    expected = _CORRELATION * sum(R[k][n] * C[k][n] for k in range(3) for n in range(3))
    return bool(_over_reciprocal_pairs(6, value) == expected)


def _fed_to_both() -> bool:
    """<E_12 E'_12> = sum C_kl C'_kl."""
    C, other = _table(3), _table(4)
    signs = list(product((-1, 1), repeat=3))

    def fed(one: tuple[int, ...], two: tuple[int, ...], C: list[list[Rational]]) -> Rational:
        return sum(one[k] * two[n] * C[k][n] for k in range(3) for n in range(3))

    mean = sum(fed(o, i, C) * fed(o, i, other) for o in signs for i in signs) / len(signs) ** 2
    return bool(mean == sum(C[k][n] * other[k][n] for k in range(3) for n in range(3)))


def _linear_pair() -> bool:
    """Two linear filters with responses S and inputs of spectrum I, coupled both ways: (1 - S A)^{-1} S applied exactly."""
    s, sc, inputs, small = symbols("s s_c I small")
    a, b, bc, ac, e = symbols("A12 A21 A21c A12c E12")
    # a_1 = s (f_1 + small A12 a_2), a_2 = s (f_2 + small A21 a_1); <f_1 f_1*> = <f_2 f_2*> = I, <f_1 f_2*> = small E12
    det, detc = 1 - small**2 * s**2 * a * b, 1 - small**2 * sc**2 * ac * bc
    first = {"1": s / det, "2": s**2 * small * a / det}  # a_1 as a combination of f_1, f_2
    second = {"1": sc**2 * small * bc / detc, "2": sc / detc}  # conjugate of a_2
    exact = inputs * (first["1"] * second["1"] + first["2"] * second["2"]) + small * e * first["1"] * second["2"]
    order = exact.diff(small).subs(small, 0)
    k1, k2, k3 = _coupling_symbols(1)
    spectrum = s * sc * inputs
    claimed = cross_spectrum(1, "phi").xreplace({ONE.S: s, ONE.Sc: sc, ONE.C: spectrum, k1: a, k2: bc, k3: e})
    return bool((order - claimed).expand() == 0)
