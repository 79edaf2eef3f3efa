"""The grammar of every text: tokens to a bounded tree of sums, products, powers, calls and averages.

Nothing is computed and SymPy is not needed. The first token that cannot stand where it stands is refused: what comes later
only follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from theory.errors import InputError
from theory.text.lexer import Language, Token, at, shown

MAX_NESTING = 60
"""Deepest nesting of parentheses, calls, exponents and signs."""

MAX_NODES = 600
"""Most operations and operands of a formula."""


@dataclass(frozen=True)
class Node:
    """A part of a formula.

    Attributes
    ----------
    kind : str
        'number', 'name', 'sum', 'product', 'power', 'call', 'comparison', 'list' (items between commas) or 'average' (<...>).
    start, end : int
        Indices of its first character and after its last.
    parts : tuple of Node
        Operands or arguments.
    text : str
        Of a number, of a name with its primes, of the name that is called.
    signs : tuple of str
        Before each term of a sum and each factor of a product, and between the sides of a comparison.
    order : int
        Primes after an average.
    """

    kind: str
    start: int
    end: int
    parts: tuple[Node, ...] = ()
    text: str = ""
    signs: tuple[str, ...] = ()
    order: int = 0


COMPARISON, SUM, PRODUCT, POWER = 1, 2, 3, 4
_OPERATORS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER, "**": POWER}


def read(tokens: Sequence[Token], end: int, language: Language) -> tuple[Node, ...]:
    """The tree of a formula, or those of the two sides of an equation.

    Parameters
    ----------
    tokens : sequence of Token
        Of the formula.
    end : int
        Index of its end in the text.
    language : Language

    Raises
    ------
    InputError
        At the first token that is out of place, and for a formula that is too large.
    """
    if not tokens:
        raise InputError("the formula is empty; write a function of x, for example tanh(x) or x/(1+x^2)")
    reader = _Reader(tokens, end, language)
    sides = [reader.listing()]
    if reader.take("equals"):
        sides.append(reader.listing())
    if reader.next is not None:
        raise InputError(reader.stray())
    return tuple(sides)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text."""
    yield node
    for part in node.parts:
        yield from walk(part)


class _Reader:
    def __init__(self, tokens: Sequence[Token], end: int, language: Language) -> None:
        self.tokens, self.end, self.language = tokens, end, language
        self.index = self.nodes = self.depth = 0
        self.opened: list[Token] = []

    @property
    def next(self) -> Token | None:
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    def take(self, kind: str) -> Token | None:
        token = self.next
        if token is None or token.kind != kind:
            return None
        self.index += 1
        return token

    def made(self, kind: str, start: int, parts: Sequence[Node] = (), **more: Any) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise InputError(f"the formula has more than {MAX_NODES} operations and operands")
        return Node(kind, start, self.tokens[self.index - 1].end, tuple(parts), **more)

    def deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise InputError(f"the formula is nested deeper than {MAX_NESTING} {at(token.start)}")

    def listing(self) -> Node:
        """One expression, or several separated by commas."""
        items = [self.expression(COMPARISON)]
        while self.take("comma"):
            items.append(self.expression(COMPARISON))
        return items[0] if len(items) == 1 else self.made("list", items[0].start, items)

    def expression(self, level: int) -> Node:
        """An operand and all operators after it that bind as tightly as a level, or more."""
        start = self.next.start if self.next else self.end
        node = self.operand()
        while (binding := self.binding()) >= level:
            node = self.chain(node, binding, start)
        return node

    def binding(self) -> int:
        """How tightly the next token binds the operand before it; 0 where the operand ends."""
        token = self.next
        if token is None or token.kind in ("close", "comma", "ket", "equals"):
            return 0
        if token.kind == "operator":
            return _OPERATORS[token.text]
        if token.kind == "compare":
            return COMPARISON
        if self.language.averages:
            return PRODUCT
        raise InputError(f"an operator is missing before {shown(token.text)} {at(token.start)}: write * for a product")

    def chain(self, first: Node, binding: int, start: int) -> Node:
        operands, signs = [first], [""]
        while self.binding() == binding:
            sign = self.take("operator") or self.take("compare")
            if binding == POWER and sign:
                self.deeper(sign)
                exponent = self.expression(POWER)
                self.depth -= 1
                return self.made("power", start, (first, exponent))
            operands.append(self.expression(binding + 1))
            signs.append(sign.text if sign else "*")
        kind = {COMPARISON: "comparison", SUM: "sum", PRODUCT: "product"}[binding]
        return self.made(kind, start, operands, signs=tuple(signs if binding != COMPARISON else signs[1:]))

    def operand(self) -> Node:
        token = self.next
        if token is None:
            if self.opened:
                raise InputError(f"{self.opened[-1].text!r} {at(self.opened[-1].start)} is never closed")
            last = self.tokens[-1].text
            raise InputError(f"the formula ends {at(self.end)} where a number, a name or '(' should follow {last!r}")
        self.index += 1
        if token.kind == "number":
            return self.made("number", token.start, text=token.text)
        if token.kind == "name":
            called = not self.language.averages or token.text in self.language.calls
            opening = self.take("open") if called else None
            if opening is None:
                return self.made("name", token.start, text=token.text)
            return self.made("call", token.start, self.group(opening), text=token.text)
        if token.text in ("+", "-"):
            self.deeper(token)
            signed = self.expression(POWER)
            self.depth -= 1
            return self.made("sum", token.start, (signed,), signs=(token.text,))
        if token.kind == "open":
            items = self.group(token)
            return items[0] if len(items) == 1 else self.made("list", token.start, items)
        if token.kind == "bra":
            items = self.group(token, "ket")
            closing = self.tokens[self.index - 1].text
            return self.made("average", token.start, items, order=len(closing) - 1)
        raise InputError(self.stray(token))

    def group(self, opening: Token, closing: str = "close") -> tuple[Node, ...]:
        """What stands between brackets, and the closing one."""
        self.opened.append(opening)
        self.deeper(opening)
        items: list[Node] = []
        if not self.take(closing):
            items.append(self.expression(COMPARISON))
            while self.take("comma"):
                items.append(self.expression(COMPARISON))
            if not self.take(closing):
                if self.next is None:
                    raise InputError(f"{opening.text!r} {at(opening.start)} is never closed")
                raise InputError(self.stray())
        self.depth -= 1
        self.opened.pop()
        return tuple(items)

    def stray(self, expected: Token | None = None) -> str:
        """Why a token cannot stand where it stands; `expected`: in place of an operand."""
        token = expected or self.next
        assert token is not None
        if expected is None and token.kind == "close" and not self.opened:
            return f"')' {at(token.start)} closes nothing"
        if expected is None:
            return f"{shown(token.text)} {at(token.start)} cannot stand there"
        return f"{shown(token.text)} {at(token.start)} stands where a number, a name or '(' is expected"
