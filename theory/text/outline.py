"""What can be said about a text before anything is computed: is it well formed, which names are in it, what it declares.

SymPy is not needed, so that the command line refuses malformed text at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from theory.errors import InputError
from theory.interval import Interval
from theory.text.lexer import FORMULA, Language, Token, at, report, shown, tokenize
from theory.text.names import CONSTANTS, bare, called, reserved, unknown_function, unknown_name
from theory.text.syntax import Node, read, walk
from theory.text.written import spelled_out

RELATIONS = {
    ">": Interval.POSITIVE,
    ">=": Interval.NONNEGATIVE,
    "<": Interval.NEGATIVE,
    "<=": Interval.NONPOSITIVE,
    "": Interval.REAL,
}
"""Ranges that `name > 0`, `name >= 0`, `name < 0`, `name <= 0` and a bare `name` declare."""

MAX_PARAMETERS = 8
"""Most parameters of one activation."""

_DECLARATIONS = "allowed are name>0, name>=0, name<0, name<=0 and name, separated by commas"


@dataclass(frozen=True)
class Vocabulary:
    """The names of one kind of text.

    Attributes
    ----------
    names : collection of str
        That stand for a quantity.
    calls : collection of str
        That may be called, with one argument.
    allowed : str
        What the text takes, for refusals.
    language : Language
    """

    names: Collection[str]
    calls: Collection[str] = ()
    allowed: str = ""
    language: Language = FORMULA

    def problem(self, node: Node) -> str | None:
        """What is wrong with a node, its parts apart."""
        if node.kind in ("comparison", "list") or (node.kind == "average" and len(node.parts) != 1):
            return f"is not one formula: {self.allowed}"
        known = {"name": node.text in self.names, "call": node.text in self.calls and len(node.parts) == 1}
        return None if known.get(node.kind, True) else f"is not allowed: {self.allowed}"


FILTER = Vocabulary(
    {"s"},
    {"exp"},
    "a filter takes s, numbers, + - * / ^ with whole powers up to 8, and exp(-d*s) for a delay d >= 0",
)
"""Of the transfer function of one unit."""


@dataclass(frozen=True)
class Outline:
    """A text that is well formed.

    Attributes
    ----------
    text : str
        Without surrounding blanks.
    sides : tuple of Node
        The tree of the formula, or those of the two sides of an equation.
    ranges : dict of str to Interval
        Declared parameters and their ranges.
    """

    text: str
    sides: tuple[Node, ...]
    ranges: dict[str, Interval] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Names that stand for a quantity in the formula."""
        return {node.text for side in self.sides for node in walk(side) if node.kind == "name"}

    def quoted(self, node: Node) -> str:
        """A part of the text and where it stands, for a sentence about it."""
        return f"{shown(self.text[node.start : node.end])} {at(node.start)}"

    def named(self, node: Node) -> str:
        """The same, of a call its name alone."""
        return f"{shown(node.text)} {at(node.start)}" if node.kind == "call" else self.quoted(node)


def outline(text: str, vocabulary: Vocabulary) -> Outline:
    """Read a text of a given vocabulary.

    Raises
    ------
    InputError
        One sentence per problem.
    """
    text = text.strip(" \t\r\n")
    found = Outline(text, read(tokenize(text, vocabulary.language), len(text), vocabulary.language))
    problems = [
        f"{found.named(node)} {complaint}"
        for side in found.sides
        for node in walk(side)
        if (complaint := vocabulary.problem(node))
    ]
    if problems:
        raise report(problems)
    return found


def wellformed(text: str) -> Outline:
    """Read the text of an activation as far as that goes without computing.

    Parameters
    ----------
    text : str
        Such as ``x/(1+a*x^2) where a>0``.

    Raises
    ------
    InputError
        One sentence per problem: characters, brackets, sizes, names, numbers of arguments, declarations.
    """
    if not isinstance(text, str):
        raise InputError(f"an activation is a text such as tanh(x), not {type(text).__name__}")
    text = text.strip(" \t\r\n")
    tokens = tokenize(text)
    calls = {k - 1 for k, token in enumerate(tokens) if token.kind == "open"}
    marks = [k for k, token in enumerate(tokens) if token.text == "where" and k not in calls]
    problems: list[str] = []
    ranges = _declarations(tokens[marks[0] :], problems) if marks else {}
    end = tokens[marks[0]].start if marks else len(text)
    (tree,) = read(tokens[: marks[0]] if marks else tokens, end, FORMULA)
    tree = spelled_out(tree, text)
    found = Outline(text, (tree,), ranges)
    if not (tree.kind == "name" and bare(tree.text)):
        problems += _problems(tree, found)
    if problems:
        raise report(problems)
    return found


