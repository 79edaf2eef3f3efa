r"""Networks trained by least squares: the outlier at the target, and every other state in which the trained loop can rest.

Evaluates the generated code of what `theory.least_squares` derives.  The readout is n = b phi(x^A)/N, fitted to the stationary state
x^A that the network takes with its output clamped at the target A; at another fixed point z the states x^A and x^z are correlated,

    z = b <phi(x1) phi(x2)>,      c = g^2 z/b + A z Sm2 + (A + z) smI + SI2,

one equation for z, because a fixed point knows its covariance c beforehand.  Where c exceeds what the two variances allow there is
none: with c cut there the equation keeps its sign, as long as the product of the two radii of the bulk is below 1.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model and training).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar
from sympy import diff

from numerics.algorithms.averages import Mean
from numerics.algorithms.self_consistency import solve_physical
from numerics.average import mean_object
from numerics.codegen.leastsquares import least_squares_module
from numerics.solution import Solution
from numerics.two_states import StatePairs
from theory.activations.activation import Activation
from theory.errors import DomainError, InputError
from theory.gaussian.average import Average
from theory.symbols import phi, x

Values = NDArray[np.float64]

RANGES = {  # of the parameters: in words, and as a test
    "g": ("a number >= 0", lambda v: v >= 0),
    "Sm": ("a number >= 0", lambda v: v >= 0),
    "SI": ("a number >= 0", lambda v: v >= 0),
    "rho": ("a number from -1 to 1", lambda v: abs(v) <= 1),
    "A": ("a real number", lambda v: True),
}
UNUSED = ("p", "pm", "pI")  # the direction of a readout that is not fitted
FAR = 1e3  # outputs beyond this many targets are not searched
PER_RANGE, PER_DECADE = 64, 10  # points of the scan
NEAREST = 1e-6  # distance from the target, relative to it, below which a second fixed point is not told apart
SILENT = 1e-24  # variance that stands for the limit 0
CONTINUUM, SEVERAL = 1e-11, 6  # relative residual that is zero, and the number of points of the scan that show a continuum
MARGINAL = 1e-7  # distance of an outlier from 1 that is not told apart from 0


@dataclass(frozen=True)
class TrainedState:
    """One state in which the trained loop can rest.

    Attributes
    ----------
    z, Delta0 : float
        Output, and variance of x.
    covariance : float
        Of x with its state at the target.
    slope : float
        H'(z), the change of n.phi(x(z)) with a clamped output z.
    outliers : tuple of complex
        The two roots of the equation of the outliers.
    visible : tuple of bool
        Which lie outside the disc of the bulk: only these are eigenvalues.
    bulk_radius : float
    stable : bool
        Whether the bulk and both outliers have real parts below 1.
    residual : float
        Of the equation for z, relative to the target.
    """

    z: float
    Delta0: float
    covariance: float
    slope: float
    outliers: tuple[complex, complex]
    visible: tuple[bool, bool]
    bulk_radius: float
    stable: bool
    residual: float

    def to_dict(self) -> dict[str, Any]:
        """Content under the keys of JSON; outliers as [re, im]."""
        return {**asdict(self), "outliers": [[r.real, r.imag] for r in self.outliers], "visible": list(self.visible)}


@dataclass(frozen=True)
class LeastSquares:
    """A network trained by least squares, or ridge regression, on its stationary state at the target.

    Attributes
    ----------
    activation : str
    parameters : mapping of str to float
    ridge : float
        Penalty per unit, alpha of (n.phi - A)^2 + N alpha n.n.
    factor : float
        n.phi at the clamped target, over A: 1 without penalty.
    Delta0, C_phi, bulk_radius : float
        Variance of x, <phi^2>, and radius of the bulk at the clamped target.
    outlier, H_slope : float
        The one outlier of the Jacobian there, and the change of n.phi with the clamped output.
    overlaps : mapping of str to float
        ``snm`` = <n m> and ``snI`` = <n I> of the trained readout.
    stable : bool
        Whether bulk radius and outlier are below 1. With a penalty the target itself is no fixed point.
    fixed_points : tuple of TrainedState
        Every state in which the loop can rest, by increasing z.
    messages : tuple of str
        Reasons for caution.
    """

    activation: str
    parameters: Mapping[str, float]
    ridge: float
    factor: float
    Delta0: float
    C_phi: float
    bulk_radius: float
    outlier: float
    H_slope: float
    overlaps: Mapping[str, float]
    stable: bool
    fixed_points: tuple[TrainedState, ...]
    messages: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Content under the keys of JSON."""
        return {
            **{key: value for key, value in vars(self).items() if key not in ("parameters", "overlaps")},
            "parameters": dict(self.parameters),
            "overlaps": dict(self.overlaps),
            "fixed_points": [state.to_dict() for state in self.fixed_points],
            "messages": list(self.messages),
        }


