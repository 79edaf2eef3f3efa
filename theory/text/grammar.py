"""From a syntax tree to a SymPy expression, node by node: what an activation may consist of.

Python's `ast` reads the (already restricted) text; `Builder` knows one method per allowed node and builds SymPy objects
directly, so no user text is ever evaluated. Numbers are exact. Every size is bounded before SymPy computes with it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Integer, Rational, Symbol

from theory.activations.families import Family
from theory.errors import InputError
from theory.symbols import x
from theory.text import realness
from theory.text.bounds import MAX_BITS, MAX_DENOMINATOR, MAX_EXPONENT, bits, excess
from theory.text.evaluation import value
from theory.text.lexer import MAX_NESTING, Token, at, shown
from theory.text.names import CONSTANTS, family, unknown_function, unknown_name
from theory.enclosure import enclosure
from theory.text.rewriting import stable

MAX_NODES = 600
"""Most nodes of a syntax tree."""


class TooLarge(InputError):
    """A size limit is exceeded: nothing more is read."""


class Builder:
    """Builds one expression and collects what is wrong with it.

    Parameters
    ----------
    text : str
        The user's text, for quotations.
    columns : sequence of int
        Index in ``text`` for every index of the source that was given to `ast`.
    tokens : iterable of Token
        Tokens of ``text``: numbers are read from them, digit by digit.
    parameters : dict of str to Symbol
        Declared parameters.
    """

    def __init__(
        self, text: str, columns: Sequence[int], tokens: Iterable[Token], parameters: dict[str, Symbol]
    ) -> None:
        self.text, self.columns, self.parameters = text, columns, parameters
        self.tokens = {token.start: token.text for token in tokens}
        self.problems: list[str] = []
        self.branch: list[realness.Condition] = []
        self.effort = realness.Effort()
        self.nodes = 0
        self.depth = 0

    def build(self, node: ast.AST) -> Expr | None:
        """The expression of a node, or None after noting why there is none."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise TooLarge(f"the formula has more than {MAX_NODES} operations and operands")
        method = _METHODS.get(type(node))
        if method is None:
            return self._refuse(node, "is not allowed; use + - * / ^, numbers, x, parameters and the listed functions")
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise TooLarge(f"the formula is nested deeper than {MAX_NESTING} {at(self._start(node))}")
        try:
            result = method(self, node)
        except TooLarge:
            raise
        except InputError as error:  # from the constructor of a family
            return self._refuse(node, f"cannot be built: {error.problems[0]}")
        finally:
            self.depth -= 1
        return None if result is None else self._bounded(stable(result), node)

    # --- leaves

    def _constant(self, node: ast.Constant) -> Expr | None:
        if node.value is True:
            return self._refuse(
                node, "is a condition, not a number; it stands in Piecewise((a, x < 0), (b, True)) only"
            )
        fraction = Fraction(self.tokens[self._start(node)])
        return Rational(fraction.numerator, fraction.denominator)

    def _name(self, node: ast.Name) -> Expr | None:
        name = node.id
        if name == "x":
            return x
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in self.parameters:
            return self.parameters[name]
        return self._refuse(node, unknown_name(name))

    # --- operators

    def _unary(self, node: ast.UnaryOp) -> Expr | None:
        operand = self.build(node.operand)
        if operand is None or not isinstance(node.op, ast.USub | ast.UAdd):
            return operand if operand is None else self._refuse(node, "is not allowed")
        return -operand if isinstance(node.op, ast.USub) else operand

    def _binary(self, node: ast.BinOp) -> Expr | None:
        if isinstance(node.op, ast.Add | ast.Sub):
            return self._sum(node)
        if isinstance(node.op, ast.Mult | ast.Div):
            return self._product(node)
        if isinstance(node.op, ast.Pow):
            base, exponent = self.build(node.left), self.build(node.right)
            return None if base is None or exponent is None else self._power(base, exponent, node)
        return self._refuse(node, "uses an operator that is not allowed; use + - * / ^")

    def _chain(self, node: ast.BinOp, kinds: tuple[type, type]) -> list[tuple[bool, ast.expr]]:
        """Operands of a left-nested chain a - b + c, each with whether the second kind of operator stands before it."""
        operands: list[tuple[bool, ast.expr]] = []
        current: ast.expr = node
        while isinstance(current, ast.BinOp) and isinstance(current.op, kinds):
            operands.append((isinstance(current.op, kinds[1]), current.right))
            current = current.left
        return [(False, current), *reversed(operands)]

    def _sum(self, node: ast.BinOp) -> Expr | None:
        terms = [(minus, self.build(term)) for minus, term in self._chain(node, (ast.Add, ast.Sub))]
        if any(term is None for _, term in terms):
            return None
        return sympy.Add(*(-term if minus else term for minus, term in terms if term is not None))

    def _product(self, node: ast.BinOp) -> Expr | None:
        factors: list[Expr | None] = []
        for divides, operand in self._chain(node, (ast.Mult, ast.Div)):
            factor = self.build(operand)
            factors.append(self._inverse(factor, operand) if divides and factor is not None else factor)
        if any(factor is None for factor in factors):
            return None
        return sympy.Mul(*(factor for factor in factors if factor is not None))

    def _inverse(self, denominator: Expr, node: ast.AST) -> Expr | None:
        if not self._meets(denominator, realness.NONZERO, node, "is a denominator that vanishes"):
            return None
        return stable(1 / denominator)

    def _power(self, base: Expr, exponent: Expr, node: ast.BinOp) -> Expr | None:
        if exponent.has(x):
            if base.has(x) or not enclosure(base).positive:
                return self._refuse(node, "has an exponent with x; only a positive constant may be raised to it")
            return base**exponent if base == sympy.E else sympy.exp(exponent * sympy.log(base))
        if not self._exponent_bounded(exponent, node.right):
            return None
        if isinstance(base, Rational) and isinstance(exponent, Rational) and bits(base) * abs(exponent) > MAX_BITS:
            return self._refuse(node, "is a number too large to write out")
        if not isinstance(exponent, Integer):
            return self._fractional(base, exponent, node)
        if exponent < 0:
            return self._inverse(base**-exponent, node.left)
        return base**exponent

    def _exponent_bounded(self, exponent: Expr, node: ast.AST) -> bool:
        size = None if exponent.free_symbols else value(exponent)
        too_large = size is not None and abs(size) > MAX_EXPONENT
        if too_large or (isinstance(exponent, Rational) and exponent.q > MAX_DENOMINATOR):
            self._refuse(node, f"is not an allowed exponent; it may be at most {MAX_EXPONENT} in size")
            return False
        return True

    def _fractional(self, base: Expr, exponent: Expr, node: ast.BinOp) -> Expr | None:
        """base**exponent for an exponent that is not an integer: real for a nonnegative base only."""
        piece = self.text[self._start(node.right) : self._end(node.right)]
        if enclosure(exponent).nonnegative:
            hint = f"(or write power({shown(piece)[1:-1]})); it is negative"
            complaint = f"is the base of a fractional power and must not be negative {hint}"
            return base**exponent if self._meets(base, realness.NONNEGATIVE, node.left, complaint) else None
        complaint = (
            f"is the base of a power that may have a negative exponent {shown(piece)} and must be positive; it is not"
        )
        return base**exponent if self._meets(base, realness.POSITIVE, node.left, complaint) else None

    # --- calls

    def _call(self, node: ast.Call) -> Expr | None:
        if not isinstance(node.func, ast.Name):
            return self._refuse(node.func, "is not a function; write * for a product")
        name = node.func.id
        called = family(name)
        if called is None:
            return self._refuse(node.func, unknown_function(name, name in self.parameters))
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            return self._refuse(node, "takes plain arguments only")
        if called.name == "Piecewise":
            return self._piecewise(node)
        if called.name == "pade":
            return self._pade(node, called)
        arguments = [self.build(argument) for argument in node.args]
        if any(argument is None for argument in arguments):
            return None
        return self._apply(called, [a for a in arguments if a is not None], node)

    def _apply(self, called: Family, arguments: list[Expr], node: ast.Call) -> Expr | None:
        if called.name in ("Max", "Min"):
            return self._extremum(called, arguments, node)
        if called.input == "needed":
            if len(arguments) != 1:
                return self._refuse(node, f"needs exactly one argument: {called.signature}")
            return self._function(called, arguments[0], node)
        inputs = [argument for argument in arguments if argument.has(x)]
        parameters = [argument for argument in arguments if not argument.has(x)]
        most = len(arguments) if "..." in called.parameters else len(called.parameters)
        if len(inputs) > 1 or not called.required <= len(parameters) <= most:
            return self._refuse(
                node, f"has the wrong arguments; write {called.signature}, and the input last if it is not x"
            )
        return called.construct(*parameters, u=inputs[0] if inputs else x)

    def _function(self, called: Family, u: Expr, node: ast.Call) -> Expr | None:
        if called.name == "sqrt":
            hint = "is not real (power(1/2) is the odd root); its argument is negative"
            return sympy.sqrt(u) if self._meets(u, realness.NONNEGATIVE, node, hint) else None
        if called.name == "log":
            return (
                sympy.log(u) if self._meets(u, realness.POSITIVE, node, "needs a positive argument; it fails") else None
            )
        if called.name in ("exp", "sinh", "cosh") and not self._exponential_bounded(u, node):
            return None
        return called.construct(u)

    def _exponential_bounded(self, u: Expr, node: ast.AST) -> bool:
        """No constant above the largest double, and no hidden power exp(n log(c)) with a huge n."""
        size = None if u.free_symbols else value(u)
        if any(map(_hides_large_power, sympy.Add.make_args(u))) or (
            not u.free_symbols and (size is None or abs(size) > 690)
        ):
            self._refuse(node, "is a constant that is too large or too small to compute with")
            return False
        return True

    def _extremum(self, called: Family, arguments: list[Expr], node: ast.Call) -> Expr | None:
        if len(arguments) < 2:
            return self._refuse(node, f"needs at least two arguments: {called.name}(0, x)")
        # equal constants in two spellings would send SymPy to minimal polynomials
        distinct: list[Expr] = []
        for argument in arguments:
            same = not argument.free_symbols and any(
                not other.free_symbols and value(argument - other) in (None, 0) for other in distinct
            )
            if not same:
                distinct.append(argument)
        return called.construct(*distinct)

    def _pade(self, node: ast.Call, called: Family) -> Expr | None:
        if len(node.args) != 3:
            return self._refuse(node, f"has the wrong arguments; write {called.signature}: {called.doc}")
        bare = family(node.args[0].id) if isinstance(node.args[0], ast.Name) else None
        function = bare.construct() if bare and bare.bare else self.build(node.args[0])
        orders = [self.build(argument) for argument in node.args[1:]]
        if function is None or any(order is None for order in orders):
            return None
        if not all(isinstance(order, Integer) and 0 <= order <= 99 for order in orders):
            return self._refuse(
                node, "needs integer degrees: pade(f, 3, 2) has numerator degree 3, denominator degree 2"
            )
        if not function.has(x):
            return self._refuse(node.args[0], "does not depend on x")
        return called.construct(function, *(int(order) for order in orders if order is not None))

    # --- Piecewise

    def _piecewise(self, node: ast.Call) -> Expr | None:
        pairs: list[tuple[Expr | None, sympy.Basic | None]] = []
        outer = len(self.branch)
        for argument in node.args:
            if not isinstance(argument, ast.Tuple) or len(argument.elts) != 2:
                self._refuse(argument, "is not a branch; write Piecewise((a, x < 0), (b, True))")
                pairs.append((None, None))
                continue
            condition = self._condition(argument.elts[1])
            self.branch.append((sympy.true if condition is None else condition, True))
            pairs.append((self.build(argument.elts[0]), condition))
            # the branches that follow are reached only where this condition fails
            self.branch[-1] = (self.branch[-1][0], False)
        del self.branch[outer:]
        if not pairs:
            return self._refuse(node, "has no branch; write Piecewise((a, x < 0), (b, True))")
        if any(part is None for pair in pairs for part in pair):
            return None
        gap = realness.uncovered([c for _, c in pairs if c is not None], self._symbols())
        if gap is not None:
            return self._refuse(node, f"has no branch at x = {gap}; end with (expression, True)")
        pairs[-1] = (pairs[-1][0], sympy.true)
        return pairs[0][0] if len(pairs) == 1 else sympy.Piecewise(*pairs, evaluate=False)

    def _condition(self, node: ast.AST) -> sympy.Basic | None:
        """A comparison of x with constants in the form x < c, or True."""
        if isinstance(node, ast.Constant) and node.value is True:
            return sympy.true
        if not isinstance(node, ast.Compare):
            return self._refuse(node, "is not a condition; write for example x < 1, -1 < x < 1 or True")
        sides = [self.build(side) for side in (node.left, *node.comparators)]
        parts: list[sympy.Basic] = []
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            if left is None or right is None:
                return None
            relation = _RELATIONS.get(type(operator))
            difference = sympy.expand(left - right)
            slope = difference.coeff(x, 1)
            rest = difference - slope * x
            rising = enclosure(slope)
            if relation is None or rest.has(x) or not rising.nonzero:
                return self._refuse(
                    node, "is not a condition on x; write for example x < 1 or -1 < x < 1 (with < <= > >=)"
                )
            threshold = sympy.expand(-rest / slope)
            parts.append((relation if rising.positive else _FLIPPED[relation])(x, threshold))
        condition = sympy.And(*parts) if len(parts) > 1 else parts[0]
        empty = condition is sympy.false or realness.holds_nowhere(condition)
        return self._refuse(node, "is a condition that no x meets") if empty else condition

    def _compare(self, node: ast.Compare) -> Expr | None:
        return self._refuse(node, "is a comparison; it stands in Piecewise((a, x < 0), (b, True)) only")

    def _tuple(self, node: ast.Tuple) -> Expr | None:
        return self._refuse(node, "is a list; one formula is expected")

    # --- requirements

    def _meets(self, expression: Expr, requirement: str, node: ast.AST, complaint: str) -> bool:
        """Note a problem where the expression breaks a requirement on the real line or in the current branch."""
        found = realness.failure(expression, requirement, self._symbols(), tuple(self.branch), self.effort)
        if found is None:
            return True
        self._refuse(node, f"{complaint} {realness.describe(found)}".strip())
        return False

    def _bounded(self, expression: Expr, node: ast.AST) -> Expr | None:
        complaint = excess(expression, self._symbols())
        return self._refuse(node, complaint) if complaint else expression

    def _symbols(self) -> list[Symbol]:
        return [self.parameters[name] for name in sorted(self.parameters)]

    # --- problems

    def _start(self, node: ast.AST) -> int:
        return self.columns[node.col_offset]  # type: ignore[attr-defined]

    def _end(self, node: ast.AST) -> int:
        return self.columns[node.end_col_offset - 1] + 1  # type: ignore[attr-defined]

    def _refuse(self, node: ast.AST, complaint: str) -> Expr | None:
        """Note a problem; the None it returns stands for the expression that could not be built."""
        start = self._start(node)
        self.problems.append(f"{shown(self.text[start : self._end(node)])} {at(start)} {complaint}")
        return None


