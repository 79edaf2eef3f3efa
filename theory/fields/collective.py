r"""The collective-field engine: disorder average, saddle point and fluctuation kernel of random-coupling networks.

The disorder average of the generating functional of `x = J phi(x) + noise` leaves `exp(N F[B])` for collective fields
`B_k = (1/N) sum_i b_k(site i)`, with `b_k` bilinear in the response field and the activity of one site.  From the list of
bilinears, the polynomial F and the single-site measure follow mechanically

    the saddle                B_k = <b_k>,  single-site weight exp( sum_k F_k b_k ),  F_k = dF/dB_k,
    the fluctuation kernel    N Cov(B) = (1 - Pi F'')^{-1} Pi,   Pi_kl = <b_k b_l> - <b_k><b_l>,
    the instabilities         an eigenvalue of Pi F'' that reaches 1.

A site monomial is a pair (n, f) that stands for  xr^n f(x)  with xr the response field (factor i absorbed); monomials multiply as
(n + m, f g) and average as  <(n, f)> = <f^(n)>.  Nothing here knows which activation, filter or noise is studied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sympy import Expr, Matrix, Mul, Rational, S, Symbol, diff, eye, sqrt, sstr, zeros

from theory.gaussian.average import Average, averages, stein
from theory.gaussian.frozen import FrozenAverage, frozen_averages
from theory.gaussian.parity import parity
from theory.models import GaussianCouplings
from theory.symbols import delta, mu, phi, x


@dataclass(frozen=True)
class Operator:
    """Site monomial ``xr^power * function(x)`` of one replica."""

    power: int
    function: Expr

    def __mul__(self, other: Operator) -> Operator:
        return Operator(self.power + other.power, self.function * other.function)


RESPONSE = Operator(1, S.One)
ACTIVITY = Operator(0, phi(x))
PREACTIVATION = Operator(0, x)


@dataclass(frozen=True)
class Bilinear:
    """Product of site operators, each with its replica label: the b_k of a collective field."""

    factors: tuple[tuple[int, Operator], ...]

    @classmethod
    def of(cls, *factors: tuple[int, Operator]) -> Bilinear:
        """Merge operators of the same replica and order by replica."""
        merged: dict[int, Operator] = {}
        for replica, operator in factors:
            merged[replica] = merged[replica] * operator if replica in merged else operator
        return cls(tuple(sorted(merged.items())))

    def __mul__(self, other: Bilinear) -> Bilinear:
        return Bilinear.of(*self.factors, *other.factors)

    @property
    def label(self) -> str:
        """The factors as text, e.g. ``phi1 xr2``."""
        return " ".join(_name(operator, replica) for replica, operator in self.factors)

    @property
    def symbol(self) -> Symbol:
        """The collective field, e.g. ``B[phi1 phi2]``."""
        return Symbol(f"B[{self.label}]")


def _name(operator: Operator, replica: int) -> str:
    body = sstr(operator.function.xreplace({phi(x): Symbol(f"phi{replica}")}).xreplace({x: Symbol(f"x{replica}")}))
    body = "" if operator.function == 1 else body.replace("**", "^")
    responses = [f"xr{replica}" + (f"^{operator.power}" if operator.power > 1 else "")] if operator.power else []
    return " ".join(responses + ([body] if body else []))


class Field(Protocol):
    """A collective field: a bilinear, or a combination of bilinears."""

    @property
    def symbol(self) -> Symbol:
        """Its name in formulas."""


@dataclass(frozen=True)
class SiteMeasure:
    """Gaussian single-site measure of the saddle.

    Attributes
    ----------
    variance : Expr
        Variance of x in every replica.
    shared_noise : bool
        False: replicas are independent (different noise), given the frozen mean. True: replicas are copies of one trajectory.
    phi_parity : str
        'odd' removes averages of odd integrands.
    frozen : Expr
        Covariance of x in two replicas with different noise: the variance of the mean that they share; 0 for odd phi.
    """

    variance: Expr
    shared_noise: bool = False
    phi_parity: str = "odd"
    frozen: Expr = S.Zero

    def average(self, b: Bilinear) -> Expr:
        """<b> by ``<(n, f)> = <f^(n)>``, per replica or, with shared noise, for the product over replicas."""
        if self.shared_noise and len(b.factors) > 1:
            product = Mul(*(diff(o.function, x, o.power) if o.power else o.function for _, o in b.factors))
            return self._one(product, 0)
        if self.frozen != 0:
            replicas = (stein(Average(o.function, o.power, mu, delta)) for _, o in b.factors)
            return FrozenAverage(Mul(*replicas), self.variance, self.frozen)
        return Mul(*(self._one(o.function, o.power) for _, o in b.factors))

    def _one(self, function: Expr, power: int) -> Expr:
        kind = parity(function, self.phi_parity)
        if (kind, power % 2) in (("odd", 0), ("even", 1)):
            return S.Zero
        return stein(Average(function, power, S.Zero, self.variance))

    def connected(self, a: Bilinear, b: Bilinear) -> Expr:
        """<a b> - <a><b>."""
        return self.average(a * b) - self.average(a) * self.average(b)


@dataclass(frozen=True)
class Action:
    """exp(N F[B]): the collective fields in canonical order and the polynomial F in their symbols."""

    fields: tuple[Bilinear, ...]
    F: Expr

    def conjugate(self, b: Bilinear) -> Expr:
        """Coefficient F_k of b_k in the single-site weight."""
        return diff(self.F, b.symbol)


def disorder_average(couplings: GaussianCouplings, replicas: Sequence[int] = (1, 2)) -> Action:
    """Average ``exp( sum_a sum_ij xr_i^a J_ij phi_j^a )`` over Gaussian couplings.

    ``<J_ij J_kl> = (strength^2/N) (d_ik d_jl + symmetry d_il d_jk)``: in each contraction the operators that end on the same site
    form one bilinear, so that ``N F = (N/2) strength^2 sum_ab ( K_ab Q_ab + symmetry R_ab R_ba )``.
    """
    contractions = ((couplings.strength**2, ("i", "j")), (couplings.symmetry * couplings.strength**2, ("j", "i")))
    fields: dict[Symbol, Bilinear] = {}
    F = S.Zero
    for weight, (row, column) in contractions:
        if weight == 0:
            continue
        for a in replicas:
            for b in replicas:
                on_site = {"i": [(a, RESPONSE)], "j": [(a, ACTIVITY)]}
                on_site[row].append((b, RESPONSE))
                on_site[column].append((b, ACTIVITY))
                pair = [Bilinear.of(*on_site["i"]), Bilinear.of(*on_site["j"])]
                fields.update((p.symbol, p) for p in pair)
                F += Rational(1, 2) * weight * pair[0].symbol * pair[1].symbol
    return Action(tuple(fields[s] for s in sorted(fields, key=str)), F)


@dataclass(frozen=True)
class Kernel:
    """Gaussian fluctuations of a set of collective fields about the saddle."""

    fields: tuple[Field, ...]
    Pi: Matrix
    coupling: Matrix  # F''

    def covariance(self) -> Matrix:
        """N Cov(B) = (1 - Pi F'')^{-1} Pi, factored."""
        size = len(self.fields)
        left = (eye(size) - self.Pi * self.coupling).to_DM(field=True)
        field = left.domain.unify(self.Pi.to_DM(field=True).domain)
        solution = left.convert_to(field).lu_solve(self.Pi.to_DM(field=True).convert_to(field))
        matrix = solution.to_Matrix()
        factored = {entry: entry.factor() for entry in dict.fromkeys(matrix)}  # most entries occur more than once
        return matrix.applyfunc(factored.__getitem__)

    def multipliers(self) -> tuple[Expr, ...]:
        """Distinct non-zero eigenvalues of Pi F'' on the coupled fields: 1 means an instability."""
        coupled = [k for k in range(len(self.fields)) if any(self.coupling[k, :])]
        block = (self.Pi * self.coupling).extract(coupled, coupled)
        return tuple(sorted((v for v in block.eigenvals() if v != 0), key=str))

    def index(self, *factors: tuple[int, Operator]) -> int:
        """Position of the field with the given factors."""
        return self.fields.index(Bilinear.of(*factors))


def in_multiplier(expression: Expr, multiplier: Expr) -> Expr:
    """Write a rational expression through 1 - u, u = g^2 <phi'>^2 or g^2 [<phi'>^2] the multiplier, as papers quote it.

    Every factor that is a sum is given the sign that makes it positive in a weakly coupled network.
    """
    u, root = Symbol("u", positive=True), Symbol("root", positive=True)
    (node,) = averages(multiplier) or frozen_averages(multiplier)
    inverse = sqrt(u * node**2 / multiplier) if multiplier.has(node**2) else u * node / multiplier
    factored = expression.subs(node, root).subs(root, inverse).expand().factor()
    nodes = factored.atoms(FrozenAverage) | set(averages(factored))
    weak = dict.fromkeys(factored.free_symbols | nodes, S.One) | {u: Rational(1, 2)}
    sign, factors = S.One, []
    for base, exponent in (factor.as_base_exp() for factor in Mul.make_args(factored)):
        if base.is_Add and base.xreplace(weak) < 0:
            sign, base = sign * (-1) ** exponent, -base
        if base.is_number and base < 0:
            sign, base = -sign, -base
        factors.append(base**exponent)
    return (sign * Mul(*factors)).xreplace({u: multiplier})


def fluctuation_kernel(action: Action, fields: Sequence[Bilinear], measure: SiteMeasure) -> Kernel:
    """Kernel of `fields` (those of the action and any that only serve as sources)."""
    size = len(fields)
    Pi, coupling = zeros(size, size), zeros(size, size)
    for k, a in enumerate(fields):
        for m, b in enumerate(fields):
            Pi[k, m] = measure.connected(a, b)
            coupling[k, m] = diff(action.F, a.symbol, b.symbol)
    return Kernel(tuple(fields), Pi, coupling)


def pair_fields(operators: Sequence[Operator], replicas: tuple[int, int] = (1, 2)) -> tuple[Bilinear, ...]:
    """All products of one operator of each of two replicas."""
    first, second = replicas
    return tuple(Bilinear.of((first, a), (second, b)) for a in operators for b in operators)


__all__ = [
    "ACTIVITY",
    "PREACTIVATION",
    "RESPONSE",
    "Action",
    "Bilinear",
    "Kernel",
    "Operator",
    "SiteMeasure",
    "disorder_average",
    "fluctuation_kernel",
    "pair_fields",
]
