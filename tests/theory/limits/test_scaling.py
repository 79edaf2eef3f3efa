"""Power laws: the scaling theory symbolic in the exponent, against published formulas, quadrature and the solver.

Source of the formulas: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; reference values 40-digit mpmath.
"""

import json
import math

import pytest
from sympy import Rational, S, Symbol, gamma, gammasimp, pi, sqrt

import quenched
from quenched.limits import limits_data, write_limits
from tests.alter import altered
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.derivation import same
from theory.limits.power_law import G, ghat, m, power_law, s, y
from theory.models import derive
from theory.symbols import Delta, g, sigma

p = Symbol("p", positive=True)


def law_of(text):
    return power_law(derive("static"), Activation.from_text(text))


def constants(law):
    return {m: law.laws["m"], G: law.laws["G"]}


def prefactor(law, key):
    """Of the power of Delta that a result is on the solution."""
    return law.under("on the solution")[key].subs(Delta, 1)


@pytest.fixture(scope="module")
def symbolic():
    return law_of("power(p) where p>0")


def test_published_formulas_symbolic_in_p(symbolic):
    """m_q = <|z|^q>; gamma = G_p s; everything depends on g sigma^(p-1) alone."""
    law = symbolic
    moment = 2**p * gamma(p + S.Half) / sqrt(pi)
    assert gammasimp(law.laws["m"] / moment) == 1
    assert gammasimp(law.laws["G"] * sqrt(pi) * gamma(p + S.Half) / (2 * gamma(1 + p / 2) ** 2)) == 1
    assert law.under("definitions")["ghat"] == g * sigma ** (p - 1)
    assert law.laws["y"] == 1 + ghat**2 * m * y**p
    assert same(prefactor(law, "D_phi"), (1 - G * s) ** 2)
    assert same(prefactor(law, "D_x"), (1 - G * s) ** 2 / (1 - G**2 * s**2 + s**2))
    assert same(prefactor(law, "slope"), p * s)
    assert same(prefactor(law, "stability"), p**2 * s / (2 * p - 1))
    conditions = {f.left: f.condition for f in law.formulas if f.section == "on the solution" and f.condition}
    assert conditions == {"stability": "p > 1/2"}


def test_weak_coupling(symbolic):
    assert same(symbolic.under("weak")["Delta/sigma^2"], 1 + ghat**2 * m + p * ghat**4 * m**2)
    gamma_weak = G * m * ghat**2  # <phi'>^2 = G m at unit variance: D_phi = 1 - 2 ghat^2 <phi'>^2 + ...
    assert same(symbolic.under("weak")["D_phi"].coeff(ghat, 2) * ghat**2, -2 * gamma_weak)


def test_strong_coupling(symbolic):
    strong = symbolic.under("strong")
    assert next(f for f in symbolic.formulas if "strong" in f.section).condition == "p < 1"
    assert same(strong["Delta"] - (m * g**2) ** (1 / (1 - p)), sigma**2 / (1 - p))
    assert same(strong["D_phi"], (1 - G) ** 2)
    assert same(strong["D_x"], 1 / ((1 + G) / (1 - G) + 1 / (1 - G) ** 2))
    # in powers of m g^2: Delta ~ g^(2/(1-p)), C_phi ~ g^(2p/(1-p)), standard deviations of covariances alike
    exponents = {"C_phi": p, "n_var_cov_x": 2, "n_var_cov_phi": 2 * p}
    for key, power in exponents.items():
        assert same((g * strong[key].diff(g) / strong[key] / 2).cancel(), power / (1 - p))


LIMITS = {
    "sign(x)": 0.1320451898341884,
    "power(1/4)": 0.03361734515073887,
    "power(1/3)": 0.01950151364560493,
    "power(1/2)": 0.005323549951174685,
    "power(3/4)": 0.0002664011388022921,
}


@pytest.mark.parametrize("text", one_in(2, LIMITS))
def test_limit_of_the_dimension(text):
    law = law_of(text)
    assert float(law.under("strong")["D_phi"].subs(constants(law))) == pytest.approx(LIMITS[text], rel=1e-14)


def test_special_points(symbolic):
    node, loss = symbolic.under("saddle-node"), symbolic.under("loss of stability")
    assert same(node["Delta/sigma^2"], p / (p - 1)) and same(loss["Delta/sigma^2"], p**2 / (1 - p) ** 2)
    conditions = {f.section: f.condition for f in symbolic.formulas}
    assert conditions["saddle-node"] == "p > 1" and conditions["loss of stability"] == "(p > 1/2) & (p < 1)"
    nodes = {Rational(3, 2): 0.4911215920585138, S(2): 0.2886751345948129, S(3): 0.09938079899999065}
    losses = {Rational(3, 5): 0.97187046361981, Rational(3, 4): 1.3379649309391, Rational(9, 10): 1.2809268212713}
    for point, values in ((node, nodes), (loss, losses)):
        for exponent, expected in values.items():
            value = point["ghat"].subs(constants(symbolic)).subs(p, exponent)
            assert float(value) == pytest.approx(expected, rel=2e-14), exponent


