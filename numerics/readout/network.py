"""One network with a rank-one feedback loop: its states, its readouts, its dynamics.

    dx_i/dt = -x_i + sum_j J_ij phi(x_j) + m_i z + I_i,     z = sum_i n_i phi(x_i)

The couplings J, the feedback m and the input I are frozen; the readout n is trained so that under the constant input the output
sits at a target A (Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139). A readout is a plain array of shape (N,),
entries of order 1/N. `numerics.readout.training` compares ways to find one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from numerics.backends import matched
from numerics.codegen.backends import array_functions
from numerics.readout.recursive import Trained, recursive_least_squares
from numerics.simulate.fixed_points import Function
from numerics.simulate.loop import (
    NETWORK,
    Frozen,
    check,
    draw,
    jacobian_eigenvalues,
    leading_outlier,
    response,
    stationary,
)
from theory.activation.activation import Activation
from theory.errors import DomainError, require

Array = NDArray[np.float64]

NEWTON_STEPS = 40
RESIDUAL = 1e-10  # of a fixed point, relative to x, in the root mean square
NEARBY = 0.1  # a state this close to a fixed point, relative to x, will end there if it is stable
ON_GRID = 1e-8  # |H(z) - z| below which its sign is that of rounding errors
BESIDE = 1e-4  # how far from such a point it is asked instead
SAME = 1e-5  # relative distance of two fixed points that are one


class Trajectory(NamedTuple):
    """The closed loop from M initial states.

    Attributes
    ----------
    t : array, shape (K,)
    z : array, shape (K, M)
        Outputs.
    x : array, shape (N, M)
        States at the last time.
    """

    t: Array
    z: Array
    x: Array


@dataclass(frozen=True)
class State:
    """A fixed point of the closed loop of one network.

    Attributes
    ----------
    z : float
        Output.
    eigenvalue : complex
        Of (J + m n^T) phi', the one of largest real part.
    stable : bool
        Whether that real part is below 1.
    """

    z: float
    eigenvalue: complex
    stable: bool


@dataclass(frozen=True)
class FinalState:
    """Where initial conditions end.

    Attributes
    ----------
    kind : {'fixed point', 'moving'}
        Whether the network still moves at the end of the run.
    share : float
        Fraction of the initial conditions.
    z, z_range : float, pair of float
        Output, where moving its mean; smallest and largest output; over the last fifth of the run.
    eigenvalue : complex, optional
        See `State`; none where moving.
    """

    kind: str
    share: float
    z: float
    z_range: tuple[float, float]
    eigenvalue: complex | None = None


@dataclass(frozen=True, eq=False)
class FeedbackNetwork:
    """A network of N units with feedback.

    Attributes
    ----------
    phi, phi_prime : callable
        Activation and its derivative, vectorised over arrays.
    frozen : Frozen
        Couplings J, feedback m, input I, and the direction of the class of readouts.
    g : float
        Coupling strength.
    activation : str
    """

    phi: Function
    phi_prime: Function
    frozen: Frozen
    g: float
    activation: str = field(default="", compare=False)

    @classmethod
    def draw(
        cls,
        activation: Activation | str,
        parameters: Mapping[str, Any],
        *,
        N: int = 400,
        seed: int = 0,
        network: int = 0,
    ) -> FeedbackNetwork:
        """A random network.

        Parameters
        ----------
        activation : Activation or str
            Without jumps.
        parameters : mapping of str to number
            `g`, `Sm`, `SI`, `rho`, `p`, `pm`, `pI`, and the parameters of the activation.
        N : int
            Units.
        seed, network : int
            The streams of network k at size N depend on (seed, N, k) alone; they are those of `simulate`.

        Raises
        ------
        InputError
            For parameters that do not describe a network, or an activation that cannot be read.
        DomainError
            For an activation with jumps.
        """
        activation = Activation.of(activation)
        own = [p.name for p in activation.parameters]
        require(
            *((name in parameters, f"missing parameter of the activation: {name}") for name in own),
            *((name in (*NETWORK, "A", *own), f"unknown parameter: {name}") for name in parameters),
        )
        if not activation.is_continuous:
            raise DomainError(f"{activation.text} jumps: its network has no Jacobian, and no solution in time")
        given = check(parameters, N=N)
        phi, phi_prime = array_functions(activation, parameters)
        frozen = draw(given, N=N, seed=seed, network=network)
        return cls(matched(phi), matched(phi_prime), frozen, given["g"], activation.text)

    @property
    def N(self) -> int:
        """Units."""
        return len(self.frozen.m)

    # the open loop

    def open_loop(self, z: ArrayLike) -> Array:
        """States with the output clamped at each z, shape (N, M); nan where there is no stationary state."""
        x, converged = stationary(self.phi, self.frozen, np.atleast_1d(np.asarray(z, dtype=float)))
        x[:, ~converged] = np.nan
        return x

    def state(self, A: float) -> Array:
        """The state with the output clamped at A, shape (N,).

        Raises
        ------
        DomainError
            Where there is none: the activity of the open loop does not settle.
        """
        x = self.open_loop(A)[:, 0]
        if not np.all(np.isfinite(x)):
            raise DomainError(f"no stationary state with the output clamped at {A:g}: the open loop does not settle")
        return x

    def output_curve(self, z: ArrayLike, n: Array) -> Array:
        """H(z) = n.phi(x^z), shape (M,); its crossings with z are the fixed points of the closed loop."""
        return n @ self.phi(self.open_loop(z))

    def output_slope(self, n: Array, x: Array) -> float:
        """H'(z) at an open-loop state; below 1 the fixed point is no saddle."""
        slope = self.phi_prime(x)
        return float(n @ (slope * response(self.frozen, slope)))

    def loop_function(self, n: Array, x: Array, eigenvalue: ArrayLike) -> NDArray[np.complex128]:
        """h(lambda) = n.D (lambda - J D)^-1 m at a state, D = phi'.

        It is 1 at the outliers, H'(z) at lambda = 1; at lambda = 1 + i omega it is the response of the output to a current
        exp(i omega t) along m with the loop cut.
        """
        slope = self.phi_prime(x)
        values = [
            (n * slope) @ np.linalg.solve(at * np.eye(self.N) - self.frozen.J * slope, self.frozen.m)
            for at in np.ravel(np.asarray(eigenvalue, dtype=complex))
        ]
        return np.array(values, dtype=complex).reshape(np.shape(eigenvalue))

    # readouts

    def calibrate(self, A: float) -> Array:
        """The readout of the class with the amplitude that makes z = A exactly."""
        output = float(self.frozen.direction @ self.phi(self.state(A)))
        if output == 0:
            raise DomainError(f"the class of readouts has no output at A = {A:g}: no amplitude reaches the target")
        return A / output * self.frozen.direction

    def least_squares(self, A: float) -> Array:
        """The smallest readout with output A at the open-loop state of A: A phi/(phi.phi)."""
        return self.ridge(A, 0.0)

    def ridge(self, A: float, penalty: float) -> Array:
        """Ridge regression at the open-loop state of A: A phi/(phi.phi + N penalty); the output falls short of A.

        Raises
        ------
        InputError
            For a negative penalty.
        DomainError
            Without a stationary state, or where all units are silent.
        """
        require((0 <= penalty < np.inf, f"ridge = {penalty}: must not be negative"))
        activity = self.phi(self.state(A))
        size = float(activity @ activity)
        if size == 0:
            raise DomainError(f"all units are silent at A = {A:g}: no readout reaches the target")
        return A / (size + self.N * penalty) * activity

    def force(
        self,
        A: float,
        alpha: float = 1.0,
        *,
        T: float = 100.0,
        dt: float = 0.1,
        every: int = 2,
        x0: Array | None = None,
    ) -> Trained:
        """Recursive least squares while the network runs with its own output fed back; see `recursive_least_squares`."""
        return recursive_least_squares(
            self.phi, self.frozen, A, alpha, T=T, dt=dt, every=every, x0=self.frozen.I if x0 is None else x0
        )

    # the closed loop

    def bulk_radius(self, x: Array) -> float:
        """g sqrt(<phi'^2>) at a state."""
        return self.g * float(np.sqrt(np.mean(self.phi_prime(x) ** 2)))

    def jacobian_eigenvalues(self, n: Array, x: Array) -> NDArray[np.complex128]:
        """Eigenvalues of (J + m n^T) phi' at a state, by falling real part; stable where all real parts are below 1."""
        return jacobian_eigenvalues(self.frozen, self.phi_prime(x), n)

    def leading_outlier(self, n: Array, x: Array) -> complex | None:
        """The eigenvalue of largest real part, where it is clearly outside the bulk."""
        return leading_outlier(self.jacobian_eigenvalues(n, x), self.bulk_radius(x))

    def run(self, n: Array, x0: Array, T: float = 100.0, *, points: int = 101, tolerance: float = 1e-6) -> Trajectory:
        """The closed loop from initial states.

        Parameters
        ----------
        n : array, shape (N,)
            Readout.
        x0 : array, shape (N,) or (N, M)
            Initial states.
        T : float
            Time, in time constants of a unit.
        points : int
            Times at which the output is returned.
        tolerance : float
            Relative error of a step (Dormand, Prince 1980, order 5(4), adaptive).
        """
        fine = 0 < T < np.inf and points >= 2
        require((fine, f"T = {T}, points = {points}: a positive time and two points are needed"))
        W, drive = self._closed(n)
        start = np.asarray(x0, dtype=float).reshape(self.N, -1)

        def flow(_: float, flat: Array) -> Array:
            x = flat.reshape(start.shape)
            return (W @ self.phi(x) + drive[:, None] - x).ravel()

        times = np.linspace(0.0, T, points)
        path = solve_ivp(flow, (0.0, T), start.ravel(), t_eval=times, rtol=tolerance, atol=tolerance)
        if not path.success:
            raise DomainError(f"the closed loop cannot be followed: {path.message}")
        x = path.y.T.reshape(-1, *start.shape)
        return Trajectory(path.t, np.einsum("i,kim->km", n, self.phi(x)), x[-1])

    def settle(self, n: Array, x: Array, *, nearby: float = NEARBY) -> Array | None:
        """The fixed point of the closed loop next to a state, by Newton's method.

        None if that does not converge, or ends further away than `nearby`, in the root mean square relative to `x`.
        """
        W, drive = self._closed(n)
        start = x
        for _ in range(NEWTON_STEPS):
            residual = W @ self.phi(x) + drive - x
            if not np.all(np.isfinite(residual)):
                return None
            if _size(residual) <= RESIDUAL * _size(x):
                return x if _size(x - start) <= nearby * _size(start) else None
            x = x + np.linalg.solve(np.eye(self.N) - W * self.phi_prime(x), residual)
        return None

    def fixed_points(self, n: Array, z: ArrayLike) -> tuple[State, ...]:
        """Fixed points of the closed loop: crossings of H(z) with z between neighbouring z, refined.

        A pair of fixed points between two neighbouring z is missed, as is one where the open loop has no stationary state.
        """
        grid = np.unique(np.asarray(z, dtype=float))
        excess = self.output_curve(grid, n) - grid
        if (on_grid := np.abs(excess) <= ON_GRID * (1 + np.abs(grid))).any():  # as the target itself: bracket it
            aside = BESIDE * (1 + np.abs(grid[on_grid]))
            grid = np.sort(np.concatenate([grid[~on_grid], grid[on_grid] - aside, grid[on_grid] + aside]))
            excess = self.output_curve(grid, n) - grid

        def error(at: float) -> float:
            return float(self.output_curve(at, n)[0]) - at

        found = []
        for k in np.flatnonzero(excess[:-1] * excess[1:] < 0):
            with suppress(ValueError):  # the open loop does not settle somewhere between
                found.append(float(brentq(error, grid[k], grid[k + 1], xtol=1e-10)))
        states = self.open_loop(sorted(found))
        return tuple(self._state(n, x) for x in states.T if np.all(np.isfinite(x)))

    def final_states(
        self, n: Array, count: int = 20, *, spread: float = 2.0, seed: int = 0, T: float = 100.0
    ) -> tuple[FinalState, ...]:
        """Where the closed loop ends from random initial states x ~ N(0, spread^2), most frequent first.

        Parameters
        ----------
        n : array, shape (N,)
            Readout.
        count, spread : number
            Initial states, and their standard deviation.
        T : float
            Time of the run, in time constants of a unit.
        """
        fine, given = count >= 1 and 0 <= spread < np.inf, f"count = {count}, spread = {spread}"
        require((fine, f"{given}: at least one initial state of finite spread is needed"))
        x0 = np.random.default_rng(seed).normal(scale=spread, size=(count, self.N)).T
        path = self.run(n, x0, T)
        late = path.z[-len(path.t) // 5 :]
        settled = [self.settle(n, column) for column in path.x.T]
        groups: list[tuple[Array, list[int]]] = []
        for k, x in enumerate(settled):
            if x is not None:
                same = next((members for y, members in groups if _size(x - y) <= SAME * (_size(x) + _size(y))), None)
                if same is None:
                    groups.append((x, same := []))
                same.append(k)
        result = []
        for x, members in groups:
            at = self._state(n, x)
            result.append(FinalState("fixed point", len(members) / count, at.z, _range(late, members), at.eigenvalue))
        if moving := [k for k, x in enumerate(settled) if x is None]:
            mean = float(np.mean(late[:, moving]))
            result.append(FinalState("moving", len(moving) / count, mean, _range(late, moving)))
        return tuple(sorted(result, key=lambda state: -state.share))

    def _closed(self, n: Array) -> tuple[Array, Array]:
        """Effective couplings J + m n^T, and the constant drive."""
        return self.frozen.J + np.outer(self.frozen.m, n), self.frozen.I

    def _state(self, n: Array, x: Array) -> State:
        top = complex(self.jacobian_eigenvalues(n, x)[0])
        return State(float(n @ self.phi(x)), top, top.real < 1)


def _size(x: Array) -> float:
    return float(np.sqrt(np.mean(x**2)))


def _range(outputs: Array, members: Sequence[int]) -> tuple[float, float]:
    return float(np.min(outputs[:, members])), float(np.max(outputs[:, members]))
