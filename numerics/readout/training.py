"""Training a readout, and what the trained network does once it is left alone.

Four ways to a readout with output A: `class` (the amplitude of a fixed direction), `least_squares` and `ridge` at the clamped
state, and `force`, recursive least squares on the running network. Afterwards the loop is closed and released with a small kick:
the output stays where it was trained to be only if that state is stable, and other initial conditions may end elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.backends import matched
from numerics.compare.estimate import Estimate, mean_estimate
from numerics.compare.verdict import percent
from numerics.data import as_data
from numerics.readout.network import SAME, FeedbackNetwork, FinalState, State
from numerics.simulate import loop
from numerics.simulate.fixed_points import Function, Progress
from numerics.simulate.parallel import in_parallel
from numerics.simulate.sample import Sample, collected
from theory.errors import DomainError, require

Array = NDArray[np.float64]

METHODS = ("class", "least_squares", "ridge", "force")
KICK = 1e-3  # of the release, relative to x
NEARBY = 0.5  # largest distance, relative to x, of trained state and fixed point: ridge regression is off by its factor


@dataclass(frozen=True, kw_only=True)
class Report:
    """One trained network.

    Attributes
    ----------
    trained_output, released_output, readout_error : float
        Output when training ends, and a time T after the loop has been closed and the state kicked; |released_output - A|.
    state_output, top_eigenvalue, bulk_radius, outlier, H_slope, cosine : float
        At the fixed point of the closed loop next to the trained state, nan if there is none: output; largest real part of the
        eigenvalues of (J + m n^T) phi', stable below 1; g sqrt(<phi'^2>); `top_eigenvalue` where it is clearly outside the bulk,
        else nan; slope of the output of the open loop; cosine of the angle between n and phi, 1 for least squares.
    overlap_m, overlap_I, norm : float
        n.m, n.I and sqrt(N) |n|.
    final_states, share_at_target : tuple of FinalState, float
        Where random initial conditions end, and the fraction that ends at the fixed point next to the trained state; nan if none
        were asked for.
    curve : tuple of pairs of float
        z and the output H(z) of the open loop clamped at z, nan where that does not settle.
    fixed_points : tuple of State
        Where the curve crosses z; see `FeedbackNetwork.fixed_points`.
    """

    trained_output: float
    released_output: float
    readout_error: float
    state_output: float = nan
    top_eigenvalue: float = nan
    bulk_radius: float = nan
    outlier: float = nan
    H_slope: float = nan
    overlap_m: float
    overlap_I: float
    norm: float
    cosine: float = nan
    final_states: tuple[FinalState, ...] = ()
    share_at_target: float = nan
    curve: tuple[tuple[float, float], ...] = ()
    fixed_points: tuple[State, ...] = ()

    @property
    def stable(self) -> bool:
        """Whether the trained state is a stable fixed point."""
        return self.top_eigenvalue < 1

    def numbers(self) -> dict[str, float]:
        """What is one number; `stable` as 0 or 1, of final states and fixed points how many (nan if not asked for)."""
        numbers = {name: float(value) for name, value in vars(self).items() if not isinstance(value, tuple)}
        final = len(self.final_states) or nan
        fixed = len(self.fixed_points) if self.curve else nan
        return {**numbers, "stable": float(self.stable), "final_states": final, "fixed_points": fixed}

    def to_dict(self) -> dict[str, Any]:
        """As plain numbers, strings and lists."""
        return {**as_data(self), "stable": self.stable}


@dataclass(frozen=True, eq=False)
class Training(Sample):
    """Trained networks of one geometry; `statistics` are the numbers of their reports, nan where a network has none.

    Attributes
    ----------
    method : str
    settings : mapping
        Of the training.
    reports : tuple of Report
        Of the networks that could be trained.
    failures : tuple of str
        Why the others could not.
    """

    method: str
    settings: Mapping[str, Any]
    reports: tuple[Report, ...]
    failures: tuple[str, ...]

    def observables(self) -> dict[str, Estimate]:
        """Means with standard errors over the networks that have the number; `outlier` only if every network has one."""
        known = {name: values[np.isfinite(values)] for name, values in self.statistics.items()}
        whole = len(self.reports)
        return {k: mean_estimate(v) for k, v in known.items() if v.size == whole or (v.size and k != "outlier")}

    def curve(self) -> tuple[tuple[float, Estimate], ...]:
        """z, and H(z) averaged over the networks, where all of them settle."""
        points = zip(*(report.curve for report in self.reports), strict=True)
        return tuple((at[0][0], mean_estimate(np.array([value for _, value in at]))) for at in points)

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the means, and what they hide."""
        lines = []
        if self.failures:
            lines.append(f"{len(self.failures)} of {self.couplings} networks could not be trained: {self.failures[0]}")
        unsettled = sum(np.isnan(report.top_eigenvalue) for report in self.reports)
        if unsettled:
            lines.append(f"{unsettled} of {len(self.reports)} networks have no fixed point next to the trained state")
        if unstable := sum(report.top_eigenvalue >= 1 for report in self.reports):
            lines.append(f"the trained state is unstable in {unstable} of {len(self.reports)} networks")
        moving = [s.share for report in self.reports for s in report.final_states if s.kind == "moving"]
        if moving:
            share = percent(sum(moving) / len(self.reports))
            lines.append(f"{share} of the initial conditions were still moving at the end of the run")
        return tuple(lines)

    @property
    def details(self) -> dict[str, Any]:
        """The training, H(z) averaged over the networks, and every network."""
        return {
            "training": self.method,
            "settings": dict(self.settings),
            "curve": [{"z": z, "H": e.value, "standard_error": e.error} for z, e in self.curve()],
            "networks": [report.to_dict() for report in self.reports],
        }

    @property
    def rows(self) -> list[str]:
        """The same for a terminal."""
        rows = [f"  training = {self.method}"]
        rows += [f"  H({z:.5g})".ljust(18) + f" {e.value:>14.6g} +- {e.error:.2g}" for z, e in self.curve()]
        for k, report in enumerate(self.reports):
            if report.fixed_points:
                states = ", ".join(f"{s.z:.5g} ({'stable' if s.stable else 'unstable'})" for s in report.fixed_points)
                rows.append(f"  network {k}: fixed points {states}")
            for state in report.final_states:
                top = "" if state.eigenvalue is None else f", largest eigenvalue {state.eigenvalue.real:.4g}"
                rows.append(f"  network {k}: {percent(state.share)} end at z = {state.z:.5g} ({state.kind}{top})")
        return rows


