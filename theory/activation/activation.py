"""The activation function: what it is, and every property of it that the theory asks for, found and not declared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr, S, Symbol

from theory import symbols
from theory.activation.canonical import canonical_text
from theory.activation.features import Feature, features
from theory.activation.growth import Growth, growth
from theory.activation.integrability import Condition, absolute_moment_condition, square_integrable
from theory.activation.kinks import Kink, kinks
from theory.activation.parity import parity
from theory.activation.pieces import Pieces, split
from theory.activation.rational import complex_poles
from theory.activation.threshold import threshold
from theory.errors import InputError
from theory.symbols import x

if TYPE_CHECKING:
    from theory.model import Model


@dataclass(frozen=True)
class Activation:
    """A real activation function phi(x) with real parameters.

    Build it with `from_text` or `from_expression`, which check it.

    Attributes
    ----------
    expression : Expr
        phi as a function of ``theory.symbols.x``.
    parameters : tuple of Symbol
        Real parameters, sorted by name.
    text : str
        What the user wrote, or the printed expression.
    """

    expression: Expr
    parameters: tuple[Symbol, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        if strange := self.expression.free_symbols - {x, *self.parameters}:
            raise InputError(
                f"'{min(strange, key=str)}' in '{str(self.expression)[:60]}' is neither theory.symbols.x nor a parameter; build "
                "activations by Activation.of"
            )

    @classmethod
    def of(cls, given: Any) -> Activation:
        """The activation that a user gives: an `Activation`, a text, or a SymPy expression in a symbol called x.

        Raises
        ------
        InputError
            For anything else, and as `from_text` and `from_expression`.
        """
        if isinstance(given, cls):
            return given
        if isinstance(given, Expr):
            return cls.from_expression(given.xreplace({s: x for s in given.free_symbols if str(s) == x.name}))
        if isinstance(given, str):
            return cls.from_text(given)
        raise InputError(
            f"an activation is a text such as 'tanh(x)' or a SymPy expression in x, not one of type {type(given).__name__}"
        )

    @classmethod
    def from_text(cls, text: str) -> Activation:
        """Parse user text.

        Parameters
        ----------
        text : str
            SymPy-style expression in ``x`` or a family call such as ``power(1/2)``.

        Raises
        ------
        InputError
            If the text is rejected or is not a real function of ``x`` that can be split into smooth pieces.
        """
        from theory.text.parsing import parse

        parsed = parse(text)
        return cls._checked(parsed.expression, tuple(parsed.parameters), parsed.text)

    @classmethod
    def from_expression(cls, expression: Expr) -> Activation:
        """Take a SymPy expression in ``theory.symbols.x`` and real symbols.

        Raises
        ------
        InputError
            If a free symbol is not known to be real, or clashes with ``x``, or the expression cannot be split.
        """
        try:
            whole = sympy.sympify(expression, strict=True)  # strict: text is never evaluated
        except sympy.SympifyError as error:
            raise InputError(
                f"{str(expression)[:60]!r} is no SymPy expression; text is read by Activation.from_text"
            ) from error
        if not isinstance(whole, Expr):
            raise InputError(f"'{expression}' is not an expression")
        problems = []
        for symbol in sorted(whole.free_symbols - {x}, key=lambda s: s.name):
            if symbol.name == x.name:
                problems.append("the variable must be theory.symbols.x, the real x; this expression has another x")
            elif symbol.is_extended_real is not True:
                problems.append(f"the parameter '{symbol}' is not declared real")
        if problems:
            raise InputError(problems)
        return cls._checked(whole, tuple(sorted(whole.free_symbols - {x}, key=lambda s: s.name)), str(whole))

    @classmethod
    def _checked(cls, expression: Expr, parameters: tuple[Symbol, ...], text: str) -> Activation:
        if expression.is_real is False or expression.has(sympy.I, S.NaN, S.ComplexInfinity, S.Infinity):
            raise InputError(f"'{text}' is not a real function of x")
        activation = cls(expression, parameters, text)
        # splitting reports what cannot be handled: do it now, where the user's text is at hand
        _ = activation.pieces
        return activation

    @cached_property
    def pieces(self) -> Pieces:
        """phi as smooth expressions between breakpoints."""
        return split(self.expression)

    @cached_property
    def _derivatives(self) -> dict[int, Pieces]:
        return {0: self.pieces}

    def derivative(self, n: int = 1) -> Pieces:
        """Classical n-th derivative, piece by piece; jumps of lower derivatives do not become delta functions."""
        known = self._derivatives
        for order in range(len(known), n + 1):
            known[order] = known[order - 1].diff()
        return known[n]

    @cached_property
    def parity(self) -> str:
        """'odd', 'even' or 'none' (see `theory.activation.parity`)."""
        return parity(self.pieces)

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """Points where phi or one of its low derivatives jumps or is infinite."""
        return kinks(self.pieces)

    @property
    def is_smooth(self) -> bool:
        """Whether there is no kink, jump or real pole."""
        return not self.kinks

    @property
    def is_continuous(self) -> bool:
        """No jump."""
        return all(kink.order != 0 for kink in self.kinks)

    @cached_property
    def is_rational(self) -> bool:
        """Whether phi is one rational function of x (polynomials included)."""
        return len(set(self.pieces.expressions)) == 1 and self.pieces.expressions[0].is_rational_function(x)

    @cached_property
    def poles(self) -> tuple[Expr, ...]:
        """Distinct complex poles of a rational phi with numeric coefficients, 30 digits; empty otherwise."""
        return complex_poles(self.pieces.expressions[0]) if self.is_rational and not self.parameters else ()

    @cached_property
    def growth(self) -> tuple[Growth, Growth]:
        """Growth as x -> +oo and as x -> -oo."""
        return growth(self.pieces.expressions[-1], 1), growth(self.pieces.expressions[0], -1)

    @cached_property
    def value_at_zero(self) -> Expr:
        """phi(0); at a jump the mean of both sides, nan where a side is infinite."""
        left, right = self._sides_of_zero(0)
        return left if left == right else (left + right) / 2

    @cached_property
    def slopes_at_zero(self) -> tuple[Expr, Expr]:
        """One-sided limits of phi'(x) at 0 from the left and from the right."""
        return self._sides_of_zero(1)

    @cached_property
    def slope_at_zero(self) -> Expr:
        """phi'(0); oo or -oo where it is infinite or phi jumps, nan at a kink (see `slopes_at_zero`)."""
        value_left, value_right = self._sides_of_zero(0)
        if value_left != value_right and (value_right - value_left).is_zero is not True:
            return S.Infinity if (value_right - value_left).is_positive is not False else S.NegativeInfinity
        left, right = self.slopes_at_zero
        return left if left == right or (left - right).is_zero else S.NaN

    def _sides_of_zero(self, order: int) -> tuple[Expr, Expr]:
        derivative = self.derivative(order)
        for index, point in enumerate(derivative.breakpoints):
            if point.is_zero:
                return _limit_by_cases(derivative, index, -1), _limit_by_cases(derivative, index, 1)
        value = derivative.at(S.Zero).subs(x, 0)
        return value, value

    @cached_property
    def slope_at_infinity(self) -> Expr:
        """Largest size of the limits of phi(x)/x on the two sides."""
        sizes = [abs(side.slope) for side in self.growth]
        return sizes[0] if sizes[0] == sizes[1] else sympy.Max(*sizes)

    @cached_property
    def mean_square_slope(self) -> Expr:
        """sqrt((s+^2 + s-^2)/2) of the slopes at +-oo; its square is the limit of <phi^2>/Delta for Delta -> oo."""
        sizes = [abs(side.slope) for side in self.growth]
        return sizes[0] if sizes[0] == sizes[1] else sympy.sqrt((sizes[0] ** 2 + sizes[1] ** 2) / 2)

    @cached_property
    def threshold(self) -> Expr | None:
        """The only breakpoint and common zero of the arguments of all functions of phi, None without such a point."""
        return threshold(self.pieces)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """Centres and scales that a quadrature rule must resolve."""
        return features(self.pieces)

    def square_integrable_derivative(self, n: int) -> Condition:
        """When <(phi^(n))^2> is finite: True, False, a bound on Delta, or a condition on the parameters.

        False also when phi^(n-1) jumps, because phi^(n) then holds a delta function.
        """
        return square_integrable([self.derivative(order) for order in range(n + 1)], self.growth, symbols.Delta)

    def moment_condition(self, k: int | Expr) -> Condition:
        """When <|phi|^k> is finite: True, False, a bound ``Delta < ...``, or a condition on the parameters."""
        return absolute_moment_condition(self.pieces, self.growth, sympy.sympify(k, strict=True), symbols.Delta)

    @cached_property
    def canonical(self) -> str:
        """Text that is the same for equal functions in every run, whatever the hash seed; basis of cache keys."""
        return canonical_text(self.expression)

    def latex(self) -> str:
        """phi(x) in LaTeX."""
        return sympy.latex(self.expression)

    def describe(self) -> list[tuple[str, str]]:
        """(name, value) pairs for reports."""
        right, left = self.growth
        rows = [
            ("activation", str(self.expression)),
            ("parameters", ", ".join(_assumed(p) for p in self.parameters) or "none"),
            ("parity", self.parity),
            ("kinks", "; ".join(kink.text() for kink in self.kinks) or "none"),
            ("value at 0", str(self.value_at_zero)),
            ("slope at 0", _slope_text(self.slope_at_zero, self.slopes_at_zero)),
            ("growth", f"{right.kind} at +oo, {left.kind} at -oo"),
            ("slope at infinity", str(self.slope_at_infinity)),
            ("<phi^2> finite", _condition_text(self.moment_condition(2))),
            ("<phi'^2> finite", _condition_text(self.square_integrable_derivative(1))),
        ]
        if self.is_rational and self.poles:
            rows.append(("poles", ", ".join(str(sympy.N(pole, 6)) for pole in self.poles)))
        return rows


