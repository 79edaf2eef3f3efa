"""The characters and tokens of a text: the first gate of the parser.

What no formula needs (attributes, strings, subscripts, keywords, comments, line breaks, look-alike letters) ends here.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from theory.errors import InputError

MAX_LENGTH = 2000
"""Longest accepted text, in characters."""

MAX_DIGITS = 30
"""Most digits in one number."""

MAX_DECIMAL_EXPONENT = 300
"""Largest |e| of a number written as 1e<e>: what a double can hold."""

MAX_NAME = 32
"""Longest name, in characters."""

MAX_MESSAGE = 380
"""Longest message of one rejection, in characters; further problems are counted instead of listed."""


_LIBRARIES = (
    "np",
    "numpy",
    "jnp",
    "jax",
    "torch",
    "nn",
    "functional",
    "F",
    "tf",
    "sympy",
    "sp",
    "scipy",
    "special",
    "math",
)
"""Prefixes such as ``np.`` that are passed over before a name."""


@dataclass(frozen=True)
class Language:
    """What a kind of text holds besides numbers, names, calls, comparisons and ``+ - * / ^``.

    Attributes
    ----------
    primes : bool
        Names with primes, ``phi'``.
    averages : bool
        Averages ``<...>`` and their derivatives ``<...>'``, products without a sign, and one ``=``; no comparisons.
    calls : frozenset of str
        With averages: the names that are called by a parenthesis after them, which is a factor after any other.
    """

    primes: bool = False
    averages: bool = False
    calls: frozenset[str] = frozenset()

    @cached_property
    def token(self) -> re.Pattern[str]:
        """The tokens."""
        brackets = r"(?P<bra><)|(?P<ket>>'*)|(?P<equals>=)" if self.averages else r"(?P<compare><=|>=|==|!=|<|>)"
        prime = "'*" if self.primes else ""
        return re.compile(
            rf"(?P<space>[ \t]+|(?:{'|'.join(_LIBRARIES)})\.(?=[A-Za-z]))"
            r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
            rf"|(?P<name>[A-Za-z][A-Za-z0-9_]*{prime})|{brackets}"
            r"|(?P<operator>\*\*|//|[-+*/^])|(?P<open>\()|(?P<close>\))|(?P<comma>,)"
        )


FORMULA, OBSERVABLE = Language(), Language(primes=True)

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


def tokenize(text: str, language: Language = FORMULA) -> list[Token]:
    """Split a text into tokens.

    Parameters
    ----------
    text : str
        At most ``MAX_LENGTH`` characters.
    language : Language

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
        match = language.token.match(text, index)
        if match is None:
            problems.append(_bad_character(text[index], index))
            index = next((k for k in range(index, len(text)) if text[k] != text[index]), len(text))
            continue
        token = Token(str(match.lastgroup), match.group(), index)
        problems += _token_problems(token, tokens, language)
        if token.kind != "space":
            tokens.append(token)
        index = match.end()
    if problems:
        raise report(problems)
    return tokens


def _bad_character(character: str, index: int) -> str:
    hint = _HINTS.get(character)
    plain = unicodedata.normalize("NFKC", character)
    if hint is None and plain != character and FORMULA.token.fullmatch(plain):
        hint = f"write {plain!r}"
    if hint is None and not character.isascii():
        hint = "letters and digits are plain ASCII"
    return f"{character!a} {at(index)} is not allowed" + (f" ({hint})" if hint else "")


def _token_problems(token: Token, before: Sequence[Token], language: Language) -> list[str]:
    if token.kind == "number":
        return _number_problems(token)
    if token.kind == "name":
        return _name_problems(token, before, language)
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


def _name_problems(token: Token, before: Sequence[Token], language: Language) -> list[str]:
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
    if keyword.iskeyword(token.text) and token.text != "True" and not language.averages:
        return [f"the Python word {shown(token.text)} {at(token.start)} is not allowed in a formula"]
    return []
