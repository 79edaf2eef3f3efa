"""A readout network at its target, in the letters of which all its limits are made.

P = <phi^2>,  Q = <phi'>,  W = <phi'^2>     primes are derivatives by the variance of x: P' = <(phi^2)''>/2, Q' = <phi'''>/2
S = <(m A + I)^2>,  s = <(m A + I) m>       variance of the drive, half its slope in A
a, G, theta                                 lambda^2 - (a + G + theta) lambda + a G = 0 are the outliers
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import mpmath
from sympy import Derivative, Expr, Float, Function, Rational, Symbol, nan, oo, sqrt, sstr, zoo

from theory.activation.activation import Activation
from theory.averages.average import Average, averages
from theory.concrete import closed_form_of
from theory.equations import ReadoutEquation
from theory.limits.checks import DIGITS, Values, number
from theory.limits.power_law import GAIN, POWER
from theory.symbols import SI2, A, Delta, Sm2, g, growth, phi, smI, snI, snm, x
from theory.theory import Theory


class Letter(Symbol):
    """A real symbol that LaTeX prints as a Greek letter or a word, with its primes."""

    __slots__ = ()

    def __new__(cls, name, **assumptions):
        """Real, whatever else."""
        return super().__new__(cls, name, real=True, **assumptions)

    @classmethod
    def class_key(cls):
        """Sorted among other symbols."""
        return Symbol.class_key()

    def _latex(self, printer):
        plain = self.name.rstrip("'")
        primes = self.name[len(plain) :]
        return (plain if len(plain) == 1 else rf"\mathrm{{{plain}}}" if plain != "theta" else r"\theta") + primes


drive = Symbol("S", positive=True)
"""Variance over units of m A + I."""

slope = Symbol("s", real=True)
"""Its covariance with m."""

a = Symbol("a", real=True)
"""Gain of the loop, C <n m> <phi'>."""

mixing = Function("theta", real=True)(Delta)
"""What mixes the loop with the slow variance mode, as a function of the variance."""

SQUARED_SLOPE = Average(phi(x).diff(x) ** 2)
LETTERS = {"P": (POWER, 0), "Q": (GAIN, 1), "W": (SQUARED_SLOPE, 0)}
OUTLIERS = ("lambda_1", "lambda_2")


@dataclass(frozen=True, eq=False)
class Target:
    """The equations of a readout network at the target, for a generic activation.

    Attributes
    ----------
    theory : Theory
    """

    theory: Theory[ReadoutEquation]

    @property
    def equation(self) -> ReadoutEquation:
        """The equations at any fixed point."""
        return self.theory.equation

    @cached_property
    def variance(self) -> Expr:
        """Right-hand side of the self-consistency of Delta."""
        return self.equation.at_target(self.equation.right)

    @cached_property
    def drive(self) -> Expr:
        """S in A and the overlaps."""
        return self.variance.subs(g, 0)

    @cached_property
    def slope(self) -> Expr:
        """s in A and the overlaps."""
        return (self.drive.diff(A) / 2).expand()

    @cached_property
    def loop(self) -> Expr:
        """a: geometry alone."""
        return self.equation.at_target(self.equation.loop_gain)

    @property
    def mode(self) -> Expr:
        """G."""
        return self.equation.slope

    @cached_property
    def theta(self) -> Expr:
        """theta in averages at Delta."""
        return (self.equation.at_target(self.equation.trace) - self.loop - self.mode).factor()

    @property
    def outliers(self) -> Expr:
        """Their polynomial, with a and theta as letters."""
        return growth**2 - (a + self.mode + mixing) * growth + a * self.mode

    def expression(self, key: str) -> Expr:
        """A result of the theory."""
        return self.theory.leading[key].expression

    def named(self, expression: Expr) -> Expr:
        """An expression with S for what depends on the drive, and s."""
        return expression.subs(self.drive, drive).subs(self.slope, slope)

    def spelled(self, expression: Expr) -> Expr:
        """An expression without letters: a and theta in the overlaps and averages, S and s in A."""
        variance = {node.args[0] for node in expression.atoms(mixing.func)}
        for at in variance:
            expression = expression.subs(mixing.func(at), self.theta.subs(Delta, at))
        return expression.doit().subs({a: self.loop, slope: self.slope})


