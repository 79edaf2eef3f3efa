"""Simulation of networks with a rank-one feedback loop: stationary states at a clamped output, and what a readout makes of them.

    dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i,     z = sum_i n_i phi(x_i),     chi_ij ~ N(0, 1/N)

    m = Sm (rho xi + sqrt(1 - rho^2) e_m)
    I = SI (rho xi + sqrt(1 - rho^2) e_I)
    n = C (p xi + pm e_m + pI e_I)/N

(Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139). The theory knows of xi, e_m, e_I the overlaps alone. Independent normal
vectors have overlaps that are off by 1/sqrt(N), and with them every outlier; here the vectors are made orthogonal, of norm
sqrt(N), so that the overlaps are exact at every N and only couplings and higher moments fluctuate.

Every network is calibrated: its own amplitude C makes z = A exactly at the state clamped at A.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from numerics.backends import matched
from numerics.compare.estimate import (
    ROUNDING,
    Estimate,
    controlled,
    jackknife,
    mean_estimate,
    slope_statistics,
    unless_heavy,
)
from numerics.compare.verdict import percent
from numerics.simulate.couplings import draw as draw_couplings
from numerics.simulate.fixed_points import Function, Progress, fixed_points
from numerics.simulate.parallel import in_parallel
from numerics.simulate.sample import Sample, collected
from theory.errors import InputError, require

Array = NDArray[np.float64]

GEOMETRY = ("Sm", "SI", "rho", "p", "pm", "pI")
NETWORK = ("g", *GEOMETRY)
VISIBLE = 1.1  # modulus in bulk radii of a clear outlier; the bulk of 250 units ends at 1.07, that of 1000 at 1.03
SIGNIFICANT = 4.0  # A/overlap means something where overlap = 0 is this many standard deviations away


class Frozen(NamedTuple):
    """What training does not change in a network, and the direction of its class of readouts.

    Attributes
    ----------
    J : array, shape (N, N)
        Couplings g chi.
    m, I : array, shape (N,)
        Feedback and input.
    direction : array, shape (N,)
        Readout of amplitude one, (p xi + pm e_m + pI e_I)/N.
    """

    J: Array
    m: Array
    I: Array  # noqa: E741 (the name it has in the equations)
    direction: Array


def draw(parameters: Mapping[str, Any], *, N: int, seed: int, network: int = 0) -> Frozen:
    """One network; the streams of network k at size N depend on (seed, N, k) alone."""
    g, Sm, SI, rho, p, pm, pI = (float(parameters[name]) for name in NETWORK)
    J, stream = draw_couplings(g, N=N, seed=seed, coupling=network)
    Q, R = np.linalg.qr(stream.standard_normal((N, 3)))
    xi, e_m, e_I = np.sqrt(N) * np.sign(np.diag(R))[:, None] * Q.T
    rest = np.sqrt(1 - rho**2)
    m, current = Sm * (rho * xi + rest * e_m), SI * (rho * xi + rest * e_I)
    return Frozen(J, m, current, (p * xi + pm * e_m + pI * e_I) / N)


def stationary(
    phi: Function, frozen: Frozen, z: Array, *, tolerance: float = 1e-10, max_iterations: int = 500
) -> tuple[Array, NDArray[np.bool_]]:
    """States of the open loop, x = J phi(x) + m z + I, for several clamped outputs z at once.

    Returns
    -------
    x : array, shape (N, M)
    converged : array of bool, shape (M,)
        Where there is no state to the tolerance (see `fixed_points`) the column is the last iterate.
    """
    drive = np.outer(frozen.m, z) + frozen.I[:, None]
    with np.errstate(all="ignore"):
        return fixed_points(phi, frozen.J, drive, tolerance=tolerance, max_iterations=max_iterations)


def response(frozen: Frozen, slope: Array) -> Array:
    """dx/dz of an open-loop state whose phi' is `slope`, shape (N,): one linear system, (1 - J phi') dx = m dz."""
    return np.asarray(np.linalg.solve(np.eye(len(frozen.m)) - frozen.J * slope, frozen.m), dtype=float)


def jacobian_eigenvalues(frozen: Frozen, slope: Array, readout: Array) -> NDArray[np.complex128]:
    """Eigenvalues of (J + m n^T) phi', by falling real part; the state is stable where all real parts are below 1."""
    with np.errstate(all="ignore"):
        values = np.linalg.eigvals((frozen.J + np.outer(frozen.m, readout)) * slope).astype(complex)
    return values[np.argsort(-values.real, kind="stable")]


def leading_outlier(eigenvalues: NDArray[np.complex128], radius: float) -> complex | None:
    """The eigenvalue of largest real part, if it is outside `VISIBLE` bulk radii; else the bulk leads."""
    top = complex(eigenvalues[0])
    return top if abs(top) > VISIBLE * radius else None


