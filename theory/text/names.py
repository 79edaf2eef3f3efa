"""The names a formula may contain, the names it may not, and what to say about a name that is unknown."""

from __future__ import annotations

import difflib

import sympy
from sympy import Expr

from theory.activations.families import ALIASES, FAMILIES, Family

CONSTANTS: dict[str, Expr] = {"pi": sympy.pi, "E": sympy.E}

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


RESERVED = frozenset(
    {"x", "g", "sigma", "Delta", "mu", "rho", "phi", "N", "eta", "noise", "seed", "tau_n", "where", "True", *CONSTANTS}
    | {*NOT_REAL, *FAMILIES, *ALIASES}
)
"""Names that cannot be parameters: quantities of the theory, constants and functions."""


def bare_family(name: str) -> Expr | None:
    """The activation that a name alone stands for (`tanh`, `relu`), or None."""
    found = family(name)
    if found is None or not found.bare or found.name in ("log", "sqrt"):
        return None
    return found.construct()


def family(name: str) -> Family | None:
    """The table entry of a name or of an alias, or None."""
    return FAMILIES.get(ALIASES.get(name, name))


def unknown_name(name: str) -> str:
    """What is wrong with a name that stands for a number and is neither x nor a declared parameter."""
    if name in NOT_REAL:
        return f"is not allowed: {NOT_REAL[name]}"
    found = family(name)
    if found is not None:
        return f"is a function; write {found.signature}"
    if name in RESERVED:
        return "is reserved by the theory and cannot be used in an activation"
    if name == "e":
        return "is unknown; write exp(x), or E for the number"
    close = difflib.get_close_matches(name, ["x", *FAMILIES], 1, 0.75)
    guess = f"did you mean {close[0]}? else " if close else ""
    return f"is unknown; {guess}declare a parameter: ... where {name[:16]}>0"


def unknown_function(name: str, is_number: bool) -> str:
    """What is wrong with a name that is called and is no function."""
    if is_number or name == "x" or name in CONSTANTS:
        return f"is not a function; write {name[:16]}*(...) for a product"
    if name in NOT_REAL:
        return f"is not allowed: {NOT_REAL[name]}"
    close = difflib.get_close_matches(name, [*FAMILIES, *ALIASES], 1, 0.75)
    guess = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(FAMILIES)}"
    return f"is an unknown function; {guess}"
