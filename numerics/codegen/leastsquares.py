"""Readouts found by least squares as generated code: formulas of `theory.readout.least_squares`, averages as arguments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType

from sympy import Expr, Symbol, diff

from numerics.codegen.module import formula_module
from numerics.codegen.statements import function
from theory.averages.average import Average
from theory.models.feedback import FEEDBACK
from theory.readout import least_squares as theory
from theory.readout.open_loop import bulk_radius, variance
from theory.readout.vectors import overlaps_of
from theory.symbols import SI2, Delta, Sm2, phi, smI, x, z

_OVERLAPS = overlaps_of(FEEDBACK)
_VECTORS = ("g", "Sm2", "smI", "SI2")
_NAMES = {
    Average(phi(x) ** 2): Symbol("P"),
    Average(phi(x) ** 2, 2): Symbol("P_d2"),
    Average(phi(x), 1): Symbol("Q"),
    Average(diff(phi(x), x) ** 2): Symbol("W"),
    theory.SLOPES: Symbol("slopes"),
    theory.CURVED: Symbol("curved"),
}


@lru_cache(maxsize=1)
def least_squares_module() -> ModuleType:
    """Formulas that hold for every activation.

    P, P_d2, Q, W are <phi^2>, <(phi^2)''>, <phi'> and <phi'^2> of the state that a function is about; slopes and curved are
    <phi' phi'> and <phi phi''> of the state at the target and another one; b phi/N is the readout; ... are g, Sm2, smI, SI2.
    `overlaps(Sm, SI, rho)`, `variance(P, z, ...)`, `bulk(W, g)`, `ridge_factor(P, alpha)`, `scale(P, factor, A)`,
    `target(P_d2, Q, b, A, ...)`, `covariance(b, z, A, ...)`, `linearisation(P_d2, slopes, curved, b, z, A, ...)`.
    """
    return formula_module("leastsquares", "Readouts found by least squares", _functions)


def _functions() -> list[str]:
    b = Symbol("b")
    at_target, other = theory.at_target(b), theory.other_state(b)

    def formula(name: str, arguments: Sequence[str], doc: str, *results: Expr) -> str:
        named = [expression.xreplace(_NAMES) for expression in results]
        return function(name, arguments, named if len(named) > 1 else named[0], doc)

    return [
        formula("overlaps", ("Sm", "SI", "rho"), "Sm2, smI, SI2.", *(_OVERLAPS[symbol] for symbol in (Sm2, smI, SI2))),
        formula("variance", ("P", "z", *_VECTORS), "Right-hand side for Delta.", variance(z)),
        formula("bulk", ("W", "g"), "Radius of the bulk of the eigenvalues.", bulk_radius()),
        formula("ridge_factor", ("P", "alpha"), "n.phi at the target over A.", theory.ridge_factor()),
        formula("scale", ("P", "factor", "A"), "b.", theory.readout_scale(Symbol("factor"), Delta)),
        formula(
            "target",
            ("P_d2", "Q", "b", "A", *_VECTORS),
            "Outlier, H'(A), <n m> and <n I>.",
            *(at_target.outlier, at_target.slope, at_target.on_feedback, at_target.on_input),
        ),
        formula(
            "covariance", ("b", "z", "A", *_VECTORS), "Of x at the target and at a fixed point z.", other.covariance
        ),
        formula(
            "linearisation",
            ("P_d2", "slopes", "curved", "b", "z", "A", *_VECTORS),
            "Trace and determinant of the outliers at a fixed point z, and H'(z).",
            *(other.trace, other.determinant, other.slope),
        ),
    ]
