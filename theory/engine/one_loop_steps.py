"""The one-loop argument, step by step, for any random-coupling model; each step carries its check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from sympy import Expr, Matrix, Rational, Symbol, eye, sstr

from theory.averages.average import Average, averages, stein
from theory.derivation import Evaluated, Fact, Replay, Solves, Step, named
from theory.engine.collective import RESPONSE, Action, Bilinear
from theory.engine.finite_size import FiniteSizeIdentity
from theory.engine.grassmann import determinant
from theory.engine.one_loop import OneLoop, source
from theory.engine.sourced import FromFiniteSource
from theory.engine.wick import N
from theory.networks import GaussianCouplings
from theory.symbols import Delta, O, g, phi, x


def jacobian_steps(
    couplings: GaussianCouplings, action: Action, replicas: Sequence[int], reference: str
) -> tuple[Step, ...]:
    """The determinant of the fixed-point equation joins the collective fields."""
    return (
        Step(
            "At order 1/N the Jacobian of the fixed-point equation counts: it is an integral over anticommuting "
            "ghosts, det(1 - J phi') = int exp( -sum_i cb_i c_i + sum_ij cb_i J_ij phi'_j c_j ) for every noise. "
            "J_ij now multiplies xr_i phi_j + cb_i phi'_j c_j",
            "Berezin integral",
            assumption="a unique fixed point, so that the determinant is positive",
            reference=reference,
            check=Fact(_berezin, "determinants of random rational matrices up to 3x3, in an explicit exterior algebra"),
        ),
        Step(
            "Collect the exponent in the collective fields again. Bilinears with one ghost (cb or c) anticommute",
            "finite sums reordered",
            after=N * action.F,
            assumption="none: exact for every N",
            check=FiniteSizeIdentity(
                couplings,
                action.fields,
                tuple(replicas),
                jacobian=True,
                name="exact identity at N = 3, ghosts as generators of an exterior algebra",
            ),
        ),
    )


def _berezin() -> bool:
    draw = Random(5)
    matrices = [
        Matrix(n, n, lambda i, j: Rational(draw.randint(-9, 9), draw.randint(1, 9)))
        for n in (1, 2, 3)
        for _ in range(3)
    ]
    return all(determinant(matrix) == matrix.det() for matrix in matrices)


def loop_steps(loop: OneLoop, replicas: Sequence[int]) -> tuple[Step, ...]:
    """The Gaussian integral over the fields, and what causality says about it."""
    response = [source(Bilinear.of((a, RESPONSE), (b, RESPONSE))) for a in replicas for b in replicas if a <= b]
    ladders = ", ".join(str(symbol) for symbol in loop.ladders)
    return (
        Step(
            "A source e s(site) in the site weight gives ln Z = N W0 + W1; W1 = -1/2 ln det(1 - Pi F'') of the "
            "commuting fields + 1/2 ln det(1 - Pi F'') of the anticommuting ones. Both determinants are products "
            f"of the ladders' denominators: {ladders}",
            "Gaussian integral over the collective fields",
            check=Fact(lambda: _determinants_factor(loop), "determinants of both sectors"),
        ),
        Step(
            "Response fields do not correlate with each other and have no average: causality forbids closed response loops. At "
            "order 1/N the ghosts remove them from <xr xr>",
            "normalisation of Z",
            after=Matrix([[loop.mean(s) for s in response]]),
            check=Solves(
                lambda means: means.row_join(Matrix([[loop.variance(s) for s in response]])),
                "<xr xr> and Cov(xr xr) vanish",
            ),
        ),
    )


def _determinants_factor(loop: OneLoop) -> bool:
    for sector in loop.sectors:
        size = len(sector.kernel.fields)
        whole = (eye(size) - sector.kernel.Pi * sector.kernel.coupling).det(method="berkowitz")
        if (whole * loop.written_out(sector.inverse_determinant)).together().cancel() != 1:
            return False
    return True


def loop_term_step(
    title: str, action: Action, observable: Bilinear, term: Expr, reference: str, order: int = 1
) -> Step:
    """A 1/N term of the average of a site observable, or at order 2 of N Cov of its field."""
    return Step(
        title,
        "derivative of W1",
        after=term,
        assumption="1/N small"
        + ("" if len(observable.factors) == 1 else "; odd phi, so that replicas are uncorrelated"),
        reference=reference,
        check=FromFiniteSource(action, observable, order),
    )


def linear_network_step(name: str, term: Expr, enumerated: Callable[[int], Expr], order: int) -> Step:
    """The 1/N term for phi(x) = x against the sum of all Wick pairings, to g^(2 order)."""
    return Step(
        f"The linear network phi(x) = x with unit noise, {name}: to g^{2 * order} the 1/N term is the sum of all Wick pairings",
        "enumeration of pairings, exact in N",
        term,
        check=Fact(
            lambda: _linear_series(substituted(term, x**2), order) == enumerated(order).coeff(N, -1),
            "1/N term expanded in g, pairings enumerated",
        ),
    )


def observed_step(key: str, generic: Expr, term: Expr, observable: Expr, reference: str) -> Step:
    """The 1/N term of one observable, from the engine directly, against that of the undefined O."""
    return Step(
        f"O = {sstr(observable)}: coefficient of 1/N in its average",
        "observable inserted, Stein's lemma",
        generic,
        named(key, term) if key else term,
        reference=reference,
        check=Replay(lambda e: substituted(e, observable), "observable inserted in the general formula"),
    )


def size_step(key: str, title: str, at_size: Expr, term: Expr, *, relative: bool = False) -> Step:
    """The coefficient of 1/N in an expression in 1/N, over the leading value if relative."""
    (small,) = (s for s in at_size.free_symbols if s.name == "1/N")

    def first_order(shown: Expr) -> Expr:
        free = shown.xreplace({average: Symbol(sstr(average)) for average in averages(shown)})
        if not free.has(small):
            return free
        slope, value = free.diff(small).subs(small, 0), free.subs(small, 0)
        return slope / value if relative else slope

    return Step(
        title,
        "expanded to first order in 1/N",
        at_size,
        named(key, term),
        check=Evaluated(first_order, name="derivative in 1/N at 0, every average a random number"),
    )


def substituted(correction: Expr, observable: Expr) -> Expr:
    """The 1/N term of a given observable from that of the undefined O."""
    return _inserted(correction, O(x), observable)


def _inserted(expression: Expr, function: Expr, value: Expr) -> Expr:
    def insert(average: Average) -> Expr:
        integrand = average.integrand.subs(function, value).doit()
        return stein(Average(integrand, average.order, average.measure))

    return expression.xreplace({node: insert(node) for node in averages(expression) if node.has(function)})


def _linear_series(correction: Expr, order: int) -> Expr:
    """A 1/N term for phi(x) = x and unit noise, Delta = 1/(1 - g^2), to order g^(2 order)."""
    value = _inserted(correction, phi(x), x).subs(Delta, 1 / (1 - g**2)).cancel()
    return value.series(g, 0, 2 * order + 1).removeO().expand()
