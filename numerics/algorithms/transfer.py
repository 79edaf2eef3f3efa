"""Rational filters ``h(s) = exp(-delay s) numerator(s)/denominator(s)``: power, peak, and the decay rates of a network of them."""

import numpy as np
from numpy.polynomial import polynomial


class PowerTransfer:
    """``|h|^2 = h(s) h(-s)`` as a rational function of z = s^2, s = i omega: ``numerator(z) / prod_k (r_k^2 - z)``.

    Parameters
    ----------
    numerator : ndarray
        Real coefficients of increasing powers of z, fewer than there are poles.
    rates : ndarray
        r_k with positive real parts, in conjugate pairs.

    """

    def __init__(self, numerator, rates):
        self.numerator, self.rates = np.asarray(numerator, dtype=float), np.asarray(rates, dtype=complex)
        self.denominator = np.real(polynomial.polyfromroots(self.rates**2)) * (-1.0) ** self.rates.size

    @classmethod
    def of(cls, numerator, denominator):
        """From the coefficients of increasing powers of s of a filter.

        Raises
        ------
        ValueError
            For a filter that is unstable, vanishes, or does not fall off at high frequencies.
        """
        numerator, denominator = (np.trim_zeros(np.asarray(c, dtype=float), "b") for c in (numerator, denominator))
        if not 0 < numerator.size < denominator.size:
            raise ValueError("the numerator must have a lower degree than the denominator and must not vanish")
        rates = -polynomial.polyroots(denominator)
        if not np.all(rates.real > 0):
            raise ValueError("the filter is unstable: a zero of its denominator has a real part that is not negative")
        return cls(in_squares(numerator) / denominator[-1] ** 2, rates)

    def __call__(self, omega):
        """|h(i omega)|^2 at real frequencies."""
        z = -(np.asarray(omega, dtype=float) ** 2)
        # as a product: the denominator's coefficients would cancel at high frequencies
        return polynomial.polyval(z, self.numerator) / np.real(
            np.prod(np.subtract.outer(-z, -(self.rates**2)), axis=-1)
        )

    def terms(self, separate):
        """Pairs (a, chain of rates r): ``|h|^2`` is the real part of the sum of ``a / prod (r^2 - z)``, in increasing length.

        Partial fractions where the relative distance of all poles is above `separate`; else
        ``a_1/(r_1^2 - z) + a_2/((r_1^2 - z)(r_2^2 - z)) + ...``, for which poles may coincide.
        """
        square = self.rates**2
        apart = np.abs(np.subtract.outer(square, square)) + np.diag(np.full(square.size, np.inf))
        if np.all(apart > separate * np.abs(square)):
            others = np.subtract.outer(square, square).T + np.eye(square.size)
            fractions = polynomial.polyval(square, self.numerator) / np.prod(others, axis=1)
            upper = self.rates.imag >= 0  # a conjugate pair has twice the real part of one
            twice = np.where(self.rates.imag > 0, 2.0, 1.0)
            return [(a, (r,)) for a, r in zip((twice * fractions)[upper], self.rates[upper].tolist(), strict=True)]
        parts, rest = [], self.numerator.astype(complex)
        for value in square[::-1]:
            rest, remainder = polynomial.polydiv(rest, np.array([value, -1.0]))
            parts.append(remainder[0])
        rates = self.rates.tolist()
        return [(a, tuple(rates[: k + 1])) for k, a in enumerate(parts[::-1])]

    def peak(self):
        """(omega, |h|^2) at the largest |h|^2."""
        slope = polynomial.polysub(
            polynomial.polymul(polynomial.polyder(self.numerator), self.denominator),
            polynomial.polymul(self.numerator, polynomial.polyder(self.denominator)),
        )
        z = polynomial.polyroots(np.trim_zeros(slope, "b")) if np.any(slope[1:]) else np.array([])
        near = np.real(z[(np.real(z) < 0) & (np.abs(np.imag(z)) < 1e-3 * np.abs(z))])  # multiple roots leave the axis
        omega = np.append(0.0, np.sqrt(-near))
        power = self(omega)
        return omega[np.argmax(power)], np.max(power)

    def decay_rates(self, multiplier):
        """Rates p, real parts positive, at which ``1/(1 - multiplier |h|^2)`` decays in time."""
        z = polynomial.polyroots(polynomial.polysub(self.denominator, multiplier * self.numerator))
        return np.sqrt(z.astype(complex))


def in_squares(polynomial_in_s):
    """Coefficients of ``p(s) p(-s)`` in powers of s^2."""
    alternating = polynomial_in_s * (-1.0) ** np.arange(polynomial_in_s.size)
    return polynomial.polymul(polynomial_in_s, alternating)[::2]
