r"""The collective-field engine: disorder average, saddle point and fluctuation kernel of random-coupling networks.

The disorder average of the generating functional of `x = J phi(x) + noise` leaves `exp(N F[B])` for collective fields
`B_k = (1/N) sum_i b_k(site i)`, with `b_k` bilinear in the response field and the activity of one site.  From the list of
bilinears, the polynomial F and the single-site measure follow mechanically

    the saddle                B_k = <b_k>,  single-site weight exp( sum_k F_k b_k ),  F_k = dF/dB_k,
    the fluctuation kernel    N Cov(B) = (1 - Pi F'')^{-1} Pi,   Pi_kl = <b_k b_l> - <b_k><b_l>,
    the instabilities         an eigenvalue of Pi F'' that reaches 1.

A site monomial is a pair (n, f) that stands for  xr^n f(x)  with xr the response field (factor i absorbed); monomials multiply as
(n + m, f g) and average as  <(n, f)> = <f^(n)>.  Nothing here knows which activation, filter or noise is studied.

The determinant of a fixed-point equation is a Gaussian integral over anticommuting ghosts, one pair cb, c at each site:

    det(1 - J phi') = int exp( - sum_i cb_i c_i + sum_ij cb_i J_ij phi'(x_j) c_j ),     <c cb> = 1.

They enter the list of site operators like every other field; bilinears with an odd number of them anticommute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from sympy import Expr, Matrix, Mul, Rational, S, Symbol, diff, eye, sqrt, sstr, zeros

from theory.averages.average import Average, averages, over_frozen_mean, stein
from theory.averages.measures import AT_MEAN, Normal
from theory.averages.parity import parity
from theory.factors import positive_factors
from theory.networks import GaussianCouplings
from theory.symbols import mu, phi, x


@dataclass(frozen=True)
class Operator:
    """Site monomial ``xr^power * function(x)`` of one replica, times ghosts (``'cb'``, ``'c'``) in this order."""

    power: int
    function: Expr
    ghosts: tuple[str, ...] = ()

    def __mul__(self, other: Operator) -> Operator:
        return Operator(self.power + other.power, self.function * other.function, self.ghosts + other.ghosts)


RESPONSE = Operator(1, S.One)
ACTIVITY = Operator(0, phi(x))
PREACTIVATION = Operator(0, x)
ANTIGHOST = Operator(0, S.One, ("cb",))
GHOST_ACTIVITY = Operator(0, diff(phi(x), x), ("c",))
_GHOST_ORDER = ("cb", "c")


@dataclass(frozen=True)
class Bilinear:
    """Product of site operators, each with its replica label: the b_k of a collective field.

    Attributes
    ----------
    factors : tuple of (int, Operator)
        One operator for each replica, ordered by replica, the ghosts of each in the order cb, c.
    sign : int
        From bringing the ghosts into that order: 1 or -1; 0 where one occurs twice.
    """

    factors: tuple[tuple[int, Operator], ...]
    sign: int = 1

    @classmethod
    def of(cls, *factors: tuple[int, Operator]) -> Bilinear:
        """Merge operators of the same replica and order by replica."""
        merged: dict[int, Operator] = {}
        for replica, operator in factors:
            merged[replica] = merged[replica] * operator if replica in merged else operator
        word = [(replica, _GHOST_ORDER.index(ghost)) for replica, operator in factors for ghost in operator.ghosts]
        ordered = ((r, o if not o.ghosts else _ghosts_sorted(o)) for r, o in sorted(merged.items(), key=lambda i: i[0]))
        return cls(tuple(ordered), _sorting_sign(word))

    def __mul__(self, other: Bilinear) -> Bilinear:
        product = Bilinear.of(*self.factors, *other.factors)
        return Bilinear(product.factors, product.sign * self.sign * other.sign)

    @property
    def unsigned(self) -> Bilinear:
        """The same product with sign 1."""
        return Bilinear(self.factors)

    @property
    def is_odd(self) -> bool:
        """Whether it holds an odd number of ghosts, and so anticommutes."""
        return sum(len(operator.ghosts) for _, operator in self.factors) % 2 == 1

    @property
    def terms(self) -> tuple[tuple[Expr, Bilinear], ...]:
        """The field as a combination of bilinears: itself."""
        return ((S.One, self),)

    @property
    def label(self) -> str:
        """The factors as text, e.g. ``phi1 xr2``."""
        return " ".join(_name(operator, replica) for replica, operator in self.factors)

    @property
    def symbol(self) -> Symbol:
        """The collective field, e.g. ``B[phi1 phi2]``."""
        return Symbol(f"B[{self.label}]")


def _ghosts_sorted(operator: Operator) -> Operator:
    return Operator(operator.power, operator.function, tuple(sorted(operator.ghosts, key=_GHOST_ORDER.index)))


def _sorting_sign(word: Sequence[tuple[int, int]]) -> int:
    """Sign of the permutation that sorts anticommuting factors, 0 if two are equal."""
    inversions = 0
    for k, later in enumerate(word):
        for earlier in word[:k]:
            if earlier == later:
                return 0
            inversions += earlier > later
    return -1 if inversions % 2 else 1


@lru_cache(maxsize=1024)
def _name(operator: Operator, replica: int) -> str:
    plain = {diff(phi(x), x): Symbol(f"phi'{replica}"), phi(x): Symbol(f"phi{replica}")}
    body = sstr(operator.function.xreplace(plain).xreplace({x: Symbol(f"x{replica}")}))
    body = "" if operator.function == 1 else body.replace("**", "^")
    responses = [f"xr{replica}" + (f"^{operator.power}" if operator.power > 1 else "")] if operator.power else []
    return " ".join([*responses, *([body] if body else []), *(f"{ghost}{replica}" for ghost in operator.ghosts)])


class Field(Protocol):
    """A collective field: a bilinear, or a combination of bilinears."""

    @property
    def symbol(self) -> Symbol:
        """Its name in formulas."""

    @property
    def terms(self) -> tuple[tuple[Expr, Bilinear], ...]:
        """Weights and bilinears."""


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
        ghosts = b.sign * Mul(*(_ghost_average(o) for _, o in b.factors))  # independent of the fields of the site
        if ghosts == 0:
            return S.Zero
        if self.shared_noise and len(b.factors) > 1:
            product = Mul(*(diff(o.function, x, o.power) if o.power else o.function for _, o in b.factors))
            return ghosts * self._one(product, 0)
        if self.frozen != 0:
            replicas = frozenset(Counter(o for _, o in b.factors).items())
            return ghosts * _over_frozen_mean(replicas, self.variance, self.frozen)
        return ghosts * Mul(*(self._one(o.function, o.power) for _, o in b.factors))

    def _one(self, function: Expr, power: int) -> Expr:
        return _one_site(function, power, self.variance, self.phi_parity)

    def connected(self, a: Bilinear, b: Bilinear) -> Expr:
        """<a b> - <a><b>."""
        return self.average(a * b) - self.average(a) * self.average(b)


@lru_cache(maxsize=4096)
def _one_site(function: Expr, power: int, variance: Expr, phi_parity: str) -> Expr:
    """<function^(power)>, zero where the integrand is odd."""
    kind = parity(function, phi_parity)
    if (kind, power % 2) in (("odd", 0), ("even", 1)):
        return S.Zero
    return stein(Average(function, power, Normal(0, variance)))


@lru_cache(maxsize=4096)
def _over_frozen_mean(replicas: frozenset[tuple[Operator, int]], variance: Expr, frozen: Expr) -> Expr:
    """[product of replicas], each operator with the number of replicas that it stands in."""
    product = (stein(Average(o.function, o.power, AT_MEAN)) ** count for o, count in replicas)
    return over_frozen_mean(Mul(*product), variance, frozen)


def _ghost_average(operator: Operator) -> Expr:
    """<cb c> = -1; a single ghost averages to zero."""
    return {(): S.One, _GHOST_ORDER: S.NegativeOne}.get(operator.ghosts, S.Zero)


class Measure(Protocol):
    """What the fluctuation kernel asks of a single-site measure."""

    def connected(self, a: Bilinear, b: Bilinear) -> Expr:
        """<a b> - <a><b>."""


@dataclass(frozen=True)
class Action:
    """exp(N F[B]): the collective fields in canonical order and the polynomial F in their symbols.

    In a product of two anticommuting fields the one that comes first in `fields` is meant to stand first.
    """

    fields: tuple[Bilinear, ...]
    F: Expr

    def conjugate(self, b: Bilinear) -> Expr:
        """Coefficient F_k of b_k in the single-site weight."""
        return diff(self.F, b.symbol)

    def coupling(self, a: Bilinear, b: Bilinear) -> Expr:
        """d^2 F / da db: symmetric, antisymmetric for two anticommuting fields."""
        second = diff(self.F, a.symbol, b.symbol)
        return -second if second != 0 and a.is_odd and self.fields.index(a) > self.fields.index(b) else second


def disorder_average(
    couplings: GaussianCouplings, replicas: Sequence[int] = (1, 2), *, jacobian: bool = False
) -> Action:
    """Average ``exp( sum_ij J_ij A_ij )``, ``A_ij = sum_a xr_i^a phi_j^a``, over Gaussian couplings.

    ``<J_ij J_kl> = (strength^2/N) (d_ik d_jl + symmetry d_il d_jk)``: in each contraction the operators that end on the same site
    form one bilinear, so that ``N F = (N/2) strength^2 sum_ab ( K_ab Q_ab + symmetry R_ab R_ba )``.

    Parameters
    ----------
    couplings : GaussianCouplings
    replicas : sequence of int
    jacobian : bool
        Keep the determinant of the fixed-point equation: ``A_ij += cb_i phi'_j c_j`` in every replica.
    """
    vertices = [((a, RESPONSE), (a, ACTIVITY)) for a in replicas]
    if jacobian:
        vertices += [((a, ANTIGHOST), (a, GHOST_ACTIVITY)) for a in replicas]
    fields: dict[Symbol, Bilinear] = {}
    terms: list[tuple[Expr, Bilinear, Bilinear]] = []
    contractions = (
        (couplings.strength**2, (0, 2), (1, 3)),  # i with i, j with j
        (couplings.symmetry * couplings.strength**2, (0, 3), (1, 2)),
    )
    for first in vertices:
        for second in vertices:
            ends = (*first, *second)
            for weight, on_i, on_j in contractions:
                pair = (Bilinear.of(*(ends[k] for k in on_i)), Bilinear.of(*(ends[k] for k in on_j)))
                regrouped = _sorting_sign([(0, k) for k in (*on_i, *on_j) if ends[k][1].ghosts])
                sign = regrouped * pair[0].sign * pair[1].sign
                if weight != 0 and sign != 0:
                    fields.update((p.symbol, p.unsigned) for p in pair)
                    terms.append((weight * sign / 2, *pair))
    order = sorted(fields, key=str)
    F = S.Zero
    for weight, a, b in terms:
        swapped = a.is_odd and order.index(a.symbol) > order.index(b.symbol)
        F += (-weight if swapped else weight) * a.symbol * b.symbol
    return Action(tuple(fields[s] for s in order), F)


@dataclass(frozen=True)
class Kernel:
    """Gaussian fluctuations of a set of collective fields about the saddle."""

    fields: tuple[Field, ...]
    Pi: Matrix
    coupling: Matrix  # F''

    def column(self, k: int) -> Matrix:
        """Column k of N Cov(B) = (1 - Pi F'')^{-1} Pi, as a sum over the fields that couplings connect; entries are not expanded.

        ``(1 - Pi F'')^{-1} Pi = Pi + Pi_c F''_cc (1 - Pi_cc F''_cc)^{-1} Pi_c^T``, c the coupled fields: sources need no inversion.
        """
        coupled = self._coupled()
        within, linked = (m.extract(coupled, coupled) for m in (self.Pi, self.coupling))
        inverse = (eye(len(coupled)) - within * linked).to_DM(field=True).inv().to_Matrix()
        resolved = inverse.applyfunc(lambda e: positive_factors(e.factor()))
        everything = list(range(len(self.fields)))
        spread = self.Pi.extract(everything, coupled) * (linked * resolved)
        return self.Pi[:, k] + spread * self.Pi.extract(coupled, [k])

    def multipliers(self) -> tuple[Expr, ...]:
        """Distinct non-zero eigenvalues of Pi F'' on the coupled fields: 1 means an instability."""
        coupled = self._coupled()
        block = (self.Pi * self.coupling).extract(coupled, coupled)
        return tuple(sorted((v for v in block.eigenvals() if v != 0), key=str))

    def _coupled(self) -> list[int]:
        return [k for k in range(len(self.fields)) if any(self.coupling[k, :])]

    def index(self, *factors: tuple[int, Operator]) -> int:
        """Position of the field with the given factors."""
        return self.fields.index(Bilinear.of(*factors))


def in_multiplier(expression: Expr, multiplier: Expr) -> Expr:
    """Write a rational expression through 1 - u, u = g^2 <phi'>^2 or g^2 [<phi'>^2] the multiplier, as papers quote it.

    Every factor that is a sum is given the sign that makes it positive in a weakly coupled network.
    """
    u, root = Symbol("u", positive=True), Symbol("root", positive=True)
    (node,) = averages(multiplier) or averages(multiplier, mu)
    inverse = sqrt(u * node**2 / multiplier) if multiplier.has(node**2) else u * node / multiplier
    factored = expression.subs(node, root).subs(root, inverse).expand().factor()
    return positive_factors(factored, {u: Rational(1, 2)}).xreplace({u: multiplier})


def fluctuation_kernel(action: Action, fields: Sequence[Bilinear], measure: Measure) -> Kernel:
    """Kernel of `fields` (those of the action and any that only serve as sources)."""
    size = len(fields)
    Pi, coupling = zeros(size, size), zeros(size, size)
    for k, a in enumerate(fields):
        for m, b in enumerate(fields):
            Pi[k, m] = measure.connected(a, b)
            coupling[k, m] = action.coupling(a, b)
    return Kernel(tuple(fields), Pi, coupling)


def pair_fields(operators: Sequence[Operator], replicas: tuple[int, int] = (1, 2)) -> tuple[Bilinear, ...]:
    """All products of one operator of each of two replicas."""
    first, second = replicas
    return tuple(Bilinear.of((first, a), (second, b)) for a in operators for b in operators)
