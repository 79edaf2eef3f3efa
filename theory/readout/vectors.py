"""What the equations of a readout network know of its vectors: second moments over units, and what these make of a signal z."""

from __future__ import annotations

from sympy import Expr, Symbol

from theory.model import Model
from theory.networks import ReadoutNetwork
from theory.symbols import SI2, Sm2, smI, snI, snm


def overlaps_of(model: Model[ReadoutNetwork]) -> dict[Symbol, Expr]:
    """Overlaps of the vectors at amplitude 1, from their loadings on independent standard normal ones."""
    m, i, n = model.network.feedback, model.network.input, model.network.readout
    pairs = {Sm2: (m, m), smI: (m, i), SI2: (i, i), snm: (n, m), snI: (n, i)}
    return {symbol: sum(u[name] * v[name] for name in u if name in v).expand() for symbol, (u, v) in pairs.items()}


def drive(output: Expr) -> Expr:
    """S = <(m z + I)^2>."""
    return Sm2 * output**2 + 2 * smI * output + SI2


def with_feedback(output: Expr) -> Expr:
    """s = <m x> at a state of this output: half the derivative of `drive`."""
    return Sm2 * output + smI


def with_input(output: Expr) -> Expr:
    """<I x> at a state of this output."""
    return smI * output + SI2


def with_readout(output: Expr) -> Expr:
    """<n x> at a state of this output, the readout at amplitude 1."""
    return snm * output + snI
