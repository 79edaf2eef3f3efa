"""Covariance matrices of one network in time, predicted from its couplings.

Evaluates the generated code of what `theory.equivalence_in_time` derives.  The couplings are diagonalised once; what remains of the
integral over frequency are products of functions of one eigenvalue, one matrix product for all of them.  The frequencies are those
of an adaptive rule that resolves the resonance of every eigenvalue.

Sources: Clark 2026, arXiv 2604.23489; Shen & Hu (linear equivalence).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad_vec

from numerics.algorithms.primitive import gauss_panels
from numerics.codegen.couplingsintime import KINDS, couplings_in_time_module
from numerics.solution import Solution
from numerics.spectra import OneSite, one_site
from theory.errors import DomainError

Array = NDArray[Any]
Unit = Callable[[NDArray[np.float64]], OneSite]

TOLERANCE = 1e-8  # of the adaptive rule on every panel; the rule that is used is of higher order
ORDERS = (10, 16)  # of the two rules whose difference is the error
PANELS = 4000
DEFECTIVE = 1e-8  # relative error of G G^+ from eigenvectors above which it is computed without them
RESOLVED = 1e-6  # relative error above which a result is refused
FEW = 100  # active modes, N PR, below which predictions are only rough


@dataclass(frozen=True, eq=False)
class CovarianceInTime:
    """Covariances at fixed couplings in the stationary state, each of shape (N, N).

    Attributes
    ----------
    phi, x : array
        <phi_i phi_j> and <x_i x_j> at equal times; at a frequency, the cross-spectra, complex.
    phi_x : array
        <phi_i x_j>.
    error : float
        Estimate of the largest absolute error that the integral over frequency leaves; not that of finite N.
    messages : tuple of str
        Reasons for caution.
    """

    phi: Array
    x: Array
    phi_x: Array
    error: float = 0.0
    messages: tuple[str, ...] = field(default=())


def covariance_in_time(solution: Solution, matrix: NDArray[np.float64], frequency: float | None) -> CovarianceInTime:
    """Covariance matrices at equal times, or cross-spectral matrices at one angular frequency.

    Raises
    ------
    DomainError
        Where the linearly equivalent network is unstable, or the integral over frequency is not resolved.
    """
    network = LinearNetwork(
        matrix,
        lambda omega: one_site(solution, omega),
        solution.parameters["g"],
        solution.parameters.get("eta", 0.0),
    )
    network.check_stability()
    if frequency is None:
        matrices, error = network.at_equal_times()
    else:
        matrices, error = network.at_frequency(frequency), 0.0
    return CovarianceInTime(*matrices, error=error, messages=_cautions(solution, len(matrix)))


def _cautions(solution: Solution, N: int) -> tuple[str, ...]:
    active = N * solution.observables["PR_phi"]
    if active >= FEW:
        return ()
    return (
        f"only about N PR_phi = {active:.3g} directions of the {N} are active: predicted entries follow the network, but can be "
        "off by tens of percent",
    )


class LinearNetwork:
    """The linearly equivalent network of given couplings.

    Parameters
    ----------
    J : array, shape (N, N)
    unit : callable
        Angular frequencies -> `OneSite`.
    g, eta : float
        Strength and symmetry of the couplings.

    Raises
    ------
    DomainError
        Where no panels resolve the resonances.
    """

    def __init__(self, J: NDArray[np.float64], unit: Unit, g: float, eta: float = 0.0) -> None:
        self.J, self.unit, self.g, self.eta = J, unit, g, eta
        self.code = couplings_in_time_module()
        self.values, self.vectors = np.linalg.eig(J)
        self.edges = self._panels()

    def coefficients(self, omega: NDArray[np.float64]) -> tuple[Array, Array]:
        """1/F and the factors of every matrix, shape (3, 4, frequencies)."""
        S, T, C, K, _ = self.unit(omega)
        inverse_F, *factors = self.code.coefficients(S, T, C, K, self.g, self.eta)
        rows = [np.broadcast_to(row, omega.shape) for row in factors]
        return inverse_F, np.array(rows, dtype=complex).reshape(len(KINDS), -1, omega.size)

    def _panels(self) -> NDArray[np.float64]:
        """Panels of the angle arctan(omega) on which the spectra of phi and x along every eigenvector are resolved."""

        def along_modes(angle: float) -> Array:
            omega, weight = _frequencies(np.array([angle]), np.ones(1))
            inverse_F, factors = self.coefficients(omega)
            strength = np.abs(factors[:2, 0, 0]) * weight
            return np.outer(strength, 1 / np.abs(inverse_F - self.values) ** 2).ravel()

        _, _, info = quad_vec(
            along_modes, 0.0, np.pi / 2, epsrel=TOLERANCE, norm="max", limit=PANELS, quadrature="gk15", full_output=True
        )
        if not info.success:
            raise DomainError(
                "the resonances of J are too sharp to integrate over: the linearly equivalent network is at its limit of stability"
            )
        return np.unique(info.intervals)

    def nodes(self, order: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies and weights: sums are integrals over omega > 0, divided by pi."""
        angle, weight = gauss_panels(self.edges, order)
        return _frequencies(angle.ravel(), weight.ravel())

    def check_stability(self) -> None:
        """Nyquist's criterion: 1 - lambda F(i omega) must not encircle zero.

        Raises
        ------
        DomainError
            With the number of unstable modes and the worst of them.
        """
        omega, _ = self.nodes(ORDERS[0])
        positive = self.coefficients(omega)[0]
        curve = np.concatenate([np.conj(positive[::-1]), positive])  # 1/F(i omega), infinite at both ends
        loop = np.pad(1 - self.values[:, None] / curve, ((0, 0), (1, 1)), constant_values=1)
        turns = np.rint(np.angle(loop[:, 1:] / loop[:, :-1]).sum(axis=1) / (2 * np.pi))
        unstable = self.values[turns != 0]
        if unstable.size == 0:
            return
        distance = np.abs(unstable[:, None] - curve)
        worst = np.argmax(distance.min(axis=1))
        raise DomainError(
            f"the linearly equivalent network is unstable: of the {len(self.values)} eigenvalues of J, {unstable.size} lie beyond the "
            f"curve 1/F(i omega), such as {unstable[worst]:.5g}, to which its nearest point is {curve[np.argmin(distance[worst])]:.5g}"
        )

    def at_frequency(self, omega: float) -> list[Array]:
        """Cross-spectral matrices."""
        inverse_F, factors = self.coefficients(np.array([omega]))
        response = self.code.propagator(len(self.J), self.J, inverse_F[0])
        return [self.code.quadratic(len(self.J), response, *rows[:, 0]) for rows in factors]

    def at_equal_times(self) -> tuple[list[Array], float]:
        """Covariance matrices, and an estimate of their largest absolute error."""
        mismatch = self._mismatch()
        if not mismatch < DEFECTIVE:
            return self._without_eigenvectors()
        rough, fine = (self._by_eigenvectors(order) for order in ORDERS)
        size = max(np.abs(matrix).max() for matrix in fine)
        error = max(np.abs(a - b).max() for a, b in zip(rough, fine, strict=True)) + mismatch * size
        return _resolved(fine, error)

    def _by_eigenvectors(self, order: int) -> list[Array]:
        omega, weight = self.nodes(order)
        inverse_F, factors = self.coefficients(omega)
        d = 1 / (inverse_F[:, None] - self.values)
        V, inverse = self.vectors, np.linalg.inv(self.vectors)
        overlaps = inverse @ inverse.conj().T
        matrices = []
        for square, left, right, constant in factors * weight:
            total = V @ (((d.T * square) @ d.conj()) * overlaps) @ V.conj().T
            total += (V * (left @ d)) @ inverse + inverse.conj().T @ (V * (right.conj() @ d)).conj().T
            matrices.append(np.real(total) + np.real(constant.sum()) * np.eye(len(self.J)))
        return matrices

    def _mismatch(self) -> float:
        """Relative error of G G^+ from eigenvectors, at the frequency of the sharpest resonance."""
        omega, _ = self.nodes(ORDERS[0])
        inverse_F = self.coefficients(omega)[0]
        resonant = inverse_F[np.argmin(np.abs(inverse_F[:, None] - self.values).min(axis=1))]
        response = self.code.propagator(len(self.J), self.J, resonant)
        direct = response @ response.conj().T
        try:
            inverse = np.linalg.inv(self.vectors)
        except np.linalg.LinAlgError:
            return np.inf
        d = 1 / (resonant - self.values)
        product = self.vectors @ (np.outer(d, d.conj()) * (inverse @ inverse.conj().T)) @ self.vectors.conj().T
        return float(np.abs(product - direct).max() / np.abs(direct).max())

    def _without_eigenvectors(self) -> tuple[list[Array], float]:
        """The same with one inverse for every frequency, for couplings whose eigenvectors are nearly dependent."""

        def matrices(angle: float) -> Array:
            omega, weight = _frequencies(np.array([angle]), np.ones(1))
            return weight * np.real(self.at_frequency(float(omega[0])))

        found, error = quad_vec(matrices, 0.0, np.pi / 2, epsrel=TOLERANCE, norm="max", limit=PANELS, points=self.edges)
        return _resolved(list(found), error)


def _frequencies(angle: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """omega = tan(angle), and weights of the integral over omega/pi."""
    return np.tan(angle), weight / (np.pi * np.cos(angle) ** 2)


def _resolved(matrices: list[Array], error: float) -> tuple[list[Array], float]:
    if not error <= RESOLVED * max(np.abs(matrix).max() for matrix in matrices):
        raise DomainError(f"the integral over frequency is not resolved: its error is {error:.1e}")
    return matrices, float(error)
