"""Averages over the frozen mean as generated code: their factors are ordinary averages at a fixed mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerics.codegen.means import MeanCode, lower_mean, mean_name
from theory.activations.activation import Activation
from theory.gaussian.average import Average, canonical_order
from theory.gaussian.frozen import FrozenAverage, Variance
from theory.symbols import Delta, mu


@dataclass(frozen=True)
class FrozenCode:
    """Everything that the module template prints for one average over the frozen mean.

    Attributes
    ----------
    average : FrozenAverage
    name : str
        Name of the public function.
    factors : tuple of (str, int)
        Names of the evaluators at a fixed mean, with their powers.
    """

    average: FrozenAverage
    name: str
    factors: tuple[tuple[str, int], ...]


def lower_frozen(
    nodes: Sequence[FrozenAverage], activation: Activation
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
    inner = canonical_order({average for node in nodes for average in node.conditional})
    means = tuple(lower_mean(Average(a.integrand, a.order, mu, Delta), activation, name=_name(a)) for a in inner)
    varying = {f for node in nodes for f, _ in node.factors if isinstance(f, Variance)}
    variances = {_name(f): (_name(f.averages[0]), _name(f.averages[1])) for f in sorted(varying, key=_name)}
    frozen = tuple(
        FrozenCode(node, _frozen_name(node), tuple((_name(f), n) for f, n in node.factors)) for node in nodes
    )
    return means, variances, frozen


def _name(factor: Average | Variance) -> str:
    """<phi'> -> conditional_dphi, Var(phi) -> variance_phi."""
    if isinstance(factor, Variance):
        return f"variance_{_stem(factor.averages[0])}"
    return f"conditional_{_stem(factor)}"


def _stem(average: Average) -> str:
    return mean_name(average).removeprefix("mean_")


def _frozen_name(node: FrozenAverage) -> str:
    """[<phi'>^2] -> frozen_dphi_power2, [Var(phi)] -> frozen_variance_phi."""
    parts = [
        _name(factor).removeprefix("conditional_") + (f"_power{power}" if power > 1 else "")
        for factor, power in node.factors
    ]
    return "_".join(["frozen", *parts])


__all__ = ["FrozenCode", "lower_frozen"]
