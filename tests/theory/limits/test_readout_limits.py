"""Limits of a readout network: weak coupling, homogeneous activations, large targets, the pole of C(A).

Independent route: the mean field of Mastrogiuseppe and Ostojic 2019 (arXiv 1809.02386) written out by hand below, with averages by
the trapezoidal rule (spectrally accurate for a Gaussian), solved at the coupling or target in question.
"""

import json
from functools import lru_cache

import numpy as np
import pytest
from scipy.optimize import brentq
from sympy import Rational, Symbol, gamma, pi, sqrt

from quenched.cli import main
from quenched.limits import limits_data
from tests.alter import altered
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.limits import known
from theory.limits.homogeneous import homogeneous_readout
from theory.limits.large_target import SIZE, large_target
from theory.limits.readout_series import near_pole, weak_coupling
from theory.limits.target import Target
from theory.models import derive
from theory.symbols import SI2, A, Sm2, g, smI, snI, snm

FIG1E = {"Sm": 1.2, "SI": 0.5, "rho": 0.5, "p": 1.0, "pm": 1.0, "pI": 0.3}
ROW_7 = {"Sm": 1.2, "SI": 0.5, "rho": 0.0, "p": 0.0, "pm": 1.0, "pI": 0.0}


@lru_cache(maxsize=1)
def target():
    return Target(derive("feedback"))


def activation(text):
    return Activation.from_text(text)


@lru_cache(maxsize=4)
def forms(text):
    """Limits of one activation by their first word."""
    limits = known.of_readout(derive("feedback"), activation(text))
    return {limit.title.split()[0]: limit for limit in limits}


class Network:
    """The mean field at a clamped output, by hand; phi and phi' as functions."""

    def __init__(self, functions, geometry):
        self.functions = functions
        Sm, SI, rho, p, pm, pI = (geometry[key] for key in ("Sm", "SI", "rho", "p", "pm", "pI"))
        alone = np.sqrt(1 - rho**2)
        self.Sm2, self.smI, self.SI2 = Sm**2, Sm * SI * rho**2, SI**2
        self.snm, self.snI = Sm * (rho * p + alone * pm), SI * (rho * p + alone * pI)

    def S(self, A):
        return self.Sm2 * A**2 + 2 * self.smI * A + self.SI2

    def s(self, A):
        return self.Sm2 * A + self.smI

    def average(self, F, D, weight=lambda y: 1):
        """<F w(x/sqrt(D))> of an even F; where D is large, in x, of what F has beyond its limit, for <w> = 0 or w = 1."""
        if D > 100:
            x = np.linspace(-40, 40, 8001)
            narrow = (F(x) - F(x[-1])) * weight(x / np.sqrt(D)) * np.exp(-(x**2) / (2 * D))
            return F(x[-1]) * (weight(0) == 1) + np.trapezoid(narrow, x) / np.sqrt(2 * np.pi * D)
        y = np.linspace(-12, 12, 1201)
        return np.trapezoid(F(np.sqrt(D) * y) * weight(y) * np.exp(-(y**2) / 2), y) / np.sqrt(2 * np.pi)

    def averages(self, D):
        """P, P', Q, Q', W; the derivative by D of a Gaussian average is <F (y^2 - 1)>/(2 D)."""
        f, f1 = self.functions
        power, slopes = self.average(lambda x: f(x) ** 2, D), self.average(lambda x: f1(x) ** 2, D)
        by_variance = [self.average(F, D, lambda y: y**2 - 1) / (2 * D) for F in (lambda x: f(x) ** 2, f1)]
        return power, by_variance[0], self.average(f1, D), by_variance[1], slopes

    def variance(self, g, A):
        f, _ = self.functions
        low = self.S(A)
        return brentq(
            lambda D: D - g**2 * self.average(lambda x: f(x) ** 2, D) - low,
            low,
            low + 4 * g**2 + 1e-9,
            xtol=1e-15,
            rtol=1e-15,
        )

    def results(self, g, A):
        """Everything at the target, with (O), (T1), (L1)."""
        D = self.variance(g, A)
        P, P1, Q, Q1, W = self.averages(D)
        a = A * self.snm / (A * self.snm + self.snI)
        G, theta = g**2 * P1, 2 * A * self.s(A) * Q1 / Q
        trace, root = a + G + theta, np.emath.sqrt((a + G + theta) ** 2 / 4 - a * G)
        larger = trace / 2 + (root if trace > 0 else -root)
        return {
            "Delta0": D,
            "C": A / ((A * self.snm + self.snI) * Q),
            "bulk_radius^2": g**2 * W,
            "bulk_radius": g * np.sqrt(W),
            "H_slope": a + theta / (1 - G),
            "lambda_ls": P1 * (g**2 + A * self.s(A) / P),
            "lambda_1": larger,
            "lambda_2": a * G / larger,
            "G": G,
        }

    @property
    def symbols(self):
        return {Sm2: self.Sm2, smI: self.smI, SI2: self.SI2, snm: self.snm, snI: self.snI}


