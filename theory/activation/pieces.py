"""A real function of x as smooth expressions between breakpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key, partial, reduce
from itertools import chain, pairwise

from sympy import (
    Abs,
    Dummy,
    Expr,
    Float,
    Heaviside,
    Max,
    Min,
    N,
    Piecewise,
    PolynomialError,
    Rational,
    S,
    Symbol,
    Tuple,
    false,
    log,
    preorder_traversal,
    sign,
    sympify,
    true,
)
from sympy.core.relational import Relational

from theory.activation.endpoints import local_exponent, one_sided_value, same_value
from theory.activation.zeros import exact_rationals, sign_change_points, sign_of
from theory.errors import InputError
from theory.symbols import x

SWITCHES = (Abs, sign, Heaviside, Max, Min, Piecewise)
MAX_DEPTH = 30
MAX_PIECES = 64
"""A function with more pieces than this is refused."""


@dataclass(frozen=True)
class Pieces:
    """A piecewise smooth function of the real variable ``theory.symbols.x``.

    Attributes
    ----------
    breakpoints : tuple of Expr
        Strictly increasing real numbers (or expressions in real parameters).
    expressions : tuple of Expr
        ``len(breakpoints) + 1`` expressions in x, free of Abs, sign, Heaviside, Max, Min and Piecewise of x;
        ``expressions[k]`` holds on ``(breakpoints[k-1], breakpoints[k])``. Neighbours are equal only across a point
        where that expression is singular (a real pole, the zero of a root).
    """

    breakpoints: tuple[Expr, ...]
    expressions: tuple[Expr, ...]

    @property
    def intervals(self) -> tuple[tuple[Expr, Expr], ...]:
        """The ends of each piece, from -oo to oo."""
        ends = (S.NegativeInfinity, *self.breakpoints, S.Infinity)
        return tuple(pairwise(ends))

    def map(self, function: Callable[[Expr], Expr]) -> Pieces:
        """Apply `function` to every expression; breakpoints stay."""
        return Pieces(self.breakpoints, tuple(function(expression) for expression in self.expressions))

    def diff(self, n: int = 1) -> Pieces:
        """Classical n-th derivative, piece by piece (jumps do not become delta functions)."""
        return self.map(lambda expression: expression.diff(x, n)) if n else self

    def combine(self, other: Pieces, function: Callable[[Expr, Expr], Expr]) -> Pieces:
        """``function(self, other)`` on the merged breakpoints."""
        return refine((self, other), lambda expressions: function(*expressions))

    def power(self, n: int) -> Pieces:
        """The n-th power."""
        return self.map(lambda expression: expression**n)

    def substitute(self, values: Mapping[Symbol, Expr]) -> Pieces:
        """Replace parameters by numbers.

        Parameters
        ----------
        values : mapping of Symbol to Expr
            Real numbers; pieces that become empty are dropped.

        Raises
        ------
        InputError
            If the values reverse the order of two breakpoints (they break an assumption made at splitting).
        """
        exact = {parameter: sympify(value, strict=True) for parameter, value in values.items()}
        points = [point.subs(exact) for point in self.breakpoints]
        expressions = [expression.subs(exact) for expression in self.expressions]
        for k in range(len(points) - 2, -1, -1):
            order = compare(points[k], points[k + 1])
            if order > 0:
                raise InputError(f"the values put the breakpoint {points[k]} after {points[k + 1]}")
            if order == 0:
                del points[k + 1], expressions[k + 1]
        return Pieces(tuple(points), tuple(expressions))

    def reflect(self) -> Pieces:
        """The function x -> F(-x)."""
        return Pieces(
            tuple(-point for point in reversed(self.breakpoints)),
            tuple(expression.xreplace({x: -x}) for expression in reversed(self.expressions)),
        )

    def at(self, point: Expr | float) -> Expr:
        """The expression that holds at `point` (to the right of it at a breakpoint)."""
        where = sympify(point, strict=True)
        index = sum(1 for breakpoint in self.breakpoints if compare(breakpoint, where) <= 0)
        return self.expressions[index]

    def limit(self, index: int, side: int) -> Expr:
        """Value on approach to ``breakpoints[index]`` from the left (`side` -1) or the right (+1); may be infinite."""
        return one_sided_value(self.expressions[index + (side > 0)], self.breakpoints[index], side)

    def exponent(self, index: int, side: int) -> Expr:
        """Local exponent q, F ~ c |x - b|^q, at ``breakpoints[index]`` from one side."""
        return local_exponent(self.expressions[index + (side > 0)], self.breakpoints[index], side)

    def first_break(self, index: int, highest: int = 6) -> int | None:
        """Order of the lowest derivative that is discontinuous or infinite at ``breakpoints[index]``.

        Parameters
        ----------
        index : int
            Which breakpoint.
        highest : int
            Orders looked at.

        Returns
        -------
        int or None
            0 for a jump, 1 for a kink, ...; None when all derivatives up to `highest` agree.
        """
        derivative = self
        for order in range(highest + 1):
            left, right = derivative.limit(index, -1), derivative.limit(index, 1)
            if left.is_infinite or right.is_infinite or not same_value(left, right):
                return order
            derivative = derivative.diff()
        return None


def compare(a: Expr, b: Expr) -> int:
    """Order of two real numbers or expressions in parameters: -1, 0 or 1.

    Raises
    ------
    InputError
        If the assumptions on the parameters leave the order open.
    """
    if a == b:
        return 0
    if a.is_infinite or b.is_infinite:
        return -1 if a is S.NegativeInfinity or b is S.Infinity else 1
    order = sign_of(a - b)
    if order is None:
        raise InputError(f"the order of the breakpoints {a} and {b} depends on the parameters; declare it, as in a>0")
    return order


def merged(*groups: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """All points of the groups in increasing order, each once."""
    ordered: list[Expr] = []
    for point in sorted(chain(*groups), key=cmp_to_key(compare)):
        if not ordered or compare(ordered[-1], point) != 0:
            ordered.append(point)
        elif ordered[-1].has(Float):  # an exact point is worth more than its decimal twin
            ordered[-1] = point
    if len(ordered) >= MAX_PIECES:
        raise InputError(f"the function has more than {MAX_PIECES} pieces")
    return tuple(ordered)


def refine(parts: tuple[Pieces, ...], function: Callable[[tuple[Expr, ...]], Expr]) -> Pieces:
    """Combine functions on their common refinement."""
    points = merged(*(part.breakpoints for part in parts))
    columns = []
    for part in parts:
        column, k = [], 0
        for point in (*points, S.Infinity):
            column.append(part.expressions[k])
            if k < len(part.breakpoints) and compare(part.breakpoints[k], point) == 0:
                k += 1
        columns.append(column)
    return Pieces(points, tuple(function(row) for row in zip(*columns, strict=True)))


def split(expr: Expr) -> Pieces:
    """Resolve Abs, sign, Heaviside, Max, Min and Piecewise of x into smooth expressions on intervals.

    Parameters
    ----------
    expr : Expr
        Real expression in ``x`` and real parameters.

    Returns
    -------
    Pieces
        No breakpoint where the function goes on unchanged.

    Raises
    ------
    InputError
        If the zeros of a switching argument, or their order, cannot be found with certainty.
    """
    try:
        return _split(exact_rationals(sympify(expr, strict=True)), 0)
    except (NotImplementedError, PolynomialError, RecursionError) as error:
        raise InputError(f"cannot resolve '{expr}' into smooth pieces: {error}") from error


def has_switch(expr: Expr) -> bool:
    """Whether Abs, sign, Heaviside, Max, Min or Piecewise of x occurs."""
    return any(node.has(x) for node in expr.atoms(*SWITCHES))


def _split(expr: Expr, depth: int) -> Pieces:
    if depth > MAX_DEPTH:
        raise InputError(f"'{expr}' nests more than {MAX_DEPTH} switches")
    if not expr.has(x):
        return Pieces((), (expr,))
    if not has_switch(expr):
        return _cut_at_singularities(expr)
    if isinstance(expr, Piecewise):
        return _joined(_split_piecewise(expr, depth + 1))
    arguments = tuple(_split(argument, depth + 1) for argument in expr.args)
    if isinstance(expr, (Max, Min)):
        return reduce(partial(_extremum, 1 if isinstance(expr, Max) else -1), arguments)
    if isinstance(expr, (Abs, sign, Heaviside)):
        return _joined(refine((*arguments, _signs(arguments[0])), _SWITCHED[type(expr)]))
    return _joined(_rebuild(expr, refine(arguments, lambda row: Tuple(*row)), depth))


_SWITCHED: dict[type, Callable[[tuple[Expr, ...]], Expr]] = {
    Abs: lambda row: row[-1] * row[0],
    sign: lambda row: row[-1],
    Heaviside: lambda row: (S.Zero, row[1], S.One)[row[-1] + 1],
}
"""A function that switches at 0, from its arguments and the sign of the first on an interval."""


def _rebuild(expr: Expr, rows: Pieces, depth: int) -> Pieces:
    """Apply the outer node of `expr` to its arguments on every interval."""
    points: list[Expr] = []
    expressions: list[Expr] = []
    for (low, high), row in zip(rows.intervals, rows.expressions, strict=True):
        # rebuilding may bring a switch back, as sqrt((-x)**2) does
        inside, values = _restricted(_split(expr.func(*row), depth + 1), low, high)
        points += [*inside, high]
        expressions += values
    return Pieces(tuple(points[:-1]), tuple(expressions))


def _extremum(direction: int, first: Pieces, second: Pieces) -> Pieces:
    """Max (`direction` 1) or Min (-1) of two functions."""
    signs = _signs(first.combine(second, lambda a, b: a - b))
    return _joined(refine((first, second, signs), lambda row: row[0] if row[2] * direction >= 0 else row[1]))


def _split_piecewise(expr: Piecewise, depth: int) -> Pieces:
    relations = [relation for _, condition in expr.args for relation in condition.atoms(Relational) if relation.has(x)]
    signed = {relation: _signs(_split(relation.lhs - relation.rhs, depth)) for relation in relations}
    values = [_split(value, depth) for value, _ in expr.args]
    count = len(values)

    def chosen(row: tuple[Expr, ...]) -> Expr:
        signs = dict(zip(signed, row[count:], strict=True))
        for value, (_, condition) in zip(row, expr.args, strict=False):
            if _holds(condition, signs):
                return value
        raise InputError(f"'{expr}' is not defined on the whole real line")

    return refine((*values, *signed.values()), chosen)


def _holds(condition: Expr, signs: dict[Expr, Expr]) -> bool:
    """Truth of a condition in the interior of an interval, where every difference has a fixed sign."""
    truth = condition.xreplace({relation: S(bool(relation.func(sign, 0))) for relation, sign in signs.items()})
    if truth in (true, false):
        return truth is true
    raise InputError(f"cannot decide the condition '{condition}'")


def _signs(function: Pieces) -> Pieces:
    """The sign of a function, -1, 0 or 1, constant between the points where it may change."""
    points: list[Expr] = []
    signs: list[Expr] = []
    for (low, high), u in zip(function.intervals, function.expressions, strict=True):
        try:
            inside = [p for p in merged(sign_change_points(u)) if compare(low, p) < 0 and compare(p, high) < 0]
            found = [_sign_inside(u, a, b) for a, b in pairwise((low, *inside, high))]
        except InputError:
            # the zeros may be out of reach and yet irrelevant here: Abs(x)**p is positive on (0, oo) for any p
            settled = _settled_sign(u, low, high)
            if settled is None:
                raise
            inside, found = [], [settled]
        points += [*inside, high]
        signs += map(S, found)
    return Pieces(tuple(points[:-1]), tuple(signs))


def _settled_sign(u: Expr, low: Expr, high: Expr) -> int | None:
    """Sign of `u` on (low, high) from assumptions, with the distance to a finite end as a positive symbol."""
    if low.is_infinite and high.is_infinite:
        return sign_of(u)
    distance = Dummy("t", positive=True)
    return sign_of(u.xreplace({x: high - distance if low.is_infinite else low + distance}))


def _sign_inside(u: Expr, low: Expr, high: Expr) -> int:
    """Sign of `u` on an interval that holds none of its zeros, at an interior point."""
    for point in _interior_points(low, high):
        value = sign_of(u.xreplace({x: point}))
        if value is None:
            break
        if value != 0:
            return value
    else:
        return 0
    settled = _settled_sign(u, low, high)
    if settled is None:
        raise InputError(f"cannot tell the sign of '{u}' for {low} < x < {high}; declare its parameters' signs")
    return settled


def _interior_points(low: Expr, high: Expr) -> tuple[Expr, ...]:
    if low.is_infinite and high.is_infinite:
        return S.Zero, S.One, S(-2)
    if low.is_infinite or high.is_infinite:
        end, direction = (high, -1) if low.is_infinite else (low, 1)
        return tuple(_nearby(end) + direction * step for step in (1, Rational(1, 2), 2))
    width = high - low
    if width.is_number:
        return tuple(Rational(str(N(low + width * part, 40))) for part in (S.Half, Rational(1, 3), Rational(3, 5)))
    return tuple(low + width * part for part in (S.Half, Rational(1, 3), Rational(3, 5)))


def _nearby(end: Expr) -> Expr:
    """A short rational next to a number (exact radicals make evaluation slow); expressions stay."""
    return Rational(str(N(end, 20))) if end.is_number and not end.is_Rational else end


def _restricted(whole: Pieces, low: Expr, high: Expr) -> tuple[tuple[Expr, ...], list[Expr]]:
    """The part of a function that lies in (low, high)."""
    inside: list[Expr] = []
    expressions: list[Expr] = []
    for (a, b), expression in zip(whole.intervals, whole.expressions, strict=True):
        if compare(b, low) <= 0 or compare(a, high) >= 0:
            continue
        if expressions:
            inside.append(a)
        expressions.append(expression)
    return tuple(inside), expressions


def _cut_at_singularities(expr: Expr) -> Pieces:
    """Breakpoints at real poles and at the zeros of roots and logarithms of a switch-free expression."""
    points = merged(*(sign_change_points(base) for base in _singular_bases(expr)))
    return Pieces(points, (expr,) * (len(points) + 1))


def _singular_bases(expr: Expr) -> list[Expr]:
    """Subexpressions at whose zeros `expr` need not be smooth: bases of roots and denominators, arguments of log."""
    bases: list[Expr] = []
    for node in preorder_traversal(expr):
        if node.is_Pow and node.base.has(x) and not (node.exp.is_integer and node.exp.is_nonnegative):
            bases.append(node.base)
        elif isinstance(node, log) and node.has(x):
            bases.append(node.args[0])
    return list(dict.fromkeys(bases))


def _joined(pieces: Pieces) -> Pieces:
    """Drop breakpoints across which the expression goes on unchanged and is smooth."""
    points: list[Expr] = []
    expressions = [pieces.expressions[0]]
    for point, expression in zip(pieces.breakpoints, pieces.expressions[1:], strict=True):
        if _identical(expressions[-1], expression) and not is_singular_at(expression, point):
            continue
        points.append(point)
        expressions.append(expression)
    return Pieces(tuple(points), tuple(expressions))


def _identical(a: Expr, b: Expr) -> bool:
    return a == b or (a.is_polynomial(x) and b.is_polynomial(x) and (a - b).expand() == 0)


def is_singular_at(expr: Expr, point: Expr) -> bool:
    """Whether `expr` has a root, a logarithm or a denominator that vanishes at `point`."""
    return any(sign_of(base.xreplace({x: point})) in (0, None) for base in _singular_bases(expr))
