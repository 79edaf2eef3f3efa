"""Transfer functions of one unit."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Mul, Poly, S, cancel, exp, nroots, re, sstr

from theory.errors import InputError
from theory.symbols import frequency
from theory.text.parsing import parse_transfer

HIGHEST_ORDER = 8


@dataclass(frozen=True)
class Filter:
    """A causal, stable linear filter, ``h(s) = exp(-delay s) numerator(s)/denominator(s)``.

    Attributes
    ----------
    transfer : Expr
        h in the symbol s.
    numerator, denominator : tuple of float
        Real coefficients, lowest power first; the degree of the numerator is smaller.
    delay : float
    """

    transfer: Expr
    numerator: tuple[float, ...]
    denominator: tuple[float, ...]
    delay: float

    @classmethod
    def from_text(cls, text: str) -> Filter:
        """The filter of a text such as ``1/((1+s)*(1+s/2))`` or ``exp(-s/10)/(1+s)``.

        Raises
        ------
        InputError
            For a text that cannot be read, and a filter that is not causal and stable.
        """
        return cls.from_expression(parse_transfer(text))

    @classmethod
    def from_expression(cls, transfer: Expr) -> Filter:
        """The filter of an expression in `theory.symbols.frequency`.

        Raises
        ------
        InputError
            With every reason why it is no causal, stable filter.
        """
        delay, rational = _delay(transfer)
        above, below = cancel(rational).as_numer_denom()
        if not (above.is_polynomial(frequency) and below.is_polynomial(frequency)) or transfer.free_symbols > {
            frequency
        }:
            raise InputError("the filter must be rational in s, times exp(-d*s) for a delay d")
        numerator, denominator = Poly(above, frequency), Poly(below, frequency)
        problems = []
        if delay < 0:
            problems.append("its delay is negative: it would answer before it is driven")
        if numerator.degree() >= denominator.degree() or numerator.is_zero:
            problems.append(
                "the degree of its numerator must be smaller than that of its denominator, so that it smooths"
            )
        if denominator.degree() > HIGHEST_ORDER:
            problems.append(f"its order is {denominator.degree()}, at most {HIGHEST_ORDER} is allowed")
        elif not all(re(root) < 0 for root in nroots(denominator.sqf_part(), n=15, maxsteps=200)):
            problems.append("it has a pole with real part >= 0: it is not stable")
        if problems:
            raise InputError(f"the filter {sstr(transfer)} is refused: " + "; ".join(problems))
        return cls(
            transfer,
            tuple(float(c) for c in reversed(numerator.all_coeffs())),
            tuple(float(c) for c in reversed(denominator.all_coeffs())),
            float(delay),
        )


def _delay(transfer: Expr) -> tuple[Expr, Expr]:
    """d and the rest of ``exp(-d s) rest``; the sum of all exponents if there are several factors."""
    waits = [factor for factor in Mul.make_args(transfer) if isinstance(factor, exp)]
    rate = cancel(sum((factor.args[0] for factor in waits), S.Zero) / frequency)
    if not rate.is_number:
        raise InputError("the filter must be rational in s, times exp(-d*s) for a delay d")
    return -rate, Mul(*(factor for factor in Mul.make_args(transfer) if factor not in waits))
