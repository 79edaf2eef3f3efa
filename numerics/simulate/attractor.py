"""Simulation of attractor networks: weights of least norm that store patterns of graded rates, their spectra and their dynamics.

    dr_i/dt = -r_i + phi(sum_j W_ij r_j + b_i),     sum_j W_ij r^mu_j + b_i = u^mu_i,     phi(u^mu_i) = r^mu_i,     mu = 1 ... P

Rates are independent over units and patterns, P = alpha N. A pattern is stable where all eigenvalues of D W, D = diag phi'(u^mu_i),
have real parts below 1. What the theory says of one unit holds for rows of W, what it says of the spectrum for one pattern; the
patterns of one network share W, so that errors are taken over networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from numerics.algorithms.patterns import law_nodes, tail_of
from numerics.compare.estimate import Estimate, jackknife, mean_estimate
from numerics.simulate.fixed_points import Function, Progress
from numerics.simulate.parallel import in_parallel
from numerics.simulate.sample import Sample, collected
from numerics.simulate.simulation import network_of
from numerics.simulate.stored_network import StoredNetwork, random_stream, stored_network
from numerics.solve.patterns import jacobian_of
from numerics.solve.solution import Solution, shown, titled
from numerics.solve.solver import Solver
from numerics.view import Picture
from theory.errors import DomainError, InputError, require
from theory.models.attractor import ATTRACTOR
from theory.parameters import checked_parameters, written_out

Array = NDArray[np.float64]

LEADING = 8  # eigenvalues of largest real part that are looked at
CHANCE = 1e-3  # probability that the eigenvector of an eigenvalue in the bulk is taken for that of an outlier
RECALLED = 0.1  # distance to a pattern, in spreads of the rates, below which the pattern is recalled
PICTURED, BOUNDARY_POINTS = 800, 40  # units of the network in a figure, points of the boundary
MOST_MEMORY = 4e9  # bytes of one network


@dataclass(frozen=True, eq=False)
class AttractorNetworks(Sample):
    """Statistics of attractor networks, see `network_statistics`."""

    lost: ClassVar[str] = "networks have patterns that depend linearly on each other"
    rounding: ClassVar[Mapping[str, float]] = {"beta2": 1e-12}

    def observables(self) -> dict[str, Estimate]:
        """Estimates with errors over the networks.

        Returns
        -------
        dict of str to Estimate
            Of the drawn patterns `b`, `beta2` and `mean_gain`; of the weights `norm` (root mean square over units), `row_sum`,
            `row_sum_sd` (standard deviation over units; times sqrt(N) where there is no bias); of the spectra `abscissa` (largest
            real part), `edge` (the same without outliers), `outlier` (where every recalled pattern of every network has one to
            the right of the bulk), `stable_fraction`; of dynamics `growth` (rate at which small perturbations grow),
            `recalled_fraction`, `recall_distance`. Empty if there are no networks.

            Terms of order 1/N aside these have no bias, with one exception. The end of the bulk comes near that of infinitely
            many eigenvalues more slowly, with powers of N between 1/2 and 2/3: the errors of `edge`, and of `abscissa` as far as
            no outlier leads, include the mean distance between the last two real parts of the bulk.

            The part of the squared norm that is not b^2 alpha for `self` is a sum over patterns of 1/(variance over the units).
            Its mean exceeds 1/V_r by the kurtosis over N, a series that does not converge for a log-normal law: at N = 1200
            long tails still change the norm by percents. So this part is divided by V_r <1/variance>, with the mean over the
            patterns that were drawn and V_r of the law; for `bias` `row_sum_sd`, which is the norm of infinitely many units, too.
        """
        s = self.of_measured(self.statistics)
        if not s or not next(iter(s.values())).size:
            return {}
        biased, own = (self.parameters["variant"] == variant for variant in ("bias", "self"))
        scale, fixed = 1.0 if biased else float(np.sqrt(self.N)), float(own) * self.parameters["alpha"]

        def unexplained(at: Array) -> Array:
            return at[2] / at[1] - (at[0] / at[1]) ** 2

        def norm(at: Array) -> Array:
            kept = fixed * (at[2] / at[3]) ** 2
            return np.sqrt(kept + (at[0] - kept) / at[1])

        tails = s["tails"] if biased else np.ones_like(s["tails"])
        result = {
            "b": jackknife(lambda at: at[0] / at[1], s["covariance"], s["var_r"]),
            "beta2": jackknife(unexplained, s["covariance"], s["var_r"], s["var_u"]),
            "mean_gain": mean_estimate(s["gain"]),
            "norm": jackknife(norm, s["norm2"], s["tails"], s["covariance"], s["var_r"]),
            "row_sum": mean_estimate(s["row_sum"]),
            "row_sum_sd": jackknife(lambda at: scale * np.sqrt(at[0] / at[1]), s["row_sum_var"], tails),
        }
        for name, blur in (("abscissa", "blur"), ("edge", "spacing")):
            estimate = mean_estimate(s[name])
            result[name] = estimate._replace(error=float(np.hypot(estimate.error, np.mean(s[blur]))))
        rest = ("outlier", "stable_fraction", "growth", "recall_distance", "recalled_fraction")
        result |= {name: mean_estimate(s[name]) for name in rest if name in s}
        return {name: e for name, e in result.items() if np.isfinite(e.value)}


def simulate(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    N: int,
    couplings: int,
    seed: int = 0,
    phi_prime: Function | None = None,
    centred: bool | None = None,
    patterns: int = 4,
    spectrum: str | None = None,
    T: float = 0.0,
    perturbation: float = 0.01,
    corrupt: float = 0.0,
    progress: Progress | None = None,
) -> AttractorNetworks:
    """Networks that store patterns exactly, and the stability of some of the patterns.

    Parameters
    ----------
    phi, phi_prime : callable
        Activation and derivative; vectorised over arrays.
    parameters : mapping
        Of the model, see `theory.models.attractor`; `stored_network.draw_rates` says what laws are.
    N, couplings : int
        Units, and networks. Where alpha N is not whole, networks store the one or the other number of patterns next to it, alpha
        N on average.
    seed : int
        The streams of network k at size N depend on (seed, N, k) alone.
    patterns, spectrum, T, perturbation, corrupt
        Settings, see `numerics.models.attractor`; by default spectra of up to `stored_network.DENSE` rows are dense.
    progress : callable, optional
        Called with the finished fraction after each network.

    Raises
    ------
    InputError
        For parameters outside these ranges, patterns whose rates the activation does not take, and networks too large to hold.
    """
    if phi_prime is None:
        raise InputError("the activation has no derivative: the stability of its patterns is not defined")
    known = {c.name for c in ATTRACTOR.choices} | {p.name for p in ATTRACTOR.parameters}
    checked = checked_parameters(ATTRACTOR, (), {name: v for name, v in parameters.items() if name in known})
    given = {**parameters, **written_out(checked)}
    law = {name: given[name] for name in ("law", "CV", "f", "eps", "samples") if name in given}
    r, weight = law_nodes(**law, tail=tail_of(given.get("units", 0.0)))
    V_r = weight @ (r - weight @ r) ** 2
    require(
        (couplings >= 1, f"couplings = {couplings}: at least one network is needed"),
        (patterns >= 1, f"patterns = {patterns}: at least one recalled pattern is needed"),
        (spectrum in (None, "dense", "arnoldi"), f"spectrum = {spectrum}: dense or arnoldi"),
        (0 <= T < np.inf, f"T = {T}: must be finite and not negative"),
        (0 <= perturbation <= 1, f"perturbation = {perturbation}: must lie between 0 and 1"),
        (0 <= corrupt <= 1, f"corrupt = {corrupt}: must lie between 0 and 1"),
        (T > 0 or not corrupt, "corrupt asks for the dynamics: give a time T"),
    )
    memory = 8.0 * N**2 * (12 * given["alpha"] + (4 if spectrum == "dense" else 0))
    too_much = f"N = {N}: one network takes {memory / 1e9:.1f} GB, at most {MOST_MEMORY / 1e9:g} GB are allowed"
    require((memory <= MOST_MEMORY, too_much))

    def one(k: int) -> dict[str, float]:
        """Statistics of network k; empty if its patterns are linearly dependent."""
        with np.errstate(all="ignore"):
            network = stored_network(phi, given, N=N, seed=seed, network=k, phi_prime=phi_prime)
            if network is None:
                return {}
            row = network_statistics(network, V_r, patterns, dense=None if spectrum is None else spectrum == "dense")
            if T:
                row |= dynamics_statistics(network, patterns, T, perturbation, corrupt, random_stream(seed, N, k, 1))
        return row

    rows = in_parallel(one, couplings, progress)
    return AttractorNetworks(N, couplings, 1, seed, given, np.array([not row for row in rows]), collected(rows))


def network_statistics(network: StoredNetwork, V_r: float, patterns: int, dense: bool | None) -> dict[str, float]:
    """Statistics of one network; `V_r` is the variance of the law of its rates.

    Over units and patterns `var_r`, `var_u`, `covariance`, `gain`; over patterns `tails`, the mean of V_r/(variance over units);
    over units `norm2` (mean squared norm), `row_sum`, `row_sum_var`; over the first `patterns` patterns `abscissa`, `edge`,
    `outlier`, `stable_fraction`; `spacing`, the distance between the largest two real parts of the bulk, and `blur`, the same
    unless an outlier leads by more than this.
    """
    (var_r, covariance), (_, var_u) = np.cov(network.R.ravel(), network.U.ravel())
    sums = network.product(np.ones(len(network.R)))
    row = {"var_r": var_r, "var_u": var_u, "covariance": covariance, "gain": np.mean(network.gains)}
    row |= {"tails": np.mean(V_r / np.var(network.R, axis=0)), "norm2": np.mean(network.squared_norms())}
    row |= {"row_sum": np.mean(sums), "row_sum_var": np.var(sums, ddof=1)}
    spectra = [leading_parts(network, mu, dense) for mu in range(min(patterns, network.R.shape[1]))]
    row |= {name: np.mean([parts[name] for parts in spectra]) for name in spectra[0]}
    return {name: float(value) for name, value in row.items()}


def leading_parts(network: StoredNetwork, mu: int, dense: bool | None = None) -> dict[str, float]:
    """What leads the spectrum of pattern mu; see `network_statistics`.

    The eigenvector of an outlier, as a combination y of the patterns, keeps a finite part in the plane of the recalled pattern and
    the sum of all; in the bulk it is a random direction, which has a part above w in a plane with probability (1 - w)^((P-2)/2).
    """
    values, parts = network.leading_eigenvalues(mu, LEADING, dense)
    threshold = 1 - CHANCE ** (2 / max(network.R.shape[1] - 2, 1))
    bulk = values.real[parts < threshold]
    bulk = bulk if bulk.size else values.real[-1:]
    abscissa, edge = values.real[0], bulk[0]
    below = bulk[bulk < edge - 1e-9 * abs(edge)]  # not the other one of a complex pair
    spacing = edge - below[0] if below.size else 0.0
    leads = parts[0] >= threshold
    found = {"abscissa": abscissa, "edge": edge, "spacing": spacing, "stable_fraction": float(abscissa < 1)}
    blur = 0.0 if leads and abscissa - edge > spacing else spacing
    return found | {"blur": blur, "outlier": abscissa if leads else np.nan}


def dynamics_statistics(
    network: StoredNetwork, patterns: int, T: float, perturbation: float, corrupt: float, stream: np.random.Generator
) -> dict[str, float]:
    """Perturbations of the first patterns after the time T, and recall of corrupted ones.

    `growth`, the rate at which the distance to a perturbed pattern grows in the second half of the time; with `corrupt`
    `recall_distance` (see `StoredNetwork.distance`), and `recalled_fraction`, that of distances below `RECALLED`.
    """
    count = min(patterns, network.R.shape[1])
    stored, row = network.R[:, :count], {}
    if perturbation:
        change = perturbation * np.std(stored, axis=0) * stream.standard_normal(stored.shape)
        half = network.relax(stored + change, T / 2)
        end = network.relax(half, T / 2)
        ratios = [network.distance(end[:, mu], mu) / network.distance(half[:, mu], mu) for mu in range(count)]
        row["growth"] = float(np.mean(np.log(ratios)) / (T / 2))
    if corrupt:
        distances = np.array([network.recall(mu, corrupt, T, stream)[1] for mu in range(count)])
        row["recall_distance"] = float(np.mean(distances))
        row["recalled_fraction"] = float(np.mean(distances < RECALLED))
    return row


def spectrum_picture(solver: Solver, solution: Solution) -> Picture:
    """Eigenvalues of D W at one pattern of a network, with boundary and outliers of the theory."""
    parameters, activation = solution.parameters, solver.activation
    told = network_of(activation, parameters, None)
    network = stored_network(told["phi"], told["parameters"], N=PICTURED, phi_prime=told["phi_prime"])
    if network is None:
        raise DomainError("the patterns of the network in the figure depend linearly on each other")
    with np.errstate(all="ignore"):
        upper = jacobian_of(solver, parameters).boundary_curve(parameters["alpha"], BOUNDARY_POINTS)
    outliers, whole = solution.details["outliers"], np.concatenate([upper, upper[::-1].conj()])
    given = ", ".join(f"{name} = {shown(value)}" for name, value in parameters.items())
    return Picture(
        f"{titled(solution.model, solution.activation)}, {given}",
        "real part",
        "imaginary part",
        {f"eigenvalues at one pattern, N = {PICTURED}": network.jacobian_eigenvalues(0)},
        {"boundary of the bulk": whole},
        {"outliers": np.array(outliers, dtype=complex)} if outliers else {},
    )