class AtTarget(Sample):
    """Statistics of networks with the output at the target; those without such a state do not enter."""

    def observables(self) -> dict[str, Estimate]:
        """Estimates with errors over the networks.

        Returns
        -------
        dict of str to Estimate
            At the state clamped at A: `Delta0` = <x^2>, `Delta_inf` = its frozen part (of networks in time), `C_phi` = <phi^2>,
            `overlap` = output per unit amplitude, `C` = A/`overlap`. With phi': `gain` = <phi'>, `bulk_radius` = g sqrt(<phi'^2>)
            and, of stationary states, `overlap_slope` = derivative of `overlap` in z, `H_slope` = A `overlap_slope`/`overlap` =
            slope of the output of the calibrated network, `H_slope_ls` = the same for the readout of least squares; `outlier` and
            `lambda_ls` = real part of the leading outlier with these two readouts, if every network has one (see
            `leading_outlier`). `C`, `H_slope` and `outlier` are missing where the overlap may vanish: the amplitude of such a
            class is not defined. The standard error is nan where one value dominates the sum of squares. Empty if fewer than two
            networks are left.
        """
        usable = self.of_measured(self.statistics)
        if not usable or usable["x2"].size < 2:
            return {}
        g, A = self.parameters["g"], self.parameters["A"]
        s, lost = controlled({name: values for name, values in usable.items() if np.all(np.isfinite(values))})

        def mean(name: str) -> Estimate:
            return mean_estimate(s[name], lost)

        def function(of: Callable[..., Any], *names: str) -> Estimate:
            return jackknife(of, *(s[name] for name in names), lost=lost)

        names = {"Delta0": "x2", "Delta_inf": "frozen", "C_phi": "phi2", "overlap": "overlap"}
        result = {key: mean(name) for key, name in names.items() if name in s}
        if defined := abs(result["overlap"].value) > SIGNIFICANT * max(result["overlap"].error, ROUNDING):
            result["C"] = function(lambda at: A / at[0], "overlap")
        if "slope" not in s:
            return result
        result |= {"gain": mean("slope"), "bulk_radius": function(lambda at: g * np.sqrt(at[0]), "slope2")}
        if "overlap_slope" not in s:
            return result
        for key, power, total in (("gain", 2, "slope2_sum"), ("bulk_radius", 4, "slope4_sum")):
            result[key] = unless_heavy(result[key], s["slope_max"] ** power, s[total])
        result["overlap_slope"] = mean("overlap_slope")
        result["H_slope_ls"] = function(lambda at: A * at[0] / at[1], "phi_slope", "phi2")
        if defined:
            result["H_slope"] = function(lambda at: A * at[0] / at[1], "overlap_slope", "overlap")
        if "outlier" in s and abs(np.mean(s["overlap"])) > SIGNIFICANT * np.std(s["overlap"]):
            result["outlier"] = mean("outlier")
        if "outlier_ls" in s:
            result["lambda_ls"] = mean("outlier_ls")
        return result


