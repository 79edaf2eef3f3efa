"""Piecewise polynomials (step, sign, relu, threshold-linear, ...) and piecewise exponentials: truncated moments.

With U_n the average of x^n exp(a x^2 + b x + c) over x > beta, V and M the variance and mean of the tilted measure,

    U_n = M U_{n-1} + (n-1) V U_{n-2} + V beta^{n-1} density(beta)  =  A_n U_0 + V B_n density(beta),
    U_0 = mass erfc(z)/2 = V-scaled density(beta) erfcx(z),   z = (beta - M)/sqrt(2 V).

(integration by parts; Abramowitz & Stegun 26.2.25, 7.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, I, Pow, S, erf, erfc, exp, im, re

from theory.averages.polynomial import collected, moment, times
from theory.averages.products import Kernel, NotInTable, SteppedTerm, flat_coefficient
from theory.averages.tilt import Tilt, by_turns, monomial, normal_constant, wave_part
from theory.functions import erfcx, faddeeva

REFERENCE = "truncated normal moments, Abramowitz & Stegun 26.2.25 and 7.1.1"


def stepped(term: SteppedTerm, tilt: Tilt) -> list[Expr]:
    """Terms of the average of ``step(x) x^n kernel(x)`` over a Gaussian.

    Parameters
    ----------
    term : SteppedTerm
        With breakpoints; its kernel an exponential of a quadratic with at most one sine or cosine.
    tilt : Tilt
        The measure with that exponential.

    Raises
    ------
    NotInTable
        For another kernel, and where the stable form depends on the sign of something undecidable.
    """
    kernel, steps, breakpoints = term.kernel, term.steps, term.breakpoints
    if term.n < 0 or kernel != Kernel(exponent=kernel.exponent, wave=kernel.wave):
        raise NotInTable
    edges = _Edges(term.n, tilt, kernel.wave)
    even = kernel.parity() == 1 and kernel.wave is None and tilt.mean == 0
    if even and breakpoints[0] == 0 and steps[0] == 0:  # reflected about the origin
        return edges.half_line(steps, breakpoints)
    base = _base_piece(steps, breakpoints, tilt.mean)
    if base is None and len(steps) == 2 and steps[0] != -steps[1]:
        lower, upper = (edges.tail(breakpoints[0], side) for side in (-1, 1))
        return times([steps[0]], lower) + times([steps[1]], upper)
    if base is None:
        return edges.symmetric(steps, breakpoints)
    terms = times([steps[base]], edges.whole()) if steps[base] != 0 else []
    for k, beta in enumerate(breakpoints):
        jump = flat_coefficient(steps[k + 1] - steps[k])
        if jump != 0:
            side = 1 if k >= base else -1
            terms += times([side * jump], edges.tail(beta, side))
    return terms


def _base_piece(steps: Sequence[Expr], breakpoints: Sequence[Expr], mean: Expr) -> int | None:
    """Index of the piece to be extended over the whole line, so that only tails away from the mean are added.

    That is the piece which holds the mean; where this is undecidable, a piece on which the function vanishes.
    """
    right = [(beta - mean).is_nonnegative for beta in breakpoints]
    if len(steps) > 2:
        if None not in right:
            return sum(not side for side in right)
        if steps[0] == 0 and steps[-1] == 0:
            return None
    return next((k for k, step in enumerate(steps) if step == 0), None)


class _Edges:
    """Tail integrals of one integrand ``x^n exp(a x^2 + b x + c) wave(omega x)``."""

    def __init__(self, n: int, tilt: Tilt, wave: tuple[str, Expr] | None) -> None:
        self.n, self.tilt, self.wave = n, tilt, wave

    def whole(self) -> list[Expr]:
        """Integral over the whole line."""
        return monomial(self.n, self.wave, self.tilt)

    def tail(self, beta: Expr, side: int) -> list[Expr]:
        """Integral over x > beta (side +1) or x < beta (side -1)."""
        if side < 0:  # x -> -x
            mirrored = Tilt(self.tilt.a, -self.tilt.b, self.tilt.c, -self.tilt.mean, self.tilt.variance)
            sign = (-1) ** self.n * (-1 if self.wave and self.wave[0] == "sin" else 1)
            return times([S.Zero + sign], _Edges(self.n, mirrored, self.wave).tail(-beta, 1))
        if self.wave:
            return self._upper_wave(beta)
        terms = times(moment(self.n, self.tilt.mean_parts, self.tilt.new_variance), self._upper_mass(beta))
        return terms + self._edge(beta, S.One)

    def symmetric(self, steps: Sequence[Expr], breakpoints: Sequence[Expr]) -> list[Expr]:
        """The step function as half the sum of its limits plus half the jumps times sign(x - beta)."""
        terms = times([flat_coefficient(steps[0] + steps[-1]) / 2], self.whole()) if steps[0] != -steps[-1] else []
        for k, beta in enumerate(breakpoints):
            jump = flat_coefficient(steps[k + 1] - steps[k]) / 2
            terms += times([jump], self._signed(beta))
        return terms

    def half_line(self, steps: Sequence[Expr], breakpoints: Sequence[Expr]) -> list[Expr]:
        """Steps on x > 0 only (zero mean, even integrand): the interval at the origin by erf, the rest by erfc."""
        first, edges = steps[1], breakpoints[1:]
        if not edges:
            return times([first], self.tail(S.Zero, 1))
        terms = times([first / 2], self._signed(S.Zero)) + times([-first / 2], self._signed(edges[0]))
        for k, beta in enumerate(edges, 1):
            jump = flat_coefficient(steps[k + 1] - steps[k]) if k > 1 else steps[2]
            terms += times([jump], self.tail(beta, 1))
        return terms

    def _signed(self, beta: Expr) -> list[Expr]:
        if self.wave:
            return self.tail(beta, 1) + times([S.NegativeOne], self.tail(beta, -1))
        tilt = self.tilt
        z = (beta - sum(tilt.mean_parts, S.Zero)) / Pow(2 * tilt.new_variance, S.Half)
        terms = times(moment(self.n, tilt.mean_parts, tilt.new_variance), [-tilt.mass * erf(z)])
        return terms + self._edge(beta, S.One * 2)

    def _edge(self, beta: Expr, weight: Expr) -> list[Expr]:
        """``weight V B_n density(beta)``: what integration by parts leaves at the edge."""
        factor = weight * self.tilt.new_variance * self.tilt.density(beta)
        return times([factor], _edge_polynomial(self.n, self.tilt.mean_parts, self.tilt.new_variance, beta))

    def _upper_mass(self, beta: Expr) -> list[Expr]:
        """U_0, as erfc or as erfcx: whichever neither over- nor underflows against its prefactor."""
        tilt = self.tilt
        z = (beta - sum(tilt.mean_parts, S.Zero)) / Pow(2 * tilt.new_variance, S.Half)
        rising = _tail_sign(tilt, beta)
        if tilt.exponent.is_nonpositive or rising == -1:
            # SymPy turns erfc(-z) into 2 - erfc(z), whose cancellation must not hide inside a term
            return times([tilt.mass / 2], Add.make_args(erfc(z)))
        if rising == 1:
            scale = tilt.density(beta) / normal_constant(tilt.variance)
            return [scale / Pow(tilt.shrink, S.Half) * erfcx(z) / 2]
        raise NotInTable

    def _upper_wave(self, beta: Expr) -> list[Expr]:
        """Real or imaginary part of the tail of x^n exp(a x^2 + (b + i omega) x + c): Faddeeva function of i z."""
        assert self.wave is not None
        kind, omega = self.wave
        tilt, n = self.tilt, self.n
        side = _tail_sign(tilt, beta)
        if side is None:
            raise NotInTable
        if side == -1:
            return self.whole() + times([S.NegativeOne], self.tail(beta, -1))
        v, s = tilt.variance, tilt.shrink
        imaginary, distance = omega * v / s, beta - sum(tilt.mean_parts, S.Zero)
        if distance == 0:
            u = imaginary / Pow(2 * v / s, S.Half)
            real_part, imaginary_part = exp(-(u**2)), im(faddeeva(u))
        else:
            value = faddeeva((imaginary + I * distance) / Pow(2 * v / s, S.Half))
            real_part, imaginary_part = re(value), im(value)
        scale = tilt.density(beta) / normal_constant(v) / Pow(s, S.Half) / 2
        phase = omega * beta
        terms = []
        mean_parts = [*tilt.mean_parts, I * imaginary]
        for turns, term in by_turns(moment(n, mean_parts, v / s)):
            terms.append(scale * term * real_part * wave_part(kind, phase, turns))
            terms.append(scale * term * imaginary_part * wave_part(kind, phase, turns + 1))
        for turns, term in by_turns(_edge_polynomial(n, mean_parts, v / s, beta)):
            terms.append(v / s * tilt.density(beta) * term * wave_part(kind, phase, turns))
        return [term for term in terms if term != 0]


def _tail_sign(tilt: Tilt, beta: Expr) -> int | None:
    """Sign of z = (beta - M)/sqrt(2 V): +1 where it is never negative, -1 where it is never positive."""
    distance = flat_coefficient(beta * tilt.shrink - tilt.mean - tilt.b * tilt.variance)
    if distance.is_nonnegative:
        return 1
    return -1 if distance.is_nonpositive else None


def _edge_polynomial(n: int, mean_parts: Sequence[Expr], variance: Expr, beta: Expr) -> list[Expr]:
    """Terms of B_n = M B_{n-1} + (n-1) V B_{n-2} + beta^(n-1), B_0 = 0."""
    before: Sequence[Expr] = ()
    current: Sequence[Expr] = ()
    for order in range(1, n + 1):
        terms = times(mean_parts, current) + times([(order - 1) * variance], before) + [Pow(beta, order - 1)]
        before, current = current, Add.make_args(collected(terms))
    return [term for term in current if term != 0]
