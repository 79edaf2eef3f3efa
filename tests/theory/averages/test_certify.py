"""Certified averages against exact values, at the digits they promise."""

from types import FunctionType

import mpmath
import pytest
from sympy import Abs, Max, Rational, Symbol, cosh, erf, exp, log, sign, sin, tanh

from tests.effort import one_in
from theory.activation.pieces import split
from theory.averages.certify import certify
from theory.errors import DomainError, InputError
from theory.symbols import x

DIGITS = 30
VARIANCES = ["1e-6", "1e-3", "1", "37.5", "1e6"]


def agrees(got, want, digits=DIGITS):
    # the promise of certify: 10^-digits of the size of the integrand, here of one sign or nearly so
    return abs(got - want) <= mpmath.mpf(10) ** -digits * abs(want)


@pytest.fixture(autouse=True)
def _precise():
    with mpmath.workdps(60):
        yield


def gamma_moment(q, variance):
    """<|x|^q> = (2 Delta)^(q/2) Gamma((q+1)/2)/sqrt(pi)."""
    q = mpmath.mpf(q.p) / q.q
    return (2 * variance) ** (q / 2) * mpmath.gamma((q + 1) / 2) / mpmath.sqrt(mpmath.pi)


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("q", one_in(4, map(Rational, ("-9/10", "-1/2", "1/3", "3/2", "5"))), ids=str)
def test_absolute_moments(q, variance):
    v = mpmath.mpf(variance)
    assert agrees(certify(split(Abs(x) ** q), 0, v), gamma_moment(q, v))


@pytest.mark.parametrize("variance", VARIANCES)
def test_erf_arcsine(variance):
    # <erf(k x)^2> = (2/pi) asin(2 k^2 Delta/(1 + 2 k^2 Delta)); Williams 1998
    v, k = mpmath.mpf(variance), Rational(7, 5)
    w = 2 * mpmath.mpf("1.96") * v
    assert agrees(certify(split(erf(k * x) ** 2), 0, v), 2 / mpmath.pi * mpmath.asin(w / (1 + w)))


@pytest.mark.parametrize("variance", VARIANCES)
def test_rational_by_erfc(variance):
    # <1/(1 + x^2)> = sqrt(pi w) exp(w) erfc(sqrt(w)), w = 1/(2 Delta)
    v = mpmath.mpf(variance)
    w = 1 / (2 * v)
    if w < 1000:
        want = mpmath.sqrt(mpmath.pi * w) * mpmath.exp(w) * mpmath.erfc(mpmath.sqrt(w))
    else:
        # asymptotic series of erfc (Abramowitz & Stegun 7.1.23), terms (2k-1)!! (-Delta)^k
        want = mpmath.fsum((-v) ** k * mpmath.fac2(2 * k - 1) for k in range(20))
    assert agrees(certify(split(1 / (1 + x**2)), 0, v), want)


@pytest.mark.parametrize("variance", VARIANCES)
def test_wick_moments_at_nonzero_mean(variance):
    v, m = mpmath.mpf(variance), mpmath.mpf("1.25")
    assert agrees(certify(split(x**4), m, v), m**4 + 6 * m**2 * v + 3 * v**2)


@pytest.mark.parametrize("variance", [*VARIANCES, "1e-12"])
def test_half_line_moment_far_in_the_tail(variance):
    # <Max(0, x - 1)^2> = (1 + Delta) Q(1/s) - s n(1/s); at Delta = 1e-12 the value is near 10^(-2e11)
    v = mpmath.mpf(variance)
    with mpmath.workdps(150):
        s = mpmath.sqrt(v)
        want = (1 + v) * mpmath.erfc(1 / s / mpmath.sqrt(2)) / 2 - s * mpmath.npdf(1 / s)
    assert agrees(certify(split(Max(0, x - 1) ** 2), 0, v), want)


