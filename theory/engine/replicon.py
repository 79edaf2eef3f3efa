r"""The replicon sector: fluctuations that measure *connected* covariances when replicas share a frozen mean.

Four replicas 1..4 of the noise with the same couplings.  For two operators o_k, o_l of a site

    R_kl = (1/2) (1/N) sum_i (o_k^1 - o_k^2) (o_l^3 - o_l^4)

changes sign under 1 <-> 2 and under 3 <-> 4, alone among the fields, and so decouples from all the others.  The frozen
mean drops out of the differences: averaged over the noise, N R_kl^2 is (1/N) sum_ij C_ij^2 of the connected covariance C.
Given mu the replicas are independent, so with G(mu) the connected two-point function of one replica

    Pi = [ G(mu) (x) G(mu) ],    [.] the average over mu,    F'' = g^2 (R_xrxr <-> R_phiphi).

Source: de Almeida & Thouless 1978 (replicon modes); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (statistics of C).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from sympy import Add, Expr, Matrix, Rational, S, Symbol, diff, symbols

from theory.averages.average import Average, over_frozen_mean, stein, variance_at_mean
from theory.averages.measures import AT_MEAN
from theory.derivation import Fact, Replay, Step
from theory.engine.collective import ACTIVITY, Action, Bilinear, Kernel, Operator, SiteMeasure

REPLICAS = (1, 2, 3, 4)
_PAIRS = tuple(product((1, 2), (3, 4)))


@dataclass(frozen=True)
class Replicon:
    """``(first^1 - first^2)(second^3 - second^4)/2`` of one site: the r_kl of a replicon field."""

    first: Operator
    second: Operator

    @property
    def label(self) -> str:
        """The two operators as text, e.g. ``phi xr``."""
        return " ".join(Bilinear.of((0, o)).label.replace("0", "") for o in (self.first, self.second))

    @property
    def symbol(self) -> Symbol:
        """The collective field, e.g. ``R[phi xr]``."""
        return Symbol(f"R[{self.label}]")

    @property
    def terms(self) -> tuple[tuple[Expr, Bilinear], ...]:
        """The field as a combination of bilinears of two replicas, a unit vector."""
        signs = {1: 1, 2: -1, 3: 1, 4: -1}
        return tuple(
            (Rational(signs[a] * signs[b], 2), Bilinear.of((a, self.first), (b, self.second))) for a, b in _PAIRS
        )


def replicon_fields(operators: Sequence[Operator]) -> tuple[Replicon, ...]:
    """All replicon fields of the operators."""
    return tuple(Replicon(a, b) for a in operators for b in operators)


def connected_two_point(operators: Sequence[Operator]) -> Matrix:
    """G(mu): connected averages of two operators of one replica at a fixed frozen mean."""
    return Matrix(len(operators), len(operators), lambda r, c: _connected(operators[r], operators[c]))


def _connected(a: Operator, b: Operator) -> Expr:
    if a == b and a.power == 0:
        return variance_at_mean(a.function)
    both = a * b
    mean = [_at_frozen_mean(o) for o in (both, a, b)]
    return (mean[0] - mean[1] * mean[2]).expand()


def _at_frozen_mean(operator: Operator) -> Expr:
    return stein(Average(operator.function, operator.power, AT_MEAN))


def replicon_kernel(action: Action, fields: Sequence[Replicon], two_point: Matrix, measure: SiteMeasure) -> Kernel:
    """Kernel of the replicon fields, ordered as by `replicon_fields`, from the two-point function of one replica."""
    m, size = two_point.rows, len(fields)

    def entry(r: int, c: int) -> Expr:
        pair = two_point[r // m, c // m] * two_point[r % m, c % m]
        return over_frozen_mean(pair, measure.variance, measure.frozen)

    return Kernel(
        tuple(fields),
        Matrix(size, size, entry),
        Matrix(size, size, lambda r, c: _coupling(action, fields[r], fields[c])),
    )


def _coupling(action: Action, a: Replicon, b: Replicon) -> Expr:
    """F'' between two combinations of fields."""
    return sum((p * q * diff(action.F, s.symbol, t.symbol) for p, s in a.terms for q, t in b.terms), S.Zero)


def replicon_steps(action: Action, fields: Sequence[Replicon]) -> tuple[Step, ...]:
    """What the fields are, and that they decouple."""
    example = next(field for field in fields if field.label == "phi phi")
    activity = dict(zip(REPLICAS, symbols("phi_1:5"), strict=True))
    bilinear = {activity[a] * activity[b]: Bilinear.of((a, ACTIVITY), (b, ACTIVITY)).symbol for a, b in _PAIRS}
    return (
        Step(
            "Connected covariances: the fields R_kl = (1/N) sum_i (o_k^1 - o_k^2)(o_l^3 - o_l^4)/2 of four replicas, with o any "
            f"of xr, phi, x; here {example.symbol}",
            "definition",
            (activity[1] - activity[2]) * (activity[3] - activity[4]) / 2,
            Add(*(weight * b.symbol for weight, b in example.terms)),
            check=Replay(lambda product: product.expand().subs(bilinear), "multiplied out"),
        ),
        Step(
            "They change sign when replicas 1, 2 or 3, 4 are exchanged, F and the site measure do not, so they fluctuate "
            "independently of all other fields",
            "replica symmetry",
            reference="de Almeida, Thouless 1978 (replicon modes)",
            check=Fact(lambda: decouples(action, fields), "replicas exchanged in F and in every R"),
        ),
    )


def decouples(action: Action, fields: Sequence[Replicon]) -> bool:
    """Whether F is even under 1 <-> 2 and under 3 <-> 4, under which the replicon fields are odd."""
    swaps = ({1: 2, 2: 1}, {3: 4, 4: 3})
    return all(_is_even(action, swap) and all(_is_odd(field, swap) for field in fields) for swap in swaps)


def _relabelled(b: Bilinear, swap: dict[int, int]) -> Bilinear:
    return Bilinear.of(*((swap.get(replica, replica), operator) for replica, operator in b.factors))


def _is_even(action: Action, swap: dict[int, int]) -> bool:
    exchanged = {b.symbol: _relabelled(b, swap).symbol for b in action.fields}
    return bool((action.F.xreplace(exchanged) - action.F).expand() == 0)


def _is_odd(field: Replicon, swap: dict[int, int]) -> bool:
    plain = {b: weight for weight, b in field.terms}
    return {_relabelled(b, swap): -weight for b, weight in plain.items()} == plain
