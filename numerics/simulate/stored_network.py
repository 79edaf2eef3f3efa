"""A network that stores patterns of rates as fixed points, with the weights of least norm.

    dr_i/dt = -r_i + phi(sum_j W_ij r_j + b_i),     sum_j W_ij r^mu_j + b_i = u^mu_i,     phi(u^mu_i) = r^mu_i

Every unit has the weights of least norm: among all that store the patterns (variant `self`), among those without a weight onto the
unit itself (`noself`), or among these with a free bias b_i (`bias`; otherwise b_i = 0).

With R = Q T, orthonormal columns times a triangle, the weights of least norm are W = U T^-1 Q^T. Those without a weight onto
itself are W - diag(kappa) (1 - Q Q^T), kappa_i = W_ii/(1 - (Q Q^T)_ii). A free bias replaces R and U by the deviations from their
means over patterns. So all are W = F Q^T - diag(kappa) with F of P columns. The Gram matrix, whose condition number is the
square of that of R, is not formed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.integrate import solve_ivp
from scipy.linalg import solve_triangular
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

from numerics.algorithms.patterns import invert
from numerics.backends import matched
from numerics.simulate.fixed_points import Function
from theory.errors import DomainError, require

Array = NDArray[np.float64]

DENSE = 200  # rows of a matrix whose eigenvalues are all found; of larger ones Arnoldi finds the leading ones sooner
ARNOLDI_TOLERANCE = 1e-5  # relative; eigenvalues that lie apart come out much closer
DEPENDENT = 1e-11  # relative size of a pattern's part that the others do not have, below which it counts as none
RELATIVE, ABSOLUTE = 1e-8, 1e-11  # errors of the dynamics


@dataclass(frozen=True, eq=False)
class StoredNetwork:
    """A network, its patterns, and its weights W = F Q^T - diag(kappa).

    Attributes
    ----------
    phi : callable
        Activation.
    R, U, gains : array, shape (N, P)
        Rates of the patterns in columns, inputs phi^-1(R), and phi'(U).
    bias : array, shape (N,)
    basis, triangle, factor : array, shapes (N, K), (K, K), (N, K)
        Q, T and F; with a bias of the deviations of the patterns from their mean. K = P, or P - 1.
    kappa : array, shape (N,)
        Weight onto itself that is taken away.
    """

    phi: Function
    R: Array
    U: Array
    gains: Array
    bias: Array
    basis: Array
    triangle: Array
    factor: Array
    kappa: Array

    @cached_property
    def W(self) -> Array:
        """Weights, shape (N, N)."""
        weights = self.factor @ self.basis.T
        weights[np.diag_indices_from(weights)] -= self.kappa
        return weights

    def product(self, x: Array) -> Array:
        """W x, for x of shape (N,) or (N, M)."""
        if 2 * self.basis.shape[1] > len(self.kappa):
            return self.W @ x
        return self.factor @ (self.basis.T @ x) - (self.kappa * x.T).T

    def squared_norms(self) -> Array:
        """Sum of the squared weights of every unit, shape (N,); kappa is 0, or the diagonal of F Q^T."""
        return np.sum(self.factor**2, axis=1) - self.kappa**2

    def jacobian_eigenvalues(self, mu: int) -> NDArray[np.complex128]:
        """All eigenvalues of D W at pattern mu, by falling real part; the pattern is stable where all real parts are below 1."""
        values = np.linalg.eigvals(self._small_jacobian(mu)).astype(complex)
        values = np.append(values, np.zeros(len(self.kappa) - values.size))
        return values[np.argsort(-values.real, kind="stable")]

    def leading_eigenvalues(
        self, mu: int, count: int = 8, dense: bool | None = None
    ) -> tuple[NDArray[np.complex128], Array]:
        """The eigenvalues of D W of largest real part at pattern mu, by falling real part, and what tells outliers from the bulk.

        At most N of them, or P for weights with self-coupling; `dense` says whether from all eigenvalues or by Arnoldi's method,
        by default the former up to `DENSE` rows. The second array has, with the eigenvector as a combination y of patterns, the
        part of |y|^2 in the plane of pattern mu and the sum of all.
        """
        rows = len(self.kappa) if self.kappa.any() else self.basis.shape[1]
        found = None
        if not (rows <= DENSE if dense is None else dense) and count < rows - 2:
            gain = self.gains[:, mu]
            operator = LinearOperator((len(gain),) * 2, lambda x: gain * self.product(np.ravel(x)), dtype=np.float64)
            start = np.random.default_rng(mu).standard_normal(len(gain))
            with suppress(ArpackNoConvergence):
                found = eigs(operator, k=count, which="LR", v0=start, tol=ARNOLDI_TOLERANCE)
        values, vectors = found or np.linalg.eig(self._small_jacobian(mu))
        coordinates = self.basis.T @ vectors if len(vectors) == len(self.basis) else vectors
        order = np.argsort(-values.real, kind="stable")[:count]
        return values[order].astype(complex), self._plane_part(coordinates[:, order], mu)

    def _small_jacobian(self, mu: int) -> Array:
        """D W; without a diagonal part the matrix Q^T D F of K rows, which has the same eigenvalues beside zeros."""
        gain = self.gains[:, mu, None]
        return gain * self.W if self.kappa.any() else self.basis.T @ (gain * self.factor)

    def _plane_part(self, coordinates: NDArray[Any], mu: int) -> Array:
        """See `leading_eigenvalues`; `coordinates` are those of vectors in the basis, shape (K, M)."""
        y = solve_triangular(self.triangle, coordinates)
        if len(y) < self.R.shape[1]:  # the mean pattern is not among them
            y = np.vstack([y, np.zeros((1, y.shape[1]))])
            y = y - np.mean(y, axis=0)
        others = np.sum(y, axis=0) - y[mu]
        return (np.abs(y[mu]) ** 2 + np.abs(others) ** 2 / (len(y) - 1)) / np.sum(np.abs(y) ** 2, axis=0)

    def relax(self, state: Array, T: float) -> Array:
        """The state after the time T, in time constants of a unit; `state` has shape (N,) or (N, M).

        Runge-Kutta steps of adapted size (Dormand, Prince 1980, J. Comput. Appl. Math. 6, 19); nan where rates leave the range of
        numbers.
        """
        if T == 0:
            return state.copy()
        shape, bias = state.shape, self.bias if state.ndim == 1 else self.bias[:, None]

        def velocity(_: float, flat: Array) -> Array:
            r = flat.reshape(shape)
            return np.ravel(self.phi(self.product(r) + bias) - r)

        with np.errstate(all="ignore"):
            run = solve_ivp(velocity, (0.0, T), np.ravel(state), rtol=RELATIVE, atol=ABSOLUTE, t_eval=[T])
        return run.y[:, -1].reshape(shape) if run.success else np.full(shape, np.nan)

    def distance(self, state: Array, mu: int) -> float:
        """Root mean square distance of a state, shape (N,), to pattern mu, in standard deviations of its rates."""
        pattern = self.R[:, mu]
        return float(np.sqrt(np.mean((state - pattern) ** 2)) / np.std(pattern))

    def recall(
        self, mu: int, corrupt: float, T: float = 100.0, stream: np.random.Generator | int = 0
    ) -> tuple[Array, float]:
        """The state after the time T from pattern mu with the rates of a fraction `corrupt` of the units replaced; its distance.

        The units are drawn at random, their rates from all rates of all patterns. The distance is 0 where the pattern is
        recalled, about sqrt(2) where the state has nothing to do with it.
        """
        stream = np.random.default_rng(stream)
        state = self.R[:, mu].copy()
        units = stream.permutation(state.size)[: round(corrupt * state.size)]
        state[units] = stream.choice(self.R.ravel(), units.size)
        state = self.relax(state, T)
        return state, self.distance(state, mu)


def random_stream(seed: int, N: int, network: int, part: int = 0) -> np.random.Generator:
    """The streams of network k at size N: they depend on (seed, N, k) alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(N, network, part)))