def report(
    network: FeedbackNetwork,
    n: Array,
    A: float,
    *,
    x: Array | None = None,
    T: float = 100.0,
    final_states: int = 0,
    spread: float = 2.0,
    curve: Sequence[float] = (),
    seed: int = 0,
) -> Report:
    """What a network does with a trained readout.

    Parameters
    ----------
    network : FeedbackNetwork
    n : array, shape (N,)
        Readout.
    A : float
        Target.
    x : array, shape (N,), optional
        State in which training ended; by default that of the output clamped at A.
    T, final_states, spread, curve
        See `trained`.
    seed : int
        Of the kick and of the initial conditions.

    Raises
    ------
    DomainError
        Where the open loop has no stationary state at A.
    """
    x = network.state(A) if x is None else x
    kick = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,))).standard_normal(network.N)
    released = float(network.run(n, x + KICK * float(np.sqrt(np.mean(x**2))) * kick, T).z[-1, 0])
    state = _trained_state(network, n, x)
    ends = network.final_states(n, final_states, spread=spread, seed=seed, T=T) if final_states else ()
    rests = (end for end in ends if end.kind == "fixed point")
    trained = [end for end in rests if np.isclose(end.z, state.get("state_output", nan), SAME, SAME)]
    return Report(
        trained_output=float(n @ network.phi(x)),
        released_output=released,
        readout_error=abs(released - A),
        overlap_m=float(n @ network.frozen.m),
        overlap_I=float(n @ network.frozen.I),
        norm=float(np.sqrt(network.N * (n @ n))),
        final_states=ends,
        share_at_target=sum(end.share for end in trained) if ends else nan,
        curve=tuple(zip(map(float, curve), network.output_curve(curve, n).tolist(), strict=True)) if len(curve) else (),
        fixed_points=network.fixed_points(n, curve) if len(curve) else (),
        **state,
    )


def _trained_state(network: FeedbackNetwork, n: Array, x: Array) -> dict[str, float]:
    """What `Report` says of the fixed point next to a state, if there is one."""
    target = network.settle(n, x, nearby=NEARBY)
    if target is None:
        return {}
    activity, radius = network.phi(target), network.bulk_radius(target)
    eigenvalues = network.jacobian_eigenvalues(n, target)
    leading = loop.leading_outlier(eigenvalues, radius)
    return {
        "state_output": float(n @ activity),
        "top_eigenvalue": float(eigenvalues[0].real),
        "bulk_radius": radius,
        "outlier": nan if leading is None else leading.real,
        "H_slope": network.output_slope(n, target),
        "cosine": float(n @ activity / np.sqrt((n @ n) * (activity @ activity))) if n.any() else nan,
    }


