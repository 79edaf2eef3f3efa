"""Averages over the frozen mean as generated code: their factors are ordinary averages at a fixed mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import sstr

from numerics.codegen.means import MeanCode, lower_mean, mean_name
from theory.activations.activation import Activation
from theory.gaussian.average import Average, conditional_averages
from theory.gaussian.measures import Connected, Normal
from theory.symbols import mu


@dataclass(frozen=True)
class FrozenCode:
    """Everything that the module template prints for one average over the frozen mean.

    Attributes
    ----------
    average : Average
    name : str
        Name of the public function.
    factors : tuple of (str, int)
        Names of the evaluators at a fixed mean, with their powers.
    """

    average: Average
    name: str
    factors: tuple[tuple[str, int], ...]


def lower_frozen(
    nodes: Sequence[Average], activation: Activation
) -> tuple[tuple[MeanCode, ...], dict[str, tuple[str, str]], tuple[FrozenCode, ...]]:
    """Reduce averages over the frozen mean to code.

    Returns
    -------
    means : tuple of MeanCode
        The averages at a fixed mean.
    variances : dict
        Names of the variances at a fixed mean, each with the means of F and of F^2 that it is made of.
    frozen : tuple of FrozenCode
    """
    inner = conditional_averages(nodes)
    means = tuple(lower_mean(Average(a.integrand, a.order, Normal(mu)), activation, name=_name(a)) for a in inner)
    varying = {f for node in nodes for f, _ in _factors(node) if isinstance(f.measure, Connected)}
    variances = {
        _name(f): (_name(Average(f.integrand)), _name(Average(f.integrand**2))) for f in sorted(varying, key=_name)
    }
    frozen = []
    for node in nodes:
        factors = tuple((_name(f), power) for f, power in _factors(node))
        frozen.append(FrozenCode(node, "_".join(["frozen", *(_stem(name, power) for name, power in factors)]), factors))
    return means, variances, tuple(frozen)


def _factors(node: Average) -> list[tuple[Average, int]]:
    """The averages at a fixed frozen mean, each with its power."""
    return sorted(((base, int(n)) for base, n in node.integrand.as_powers_dict().items()), key=sstr)


def _name(factor: Average) -> str:
    """<phi'> -> conditional_dphi, Var(phi) -> variance_phi."""
    kind = "variance" if isinstance(factor.measure, Connected) else "conditional"
    return f"{kind}_{mean_name(factor).removeprefix('mean_')}"


def _stem(name: str, power: int) -> str:
    """[<phi'>^2] -> frozen_dphi_power2, [Var(phi)] -> frozen_variance_phi."""
    return name.removeprefix("conditional_") + (f"_power{power}" if power > 1 else "")


__all__ = ["FrozenCode", "lower_frozen"]
