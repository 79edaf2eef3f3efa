"""What is known of a simulated network in time: estimates, and two kinds of errors.

The error of an estimate is the one over coupling matrices. Part of it is the finite time and the finite number of trajectories
of each matrix; how much, the jackknife over trajectories says (Efron, Tibshirani 1993, "An Introduction to the Bootstrap",
chapter 11, matrix by matrix): more matrices help while it is small against the whole, longer trajectories where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from numerics.compare.estimate import Estimate, jackknife
from numerics.simulate.sample import Sample

Array = NDArray[np.float64]

NOTICEABLE = 1.0  # time-step error, in standard errors of the estimate, above which it is announced
LAGS = 5.0  # an integral over lags is reported where they reach this far in units of the slowest decay
PHASES = 33  # of the eigenvalues at the edge of the spectrum of g <phi'> J


@dataclass(frozen=True, eq=False)
class Trajectories(Sample):
    """Statistics of simulated trajectories, see `numerics.simulate.moments.Row`.

    Attributes
    ----------
    T, burn, dt, lags : float
        Time over which each trajectory is observed, time before that, time step, longest lag of covariances.
    transfer : pair of tuples of float
        Numerator and denominator of the filter.
    method, precision, backend : str, int, str
        Scheme of the time step, bits of the numbers, array library.
    time_step : Estimate
        Relative error of <x^2> that the time step makes, with its standard error over trajectories.
    without_one : dict of str to array, shape (couplings, samples)
        The statistics with one trajectory left out.
    """

    lost: ClassVar[str] = "trajectories leave the range of numbers (phi grows too fast for these couplings)"

    T: float
    burn: float
    dt: float
    lags: float
    transfer: tuple[tuple[float, ...], tuple[float, ...]]
    method: str
    precision: int
    backend: str
    time_step: Estimate
    without_one: dict[str, Array] = field(repr=False)

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the estimates."""
        found = self.observables()
        if not found:
            return ()
        relative = found["Delta0"].error / found["Delta0"].value
        shift, error = abs(self.time_step.value), self.time_step.error
        if shift > max(3 * error, NOTICEABLE * relative):
            return (
                f"the time step dt = {self.dt:g} shifts <x^2> by {shift:.1e} of itself, more than its error: take a smaller dt",
            )
        return ()

    def observables(self) -> dict[str, Estimate]:
        """Estimates with errors over the coupling matrices.

        Returns
        -------
        dict of str to Estimate
            `Delta0` = [<x^2>], `C_phi0` = [<phi^2>]; `gain` = [<phi'>], from <x phi>/<x x> (Stein's lemma) where x is Gaussian
            (eta = 0), else from phi' itself; `kappa2` = 1 - g^2 gain^2 for eta = 0; `PR_x`, `PR_phi` = (tr C)^2/(N tr C^2).
            `tau_pop` = int_0^L psi_phi(tau, tau) dtau / psi_phi(0, 0), psi_phi(tau, tau) = (1/N) sum_ij C_ij(tau)^2 - C(tau)^2,
            by the trapezoidal rule on the snapshots. L = `lags` is half a block of them (`numerics.simulate.moments.COLUMNS`), at
            most T/2, and has to be five times the decay time of psi_phi(tau, tau), so that about a hundredth lies beyond it:
            elsewhere `tau_pop` is missing, and a larger T or fewer `samples` help. Nor is it measured where eta is not 0: the
            decay time is not known. The participation ratios at zero frequency are not measured: they need windows that are long
            against the slowest correlations.
        """
        s = self.of_measured(self.statistics)
        return {name: jackknife(f, *(s[key] for key in keys)) for name, (f, keys) in self._formulas().items()}

    @property
    def time_errors(self) -> dict[str, float]:
        """The part of each error that finite time and few trajectories make; nan with fewer than three trajectories."""
        s, without = self.of_measured(self.statistics), self.of_measured(self.without_one)
        return {
            name: error_within(f, [s[key] for key in keys], [without[key] for key in keys])
            for name, (f, keys) in self._formulas().items()
        }

    def _formulas(self) -> dict[str, tuple[Callable[[Array], Array], tuple[str, ...]]]:
        """Every observable as a function of averages over the couplings."""
        s = self.of_measured(self.statistics)
        if not s or s["x2"].size == 0:
            return {}
        g, gaussian = float(self.parameters["g"]), float(self.parameters.get("eta", 0.0)) == 0
        found: dict[str, tuple[Callable[[Array], Array], tuple[str, ...]]] = {
            "Delta0": (_first, ("x2",)),
            "C_phi0": (_first, ("phi2",)),
        }
        if gaussian:
            found["gain"] = _ratio, ("x_phi", "x2")
            found["kappa2"] = (lambda m: 1 - (g * m[0] / m[1]) ** 2), ("x_phi", "x2")
        elif "slope" in s:
            found["gain"] = _first, ("slope",)
        found |= {f"PR_{name}": (_ratio, (f"trace_squared_{name}", f"square_trace_{name}")) for name in ("x", "phi")}
        if gaussian and self.lags * self._decay(g * float(np.mean(s["x_phi"]) / np.mean(s["x2"]))) > LAGS:
            found["tau_pop"] = _ratio, ("pair_area", "pair_phi")
        return found

    def _decay(self, radius: float) -> float:
        """Decay rate of squared covariances: twice that of the slowest mode of the network linearised, or of its noise.

        The modes are the roots of 1 = lambda h(s), with the eigenvalues lambda of g <phi'> J at the edge of their disc.
        """
        numerator, denominator = self.transfer
        edge = radius * np.exp(1j * np.linspace(0.0, np.pi, PHASES))
        slowest = max(np.max(np.roots(np.polysub(denominator, at * np.array(numerator))).real) for at in edge)
        if self.parameters["noise"] == "ou":
            slowest = max(slowest, -1.0 / float(self.parameters["tau_n"]))
        return -2.0 * slowest


def _first(means: Array) -> Array:
    return means[0]


def _ratio(means: Array) -> Array:
    return means[0] / means[1]


def error_within(function: Callable[[Array], Array], values: list[Array], without_one: list[Array]) -> float:
    """Standard error of a function of averages over couplings, from what varies within each coupling alone.

    Parameters
    ----------
    function : callable
        Maps averages, shape (statistics, ...), to values of shape (...).
    values : list of array, shape (couplings,)
        One statistic each.
    without_one : list of array, shape (couplings, trajectories)
        The same with one trajectory left out; nan for one that was lost.

    Returns
    -------
    float
        nan if some coupling has fewer than three trajectories.
    """
    data, left = np.stack(values), np.stack(without_one)
    shifted = data.mean(axis=1)[:, None, None] + (left - data[:, :, None]) / data.shape[1]
    present = np.isfinite(left).all(axis=0)
    count = present.sum(axis=1)
    if np.any(count < 3):
        return float("nan")
    results = np.where(present, function(np.where(present, shifted, 1.0)), 0.0)
    centre = results.sum(axis=1) / count
    deviations = np.where(present, results - centre[:, None], 0.0)
    return float(np.sqrt(np.sum((count - 1) / count * np.sum(deviations**2, axis=1))))
