"""Networks that store patterns: results against reference values of independent quadrature, exact cases, and the boundary."""

import json

import numpy as np
import pytest

from numerics.solve.patterns import jacobian_of
from numerics.solve.solver import Solver
from quenched.cli import main
from tests.effort import one_in
from theory.errors import DomainError, InputError

LAWS = {"ln": "lognormal", "ga": "gamma", "hn": "halfnormal", "sp": "sparse"}
# law, n, sigma, theta, CV, alpha | b, beta^2, <g>, row sum, norm noself, norm self, edge noself, edge self | outliers noself |
# alpha_bulk noself, alpha_out noself, alpha_out bias, alpha_bulk self
TABLE = """
ln 1 .5 -1 1 .1 | 1.037564 .004600 .843811 -.054053 .346593 .328885 .970940 .972307 | | .199625 - - .192959
ln 1 .5 -1 1 .5 | 1.037564 .004600 .843811 -.054053 1.039779 .736797 1.051106 1.052242 | | .199625 - - .192959
ln 1 .3 -.5 .5 .05 | 1.005442 .000120 .982762 .497632 .230678 .224838 .999662 .999675 | | .054558 - - .054372
ln 1 1 -1 1.5 .1 | 1.113439 .038756 .609771 -.362181 .376903 .358163 .858030 .866615 | .981239 -.222929 | .339968 - .096807 .307750
ln .9 .5 -1 1 .01 | 1.245867 .005361 .774387 .001953 .125430 .124804 .996627 .996843 | | .012471 - - .012274
ln .5 .5 -2 .5 .1 | 2.787551 1.069953 .549651 -.690064 .991093 .946534 1.839542 1.847398 | -.351132 | 0 - - 0
ln 1 .3 1 .5 .1 | 1.005442 .000120 .982762 1.997632 .335167 .317969 1.002474 1.002488 | 1.964051 | .054558 0 - .054372
ln 1 1 -.5 1 .1 | 1.150026 .036167 .679885 .241869 .388548 .369154 .936173 .941618 | .999916 | .208044 .101270 .073540 .191937
ln 1 .5 -1 1.5 .3 | 1.033181 .005857 .768144 -.094380 .678228 .568110 .996290 .999649 | | .315509 - .308165 .301471
ln .5 .5 0 .5 .5 | 2.787551 1.069953 .549651 1.309936 2.973280 2.226022 2.328970 2.348053 | | 0 - - 0
ga 1 .5 -1 1 .05 | 1.089233 .024823 .778780 -.105462 .252488 .246227 .962405 .964848 | -.084734 | .098586 - - .093402
ga .9 1 -1 1.5 .1 | 1.507759 .205035 .456659 -.600068 .524761 .500115 .953823 .970100 | -.267197 | .141073 - - .123748
ga 1 1 -1 1 .04 | 1.271443 .122464 .637791 -.366349 .269183 .264131 .952809 .957565 | -.212908 | .073620 - .057760 .067824
hn .7 .5 0 .7555 .3 | 1.679866 .040323 .604804 1.119630 1.107560 .929444 1.244574 1.249075 | | 0 - - 0
ga .7 .5 0 1 .3 | 1.897723 .105887 .575033 1.184648 1.260483 1.061030 1.402670 1.410615 | | 0 - - 0
sp 1 .5 -1 .5 .1 | 1.157414 .008939 .360506 -.490142 .387090 .367361 .711594 .749790 | .840739 -.164135 | .391469 - .345555 .314882
"""


def rows():
    for line in TABLE.strip().splitlines():
        given, values, outliers, loads = line.split("|")
        law, *numbers = given.split()
        yield (
            law,
            tuple(map(float, numbers)),
            [*map(float, values.split())],
            [*map(float, outliers.split())],
            loads.split(),
        )


def law_of(law, CV):
    return {
        "law": LAWS[law],
        **({} if law == "hn" else {"CV": CV}),
        **({"f": 0.3, "eps": 0.02} if law == "sp" else {}),
    }


@pytest.mark.parametrize(("law", "given", "values", "outliers", "loads"), one_in(4, list(rows())), ids=str)
def test_reference_values(law, given, values, outliers, loads):
    n, sigma, theta, CV, alpha = given
    solver = Solver("attractor", f"threshold_power({n:g},{sigma:g},{theta:g})")
    own = law_of(law, CV)
    noself, with_self, bias = (solver.solve(alpha=alpha, variant=v, **own) for v in ("noself", "self", "bias"))
    b, beta2, gain, row_sum, norm, norm_self, edge, edge_self = values
    found = noself.observables
    expected = {"b": b, "beta2": beta2, "mean_gain": gain, "row_sum": row_sum, "norm": norm, "edge": edge}
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=2e-6)
    assert with_self.observables["norm"] == pytest.approx(norm_self, abs=2e-6)
    assert with_self.observables["edge"] == pytest.approx(edge_self, abs=2e-6)
    assert noself.details["outliers"] == pytest.approx(outliers, abs=2e-6)
    loaded = [
        found["alpha_bulk"],
        found["alpha_out"],
        bias.observables["alpha_out"],
        with_self.observables["alpha_bulk"],
    ]
    unstable = found["alpha_bulk"] == 0  # a bulk beyond 1 at every load hides where outliers are
    for value, text in zip(loaded, loads, strict=True):
        assert np.isnan(value) or unstable if text == "-" else value == pytest.approx(float(text), abs=2e-6)
    assert found["alpha_S"] == min(x for x in loaded[:2] if not np.isnan(x))