NO_ACTIVATION = Activation(S.Zero)
"""In place of the activation of a model that has none."""


def activation_for(model: Model[Any], given: Activation | str | None) -> Activation:
    """The activation that a model is asked about; its parameters whose names the model uses get others, p becomes phi_p.

    Raises
    ------
    InputError
        For text that cannot be read, and where the model needs an activation and none is given, or the other way round.
    """
    from theory.text.names import free_names, with_names
    from theory.text.outline import wellformed  # whoever needs no text loads no grammar

    model.check_activation(given is not None and given is not NO_ACTIVATION)
    if given is None:
        return NO_ACTIVATION
    if isinstance(given, str):
        outline = wellformed(given)
        return Activation.from_text(with_names(outline.text, free_names(outline.ranges, model.names)))
    given = Activation.of(given)
    taken = {p: Symbol(f"phi_{p.name}", **p.assumptions0) for p in given.parameters if p.name in model.names}
    if not taken:
        return given
    text = with_names(given.text, {p.name: other.name for p, other in taken.items()})
    parameters = tuple(sorted((taken.get(p, p) for p in given.parameters), key=lambda p: p.name))
    return Activation(given.expression.xreplace(taken), parameters, text)


def _limit_by_cases(pieces: Pieces, index: int, side: int) -> Expr:
    """One-sided limit; a power of open sign gives a Piecewise in its exponent."""
    try:
        return pieces.limit(index, side)
    except InputError:
        from theory.activation.endpoints import leading_term

        piece = pieces.expressions[index + (side > 0)]
        coefficient, exponent = leading_term(piece, pieces.breakpoints[index], side)
        blow_up = S.NegativeInfinity if coefficient.is_negative else S.Infinity
        return sympy.Piecewise((blow_up, exponent < 0), (coefficient, sympy.Eq(exponent, 0)), (S.Zero, True))


def _slope_text(slope: Expr, sides: tuple[Expr, Expr]) -> str:
    return f"{sides[0]} from the left, {sides[1]} from the right" if slope is S.NaN else str(slope)


def _condition_text(condition: Condition) -> str:
    if isinstance(condition, bool):
        return "yes" if condition else "no"
    return f"for {condition}"


def _assumed(parameter: Symbol) -> str:
    """A parameter with the strongest declared sign."""
    for known, sign in (("is_positive", "> 0"), ("is_nonnegative", ">= 0"), ("is_negative", "< 0")):
        if getattr(parameter, known):
            return f"{parameter} {sign}"
    return str(parameter)
