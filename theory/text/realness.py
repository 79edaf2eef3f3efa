"""Is an expression defined and real for every real x? Checks of denominators, radicands and logarithms.

Three means, strongest first: an enclosure (`theory.enclosure`), exact isolation of the roots of a polynomial with rational
coefficients, and values at a fixed list of points with bisection to the zero. Parameters take several values that their
assumptions allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import sympy
from mpmath import mpf
from sympy import QQ, Basic, Expr, Poly, Rational, Symbol
from sympy.polys.rings import ring

from theory.enclosure import enclosure
from theory.errors import InputError
from theory.symbols import x
from theory.text.bounds import MAX_DEGREE, degrees
from theory.text.evaluation import DIGITS, holds, value

NONZERO, NONNEGATIVE, POSITIVE = "nonzero", "nonnegative", "positive"

Condition = tuple[Basic, bool]
"""A comparison and whether it must hold: the branch of a Piecewise in which an expression is used."""

_ROOT_WIDTH = Rational(1, 10**8)  # how far a root is refined before it is shown
_MAX_COEFFICIENT_BITS = 60_000  # of all coefficients together; a root search takes well below a second
_RING = ring("x", QQ)[0]
_TOUCHING = mpf(10) ** -12  # a refined minimum this far below its surroundings counts as a double zero


def _spread(count: int, shift: float) -> list[mpf]:
    """Points spaced evenly in asinh(x) over [-1000, 1000]."""
    step = mpmath.asinh(1000) / count
    return [mpmath.sinh(step * (k + shift)) for k in range(-count, count + 1 if not shift else count)]


POINTS: tuple[mpf, ...] = tuple(sorted(_spread(20, 0.0) + _spread(6, 0.618033988749895)))
"""Where expressions are tried out: 0, both tails and irregular points between."""


@dataclass
class Effort:
    """Work left for trying points: evaluations times nodes; the whole takes about half a second."""

    left: int = 60_000


def failure(
    expression: Expr,
    requirement: str,
    parameters: Sequence[Symbol] = (),
    branch: Sequence[Condition] = (),
    effort: Effort | None = None,
) -> str | None:
    """Find real x (and parameters) where an expression breaks a requirement.

    Parameters
    ----------
    expression : Expr
        Denominator, radicand or argument of a logarithm.
    requirement : {"nonzero", "nonnegative", "positive"}
    parameters : sequence of Symbol
        Symbols besides x; their assumptions bound the values tried.
    branch : sequence of (condition, bool)
        Only points x where all conditions have the stated truth value count.
    effort : Effort, optional
        Shared by the checks of one formula, to bound their total work.

    Returns
    -------
    str or None
        Where that is, `at x = -1 and x = 1, for a = 3`; empty if for all x. None when no violation exists (proven, or none found
        at the points tried).

    Raises
    ------
    InputError
        If the effort is spent before the check is finished.
    """
    bounds = enclosure(expression)
    if {NONZERO: bounds.nonzero, NONNEGATIVE: bounds.nonnegative, POSITIVE: bounds.positive}[requirement]:
        return None
    symbols = expression.free_symbols.union(*(condition.free_symbols for condition, _ in branch))
    present = [symbol for symbol in parameters if symbol in symbols]
    effort = effort or Effort()
    half = effort.left / 2
    for tried, setting in enumerate(_settings(present)):
        if tried >= 3 and effort.left < half:
            break
        where = _violations(expression, requirement, _Branch(branch, setting), effort)
        if where is not None:
            return _in_words(where, setting)
    return None


def _settings(parameters: Sequence[Symbol]) -> Iterator[dict[Symbol, Rational]]:
    """Parameter values consistent with their assumptions: all equal ones first, then a spread of combinations."""
    if not parameters:
        yield {}
        return
    choices = [_choices(symbol) for symbol in parameters]
    longest = max(map(len, choices))
    for start in range(1 if len(parameters) == 1 else 2):
        for shift in range(longest):
            yield {
                symbol: values[(shift * (k + 1 if start else 1) + k * start) % len(values)]
                for k, (symbol, values) in enumerate(zip(parameters, choices, strict=True))
            }


def _choices(symbol: Symbol) -> list[Rational]:
    sizes = [Rational(1), Rational(5, 2), Rational(1, 3), Rational(20), Rational(1, 50)]
    if symbol.is_positive:
        return sizes
    if symbol.is_negative:
        return [-size for size in sizes]
    if symbol.is_nonnegative:
        return [Rational(0), *sizes]
    if symbol.is_nonpositive:
        return [Rational(0), *(-size for size in sizes)]
    return [Rational(0), *(s * size for size in sizes[:4] for s in (1, -1))]


def _violations(expression: Expr, requirement: str, branch: _Branch, effort: Effort) -> tuple[str, ...] | None:
    """Where the expression breaks the requirement: points, () for everywhere, None for nowhere."""
    if not expression.has(x):
        return () if _breaks(value(expression, branch.setting), requirement) else None
    if _rational(expression):
        concrete = expression.xreplace(branch.exact)
        if concrete.has(sympy.zoo, sympy.nan):
            return None  # a division inside fails here, and is checked on its own
        return _polynomial_violations(concrete, requirement, branch)
    return _sampled_violations(_Probe(expression, branch.setting, effort), requirement, branch)


def _breaks(number: mpf | None, requirement: str) -> bool:
    if number is None:
        return True
    return {NONZERO: number == 0, NONNEGATIVE: number < 0, POSITIVE: number <= 0}[requirement]


def _rational(expression: Expr) -> bool:
    """Whether the expression is a rational function of x and the parameters with rational coefficients.

    Only then are parameters substituted: SymPy would multiply out 10^(9^a) at a = 20.
    """
    if isinstance(expression, Rational | Symbol):
        return True
    if isinstance(expression, sympy.Add | sympy.Mul):
        return all(map(_rational, expression.args))
    return (
        isinstance(expression, sympy.Pow) and isinstance(expression.exp, sympy.Integer) and _rational(expression.base)
    )


def _polynomial_violations(expression: Expr, requirement: str, branch: _Branch) -> tuple[str, ...] | None:
    """Exact for the whole line; inside a branch, exact roots filtered by the branch and signs between them."""
    if max(degrees(expression, x)) > MAX_DEGREE:
        return ("(degree too high to check)",)
    numerator, denominator = (Poly.from_dict(dict(part), x, domain=QQ) for part in _quotient(expression))
    if sum(abs(int(c.p)).bit_length() + int(c.q).bit_length() for c in numerator.all_coeffs()) > _MAX_COEFFICIENT_BITS:
        raise InputError("the coefficients are too long to check where it vanishes; simplify it")
    if numerator.is_zero:
        return None if requirement == NONNEGATIVE else ()
    roots = [_root(numerator, a, b, branch) for (a, b), _ in numerator.intervals(eps=_ROOT_WIDTH)]
    if requirement != NONNEGATIVE:
        hit = [root for root in roots if branch.holds(root)]
        if hit:
            return tuple(_number(root) for root in hit)
    if requirement == NONZERO:
        return None
    for point in _between(roots, branch):
        if numerator.eval(point) * denominator.eval(point) < 0 and branch.holds(point):
            return (_number(point),)
    return None


def _quotient(expression: Expr) -> tuple[Any, Any]:
    """Numerator and denominator of a rational function as dense polynomials over the rationals (`together` is slow)."""
    if isinstance(expression, Rational):
        return _RING(QQ(int(expression.p), int(expression.q))), _RING(1)
    if expression == x:
        return _RING.gens[0], _RING(1)
    if isinstance(expression, sympy.Pow):
        p, q = _quotient(expression.base)
        n = int(expression.exp)
        return (p**n, q**n) if n > 0 else (q**-n, p**-n)
    p, q = _RING(0 if isinstance(expression, sympy.Add) else 1), _RING(1)
    for argument in expression.args:
        r, s = _quotient(argument)
        p, q = (p * s + r * q, q * s) if isinstance(expression, sympy.Add) else (p * r, q * s)
    return p, q


def _root(polynomial: Poly, a: Rational, b: Rational, branch: _Branch) -> Rational:
    """The root isolated by [a, b]: exact where it is a threshold of the branch (x > c excludes c), else the middle."""
    for mark in branch.exact_marks():
        if a <= mark <= b and polynomial.eval(mark) == 0:
            return mark
    return (a + b) / 2


def _between(roots: Sequence[Rational], branch: _Branch) -> list[Rational]:
    """One rational point in every interval that the roots and the branch's thresholds leave."""
    marks = sorted([*roots, *(Rational(Fraction(mpmath.nstr(c, 15))) for c in branch.marks())])
    if not marks:
        return [Rational(0)]
    middle = [(a + b) / 2 for a, b in pairwise(marks) if a != b]
    return [marks[0] - 1, *middle, marks[-1] + 1]


