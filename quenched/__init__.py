"""Large-N theory of random recurrent networks: derived, generated as code, solved, and checked by simulation.

    >>> import quenched
    >>> quenched.model_names()  # of the models
    >>> quenched.chaotic_state("power(1/2)", g=2, sigma=1)

Names are loaded on first use: importing `quenched` alone loads neither SymPy nor NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from theory import __version__

_HOME = {
    "Activation": "theory.activation.activation",
    "Average": "theory.averages.average",
    "DomainError": "theory.errors",
    "InputError": "theory.errors",
    "Model": "theory.model",
    "Parameter": "theory.model",
    "Patterns": "theory.threshold.patterns",
    "Sample": "numerics.simulate.sample",
    "Simulator": "numerics.treatment",
    "Treatment": "numerics.treatment",
    "add_treatment": "numerics.models",
    "FeedbackNetwork": "numerics.readout.network",
    "QuenchedError": "theory.errors",
    "Solution": "numerics.solve.solution",
    "Solver": "numerics.solve.solver",
    "Sweep": "numerics.sweep.sweep",
    "Theory": "theory.theory",
    "ThresholdNetwork": "theory.threshold.network",
    "autocovariance": "numerics.covariance.correlation",
    "average": "numerics.averages.average",
    "chaotic_state": "numerics.chaos.state",
    "capacity": "numerics.solve.storage",
    "row_capacity": "numerics.threshold.random_networks",
    "stable_state_count": "numerics.threshold.random_networks",
    "design": "numerics.threshold.design",
    "diagram": "theory.threshold.family",
    "Family": "theory.threshold.family",
    "factorization": "theory.threshold.inequalities",
    "filippov_equilibria": "theory.threshold.filippov",
    "inequalities": "theory.threshold.inequalities",
    "stable_states": "numerics.threshold.states",
    "trajectory": "numerics.threshold.trajectories",
    "transition_graph": "numerics.threshold.transitions",
    "verify": "theory.threshold.verify",
    "certified": "theory.averages.integrand",
    "certify": "theory.averages.certify",
    "closed_loop_states": "numerics.chaos.target",
    "covariance": "numerics.covariance.matrices",
    "derive": "theory.models",
    "frequency_dimension": "numerics.covariance.correlation",
    "one_site": "numerics.covariance.correlation",
    "pair_correlation": "numerics.covariance.correlation",
    "effective_coupling": "numerics.covariance.effective",
    "exact_loads": "numerics.solve.patterns",
    "emit": "numerics.codegen.module",
    "least_squares": "numerics.readout.least_squares",
    "linear_network": "theory.limits.linear_network",
    "model_names": "theory.models",
    "near_critical": "theory.limits.onset",
    "observable_average": "numerics.averages.observable",
    "one_site_correction": "theory.meanfield.corrections",
    "pair_average": "numerics.averages.pair",
    "power_law": "theory.limits.power_law",
    "saturation": "theory.limits.saturation",
    "strong_coupling": "theory.limits.strong_coupling",
    "sweep": "numerics.sweep.sweep",
    "optimum": "numerics.solve.optimum",
    "output_response": "numerics.readout.response",
    "ridge_storage": "numerics.solve.storage",
    "parse": "theory.text.parsing",
    "simulate": "numerics.simulate.simulation",
    "spectrum": "numerics.covariance.eigenvalues",
    "with_rate_noise": "numerics.solve.storage",
    "validate": "numerics.compare.validation",
}
"""Public names and the room each lives in."""

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'quenched' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
