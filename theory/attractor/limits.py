"""Limits in which the spectrum at a stored pattern is known in closed form, for any activation and law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import mpmath
from sympy import (
    Add,
    Eq,
    Expr,
    Function,
    I,
    Integer,
    Matrix,
    Poly,
    Rational,
    S,
    Symbol,
    diff,
    factorial,
    nsolve,
    rf,
    solve,
    sqrt,
    symbols,
)

from theory.activation.activation import Activation
from theory.attractor.capacity import capacity_limit
from theory.attractor.patterns import (
    DENOMINATOR,
    V_r,
    alpha,
    b,
    beta2,
    c0,
    each_average,
    gain,
    m,
    mean,
    normal_form,
    omega,
    r,
    t,
    u,
)
from theory.attractor.powers import (
    CV,
    SHARE,
    VARIATION,
    AboveThreshold,
    closed_power,
    gamma_moment,
    lognormal_moment,
    spelled,
)
from theory.attractor.spectrum import (
    BOUNDARY,
    LOAD,
    OUTLIER,
    at_constant_gain,
    at_vanishing_load,
    left_out,
    on_the_real_axis,
    right_out,
    threshold,
)
from theory.attractor.storage import storage_limit
from theory.attractor.weights import SELF, mean_gain
from theory.derivation import Replay, Solves, Step
from theory.limits.checks import Holds, approaching, claimed
from theory.limits.limit import Formula, Limit, follows
from theory.symbols import growth
from theory.theory import Theory

v, share = symbols("v q", positive=True)
"""Variance of the gain over its squared mean; beta^2 <g^2>/(b <g>)^2."""

x, t1, s = Symbol("x"), Symbol("t_1", positive=True), Symbol("s", positive=True)
SMALL_LOAD = b * mean_gain * (1 + sqrt(alpha) * (share + 2 * v) / sqrt(share + v))
ELLIPSE = "alpha -> 0; q = beta2 <g^2>/(b <g>)^2, v = <g^2>/<g>^2 - 1"

kernel = Function("T")(r)
"""Stein's kernel of the law of the rates."""

kappa, skew = Symbol("kappa", positive=True), Symbol("gamma", positive=True)
"""d ln g/d ln r at the mean rate; third central moment of the rates over m^3 CV^4, CV being their coefficient of variation."""


def of_attractor(theory: Theory, activation: Activation) -> tuple[Limit, ...]:
    """Small and large load, what is necessary, small variation, powers above a threshold; capacity and other storage."""
    above = AboveThreshold.of(activation)
    own = () if above is None else closed_power(above)
    return small_load(), large_load(), vanishing_load(), small_variation(), *own, capacity_limit(), *storage_limit()


# ---- small load ----------------------------------------------------------------------------------------------------------------


def small_load() -> Limit:
    """The bulk is an ellipse about b <g>, outliers are the zeros of a quadratic."""
    on_ellipse, radius = Eq(1, x * t1 - v * t1**2), 1 / sqrt(share + v)

    def lemmas() -> Iterator[Step]:
        ratio = (right_out / left_out).subs(c0, 0)
        yield Step(
            "Small load: lambda = b <g> (1 + sqrt(alpha) x), t = sqrt(alpha) t_1; c0 is of order alpha",
            "series in sqrt(alpha)",
            t * ratio / (1 + t * ratio),
            on_ellipse,
            check=Replay(lambda e: Eq(1 + _order(e, 1), _order(e, 2))),
        )
        yield Step(
            "The boundary of the bulk, with v = <g^2>/<g>^2 - 1 and q = beta^2 <g^2>/(b <g>)^2",
            "series in sqrt(alpha)",
            t**2 * (beta2 * gain**2 + right_out**2) / DENOMINATOR.subs(c0, 0) ** 2,
            Eq(1, t1**2 * (share + v)),
            check=Replay(lambda e: Eq(1, _order(e, 2).subs(beta2, share * b**2 / (1 + v)))),
        )

    def inserted(phase: Expr) -> Solves:
        """Check: x for t_1 = radius/phase solves the first equation."""
        at = t1, radius / phase

        def residual(end: Expr) -> Expr:
            scaled = phase * end / (b * mean_gain * sqrt(alpha))
            return (on_ellipse.rhs.subs(x, scaled).subs(*at) - 1).expand()

        return Solves(residual)

    real, imaginary = SMALL_LOAD - b * mean_gain, b * mean_gain * sqrt(alpha) * share / sqrt(share + v)
    alone = at_vanishing_load(OUTLIER)
    by_propagator = Solves(lambda e: normal_form(e - each_average(OUTLIER, _alone)), "propagator inserted")
    return Limit(
        title="Small load",
        lemmas=lemmas,
        formulas=(
            follows(ELLIPSE, "edge - b <g>", "~", real.expand().factor(), on_ellipse, "real end", inserted(S.One)),
            follows(ELLIPSE, "largest imaginary part", "~", imaginary, on_ellipse, "imaginary end", inserted(I)),
            follows("outliers lambda, alpha -> 0", "0", "=", alone, OUTLIER, "units are alone", by_propagator),
        ),
    )