class _Branch:
    """The conditions under which an expression is used, at given values of the parameters."""

    def __init__(self, conditions: Sequence[Condition], setting: dict[Symbol, Rational]) -> None:
        self.conditions = conditions
        self.setting = {symbol: _mpf(number) for symbol, number in setting.items()}
        self.exact = setting
        parts = [p for c, _ in conditions for p in (c.args if isinstance(c, sympy.And) else (c,)) if p.args]
        self.thresholds = [part.args[1] for part in parts]

    def holds(self, point: Rational | mpf) -> bool:
        """Whether the branch applies at a point."""
        number = _mpf(point) if isinstance(point, Rational) else point
        return all(holds(condition, {x: number, **self.setting}) is truth for condition, truth in self.conditions)

    def marks(self) -> list[mpf]:
        """The constants c of all comparisons x < c."""
        return [c for threshold in self.thresholds if (c := value(threshold, self.setting)) is not None]

    def exact_marks(self) -> list[Rational]:
        """Those of them that are rational."""
        return [threshold.xreplace(self.exact) for threshold in self.thresholds if _rational(threshold)]


def _mpf(number: Rational) -> mpf:
    with mpmath.workdps(DIGITS):  # as many digits as every other value has
        return mpf(int(number.p)) / int(number.q)


class _Probe:
    """An expression of x alone as a function that counts its work."""

    def __init__(self, expression: Expr, setting: dict[Symbol, mpf], effort: Effort) -> None:
        self.expression, self.setting, self.effort = expression, setting, effort
        self.size = sum(1 for _ in sympy.preorder_traversal(expression))

    def __call__(self, point: mpf) -> mpf | None:
        self.effort.left -= self.size
        if self.effort.left < 0:
            raise InputError("the formula is too intricate to check where it is real and finite; simplify it")
        return value(self.expression, {x: point, **self.setting})