@pytest.mark.parametrize(
    "expression, mean, variance, want",
    [
        (exp(x), 0, 10**6, lambda: mpmath.exp(500000)),
        (cosh(3 * x), "0.5", 100, lambda: mpmath.exp(450) * mpmath.cosh(1.5)),
        (exp(x**2 / 5), 0, 2, lambda: mpmath.sqrt(5)),
        (exp(-(x**2) / 2), 0, 10**6, lambda: 1 / mpmath.sqrt(1 + mpmath.mpf(10) ** 6)),
        (exp(-(x**2) / 2), 0, 10**12, lambda: 1 / mpmath.sqrt(1 + mpmath.mpf(10) ** 12)),
        (sin(x) ** 2, 0, 900, lambda: (1 - mpmath.exp(-1800)) / 2),
        (log(Abs(x)), 0, 1, lambda: -(mpmath.euler + mpmath.log(2)) / 2),
        (sign(x - 1), 0, 1, lambda: -mpmath.erf(1 / mpmath.sqrt(2))),
    ],
    ids=lambda value: "exact" if isinstance(value, FunctionType) else str(value),
)
def test_known_averages(expression, mean, variance, want):
    # log|x| and sign(x - 1) change sign: their value is a fraction 0.5 to 1 of the size, so one digit less
    assert agrees(certify(split(expression), mpmath.mpf(mean), variance), want(), DIGITS - 1)


@pytest.mark.parametrize("variance", ["1e-12", "1", "1e6", "1e12"])
def test_stein_identity_for_tanh(variance):
    # <x tanh x> = Delta <sech^2 x>: two integrands, one number
    v = mpmath.mpf(variance)
    left = certify(split(x * tanh(x)), 0, v)
    assert agrees(left, v * certify(split(1 - tanh(x) ** 2), 0, v), DIGITS - 1)


def test_sech4_at_large_variance():
    # <sech^4> -> (4/3)/sqrt(2 pi Delta), next term relative -(integral x^2 sech^4)/(2 Delta 4/3)
    v = mpmath.mpf(10) ** 12
    second = (mpmath.pi**2 - 6) / 9
    want = (mpmath.mpf(4) / 3 - second / (2 * v)) / mpmath.sqrt(2 * mpmath.pi * v)
    assert abs(certify(split((1 - tanh(x) ** 2) ** 2), 0, v) / want - 1) < 1e-22


def test_shifted_singularity_keeps_its_digits():
    # |exp(x) - 2|^(-1/2) with y = exp(x) - 2: same integral by mpmath's own rule in a variable without singularity
    got = certify(split(Abs(exp(x) - 2) ** Rational(-1, 2)), 0, 1, digits=20)

    def integrand(s, side):
        # exp(x) = 2 + side s^2, dx = 2 s ds side/(2 + side s^2)
        y = 2 + side * s**2
        return 2 * mpmath.npdf(mpmath.log(y)) / y

    with mpmath.workdps(30):
        root = mpmath.sqrt(2)
        right = mpmath.quad(lambda s: integrand(s, 1), [0, 1, 2, 4, 8, 16, 64, 1000, 10**6])
        left = mpmath.quad(lambda s: integrand(s, -1), [0, 1, 1.3, root])
    assert agrees(got, left + right, 19)


def test_infinite_averages_are_refused():
    for expression, variance in ((1 / x, 1), (1 / x**2, 1), (exp(x**2 / 5), 3), (exp(x**4), 1)):
        with pytest.raises(DomainError, match="infinite"):
            certify(split(expression), 0, variance)


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="a"):
        certify(split(tanh(Symbol("a", real=True) * x)), 0, 1)
    with pytest.raises(InputError, match="Gaussian"):
        certify(split(x), 0, -1)


def test_more_oscillations_than_panels_is_an_error_not_a_wrong_number(monkeypatch):
    monkeypatch.setattr("theory.averages.certify.MAX_PANELS", 400)
    with pytest.raises(DomainError, match="do not agree"):
        certify(split(sin(x) ** 2), 0, mpmath.mpf(10) ** 12)
