r"""The unevaluated Gaussian average, with the Stein and Price rules.

    Average(F, n, m, v)  =  < d^n F(x) / dx^n >,     x ~ N(m, v)

The derivative stands outside F and is understood in the weak sense, so that the average exists for kinked and jumping
activations too: by parts, < F^(n) > = v^(-n/2) < He_n((x-m)/sqrt(v)) F >.  F is an expression in `x` and the generic
activation `phi(x)`; a concrete activation enters only when a number or a closed form is asked for.

    Stein   <x F> = m <F> + v <F'>
    Price   d<F>/dm = <F'>,   d<F>/dv = <F''>/2
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Add, Derivative, Expr, Integer, Mul, S, Symbol, latex, sstr, sympify

from theory.symbols import Delta, delta, mu, phi, x


class Average(Expr):
    """``< d^order integrand / dx^order >`` over ``x ~ N(mean, variance)``, unevaluated.

    Parameters
    ----------
    integrand : Expr
        Function of ``theory.symbols.x``, usually through ``phi(x)`` and its derivatives.
    order : int
        Number of weak derivatives, >= 0.
    mean, variance : Expr
        Mean and variance of x.
    """

    is_commutative = True

    def __new__(cls, integrand, order=0, mean=S.Zero, variance=Delta):
        """Canonical form: constants taken out, derivatives of a power of phi counted in `order`, averages of 1 and x evaluated."""
        integrand, order, mean, variance = (sympify(a, strict=True) for a in (integrand, order, mean, variance))
        if not integrand.has(x):
            return integrand if order == 0 else S.Zero
        constant, rest = integrand.as_independent(x, as_Add=False)
        if constant is not S.One:
            return constant * cls(rest, order, mean, variance)
        if isinstance(integrand, Derivative) and integrand.expr == phi(x):
            # one canonical key per average: derivatives of phi alone are counted in `order`
            return cls(phi(x), order + integrand.derivative_count, mean, variance)
        if integrand == x:
            return {0: mean, 1: S.One}.get(int(order), S.Zero)
        if (power := _power_of_chain_rule(integrand)) is not None:
            return cls(phi(x) ** power, order + 1, mean, variance) / power
        return super().__new__(cls, integrand, Integer(order), mean, variance)

    integrand = property(lambda self: self.args[0])
    order = property(lambda self: int(self.args[1]))
    mean = property(lambda self: self.args[2])
    variance = property(lambda self: self.args[3])

    @property
    def free_symbols(self):
        """Free symbols; x is bound."""
        return (self.integrand.free_symbols - {x}) | self.mean.free_symbols | self.variance.free_symbols

    @property
    def bound_symbols(self):
        """The integration variable."""
        return [x]

    def _eval_is_real(self):
        return True

    def _eval_subs(self, old, new):
        if old == x:
            return self
        return None

    def _eval_derivative(self, symbol):
        integrand, order, mean, variance = self.args
        return (
            Average(integrand.diff(symbol), order, mean, variance)
            + Average(integrand, order + 1, mean, variance) * mean.diff(symbol)
            + Average(integrand, order + 2, mean, variance) * variance.diff(symbol) / 2
        )

    def _sympystr(self, printer):
        return f"<{_primed(self.integrand, self.order, sstr)}>{_site(self.mean, '_{}')}"

    def _latex(self, printer):
        return rf"\left\langle {_primed(self.integrand, self.order, latex)} \right\rangle{_site(self.mean, '_{{{}}}')}"

    def _pretty(self, printer):
        from sympy.printing.pretty.stringpict import prettyForm

        return prettyForm(str(self))


def _power_of_chain_rule(integrand: Expr) -> Integer | None:
    """n for phi^(n-1) phi' = (phi^n)'/n, n > 1; None for anything else."""
    slope = Derivative(phi(x), x)
    base, exponent = (integrand / slope).as_base_exp()
    return exponent + 1 if base == phi(x) and exponent.is_Integer and exponent > 0 else None


def expand_average(average: Average) -> Expr:
    """Linearity and Stein: a sum of averages whose integrands contain no bare factor x.

    <(x F)^(n)> = m <F^(n)> + v <F^(n+1)> + n <F^(n-1)>, applied until no factor x is left.
    """
    integrand, order, mean, variance = average.args
    terms = Add.make_args(integrand.expand())
    if len(terms) > 1:
        return stein(Add(*(Average(term, order, mean, variance) for term in terms)))
    power = Integer(0)
    others = []
    for factor in Mul.make_args(terms[0]):
        base, exponent = factor.as_base_exp()
        if base == x and exponent.is_Integer and exponent > 0:
            power = exponent
        else:
            others.append(factor)
    if power == 0:
        return average
    rest = x ** (power - 1) * Mul(*others)
    lowered = mean * Average(rest, order, mean, variance) + variance * Average(rest, order + 1, mean, variance)
    if order:
        lowered += order * Average(rest, order - 1, mean, variance)
    return stein(lowered)


def stein(expression: Expr) -> Expr:
    """Apply Stein's lemma inside every average of `expression` until no bare factor x is left."""
    return expression.replace(lambda node: isinstance(node, Average), expand_average).expand()


def averages(expression: Expr) -> tuple[Average, ...]:
    """Distinct averages of an expression in a canonical order; not those at a fixed frozen mean (`FrozenAverage`)."""
    return canonical_order(a for a in expression.atoms(Average) if a.variance != delta)


def canonical_order(nodes: Iterable[Average]) -> tuple[Average, ...]:
    """Averages sorted by what they average."""
    return tuple(sorted(nodes, key=lambda a: (a.order, a.integrand.count_ops(), sstr(a.integrand))))


def _site(mean: Expr, subscript: str) -> str:
    """The label of the unit whose frozen mean this is, mu_1 or mu_2; nothing for a generic unit."""
    label = mean.name.removeprefix(f"{mu.name}_") if isinstance(mean, Symbol) else mu.name
    return subscript.format(label) if label not in (mu.name, str(mean)) else ""


def _primed(integrand: Expr, order: int, printer) -> str:
    """Text with phi(x) -> phi, d^k phi/dx^k -> phi'...' (k primes), and `order` primes around the whole."""
    name = {sstr: "phi", latex: r"\phi"}[printer]

    nodes = sorted(integrand.atoms(Derivative), key=lambda node: -node.derivative_count)
    plain = integrand.xreplace({node: Symbol(name + _primes(node.derivative_count)) for node in nodes})
    plain = plain.xreplace({phi(x): Symbol(name)})
    if printer is latex:
        body = latex(plain, symbol_names={s: s.name for s in plain.free_symbols if s.name.startswith(name)})
        for s in sorted(plain.free_symbols, key=str):  # phi'^2 rather than {phi'}^{2}
            body = body.replace(f"{{{s.name}}}^", f"{s.name}^")
    else:
        body = sstr(plain)
    if order == 0:
        return body
    simple = isinstance(plain, Symbol)
    if simple:
        return body + _primes(order)
    opening, closing = (r"\left(", r"\right)") if printer is latex else ("(", ")")
    return f"{opening}{body}{closing}{_primes(order)}"


def _primes(count: int) -> str:
    return "'" * count if count <= 3 else f"^({count})"