def test_numeric_exponents_have_their_regimes_only():
    sublinear, square_root, cubic, linear = laws = list(map(law_of, ("power(3/4)", "power(1/2)", "x^3", "x")))
    strong, node, loss = (
        [law.under(words) for law in laws] for words in ("strong", "saddle-node", "loss of stability")
    )
    assert strong[0] and loss[0] and not node[0]
    assert not loss[1] and square_root.facts["infinite"] == "stability is infinite"
    assert "stability" not in square_root.laws and "stability" in sublinear.laws
    assert not strong[2] and not loss[2]
    assert float(node[2]["ghat"].subs(constants(cubic))) == pytest.approx(1 / math.sqrt(101.25), rel=1e-14)
    assert not strong[3] and not node[3] and not loss[3]
    assert same(prefactor(linear, "D_phi").subs(constants(linear)), (1 - s) ** 2)


@pytest.mark.parametrize("text", ["tanh(x)", "x+x^3", "x/(1+x^2)", "power(1/2)+x", "max(-1, min(1, x))"])
def test_not_homogeneous(text):
    assert law_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("power(p) where p>0", marks=pytest.mark.heavy),
        "sign(x)",
        "-x^3",
        pytest.param("-b*abs(x)^(2*q)*sign(x) where q>0, b>0", marks=pytest.mark.heavy),
    ],
)
def test_every_step_holds(text):
    steps = law_of(text).steps
    assert [step.title for step in steps if not step.verify()] == []


@pytest.mark.parametrize("text", one_in(3, ["-x^3", "power(3/4)", "power(p) where p>0"]))
def test_a_wrong_law_does_not_pass(text):
    """Every step notices a change of its result."""
    assert [step.title for step in law_of(text).steps if altered(step).verify()] == []


@pytest.mark.parametrize(("exponent", "g", "sigma"), one_in(3, [(0.75, 1.1, 0.6), (0.5, 0.7, 1.3), (1.5, 0.2, 1.1)]))
def test_the_solver_agrees(symbolic, exponent, g, sigma):
    solution = quenched.Solver("static", "power(p) where p>0").solve(g=g, sigma=sigma, p=exponent)
    delta = solution.order_parameters["Delta"]
    given = {p: exponent, s: 1 - sigma**2 / delta, y: delta / sigma**2, Delta: delta}
    coupling = symbolic.under("collapse")["ghat^2"].subs(constants(symbolic)).subs(given)
    assert float(sqrt(coupling)) == pytest.approx(g * sigma ** (exponent - 1), rel=1e-12)
    for key in ("D_x", "D_phi", "n_var_cov_x", "n_var_cov_phi", "gain"):
        value = symbolic.under("on the solution")[key].subs(constants(symbolic)).subs(given)
        assert float(value) == pytest.approx(solution.observables[key], rel=1e-11), key


def derived(capsys, *words):
    from quenched.cli import main

    assert main(["derive", "static", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.heavy
def test_printed_by_derive(capsys):
    text = derived(capsys, "-a", "power(3/4)")
    assert "ghat = g/sigma**(1/4)" in text and "Delta/sigma^2 = 9" in text
    data = json.loads(derived(capsys, "-a", "power(1/2)", "--format", "json"))
    assert data["power_law"]["infinite"] == "stability is infinite"
    assert data["strong_coupling"]["laws"]["Delta"]["exponent"] == "4"


def test_written_in_every_style(symbolic):
    text = write_limits([symbolic], "text")
    assert "ghat = g*sigma**(p - 1)" in text and "Delta/sigma^2 = p/(p - 1)   for p > 1" in text
    assert "Stability is infinite unless p > 1/2" in text
    markdown = write_limits([symbolic], "markdown")
    assert "## Power law of exponent p" in markdown and r"\hat g = g \sigma^{p - 1}" in markdown
    assert r"\mathrm{D\_phi} \to \left(G - 1\right)^{2}" in write_limits([symbolic], "latex")
    rows = {(row["section"], row["left"]): row for row in limits_data([symbolic])["power_law"]["rows"]}
    assert rows["saddle-node", "Delta/sigma^2"]["right"] == "p/(p - 1)"
    assert rows["loss of stability", "s"]["condition"] == "(p > 1/2) & (p < 1)"


@pytest.mark.heavy
def test_steps_are_printed_and_hold(capsys):
    out = derived(capsys, "-a", "power(3/4)", "--steps")
    assert "Lagrange inversion" in out and "energy conservation" in out and "FAILS" not in out
