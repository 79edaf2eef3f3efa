"""A unit and its noise as one linear system, in state space.

    x = h(s) [u + xi],    u_i = sum_j J_ij phi(x_j)
    ds/dt = A s + b u + white noise,    x = s_0

The filter h is a ratio of polynomials; its state is in observer form, whose first component is x itself. Noise of finite
correlation time is one more component. What A and the noise do in a step is a matrix exponential and a Gaussian, both exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, expm

from theory.errors import InputError

Array = NDArray[np.float64]
Coefficients = tuple[float, ...]

LOW_PASS: tuple[Coefficients, Coefficients] = ((1.0,), (1.0, 1.0))  # h = 1/(1+s)
RANK = 1e-13  # relative variance below which a direction of the noise is empty


@dataclass(frozen=True)
class LinearUnit:
    """Filter and noise of a unit.

    Attributes
    ----------
    noise : str
        none, white (``<xi xi'> = sigma^2 delta``) or ou (``sigma^2 exp(-|t-t'|/tau_n)``).
    sigma, tau_n : float
    transfer : pair of tuples of float
        Numerator and denominator of h(s), highest power first; poles in the left half plane, h -> 0 at infinity.
    """

    noise: str
    sigma: float = 0.0
    tau_n: float = 1.0
    transfer: tuple[Coefficients, Coefficients] = LOW_PASS

    def problems(self) -> list[str]:
        """What is wrong with the filter, in sentences."""
        coefficients = [c for part in self.transfer for c in part]
        if not coefficients or not np.all(np.isfinite(coefficients)):
            return ["transfer: numerator and denominator are finite coefficients, highest power first"]
        numerator, denominator = (np.trim_zeros(part, "f") for part in self.transfer)
        if not 0 < len(numerator) < len(denominator):
            return ["transfer: the numerator must be of lower degree than the denominator, and not zero"]
        if np.max(np.roots(denominator).real) >= 0:
            return ["transfer: every pole of the filter must have a negative real part"]
        return []

    @cached_property
    def filter(self) -> tuple[Array, Array]:
        """A and b of the filter alone, in observer form: x is the first component of the state."""
        numerator, denominator = (np.trim_zeros(part, "f") for part in self.transfer)
        order = len(denominator) - 1
        A = np.eye(order, k=1)
        A[:, 0] = -np.divide(denominator[1:], denominator[0])
        b = np.zeros(order)
        b[order - len(numerator) :] = np.divide(numerator, denominator[0])
        return A, b

    @cached_property
    def system(self) -> tuple[Array, Array, Array]:
        """A, b and the covariance Q of the white noise per unit time, noise included in the state."""
        A, b = self.filter
        if self.noise == "ou":
            rate = 1.0 / self.tau_n
            whole = block_diag(A, -rate)
            whole[:-1, -1] = b
            return whole, np.append(b, 0.0), np.diag([*np.zeros_like(b), 2.0 * rate * self.sigma**2])
        strength = self.sigma**2 if self.noise == "white" else 0.0
        return A, b, strength * np.outer(b, b)

    @property
    def memory(self) -> float:
        """Slowest time constant of the filter; the noise has its own, `tau_n`."""
        return float(1.0 / np.min(-np.linalg.eigvals(self.filter[0]).real))

    @property
    def stiffness(self) -> float:
        """Largest rate of the filter."""
        return float(np.max(np.abs(np.linalg.eigvals(self.filter[0]))))

    def transition(self, dt: float) -> tuple[Array, Array]:
        """What a step does without couplings, exactly (Van Loan 1978, IEEE Trans. Autom. Control 23, 395).

        Returns
        -------
        flow : array, shape (n, n)
            exp(A dt).
        root : array, shape (n, r)
            A square root of the covariance of what the noise adds, of rank r.
        """
        A, _, Q = self.system
        size = len(A)
        block = expm(dt * np.block([[-A, Q], [np.zeros_like(A), A.T]]))
        flow = block[size:, size:].T
        values, vectors = np.linalg.eigh(flow @ block[:size, size:])
        kept = values > RANK * max(values[-1], np.finfo(float).tiny)
        return flow, vectors[:, kept] * np.sqrt(values[kept])

    def responses(self, dt: float) -> tuple[Array, Array]:
        """What an input makes of the state in a step: a constant one, and one that rises from 0 to 1; each shape (n,)."""
        A, b, _ = self.system
        size = len(A)
        block = np.zeros((size + 2, size + 2))
        block[:size, :size], block[:size, size], block[size, size + 1] = A, b, 1.0
        whole = expm(dt * block)
        return whole[:size, size], whole[:size, size + 1] / dt

    def start(self, stream: np.random.Generator, N: int, samples: int) -> Array:
        """State of order one and, for ou, its noise in its stationary state; shape (n, N, samples)."""
        state = stream.normal(size=(len(self.system[0]), N, samples))
        if self.noise == "ou":
            state[-1] *= self.sigma
        return state


def read_transfer(transfer: object) -> tuple[Coefficients, Coefficients]:
    """Coefficient arrays of a filter as tuples.

    Raises
    ------
    InputError
        If these are not two sequences of real numbers.
    """
    try:
        numerator, denominator = (tuple(map(float, np.atleast_1d(part))) for part in transfer)  # type: ignore[attr-defined]
        return numerator, denominator
    except (TypeError, ValueError):
        raise InputError("transfer: numerator and denominator are finite coefficients, highest power first") from None