def simulate(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    training: str = "",
    phi_prime: Function | None = None,
    **settings: Any,
) -> Sample:
    """Networks whose readouts are trained by a method, or have the amplitude of the theory where none is named."""
    if not training:
        return loop.simulate(phi, parameters, phi_prime=phi_prime, **settings)
    if phi_prime is None:
        raise DomainError("phi jumps: its network has no Jacobian, and no solution in time")
    return trained(phi, phi_prime, parameters, training, **settings)


def trained(
    phi: Function,
    phi_prime: Function,
    parameters: Mapping[str, Any],
    method: str = "least_squares",
    *,
    N: int,
    couplings: int,
    seed: int = 0,
    centred: bool | None = None,
    ridge: float = 0.01,
    alpha: float = 1.0,
    T: float = 100.0,
    dt: float = 0.1,
    final_states: int = 0,
    spread: float = 2.0,
    curve: Sequence[float] = (),
    progress: Progress | None = None,
) -> Training:
    """Train many networks and look at what they do afterwards.

    Parameters
    ----------
    phi, phi_prime, N, couplings, seed, centred, progress
        As for `numerics.simulate.loop.simulate`; networks and initial states are the same for every method.
    parameters : mapping of str to number
        `g`, `Sm`, `SI`, `rho`, the target `A`, and for the method `class` the direction `p`, `pm`, `pI`.
    method : {'class', 'least_squares', 'ridge', 'force'}
    ridge : float
        Penalty of ridge regression per unit: the output of the clamped network is A/(1 + ridge/<phi^2>).
    alpha : float
        Penalty on |n|^2 of `force`; it starts from a normal state of standard deviation one.
    T, dt : float
        Time of training by `force`, of the release and of the runs from random initial conditions; time step of `force`.
    final_states : int
        Random initial conditions for each network, of standard deviation `spread`.
    curve : sequence of float
        Outputs z at which the curve H(z) of every trained network is taken; its crossings with z are the fixed points.

    Returns
    -------
    Training
        Networks that cannot be trained (no stationary open-loop state, say) are counted with the reason.

    Raises
    ------
    InputError
        For parameters or settings outside their range.
    DomainError
        If not one network could be trained.
    """
    require((method in METHODS, f"training = {method[:40]} is unknown; allowed: {', '.join(METHODS)}"))
    unused = {} if method == "class" else {"p": 0.0, "pm": 1.0, "pI": 0.0}
    given = loop.check({**parameters, **unused}, N=N, couplings=couplings, target=True)
    A = given["A"]
    asked: dict[str, Any] = {"T": T, "final_states": final_states, "spread": spread, "curve": curve}

    def train(network: FeedbackNetwork, stream: np.random.Generator) -> tuple[Array, Array]:
        """The readout and the state in which training ends."""
        if method == "force":
            return network.force(A, alpha, T=T, dt=dt, x0=stream.standard_normal(N))[:2]
        if method == "class":
            return network.calibrate(A), network.state(A)
        return network.ridge(A, ridge if method == "ridge" else 0.0), network.state(A)

    def one(k: int) -> Report | str:
        """The report of network k, or why there is none."""
        frozen = loop.draw(given, N=N, seed=seed, network=k)
        network = FeedbackNetwork(matched(phi), matched(phi_prime), frozen, given["g"])
        start, later = np.random.SeedSequence(seed, spawn_key=(N, k, 2)).spawn(2)
        try:
            with np.errstate(all="ignore"):
                n, x = train(network, np.random.default_rng(start))
                return report(network, n, A, x=x, seed=int(later.generate_state(1)[0]), **asked)
        except DomainError as error:
            return str(error)

    results = in_parallel(one, couplings, progress)
    reports = tuple(result for result in results if isinstance(result, Report))
    failures = tuple(result for result in results if isinstance(result, str))
    if not reports:
        raise DomainError(f"no network could be trained: {failures[0]}")
    settings = {"ridge": {"ridge": ridge}, "force": {"alpha": alpha, "dt": dt}}.get(method, {})
    failed, statistics = np.array([isinstance(r, str) for r in results]), collected([r.numbers() for r in reports])
    run = N, couplings, 1, seed, parameters, failed, statistics
    return Training(*run, method, {**settings, "T": T}, reports, failures)
