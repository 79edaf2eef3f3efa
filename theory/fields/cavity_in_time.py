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

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

from sympy import Eq, Expr, Matrix, Rational, S, Symbol, eye, sqrt, symbols

from theory.derivation import Derivation, Replay, Solves, Step, same
from theory.factors import positive_factors
from theory.fields.cavity import linear_root
from theory.fields.spectral import OneSite
from theory.networks import GaussianCouplings
from theory.symbols import eta, g

CLARK = "Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401"
ONE, TWO = OneSite.of(1), OneSite.of(2)
ALPHA, BETA = symbols("alpha beta")
GAMMA12, GAMMA21 = symbols("gamma_12 gamma_21")
EPSILON, PSI = symbols("epsilon psi")
_small = Symbol("small")
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


def cross_spectrum(k: int, observable: str) -> Expr:
    """Cross-spectrum <a_1 a_2*> of a pair at frequency k, to first order in A and E; linear in A_12, conj(A_21), E_12.

    Parameters
    ----------
    k : int
        1 or 2.
    observable : {'phi', 'x'}
    """
    site = {1: ONE, 2: TWO}[k]
    linear = _perturbed(site, k, observable).expand().coeff(_small, 1)
    # <a_1 phi_1*> and <phi_2 a_2*> of unperturbed units; <a_1 a_2*> of two units that share the input E_12
    first, second = (site.C, site.C) if observable == "phi" else (site.Kc, site.K)
    averaged = linear.subs(_a1 * _phi1c, first).subs(_phi2 * _a2c, second)
    response, conjugate = _responses(site, observable)
    return averaged + response * conjugate * _coupling_symbols(k)[2]


def _responses(site: OneSite, observable: str) -> tuple[Symbol, Symbol]:
    return (site.S, site.Sc) if observable == "phi" else (site.T, site.Tc)


def _perturbed(site: OneSite, k: int, observable: str) -> Expr:
    """a_1 a_2*, each unit moved by what it hears from the other."""
    response, conjugate = _responses(site, observable)
    a, b, _ = _coupling_symbols(k)
    return (_a1 + _small * response * a * _phi2) * (_a2c + _small * conjugate * b * _phi1c)


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

    closure = {ALPHA: alpha, BETA: beta}
    wick = "Wick's theorem over the couplings that touch the pair, linear equation solved"
    steps = (
        *(
            Step(
                f"Add two units. Expand the cross-spectrum of their {what} to first order in A_12 and A_21 (their coupling, beside "
                "and through the reservoir) and E_12 (the covariance that the reservoir feeds to both)",
                "linear response; Price's theorem for functionals of Gaussian fields",
                _perturbed(ONE, 1, observable).subs(_small, 1),
                result,
                assumption="A and E are of order 1/sqrt(N); phi need not be Gaussian, its field is",
                reference=CLARK,
                check=Solves(
                    partial(_against_linear_units, observable, _perturbed(ONE, 1, observable)),
                    "averaged for units that respond linearly and have noise of their own",
                ),
            )
            for what, observable, result in (("activities", "phi", phi1), ("preactivations", "x", x1))
        ),
        *(
            Step(title, wick, Eq(unknown, right), root, check=_OverCouplings(couplings, *pair, closure))
            for title, pair, unknown, right, root in (
                (
                    "alpha = N <A_12 A_12>: the direct coupling, and through the reservoir its diagonal responses S and its "
                    "off-diagonal ones S A_kl S",
                    "AA",
                    ALPHA,
                    alpha_rhs,
                    alpha,
                ),
                ("beta = N <A_12 A_21*>: only reciprocal couplings contribute", "AB", BETA, beta_rhs, beta),
                (
                    "gamma_12 = N <A_12 E_12>: one end of A meets one end of E through a reciprocal pair of couplings",
                    "AE",
                    GAMMA12,
                    gamma_rhs,
                    gamma,
                ),
                (
                    "epsilon = N <E_12 E_12> from the spectra and pair spectra of the reservoir",
                    "EE",
                    EPSILON,
                    epsilon_rhs,
                    epsilon_rhs,
                ),
            )
        ),
        Step(
            "N <C_12 C_12> is linear in the moments of A and E, and epsilon in it: the system closes; solve for psi",
            "linear equation solved",
            Eq(PSI, closed),
            psi,
            reference=CLARK,
            check=Replay(lambda equation: factored_root(equation, PSI)),
        ),
        Step(
            "N <X_12 X_12> of the preactivations",
            "substitution",
            x1 * x2,
            psi_x,
            reference=CLARK,
            check=Replay(lambda both: product_over_couplings(*both.args, {**values, (e1, e2): epsilon})),
        ),
    )
    moments = {ALPHA: alpha, BETA: beta, GAMMA12: gamma, GAMMA21: _swapped(gamma), EPSILON: epsilon}
    return PairSpectra(psi, psi_x, moments, Derivation("Two-site cavity in frequency", steps))


# ---- what the steps rest on ----------------------------------------------------------------------------------------------

