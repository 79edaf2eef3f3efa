"""The names a formula may contain, the names it may not, and what to say about a name that is unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from theory.activation.families import ALIASES, FAMILIES, Family
from theory.elementary import ELEMENTARY, ElementaryFunction
from theory.text.lexer import tokenize
from theory.text.written import SPELLINGS, WRITTEN, written

CONSTANTS = ("pi", "E")

NOT_REAL = {
    "I": "I is the imaginary unit; activations are real",
    "oo": "infinity is not a number here",
    "inf": "infinity is not a number here",
    "nan": "nan is not a number",
    "zoo": "infinity is not a number here",
    "tan": "tan has poles on the real line",
    "cot": "cot has poles on the real line",
    "acos": "acos is complex outside -1 <= x <= 1",
    "asin": "asin is complex outside -1 <= x <= 1",
    "acosh": "acosh is complex for x < 1",
    "atanh": "atanh is complex outside -1 < x < 1",
}
"""Names refused with a reason of their own."""

THEORY = frozenset({"x", "g", "Delta", "mu", "rho", "phi", "N", "eta", "noise", "seed", "tau_n", "where", "True"})
"""Quantities and words of the theory."""


def called(name: str) -> ElementaryFunction | Family | None:
    """What a name, or another spelling of it, calls, or None."""
    name = ALIASES.get(name, name)
    record = ELEMENTARY.get(name)
    return record if record is not None and record.typed else FAMILIES.get(name)


def bare(name: str) -> ElementaryFunction | Family | None:
    """The activation that a name alone stands for (`tanh`, `relu`), or None."""
    found = called(name)
    if isinstance(found, Family):
        return found if found.takes_input and not found.required else None
    return None if found is None or found.positive_argument else found


def reserved(name: str) -> bool:
    """Whether a name cannot be a parameter."""
    return name in THEORY or name in CONSTANTS or name in NOT_REAL or bool(called(name) or written(name))


def callables() -> list[str]:
    """Every name that may be called, in the order in which they are shown to a user."""
    return [*(record.name for record in ELEMENTARY.values() if record.typed), *FAMILIES, *WRITTEN]


def unknown_name(name: str) -> str:
    """What is wrong with a name that stands for a number and is neither x nor a declared parameter."""
    if name in NOT_REAL:
        return f"is not allowed: {NOT_REAL[name]}"
    found, formula = called(name), written(name)
    if found is not None or formula is not None:
        return f"is a function; write {found.signature if found else formula.signature(name) if formula else ''}"
    if reserved(name):
        return "is reserved by the theory and cannot be used in an activation"
    if name == "e":
        return "is unknown; write exp(x), or E for the number"
    close = _closest(name, callables())
    guess = f"did you mean {close}? else " if close else ""
    return f"is unknown; {guess}declare a parameter: ... where {name[:16]}>0"


def unknown_function(name: str, is_number: bool) -> str:
    """What is wrong with a name that is called and is no function."""
    if is_number or name == "x" or name in CONSTANTS:
        return f"is not a function; write {name[:16]}*(...) for a product"
    if name in NOT_REAL:
        return f"is not allowed: {NOT_REAL[name]}"
    close = _closest(name, [*callables(), *ALIASES, *SPELLINGS])
    guess = f"did you mean {close}?" if close else f"allowed are {', '.join(callables())}"
    return f"is an unknown function; {guess}"


def _closest(name: str, known: list[str]) -> str:
    """The known name that has the same letters up to case and order, or all but one of five or more: never another function."""

    def letters(word: str) -> str:
        return "".join(sorted(word.lower().replace("_", "")))

    def one_lost(long: str, short: str) -> bool:
        return len(short) >= 5 and any(long[:k] + long[k + 1 :] == short for k in range(len(long)))

    same = (other for other in known if letters(other) == letters(name))
    typed = (other for other in known if one_lost(name, other) or (len(other) > 5 and one_lost(other, name)))
    return next(same, next(typed, ""))


def free_names(names: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Another name for each that is taken: ``p`` becomes ``phi_p``."""
    return {name: f"phi_{name}" for name in names if name in taken}


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text of an activation with parameters renamed."""
    for token in reversed(tokenize(text) if names else []):
        if token.text in names:
            text = text[: token.start] + names[token.text] + text[token.end :]
    return text