_METHODS: dict[type, Callable[[Builder, Any], Expr | None]] = {
    ast.Constant: Builder._constant,
    ast.Name: Builder._name,
    ast.UnaryOp: Builder._unary,
    ast.BinOp: Builder._binary,
    ast.Call: Builder._call,
    ast.Compare: Builder._compare,
    ast.Tuple: Builder._tuple,
}

_RELATIONS = {
    ast.Lt: sympy.StrictLessThan,
    ast.LtE: sympy.LessThan,
    ast.Gt: sympy.StrictGreaterThan,
    ast.GtE: sympy.GreaterThan,
}
_FLIPPED = {
    sympy.StrictLessThan: sympy.StrictGreaterThan,
    sympy.LessThan: sympy.GreaterThan,
    sympy.StrictGreaterThan: sympy.StrictLessThan,
    sympy.GreaterThan: sympy.LessThan,
}


def _hides_large_power(term: Expr) -> bool:
    """Whether exp(term) is c**n with a size of n that no exponent may have: SymPy would multiply it out."""
    factors = sympy.Mul.make_args(term)
    rest = sympy.Mul(*(factor for factor in factors if not isinstance(factor, sympy.log)))
    if not term.has(sympy.log) or rest.free_symbols:
        return False
    size = value(rest)
    return size is None or abs(size) > MAX_EXPONENT
