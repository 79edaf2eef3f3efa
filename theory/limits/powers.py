"""Powers of one variable with a prefactor: how averages and results depend on the variance in scaling and asymptotic laws."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr, Mul, Pow, S, factor, factorint, gamma, oo, powsimp, solve
from sympy.logic.boolalg import Boolean, false, true

from theory.averages.closed import ClosedForm
from theory.symbols import Delta


@dataclass(frozen=True)
class Power:
    """``prefactor * base^exponent``; which base is said where it is used."""

    prefactor: Expr
    exponent: Expr

    def of(self, base: Expr) -> Expr:
        """The power of a given base."""
        return self.prefactor * base**self.exponent


def tidy(expression: Expr) -> Expr:
    """Factored, without a minus sign in front where a sum can take it up."""
    factored = factor(expression)
    if not factored.could_extract_minus_sign():
        return factored
    factors = list(Mul.make_args(-factored))
    for k, one in enumerate(factors):
        base, power = one.as_base_exp()
        if base.is_Add and power in (1, -1):
            factors[k] = (-base).expand() ** power
            return Mul(*factors)
    return factored


# ---- averages of homogeneous activations ---------------------------------------------------------------------------------------


def exponent_of(closed: Expr) -> Expr:
    """k in <F> = <F>_1 Delta^k, which all terms of the closed form share."""
    (power,) = {tidy(powsimp((Delta * term.diff(Delta) / term).expand())) for term in Add.make_args(closed)}
    return power


def unit_constant(expression: Expr) -> Expr:
    """A closed form at unit variance with every Gamma function shifted to an argument that ends in (0, 1]."""
    at_one = expression.subs(Delta, 1).replace(gamma, _shifted)
    over_primes = powsimp(at_one.expand()).replace(lambda node: node.is_Pow and node.base.is_Integer, _over_primes)
    return factor(over_primes.expand())


def _over_primes(power: Expr) -> Expr:
    """4^q as 2^(2 q), so that powers of one prime meet."""
    return Mul(*(Pow(prime, k * power.exp) for prime, k in factorint(power.base).items()))


def _shifted(argument: Expr) -> Expr:
    constant, rest = argument.as_coeff_Add()
    product, n = S.One, constant
    while n > 1:
        n -= 1
        product *= rest + n
    while n <= 0:
        product /= rest + n
        n += 1
    return product * gamma(rest + n)


def when_finite(form: ClosedForm) -> Boolean:
    """When an average is finite; a condition such as 2 p - 2 > -1 is solved for its one parameter."""
    condition = form.condition
    if condition is None or form.expression == oo:
        return true if condition is None and form.expression != oo else false
    difference = condition.lhs - condition.rhs
    if len(condition.free_symbols) != 1:
        return condition
    (parameter,) = condition.free_symbols
    (bound,) = solve(difference, parameter)
    return parameter > bound if difference.diff(parameter).is_positive else parameter < bound
