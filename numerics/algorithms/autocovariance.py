"""Solve the self-consistency of an autocovariance function; the state that is found carries the pair spectra."""

from functools import lru_cache

import numpy as np

from numerics.algorithms.coloured import CLOSEST, by_collocation, by_continuation, closure, linear_curve
from numerics.algorithms.outcomes import (
    CRITICAL,
    NO_CONVERGENCE,
    NO_DECAY,
    NO_ROOT,
    NOT_RESOLVED,
    SILENT,
    SOLVED,
)
from numerics.algorithms.primitive import Primitive
from numerics.algorithms.states import DOUBLE_PRECISION, FilteredState, GaussianState, SampledState
from numerics.algorithms.twotime import by_energy, energy_roots

LOWEST_VARIANCE, DECADES = 1e-10, 1e22
SMALLEST_RATE = 0.05  # of the panels, while the variance is a guess
SLOWEST_RATE = 1e-3  # decay rate of C below which the frequency integrals are not resolved
SAME = 1e-14  # relative distance of variances that share a table
RESOLVED_VARIANCES = (1e-20, 1e20)
LONGEST_MEMORY = 2000.0  # correlation time of the noise above which the frequency integrals are not resolved


class InTime:
    """The equations of one model and activation.

    Parameters
    ----------
    phi : callable
        ``phi(x, *own)``, odd; `own` are the parameters of the activation.
    points : callable
        ``points(*own)``: where phi is not smooth, x >= 0, the first 0.
    pair : PairAverage
    square, multiplier : callable
        <phi^2> as ``square(variance, *own)``, and ``multiplier(variance, *numbers)``, which is below 1 where C decays;
        `numbers` are all parameters.
    transfer : callable
        ``transfer(s)``.
    strength, reaction : callable
        ``strength(*numbers)``: factor of <phi phi> in the equation of C; ``reaction(*numbers)``: of the response to a unit's own
        activity.
    kinetic, forcing : dict
        By noise: ``kinetic(*numbers)`` = C'(0+)^2/2 where the noise vanishes at positive lags, else
        ``forcing(tau, *numbers)``, its autocovariance.
    noise_spectra : dict
        By noise: ``spectrum(s, *numbers)``.
    one_site, pair_spectra : callable
        ``one_site(s, S, C, noise, *numbers)`` -> (S, T, C, K, X); ``pair_spectra(one, two, *numbers)`` -> psi_phi, psi_x.
    integrands : callable or None
        ``integrands(s, transform, variance, *numbers)``: of psi_phi and psi_x.
    gaussian_site : callable
        ``gaussian_site(variance, *numbers)`` -> dict with <phi^2> and <phi'> where x is Gaussian.
    observables : callable
        ``observables(variance, P_0, G_0, S_0, T_0, C_0, K_0, X_0, psi_phi, psi_x, Psi_phi, *numbers)`` -> dict.
    count : int
        Number of parameters of the model; the rest of `numbers` is `own`.
    """

    def __init__(self, **equations):
        self.__dict__.update(equations)

    def correlations(self, noise, numbers, tau_n):
        """(status, variance, table, autocovariance, roots, slopes, residual, error) for one set of numbers."""
        own = numbers[self.count :]
        strength = float(self.strength(*numbers))
        primitives = [Primitive(lambda x: self.phi(x, *own), self.points(*own), ratio) for ratio in (2.0, np.sqrt(2.0))]
        if tau_n > LONGEST_MEMORY:
            return NOT_RESOLVED, np.nan, None, None, np.array([]), np.array([]), np.nan, np.nan
        if noise in self.kinetic:
            return self.conservative(primitives, strength, float(self.kinetic[noise](*numbers)), numbers)
        return self.driven(primitives, strength, lambda tau: self.forcing[noise](tau, *numbers), tau_n, numbers)

    def conservative(self, primitives, strength, kinetic, numbers):
        """The energy is conserved: no noise, white noise."""
        own = numbers[self.count :]
        lowest = 0.9 * np.sqrt(2.0 * kinetic) or LOWEST_VARIANCE
        if not RESOLVED_VARIANCES[0] < lowest < 0.1 * RESOLVED_VARIANCES[1]:
            return NOT_RESOLVED, lowest, None, None, np.array([]), np.array([]), np.nan, np.nan
        roots, slopes = energy_roots(
            primitives[0], strength, kinetic, lowest, min(lowest * DECADES, RESOLVED_VARIANCES[1])
        )
        rising = np.nonzero(slopes > 0)[0]
        if kinetic == 0.0:
            roots, slopes = np.append(0.0, roots), np.append(np.nan, slopes)
            rising = rising + 1
        if rising.size == 0:
            return SILENT if kinetic == 0.0 else NO_ROOT, np.nan, None, None, roots, slopes, np.nan, np.nan
        variance, slope = roots[rising[0]], slopes[rising[0]]
        multiplier = float(self.multiplier(variance, *numbers))
        table = self.pair.table(variance, own)
        if not table.resolved or not np.isfinite(multiplier):
            return NOT_RESOLVED, variance, table, None, roots, slopes, np.nan, np.nan
        found = None
        if 0.0 < 1.0 - multiplier < SLOWEST_RATE**2:
            return CRITICAL, variance, table, None, roots, slopes, np.nan, np.nan
        if multiplier < 1.0:
            found = by_energy(table, variance, strength, kinetic, np.sqrt(1.0 - multiplier))
        if found is None:
            return NO_DECAY, variance, table, None, roots, slopes, np.nan, np.nan
        spread, finer = (float(p.variance(variance)[0][0]) for p in primitives)
        left = 0.5 * variance**2 - strength * spread - kinetic
        error = (abs(left) + strength * abs(spread - finer) + found.mismatch * 0.5 * variance**2) / slope
        residual = abs(left) / (0.5 * variance**2) + found.mismatch
        return SOLVED, variance, table, found, roots, slopes, residual, error + DOUBLE_PRECISION * variance

    def driven(self, primitives, strength, forcing, tau_n, numbers):
        """Noise with a correlation time: a boundary-value problem."""
        own = numbers[self.count :]
        nothing = np.array([]), np.array([]), np.nan, np.nan
        tables = {}

        def square(v):
            return float(self.square(v, *own))

        def rate(v):
            return np.sqrt(max(1.0 - float(self.multiplier(v, *numbers)), SMALLEST_RATE**2))

        def table_at(v):
            same = [w for w in tables if abs(w - v) <= SAME * v]
            if not same:
                tables[v] = self.pair.table(v, own)
            return tables[same[0] if same else v]

        def solve(factor, v, curve, fineness=1.0, beside=None):
            def noise(lag):
                return factor * forcing(lag)

            return by_collocation(table_at, v, curve, strength, noise, tau_n, rate(v), fineness, beside)

        def starts(factor):
            guess = closure(square, strength, factor * float(forcing(0.0)), tau_n)
            if guess is not None:
                yield guess, linear_curve(guess, square, strength, tau_n)
            roots, slopes = energy_roots(primitives[0], strength, 0.0, LOWEST_VARIANCE, LOWEST_VARIANCE * DECADES)
            for v in roots[slopes > 0]:  # close to the network without noise
                multiplier = float(self.multiplier(v, *numbers))
                quiet = by_energy(table_at(v), v, strength, 0.0, np.sqrt(1.0 - multiplier)) if multiplier < 1 else None
                if quiet is not None:
                    yield v, quiet.at

        found = by_continuation(solve, starts)
        if found is None:
            return NO_CONVERGENCE, np.nan, None, None, *nothing
        variance, table, rough = found
        others = [v for v in tables if abs(v - variance) > CLOSEST * variance]
        again = solve(1.0, variance, rough.at, 0.7, min(others, key=lambda v: abs(v - variance)))
        if again is None or not table.resolved:
            return NOT_RESOLVED, variance, table, None, *nothing
        finer, table, correlation = again
        if not self.multiplier(finer, *numbers) < 1.0:
            return NO_DECAY, finer, table, None, *nothing
        # energy at tau = 0+ against the work of the noise, an identity that the solution does not use
        spread = float(primitives[1].variance(finer)[0][0])
        work = -np.sum(correlation.weight * forcing(correlation.lag) * correlation.slope)
        residual = (0.5 * finer**2 - strength * spread - work) / (0.5 * finer**2)
        error = abs(finer - variance) + DOUBLE_PRECISION * finer
        return SOLVED, finer, table, correlation, np.array([finer]), np.array([np.nan]), residual, error

    def state(self, noise, numbers, tau_n):
        """The solution for one set of numbers."""
        return solution_in_time(self, noise, tuple(numbers), tau_n)

    def solve(self, noise, numbers, tau_n):
        """All results for one set of numbers: a dict with observables, their errors, diagnostics and ``status``."""
        state = self.state(noise, numbers, tau_n)
        values, errors = state.results() if state.status == SOLVED else ({}, {})
        result = {
            "status": state.status if values or state.status != SOLVED else NOT_RESOLVED,
            "variance": state.variance,
            "roots": state.roots,
            "slopes": state.slopes,
            "residual": state.residual,
            "tolerance": state.tolerance,
            "error": errors.get("Delta0", np.nan),
            "errors": errors,
            "sampled": state.sampled,
        }
        return {**result, **values}

    def spectra(self, omega, noise, numbers, tau_n):
        """One-site functions S, T, C, K, X at real frequencies; nan where there is no solution."""
        state, omega = self.state(noise, numbers, tau_n), np.asarray(omega, dtype=float)
        if state.status != SOLVED:
            return tuple(np.full(omega.shape, np.nan) for _ in range(5))
        parts = state.sites(np.abs(omega.ravel()))
        whole = [np.broadcast_to(part, omega.size).reshape(omega.shape) for part in parts]
        return tuple(np.where(omega < 0, np.conj(part), part) if np.iscomplexobj(part) else part for part in whole)

    def autocovariance(self, lag, noise, numbers, tau_n):
        """C_x and C_phi at any lags; nan where there is no solution."""
        state, lag = self.state(noise, numbers, tau_n), np.abs(np.asarray(lag, dtype=float))
        if state.status != SOLVED:
            return np.full(lag.shape, np.nan), np.full(lag.shape, np.nan)
        return state.lags(lag)

    def pair_lags(self, t1, t2, noise, numbers, tau_n):
        """psi_phi, psi_x at lags and their errors, four arrays; nan where there is no solution."""
        state = self.state(noise, numbers, tau_n)
        t1, t2 = np.broadcast_arrays(np.asarray(t1, dtype=float), np.asarray(t2, dtype=float))
        if state.status != SOLVED:
            return tuple(np.full(t1.shape, np.nan) for _ in range(4))
        values, errors = state.pair_lags(t1, t2)
        return (*values, *errors)

    def frequency_dimensions(self, omega, noise, numbers, tau_n):
        """Participation ratios over N of phi and of x at single frequencies, and their errors, four arrays."""
        state, omega = self.state(noise, numbers, tau_n), np.abs(np.asarray(omega, dtype=float))
        if state.status != SOLVED:
            return tuple(np.full(omega.shape, np.nan) for _ in range(4))
        values, errors = state.frequency_dimensions(omega.ravel())
        return tuple(row.reshape(omega.shape) for row in (*values, *errors))


@lru_cache(maxsize=8)
def solution_in_time(equations, noise, numbers, tau_n):
    """The solution by the route that its couplings and units ask for; the latest are kept, because each takes some time."""
    if equations.reaction(*numbers) != 0:
        return SampledState(equations, noise, numbers, tau_n)
    return (FilteredState if equations.integrands is None else GaussianState)(equations, noise, numbers, tau_n)
