"""Closed forms of one-site Gaussian averages, by table.

The function is multiplied out into products (`theory.averages.products`), the odd ones drop out at zero mean, and each
remaining one is looked up: polynomial, exponential tilt, truncated polynomial, power, error function, rational
function. Nothing is integrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sympy import Add, And, Expr, Float, Gt, Rational, S, oo

from theory.activation.growth import growth
from theory.activation.pieces import Pieces, refine
from theory.averages import errorfunction, polynomial, power, rational, tilt, truncated
from theory.averages.partialfractions import RationalFunction
from theory.averages.polynomial import collected, times
from theory.averages.products import Kernel, NotInTable, SteppedTerm, flat_coefficient, products
from theory.errors import DomainError, InputError
from theory.symbols import Delta, x

_LONGEST_FRACTION = 10**30
_DIGITS = 34


@dataclass(frozen=True)
class ClosedForm:
    """A Gaussian average as a formula.

    Attributes
    ----------
    expression : Expr
        A sum whose terms are stable products of stable functions: numerically, cancellation occurs between the terms of
        this sum and nowhere else, so sum(|terms|)/|sum(terms)| is its condition. ``oo`` where the average diverges.
    family : str
        The entries of the table that were used, joined by " + ".
    reference : str
        Where they stand in the literature.
    condition : Expr or None
        What has to hold for symbolic parameters and variance; None means always.
    """

    expression: Expr
    family: str
    reference: str
    condition: Expr | None = None


@dataclass
class _Sum:
    """The closed form under construction: its terms, the references of its families, its conditions."""

    terms: list[Expr] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    conditions: list[Expr] = field(default_factory=list)

    def add(self, terms: Sequence[Expr], family: str, reference: str) -> None:
        self.terms += terms
        self.references[family] = reference

    def finished(self) -> ClosedForm:
        condition = And(*dict.fromkeys(self.conditions)) if self.conditions else None
        references = self.references or {"polynomial": polynomial.REFERENCE}
        expression = _shortened(collected(self.terms))
        return ClosedForm(expression, " + ".join(references), "; ".join(dict.fromkeys(references.values())), condition)


def _shortened(expression: Expr) -> Expr:
    """The expression with unreadably long fractions, which floating-point code could not hold, as decimals."""
    long = [r for r in expression.atoms(Rational) if max(abs(r.p), r.q) >= _LONGEST_FRACTION]
    return expression.xreplace({r: Float(r, _DIGITS) for r in long}) if long else expression


def closed_form(pieces: Pieces, mean: Expr = S.Zero, variance: Expr = Delta) -> ClosedForm | None:
    """Average of a function of x over x ~ N(mean, variance), by table.

    Parameters
    ----------
    pieces : Pieces
        The function, with its breakpoints.
    mean, variance : Expr
        Numbers or symbols; the variance is positive.

    Returns
    -------
    ClosedForm or None
        None where the average stands in no entry of the table.

    Raises
    ------
    DomainError
        Where the average does not exist (a pole on the real axis, growth faster than the Gaussian decays).
    """
    mean, variance = S.Zero + mean, S.Zero + variance
    try:
        found = closed_form_of_terms(stepped_terms(pieces), mean, variance)
    except NotInTable:
        return None
    limited = found.expression != oo and found.condition is not None and found.condition.has(*variance.free_symbols)
    return None if limited and _outgrows_nothing(pieces) else found


def _outgrows_nothing(pieces: Pieces) -> bool:
    """Whether the function has a finite average at every variance, as exp(x^2) erfc(x) has, though terms of it may have none."""
    try:
        ends = (growth(pieces.expressions[0], -1), growth(pieces.expressions[-1], 1))
    except InputError:  # depends on parameters
        return False
    return all(end.kind not in ("gaussian", "faster") for end in ends)


def closed_form_of_terms(terms: Sequence[SteppedTerm], mean: Expr, variance: Expr) -> ClosedForm:
    """`closed_form` of a function that is decomposed already; raises NotInTable instead of returning None."""
    infinite = _singularity_at_origin(terms)
    if infinite is not None:
        return ClosedForm(infinite, "power", power.REFERENCE)
    total = _Sum()
    if _exponential_growth(terms, variance, total):
        return ClosedForm(oo, "exponential", tilt.REFERENCE)
    if mean == 0:
        terms = [even for term in terms for even in _even_part(term)]
    _rationals([term for term in terms if term.is_fraction], mean, variance, total)
    for term in terms:
        if not term.is_fraction:
            _look_up(term, mean, variance, total)
    return total.finished()


def stepped_terms(pieces: Pieces) -> list[SteppedTerm]:
    """A piecewise function as a sum of step functions times products of the table.

    Raises
    ------
    NotInTable
        For a factor that no entry of the table has.
    """
    expanded = [products(e, side) for e, side in zip(pieces.expressions, _sides(pieces.breakpoints), strict=True)]
    keys = list(dict.fromkeys(key for part in expanded for key in part))
    terms = []
    for kernel, n in keys:
        steps = [part.get((kernel, n), S.Zero) for part in expanded]
        terms.append(_merged(kernel, n, steps, pieces.breakpoints))
    return terms


def _merged(kernel: Kernel, n: int, steps: Sequence[Expr], breakpoints: Sequence[Expr]) -> SteppedTerm:
    """The term without breakpoints at which nothing changes."""
    kept, edges = [steps[0]], []
    for step, beta in zip(steps[1:], breakpoints, strict=True):
        if step != kept[-1]:
            kept.append(step)
            edges.append(S.Zero + beta)
    return SteppedTerm(kernel, n, tuple(kept), tuple(edges))


def _sides(breakpoints: Sequence[Expr]) -> list[int]:
    """Sign of x on each piece, 0 where a piece holds both signs or the sign is undecidable."""
    sides = []
    for k in range(len(breakpoints) + 1):
        right = k > 0 and (S.Zero + breakpoints[k - 1]).is_nonnegative
        left = k < len(breakpoints) and (S.Zero + breakpoints[k]).is_nonpositive
        sides.append(1 if right else -1 if left else 0)
    return sides


def _singularity_at_origin(terms: Sequence[SteppedTerm]) -> Expr | None:
    """+oo or -oo where powers |x|^q, q <= -1, make the average diverge; None where there are none."""
    singular = [term for term in terms if (term.n + term.kernel.power + 1).is_nonpositive]
    if any(term.kernel.denominators for term in terms):
        # x^-n joins the fractions: brought over one denominator, the pole at the origin may cancel
        singular = [term for term in singular if term.kernel.power != 0]
    if not singular:
        return None
    if any(term.kernel != Kernel(power=term.kernel.power) for term in singular):
        raise NotInTable  # sin(x)/x: another factor may compensate the singularity
    sides = []
    for term in singular:
        left, right = term.around_origin()
        sides.append((term.n + term.kernel.power, (-1) ** (term.n % 2) * left, right))
    return power.divergence(sides)


def _even_part(term: SteppedTerm) -> list[SteppedTerm]:
    """What is left of a term when the measure is even, written on x > 0 where it has steps."""
    parity = term.parity()
    if parity is None or (term.is_smooth and term.is_fraction):
        return [term]
    if term.is_smooth:
        return [term] if parity == 1 else []
    steps = Pieces(term.breakpoints, term.steps)
    positive = Pieces((S.Zero,), (S.Zero, S.One))
    try:
        parts = (steps, steps.reflect(), positive)
        reflected = refine(parts, lambda row: flat_coefficient((row[0] + parity * row[1]) * row[2]))
    except InputError:
        return [term]
    half = _merged(term.kernel, term.n, reflected.expressions, reflected.breakpoints)
    if parity == 1 and half.breakpoints == (S.Zero,):
        half = SteppedTerm(term.kernel, term.n, (flat_coefficient(half.steps[1] / 2),), ())
    return [half] if any(step != 0 for step in half.steps) else []


def _exponential_growth(terms: Sequence[SteppedTerm], variance: Expr, total: _Sum) -> bool:
    """Whether the average is +oo because 1 - 2 a v <= 0; undecidable cases become conditions."""
    divergent = []
    for term in terms:
        shrink = 1 - 2 * term.kernel.exponent[0] * variance
        if shrink.is_nonpositive:
            divergent.append(term)
        elif not shrink.is_positive:
            total.conditions.append(Gt(shrink, 0))
    if not divergent:
        return False
    plain = all(Kernel(exponent=t.kernel.exponent) == t.kernel and t.n >= 0 and t.n % 2 == 0 for t in divergent)
    if plain and all(step.is_nonnegative for term in divergent for step in term.steps):
        return True
    raise DomainError(f"the function grows as fast as the Gaussian of variance {variance} decays: no average exists")


def _rationals(terms: Sequence[SteppedTerm], mean: Expr, variance: Expr, total: _Sum) -> None:
    """All fractions under one exponential are brought over one denominator.

    Powers of mean and variance in the coefficients, which come from weights of integration by parts, stay outside: the
    denominator then has numerical roots wherever the activation's poles are numbers.
    """
    groups: dict[tuple[tuple[Expr, Expr, Expr], Expr], list[tuple[SteppedTerm, Expr]]] = {}
    bound = mean.free_symbols | variance.free_symbols
    for term in terms:
        kernel = term.kernel
        if not term.is_smooth or kernel != Kernel(exponent=kernel.exponent, denominators=kernel.denominators):
            raise NotInTable
        for part in Add.make_args(term.steps[0]):
            coefficient, weight = part.as_independent(*bound, as_Add=False)
            groups.setdefault((kernel.exponent, weight), []).append((term, coefficient))
    for (exponent, weight), group in groups.items():
        fractions: dict[tuple, dict[int, Expr]] = {}
        for term, coefficient in group:
            below = term.kernel.denominators + (((x, -term.n),) if term.n < 0 else ())
            above = fractions.setdefault(below, {})
            above[max(term.n, 0)] = above.get(max(term.n, 0), S.Zero) + coefficient
        function = RationalFunction([(above, below) for below, above in fractions.items()])
        a, b, c = exponent
        measure = tilt.Tilt(a, b, c, mean, variance)
        shifted = measure.mean_parts[0] if len(measure.mean_parts) == 1 else sum(measure.mean_parts, S.Zero)
        try:
            values, conditions = rational.rational(function, shifted, measure.new_variance)
        except DomainError:
            if len(groups) > 1:  # (exp(-x^2) - exp(-1))/(x - 1): the poles may compensate each other
                raise NotInTable from None
            raise
        total.conditions += conditions
        total.add(times([weight * measure.mass], values), "rational", rational.REFERENCE)


def _look_up(term: SteppedTerm, mean: Expr, variance: Expr, total: _Sum) -> None:
    """One product without denominator."""
    kernel, n = term.kernel, term.n
    measure = tilt.Tilt(*kernel.exponent, mean, variance)
    if kernel.power != 0:
        total.conditions += power.integrability(n + kernel.power)
        total.add(power.absolute_moment(term, measure), "power", power.REFERENCE)
    elif not term.is_smooth:
        family = "truncated polynomial" if kernel.is_polynomial else "truncated exponential"
        total.add(truncated.stepped(term, measure), family, truncated.REFERENCE)
    elif kernel.erfs:
        if kernel.wave:
            raise NotInTable
        values = errorfunction.error_functions((n,), tuple((0, *pair) for pair in kernel.erfs), measure)
        total.add(times(term.steps, values), "error function", errorfunction.REFERENCE)
    else:
        family, entry = ("polynomial", polynomial) if kernel.is_polynomial else ("exponential", tilt)
        total.add(times(term.steps, tilt.monomial(n, kernel.wave, measure)), family, entry.REFERENCE)
