"""Text of a monomial such as ``phi^2``, ``phi'^2`` or ``x*phi*phi''`` as the generic average it stands for."""

from __future__ import annotations

import re

from sympy import Derivative, Expr, S

from theory.errors import InputError
from theory.gaussian.average import Average
from theory.symbols import phi, x

_FACTOR = re.compile(r"(phi('*)|x)(?:(?:\^|\*\*)(\d{1,2}))?$")
MAX_PRIMES = 8


def parse_monomial(text: str) -> Expr:
    """A product of powers of x, phi and its derivatives.

    Parameters
    ----------
    text : str
        Factors joined by ``*``; primes mark derivatives, ``^`` or ``**`` integer powers.

    Raises
    ------
    InputError
        Naming the factor that is not understood.
    """
    product = S.One
    for factor in re.split(r"(?<!\*)\*(?!\*)", text.replace(" ", "")):
        match = _FACTOR.match(factor)
        if match is None or len(match[2] or "") > MAX_PRIMES:
            raise InputError(
                f"'{factor[:40]}' in '{text[:60]}' is not understood; allowed: x, phi, phi', phi'' ... and "
                "integer powers, joined by *"
            )
        base = x if match[1] == "x" else Derivative(phi(x), (x, len(match[2]))) if match[2] else phi(x)
        product *= base ** int(match[3] or 1)
    return product


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
