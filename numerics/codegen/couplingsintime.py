"""Generated code for the network in time at fixed couplings: its cross-spectral matrices at one frequency."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from sympy import symbols

from numerics.codegen.module import formula_module
from numerics.codegen.statements import function
from theory.equivalence import two_times as equivalence
from theory.symbols import eta, g

KINDS = ("phi", "x", "phi_x")
"""Matrices, in the order in which the generated code gives their coefficients."""


@lru_cache(maxsize=1)
def couplings_in_time_module() -> ModuleType:
    """The formulas of `theory.equivalence.two_times`; they hold for every odd activation.

    `coefficients(S, T, C, K, g, eta)`, `propagator(N, J, inverse_F)`, `quadratic(N, G, square, left, right, constant)`.
    """
    title = "Network in time at fixed couplings: cross-spectral matrices square G G^+ + left G + right G^+ + constant"
    return formula_module("couplingsintime", title, _functions)


def _functions() -> list[str]:
    derived = equivalence.derive()
    own = (equivalence.response, equivalence.response_x, equivalence.C, equivalence.cross, g, eta)
    noise = derived.noise.xreplace({equivalence.h: derived.filter})
    values = {
        equivalence.h: derived.filter,
        equivalence.inverse_F: derived.inverse_F,
        equivalence.total: derived.total,
        equivalence.remainder: derived.remainder.xreplace({equivalence.noise: noise}),
    }
    matrices = [getattr(derived, kind).at(values) for kind in KINDS]
    factors = symbols("square left right constant")
    generic = equivalence.Quadratic(*factors).matrix
    coefficients = [derived.inverse_F, *(c for matrix in matrices for c in matrix.coefficients)]
    doc = f"1/F, then square, left, right and constant of {', '.join(KINDS)}, at one frequency or an array of them."
    return [
        function("coefficients", own, coefficients, doc),
        function("propagator", ("N", "J", "inverse_F"), derived.propagator, "G, shape (N, N).", share=False),
        function("quadratic", ("N", "G", *factors), generic, "A cross-spectral matrix, shape (N, N).", share=False),
    ]
