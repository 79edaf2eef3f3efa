"""What the equations of a readout network know of its vectors: second moments over units, and what these make of a signal z."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr, Matrix, Symbol

from theory.averages.measures import Joint
from theory.averages.polynomial import polynomial_average
from theory.derivation import Replay, Solves, Step
from theory.engine.readout import I_, m, n
from theory.model import Model
from theory.networks import ReadoutNetwork
from theory.symbols import SI, SI2, A, Delta, Sm, Sm2, rho, smI, snI, snm, x, z

VECTORS = dict(feedback=m, input=I_, readout=n)  # noqa: C408 - attribute names
"""Entries of the vectors of a `ReadoutNetwork`, by their names there."""

OVERLAPS = {Sm2: (m, m), smI: (m, I_), SI2: (I_, I_), snm: (n, m), snI: (n, I_)}
"""Names of the second moments of the vectors, the readout at amplitude 1."""

BETWEEN = Joint({pair: symbol for symbol, pair in OVERLAPS.items()} | {(n, n): Symbol("snn")})
"""The entries at one site. No result holds <n^2>."""


def overlaps_of(model: Model[ReadoutNetwork]) -> dict[Symbol, Expr]:
    """Overlaps of the vectors at amplitude 1, from their loadings on independent standard normal ones."""
    loadings = {entry: getattr(model.network, name) for name, entry in VECTORS.items()}
    products = {symbol: (loadings[u], loadings[v]) for symbol, (u, v) in OVERLAPS.items()}
    return {symbol: sum(u[name] * v[name] for name in u if name in v).expand() for symbol, (u, v) in products.items()}


def signal(output: Expr) -> Expr:
    """What a unit receives from outside, in the entries of its site."""
    return m * output + I_


@lru_cache(maxsize=128)
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


@lru_cache(maxsize=16)
def site_at(output: Expr) -> Joint:
    """x and the entries at a stationary state of this output."""
    return BETWEEN.joined({(x, x): Delta, **{(entry, x): moment(entry * signal(output)) for entry in (m, I_, n)}})


def overlap_steps(model: Model[ReadoutNetwork]) -> tuple[Step, ...]:
    """From the loadings of the vectors to their overlaps, and from these to the moments of m z + I."""
    loadings = {entry: getattr(model.network, name) for name, entry in VECTORS.items()}
    names = sorted({name for row in loadings.values() for name in row})
    table, overlaps = Matrix([[row.get(name, 0) for name in names] for row in loadings.values()]), overlaps_of(model)
    place = {entry: k for k, entry in enumerate(loadings)}
    products = (signal(z) ** 2, signal(z) * signal(A), *(entry * signal(z) for entry in loadings))

    def by_loadings(product: Expr) -> Expr:
        normals = [Symbol(name) for name in names]
        written = product.subs(dict(zip(loadings, table * Matrix(normals), strict=True))).expand()
        return sum(written.coeff(normal, 2) for normal in normals)

    return (
        Step(
            "Loadings of m, I and n (rows) on independent standard normal vectors, and from them the overlaps "
            + ", ".join(f"{symbol} = <{u} {v}>" for symbol, (u, v) in OVERLAPS.items()),
            "second moments of sums of independent variables",
            table,
            Matrix(list(overlaps.values())),
            check=Replay(lambda rows: Matrix([(rows * rows.T)[place[u], place[v]] for u, v in OVERLAPS.values()])),
        ),
        Step(
            "So Sm and SI are the standard deviations of m and I, and their correlation is rho^2",
            "correlation",
            Matrix([overlaps[symbol] for symbol in (Sm2, SI2, smI)]),
            Matrix([Sm**2, SI**2, rho**2 * Sm * SI]),
            check=Replay(lambda moments: moments),
        ),
        Step(
            "In overlaps: variance of the signal m z + I over units, covariance of two signals, covariances of m, I and n with it",
            "independent standard normal vectors",
            Matrix(products),
            Matrix([drive(z), moment(products[1]), with_feedback(z), with_input(z), with_readout(z)]),
            check=Solves(
                lambda moments: moments.xreplace(overlaps) - Matrix([by_loadings(product) for product in products]),
                "overlaps and loadings inserted",
            ),
        ),
    )