class LoopStates(AtTarget):
    """Statistics of networks at their stationary state, see `network_statistics`."""

    lost: ClassVar[str] = (
        "networks have no stationary state at the target (there is none, or it is unstable: chaotic regime)"
    )

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the estimates."""
        slope2 = self.of_measured(self.statistics).get("slope2", np.zeros(1))
        chaotic = float(np.mean(self.parameters["g"] ** 2 * slope2 >= 1))
        said = f"the state at the target is unstable in {percent(chaotic)} of the others: bulk radius above 1"
        return (*super().messages, *([said] if chaotic else []))


def simulate(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    N: int,
    couplings: int,
    samples: int = 1,
    seed: int = 0,
    phi_prime: Function | None = None,
    centred: bool | None = None,
    progress: Progress | None = None,
) -> LoopStates:
    """Many networks of one geometry, each at its stationary state with the output clamped at the target.

    Parameters that are not listed are those of every simulator, see `numerics.treatment.Simulator`; without `phi_prime` there are
    no slopes and no eigenvalues, and no statistic needs `centred`.

    Parameters
    ----------
    parameters : mapping
        `g`, `Sm`, `SI`, `rho`, `p`, `pm`, `pI`, and the target `A`.
    samples : int
        States of each network; there is one.
    """
    one_state = "a network has one state with the output at the target; draw more networks"
    given = check(
        parameters,
        (samples == 1, f"samples = {samples}: {one_state}"),
        N=N,
        couplings=couplings,
        target=True,
    )
    phi = matched(phi)
    phi_prime = matched(phi_prime) if phi_prime is not None else None

    def one(k: int) -> dict[str, float]:
        """Statistics of network k; empty if it has no stationary state."""
        frozen = draw(given, N=N, seed=seed, network=k)
        x, converged = stationary(phi, frozen, np.array([given["A"]]))
        if not converged[0]:
            return {}
        with np.errstate(all="ignore"):
            row = network_statistics(phi, phi_prime, frozen, given, x[:, 0])
            return row | control_variates(phi, phi_prime, frozen, given)

    rows = in_parallel(one, couplings, progress)
    return LoopStates(N, couplings, 1, seed, given, np.array([not row for row in rows]), collected(rows))


def check(
    parameters: Mapping[str, Any], *others: tuple[object, str], N: int, couplings: int = 1, target: bool = False
) -> dict[str, float]:
    """The parameters of a network as numbers; with `target` also A.

    Raises
    ------
    InputError
        For what does not describe a network, and where other conditions do not hold (see `theory.errors.require`).
    """
    names = (*NETWORK, "A") if target else NETWORK
    if missing := [name for name in names if name not in parameters]:
        raise InputError(f"missing parameters of the network: {', '.join(missing)}")
    given = {name: float(parameters[name]) for name in names}
    require(
        *((np.isfinite(value), f"{name} = {value}: must be finite") for name, value in given.items()),
        *((given[name] >= 0, f"{name} = {given[name]}: must not be negative") for name in ("g", "Sm", "SI")),
        (abs(given["rho"]) <= 1, f"rho = {given['rho']}: lies between -1 and 1"),
        (any(given[name] for name in ("p", "pm", "pI")), "p = pm = pI = 0: the readout needs a direction"),
        (N >= 4, f"N = {N}: at least four units are needed"),
        (couplings >= 1, f"couplings = {couplings}: at least one network is needed"),
        *others,
    )
    return given


def network_statistics(
    phi: Function, phi_prime: Function | None, frozen: Frozen, given: Mapping[str, float], x: Array
) -> dict[str, float]:
    """Statistics of one network at its open-loop state `x` of output A, shape (N,).

    Returns
    -------
    dict of str to float
        `x2`, `phi2`, `overlap`; with phi' what `slope_statistics` says; `overlap_slope` = d overlap/dz and
        `phi_slope` = <phi dphi/dz>; `outlier`, `outlier_ls` with the calibrated readouts of the class and of least squares,
        nan where the bulk leads.
    """
    activity = phi(x)
    row: dict[str, Any] = {"x2": np.mean(x**2), "phi2": np.mean(activity**2), "overlap": frozen.direction @ activity}
    slope = phi_prime(x) if phi_prime is not None else np.array(np.nan)
    if np.all(np.isfinite(slope)):
        row |= slope_statistics(slope)
        change = slope * response(frozen, slope)
        row |= {"overlap_slope": frozen.direction @ change, "phi_slope": np.mean(activity * change)}
        radius = given["g"] * float(np.sqrt(row["slope2"]))
        calibrated = {
            "outlier": given["A"] / row["overlap"] * frozen.direction,
            "outlier_ls": given["A"] / (activity @ activity) * activity,
        }
        for name, readout in calibrated.items():
            finite = np.all(np.isfinite(readout))
            leading = leading_outlier(jacobian_eigenvalues(frozen, slope, readout), radius) if finite else None
            row[name] = np.nan if leading is None else leading.real
    return {name: float(value) for name, value in row.items()}


def control_variates(
    phi: Function, phi_prime: Function | None, frozen: Frozen, given: Mapping[str, float]
) -> dict[str, float]:
    """Statistics of couplings and vectors whose averages vanish exactly at every N; see `numerics.compare.estimate.controlled`.

    The part of x that is not random coupling, h = m A + I, is uniform on a sphere, which fixes its fourth moments; the first
    recurrent input J phi(h) is Gaussian given h.
    """
    h, units = frozen.m * given["A"] + frozen.I, len(frozen.m)
    size, readout = float(np.mean(h**2)), frozen.direction * units
    recurrent = frozen.J @ phi(h)
    kurtosis = 3 * units / (units + 2)
    row = {
        "kurtosis": np.mean(h**4) - kurtosis * size**2,
        "cubic": np.mean(readout * h**3) - kurtosis * np.mean(readout * h) * size,
        "work": np.mean(h * recurrent),
        "strength": np.mean(recurrent**2) - given["g"] ** 2 * np.mean(phi(h) ** 2),
        "readout": np.mean(readout * recurrent),
    }
    if phi_prime is not None:
        slope = phi_prime(h)
        row["loop"] = np.mean(readout * slope * (frozen.J @ (slope * frozen.m)))
    return {f"control_{name}": float(value) for name, value in row.items()}