def least_squares(
    problem: Solution | Activation | str, *, ridge: float = 0.0, **parameters: float
) -> LeastSquares:
    """Train a network of the model `feedback` by least squares, at large N, and find every state of the trained loop.

    Parameters
    ----------
    problem : Solution, Activation or str
        A solution of the model `feedback`, whose network is then trained; or an activation, with the parameters below.
    ridge : float
        Ridge penalty per unit, >= 0.
    **parameters : float
        g, Sm, SI, rho (0 if not given), the target A, and the activation's own. The direction p, pm, pI of a readout that is
        not fitted may be given and plays no role.

    Returns
    -------
    LeastSquares

    Raises
    ------
    InputError
        For unusable parameters, all problems at once.
    DomainError
        Where the clamped network has no stationary state, or one without activity, to which nothing can be fitted.

    References
    ----------
    Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139; the exact results for readouts that contain the state are derived in
    `theory.least_squares`.
    """
    if isinstance(problem, Solution):
        given = {**problem.parameters, **parameters}
        activation = Activation.from_text(problem.activation)
    else:
        given = {"rho": 0.0, **parameters}
        activation = Activation.from_text(problem) if isinstance(problem, str) else problem
    numbers = _checked(activation, given, ridge)
    return _Trained(activation, numbers, float(ridge)).result()


def _checked(activation: Activation, given: Mapping[str, object], ridge: float) -> dict[str, float]:
    own = [p.name for p in activation.parameters]
    known = [*RANGES, *own]
    problems = [f"unknown parameter '{name}'" for name in given if name not in known and name not in UNUSED]
    problems += [f"parameter {name} is missing" for name in known if name not in given]
    numbers = {}
    for name in known:
        if name not in given:
            continue
        words, allowed = RANGES.get(name, ("a real number", lambda v: True))
        try:
            numbers[name] = float(given[name])  # type: ignore[arg-type]
        except (TypeError, ValueError):
            numbers[name] = np.nan
        if not isfinite(numbers[name]) or not allowed(numbers[name]):
            problems.append(f"{name} must be {words}, not {given[name]}")
    if not (isinstance(ridge, int | float) and 0 <= ridge < inf):
        problems.append(f"ridge must be a number >= 0, not {ridge}")
    if problems:
        raise InputError(problems)
    return numbers


