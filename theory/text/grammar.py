"""From the tree of a text to a SymPy expression, node by node, with every size bounded before SymPy computes with it.

`Builder` knows the arithmetic of any text; `RealBuilder` adds what an activation needs: functions and families, branches, and
the proof that the result is defined and real for every real x. No user text is ever evaluated. Numbers are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import sympy
from sympy import Expr, Integer, Rational, Symbol

from theory.activation.families import Family
from theory.elementary import ElementaryFunction
from theory.enclosure import enclosure
from theory.errors import InputError
from theory.symbols import x
from theory.text import realness
from theory.text.bounds import MAX_BITS, MAX_DENOMINATOR, MAX_EXPONENT, bits, excess
from theory.text.evaluation import value
from theory.text.names import bare, called
from theory.text.outline import Outline
from theory.text.rewriting import stable
from theory.text.syntax import Node

CONSTANTS: dict[str, Expr] = {"pi": sympy.pi, "E": sympy.E}


class Builder:
    """Builds the expressions of one text and collects what is wrong with it.

    Parameters
    ----------
    outline : Outline
        The text, its names known to be in the tables that follow.
    names : mapping of str to Expr
        What the names stand for.
    calls : mapping of str to callable, optional
        What the names that are called make of their argument.
    average : callable, optional
        ``average(inside, order)`` makes an expression of ``<inside>`` with so many primes.
    parameters : sequence of Symbol, optional
        Symbols of which only low powers are allowed.
    whole : int, optional
        Largest size of an exponent, where only whole ones are allowed.
    """

    def __init__(
        self,
        outline: Outline,
        names: Mapping[str, Expr],
        calls: Mapping[str, Callable[[Expr], Expr]] | None = None,
        average: Callable[[Expr, int], Expr] | None = None,
        parameters: Sequence[Symbol] = (),
        whole: int | None = None,
    ) -> None:
        self.outline, self.names, self.calls, self.average = outline, names, calls or {}, average
        self.parameters, self.whole = parameters, whole
        self.problems: list[str] = []

    def build(self, node: Node) -> Expr | None:
        """The expression of a node, or None after noting why there is none."""
        try:
            result = self._built(node)
        except InputError as error:  # from the constructor of a family
            return self._refuse(node, f"cannot be built: {error.problems[0]}")
        if result is None:
            return None
        complaint = excess(result, self.parameters)
        return self._refuse(node, complaint) if complaint else result

    def _built(self, node: Node) -> Expr | None:
        if node.kind == "number":
            fraction = Fraction(node.text)
            return Rational(fraction.numerator, fraction.denominator)
        if node.kind == "name":
            return self.names[node.text]
        if node.kind == "call":
            return self._call(node)
        parts = [self.build(part) for part in node.parts]
        if node.kind == "product":
            parts = [
                self._inverse(part, operand) if sign == "/" and part is not None else part
                for sign, part, operand in zip(node.signs, parts, node.parts, strict=True)
            ]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        if node.kind == "sum":
            return sympy.Add(*(-part if sign == "-" else part for sign, part in zip(node.signs, known, strict=True)))
        if node.kind == "power":
            return self._power(known[0], known[1], node)
        if self.average is not None and node.kind == "average":
            return self.average(known[0], node.order)
        return sympy.Mul(*known) if node.kind == "product" else self._refuse(node, "is not allowed here")

    def _inverse(self, denominator: Expr, node: Node) -> Expr | None:
        return self._refuse(node, "divides by zero") if denominator == 0 else 1 / denominator

    def _power(self, base: Expr, exponent: Expr, node: Node) -> Expr | None:
        if not self._exponent_bounded(exponent, node.parts[1]):
            return None
        if isinstance(base, Rational) and isinstance(exponent, Rational) and bits(base) * abs(exponent) > MAX_BITS:
            return self._refuse(node, "is a number too large to write out")
        if isinstance(exponent, Integer) and exponent < 0:
            return self._inverse(base**-exponent, node.parts[0])
        return base**exponent

    def _exponent_bounded(self, exponent: Expr, node: Node) -> bool:
        size = None if exponent.free_symbols else value(exponent)
        largest = self.whole or MAX_EXPONENT
        too_large = size is not None and abs(size) > largest
        fine = isinstance(exponent, Rational) and exponent.q > MAX_DENOMINATOR
        if too_large or fine or (self.whole and not isinstance(exponent, Integer)):
            allowed = f"whole powers up to {largest} are" if self.whole else f"it may be at most {largest} in size"
            self._refuse(node, f"is not an allowed exponent; {allowed}")
            return False
        return True

    def _call(self, node: Node) -> Expr | None:
        arguments = [self.build(argument) for argument in node.parts]
        return None if arguments[0] is None else self.calls[node.text](arguments[0])

    def _refuse(self, node: Node, complaint: str) -> Expr | None:
        """Note a problem; the None it returns stands for the expression that could not be built."""
        self.problems.append(f"{self.outline.quoted(node)} {complaint}")
        return None


class RealBuilder(Builder):
    """Builds an activation: a real function of x with the parameters that the text declares."""

    def __init__(self, outline: Outline, parameters: Mapping[str, Symbol]) -> None:
        symbols = [parameters[name] for name in sorted(parameters)]
        super().__init__(outline, {"x": x, **CONSTANTS, **parameters}, parameters=symbols)
        self.branch: list[realness.Condition] = []
        self.effort = realness.Effort()

    def _built(self, node: Node) -> Expr | None:
        result = super()._built(node)
        return None if result is None else stable(result)

    # --- operators

    def _inverse(self, denominator: Expr, node: Node) -> Expr | None:
        if not self._meets(denominator, realness.NONZERO, node, "is a denominator that vanishes"):
            return None
        return stable(1 / denominator)

    def _power(self, base: Expr, exponent: Expr, node: Node) -> Expr | None:
        if exponent.has(x):
            if base.has(x) or not enclosure(base).positive:
                return self._refuse(node, "has an exponent with x; only a positive constant may be raised to it")
            return base**exponent if base == sympy.E else sympy.exp(exponent * sympy.log(base))
        if isinstance(exponent, Integer):
            return super()._power(base, exponent, node)
        if not self._exponent_bounded(exponent, node.parts[1]):
            return None
        return self._fractional(base, exponent, node)

    def _fractional(self, base: Expr, exponent: Expr, node: Node) -> Expr | None:
        """base**exponent for an exponent that is not an integer: real for a nonnegative base only."""
        if isinstance(base, Rational) and isinstance(exponent, Rational) and bits(base) * abs(exponent) > MAX_BITS:
            return self._refuse(node, "is a number too large to write out")
        below, above = node.parts
        piece = ascii(self.outline.text[above.start : above.end][:24])
        if enclosure(exponent).nonnegative:
            hint = f"(or write power({piece[1:-1]})); it is negative"
            complaint = f"is the base of a fractional power and must not be negative {hint}"
            return base**exponent if self._meets(base, realness.NONNEGATIVE, below, complaint) else None
        complaint = f"is the base of a power that may have a negative exponent {piece} and must be positive; it is not"
        return base**exponent if self._meets(base, realness.POSITIVE, below, complaint) else None

    # --- calls

    def _call(self, node: Node) -> Expr | None:
        function = called(node.text)
        if isinstance(function, Family) and function.name == "Piecewise":
            return self._piecewise(node)
        if isinstance(function, Family) and function.name == "pade":
            return self._pade(node, function)
        built = [self.build(argument) for argument in node.parts]
        arguments = [argument for argument in built if argument is not None]
        if len(arguments) < len(built):
            return None
        if isinstance(function, ElementaryFunction):
            return self._function(function, arguments[0], node)
        assert function is not None
        if function.takes_input:
            return self._family(function, arguments, node)
        if function.name == "sqrt":
            hint = "is not real (power(1/2) is the odd root); its argument is negative"
            real = self._meets(arguments[0], realness.NONNEGATIVE, node, hint)
            return function.construct(arguments[0]) if real else None
        return function.construct(*self._distinct(arguments))

    def _family(self, function: Family, arguments: list[Expr], node: Node) -> Expr | None:
        inputs = [argument for argument in arguments if argument.has(x)]
        parameters = [argument for argument in arguments if not argument.has(x)]
        most = len(arguments) if "..." in function.parameters else len(function.parameters)
        if len(inputs) > 1 or not function.required <= len(parameters) <= most:
            return self._refuse(
                node, f"has the wrong arguments; write {function.signature}, and the input last if it is not x"
            )
        return function.construct(*parameters, u=inputs[0] if inputs else x)

    def _function(self, function: ElementaryFunction, u: Expr, node: Node) -> Expr | None:
        needs = "needs a positive argument; it fails"
        if function.positive_argument and not self._meets(u, realness.POSITIVE, node, needs):
            return None
        grows = any(end is not None and end.rate > 0 for end in (function.end(1), function.end(-1)))
        return function.node(u) if not grows or self._exponential_bounded(u, node) else None

    def _exponential_bounded(self, u: Expr, node: Node) -> bool:
        """No constant above the largest double, and no hidden power exp(n log(c)) with a huge n."""
        size = None if u.free_symbols else value(u)
        if any(map(_hides_large_power, sympy.Add.make_args(u))) or (
            not u.free_symbols and (size is None or abs(size) > 690)
        ):
            self._refuse(node, "is a constant that is too large or too small to compute with")
            return False
        return True

    def _distinct(self, arguments: list[Expr]) -> list[Expr]:
        """Without equal constants in two spellings, which would send SymPy to minimal polynomials."""
        distinct: list[Expr] = []
        for argument in arguments:
            same = not argument.free_symbols and any(
                not other.free_symbols and value(argument - other) in (None, 0) for other in distinct
            )
            if not same:
                distinct.append(argument)
        return distinct

    def _pade(self, node: Node, family: Family) -> Expr | None:
        first, *rest = node.parts
        name = first.text if first.kind == "name" else ""
        function = alone(name) or self.build(first)
        orders = [self.build(argument) for argument in rest]
        if function is None or any(order is None for order in orders):
            return None
        if not all(isinstance(order, Integer) and 0 <= order <= 99 for order in orders):
            return self._refuse(
                node, "needs integer degrees: pade(f, 3, 2) has numerator degree 3, denominator degree 2"
            )
        if not function.has(x):
            return self._refuse(first, "does not depend on x")
        return family.construct(function, *(int(order) for order in orders if order is not None))

    # --- Piecewise

    def _piecewise(self, node: Node) -> Expr | None:
        pairs: list[tuple[Expr | None, sympy.Basic | None]] = []
        outer = len(self.branch)
        for branch in node.parts:
            condition = self._condition(branch.parts[1])
            self.branch.append((sympy.true if condition is None else condition, True))
            pairs.append((self.build(branch.parts[0]), condition))
            # the branches that follow are reached only where this condition fails
            self.branch[-1] = (self.branch[-1][0], False)
        del self.branch[outer:]
        if any(part is None for pair in pairs for part in pair):
            return None
        gap = realness.uncovered([c for _, c in pairs if c is not None], self.parameters)
        if gap is not None:
            return self._refuse(node, f"has no branch at x = {gap}; end with (expression, True)")
        pairs[-1] = (pairs[-1][0], sympy.true)
        return pairs[0][0] if len(pairs) == 1 else sympy.Piecewise(*pairs, evaluate=False)

    def _condition(self, node: Node) -> sympy.Basic | None:
        """A comparison of x with constants in the form x < c, or True."""
        if node.kind == "name" and node.text == "True":
            return sympy.true
        if node.kind != "comparison":
            return self._refuse(node, "is not a condition; write for example x < 1, -1 < x < 1 or True")
        sides = [self.build(side) for side in node.parts]
        parts: list[sympy.Basic] = []
        for left, sign, right in zip(sides, node.signs, sides[1:], strict=False):
            if left is None or right is None:
                return None
            difference = sympy.expand(left - right)
            slope = difference.coeff(x, 1)
            rest = difference - slope * x
            rising = enclosure(slope)
            if sign not in ("<", "<=", ">", ">=") or rest.has(x) or not rising.nonzero:
                return self._refuse(
                    node, "is not a condition on x; write for example x < 1 or -1 < x < 1 (with < <= > >=)"
                )
            threshold = sympy.expand(-rest / slope)
            rises, falls = sympy.Rel(x, threshold, sign), sympy.Rel(threshold, x, sign).reversed
            parts.append(rises if rising.positive else falls)
        condition = sympy.And(*parts) if len(parts) > 1 else parts[0]
        empty = condition is sympy.false or realness.holds_nowhere(condition)
        return self._refuse(node, "is a condition that no x meets") if empty else condition

    def _meets(self, expression: Expr, requirement: str, node: Node, complaint: str) -> bool:
        """Note a problem where the expression breaks a requirement on the real line or in the current branch."""
        found = realness.failure(expression, requirement, self.parameters, tuple(self.branch), self.effort)
        if found is None:
            return True
        self._refuse(node, f"{complaint} {found}".strip())
        return False


def alone(name: str) -> Expr | None:
    """The activation that a name alone stands for, or None."""
    found = bare(name)
    if found is None:
        return None
    return found.construct() if isinstance(found, Family) else found.node(x)


def _hides_large_power(term: Expr) -> bool:
    """Whether exp(term) is c**n with a size of n that no exponent may have: SymPy would multiply it out."""
    factors = sympy.Mul.make_args(term)
    rest = sympy.Mul(*(factor for factor in factors if not isinstance(factor, sympy.log)))
    if not term.has(sympy.log) or rest.free_symbols:
        return False
    size = value(rest)
    return size is None or abs(size) > MAX_EXPONENT