def _alone(F: Expr) -> Expr:
    return (growth * mean(F.subs(omega, 1 / DENOMINATOR.subs({t: 0, c0: 0})))).expand()


def _order(expression: Expr, k: int) -> Expr:
    """Coefficient of alpha^(k/2) of the average, a polynomial in the gain."""
    at = expression.subs({growth: b * mean_gain * (1 + s * x), t: s * t1})
    polynomial = Poly((at.diff(s, k).subs(s, 0) / factorial(k)).cancel(), gain)
    powers = 1, mean_gain, mean_gain**2 * (1 + v)
    return Add(*(polynomial.coeff_monomial(gain**j) * known for j, known in enumerate(powers))).cancel()


# ---- large load ----------------------------------------------------------------------------------------------------------------


def large_load() -> Limit:
    """Near the capacity the bulk grows with the part of the inputs that the rates do not explain."""
    balance = Eq(beta2 * t**2 * mean(gain**2 * omega**2), t * mean(right_out * left_out * omega**2))
    boundary = on_the_real_axis(BOUNDARY)
    difference = Step(
        "The boundary of the bulk on the real axis, at the load of the order parameter",
        "difference of both equations",
        Eq(boundary, LOAD),
        balance,
        check=Solves(lambda after: normal_form(boundary - LOAD - after.lhs + after.rhs)),
    )
    edge = sqrt(beta2 * mean(gain**2) / (1 - alpha))
    rule = "t lambda omega -> 1: left beta2 <g^2>/lambda^2, right 1 - alpha"
    solved = Holds(
        _solved_near_capacity, "both equations solved for three kinds of units, with and without self-coupling"
    )
    formula = follows("alpha -> 1", "edge", "~", edge, balance, rule, solved)
    return Limit(title="Large load", lemmas=lambda: (difference,), formulas=(formula,))


UNITS = tuple(
    zip(*(map(Rational, row.split()) for row in ("1/2 1 2", "1/4 3/2 7/4", "3 1 2", "1/3 1/2 1/6")), strict=True)
)
"""Rate, input, gain and probability of three kinds of units."""


def of_three_kinds(expression: Expr) -> Expr:
    """Averages over these units, propagators and moments written out."""

    def average(F: Expr) -> Expr:
        at = F.subs(omega, 1 / DENOMINATOR)
        return Add(*(weight * at.subs({r: rate, u: needed, gain: slope}) for rate, needed, slope, weight in UNITS))

    first, variance = average(r), average(r**2) - average(r) ** 2
    slope = (average(r * u) - first * average(u)) / variance
    rest = (average(u**2) - average(u) ** 2) / variance - slope**2
    return each_average(expression, average).subs({b: slope, beta2: rest, m: first, V_r: variance})


def _solved_near_capacity(step: Step) -> bool:
    """The ratio of the claimed edge to the solution of both equations tends to 1, for either kind of weights."""
    equations = Matrix([of_three_kinds(e) - alpha for e in (LOAD, on_the_real_axis(BOUNDARY))])
    scale, first = (of_three_kinds(e) for e in (sqrt(beta2 * mean(gain**2)), b * mean(gain)))
    claim = of_three_kinds(claimed(step))
    for coupling in (S.Zero, of_three_kinds(SELF)):
        pairs = []
        for gap in (Rational(1, 10**8), Rational(1, 10**12)):
            guess, at = scale / sqrt(gap), {c0: coupling, alpha: 1 - gap}
            start = [e.evalf(40) for e in (guess, 1 / gap if coupling == 0 else first / (guess * gap**2))]
            with mpmath.workdps(40):
                solved = nsolve(equations.subs(at).subs(at), (growth, t), start, prec=40)
                pairs.append((mpmath.mpmathify(claim.subs(at).evalf(40)), mpmath.mpmathify(solved[0])))
        if not approaching(pairs):
            return False
    return True


# ---- what is necessary ---------------------------------------------------------------------------------------------------------


def vanishing_load() -> Limit:
    """The bulk is at b <g>, which Stein's kernel of the law expresses by gains alone."""
    by_kernel, section = (
        mean(kernel / gain) / mean(kernel),
        "T(r) = int_r^oo (r' - m) p(r') dr'/p(r), p the density of r",
    )
    start = mean((r - m) * u) / V_r

    def check(*laws: int) -> Solves:
        residuals = [(lambda e, law=LAWS[k]: law(e) - law(start)) for k in laws]
        return Solves(lambda e: Matrix([f(e) for f in residuals]), "u a polynomial, averages exact")

    normal = mean(1 / gain) * mean(gain)
    constant = Replay(lambda e: each_average(e, lambda F: mean(F.subs(kernel, V_r))))
    centre = Step(
        "A vanishing load: all of the bulk is at",
        "limit",
        SMALL_LOAD,
        b * mean_gain,
        assumption="stable only if this is below 1",
        check=Replay(lambda e: e.subs(alpha, 0)),
    )
    return Limit(
        title="Necessary for stability: b <g> < 1",
        formulas=(
            Formula("alpha -> 0", "edge", "->", centre.after, step=centre),
            follows(section, "b", "=", by_kernel, start, "by parts", check(0, 1)),
            follows("gamma law, T = CV^2 m r", "b", "=", mean(r / gain) / m, by_kernel, "kernel inserted", check(0)),
            follows(
                "normal law, T constant", "b <g>", "=", normal, by_kernel * mean(gain), "kernel inserted", constant
            ),
        ),
        remarks=("<1/g> <g> is at least 1: patterns with a normal law are never stable unless phi is linear",),
    )


