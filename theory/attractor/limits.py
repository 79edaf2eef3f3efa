"""Limits in which the spectrum at a stored pattern is known in closed form, for any activation and law."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product

import mpmath
from sympy import Add, Eq, Expr, Function, I, Matrix, Poly, Rational, S, Symbol, exp, factorial, integrate, solve, sqrt

from theory.activation.activation import Activation
from theory.attractor import spectrum
from theory.attractor.capacity import capacity_limit
from theory.attractor.patterns import each_average, mean, normal_form, reduced
from theory.attractor.powers import CV, AboveThreshold, closed_power, spelled
from theory.attractor.spectrum import LOAD, OUTLIER, left_out, right_out
from theory.attractor.storage import storage_limit
from theory.attractor.symbols import V_r, alpha, b, beta2, c0, gain, m, omega, r, t, u
from theory.attractor.weights import SELF, mean_gain
from theory.derivation import Replay, Solves, Step, applied, same
from theory.limits.checks import Holds, approaching, claimed
from theory.limits.limit import Formula, Limit, follows
from theory.symbols import growth
from theory.theory import Theory

v, share = Symbol("v", positive=True), Symbol("q", positive=True)
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


def small_load() -> Limit:
    """The bulk is an ellipse about b <g>, outliers are the zeros of a quadratic."""
    on_ellipse, radius = Eq(1, x * t1 - v * t1**2), 1 / sqrt(share + v)
    scaled = {c0: S.Zero, growth: b * mean_gain * (1 + s * x), t: s * t1, beta2: share * b**2 / (1 + v)}

    def lemmas() -> Iterator[Step]:
        rule, ratio = "series in sqrt(alpha)", (right_out / left_out).subs(c0, 0)
        title = "Small load: lambda = b <g> (1 + sqrt(alpha) x), t = sqrt(alpha) t_1; c0 is of order alpha"
        leading = Replay(lambda e: Eq(1 + _order(e, scaled, 1), _order(e, scaled, 2)))
        yield Step(title, rule, t * ratio / (1 + t * ratio), on_ellipse, check=leading)
        title = "The boundary of the bulk, with v = <g^2>/<g>^2 - 1 and q = beta^2 <g^2>/(b <g>)^2"
        boundary = t**2 * (beta2 * gain**2 + right_out**2) / spectrum.DENOMINATOR.subs(c0, 0) ** 2
        second = Replay(lambda e: Eq(1, _order(e, scaled, 2)))
        yield Step(title, rule, boundary, Eq(1, t1**2 * (share + v)), check=second)

    def inserted(phase: Expr) -> Solves:
        """Check: x for t_1 = radius/phase solves the first equation."""
        unit = phase / (b * mean_gain * sqrt(alpha))
        return Solves(lambda e: on_ellipse.rhs.subs({x: e * unit, t1: radius / phase}) - 1)

    def by_itself(entry: Expr) -> Expr:
        return reduced(spectrum.at_vanishing_load(entry)).expand()

    def put_in(entry: Expr) -> Solves:
        return Solves(lambda e: reduced(e - each_average(entry, _alone)), "propagator inserted")

    alone, named = "outliers lambda, alpha -> 0", Solves(lambda e: reduced(e.subs(spectrum.PARTS) - OUTLIER))
    real, imaginary = SMALL_LOAD - b * mean_gain, b * mean_gain * sqrt(alpha) * share / sqrt(share + v)
    return Limit(
        title="Small load",
        lemmas=lemmas,
        formulas=(
            follows(ELLIPSE, "edge - b <g>", "~", real.expand().factor(), on_ellipse, "real end", inserted(S.One)),
            follows(ELLIPSE, "largest imaginary part", "~", imaginary, on_ellipse, "imaginary end", inserted(I)),
            *(
                follows(alone, f"lambda*{part}", "=", by_itself(entry), entry, "units are alone", put_in(entry))
                for part, entry in zip(spectrum.H, spectrum.ENTRIES, strict=True)
            ),
            follows(alone, "0", "=", spectrum.NAMED_OUTLIER, OUTLIER, "by its parts", named),
        ),
    )


def _alone(F: Expr) -> Expr:
    return (growth * mean(F.subs(omega, 1 / spectrum.DENOMINATOR.subs({t: 0, c0: 0})))).expand()


def _order(F: Expr, scaled: Mapping[Symbol, Expr], k: int) -> Expr:
    """Coefficient of s^k of <F>, or of F with an average in each term: a polynomial in the gain."""
    rational = each_average(F, lambda inside: inside).subs(omega, 1 / spectrum.DENOMINATOR).subs(scaled).cancel()
    polynomial = Poly((rational.diff(s, k).subs(s, 0) / factorial(k)).cancel(), gain)
    powers = 1, mean_gain, mean_gain**2 * (1 + v)
    return Add(*(polynomial.coeff_monomial(gain**j) * known for j, known in enumerate(powers))).cancel()


def large_load() -> Limit:
    """Near the capacity the bulk grows with the part of the inputs that the rates do not explain."""
    balance = Eq(beta2 * t**2 * mean(gain**2 * omega**2), t * mean(right_out * left_out * omega**2))
    boundary = spectrum.on_the_real_axis(spectrum.BOUNDARY)
    title, rule = "The bulk's real end, at the load of the order parameter", "difference of both equations"
    balanced = Solves(lambda after: normal_form(boundary - LOAD - after.lhs + after.rhs))
    difference = Step(title, rule, Eq(boundary, LOAD), balance, check=balanced)

    def solves(step: Step) -> bool:
        """With 1 - alpha = s^2 and lambda = x/s, t follows from the load; then both sides of the balance are s^2."""
        edge = claimed(step).subs({mean(gain**2): mean_gain**2 * (1 + v), alpha: 1 - s**2}) * s
        for coupling, order in ((S.Zero, 2), (SELF.subs(alpha, 1 - s**2), 3)):
            scaled = {c0: coupling, growth: x / s, t: t1 / s**order}
            (response,) = solve(_order(LOAD, scaled, 2) + 1, t1)
            left, right = (_order(side, scaled, 2).subs(t1, response).subs(x, edge) for side in balance.args)
            if not same(left, S.One) or not same(right, S.One):
                return False
        return True

    rule = "t lambda omega -> 1: left beta2 <g^2>/lambda^2, right 1 - alpha"
    check = Holds(solves, "both equations to the leading order in 1 - alpha, with and without self-coupling")
    edge = sqrt(beta2 * mean(gain**2) / (1 - alpha))
    formula = follows("alpha -> 1", "edge", "~", edge, balance, rule, check)
    return Limit(title="Large load", lemmas=lambda: (difference,), formulas=(formula,))


def vanishing_load() -> Limit:
    """The bulk is at b <g>, which Stein's kernel of the law expresses by gains alone."""
    by_kernel, start = mean(kernel / gain) / mean(kernel), mean((r - m) * u) / V_r
    section, put_in = "T(r) = int_r^oo (r' - m) p(r') dr'/p(r), p the density of r", "kernel inserted"
    gamma_law = partial(_exact, r * exp(-4 * r / 3) * 16 / 9, S.Infinity)
    uniform = partial(_exact, Rational(3, 4), Rational(4, 3))

    def check(*laws: Callable[[Expr], Expr]) -> Solves:
        return Solves(lambda e: Matrix([law(e) - law(start) for law in laws]), "u a polynomial, averages exact")

    normal = mean(1 / gain) * mean(gain)
    constant = Replay(lambda e: each_average(e, lambda F: mean(F.subs(kernel, V_r))))
    title, stable = "A vanishing load: all of the bulk is at", "stable only if this is below 1"
    centre = applied(title, "limit", SMALL_LOAD, lambda e: e.subs(alpha, 0), assumption=stable)
    of_gamma = mean(r / gain) / m
    return Limit(
        title="Necessary for stability: b <g> < 1",
        formulas=(
            Formula("alpha -> 0", "edge", "->", centre.after, step=centre),
            follows(section, "b", "=", by_kernel, start, "by parts", check(gamma_law, uniform)),
            follows("gamma law, T = CV^2 m r", "b", "=", of_gamma, by_kernel, put_in, check(gamma_law)),
            follows("normal law, T constant", "b <g>", "=", normal, by_kernel * mean(gain), put_in, constant),
        ),
        remarks=("<1/g> <g> is at least 1: patterns with a normal law are never stable unless phi is linear",),
    )


