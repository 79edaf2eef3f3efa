"""The one shape of everything that is known in closed form: formulas with the steps that lead to them, or why there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sympy import Expr, sstr
from sympy.logic.boolalg import Boolean, true

from theory.derivation import Check, Step


@dataclass(frozen=True, eq=False)
class Formula:
    """``left relation right``.

    Attributes
    ----------
    section : str
        Where it holds, in words.
    left : str
        Key of a result, or the name of a symbol.
    relation : str
        '=', '<', '~' (leading behaviour) or '->' (limit).
    right : Expr
    condition : str
        What else must hold.
    step : Step or None
        The step that ends in it.
    """

    section: str
    left: str
    relation: str
    right: Expr
    condition: str = ""
    step: Step | None = None

    @property
    def text(self) -> str:
        """On one line, without its condition."""
        return f"{self.left} {self.relation} {sstr(self.right)}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Limit:
    """What is known in closed form in one limit, or for one class of activations.

    Attributes
    ----------
    title : str
    formulas : tuple of Formula
        In reading order.
    reason : str
        Why there are none.
    remarks : tuple of str
        What no formula says.
    lemmas : callable
        Steps that come before those of the formulas.
    group : str
        Key under which it appears in the data of a derivation.
    facts : mapping of str to object
        Further entries of the data: words, truths, expressions and mappings of them.
    """

    title: str
    formulas: tuple[Formula, ...] = ()
    reason: str = ""
    remarks: tuple[str, ...] = ()
    lemmas: Callable[[], Iterable[Step]] = tuple
    group: str = "limits"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def laws(self) -> Mapping[str, Expr]:
        """Right-hand sides by their left; the first one where a left occurs in several sections."""
        return MappingProxyType({f.left: f.right for f in reversed(self.formulas)})

    def under(self, words: str) -> Mapping[str, Expr]:
        """The laws of the sections that contain these words."""
        return {f.left: f.right for f in self.formulas if words in f.section}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The whole argument; nothing where there are no formulas."""
        return (*self.lemmas(), *(f.step for f in self.formulas if f.step is not None))

    @property
    def sentence(self) -> str:
        """Everything on one line."""
        parts = [self.reason] if self.reason else [", ".join(f.text for f in self.formulas), *self.remarks]
        return f"{self.title}: {'; '.join(parts)}"


def words(condition: Boolean) -> str:
    """A condition as text; nothing where it always holds."""
    return "" if condition == true else sstr(condition)


def follows(
    section: str,
    left: str,
    relation: str,
    right: Expr,
    before: Any,
    rule: str,
    check: Check,
    condition: str = "",
    **more: Any,
) -> Formula:
    """A formula and the step from `before` to it: `more` of the step, such as what it shows where the formula abbreviates it."""
    own = {"title": f"{left}, {section.split(';')[0]}", "after": right, "assumption": condition} | more
    return Formula(section, left, relation, right, condition, Step(rule=rule, before=before, check=check, **own))
