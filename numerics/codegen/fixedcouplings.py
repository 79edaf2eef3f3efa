"""Generated code for one network at fixed couplings: its covariance matrices and the law of their eigenvalues."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from sympy import Basic, Poly, Symbol

from numerics.codegen.module import formula_module
from numerics.codegen.statements import function
from theory.equivalence import eigenvalues_phi as spectrum
from theory.equivalence import eigenvalues_x as spectrum_x
from theory.equivalence import fixed_point as equivalence
from theory.models.static import STATIC

_SCALARS = ("Delta", "C_phi", "gain", "g", "sigma")


@lru_cache(maxsize=1)
def fixed_couplings_module() -> ModuleType:
    """The formulas of `theory.equivalence` for a network at rest; they hold for every activation.

    `propagator(N, J, gain)`, `covariances(N, J, R, Delta, C_phi, gain, g, sigma)`, `parameters(Delta, C_phi, gain, g, sigma)`;
    for phi `coupling(D_phi)`, `half_width(y)`, and `eigenvalue`, `slope`, `density` of (t, y); for x `cubic(z, y, k, s)` and
    `resolvent(w, z, y, k, s)`.
    """
    title = "Static network at fixed couplings: covariance matrices, and the law of the eigenvalues of R R^T"
    return formula_module("fixedcouplings", title, _functions)


def _functions() -> list[str]:
    quantities = STATIC.derive().quantities
    known = {quantities[key].expression: Symbol(key) for key in ("C_phi", "gain")}

    def named(*expressions: Basic) -> list[Basic]:
        return [expression.xreplace(known) for expression in expressions]

    matrices, law, of_x = equivalence.derive(), spectrum.derive(), spectrum_x.derive()
    y, t, z, w = spectrum.y, spectrum.t, spectrum_x.z, spectrum_x.w
    dimension = Symbol("D_phi", positive=True)
    own = (y, spectrum_x.k, spectrum_x.s)
    below_first = [coefficient.factor() for coefficient in Poly(of_x.cubic, w).all_coeffs()[1:]]
    known_matrices = named(matrices.phi, matrices.x, matrices.phi_x)
    of_matrices = "<phi phi^T>, <x x^T> and <phi x^T>, each of shape (N, N)."
    of_parameters = "y = gamma, the factor of R R^T in <phi phi^T>, and k and s of <x x^T> = R (s + k G G^T) R^T."
    return [
        function("propagator", ("N", "J", "gain"), matrices.response.xreplace(known), "R, shape (N, N).", share=False),
        function("covariances", ("N", "J", "R", *_SCALARS), known_matrices, of_matrices, share=False),
        function(
            "parameters", _SCALARS, named(matrices.gamma, matrices.scale, of_x.strength, of_x.noise), of_parameters
        ),
        function(
            "coupling", (dimension,), spectrum.coupling_at(dimension), "The y of a participation dimension D_phi."
        ),
        function("half_width", (y,), law.half_width, "The support is |t| <= half_width."),
        function("eigenvalue", (t, y), law.eigenvalue, "Eigenvalue at t."),
        function("slope", (t, y), law.slope, "d log(eigenvalue)/dt."),
        function("density", (t, y), law.density, "Density of eigenvalues at the eigenvalue of t."),
        function("cubic", (z, *own), below_first, "Coefficients of w^2, w, 1; that of w^3 is 1."),
        function("resolvent", (w, z, *own), of_x.resolvent, "(1/N) tr (C_x - z)^{-1}."),
    ]
