"""The characters and tokens of an activation text: the first gate of the parser.

Everything that Python's own grammar would allow and an activation does not need (attributes, strings, subscripts,
keywords, comments, line breaks, look-alike letters) ends here, so that `theory.text.grammar` meets only arithmetic and
calls.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from theory.errors import InputError

MAX_LENGTH = 2000
"""Longest accepted text, in characters."""

MAX_NESTING = 60
"""Deepest accepted nesting of parentheses, and longest accepted run of signs."""

MAX_DIGITS = 30
"""Most digits in one number."""

MAX_DECIMAL_EXPONENT = 300
"""Largest |e| of a number written as 1e<e>: what a double can hold."""

MAX_NAME = 32
"""Longest name, in characters."""

MAX_MESSAGE = 380
"""Longest message of one rejection, in characters; further problems are counted instead of listed."""

_TOKEN = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[A-Za-z][A-Za-z0-9_]*)
      | (?P<compare><=|>=|==|!=|<|>)
      | (?P<operator>\*\*|//|[-+*/^])
      | (?P<open>\()
      | (?P<close>\))
      | (?P<comma>,)""",
    re.VERBOSE,
)

_HINTS = {
    ".": "attribute access does not exist here",
    "=": "a formula is not an equation; values are given apart, as name=value",
    "[": "use ( )",
    "]": "use ( )",
    "{": "use ( )",
    "}": "use ( )",
    "%": "there is no modulo",
    "@": "there are no matrices",
    "!": "there is no factorial",
    "|": "write abs(x) for the absolute value",
    "'": "text is not a formula",
    '"': "text is not a formula",
    "\\": "LaTeX is not read; write for example sqrt(1+x^2)",
    "_": "names start with a letter, and digits are not grouped",
    "\n": "the formula is one line",
    "\r": "the formula is one line",
    "−": "write -",
    "–": "write -",
    "·": "write *",
    "×": "write *",
    "÷": "write /",
    "²": "write ^2",
    "³": "write ^3",
    "√": "write sqrt(...)",
    "π": "write pi",
    "≥": "write >=",
    "≤": "write <=",
}


@dataclass(frozen=True)
class Token:
    """One piece of the text: its kind, its characters and the index of the first of them."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Index just after the last character."""
        return self.start + len(self.text)


def shown(piece: str) -> str:
    """A quoted, one-line, ASCII-safe and short rendering of a piece of user text."""
    return ascii(piece if len(piece) <= 24 else piece[:21] + "...")


def at(index: int) -> str:
    """Where a problem lies, counted from 1 as a reader counts."""
    return f"at character {index + 1}"


def report(problems: Sequence[str]) -> InputError:
    """One error for the problems of a text, in their order, as many as fit into ``MAX_MESSAGE`` characters."""
    room = MAX_MESSAGE - 30
    unique = list(dict.fromkeys(problems))
    short: dict[int, str] = {}
    for k in sorted(range(len(unique)), key=lambda k: len(unique[k])):  # the more problems fit, the better
        if room < min(60, len(unique[k])):
            break
        short[k] = unique[k] if len(unique[k]) <= room else unique[k][: room - 3] + "..."
        room -= len(short[k]) + 2
    kept = [short[k] for k in sorted(short)]
    left = len(unique) - len(kept)
    if left:
        kept.append(f"and {left} more problem{'s' if left > 1 else ''}")
    return InputError(kept)


def tokenize(text: str) -> list[Token]:
    """Split a text into tokens.

    Parameters
    ----------
    text : str
        At most ``MAX_LENGTH`` characters.

    Returns
    -------
    list of Token

    Raises
    ------
    InputError
        Every character, number or name that cannot occur in a formula, with its position.
    """
    if len(text) > MAX_LENGTH:
        raise InputError(f"the text has {len(text)} characters; at most {MAX_LENGTH} are allowed")
    tokens: list[Token] = []
    problems: list[str] = []
    index = 0
    while index < len(text):
        match = _TOKEN.match(text, index)
        if match is None:
            problems.append(_bad_character(text[index], index))
            index = next((k for k in range(index, len(text)) if text[k] != text[index]), len(text))
            continue
        token = Token(str(match.lastgroup), match.group(), index)
        problems += _token_problems(token, tokens)
        if token.kind != "space":
            tokens.append(token)
        index = match.end()
    if problems:
        raise report(problems)
    return tokens


