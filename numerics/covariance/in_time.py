"""Covariance matrices of one network in time, predicted from its couplings.

Evaluates the generated code of what `theory.equivalence.two_times` derives.  The couplings are diagonalised once; what remains of
the integral over frequency are products of functions of one eigenvalue, one matrix product for all of them.  The frequencies are
those of an adaptive rule that resolves the resonance of every eigenvalue.

Sources: Clark 2026, arXiv 2604.23489; Shen & Hu (linear equivalence).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from numerics.codegen.couplingsintime import KINDS, couplings_in_time_module
from numerics.covariance.correlation import OneSite, one_site
from numerics.covariance.couplings import check_ensemble
from numerics.solve.solution import Solution
from theory.errors import DomainError

Array = NDArray[Any]
Unit = Callable[[NDArray[np.float64]], OneSite]

ORDERS = (10, 16)  # of the two rules whose difference is the error; the higher one is used
TOLERANCE = 1e-9  # of the lower one on every panel, relative to the whole
FIRST_PANELS, PANELS, SHORTEST = 8, 8000, 1e-12
DEFECTIVE = 1e-8  # relative error of G G^+ from eigenvectors above which it is computed without them
RESOLVED = 1e-6  # relative error above which a result is refused
# simulated networks (tanh, g = 0.9 to 3, with noise and without, N = 60 to 400) deviate by ten percent and more beyond these
FEW = 50  # active directions
EXCESS = 0.05  # of the predicted mean variance of phi over that of one unit


@dataclass(frozen=True, eq=False)
class CovarianceInTime:
    """Covariances at fixed couplings in the stationary state, each of shape (N, N).

    Attributes
    ----------
    phi, x : array
        <phi_i phi_j> and <x_i x_j> at equal times; for frequencies of shape F the cross-spectra, complex, of shape (*F, N, N).
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


def covariance_in_time(
    solution: Solution, matrix: NDArray[np.float64], frequency: NDArray[np.float64] | None, formal: bool = False
) -> CovarianceInTime:
    """Covariance matrices at equal times, or cross-spectral matrices at angular frequencies.

    Raises
    ------
    DomainError
        Where the linearly equivalent network is unstable, or the integral over frequency is not resolved.
    """
    ensemble = solution.parameters["g"], solution.parameters.get("eta", 0.0)
    check_ensemble(matrix, *ensemble)
    network = LinearNetwork(matrix, lambda omega: one_site(solution, omega), *ensemble)
    network.check_stability()
    if frequency is None:
        matrices, error = network.at_equal_times()
        expected = solution.order_parameters["C_phi0"]
    else:
        matrices, error = network.at_frequencies(frequency), 0.0
        expected = float(np.mean(one_site(solution, frequency).C))
    phi, x, phi_x = matrices
    return CovarianceInTime(phi, x, phi_x, error, _cautions(phi, expected))