@pytest.mark.parametrize(
    ("text", "law", "CV", "alpha", "theta_c"),
    one_in(
        2,
        [
            ("threshold_power(1,1,-0.5)", "ln", 1, 0.1, -0.498096),
            ("threshold_power(1,.5,-2)", "ln", 1, 0.1, -0.042594),  # that of phi with another threshold
            ("threshold_power(1,1,-1)", "ln", 1.5, 0.1, -0.416893),
            ("threshold_power(1,.5,-1)", "ga", 1.5, 0.15, -0.063083),
        ],
    ),
)
def test_critical_threshold(text, law, CV, alpha, theta_c):
    solver = Solver("attractor", text)
    assert solver.solve(alpha=alpha, **law_of(law, CV)).observables["theta_c"] == pytest.approx(theta_c, abs=2e-6)
    *rest, _ = text.rsplit(",", 1)
    at = Solver("attractor", f"{rest[0]},{theta_c - 1e-4})").solve(alpha=alpha, **law_of(law, CV))
    assert (
        at.stable
        and not Solver("attractor", f"{rest[0]},{theta_c + 1e-3})").solve(alpha=alpha, **law_of(law, CV)).stable
    )


def test_exact_eigenvalues():
    """A power law without threshold has the eigenvalue n; a constant gain the bulk 1 and the outlier 1 + theta."""
    power = Solver("attractor", "relu(x)^(3/2)").solve(alpha=0.2, law="gamma", CV=0.8, units=500)
    assert power.details["outliers"][0] == pytest.approx(1.5, rel=1e-12)
    linear = Solver("attractor", "threshold_linear(0.5)").solve(alpha=0.3, CV=1.2)
    assert linear.observables["edge"] == 1 and linear.details["outliers"] == pytest.approx([1.5], rel=1e-12)
    assert not linear.stable and linear.observables["alpha_S"] == 0


def test_a_law_of_two_rates_is_solved_exactly():
    """With rates 1/2 and 3/2 the conditions at lambda = 1 are polynomials; SymPy solves them to 30 digits."""
    from sympy import N, Rational, exp, log, nsolve, symbols

    t, load = symbols("t load")
    solver = Solver("attractor", "softplus(x)")
    found = solver.solve(alpha=0.02, law="samples", samples=[0.5, 1.5]).observables
    # softplus: u = log(exp(r) - 1), g = 1 - exp(-r); two rates leave nothing unexplained
    rates = [Rational(1, 2), Rational(3, 2)]
    inputs, gains = [log(exp(r) - 1) for r in rates], [1 - exp(-r) for r in rates]
    b = N(inputs[1] - inputs[0], 40)
    assert found["b"] == pytest.approx(float(b), rel=1e-13) and found["beta2"] == pytest.approx(0, abs=1e-12)
    c0 = -b * load / (1 - load)
    omegas = [1 / (1 - c0 * g + t * (1 - b * g)) for g in gains]
    first = load - sum(t * (1 - b * g) * w for g, w in zip(gains, omegas, strict=True)) / 2
    second = sum((1 - b * g) * (1 - c0 * g) * w**2 for g, w in zip(gains, omegas, strict=True)) / 2
    if found["alpha_bulk"] > 0:
        exact = nsolve((first, second), (t, load), (2 * found["alpha_bulk"], found["alpha_bulk"]), prec=30)
        assert found["alpha_bulk"] == pytest.approx(float(exact[1]), rel=1e-9)


def test_what_depends_on_the_largest_gains_is_not_resolved():
    solver = Solver("attractor", "threshold_power(2,0.3,0)")
    whole, cut = solver.solve(alpha=0.1, CV=0.5), solver.solve(alpha=0.1, CV=0.5, units=1000)
    assert np.isnan(whole.observables["edge"]) and any("not resolved" in text for text in whole.messages)
    assert whole.details["outliers"] == pytest.approx([1.845900], abs=1e-4)  # outliers do not depend on them
    assert 1.0 < cut.observables["edge"] < 1.2


