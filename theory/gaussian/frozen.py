r"""Averages over a frozen mean: what replicas with different noise but the same couplings share.

At a site whose activity is not odd the couplings fix a mean field mu ~ N(0, Delta0); given mu, replicas of the noise are
independent, x ~ N(mu, Delta - Delta0).  A product of one-replica averages at the same mu is averaged over mu:

    FrozenAverage(P) = [ P ],    P = prod_a < d^n_a f_a(x) / dx^n_a >_{x ~ N(mu, delta)},    delta = Delta - Delta0.

    Stein   [ mu P ] = Delta0 [ dP/dmu ]
    Price   d<f>/ddelta = d^2<f>/dmu^2 / 2,   d[P]/dDelta0 at fixed delta = [ d^2P/dmu^2 ] / 2
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Add, Dummy, Expr, Mul, Rational, S, diff, latex, sstr, sympify

from theory.gaussian.average import Average, averages, canonical_order
from theory.symbols import Delta, Delta0, delta, mu, x


class Variance(Expr):
    """``<F^2> - <F>^2`` over ``x ~ N(mu, delta)``: kept in one piece, because its parts cancel where delta is small.

    Parameters
    ----------
    integrand : Expr
        F, a function of ``theory.symbols.x``.
    """

    is_commutative = True

    def __new__(cls, integrand):
        """Var x is delta, a constant does not vary."""
        integrand = sympify(integrand, strict=True)
        if not integrand.has(x):
            return S.Zero
        return delta if integrand == x else super().__new__(cls, integrand)

    integrand = property(lambda self: self.args[0])

    @property
    def averages(self) -> tuple[Average, Average]:
        """<F> and <F^2> at a fixed frozen mean."""
        return Average(self.integrand, 0, mu, delta), Average(self.integrand**2, 0, mu, delta)

    @property
    def expanded(self) -> Expr:
        """The definition."""
        first, second = self.averages
        return second - first**2

    @property
    def free_symbols(self):
        """Symbols of F, and the frozen mean and the variance that it depends on."""
        return (self.integrand.free_symbols - {x}) | {mu, delta}

    def _eval_is_nonnegative(self):
        return True

    def _eval_subs(self, old, new):
        return self if old in (x, mu, delta) else None

    def _eval_derivative(self, symbol):
        return self.expanded.diff(symbol)

    def _sympystr(self, printer):
        return f"Var({sstr(Average(self.integrand, 0, mu, delta))[1:-1]})"

    def _latex(self, printer):
        name = (
            latex(Average(self.integrand, 0, mu, delta)).removeprefix(r"\left\langle ").removesuffix(r" \right\rangle")
        )
        return rf"\operatorname{{Var}}\left( {name} \right)"


class FrozenAverage(Expr):
    """``[ P ]``, the average over ``mu ~ N(0, frozen)`` of a product of averages over ``x ~ N(mu, variance - frozen)``.

    Parameters
    ----------
    product : Expr
        Polynomial in `mu`, `delta`, ``Average(., ., mu, delta)`` and `Variance`; `mu` and `delta` are bound.
    variance, frozen : Expr
        Total variance of x and that of its frozen mean.
    """

    is_commutative = True

    def __new__(cls, product, variance=Delta, frozen=Delta0):
        """Canonical form: linear, constants taken out, no bare mu; a single average and the limits are evaluated."""
        product, variance, frozen = (sympify(a, strict=True) for a in (product, variance, frozen))
        terms = Add.make_args(product.expand())
        if len(terms) > 1:
            return Add(*(cls(term, variance, frozen) for term in terms))
        powers = terms[0].as_powers_dict()
        order = powers.pop(mu, 0)
        nodes = Mul(*(base**power for base, power in powers.items() if _is_conditional(base)))
        constant = Mul(*(base**power for base, power in powers.items() if not _is_conditional(base)))
        if order:
            rest = mu ** (order - 1) * nodes
            return (constant.subs(delta, variance - frozen) * frozen * cls(diff(rest, mu), variance, frozen)).expand()
        return constant.subs(delta, variance - frozen) * cls._of(nodes, variance, frozen)

    @classmethod
    def _of(cls, nodes, variance, frozen):
        if isinstance(nodes, Average):
            return Average(nodes.integrand, nodes.order, S.Zero, variance)
        if nodes == 1:
            return S.One
        if frozen == 0:
            return _expanded(nodes).subs({mu: S.Zero, delta: variance})
        if variance == frozen and not nodes.has(Variance):
            return Average(nodes.replace(Average, lambda f, order, *_: diff(f, x, order)), 0, S.Zero, variance)
        return super().__new__(cls, nodes, variance, frozen)

    product = property(lambda self: self.args[0])
    variance = property(lambda self: self.args[1])
    frozen = property(lambda self: self.args[2])

    @property
    def factors(self) -> tuple[tuple[Expr, int], ...]:
        """The averages at a fixed frozen mean, each with its power."""
        return tuple(sorted(((b, int(n)) for b, n in self.product.as_powers_dict().items()), key=sstr))

    @property
    def conditional(self) -> tuple[Average, ...]:
        """The averages at a fixed frozen mean that the factors are made of."""
        parts = (f.averages if isinstance(f, Variance) else (f,) for f, _ in self.factors)
        return canonical_order({average for group in parts for average in group})

    @property
    def free_symbols(self):
        """Free symbols; x, mu and delta are bound."""
        return (self.product.free_symbols - {x, mu, delta}) | self.variance.free_symbols | self.frozen.free_symbols

    @property
    def bound_symbols(self):
        """The integration variables."""
        return [x, mu, delta]

    def _eval_is_real(self):
        return True

    def _eval_subs(self, old, new):
        return self if old in (x, mu, delta) else None

    def _eval_derivative(self, symbol):
        product, variance, frozen = _expanded(self.product), self.variance, self.frozen
        spread = FrozenAverage(diff(product, delta), variance, frozen)
        moved = FrozenAverage(Rational(1, 2) * diff(product, mu, 2), variance, frozen)
        return spread * (variance - frozen).diff(symbol) + moved * frozen.diff(symbol)

    def _sympystr(self, printer):
        return f"[{sstr(self.product)}]"

    def _latex(self, printer):
        return rf"\left[ {latex(self.product)} \right]"

    def _pretty(self, printer):
        from sympy.printing.pretty.stringpict import prettyForm

        return prettyForm(str(self))


def _is_conditional(base: Expr) -> bool:
    return isinstance(base, Average | Variance)


def _expanded(product: Expr) -> Expr:
    return product.replace(lambda node: isinstance(node, Variance), lambda node: node.expanded)


def without_variances(expression: Expr) -> Expr:
    """Every variance at a fixed frozen mean written as <F^2> - <F>^2."""
    return expression.replace(
        lambda node: isinstance(node, FrozenAverage),
        lambda node: FrozenAverage(_expanded(node.product), node.variance, node.frozen),
    )


def with_variance(expression: Expr, integrand: Expr) -> Expr:
    """``[<F^2>^2] - 2 [<F>^2 <F^2>] + [<F>^4]`` written as ``[Var(F)^2]``."""
    whole = FrozenAverage(Variance(integrand) ** 2)
    first = FrozenAverage(Variance(integrand).averages[1] ** 2)
    return expression.subs(first, whole - (without_variances(whole) - first)).expand()


def through_noise_variance(expression: Expr, function: Callable[[Expr], Expr]) -> Expr:
    """`function` of an expression written in ``delta = Delta - Delta0`` instead of Delta, and Delta restored."""
    nodes = expression.atoms(FrozenAverage) | set(averages(expression))
    names = {node: Dummy(str(node)) for node in sorted(nodes, key=str)}
    back = {name: node for node, name in names.items()}
    plain = expression.xreplace(names).subs(Delta, delta + Delta0).expand()
    written = function(plain.xreplace(back)).xreplace(names)
    return written.subs(delta, Delta - Delta0).xreplace(back)


def frozen_averages(expression: Expr) -> tuple[FrozenAverage, ...]:
    """Distinct averages over the frozen mean in a canonical order."""
    return tuple(sorted(expression.atoms(FrozenAverage), key=lambda node: (node.count_ops(), sstr(node))))


__all__ = [
    "FrozenAverage",
    "Variance",
    "frozen_averages",
    "through_noise_variance",
    "with_variance",
    "without_variances",
]