def lettered(expression: Expr) -> Expr:
    """Averages as the letters P, Q, W and theta as theta, with primes for derivatives by the variance."""
    names = {}
    for average in averages(expression):
        for letter, (base, lowest) in LETTERS.items():
            if average.integrand == base.integrand and average.order >= lowest:
                k = (average.order - lowest) // 2
                names[average] = 2**k * Letter(letter + "'" * k)
    for node in expression.atoms(Derivative):
        if node.expr.func == mixing.func:
            names[node] = Letter("theta" + "'" * node.derivative_count)
    return expression.xreplace(names).replace(mixing.func, lambda _: Letter("theta"))


def written_out(expression: Expr, activation: Activation) -> Expr | None:
    """With closed forms of the averages P, Q, W and their derivatives; None where one has none or the result is not finite."""
    forms = {average: _closed(average, activation) for average in averages(expression)}
    if None in forms.values():
        return None
    written = expression.xreplace(forms)
    return None if written.has(oo, zoo, nan) else written


def _closed(average: Average, activation: Activation) -> Expr | None:
    """The shortest closed form: from the table, or one of lower order differentiated by the variance."""
    base, lowest = next((b, n) for b, n in LETTERS.values() if b.integrand == average.integrand)
    k, found = (average.order - lowest) // 2, []
    for m in range(min(k, 1) + 1):
        closed = closed_form_of(Average(base.integrand, lowest + 2 * m), activation)
        if closed is not None:
            form = closed.expression
            found.append(2 ** (k - m) * form.diff(Delta, k - m).together() if m < k else form)
    if not found:
        return None
    return min(found, key=lambda form: (form.count_ops(), sstr(form))).subs(Delta, average.measure.variance)


# ---- numbers for the checks ----------------------------------------------------------------------------------------------------

GEOMETRY: Mapping[Symbol, Expr] = {
    Sm2: Rational(13, 9),
    smI: Rational(1, 7),
    SI2: Rational(1, 5),
    snm: Rational(6, 5),
    snI: Rational(3, 8),
}
"""Overlaps at which laws are compared with certified averages."""


def roots(target: Target, activation: Activation, values: Values) -> tuple[mpmath.mpc, mpmath.mpc]:
    """Both outliers at the target, the one of larger modulus first; their product gives the other without cancellation."""
    trace, determinant = (
        number(target.equation.at_target(e), activation, values)
        for e in (target.equation.trace, target.equation.determinant)
    )
    with mpmath.workdps(DIGITS):
        root = mpmath.sqrt(trace**2 / 4 - determinant)
        larger = trace / 2 + (root if trace >= 0 else -root)
        return larger, determinant / larger


def outlier(target: Target, activation: Activation, key: str) -> Callable[[Expr, Values], mpmath.mpf] | None:
    """The number that an outlier is without approximation; None for other results, which have an expression."""
    if key not in OUTLIERS:
        return None
    return lambda _, values: roots(target, activation, values)[OUTLIERS.index(key)]


def target_of_variance(target: Target, values: Values, activation: Activation, side: int) -> Expr:
    """A at which a given Delta solves the open loop: the larger (side 1) or the smaller root of a quadratic equation."""
    recurrent = Float(number(target.variance - target.drive, activation, values), DIGITS)
    b, c = values[smI] / values[Sm2], (values[SI2] + recurrent - values[Delta]) / values[Sm2]
    return (-b + side * sqrt(b**2 - c)).evalf(DIGITS)


def at_drive(target: Target, activation: Activation, own: Values, power: Expr, share: Expr) -> dict[Symbol, Expr]:
    """A geometry whose drive has the variance `power`, and the coupling at which Delta exceeds it by a share."""
    values = {**own, **GEOMETRY, A: Rational(2, 5), drive: power, Delta: power * (1 + share)}
    values[SI2] = power - (values[Sm2] * values[A] + 2 * values[smI]) * values[A]
    values[slope] = values[Sm2] * values[A] + values[smI]
    return with_coupling(target, activation, values)


def with_coupling(target: Target, activation: Activation, values: Values) -> dict[Symbol, Expr]:
    """Values, and the coupling at which their Delta solves the open loop."""
    per_coupling = Float(number(target.variance.subs(g, 1) - target.drive, activation, values), DIGITS)
    return {**values, g: sqrt((values[Delta] - target.drive.subs(values)) / per_coupling).evalf(DIGITS)}
