r"""Power laws: what follows for a homogeneous activation, ``phi(l x) = l^p phi(x)`` for l > 0, with the exponent p symbolic.

Every average is then a power of the variance, and all results are functions of the share ``s = 1 - sigma^2/Delta`` of the
recurrent input in the variance. Everything below is worked out from the expressions of a `Theory`; only the averages at unit
variance, by closed form, enter. Two constants carry them: ``m = <phi^2>`` and ``G = <phi'>^2/<phi^2>`` at unit variance.

Source of the results: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import (
    Add,
    Eq,
    Expr,
    Lt,
    Mul,
    Pow,
    S,
    Symbol,
    expand_power_base,
    factor,
    factorial,
    factorint,
    gamma,
    oo,
    powsimp,
    solve,
    sqrt,
)
from sympy.logic.boolalg import And, Boolean, false, true

from theory.activations.activation import Activation
from theory.activations.homogeneity import degree
from theory.activations.zeros import sign_of
from theory.concrete import closed_form_of
from theory.gaussian.average import Average, averages
from theory.gaussian.closed import ClosedForm
from theory.powers import Power, tidy
from theory.symbols import Delta, g, phi, sigma, x
from theory.theory import Theory

m = Symbol("m", positive=True)
G = Symbol("G", positive=True)
s = Symbol("s", positive=True)
y = Symbol("y", positive=True)
ghat = Symbol("ghat", positive=True)

MEANINGS = {
    m: "<phi^2> at unit variance",
    G: "<phi'>^2/<phi^2> at unit variance",
    s: "1 - sigma^2/Delta",
    y: "Delta/sigma^2",
}

POWER, GAIN = Average(phi(x) ** 2), Average(phi(x), 1)
_coupling, _noise = Symbol("g", positive=True), Symbol("sigma", positive=True)
_POSITIVE = {g: _coupling, sigma: _noise}
_PLAIN = {positive: plain for plain, positive in _POSITIVE.items()}


@dataclass(frozen=True)
class Point:
    """A distinguished point of the solution: loss of stability, or saddle-node.

    Attributes
    ----------
    condition : Boolean
        On the exponent, under which the point exists.
    s, y, coupling : Expr
        Share s, ratio Delta/sigma^2 and value of the collapse variable there.
    """

    condition: Boolean
    s: Expr
    y: Expr
    coupling: Expr


@dataclass(frozen=True)
class Strong:
    """Strong coupling of a sublinear power law.

    Attributes
    ----------
    condition : Boolean
        On the exponent.
    variance : Expr
        Delta in g and sigma, up to terms that vanish as g grows.
    laws : mapping of key to Power
        Leading behaviour of every result, ``prefactor * (m g^2)^exponent``: a limit where the exponent is 0.
    """

    condition: Boolean
    variance: Expr
    laws: Mapping[str, Power]


@dataclass(frozen=True, eq=False)
class PowerLaw:
    """Scaling theory of one homogeneous activation.

    Attributes
    ----------
    theory : Theory
    activation : Activation
    exponent : Expr
        p.
    constants : mapping of Symbol to Expr
        The closed forms of `m` and `G`.
    unit : mapping of Average to Power
        Every average as ``prefactor * Delta^exponent``, in `m`, `G` and p; oo where it is infinite.
    finite : mapping of str to Boolean
        For a result that is not always finite: when it is.
    collapse : Expr
        ghat in g and sigma.
    equation : Eq
        The self-consistency between `y` and `ghat`.
    coupling_squared : Expr
        ghat^2 in `s` and `y`, which is 1/(1 - s).
    results : mapping of key to Power
        Every finite result and condition, ``f(s) Delta^exponent``.
    weak : mapping of key to Expr
        Delta/sigma^2 and the results without dimension, to order ghat^4.
    strong : Strong or None
        For p < 1.
    saddle_node, instability : Point or None
        Where the slope of the self-consistency, or the stability, reaches 1 on the branch from zero coupling.
    """

    theory: Theory
    activation: Activation
    exponent: Expr
    constants: Mapping[Symbol, Expr]
    unit: Mapping[Average, Power]
    finite: Mapping[str, Boolean]
    collapse: Expr
    equation: Eq
    coupling_squared: Expr
    results: Mapping[str, Power]
    weak: Mapping[str, Expr]
    strong: Strong | None
    saddle_node: Point | None
    instability: Point | None


def power_law(theory: Theory, activation: Activation) -> PowerLaw | None:
    """Scaling theory of an activation, None where it is not homogeneous or not odd, or an average has no closed form.

    Parameters
    ----------
    theory : Theory
        Needs the averages <phi^2> and <phi'> and the parameters g and sigma.
    activation : Activation
        One that the theory admits.

    Returns
    -------
    PowerLaw or None
        Of the results at leading order in 1/N.
    """
    if theory.frozen_averages:
        return None
    theory, p = theory.without_corrections, degree(activation.pieces)
    found = [(average, closed_form_of(average, activation)) for average in theory.averages]
    forms = {average: form for average, form in found if form is not None}
    if p is None or len(forms) < len(found) or not {POWER, GAIN} <= set(forms):
        return None
    closed = {average: form.expression for average, form in forms.items() if form.expression != oo}
    at_one = {average: unit_constant(expression) for average, expression in closed.items()}
    constants = {m: at_one[POWER], G: unit_constant(at_one[GAIN] ** 2 / at_one[POWER])}
    unit = {
        average: Power(_named(average, at_one), _exponent(expression)) if expression != 0 else Power(S.Zero, S.Zero)
        for average, expression in closed.items()
    }

    expressions = {key: q.expression for key, q in theory.leading.items() if q.expression != Delta}
    expressions |= {condition.key: condition.expression for condition in theory.conditions}
    finite = {key: And(*(_finite(forms[a]) for a in averages(e))) for key, e in expressions.items()}
    results = {key: _along_branch(e, theory, unit) for key, e in expressions.items() if finite[key] != false}
    coupling_squared = _coupling_squared(theory, unit).subs(Delta, y)
    collapse = _collapse(theory, unit)
    return PowerLaw(
        theory=theory,
        activation=activation,
        exponent=p,
        constants=constants,
        unit=unit,
        finite={key: condition for key, condition in finite.items() if condition != true},
        collapse=collapse,
        equation=Eq(y, collapsed(theory, unit, collapse)),
        coupling_squared=coupling_squared,
        results=results,
        weak=_weak(theory, unit, results),
        strong=_strong(p, results),
        saddle_node=_saddle_node(p, results, coupling_squared),
        instability=_instability(p, results, finite, coupling_squared),
    )


# ---- averages as powers of the variance ------------------------------------------------------------------------------------


def _exponent(closed: Expr) -> Expr:
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


def _named(average: Average, at_one: Mapping[Average, Expr]) -> Expr:
    """An average at unit variance in `m` and `G`: <phi'> is +-sqrt(G m), one of n factors phi a multiple of m^(n/2)."""
    if average == GAIN:
        return (-1 if sign_of(at_one[GAIN]) == -1 else 1) * sqrt(G * m)
    size = Symbol("size", positive=True)
    grown = average.integrand.replace(phi, lambda argument: size * phi(argument)).doit()
    half = factor(size * grown.diff(size) / grown) / 2
    return m**half * unit_constant(at_one[average] / at_one[POWER] ** half)