@pytest.mark.parametrize(
    ("text", "variant", "radii"),
    [
        ("threshold_power(.5,.5,0)", "noself", (2.329, 2.282, 2.129)),
        ("threshold_power(.5,.5,0)", "self", (2.348, 2.302, 2.155)),
    ],
)
def test_boundary_in_the_plane(text, variant, radii):
    """Against the boundary found along rays by an independent program."""
    jacobian = jacobian_of(Solver("attractor", text), {"law": "lognormal", "variant": variant, "CV": 0.5})
    with np.errstate(all="ignore"):
        curve = jacobian.boundary_curve(0.5, 24)
    half = curve.real > 1.5
    assert np.interp([0, 0.1, 0.2], np.angle(curve)[half], np.abs(curve)[half]) == pytest.approx(radii, abs=2e-3)


def test_one_given_set_of_patterns():
    """Moments of all patterns with the rates of one of them: what a simulated network of this size shows."""
    solver = Solver("attractor", "threshold_power(1,1,-0.5)")
    rates = np.exp(np.random.default_rng(3).normal(size=(4000, 40)) * np.log(2) ** 0.5 - np.log(2) / 2)
    jacobian = jacobian_of(solver, {"law": "lognormal", "variant": "noself", "CV": 1.0}, rates)
    edge, _ = jacobian.edge(0.1)
    assert edge == pytest.approx(0.936173, abs=0.02)


@pytest.mark.parametrize(
    ("words", "sentence"),
    {
        "alpha=0.1 CV=0": "CV must be a number from 0 to 1e+06, without 0",
        "alpha=1 CV=1": "alpha must be a number between 0 and 1",
        "alpha=0.1": "CV is missing",
        "alpha=0.1 law=normal CV=1": "one of lognormal, gamma, halfnormal, sparse, samples",
        "alpha=0.1 law=sparse CV=1 f=2 eps=0.1": "f must be a number from 0 to 1, without 0",
        "alpha=0.1 law=halfnormal CV=1": "CV has a meaning only with law=lognormal or gamma or sparse",
        "alpha=0.1 law=samples samples=/nowhere": "/nowhere",
        "alpha=0.1 law=samples samples=/nowhere units=100": "units has a meaning only with law=lognormal or gamma",
        "alpha=0.1 CV=1 units=3": "units must be a number >= 10, or 0",
        "alpha=0.1 CV=1e4 law=gamma": "could not be resolved: rates, inputs or gains are too far apart",
    }.items(),
)
def test_refusals(capsys, words, sentence):
    assert main(["solve", "attractor", "-a", "softplus(x)", *words.split()]) == 2
    assert sentence in capsys.readouterr().err


def test_rates_that_phi_does_not_take(capsys):
    assert main(["solve", "attractor", "-a", "tanh(x)", "alpha=0.1", "CV=1"]) == 2
    assert "phi does not take the rate 1." in capsys.readouterr().err
    with pytest.raises(DomainError, match="does not increase"):
        Solver("attractor", "x/(1+x^2)").solve(alpha=0.1, law="samples", samples=[0.1, 0.2, 0.6])
    with pytest.raises(InputError):
        Solver("attractor", "tanh(x)").solve(alpha=0.1, law="samples", samples=[0.5, -0.1])
    inside = Solver("attractor", "x/(1+x^2)").solve(alpha=0.1, law="samples", samples=[0.1, 0.2, 0.3, 0.45])
    assert 0 < inside.observables["mean_gain"] < 1