def _sampled_violations(f: _Probe, requirement: str, branch: _Branch) -> tuple[str, ...] | None:
    if requirement != NONNEGATIVE and branch.holds(Rational(0)) and _vanishes_at_zero(f):
        return ("0",)
    known = [(p, v) for p in POINTS if branch.holds(p) and (v := f(p)) is not None]
    if not known:
        return ()
    for point, number in sorted(known, key=lambda pair: abs(pair[0])):
        if _breaks(number, requirement):
            return (_number(point),)
    for (a, fa), (b, fb) in sorted(pairwise(known), key=lambda pair: abs(pair[0][0] + pair[1][0])):
        zero = _zero_between(f, a, b) if fa * fb < 0 else None
        if zero is not None and branch.holds(zero):
            return (_number(zero),)
    return _touches(f, known, requirement)


def _vanishes_at_zero(f: _Probe) -> bool:
    """A zero at x = 0 by cancellation, as in 1 - cosh(x), where the value itself is all rounding error."""
    near, far = f(mpf(10) ** -12), f(mpf(10) ** -2)
    return f(mpf(0)) is None and near is not None and far is not None and abs(near) < abs(far) * mpf(10) ** -6


def _zero_between(f: _Probe, a: mpf, b: mpf) -> mpf | None:
    """Bisect a sign change down to a zero, or None when the sign changes by a jump."""
    fa = start = f(a)
    if fa is None or start is None:
        return None
    for _ in range(60):
        middle = (a + b) / 2
        fm = f(middle)
        if fm is None or fm == 0:
            return middle
        a, b, fa = (middle, b, fm) if fm * fa > 0 else (a, middle, fa)
    return a if abs(fa) < abs(start) * mpf(10) ** -6 else None


def _touches(f: _Probe, known: Sequence[tuple[mpf, mpf]], requirement: str) -> tuple[str, ...] | None:
    """Refine every local minimum: of the value where that may be 0, which must not become negative, else of its size."""
    size = abs if requirement != NONNEGATIVE else lambda v: v
    for (a, fa), (_, fp), (b, fb) in sorted(zip(known, known[1:], known[2:], strict=False), key=lambda t: abs(t[1][0])):
        va, vp, vb = size(fa), size(fp), size(fb)
        if vp > va or vp > vb:
            continue
        low, high = a, b
        for step in range(60):  # ternary search, each step keeps 2/3 of the interval
            left, right = low + (high - low) / 3, high - (high - low) / 3
            fl, fr = f(left), f(right)
            if fl is None or fr is None:
                break
            if step == 12 and min(fl, fr) > vp / 100 > 0:
                break  # a smooth double zero would have come down by (2/3)^24
            low, high = (low, right) if size(fl) < size(fr) else (left, high)
        middle = (low + high) / 2
        bottom, allowed = f(middle), _TOUCHING * abs(min(va, vb))
        if bottom is not None and (bottom < -allowed if requirement == NONNEGATIVE else abs(bottom) < allowed):
            return (_number(middle),)
    return None


def _number(point: Rational | mpf) -> str:
    """A point in as few digits as tell it apart."""
    if isinstance(point, Rational):
        if point.q <= 100:
            return str(point)
        point = mpf(int(point.p)) / int(point.q)
    return mpmath.nstr(point, 6).removesuffix(".0")


def _in_words(where: Sequence[str], setting: Mapping[Symbol, Rational]) -> str:
    place = " and ".join(f"x = {point}" for point in where[:3])
    more = f" and {len(where) - 3} more points" if len(where) > 3 else ""
    values = ", ".join(f"{symbol.name} = {number}" for symbol, number in setting.items())
    return " ".join(part for part in (f"at {place}{more}" if place else "", f"for {values}" if values else "") if part)


def holds_nowhere(condition: Basic) -> bool:
    """Whether no real x meets a condition; False, for undecided, when parameters stand in it."""
    if condition.free_symbols - {x}:
        return False
    branch = _Branch([(condition, True)], {})
    return not any(branch.holds(point) for point in [*branch.marks(), *_between([], branch)])


def uncovered(conditions: Sequence[Basic], parameters: Sequence[Symbol]) -> str | None:
    """A real x where none of the conditions holds, or None when they cover the line."""
    if conditions[-1] is sympy.true:
        return None
    for setting in _settings(parameters):
        branch = _Branch([(condition, False) for condition in conditions], setting)
        for point in [*branch.marks(), *_between([], branch)]:
            if branch.holds(point):
                return _number(point)
    return None
