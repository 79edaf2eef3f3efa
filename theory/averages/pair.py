"""Closed forms of two-point averages <F(u) G(v)> for jointly Gaussian u, v of equal mean and variance.

F and G are decomposed like one-point functions; the average is bilinear. Entries of the table:

* polynomials, exponentials of quadratics, error functions: a tilted bivariate Gaussian and Stein's lemma; the base
  case of two error functions is the arcsine law (Williams 1998);
* x^n sign(x), so steps, relu and their powers: Stein's lemma down to <sign sign> = (2/pi) asin(rho), which gives the
  arc-cosine kernels of Y. Cho and L. K. Saul, NIPS 2009;
* sines, cosines and exponentials times polynomials: characteristic function;
* powers |x|^p: Gauss hypergeometric function, DLMF 15.2.1;
* a polynomial against anything that has one-point averages: conditional moments of u given v.
"""

from __future__ import annotations

from dataclasses import replace
from math import comb, factorial

from sympy import Add, Expr, I, Mul, Pow, S, asin, exp, gamma, hyper, pi

from theory.activation.pieces import Pieces
from theory.averages.closed import ClosedForm, closed_form_of_terms, stepped_terms
from theory.averages.errorfunction import error_functions
from theory.averages.polynomial import collected, half_moment, moment, times
from theory.averages.products import Kernel, NotInTable, SteppedTerm, flat_coefficient
from theory.averages.tilt import Bivariate, Tilted, by_turns, normal_constant, wave_part
from theory.errors import DomainError
from theory.symbols import Delta
from theory.symbols import rho as rho_symbol

Terms = list[Expr]

_ORIGIN, _SIGN = (S.Zero,), (S.NegativeOne, S.One)

REFERENCE = "Williams 1998 (arcsine); Cho & Saul 2009 (arc-cosine); Price 1958; DLMF 15.2.1"


def pair_closed_form(
    F: Pieces, G: Pieces, mean: Expr = S.Zero, variance: Expr = Delta, rho: Expr = rho_symbol
) -> ClosedForm | None:
    """Average of F(u) G(v) over a bivariate Gaussian, by table.

    Parameters
    ----------
    F, G : Pieces
        The two functions.
    mean, variance : Expr
        Common mean and variance of u and v.
    rho : Expr
        Their correlation coefficient, a number in [-1, 1] or a symbol.

    Returns
    -------
    ClosedForm or None
        None where the average stands in no entry of the table.
    """
    measure = Bivariate(S.Zero + mean, S.Zero + variance, S.Zero + rho)
    try:
        terms = [
            term
            for one, p in _factors(F)
            for other, q in _factors(G)
            for term in times([one * other], _pair(p, q, measure))
        ]
    except (NotInTable, DomainError):
        return None
    return ClosedForm(collected(terms), "two-point", REFERENCE, None)


def _factors(pieces: Pieces) -> list[tuple[Expr, SteppedTerm]]:
    """The function as coefficients and terms; a step at the origin becomes its mean plus a multiple of sign(x)."""
    found: list[tuple[Expr, SteppedTerm]] = []
    for term in stepped_terms(pieces):
        if not term.kernel.exponent[0].is_nonpositive:
            raise NotInTable
        smooth, signed = replace(term, steps=(S.One,), breakpoints=()), replace(term, steps=_SIGN, breakpoints=_ORIGIN)
        if term.is_smooth:
            found.append((term.steps[0], smooth))
        elif term.breakpoints == _ORIGIN:
            below, above = term.steps
            halves = [
                (flat_coefficient(weight) / 2, kind)
                for weight, kind in ((above + below, smooth), (above - below, signed))
            ]
            found += [(weight, kind) for weight, kind in halves if weight != 0]
        else:
            found.append((S.One, term))
    return found


def _pair(p: SteppedTerm, q: SteppedTerm, measure: Bivariate) -> Terms:
    """One entry of the bilinear decomposition."""
    parities = _parity(p), _parity(q)
    if measure.mean == 0 and None not in parities and parities[0] != parities[1]:
        return []
    if p.is_analytic and q.is_analytic:
        if p.kernel.wave or q.kernel.wave:
            return _waves(p, q, measure)
        erfs = tuple((i, *pair) for i, factor in enumerate((p, q)) for pair in factor.kernel.erfs)
        return error_functions((p.n, q.n), erfs, Tilted(p.kernel.exponent, q.kernel.exponent, measure))
    if p.is_polynomial or q.is_polynomial:
        return _with_polynomial(p, q, measure)
    if measure.mean != 0 or any(factor.breakpoints not in ((), _ORIGIN) for factor in (p, q)):
        raise NotInTable
    if all(factor.kernel.is_polynomial and factor.n >= 0 for factor in (p, q)):
        return _signed(p.n, q.n, measure)
    return _powers(p, q, measure)


def _parity(term: SteppedTerm) -> int | None:
    """Parity of a term that is smooth or a multiple of sign(x), None for another or where it has none."""
    parity = term.parity() if term.breakpoints in ((), _ORIGIN) else None
    return None if parity is None else parity * (-1) ** len(term.breakpoints)


# --- polynomials against anything ------------------------------------------------------------------------------------