def test_command_line(capsys, tmp_path):
    file = tmp_path / "rates.txt"
    file.write_text("0.2\n1.1  # a comment\n\n2.4\n0.7\n")
    words = ["attractor", "-a", "softplus(x)", "alpha=0.05", "law=samples", f"samples={file}"]
    assert main(["solve", *words, "--json", "--boundary", "5"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["parameters"]["samples"] == {"file": str(file), "count": 4} and len(data["boundary"]) > 5
    assert set(data["observables"]) >= {"outliers", "mechanism", "alpha_S", "theta_c"}
    assert main(["emit", *words[:3], "-o", str(tmp_path / "solver.py")]) == 0
    assert (
        main(["sweep", "attractor", "-a", "softplus(x)", "alpha=0.1", "CV=0.5:1.5:3", "-o", str(tmp_path / "s.csv")])
        == 0
    )
    assert main(["simulate", *words, "N=60", "couplings=2", "patterns=2", "--json"]) == 0
    capsys.readouterr()
    assert main(["validate", *words, "N=60,90", "couplings=2", "patterns=2", "--json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["parameters"]["samples"]["count"] == 4


def test_figure_of_the_spectrum(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "spectrum.svg"
    assert (
        main(["solve", "attractor", "-a", "threshold_power(1,1,-0.5)", "alpha=0.1", "CV=1", "--plot", str(path)]) == 0
    )
    assert "boundary of the bulk" in path.read_text()
    assert main(["solve", "static", "-a", "x", "g=0.5", "sigma=1", "--plot", str(path)]) == 2
    assert "has no figure of one solution" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["threshold_power(6/5,0.5,0)", "threshold_power(0.9,0.5,0)"])
def test_a_broken_power_at_threshold_zero_is_inverted(text):
    assert Solver("attractor", text).solve(alpha=0.05, CV=1).observables["mean_gain"] > 0


def test_the_boundary_ends_at_the_edge_of_a_cut_law():
    solver = Solver("attractor", "threshold_power(1.5,0.5,-1)")
    solution = solver.solve(alpha=0.1, CV=0.7, units=500)
    with np.errstate(all="ignore"):
        curve = jacobian_of(solver, solution.parameters).boundary_curve(0.1, 12)
    assert curve[0].real == pytest.approx(solution.observables["edge"], rel=1e-9) and np.all(curve[1:-1].imag > 0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"units": 1}, "give 10 or more"),
        ({"law": "gama"}, "is none of lognormal"),
        ({"variant": "slef"}, "is none of noself"),
        ({"law": "samples", "samples": (0.5,)}, "all patterns would be the same"),
    ],
    ids=str,
)
def test_emitted_solvers_refuse(given, sentence):
    module = Solver("attractor", "softplus(x)").module
    with pytest.raises(ValueError, match=sentence):
        module.solve(0.1, **given)
    with pytest.raises(ValueError, match="between 0 and 1"):
        module.solve(1.5)


@pytest.mark.parametrize("variant", ["noself", "bias"])
def test_a_narrow_law_does_not_cancel(variant):
    """For CV -> 0 everything is a deviation from the mean: relative to CV, the results settle."""
    solver = Solver("attractor", "softplus(x)")
    at = {CV: solver.solve(alpha=0.1, CV=CV, units=1000, variant=variant) for CV in (1e-3, 1e-5)}
    wide, narrow = ((found.observables["edge"] - 1) / CV for CV, found in at.items())
    assert narrow == pytest.approx(wide, rel=5e-3) and all(found.details["outliers"] == [] for found in at.values())
    with pytest.raises(DomainError, match="all patterns would be the same"):
        solver.solve(alpha=0.1, law="samples", samples=[1, 1 + 1e-9])


def test_moments_that_the_tail_decides_are_not_resolved():
    found = Solver("attractor", "threshold_power(0.6,0.5,-1)").solve(alpha=0.1, CV=3).observables
    assert all(np.isnan(found[key]) for key in ("b", "beta2", "norm", "edge")) and found["mean_gain"] > 0


@pytest.mark.parametrize("text", ["softplus(x)-log(2)", "(x+sqrt(x^2+1/4))/2-1/10"])
def test_an_activation_that_is_zero_at_an_input_is_inverted(text):
    """Tiny rates are differences of larger numbers there, rounded; a jump is none."""
    assert Solver("attractor", text).solve(alpha=0.1, law="gamma", CV=1).observables["mean_gain"] > 0
    with pytest.raises(DomainError, match="does not take the rate"):
        Solver("attractor", "x+step(x)/1000").solve(alpha=0.1, law="gamma", CV=1)


def test_a_bulk_that_ends_in_an_atom():
    """Of two rates, from the load 1/2 of the units with the larger gain on: det(lambda - D W) has the zero b g many times."""
    found = Solver("attractor", "softplus(x)").solve(alpha=0.9, law="samples", samples=[0.4, 1.7]).observables
    gain, b = -np.expm1(-1.7), (np.log(np.expm1(1.7)) - np.log(np.expm1(0.4))) / 1.3
    assert found["edge"] == pytest.approx(b * gain, rel=1e-12)


def test_bends_of_phi_near_the_rates():
    """Moments of an activation whose inverse has singularities near the real axis, against sums of 20001 terms."""
    found = Solver("attractor", "x*(15+x^2)/(15+6*x^2)").solve(alpha=0.2, CV=0.8).observables
    assert (found["b"], found["beta2"]) == pytest.approx((6.48210526337, 1.31218004052), abs=1e-7)


@pytest.mark.parametrize(
    ("alpha", "variant", "reason"),
    [(0.4, "noself", "the bulk is above 1"), (0.1, "bias", "do not depend on the threshold"), (0.1, "self", None)],
)
def test_why_there_is_no_critical_threshold(alpha, variant, reason):
    solution = Solver("attractor", "threshold_power(1,0.5,-1)").solve(alpha=alpha, CV=1, variant=variant)
    assert reason in solution.absent["theta_c"] if reason else "theta_c" not in solution.absent
    assert "no outlier reaches 1" in solution.absent["alpha_out"] and not any(
        "not defined" in m for m in solution.messages
    )