TANH = (np.tanh, lambda x: 1 / np.cosh(x) ** 2)


def by_name(expression, numbers):
    """The value of an expression whose symbols are known by name."""
    return complex(expression.subs({s: numbers[s.name] for s in expression.free_symbols}).evalf(20))


def letters_by_hand(network, A):
    """P, Q, W and theta at variance S with their derivatives, by Hermite polynomials in the average."""
    f, f1 = network.functions
    D = network.S(A)
    hermite = [np.polynomial.hermite_e.HermiteE.basis(k) for k in range(8)]

    def derivative(F, k, lowest):
        return network.average(F, D, hermite[2 * k + lowest]) / D ** (k + lowest / 2) / 2**k

    found = {}
    for letter, F, lowest in (("P", lambda x: f(x) ** 2, 0), ("Q", f, 1), ("W", lambda x: f1(x) ** 2, 0)):
        found |= {letter + "'" * k: derivative(F, k, lowest) for k in range(4)}
    Q = [found["Q" + "'" * k] for k in range(4)]
    ratio = Q[1] / Q[0]
    slope = Q[2] / Q[0] - ratio**2
    bend = Q[3] / Q[0] - 3 * Q[1] * Q[2] / Q[0] ** 2 + 2 * ratio**3
    weight = 2 * A * network.s(A)
    a = A * network.snm / (A * network.snm + network.snI)
    found |= {"theta": weight * ratio, "theta'": weight * slope, "theta''": weight * bend, "a": a}
    return {**found, "L": a + weight * ratio, "S": D, "s": network.s(A), "A": A, "snm": network.snm, "snI": network.snI}


# ---- weak coupling -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("A_", one_in(2, [1.0, -0.5]))
def test_weak_coupling_leaves_the_sixth_power_of_g(A_):
    """Every printed row against solutions of the mean field at g = 1/10 and 1/20: the error falls by 2^6."""
    network = Network(TANH, FIG1E)
    letters = letters_by_hand(network, A_)
    rows = weak_coupling(target(), activation("tanh(x)")).under("weak coupling")
    assert set(rows) == {"Delta0", "C", "bulk_radius^2", "H_slope", "lambda_ls", "lambda_1", "lambda_2"}
    for key, row in rows.items():
        errors = [abs(by_name(row, {**letters, "g": g_}) - network.results(g_, A_)[key]) for g_ in (0.1, 0.05)]
        assert errors[0] > 1e-10 and abs(errors[0] / errors[1] / 64 - 1) < 0.1, (key, errors)


def test_weak_coupling_written_out():
    """erf by its arcsine law: the series of the solution of Delta = S + g^2 (2/pi) asin(2 Delta/(1 + 2 Delta)) at S = 2."""
    rows = forms("erf(x)")["Weak"].under("written out")
    errors = []
    for coupling in (0.2, 0.1):
        exact = brentq(
            lambda D, c=coupling: D - 2 - c**2 * 2 / np.pi * np.arcsin(2 * D / (1 + 2 * D)), 2, 3, xtol=1e-15
        )
        errors.append(abs(by_name(rows["Delta0"], {"S": 2, "g": coupling}) - exact))
    assert errors[1] > 1e-12 and abs(errors[0] / errors[1] / 64 - 1) < 0.1, errors


# ---- homogeneous ---------------------------------------------------------------------------------------------------------------

F1E, LOOP = (0.8, 1.2, 0.5, 0.5, 1, 1, 0.3), (0.8, 1.2, 0.5, 0.0, 0, 1, 0)  # g, Sm, SI, rho, p, pm, pI
RELU = [  # A, C, Delta0, lambda+, lambda-, R, lambda_ls
    (F1E, 1, 0.9905235153722356, 2.92647058823529412, 0.8118481710266039, 0.32, 0.565685424949238, 0.8633165829145729),
    (F1E, -1, 1.588150272152364, 2.04411764705882353, 1.301672170072379, 0.32, 0.565685424949238, 0.9510791366906475),
    (LOOP, 1, 1.666666666666667, 2.48529411764705882, 1.0, 0.32, 0.565685424949238, 0.8994082840236686),
]


