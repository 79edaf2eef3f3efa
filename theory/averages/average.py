r"""The unevaluated average of an expression over a measure.

    Average(F, n, measure)  =  < d^n F(x) / dx^n >,        x ~ N(0, Delta) if no measure is given.

The derivative stands outside F and is understood in the weak sense, so that the average exists for kinked and jumping
activations too: by parts, < F^(n) > = v^(-n/2) < He_n((x-m)/sqrt(v)) F >.  F is an expression in `x` and the generic
activation `phi(x)`; a concrete activation enters only when a number or a closed form is asked for.

Averages nest.  At a site whose activity is not odd the couplings fix a mean mu ~ N(0, Delta0); given mu, replicas of the noise are
independent, x ~ N(mu, delta), delta = Delta - Delta0.  The average over mu of a product of averages at the same mu,

    [ <f> <g> ]  =  Average(Average(f, 0, Normal(mu, delta)) * Average(g, 0, Normal(mu, delta)), 0, Normal(0, Delta0, mu)),

is one over all replicas; ``over_frozen_mean`` writes it.  Measures and their rules are in `theory.averages.measures`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from sympy import (
    Add,
    Basic,
    Derivative,
    Dummy,
    Expr,
    Integer,
    Mul,
    S,
    Symbol,
    diff,
    latex,
    preorder_traversal,
    sstr,
    sympify,
)
from sympy.core.function import AppliedUndef

from theory.averages.measures import AT_MEAN, CENTRED, Connected, Gaussian, Joint, Normal, Terms
from theory.symbols import Delta, Delta0, delta, mu, phi, x


class Average(Expr):
    """``< d^order integrand / dx^order >`` over a measure, unevaluated.

    Parameters
    ----------
    integrand : Expr
        Function of the variables of the measure, usually of ``theory.symbols.x`` through ``phi(x)`` and its derivatives.
    order : int
        Number of weak derivatives by x, >= 0.
    measure : Normal, Joint, Connected or Law
    """

    is_commutative = True

    def __new__(cls, integrand, order=0, measure=CENTRED, evaluate=True):
        """Canonical form: constants are taken out, and what the measure alone decides is evaluated."""
        integrand, order = sympify(integrand, strict=True), int(order)
        if not evaluate:
            return super().__new__(cls, integrand, Integer(order), measure)
        constant, rest = integrand.as_independent(*measure.variables, as_Add=False)
        if rest.is_Number:
            value = constant if order == 0 else S.Zero
            return S.Zero if isinstance(measure, Connected) else value
        if constant is not S.One:
            return constant ** (2 if isinstance(measure, Connected) else 1) * cls(rest, order, measure)
        known = _known(integrand, order, measure)
        return super().__new__(cls, integrand, Integer(order), measure) if known is None else known

    integrand = property(lambda self: self.args[0])
    order = property(lambda self: int(self.args[1]))
    measure = property(lambda self: self.args[2])

    @property
    def free_symbols(self):
        """Free symbols; the variables of the measure are bound."""
        return (self.integrand.free_symbols | self.measure.free_symbols) - set(self.measure.variables)

    @property
    def bound_symbols(self):
        """The variables of the measure."""
        return list(self.measure.variables)

    def class_key(self):
        """SymPy's order of factors and terms: by measure first."""
        return 5, self.measure.rank, type(self).__name__

    def _eval_is_real(self):
        return True

    def _eval_subs(self, old, new):
        return self if old in self.bound_symbols else None

    def _eval_derivative(self, symbol):
        expanded = without_variances(self)
        if expanded != self:
            return expanded.diff(symbol)
        return _total(self.measure.derivative(self.integrand, self.order, symbol), self.measure)

    def _sympystr(self, printer):
        return _shown(self, sstr)

    def _latex(self, printer):
        return _shown(self, latex)

    def _pretty(self, printer):
        from sympy.printing.pretty.stringpict import prettyForm

        return prettyForm(str(self))


# --- canonical forms ---------------------------------------------------------------------------------------------------


def _known(F: Expr, order: int, measure: Basic) -> Expr | None:
    """The average in a simpler form, None where it has none."""
    if isinstance(measure, Connected):
        return measure.measure.variance if x == F else None
    if not isinstance(measure, Gaussian):  # F is smooth
        return Average(diff(F, measure.variables[0], order), 0, measure) if order else None
    if measure.variables != (x,):
        return _term_by_term(F, order, measure)
    if isinstance(F, Derivative) and F.expr == phi(x):
        # one canonical key per average: derivatives of phi alone are counted in `order`
        return Average(phi(x), order + F.derivative_count, measure)
    if x == F:
        return {0: measure.mean, 1: S.One}.get(order, S.Zero)
    base, exponent = (F / Derivative(phi(x), x)).as_base_exp()
    if base == phi(x) and exponent.is_Integer and exponent > 0:  # phi^(n-1) phi' = (phi^n)'/n
        return Average(phi(x) ** (exponent + 1), order + 1, measure) / (exponent + 1)
    return None