def draw_rates(parameters: Mapping[str, Any], stream: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Independent rates of the law, of mean 1 except for `samples`, drawn again where `units` cuts the law.

    `lognormal` and `gamma` have the coefficient of variation CV, `halfnormal` is the modulus of a normal variable; `sparse` is eps
    with probability 1 - f and log-normal with CV otherwise; of `samples` every value is as likely.
    """
    law = parameters["law"]
    if law == "samples":
        return stream.choice(np.asarray(parameters["samples"], dtype=float), shape)
    square, units = np.square(parameters.get("CV", 1.0)), parameters.get("units", 0.0)
    spread = np.sqrt(np.log1p(square))
    if law == "gamma":
        whole = stats.gamma(1 / square, scale=square)
    elif law == "halfnormal":
        whole = stats.halfnorm(scale=np.sqrt(np.pi / 2))
    else:
        whole = stats.lognorm(spread, scale=np.exp(-(spread**2) / 2))
    rates = whole.rvs(shape, random_state=stream)
    low, high = (whole.ppf(1 / units), whole.isf(1 / units)) if units else whole.support()
    while np.any(beyond := (rates < low) | (rates > high)):
        rates[beyond] = whole.rvs(np.count_nonzero(beyond), random_state=stream)
    if law != "sparse":
        return rates
    f, eps = parameters["f"], parameters["eps"]
    active = stream.random(shape) < f
    return np.where(active, (1 - (1 - f) * eps) / f * rates, eps)


def stored_network(
    phi: Function, parameters: Mapping[str, Any], N: int, seed: int = 0, *, network: int = 0, phi_prime: Function
) -> StoredNetwork | None:
    """One network with patterns drawn from a law; None if the patterns are linearly dependent.

    The arguments are those of `numerics.simulate.attractor.simulate`; the stream depends on (seed, N, network) alone. Refused are
    too few or too many patterns, and rates that the activation does not take.
    """
    alpha, stream = parameters["alpha"], random_stream(seed, N, network)
    require(
        (np.floor(alpha * N) >= 2, f"N = {N}, alpha = {alpha}: at least two patterns are needed"),
        (np.ceil(alpha * N) <= N - 2, f"N = {N}, alpha = {alpha}: at least two units more than patterns are needed"),
    )
    P = int(np.floor(alpha * N + stream.random()))  # alpha N on average
    R = draw_rates(parameters, stream, (N, P))
    return network_of_patterns(phi, R, parameters.get("variant", "noself"), phi_prime=phi_prime)


def network_of_patterns(
    phi: Function, R: Array, variant: str = "noself", *, phi_prime: Function
) -> StoredNetwork | None:
    """The network that stores given patterns, the columns of R, shape (N, P); None if they are linearly dependent."""
    phi, phi_prime = matched(phi), matched(phi_prime)
    U = invert(phi, phi_prime, R)
    if not np.all(np.isfinite(U)):
        missed = R[~np.isfinite(U)][0]
        raise DomainError(f"the activation does not take the rate {missed:.6g} of a pattern where it increases")
    rates, inputs = R, U
    if variant == "bias":  # deviations from the mean over patterns add up to zero: the last says nothing new
        rates, inputs = ((x - np.mean(x, axis=1, keepdims=True))[:, :-1] for x in (R, U))
    basis, triangle = np.linalg.qr(rates)
    sizes = np.abs(np.diag(triangle))
    shares = np.sum(basis**2, axis=1)  # diagonal of Q Q^T
    if np.any(sizes <= DEPENDENT * np.max(sizes)) or np.any(shares >= 1 - DEPENDENT):
        return None
    factor = solve_triangular(triangle, inputs.T, trans="T").T
    kappa = np.zeros(len(R))
    if variant != "self":
        kappa = np.sum(factor * basis, axis=1) / (1 - shares)
        factor = factor + kappa[:, None] * basis
    network = StoredNetwork(phi, R, U, phi_prime(U), np.zeros(len(R)), basis, triangle, factor, kappa)
    if variant == "bias":
        return replace(network, bias=np.mean(U, axis=1) - network.product(np.mean(R, axis=1)))
    return network