def _with_polynomial(p: SteppedTerm, q: SteppedTerm, measure: Bivariate) -> Terms:
    """``<u^n G(v)>`` by the moments of u given v, normal with mean m + rho (v - m) and variance (1 - rho^2) times."""
    if not p.is_polynomial:
        p, q = q, p
    terms: Terms = []
    for pairs in range(p.n // 2 + 1):
        spread = moment(2 * pairs, (), measure.variance * measure.rest)[0] * comb(p.n, 2 * pairs)
        order = p.n - 2 * pairs
        for j in range(order + 1):
            offset = Pow(measure.mean, order - j) * Pow(1 - measure.rho, order - j) if j < order else S.One
            weight = spread * comb(order, j) * Pow(measure.rho, j) * offset
            if weight != 0:
                terms += times([weight], _one_point(replace(q, n=q.n + j), measure))
    return terms


def _one_point(term: SteppedTerm, measure: Bivariate) -> Terms:
    form = closed_form_of_terms([term], measure.mean, measure.variance)
    if form.condition is not None or form.expression.is_infinite:
        raise NotInTable
    return list(Add.make_args(form.expression))


# --- sines and cosines -----------------------------------------------------------------------------------------------


def _waves(p: SteppedTerm, q: SteppedTerm, measure: Bivariate) -> Terms:
    """Polynomials times exponentials and waves: product-to-sum over the pair, then the characteristic function."""
    for factor in (p, q):
        if factor.kernel.erfs or factor.kernel.exponent[0] != 0:
            raise NotInTable
    terms: Terms = []
    for weight, kind, first, second in _joint_waves(p.kernel.wave, q.kernel.wave):
        terms += times([weight], _joint_wave(p, q, kind, first, second, measure))
    return terms


def _joint_waves(left, right) -> list[tuple[Expr, str, Expr, Expr]]:
    """wave(alpha u) wave(beta v) as waves of alpha u +- beta v."""
    if left is None or right is None:
        kind, omega = left or right
        return [(S.One, kind, omega if left else S.Zero, omega if right else S.Zero)]
    (first, alpha), (second, beta) = left, right
    if first == second:
        sign = S.Half if first == "cos" else -S.Half
        return [(S.Half, "cos", alpha, -beta), (sign, "cos", alpha, beta)]
    sign = S.Half if first == "cos" else -S.Half  # cos sin = (sin(b + a) - sin(a - b))/2, sin cos = (... + ...)/2
    return [(S.Half, "sin", alpha, beta), (-sign, "sin", alpha, -beta)]


def _joint_wave(p: SteppedTerm, q: SteppedTerm, kind: str, alpha: Expr, beta: Expr, measure: Bivariate) -> Terms:
    """Real or imaginary part of <u^n v^m exp((b + i alpha) u + (b' + i beta) v)>."""
    m, v, rho = measure.mean, measure.variance, measure.rho
    (_, b, c), (_, d, e) = p.kernel.exponent, q.kernel.exponent
    growth = c + e + m * (b + d) + v * (b**2 / 2 + d**2 / 2 + rho * b * d)
    # (alpha^2 + beta^2)/2 + rho alpha beta as a sum of squares, so that rho -> +-1 costs no digits
    damping = v * ((1 + rho) * (alpha + beta) ** 2 + (1 - rho) * (alpha - beta) ** 2) / 4
    phase = m * (alpha + beta) + v * (b * alpha + d * beta + rho * (b * beta + d * alpha))
    size = exp(growth - damping)
    first = [m, v * b, v * rho * d, I * v * alpha, I * v * rho * beta]
    second = [m, v * d, v * rho * b, I * v * beta, I * v * rho * alpha]
    terms: Terms = []
    for k in range(min(p.n, q.n) + 1):
        contracted = factorial(k) * comb(p.n, k) * comb(q.n, k) * Pow(rho * v, k)
        for term in times(moment(p.n - k, first, v), moment(q.n - k, second, v)):
            terms += [Mul(contracted, t, size, wave_part(kind, phase, turns)) for turns, t in by_turns([term])]
    return terms


# --- signs and powers ------------------------------------------------------------------------------------------------


def _signed(n: int, m: int, measure: Bivariate) -> Terms:
    """``<u^n sign(u) v^m sign(v)>`` for n + m even: Stein's lemma, sign' = 2 delta."""
    v, rho = measure.variance, measure.rho
    if n < m:
        n, m = m, n
    if n == 0:
        return [2 / pi * asin(rho)]
    terms: Terms = []
    if n > 1:
        terms += times([(n - 1) * v], _signed(n - 2, m, measure))
    if m > 0:
        terms += times([rho * v * m], _signed(n - 1, m - 1, measure))
    if n == 1:  # 2 v <delta(u) |v|^m>, v given u = 0 has variance v (1 - rho^2)
        terms.append(4 * v * normal_constant(v) * half_moment(S.Zero + m, v * measure.rest))
    if m == 0:  # 2 rho v <|u|^(n-1) delta(v)>
        terms.append(4 * rho * v * normal_constant(v) * half_moment(S.Zero + n - 1, v * measure.rest))
    return terms


def _powers(p: SteppedTerm, q: SteppedTerm, measure: Bivariate) -> Terms:
    """``<|u|^p |v|^q>`` or, both odd, ``<|u|^p sign(u) |v|^q sign(v)>``."""
    exponents = []
    for factor in (p, q):
        if factor.kernel != Kernel(power=factor.kernel.power):
            raise NotInTable
        exponent = factor.n + factor.kernel.power
        if not (exponent + 1).is_positive:
            raise NotInTable
        exponents.append(exponent)
    first, second = exponents
    scale = Pow(2 * measure.variance, (first + second) / 2) / pi
    if _parity(p) == 1:
        series = hyper([-first / 2, -second / 2], [S.Half], measure.rho**2)
        return [scale * gamma((first + 1) / 2) * gamma((second + 1) / 2) * series]
    series = hyper([(1 - first) / 2, (1 - second) / 2], [S.Half * 3], measure.rho**2)
    return [2 * scale * measure.rho * gamma(first / 2 + 1) * gamma(second / 2 + 1) * series]
