"""What the equations of a readout network know of its vectors: second moments over units, and what these make of a signal z."""

from __future__ import annotations

from sympy import Expr, Symbol

from theory.fields.readout import I_, m, n
from theory.gaussian.joint import Site, polynomial_average
from theory.models import ReadoutNetwork
from theory.symbols import SI2, Delta, Sm2, smI, snI, snm

OVERLAPS = {Sm2: (m, m), smI: (m, I_), SI2: (I_, I_), snm: (n, m), snI: (n, I_)}
"""Names of the second moments of the vectors, the readout at amplitude 1."""

BETWEEN = {pair: symbol for symbol, (u, v) in OVERLAPS.items() for pair in ((u, v), (v, u))} | {(n, n): Symbol("snn")}
"""The same by pairs of entries. No result holds <n^2>."""


def overlaps_of(model: ReadoutNetwork) -> dict[Symbol, Expr]:
    """Overlaps of the vectors at amplitude 1, from their loadings on independent standard normal ones."""
    loadings = {m: model.feedback, I_: model.input, n: model.readout}
    products = {symbol: (loadings[u], loadings[v]) for symbol, (u, v) in OVERLAPS.items()}
    return {symbol: sum(u[name] * v[name] for name in u if name in v).expand() for symbol, (u, v) in products.items()}


def signal(output: Expr) -> Expr:
    """What a unit receives from outside, in the entries of its site."""
    return m * output + I_


def moment(product: Expr) -> Expr:
    """Average over units of a product of two combinations of the entries."""
    return polynomial_average(product, BETWEEN)


def drive(output: Expr) -> Expr:
    """S = <(m z + I)^2>."""
    return moment(signal(output) ** 2)


def with_feedback(output: Expr) -> Expr:
    """s = <m x> at a state of this output: half the derivative of `drive`."""
    return moment(m * signal(output))


def with_input(output: Expr) -> Expr:
    """<I x> at a state of this output."""
    return moment(I_ * signal(output))


def with_readout(output: Expr) -> Expr:
    """<n x> at a state of this output, the readout at amplitude 1."""
    return moment(n * signal(output))


def site_at(output: Expr) -> Site:
    """x and the entries at a stationary state of this output."""
    return Site(Delta, {entry: moment(entry * signal(output)) for entry in (m, I_, n)}, BETWEEN)