def _term_by_term(F: Expr, order: int, measure: Gaussian) -> Expr | None:
    """Over the mean of a site or over several variables: linear, and no bare variable but x is left."""
    if (terms := Add.make_args(F.expand())) != (F,):
        return Add(*(Average(term, order, measure) for term in terms))
    bare = next((y for y in measure.variables if y != x and _is_bare(y, F)), None)
    if bare is not None:
        return _total(measure.lowered(F / bare, order, bare), measure).expand()
    if isinstance(measure, Normal):
        return _over_mean(F, measure)
    if not F.has(*(y for y in measure.variables if y != x)):
        return stein(Average(F, order, Normal(measure.mean_of(x), measure.covariance(x, x))))
    return None


def _over_mean(F: Expr, measure: Normal) -> Expr | None:
    """Over the mean of a site: a single average, and the limits of vanishing variance."""
    (y,) = measure.variables
    if isinstance(F, Average) and isinstance(F.measure, Normal) and F.measure.mean == y:
        return Average(F.integrand, F.order, Normal(measure.mean, F.measure.variance + measure.variance))
    if measure.variance == 0:
        return without_variances(F).subs(y, measure.mean)
    if not F.has(Connected) and all(node.measure.variance == 0 for node in F.atoms(Average)):
        return Average(F.replace(Average, lambda f, n, _: diff(f, x, n)), 0, Normal(*measure.args[:2]))
    return None


def _is_bare(y: Symbol, product: Expr) -> bool:
    power = S(product.as_powers_dict()[y])
    return bool(power.is_Integer and power > 0)


def _total(terms: Terms, measure: Basic) -> Expr:
    return Add(*(weight * Average(F, order, measure) for weight, F, order in terms))


def stein(expression: Expr) -> Expr:
    """Linearity and Stein's lemma inside every average over x of `expression`, until no bare factor x is left."""
    return expression.replace(lambda node: isinstance(node, Average), _without_bare_x).expand()


def _without_bare_x(average: Average) -> Expr:
    integrand, order, measure = average.args
    if measure.variables != (x,) or not isinstance(measure, Normal):
        return average
    terms = Add.make_args(integrand.expand())
    if len(terms) > 1:
        return stein(Add(*(Average(term, order, measure) for term in terms)))
    if not _is_bare(x, terms[0]):
        return average
    return stein(_total(measure.lowered(terms[0] / x, order, x), measure))


def weak_product(average: Average) -> Expr | None:
    """<phi^k phi''> as <(phi^(k+1))''>/(k+1) - k <phi^(k-1) phi'^2>, which exists for kinked phi too; None for other averages."""
    second, slope = Derivative(phi(x), (x, 2)), Derivative(phi(x), x)
    rest = average.integrand / second
    base, k = rest.as_base_exp()
    if average.order or base != phi(x) or not k.is_Integer or k < 1:
        return None
    return Average(phi(x) ** (k + 1), 2, average.measure) / (k + 1) - k * Average(
        rest / phi(x) * slope**2, 0, average.measure
    )


# --- at and over a frozen mean -----------------------------------------------------------------------------------------


def variance_at_mean(F: Expr) -> Expr:
    """Var(F) at a fixed mean: delta for x, 0 for a constant."""
    return Average(F, 0, Connected(AT_MEAN))


def over_frozen_mean(product: Expr, total: Expr = Delta, frozen: Expr = Delta0) -> Expr:
    """``[ product ]``, the average over ``mu ~ N(0, frozen)``.

    Parameters
    ----------
    product : Expr
        Polynomial in `mu`, `delta` and averages over `AT_MEAN`.
    total, frozen : Expr
        Variance of x and that of its frozen mean; `delta` is the difference.
    """
    terms, measure = Add.make_args(product.expand()), Normal(0, frozen, mu)
    return Add(*(Average(term.subs(delta, total - frozen), 0, measure) for term in terms))


def without_variances(expression: Expr) -> Expr:
    """Every variance at a fixed mean written as <F^2> - <F>^2."""
    if not expression.has(Connected):
        return expression
    return expression.replace(lambda node: isinstance(node, Average) and node.has(Connected), _expanded)


def _expanded(node: Average) -> Expr:
    if not isinstance(node.measure, Connected):
        return node
    return Average(node.integrand**2, 0, node.measure.measure) - Average(node.integrand, 0, node.measure.measure) ** 2


def with_variance(expression: Expr, F: Expr) -> Expr:
    """``[<F^2>^2] - 2 [<F>^2 <F^2>] + [<F>^4]`` written as ``[Var(F)^2]``."""
    whole, first = over_frozen_mean(variance_at_mean(F) ** 2), over_frozen_mean(Average(F**2, 0, AT_MEAN) ** 2)
    return expression.subs(first, whole - (without_variances(whole) - first)).expand()