def _exact(density: Expr, high: Expr, expression: Expr) -> Expr:
    """Averages for u = r + r^3 over the law with this density on (0, high), Stein's kernel by its definition."""

    def average(F: Expr) -> Expr:
        return integrate((F * density).expand(), (r, 0, high))

    first, given, above = average(r), r + r**3, Symbol("above", positive=True)
    tail = integrate(((r - first) * density).expand(), (r, above, high)).subs(above, r)
    at = {kernel: (tail / density).expand(), u: given, gain: 1 / given.diff(r), m: first}
    return each_average(expression, lambda F: average(F.subs(at))).subs({m: first, V_r: average(r**2) - first**2})


def small_variation() -> Limit:
    """All patterns alike: the bulk collapses on 1."""
    section = "CV -> 0; kappa = d ln g/d ln r at r = m; gamma = 3: log-normal, 2: gamma law"
    given, *slopes = (Symbol(f"u_{k}", real=True) for k in range(4))

    def spread(expression: Expr) -> Expr:
        """The leading order in CV, from the Taylor series of u and g about the mean rate and central moments."""
        d, size = Symbol("d"), Symbol("epsilon")
        taylor = given + sum(slope * d**k / factorial(k) for k, slope in enumerate(slopes, 1))
        moments = (1, 0, size**2, skew * size**4 / m, 3 * size**4)

        def average(F: Expr) -> Expr:
            at = F.subs({gain: 1 / taylor.diff(d), u: taylor, r: m + d})
            return Add(*(at.diff(d, k).subs(d, 0) / factorial(k) * known for k, known in enumerate(moments)))

        reduced = each_average(expression, average).subs(V_r, size**2).together()
        leading = (reduced.diff(size, 2) / 2).subs(size, 0).subs(slopes[1], -kappa * slopes[0] / m)
        return (leading * (m * CV) ** 2).cancel().factor()

    def powers(claim: Step) -> bool:
        """Powers of the input have closed forms for both laws: the ratio tends to 1."""
        found, start = claimed(claim), claim.before.subs(m, 1)
        thirds = {"log-normal law": 3, "gamma law": 2}
        for n, (name, third) in product((Rational(3, 2), S(3)), thirds.items()):
            exact = AboveThreshold(S.One, n, S.Zero).written(start, name)
            # 1/CV^2 not whole: no factorials
            at = [{kappa: 1 - 1 / n, skew: third, CV: Rational(3, size)} for size in (700, 70000)]
            if not approaching([tuple(mpmath.mpmathify(e.subs(p).evalf(30)) for e in (exact, found)) for p in at]):
                return False
        return True

    centre, second = b * mean_gain, mean(gain**2)
    parts = {"b <g> - 1": centre - 1, "v": second / mean_gain**2 - 1, "q": beta2 * second / centre**2}
    check = Holds(powers, "closed forms of powers of the input")
    formulas = [
        follows(section, key, "~", spread(spelled(e)), spelled(e), "Taylor series", check) for key, e in parts.items()
    ]
    centre, *sizes = (formula.right for formula in formulas)
    bulk = (centre + SMALL_LOAD / (b * mean_gain) - 1).subs(dict(zip((v, share), sizes, strict=True)))
    below = {skew: 2 * (kappa + Symbol("p", positive=True))}  # kappa < gamma/2
    (load,) = solve(bulk.subs(below), alpha)
    load = load.subs(Symbol("p", positive=True), skew / 2 - kappa).factor()
    inserted = Solves(lambda e: bulk.subs(alpha, e).subs(below))
    determinant = spectrum.at_constant_gain(OUTLIER).subs(spectrum.threshold, given - m / gain).factor()
    root = Solves(lambda e: determinant.subs(growth, e))
    alike = "CV -> 0; u_0 = phi^-1(m), g = phi'(u_0)"
    return Limit(
        title="Small variation of the rates",
        formulas=(
            *formulas,
            follows(section, "alpha_bulk", "~", load, bulk, "edge = 1", inserted, "0 < kappa < gamma/2"),
            follows(alike, "outlier", "->", given * gain / m, determinant, "root of the determinant", root),
        ),
    )