def _bad_character(character: str, index: int) -> str:
    hint = _HINTS.get(character)
    plain = unicodedata.normalize("NFKC", character)
    if hint is None and plain != character and _TOKEN.fullmatch(plain):
        hint = f"write {plain!r}"
    if hint is None and not character.isascii():
        hint = "letters and digits are plain ASCII"
    return f"{character!a} {at(index)} is not allowed" + (f" ({hint})" if hint else "")


def _token_problems(token: Token, before: Sequence[Token]) -> list[str]:
    if token.kind == "number":
        return _number_problems(token)
    if token.kind == "name":
        return _name_problems(token, before)
    if token.text == "//":
        return [f"'//' {at(token.start)} is not allowed; write / for division"]
    return []


def _number_problems(token: Token) -> list[str]:
    mantissa, _, exponent = token.text.lower().partition("e")
    digits = mantissa.replace(".", "").lstrip("0")
    if len(digits) > MAX_DIGITS:
        return [f"the number {at(token.start)} has {len(digits)} digits; at most {MAX_DIGITS} are allowed"]
    if exponent and (len(exponent) > 6 or abs(int(exponent)) > MAX_DECIMAL_EXPONENT):
        return [
            f"the number {shown(token.text)} {at(token.start)} is out of range; "
            f"its exponent may be at most {MAX_DECIMAL_EXPONENT} in size"
        ]
    return []


def _name_problems(token: Token, before: Sequence[Token]) -> list[str]:
    touching = bool(before) and before[-1].end == token.start and before[-1].kind == "number"
    if touching:
        number = before[-1].text
        if token.text in ("j", "J"):
            return [f"{shown(number + token.text)} {at(before[-1].start)} is complex; activations are real"]
        return [
            f"{shown(number + token.text)} {at(before[-1].start)} needs an operator between number and name: "
            f"write {shown(number + '*' + token.text)}"
        ]
    if len(token.text) > MAX_NAME:
        return [f"the name {shown(token.text)} {at(token.start)} is longer than {MAX_NAME} characters"]
    if keyword.iskeyword(token.text) and token.text != "True":
        return [f"the Python word {shown(token.text)} {at(token.start)} is not allowed in a formula"]
    return []


def check_order(tokens: Sequence[Token], end: int) -> None:
    """Check that operands and operators alternate and that parentheses balance.

    Parameters
    ----------
    tokens : sequence of Token
        The formula, without its ``where`` clause.
    end : int
        Index of the end of the formula in the text.

    Raises
    ------
    InputError
        At the first token that cannot stand where it stands: what comes later only follows from it.
    """
    opened: list[Token] = []
    signs = 0
    previous: Token | None = None
    for token in tokens:
        operand_due = previous is None or previous.kind in ("operator", "compare", "open", "comma")
        signs = signs + 1 if operand_due and token.kind == "operator" else 0
        if signs > MAX_NESTING:
            raise InputError(f"more than {MAX_NESTING} signs in a row {at(token.start)}")
        problem = _misplaced(token, previous, operand_due)
        if problem:
            raise InputError(problem)
        if token.kind == "open":
            opened.append(token)
            if len(opened) > MAX_NESTING:
                raise InputError(f"parentheses are nested deeper than {MAX_NESTING} {at(token.start)}")
        elif token.kind == "close":
            if not opened:
                raise InputError(f"')' {at(token.start)} closes nothing")
            opened.pop()
        previous = token
    if previous is None:
        raise InputError("the formula is empty; write a function of x, for example tanh(x) or x/(1+x^2)")
    if opened:
        raise InputError(f"'(' {at(opened[-1].start)} is never closed")
    if previous.kind not in ("number", "name", "close"):
        raise InputError(f"the formula ends {at(end)} where a number, a name or '(' should follow {previous.text!r}")


def _misplaced(token: Token, previous: Token | None, operand_due: bool) -> str | None:
    """Why a token cannot follow the previous one, or None."""
    here = f"{shown(token.text)} {at(token.start)}"
    if operand_due:
        sign = token.text in ("+", "-")
        if (
            token.kind in ("number", "name", "open")
            or sign
            or (token.kind == "close" and previous and previous.kind == "open")
        ):
            return None
        return f"{here} stands where a number, a name or '(' is expected"
    if token.kind in ("number", "name") or (token.kind == "open" and previous and previous.kind != "name"):
        return f"an operator is missing before {here}: write * for a product"
    return None
