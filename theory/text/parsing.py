"""Texts to SymPy expressions: activations, filters, observables, equations. User text is never evaluated.

Every text passes the same gates: `theory.text.lexer` (characters, tokens), `theory.text.syntax` (the grammar),
`theory.text.outline` (its names, from a table), `theory.text.grammar` (built with bounded sizes); that of an activation also
`theory.text.realness` (defined and real for every real x).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import QQ, Derivative, Expr, Mul, Poly, Symbol, exp

from theory.errors import InputError
from theory.interval import Interval
from theory.symbols import frequency, phi, x
from theory.text.grammar import Builder, RealBuilder, alone
from theory.text.lexer import OBSERVABLE, Language, report, shown
from theory.text.outline import FILTER, Outline, Vocabulary, outline, wellformed

ASSUMPTIONS: dict[Interval, dict[str, bool]] = {
    Interval.POSITIVE: {"positive": True},
    Interval.NONNEGATIVE: {"real": True, "nonnegative": True},
    Interval.NEGATIVE: {"negative": True},
    Interval.NONPOSITIVE: {"real": True, "nonpositive": True},
    Interval.REAL: {"real": True},
}
"""SymPy assumptions of a symbol by the range of its values."""

MAX_PRIMES = 8
"""Highest derivative of phi in an observable."""

_OBSERVABLES: dict[str, Expr] = {
    "x": x,
    "phi": phi(x),
    **{"phi" + "'" * k: Derivative(phi(x), (x, k)) for k in range(1, MAX_PRIMES + 1)},
}
MONOMIAL = Vocabulary(
    _OBSERVABLES, (), "allowed are x, phi, phi', phi'' ... and whole powers of them, joined by *", OBSERVABLE
)


@dataclass(frozen=True)
class Parsed:
    """An activation as it was understood.

    Attributes
    ----------
    expression : Expr
        Real function of ``theory.symbols.x`` with exact coefficients.
    parameters : tuple of Symbol
        Declared parameters, sorted by name, with their assumptions.
    text : str
        The text as given, without surrounding blanks.
    """

    expression: Expr
    parameters: tuple[Symbol, ...]
    text: str


def parse(text: str) -> Parsed:
    """Read an activation function.

    Parameters
    ----------
    text : str
        Formula in x: ``+ - * / ^`` (``**`` is the same as ``^``), exact numbers, ``pi``, ``E``, the functions of
        ``theory.elementary`` and the families of ``theory.activation.families``; a name alone (``tanh``) stands for that
        function of x. Parameters are declared after ``where``: ``x/(1+a*x^2) where a>0, b>=0, c``.

    Returns
    -------
    Parsed

    Raises
    ------
    InputError
        One sentence per problem: which piece, where (characters counted from 1), and what is allowed.

    Examples
    --------
    >>> parse("x/(1+a*x^2) where a>0").expression
    x/(a*x**2 + 1)
    """
    found = wellformed(text)
    (tree,) = found.sides
    parameters = {name: Symbol(name, **ASSUMPTIONS[found.ranges[name]]) for name in sorted(found.ranges)}
    builder = RealBuilder(found, parameters)
    expression = alone(tree.text) if tree.kind == "name" else None
    expression = builder.build(tree) if expression is None else expression
    problems = builder.problems
    if expression is not None and not problems:
        problems = [
            f"the parameter {shown(name)} is declared but the formula does not depend on it"
            for name, symbol in parameters.items()
            if symbol not in expression.free_symbols
        ]
        if not expression.has(x):
            problems.append(f"{shown(found.text.partition('where')[0].strip())} does not depend on x")
    if problems or expression is None:
        raise report(problems)
    return Parsed(expression, tuple(parameters.values()), found.text)


def parse_transfer(text: str) -> Expr:
    """Read the transfer function h(s) of one unit, s = i omega.

    Parameters
    ----------
    text : str
        Rational in s with exact coefficients, times ``exp(-d*s)`` for a delay.

    Raises
    ------
    InputError
        Which piece cannot be read, where, and what is allowed.

    Examples
    --------
    >>> parse_transfer("1/(1+s)^2")
    (s + 1)**(-2)
    """
    if not isinstance(text, str):
        raise InputError(f"a filter is a text such as 1/(1+s)^2, not {type(text).__name__}")
    found = outline(text, FILTER)
    return _built(found, Builder(found, {"s": frequency}, {"exp": exp}, whole=8))[0]


def parse_polynomial(text: str, name: str, degree: int = 8) -> Poly:
    """Read a polynomial in one parameter with rational coefficients.

    Parameters
    ----------
    text : str
        Such as ``1 - p^2/3``.
    name : str
        Of the parameter.
    degree : int, optional
        The largest allowed.

    Raises
    ------
    InputError
        Which piece cannot be read, where, and what is allowed.

    Examples
    --------
    >>> parse_polynomial("(1+p)^2/2", "p").all_coeffs()
    [1/2, 1, 1/2]
    """
    allowed = (
        f"allowed is a polynomial in {name} of degree {degree} or less with rational coefficients, such as 1-2*{name}/3"
    )
    found = outline(text, Vocabulary({name}, (), allowed))
    symbol = Symbol(name, real=True)
    (built,) = _built(found, Builder(found, {name: symbol}, whole=degree))
    polynomial = built.as_poly(symbol, domain=QQ) if built.is_polynomial(symbol) else None
    if polynomial is None or polynomial.degree() > degree:
        raise InputError(f"{shown(found.text)} is no such polynomial: {allowed}")
    return polynomial


def parse_monomial(text: str) -> Expr:
    """Read a product of powers of x, phi and its derivatives.

    Parameters
    ----------
    text : str
        Such as ``phi'^2`` or ``x*phi``; primes mark derivatives.

    Raises
    ------
    InputError
        Naming the piece that is not understood.
    """
    found = outline(text, MONOMIAL)
    (product,) = _built(found, Builder(found, _OBSERVABLES, whole=64))
    powers = [factor.as_base_exp() for factor in Mul.make_args(product)]
    if not all(base in _OBSERVABLES.values() and power > 0 for base, power in powers):
        raise InputError(f"{shown(found.text)} is no product of powers: {MONOMIAL.allowed}")
    return product


def parse_equation(
    text: str,
    names: Mapping[str, Expr],
    calls: Mapping[str, Callable[[Expr], Expr]] | None = None,
    average: Callable[[Expr, int], Expr] | None = None,
) -> tuple[Expr, Expr]:
    """Read an equation ``LHS = RHS`` with averages such as ``<phi'^2>``, ``<phi^2>''`` and ``<x phi>``.

    Parameters
    ----------
    text : str
        Products need no sign in it: ``Delta = sigma^2 + g^2 <phi^2>``.
    names : mapping of str to Expr
        What every name stands for, names with primes among them.
    calls : mapping of str to callable, optional
        Functions of one argument.
    average : callable, optional
        ``average(inside, order)``: the expression of ``<inside>`` with so many primes.

    Returns
    -------
    tuple of Expr
        Both sides.

    Raises
    ------
    InputError
        Which piece cannot be read, where, and what is allowed.
    """
    known = ", ".join([*names, *(f"{name}()" for name in calls or {})])
    language = Language(primes=True, averages=True, calls=frozenset(calls or {}))
    found = outline(text, Vocabulary(names, calls or {}, f"the names are {known}", language))
    if len(found.sides) != 2:
        raise InputError(f"{shown(found.text)} is not an equation; write LHS = RHS")
    left, right = _built(found, Builder(found, names, calls, average))
    return left, right


def _built(found: Outline, builder: Builder) -> list[Expr]:
    sides = [builder.build(side) for side in found.sides]
    if builder.problems:
        raise report(builder.problems)
    return [side for side in sides if side is not None]