def _inserted(expression: Expr, unit: Mapping[Average, Power]) -> Expr:
    """Averages replaced by powers of the variance, g and sigma by positive symbols."""
    powers = {average: law.prefactor * Delta**law.exponent for average, law in unit.items()}
    return expression.xreplace(powers).xreplace(_POSITIVE)


# ---- the collapse ------------------------------------------------------------------------------------------------------------


def _collapse(theory: Theory, unit: Mapping[Average, Power]) -> Expr:
    """g sigma^c, with c such that sigma drops out of the self-consistency for Delta/sigma^2."""
    c = Symbol("c", real=True)
    recurrent = (_inserted(theory.equation.right, unit) - _noise**2).subs(Delta, _noise**2 * y)
    scaled = recurrent.subs(_coupling, ghat * _noise ** (-c)) / _noise**2
    power = powsimp(expand_power_base(_noise * scaled.diff(_noise) / scaled)).expand().cancel()
    (found,) = solve(power, c)
    return (_coupling * _noise ** found.expand()).xreplace(_PLAIN)


def collapsed(theory: Theory, unit: Mapping[Average, Power], collapse: Expr) -> Expr:
    """The right-hand side of the self-consistency over sigma^2 in terms of `y` and `ghat`."""
    c = collapse.as_independent(sigma)[1].as_base_exp()[1] if collapse.has(sigma) else S.Zero
    moved = _inserted(theory.equation.right, unit).subs(Delta, _noise**2 * y).subs(_coupling, ghat * _noise ** (-c))
    return powsimp(expand_power_base((moved / _noise**2).expand()))