@pytest.mark.parametrize("row", RELU)
def test_relu_is_explicit(row):
    """Reference values of the mean field at the target, 40-digit arithmetic; the outliers are a and G."""
    (g_, *vectors), A_, *expected = row
    network = Network(None, dict(zip(("Sm", "SI", "rho", "p", "pm", "pI"), vectors, strict=True)))
    laws = homogeneous_readout(target(), activation("relu(x)")).laws
    numbers = {"g": g_, "A": A_, "S": network.S(A_), "s": network.s(A_), "snm": network.snm, "snI": network.snI}
    assert laws["theta"] == 0
    keys = ("C", "Delta0", "a", "G", "bulk_radius^2", "lambda_ls")
    for key, value in zip(keys, (*expected[:4], expected[4] ** 2, expected[5]), strict=True):
        assert by_name(laws[key], numbers).real == pytest.approx(value, rel=1e-14), key


def test_power_symbolic_in_the_exponent():
    """<|x|^2q> = 2^q Gamma(q + 1/2)/sqrt(pi); fold and chaos edge against brute force on Delta = S + g^2 P."""
    found = homogeneous_readout(target(), activation("power(q) where q>0"))
    q, G, P1 = Symbol("q", positive=True), Symbol("G", real=True), Symbol("P1", positive=True)
    assert found.laws["P1"].equals(2**q * gamma(q + Rational(1, 2)) / sqrt(pi))
    assert (found.laws["bulk_radius^2"] - G * q / (2 * q - 1)).cancel() == 0  # G/R^2 = 2 - 1/q
    assert found.under("without input")["lambda_ls"] == q
    exponent = next(iter(found.laws["P1"].free_symbols))
    points = {"fold": found.under("fold"), "edge": found.under("loss of stability")}
    squared = {key: point["ghat^2"].subs(P1, found.laws["P1"]) for key, point in points.items()}

    D = np.geomspace(1, 1e3, 2_000_001)  # at S = 1 the coupling at a given Delta is explicit
    for n in (1.5, 3.0):
        P = float(found.laws["P1"].subs(exponent, Rational(str(n)))) * D**n
        assert float(squared["fold"].subs(exponent, Rational(str(n)))) == pytest.approx(np.max((D - 1) / P), rel=1e-9)
    n = 0.75  # R^2 = g^2 n^2 <|x|^(2n-2)> reaches 1
    P = float(found.laws["P1"].subs(exponent, Rational(3, 4)))
    W = n**2 * P / (2 * n - 1)
    edge = brentq(lambda D: (D - 1) / (P * D**n) * W * D ** (n - 1) - 1, 1.1, 1e3)
    assert float(
        points["edge"]["Delta0"].subs({exponent: Rational(3, 4), Symbol("S", positive=True): 1})
    ) == pytest.approx(edge)
    assert float(squared["edge"].subs(exponent, Rational(3, 4))) == pytest.approx((edge - 1) / (P * edge**n))


def test_what_homogeneity_says_in_words():
    relu, even = (forms(text) for text in ("relu(x)", "abs(x)"))
    remarks = " ".join(relu["Homogeneous"].remarks)
    assert "continuum" in remarks and "only fixed point" in remarks
    assert "reaches no target" in even["Limits"].reason and "Weak" not in even
    # marginal, as every homogeneous phi of degree 1
    assert relu["Homogeneous"].under("without input") == {"theta": 0, "lambda_ls": 1}
    assert all(homogeneous_readout(target(), activation(text)) is None for text in ("tanh(x)", "abs(x)"))
    steps = {s.title.split(",")[0]: s for s in relu["Homogeneous"].steps}
    assert "Without overlap of readout and input every output is a fixed point" in steps
    assert all(step.verify() for step in steps.values())
    assert homogeneous_readout(target(), activation("sign(x)")).laws["Delta0"] == Symbol("S", positive=True) + g**2


# ---- large targets -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, -1])
def test_large_targets_of_tanh(side):
    """Relative deviations from the mean field are of order 1/|A|: small at |A| = 10^3 and a tenth of that at 10^4."""
    network, laws = Network(TANH, FIG1E), large_target(target(), activation("tanh(x)")).under("snm not 0")
    deviations = {key: [] for key in laws}
    for size in (1e3, 1e4):
        results = network.results(0.9, side * size)
        for key, law in laws.items():
            claimed = complex(law.subs({**network.symbols, A: side * size, SIZE: size, g: 0.9}).evalf(20))
            deviations[key].append(abs(results[key] / claimed - 1))
    for key, (far, farther) in deviations.items():
        assert far < 0.03 and farther < 0.11 * far, (key, far, farther)