def _exact(mean_rate: Expr, moment: Callable[[int], Expr], stein: Expr) -> Callable[[Expr], Expr]:
    """Averages of polynomials for u = r + r^3, over a law with this mean; moments and kernel are those of rates of mean 1."""
    given, scaled = r + r**3, mean_rate**2 * stein.subs(r, r / mean_rate)

    def average(F: Expr) -> Expr:
        inserted = F.subs({kernel: scaled, u: given, gain: 1 / diff(given, r), m: mean_rate}).expand()
        return Add(*(factor * mean_rate**power * moment(power) for (power,), factor in Poly(inserted, r).terms()))

    return lambda e: each_average(e, average).subs({m: mean_rate, V_r: mean_rate**2 * (moment(2) - 1)})


LAWS = (
    _exact(Rational(3, 2), lambda k: rf(2, k) / Integer(2) ** k, r / 2),
    _exact(Rational(2, 3), lambda k: Integer(2) ** k / (k + 1), r * (2 - r) / 2),
)
"""A gamma law and a uniform one."""


# ---- small variation -----------------------------------------------------------------------------------------------------------


def small_variation() -> Limit:
    """All patterns alike: the bulk collapses on 1."""
    section = "CV -> 0; kappa = d ln g/d ln r at r = m; gamma = 3: log-normal, 2: gamma law"
    given, slopes = symbols("u_0", real=True), symbols("u_1:4", real=True)
    local = {slopes[1]: -kappa * slopes[0] / m}

    def spread(expression: Expr) -> Expr:
        """The leading order in CV, from the Taylor series of u and g about the mean rate and central moments."""
        d, size = symbols("d epsilon")
        taylor = given + sum(slope * d**k / factorial(k) for k, slope in enumerate(slopes, 1))
        moments = (1, 0, size**2, skew * size**4 / m, 3 * size**4)

        def average(F: Expr) -> Expr:
            at = F.subs({gain: 1 / diff(taylor, d), u: taylor, r: m + d})
            return Add(*(at.diff(d, k).subs(d, 0) / factorial(k) * known for k, known in enumerate(moments)))

        reduced = each_average(expression, average).subs(V_r, size**2).together()
        leading = (reduced.diff(size, 2) / 2).subs(size, 0)
        return (leading.subs(local) * (m * CV) ** 2).cancel().factor()

    def powers(claim: Step) -> bool:
        """Powers of the input have closed forms for both laws: the ratio tends to 1."""
        found, start = claimed(claim), claim.before.subs(m, 1)
        for n, (moment, third) in product((Rational(3, 2), Integer(3)), ((lognormal_moment, 3), (gamma_moment, 2))):
            exact = AboveThreshold(S.One, n, S.Zero).written(start, moment)
            at = [
                {kappa: 1 - 1 / n, skew: third, CV: Rational(3, size)} for size in (700, 70000)
            ]  # 1/CV^2 not whole: no factorials
            if not approaching([tuple(mpmath.mpmathify(e.subs(p).evalf(30)) for e in (exact, found)) for p in at]):
                return False
        return True

    before = {"b <g> - 1": b * mean_gain - 1, "v": VARIATION, "q": SHARE}
    claims = {key: spread(spelled(e)) for key, e in before.items()}
    formulas = [
        follows(
            section,
            key,
            "~",
            claim,
            spelled(before[key]),
            "Taylor series",
            Holds(powers, "closed forms of powers of the input"),
        )
        for key, claim in claims.items()
    ]
    bulk, above = claims["b <g> - 1"] + (SMALL_LOAD / (b * mean_gain) - 1), Symbol("p", positive=True)
    bulk = bulk.subs({v: claims["v"], share: claims["q"]})
    (load,) = solve(bulk.subs(skew, 2 * (kappa + above)), alpha)
    inserted = Solves(lambda e: bulk.subs(alpha, e).subs(skew, 2 * (kappa + above)))
    load = load.subs(above, skew / 2 - kappa).factor()
    tangent = {threshold: given - m / gain}
    alike, determinant = "CV -> 0; u_0 = phi^-1(m), g = phi'(u_0)", at_constant_gain(OUTLIER).subs(tangent).factor()
    root = Solves(lambda e: determinant.subs(growth, e))
    return Limit(
        title="Small variation of the rates",
        formulas=(
            *formulas,
            follows(section, "alpha_bulk", "~", load, bulk, "edge = 1", inserted, "0 < kappa < gamma/2"),
            follows(alike, "outlier", "->", given * gain / m, determinant, "root of the determinant", root),
        ),
    )