class _Trained:
    """The trained network at one set of parameters: its clamped states, and the equation of its fixed points."""

    def __init__(self, activation: Activation, numbers: Mapping[str, float], ridge: float) -> None:
        self.activation, self.numbers, self.ridge = activation, numbers, ridge
        self.formulas = least_squares_module()
        self.own = [numbers[p.name] for p in activation.parameters]
        self.A, self.g = numbers["A"], numbers["g"]
        self.vectors = (self.g, *self.formulas.overlaps(numbers["Sm"], numbers["SI"], numbers["rho"]))
        self.pairs = StatePairs(activation, self.own)
        self.Delta = float(self.variance(self.A))
        if np.isnan(self.Delta):
            raise DomainError(
                f"with the output clamped at A = {self.A:g} the network has no stationary state: g = {self.g:g} is too large for "
                f"{activation.text}, or without input there is no activity"
            )
        self.power = float(self.squares(self.Delta, *self.own))
        if not self.power > 0:
            raise DomainError("at the target phi is zero in every unit: no readout can be fitted to it")
        self.factor = float(self.formulas.ridge_factor(self.power, ridge))
        self.b = float(self.formulas.scale(self.power, self.factor, self.A))

    @cached_property
    def squares(self) -> Mean:
        """<phi^2>."""
        return mean_object(Average(phi(x) ** 2), self.activation)

    @cached_property
    def curvature(self) -> Mean:
        """<(phi^2)''>."""
        return mean_object(Average(phi(x) ** 2, 2), self.activation)

    @cached_property
    def slopes(self) -> Mean:
        """<phi'^2>."""
        return mean_object(Average(diff(phi(x), x) ** 2), self.activation)

    # --- clamped states ---------------------------------------------------------------------------------------------

    def variance(self, z: ArrayLike) -> Values:
        """Delta with the output clamped at z; nan where there is no stationary state."""

        def right(v: Values, z: Values) -> Values:
            return self.formulas.variance(self.squares(v, *self.own), z, *self.vectors)

        def slope(v: Values, z: Values) -> Values:
            return self.formulas.mode(self.curvature(v, *self.own), self.g) + 0.0 * z

        def error(v: Values, z: Values) -> Values:
            return self.g**2 * self.squares.with_error(v, *self.own)[1]

        return solve_physical(right, slope, error, lambda v, z: {"Delta": v}, (np.asarray(z, dtype=float),))["Delta"]

    def radius(self, variance: float) -> float:
        """Radius of the bulk."""
        return float(self.formulas.bulk(self.slopes(variance, *self.own), self.g))

    # --- fixed points of the loop -----------------------------------------------------------------------------------

    def excess(self, z: ArrayLike) -> Values:
        """b <phi(x1) phi(x2)> - z, with the covariance that z would have as a fixed point, cut to what the variances allow.

        Where |z| exceeds what Cauchy and Schwarz allow its sign is known, and the average is not needed.
        """
        z = np.atleast_1d(np.asarray(z, dtype=float))
        silent = (z == 0) & self.can_be_silent
        variance = np.where(silent, np.nan, self.variance(z))
        variance = np.where(silent & np.isnan(variance), 0.0, variance)
        bound = np.abs(self.b) * np.sqrt(self.power * self.squares(variance, *self.own))
        value = np.where(np.isnan(variance), np.nan, np.sign(z) * bound - z)
        inside = np.abs(z) <= bound
        if np.any(inside):
            largest = np.sqrt(self.Delta * variance[inside])
            covariance = np.clip(self.covariance(z[inside]), -largest, largest)
            value[inside] = self.b * self.pairs.activities(self.Delta, variance[inside], covariance) - z[inside]
        return np.where(silent, 0.0, value)

    @property
    def can_be_silent(self) -> bool:
        """Whether x = 0 solves the closed loop: no input, and phi(0) = 0."""
        return self.vectors[3] == 0 and self.activation.value_at_zero == 0

    def covariance(self, z: ArrayLike) -> Values:
        """Of x at the target and at a fixed point z."""
        return self.formulas.covariance(self.b, z, self.A, *self.vectors)

    def reduced(self, z: ArrayLike) -> Values:
        """The excess without its known root: least squares rests at its target."""
        z = np.atleast_1d(np.asarray(z, dtype=float))
        if self.ridge:
            return self.excess(z)
        beside = np.where(z == self.A, self.A * (1 + 0.1 * NEAREST), z)
        return self.excess(beside) / (beside - self.A)

    def scan(self) -> Values:
        """Outputs at which the equation is sampled: dense about the target and about the smallest variance, none beyond reach."""
        _, Sm2, smI, SI2 = self.vectors
        middle = -smI / Sm2 if Sm2 else 0.0
        width = np.sqrt(max(SI2 / Sm2 - middle**2, 0.0)) if Sm2 else 0.0
        size = abs(self.A)
        decades = np.geomspace(1e-3, FAR, 6 * PER_DECADE + 1) * size
        about = np.geomspace(1e-2, 1e2, 4 * PER_DECADE + 1) * (width or 1e-2 * size)
        wide = np.unique(np.concatenate([-decades, [0.0, middle], decades, middle - about, middle + about]))
        bound = np.abs(self.b) * np.sqrt(self.power * self.squares(self.variance(wide), *self.own))
        (allowed,) = np.nonzero(np.abs(wide) <= bound * (1 + 1e-9))
        lowest, highest = max(allowed.min() - 1, 0), min(allowed.max() + 1, wide.size - 1)
        near = np.geomspace(NEAREST, 1e-1, 6) * size
        even = np.linspace(wide[lowest], wide[highest], PER_RANGE)
        points = np.concatenate([wide[lowest : highest + 1], even, self.A - near, self.A + near])
        return np.unique(points[(points != self.A) & (points >= wide[lowest]) & (points <= wide[highest])])

    def other_roots(self) -> tuple[list[float], bool]:
        """Fixed points besides a target that is one, and whether they form a continuum."""
        grid = self.scan()
        value = self.reduced(grid)
        if np.sum(np.abs(self.excess(grid)) <= CONTINUUM * np.abs(grid)) >= SEVERAL:
            return [], True

        def at(z: float) -> float:
            return float(self.reduced(z)[0])

        roots = [float(z) for z in grid[value == 0]]
        cells = [(grid[k], grid[k + 1]) for k in np.nonzero(value[:-1] * value[1:] < 0)[0]]
        for k in _dips(value):
            lowest = self.nearest_to_zero(at, grid[k - 1], grid[k + 1], np.sign(value[k]))
            if np.sign(at(lowest)) != np.sign(value[k]):
                cells += [(grid[k - 1], lowest), (lowest, grid[k + 1])]
        roots += [float(brentq(at, low, high, xtol=1e-15, rtol=1e-15)) for low, high in cells]
        return sorted(roots), False

    @staticmethod
    def nearest_to_zero(at: Callable[[float], float], low: float, high: float, sign: float) -> float:
        """Where a function of one sign comes closest to zero between two points."""
        return float(minimize_scalar(lambda z: sign * at(z), bounds=(low, high), method="bounded", options={"xatol": 1e-10}).x)

    # --- results ----------------------------------------------------------------------------------------------------

    def result(self) -> LeastSquares:
        """Everything about the trained network."""
        curvature, gain = self.curvature(self.Delta, *self.own), mean_object(Average(phi(x), 1), self.activation)
        outlier, slope, snm, snI = map(
            float,
            self.formulas.target(curvature, gain(self.Delta, *self.own), self.b, self.A, *self.vectors),
        )
        radius = self.radius(self.Delta)
        roots, continuum = self.other_roots() if self.A else ([], False)
        states = [self.state(z) for z in roots]
        if not self.ridge or not self.A:
            states.append(self.at_target(outlier, slope, radius))
        return LeastSquares(
            activation=self.activation.text,
            parameters=self.numbers,
            ridge=self.ridge,
            factor=self.factor,
            Delta0=self.Delta,
            C_phi=self.power,
            bulk_radius=radius,
            outlier=outlier,
            H_slope=slope,
            overlaps={"snm": snm, "snI": snI},
            stable=bool(radius < 1 and outlier < 1 - MARGINAL),
            fixed_points=tuple(sorted(states, key=lambda state: state.z)),
            messages=tuple(self.messages(outlier, radius, states, continuum)),
        )

    def at_target(self, outlier: float, slope: float, radius: float) -> TrainedState:
        """The target as a fixed point: the second root of the equation of the outliers lies inside the bulk."""
        roots = (complex(outlier), complex(radius**2))
        stable = bool(radius < 1 and outlier < 1 - MARGINAL)
        return TrainedState(
            self.A, self.Delta, self.Delta, slope, roots, (abs(outlier) > radius, False), radius, stable, 0.0
        )

    def state(self, z: float) -> TrainedState:
        """A fixed point besides the target."""
        variance = float(self.variance(z))
        rest = 0.0 if np.isnan(variance) else variance
        variance, covariance = rest or SILENT, float(self.covariance(z))
        radius = self.radius(variance)
        trace, determinant, slope = np.full(3, np.nan)
        if self.activation.is_continuous:
            pair = self.pairs.slopes(self.Delta, variance, covariance)
            curvature = self.curvature(variance, *self.own)
            trace, determinant, slope = self.formulas.linearisation(curvature, *pair, self.b, z, self.A, *self.vectors)
        half, gap = 0.5 * complex(trace), np.sqrt(complex(0.25 * trace**2 - determinant))
        outliers = (complex(half + gap), complex(half - gap))
        return TrainedState(
            z,
            rest,
            covariance,
            float(slope),
            outliers,
            (abs(outliers[0]) > radius, abs(outliers[1]) > radius),
            radius,
            bool(radius < 1 and all(root.real < 1 - MARGINAL for root in outliers)),
            abs(float(self.excess(z)[0])) / abs(self.A),
        )

    def messages(self, outlier: float, radius: float, states: list[TrainedState], continuum: bool) -> list[str]:
        """Reasons for caution."""
        found = []
        if not radius < 1:
            found.append(
                f"bulk_radius = {radius:.6g} at the target is not below 1: the clamped network does not rest, and these numbers describe "
                "its formal stationary state"
            )
        elif any(not radius * state.bulk_radius < 1 for state in states):
            found.append("at a fixed point the bulk is unstable: it is formal, and there may be others")
        if abs(outlier - 1) <= MARGINAL and self.A:
            found.append("the outlier at the target is 1: the target is marginal, a second fixed point crosses it here")
        if continuum:
            found.append("the fixed points form a continuum, of which the target is one")
        if self.A and np.abs(self.scan()).max() >= FAR * abs(self.A):
            found.append(f"fixed points beyond |z| = {FAR * abs(self.A):g} are not searched for")
        return found


def _dips(value: Values) -> list[int]:
    """Points of a scan at which a stretch of one sign comes closest to zero."""
    size, sign = np.abs(value), np.sign(value)
    same = (sign[1:-1] == sign[:-2]) & (sign[1:-1] == sign[2:])
    return list(1 + np.nonzero(same & (size[1:-1] < size[:-2]) & (size[1:-1] <= size[2:]))[0])


__all__ = ["LeastSquares", "TrainedState", "least_squares"]