def _cautions(phi: Array, expected: float) -> tuple[str, ...]:
    """What the prediction itself says about its error; `expected` is the large-N mean of the diagonal."""
    N, texts = phi.shape[-1], []
    traces = np.trace(phi, axis1=-2, axis2=-1).real
    active, ratio = np.mean(traces**2 / np.sum(np.abs(phi) ** 2, axis=(-2, -1))), traces.mean() / N / expected
    if active < FEW:
        texts.append(
            f"only about {active:.3g} of {N} directions are active: covariances can be off by ten percent and more"
        )
    if not abs(ratio - 1) <= EXCESS:
        texts.append(
            f"the predicted mean variance of phi is {ratio:.3g} times that of a large network: this J is close to instability, or "
            "far from typical, and large covariances are off by several times that deviation"
        )
    return tuple(texts)


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
        self.panels = self._panels()

    def coefficients(self, omega: NDArray[np.float64]) -> tuple[Array, Array]:
        """1/F and the factors of every matrix, shape (3, 4, frequencies)."""
        S, T, C, K, _ = self.unit(omega)
        inverse_F, *factors = self.code.coefficients(S, T, C, K, self.g, self.eta)
        rows = [np.broadcast_to(row, omega.shape) for row in factors]
        return inverse_F, np.array(rows, dtype=complex).reshape(len(KINDS), -1, omega.size)

    def sampled(self, order: int) -> tuple[Array, Array]:
        """1/F at the nodes of a rule, and the factors times the weights: their sums are integrals over omega > 0, over pi."""
        omega, weight = _frequencies(self.panels, order)
        inverse_F, factors = self.coefficients(omega)
        return inverse_F, factors * weight

    def _panels(self) -> NDArray[np.float64]:
        """Panels of the angle arctan(omega) on which two rules agree on the spectra of phi and x along every eigenvector."""
        edges = np.linspace(0, np.pi / 2, 1 + FIRST_PANELS)
        todo, done, largest = np.stack([edges[:-1], edges[1:]], axis=1), np.empty((0, 2)), np.zeros(2)
        while todo.size:
            rough, fine = (self._along_modes(todo, order) for order in ORDERS)
            largest = np.maximum(largest, fine.sum(axis=1).max(axis=1))
            resolved = np.all(np.abs(fine - rough).max(axis=2) <= TOLERANCE * largest[:, None], axis=0)
            done, (low, high) = np.concatenate([done, todo[resolved]]), todo[~resolved].T
            middle = 0.5 * (low + high)
            todo = np.concatenate([np.stack([low, middle], axis=1), np.stack([middle, high], axis=1)])
            if len(done) + len(todo) > PANELS or np.any(todo[:, 1] - todo[:, 0] < SHORTEST):
                raise DomainError(
                    "the resonances of J are too sharp to integrate over: the linearly equivalent network is at the limit of its "
                    "stability"
                )
        return done[np.argsort(done[:, 0])]

    def _along_modes(self, panels: NDArray[np.float64], order: int) -> Array:
        """Integrals of the spectra of phi and x along every eigenvector, shape (2, panels, N)."""
        omega, weight = _frequencies(panels, order)
        inverse_F, factors = self.coefficients(omega)
        strength = np.abs(factors[:2, 0]) * weight
        density = strength[:, :, None] / np.abs(inverse_F[:, None] - self.values) ** 2
        return density.reshape(2, -1, order, len(self.values)).sum(axis=2)

    def check_stability(self) -> None:
        """Nyquist's criterion: 1 - lambda F(i omega) must not encircle zero.

        Raises
        ------
        DomainError
            With the number of unstable modes and the worst of them.
        """
        positive, _ = self.sampled(ORDERS[0])
        curve = np.concatenate([np.conj(positive[::-1]), positive])  # 1/F(i omega), infinite at both ends
        loop = np.pad(1 - self.values[:, None] / curve, ((0, 0), (1, 1)), constant_values=1)
        turns = np.rint(np.angle(loop[:, 1:] / loop[:, :-1]).sum(axis=1) / (2 * np.pi))
        unstable = self.values[turns != 0]
        if unstable.size == 0:
            return
        distance = np.abs(unstable[:, None] - curve)
        worst = np.argmax(distance.min(axis=1))
        raise DomainError(
            f"the linearly equivalent network is unstable: of the {len(self.values)} eigenvalues of J, {unstable.size} lie beyond "
            f"the curve 1/F(i omega), such as {unstable[worst]:.5g}; the nearest point of the curve is "
            f"{curve[np.argmin(distance[worst])]:.5g}"
        )

    def at_frequencies(self, omega: NDArray[np.float64]) -> list[Array]:
        """Cross-spectral matrices, each of the shape of the frequencies times (N, N)."""
        N = len(self.J)
        inverse_F, factors = self.coefficients(omega.ravel())
        found = np.empty((len(KINDS), omega.size, N, N), dtype=complex)
        for k, unit in enumerate(inverse_F):
            response = self.code.propagator(N, self.J, unit)
            for kind, row in enumerate(factors[:, :, k]):
                found[kind, k] = self.code.quadratic(N, response, *row)
        return list(found.reshape(len(KINDS), *omega.shape, N, N))

    def at_equal_times(self) -> tuple[list[Array], float]:
        """Covariance matrices, and an estimate of their largest absolute error.

        Raises
        ------
        DomainError
            Where the integral over frequency is not resolved.
        """
        try:
            inverse = np.linalg.inv(self.vectors)
            mismatch = self._mismatch(inverse)
        except np.linalg.LinAlgError:
            mismatch = np.inf
        if mismatch < DEFECTIVE:
            rough, fine = (self._by_eigenvectors(order, inverse) for order in ORDERS)
        else:
            rough, fine, mismatch = *(self._by_inverses(order) for order in ORDERS), 0.0
        size = max(np.abs(matrix).max() for matrix in fine)
        error = max(np.abs(a - b).max() for a, b in zip(rough, fine, strict=True)) + mismatch * size
        if not error <= RESOLVED * size:
            raise DomainError(f"the integral over frequency is not resolved: its error is {error:.1e}")
        phi, x, phi_x = fine
        return [0.5 * (phi + phi.T), 0.5 * (x + x.T), phi_x], float(error)

    def _by_eigenvectors(self, order: int, inverse: Array) -> list[Array]:
        """Integrals of d_a d_b* and d_a for all eigenvalues, between the eigenvectors."""
        inverse_F, factors = self.sampled(order)
        d = 1 / (inverse_F[:, None] - self.values)
        overlaps, V = inverse @ inverse.conj().T, self.vectors
        matrices = []
        for square, left, right, constant in factors:
            total = V @ ((d.T * square) @ d.conj() * overlaps) @ V.conj().T
            # the real part of right G^+ is that of right* G, transposed
            for factor, place in ((left, np.asarray), (right.conj(), np.transpose)):
                if factor.any():
                    total = total + place((V * (factor @ d)) @ inverse)
            matrices.append(np.real(total) + np.real(constant.sum()) * np.eye(len(self.J)))
        return matrices

    def _mismatch(self, inverse: Array) -> float:
        """Relative error of G G^+ from eigenvectors, at the frequency of the sharpest resonance."""
        inverse_F, _ = self.sampled(ORDERS[0])
        resonant = inverse_F[np.argmin(np.abs(inverse_F[:, None] - self.values).min(axis=1))]
        response = self.code.propagator(len(self.J), self.J, resonant)
        direct, d, V = response @ response.conj().T, 1 / (resonant - self.values), self.vectors
        product = V @ (np.outer(d, d.conj()) * (inverse @ inverse.conj().T)) @ V.conj().T
        return float(np.abs(product - direct).max() / np.abs(direct).max())

    def _by_inverses(self, order: int) -> list[Array]:
        """The same with one matrix inverse for every frequency: for couplings whose eigenvectors are nearly dependent."""
        omega, weight = _frequencies(self.panels, order)
        total = np.zeros((len(KINDS), *self.J.shape))
        for place, share in zip(omega, weight, strict=True):
            total += share * np.real(self.at_frequencies(place))
        return list(total)


def _frequencies(panels: NDArray[np.float64], order: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes on panels of the angle as omega = tan(angle), and weights: sums are integrals over omega > 0, divided by pi."""
    x, w = legendre.leggauss(order)
    half, middle = 0.5 * (panels[:, 1:] - panels[:, :1]), panels.mean(axis=1)[:, None]
    angle = (middle + half * x).ravel()
    return np.tan(angle), (half * w).ravel() / (np.pi * np.cos(angle) ** 2)