_NUMBERS = {ONE.S: 2, ONE.C: 5, TWO.S: 3, TWO.Sc: -4, TWO.C: 7}
_S1, _C1, _S2, _S2c, _C2 = _NUMBERS.values()
_A1, _A2, _B2, _E2, _P1 = (Matrix([[0, a], [b, 0]]) for a, b in ((3, -2), (1, 5), (-3, 4), (2, 7), (6, -1)))
"""Between two units k, l of a reservoir: A_kl at both frequencies, A_lk*, E_kl, and their cross-spectrum at frequency 1."""

_P2 = _S2 * _C2 * _A2 + _S2c * _C2 * _B2 + _S2 * _S2c * _E2
_RESERVOIR = {
    kind: [[int(entry) for entry in row] for row in (diagonal * eye(2) + off_diagonal).tolist()]
    for kind, diagonal, off_diagonal in (
        ("A1", _S1, _S1**2 * _A1),
        ("A2", _S2, _S2**2 * _A2),
        ("B2", _S2c, _S2c**2 * _B2.T),
        ("E1", _C1, _P1),
        ("E2", _C2, _P2),
    )
}
"""Its responses and covariances, on which A_12 ('A'), A_21* ('B') and E_12 ('E') of the pair depend."""

_MOMENTS = {ALPHA: (_A1, _A2), BETA: (_A1, _B2), GAMMA12: (_A1, _E2), PSI: (_P1, _P2)}


@dataclass(frozen=True)
class _OverCouplings:
    """Check of ``N <first second>``, counted out over the couplings of the pair to a reservoir of two; and of the root."""

    couplings: GaussianCouplings
    first: str
    second: str
    known: Mapping[Symbol, Expr]
    name: str = "second moment over couplings at N = 2, exactly; solution inserted"

    def __call__(self, step: Step) -> bool:
        """Whether the equation gives what is counted, and the root solves it."""
        unknown, right = step.before.args
        # J = u p + w q and J' = u p - w q with signs p, q: variance u^2 + w^2, correlation 7/25 or 0
        u, w = (4, 3) if self.couplings.symmetry.has(eta) else (1, 1)
        pairs = [(u * p + w * q, u * p - w * q) for p, q in product((-1, 1), repeat=2)]
        counted = sum(self._product(*draw) for draw in product(pairs, repeat=5))
        at = {g: sqrt(2 * (u * u + w * w)), eta: Rational(u * u - w * w, u * u + w * w), **_NUMBERS}
        at |= {moment: Rational(sum(a.multiply_elementwise(b)), 2) for moment, (a, b) in _MOMENTS.items()}
        solved = right.subs(unknown, step.after).subs(self.known)
        return right.subs(at) == Rational(2 * counted, len(pairs) ** 5) and same(solved, step.after)

    def _product(self, a: _Pair, b: _Pair, c: _Pair, d: _Pair, direct: _Pair) -> int:
        """At one draw of J_1k and J_k1 (`a`, `b`), of J_2k and J_k2 (`c`, `d`), and of J_12 and J_21."""
        (out1, in1), (out2, in2) = zip(a, b, strict=True), zip(c, d, strict=True)
        ends = {"A": (direct[0], out1, in2), "B": (direct[1], out2, in1), "E": (0, out1, out2)}
        value = 1
        for kind, k in ((self.first, 1), (self.second, 2)):
            beside, left, right = ends[kind]
            value *= beside + sum(
                p * r * q
                for p, row in zip(left, _RESERVOIR[f"{kind}{k}"], strict=True)
                for r, q in zip(row, right, strict=True)
            )
        return value


_Pair = tuple[int, int]


def _against_linear_units(observable: str, pair: Expr, claimed: Expr) -> Expr:
    """What `claimed` misses of the average of `pair` for two units phi = S f + rest, x = T f + w rest with the fields f."""
    f1, f2, f1c, f2c, r1, r2, r1c, r2c = symbols("f1 f2 f1c f2c r1 r2 r1c r2c")
    field, rest, w, wc = symbols("D q w w_c")
    fed = _coupling_symbols(1)[2]
    response, conjugate = _responses(ONE, observable)
    own, ownc = (S.One, S.One) if observable == "phi" else (w, wc)
    units = {_a1: response * f1 + own * r1, _a2c: conjugate * f2c + ownc * r2c}
    units |= {_phi2: ONE.S * f2 + r2, _phi1c: ONE.Sc * f1c + r1c}
    covariances = {(f1, f1c): field, (f2, f2c): field, (r1, r1c): rest, (r2, r2c): rest, (f1, f2c): _small * fed}
    exact = pair.xreplace(units).expand()
    averaged = sum(exact.coeff(p, 1).coeff(q, 1) * value for (p, q), value in covariances.items())
    spectra = {ONE.C: ONE.S * ONE.Sc * field + rest}
    spectra |= {ONE.K: ONE.S * ONE.Tc * field + wc * rest, ONE.Kc: ONE.Sc * ONE.T * field + w * rest}
    return claimed.xreplace(spectra) - averaged.expand().coeff(_small, 1)