def through_noise_variance(expression: Expr, function: Callable[[Expr], Expr]) -> Expr:
    """`function` of an expression written in ``delta = Delta - Delta0`` instead of Delta, and Delta restored."""
    names = {node: Dummy(str(node)) for node in sorted((*averages(expression), *averages(expression, mu)), key=str)}
    back = {name: node for node, name in names.items()}
    plain = expression.xreplace(names).subs(Delta, delta + Delta0).expand()
    written = function(plain.xreplace(back)).xreplace(names)
    return written.subs(delta, Delta - Delta0).xreplace(back)


def conditional_averages(nodes: Iterable[Average]) -> tuple[Average, ...]:
    """The averages at a fixed mean that averages over the mean are made of, in canonical order."""
    inner = {a for node in nodes for a in without_variances(node.integrand).atoms(Average)}
    return canonical_order({Average(a.integrand, a.order, AT_MEAN) for a in inner})


# --- order and print -----------------------------------------------------------------------------------------------------


def averages(expression: Expr, over: Symbol = x) -> tuple[Average, ...]:
    """Distinct averages of an expression over x, or over the frozen mean mu, in canonical order; not those inside others."""
    found = (node for node in outermost(expression) if isinstance(node.measure, Normal))
    return canonical_order({node for node in found if node.measure.variables == (over,)})


def outermost(expression: Expr) -> set[Average]:
    """Every average of an expression, not those inside others."""
    nodes, found = preorder_traversal(expression), set()
    for node in nodes:
        if isinstance(node, Average):
            nodes.skip()
            found.add(node)
    return found


def canonical_order(nodes: Iterable[Average]) -> tuple[Average, ...]:
    """Averages sorted by what they average."""
    return tuple(sorted(nodes, key=lambda a: (a.order, a.integrand.count_ops(), sstr(a.integrand))))


def _shown(node: Average, printer: Callable[..., str]) -> str:
    """Text or LaTeX: <F> over x, [F] over the mean of a site, Var(F) for its variance."""
    body, tex = _primed(node, printer), printer is latex
    if isinstance(node.measure, Connected):
        return rf"\operatorname{{Var}}\left( {body} \right)" if tex else f"Var({body})"
    if node.measure.variables == (mu,):
        return rf"\left[ {body} \right]" if tex else f"[{body}]"
    site = _site(node.measure.mean) if isinstance(node.measure, Normal) else ""
    return rf"\left\langle {body} \right\rangle{site and f'_{{{site}}}'}" if tex else f"<{body}>{site and f'_{site}'}"


def _site(mean: Expr) -> str:
    """The label of the unit whose frozen mean this is, mu_1 or mu_2; nothing for a generic unit."""
    label = mean.name.removeprefix(f"{mu.name}_") if isinstance(mean, Symbol) else mu.name
    return label if label not in (mu.name, str(mean)) else ""


def _primed(node: Average, printer: Callable[..., str]) -> str:
    """The integrand with phi(x) -> phi, phi''(x) -> phi'', f(x, m) -> f, d f/dm -> d_m f, and derivatives outside it."""
    F, variables, tex = node.integrand, node.measure.variables, printer is latex
    if variables == (mu,):
        return printer(F)
    functions = sorted(F.atoms(Derivative), key=lambda d: -d.derivative_count) + sorted(F.atoms(AppliedUndef), key=sstr)
    names = {f: Symbol(_name(f)) for f in functions if f.is_Derivative or f == phi(x) or f.args != (x,)}
    in_latex = {s: re.sub(r"phi|d_|\(x", lambda word: _LATEX[word[0]], s.name) for s in names.values()}

    def text(part: Expr) -> str:
        shown = printer(part.xreplace(names), **({"symbol_names": in_latex} if tex else {}))
        for name in in_latex.values() if tex else ():  # phi'^2 rather than {phi'}^{2}
            shown = shown.replace(f"{{{name}}}^", f"{name}^")
        return shown

    several = isinstance(node.measure, Joint)
    if several and x not in variables:  # one factor for each state
        factors = sorted(Mul.make_args(F), key=lambda f: (f.is_Symbol, sorted(map(str, f.free_symbols))))
        return (r"\, " if tex else " ").join(map(text, factors))
    body = f"({text(F)})" if several and F.is_Mul else text(F)
    if several:
        return (r"\partial_x " if tex else "d_x ") * node.order + body
    if node.order and F not in names:
        body = rf"\left({body}\right)" if tex else f"({body})"
    return body + _primes(node.order)


_LATEX = {"phi": r"\phi", "d_": r"\partial_", "(x": "(x_"}


def _name(function: Expr) -> str:
    base = function.expr if function.is_Derivative else function
    name, count = str(base.func), getattr(function, "derivative_count", 0)
    if len(base.args) > 1:
        by = "".join(f"d_{y} " * times for y, times in function.variable_count) if count else ""
        return f"({by}{name})" if by else name
    return name + _primes(count) + ("" if base.args == (x,) else f"({base.args[0]})")


def _primes(count: int) -> str:
    return "'" * count if count <= 3 else f"^({count})"