# ---- everything as a function of s -------------------------------------------------------------------------------------------


def _ratio() -> Expr:
    """Delta/sigma^2 at a given s."""
    (found,) = solve(1 - 1 / y - s, y)
    return found


def _coupling_squared(theory: Theory, unit: Mapping[Average, Power]) -> Expr:
    """g^2 at which a given variance and share solve the self-consistency: sigma^2 = Delta (1 - s)."""
    squared = _inserted(theory.equation.control_at, unit) ** 2
    return powsimp(squared.subs(_noise, sqrt(Delta * (1 - s))).factor())


def _along_branch(expression: Expr, theory: Theory, unit: Mapping[Average, Power]) -> Power:
    """g and sigma eliminated: a function of s times a power of the variance."""
    coupling = sqrt(_coupling_squared(theory, unit))
    inserted = _inserted(expression, unit).subs(_coupling, coupling).subs(_noise, sqrt(Delta * (1 - s)))
    growth = (Delta * inserted.diff(Delta) / inserted).subs(Delta, 1) if inserted != 0 else S.Zero
    return Power(tidy(inserted.subs(Delta, 1)), tidy(growth))


# ---- limits and special points -----------------------------------------------------------------------------------------------


def _weak(theory: Theory, unit: Mapping[Average, Power], results: Mapping[str, Power]) -> dict[str, Expr]:
    """Series in e = ghat^2 by Lagrange inversion: w = y - 1 obeys w = e F(w), so [e^n] H(w) = [w^(n-1)] H'(w) F(w)^n / n."""
    w = Symbol("w", positive=True)
    recurrent = (_inserted(theory.equation.right, unit) - _noise**2).xreplace({_noise: S.One, _coupling: S.One})
    F = recurrent.subs(Delta, 1 + w)
    functions = {"Delta/sigma^2": 1 + w}
    functions |= {key: law.prefactor.subs(s, w / (1 + w)) for key, law in results.items() if law.exponent == 0}

    def coefficient(H: Expr, n: int) -> Expr:
        return tidy((H.diff(w) * F**n).diff(w, n - 1).subs(w, 0) / factorial(n))

    return {
        key: H.subs(w, 0) + coefficient(H, 1) * ghat**2 + coefficient(H, 2) * ghat**4 for key, H in functions.items()
    }


def _strong(p: Expr, results: Mapping[str, Power]) -> Strong | None:
    """s -> 1: Delta^(1-p) = m g^2/s, to first order in sigma^2/Delta = 1 - s."""
    condition = Lt(p, 1)
    if condition == False:  # noqa: E712 - a SymPy relation may stay open
        return None
    power, leading = 1 / (1 - p), (m * g**2) ** (1 / (1 - p))
    correction = -(s ** (-power)).diff(s).subs(s, 1)  # of Delta/leading, per sigma^2/Delta
    laws = {"Delta": Power(S.One, power)}
    laws |= {key: Power(tidy(law.prefactor.subs(s, 1)), tidy(law.exponent * power)) for key, law in results.items()}
    return Strong(condition, leading + correction * sigma**2, laws)


def _saddle_node(p: Expr, results: Mapping[str, Power], coupling_squared: Expr) -> Point | None:
    """Where the slope of the self-consistency is 1, which happens at s < 1 only for p > 1."""
    return _point(results["slope"].prefactor, p > 1, coupling_squared)


def _instability(
    p: Expr, results: Mapping[str, Power], finite: Mapping[str, Boolean], coupling_squared: Expr
) -> Point | None:
    """Where g^2 <phi'^2> is 1: at s < 1 for every p, but beyond the saddle-node for p > 1."""
    if "stability" not in results:
        return None
    return _point(results["stability"].prefactor, And(finite["stability"], p < 1), coupling_squared)


def _point(multiplier: Expr, condition: Boolean, coupling_squared: Expr) -> Point | None:
    if condition == False:  # noqa: E712 - a SymPy relation may stay open
        return None
    (share,) = (tidy(root) for root in solve(multiplier - 1, s))
    ratio = tidy(_ratio().subs(s, share))
    return Point(condition, share, ratio, sqrt(coupling_squared.subs({s: share, y: ratio})))


def _finite(form: ClosedForm) -> Boolean:
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
