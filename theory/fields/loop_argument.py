"""The one-loop argument, step by step, for any random-coupling model; each step carries its check."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sympy import Expr, Matrix, Rational, eye

from theory.derivation import Fact, Replay, Step
from theory.fields.collective import RESPONSE, Action, Bilinear
from theory.fields.finite_size import FiniteSizeIdentity
from theory.fields.grassmann import determinant
from theory.fields.one_loop import OneLoop, source
from theory.fields.wick import N, mean_covariance, mean_squared_covariance
from theory.gaussian.average import Average, stein
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
                action,
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


def loop_steps(loop: OneLoop, without_jacobian: OneLoop, replicas: Sequence[int]) -> tuple[Step, ...]:
    """The Gaussian integral over the fields, and what causality says about it."""
    response = [Bilinear.of((a, RESPONSE), (b, RESPONSE)) for a in replicas for b in replicas if a <= b]
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
            "Response fields do not correlate with each other and have no average: causality forbids closed "
            "response loops. At order 1/N the ghosts remove them",
            "normalisation of Z",
            after=Matrix([[loop.mean(source(b)) for b in response]]),
            check=Fact(
                lambda: _is_causal(loop, response) and not _is_causal(without_jacobian, response),
                "1/N terms of <xr xr> and of Cov(xr xr) vanish, and do not without the Jacobian",
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


def _is_causal(loop: OneLoop, response: Sequence[Bilinear]) -> bool:
    return all(loop.mean(source(b)) == 0 and loop.variance(source(b)) == 0 for b in response)


def observable_step(correction: Expr, reference: str) -> Step:
    """The 1/N term of a one-site observable O(x) for an undefined O."""
    return Step(
        "1/N term of the average of any one-site observable O(x) over noise, couplings and units. The source O "
        "shifts the fields by (1 - Pi F'')^{-1} <b O>_c; the shifted site weight changes Pi, and W1 changes by "
        "tr[(1 - Pi F'')^{-1} dPi F'']/2 of the commuting fields minus the same of the anticommuting ones",
        "first derivative of W1",
        after=correction,
        assumption="1/N small",
        reference=reference,
        check=Fact(
            lambda: (
                _linear_series(substituted(correction, x**2), 4) == _coefficient_of_inverse_size(mean_covariance(4))
            ),
            "linear network, O = x^2: equals the sum of all Wick pairings to g^8",
        ),
    )


def observed_step(name: str, generic: Expr, correction: Expr, observable: Expr, reference: str) -> Step:
    """The 1/N term of one observable, from the engine directly, against that of the undefined O."""
    return Step(
        f"O = {name}: coefficient of 1/N in its average",
        "observable inserted, Stein's lemma",
        generic,
        correction,
        reference=reference,
        check=Replay(lambda e: substituted(e, observable), "observable inserted in the general formula"),
    )


def entry_step(name: str, correction: Expr, reference: str) -> Step:
    """The 1/N term of the mean squared covariance."""
    return Step(
        f"1/N term of (1/N) sum_ij C_ij^2 of {name}, from the source {name}1 {name}2: the second derivative of "
        "W1, with the change of the shifted site weight itself",
        "second derivative of W1",
        after=correction,
        assumption="1/N small; odd phi, so that replicas with different noise are uncorrelated",
        reference=reference,
        check=Fact(
            lambda: _linear_series(correction, 3) == _coefficient_of_inverse_size(mean_squared_covariance(3)),
            "linear network: equals the sum of all Wick pairings to g^6",
        ),
    )


def diagonal_step(name: str, squared: Expr, mean_square: Expr, diagonal: Expr, spread: Expr, reference: str) -> Step:
    """The variance of C_ii over couplings, from the 1/N term of <C_ii^2>."""
    return Step(
        f"1/N term of the average of C_ii^2 over couplings, from O = {name}1^2 {name}2^2 of two replicas; without "
        f"that of its mean squared, it is N times the variance of C_ii of {name}",
        "square of the mean subtracted",
        squared,
        spread,
        reference=reference,
        check=Replay(lambda e: e - 2 * diagonal * mean_square),
    )


def dimension_step(
    name: str, entry: Expr, entry_correction: Expr, mean: Expr, diagonal: Expr, d: Expr, reference: str
) -> Step:
    """The 1/N term of the participation dimension."""
    return Step(
        f"Participation dimension of {name} at N units, D (1 + d/N): the 1/N terms of numerator and denominator",
        "ratio expanded",
        entry_correction,
        d,
        reference=reference,
        check=Replay(lambda e: 2 * mean / diagonal - e / entry),
    )


def substituted(correction: Expr, observable: Expr) -> Expr:
    """The 1/N term of a given observable from that of the undefined O."""
    return _inserted(correction, O(x), observable)


def _inserted(expression: Expr, function: Expr, value: Expr) -> Expr:
    def insert(average: Average) -> Expr:
        integrand = average.integrand.subs(function, value).doit()
        return Average(integrand, average.order, average.measure)

    return stein(expression.replace(lambda node: isinstance(node, Average) and node.has(function), insert))


def _linear_series(correction: Expr, order: int) -> Expr:
    """A 1/N term for phi(x) = x and unit noise, Delta = 1/(1 - g^2), to order g^(2 order)."""
    value = _inserted(correction, phi(x), x).subs(Delta, 1 / (1 - g**2)).cancel()
    return value.series(g, 0, 2 * order + 1).removeO().expand()


def _coefficient_of_inverse_size(exact: Expr) -> Expr:
    return exact.coeff(N, -1)