def test_large_targets_without_input_overlaps():
    """Where the coefficient of 1/A vanishes the outliers are a pair with lambda^2 ~ -G."""
    network, found = Network(TANH, ROW_7), large_target(target(), activation("tanh(x)"))
    assert found.laws["lambda_1"].subs(network.symbols) == 0 and "complex pair" in found.remarks[1]
    deviations = []
    for size in (1e3, 1e5):  # the trace over G^(1/2) is of order |A|^(-1/2)
        results = network.results(0.8, size)
        deviations.append(abs(results["lambda_1"] ** 2 / -results["G"] - 1))
        assert results["lambda_1"].imag != 0
    assert deviations[0] < 0.15 and abs(deviations[0] / deviations[1] / 10 - 1) < 0.05, deviations


def test_outliers_of_other_tails():
    """phi ~ |x|^p gives <phi'> ~ Delta^((p-1)/2): an outlier tends to p with a loop and to p - 1 without."""
    half, bounded, slow = (large_target(target(), activation(t)) for t in ("power(1/2)", "x/(1+x^2)", "atan(x)"))
    assert (half.laws["lambda_1"], half.under("snm = 0")["lambda_1"]) == (Rational(1, 2), -Rational(1, 2))
    assert half.laws["lambda_ls"] == Rational(1, 2)
    assert (bounded.laws["lambda_1"], bounded.under("snm = 0")["lambda_1"]) == (-1, -2)
    assert (slow.laws["lambda_1"] * SIZE).subs({smI: 0, snI: 0}) == sqrt(2) / (sqrt(pi) * sqrt(Sm2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sin(x)", "oscillates"),
        ("relu(x)", "as fast as x"),
        ("exp(x/2)", "no power law"),
        ("power(q) where q>0", "depends on the sign"),
    ],
)
def test_large_targets_that_are_not_derived(text, words):
    found = large_target(target(), activation(text))
    assert words in found.reason and found.steps == ()


# ---- the pole of C(A) ----------------------------------------------------------------------------------------------------------


def test_near_the_pole():
    """Both orders against the mean field on either side: the remainder is proportional to A - flex."""
    network, found = Network(TANH, FIG1E), near_pole(target(), activation("tanh(x)"))
    flex, g_ = float(found.laws["flex"].subs(network.symbols)), 0.3
    assert flex == pytest.approx(-0.2317574094, abs=1e-10)
    P, P1, Q, Q1, _ = network.averages(network.variance(g_, flex))
    letters = {
        "P": P,
        "P'": P1,
        "Q": Q,
        "Q'": Q1,
        "theta": 2 * flex * network.s(flex) * Q1 / Q,
        "s": network.s(flex),
        "flex": flex,
    }
    letters |= {"g": g_, "snm": network.snm, "snI": network.snI}
    for key in ("C", "lambda_1", "lambda_2", "H_slope"):
        row = found.laws[key]
        remainders = []
        for distance in (1e-3, 1e-4, -1e-4):
            exact = network.results(g_, flex + distance)[key]
            remainders.append((exact - by_name(row, {**letters, "A": flex + distance})) / distance)
        assert abs(remainders[0] / remainders[1] - 1) < 0.02 and abs(remainders[2] / remainders[1] - 1) < 0.02, (
            key,
            remainders,
        )


# ---- the steps, and what is printed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", one_in(3, ["max(-1, min(1, x))", "erf(x)", "relu(x)"]))
def test_steps_hold_and_notice_a_wrong_law(text):
    for limit in forms(text).values():
        for step in limit.steps if limit.formulas else ():
            assert step.verify() and not altered(step).verify(), step.title


@pytest.mark.heavy
@pytest.mark.parametrize(
    "text",
    ["tanh(x)", "power(q) where q>0", "atan(b*x) where b>0", "sigmoid(x)", "x^3", "power(5/2)", "power(2/3)"],
)
def test_steps_of_other_activations_hold(text):
    assert [step.title for limit in forms(text).values() for step in limit.steps if not step.verify()] == []


def test_printed_limits(capsys):
    assert main(["derive", "feedback", "-a", "relu(x)", "--format", "json"]) == 0
    limits = json.loads(capsys.readouterr().out)["limits"]
    for data in (limits, limits_data(list(forms("erf(x)").values()))["limits"]):
        rows = {(row["section"].split(",")[0].split(" for ")[0], row["left"]): row for row in data["rows"]}
        assert rows["near the pole of C(A)", "lambda_1"]["right"] == "flex/(A - flex) + theta + 1"
        assert rows["weak coupling", "H_slope"]["latex"].startswith(r"\mathrm{H\_slope} = a + ")
    assert rows["large |A|", "lambda_1"]["right"] == "-1"  # the last one, without loop
    assert any("complex pair" in remark for remark in data["remarks"])
    assert any("continuum" in remark for remark in limits["remarks"])
    written = forms("erf(x)")["Written"].laws
    assert not written["theta"].has(Average) and "lambda_ls" in written