_MISPLACED = {
    "comparison": "is a comparison; it stands in Piecewise((a, x < 0), (b, True)) only",
    "list": "is a list; one formula is expected",
}
_TRUE = "is a condition, not a number; it stands in Piecewise((a, x < 0), (b, True)) only"


def _problems(node: Node, found: Outline) -> list[str]:
    """What is wrong with the names and calls of a formula of an activation."""
    if node.kind == "call":
        return _problems_of_call(node, found)
    complaint = _MISPLACED.get(node.kind)
    if node.kind == "name" and node.text not in ("x", *CONSTANTS, *found.ranges):
        complaint = _TRUE if node.text == "True" else unknown_name(node.text)
    if complaint:
        return [f"{found.quoted(node)} {complaint}"]
    return [problem for part in node.parts for problem in _problems(part, found)]


def _problems_of_call(node: Node, found: Outline) -> list[str]:
    function, parts = called(node.text), list(node.parts)
    if function is None:
        return [f"{found.named(node)} {unknown_function(node.text, node.text in found.ranges)}"]
    complaint = function.misuse(len(parts))
    if complaint:
        return [f"{found.quoted(node)} {complaint}"]
    if function.name == "pade" and parts[0].kind == "name" and bare(parts[0].text):
        parts = parts[1:]
    if function.name == "Piecewise":
        wrong = [part for part in parts if part.kind != "list" or len(part.parts) != 2]
        if wrong:
            return [f"{found.quoted(w)} is not a branch; write Piecewise((a, x < 0), (b, True))" for w in wrong]
        parts = [part for branch in parts for part in (branch.parts[0], *_compared(branch.parts[1]))]
    return [problem for part in parts for problem in _problems(part, found)]


def _compared(condition: Node) -> tuple[Node, ...]:
    if condition.kind == "name" and condition.text == "True":
        return ()
    return condition.parts if condition.kind == "comparison" else (condition,)


def _declarations(tokens: Sequence[Token], problems: list[str]) -> dict[str, Interval]:
    """Ranges of the parameters of a `where` clause; problems found are appended."""
    ranges: dict[str, Interval] = {}
    items: list[tuple[int, list[Token]]] = [(tokens[0].end, [])]
    for token in tokens[1:]:
        if token.kind == "comma":
            items.append((token.end, []))
        else:
            items[-1][1].append(token)
    for start, item in items:
        problem = _declaration_problem(item, ranges, start)
        if problem:
            problems.append(problem)
        relation = item[1].text if len(item) > 1 and not problem else ""
        # a name in a faulty declaration counts as declared, so that the formula is not blamed as well
        for token in item:
            if token.kind == "name":
                ranges.setdefault(token.text, RELATIONS[relation])
    if len(ranges) > MAX_PARAMETERS:
        raise InputError(f"{len(ranges)} parameters are declared; at most {MAX_PARAMETERS} are allowed")
    return ranges


def _declaration_problem(item: Sequence[Token], known: Collection[str], start: int) -> str | None:
    if not item:
        return f"a declaration is missing {at(start)}; {_DECLARATIONS}"
    name, *relation = item
    piece = " ".join(token.text for token in item)
    if name.kind != "name":
        return f"{shown(piece)} {at(name.start)} declares no name; {_DECLARATIONS}"
    if reserved(name.text):
        return f"{shown(name.text)} {at(name.start)} is reserved and cannot be a parameter; choose another name"
    if name.text in known:
        return f"the parameter {shown(name.text)} is declared twice, again {at(name.start)}"
    if not relation:
        return None
    zero = len(relation) == 2 and relation[1].kind == "number" and not relation[1].text.strip("0.")
    if not zero or relation[0].text not in RELATIONS:
        return f"{shown(piece)} {at(name.start)} is not a declaration; {_DECLARATIONS}; values are given apart, as name=value"
    return None
