"""Generated modules: they stand alone, say what they are, are cached safely, and evaluate what the theory says."""

import ast
import importlib.util
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sympy import Rational

from numerics.averages.average import average
from numerics.codegen import cache
from numerics.codegen.module import emit
from numerics.files import write_atomically
from numerics.solve.solver import Solver
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.integrand import certified
from theory.errors import InputError
from theory.models import derive
from theory.symbols import Delta, phi, x

THEORY = derive("static")
TEXTS = [
    "tanh(x)",
    "x/(1+a*x^2) where a>0",
    "power(1/2)",
    "sign(x)",
    "min(1,max(-1,x))",
    "x-x^3/20",
    "erf(x)",
    "pade(tanh, 3, 4)",
]


@pytest.fixture(scope="module", params=one_in(4, TEXTS))
def emission(request):
    return request.param, emit(THEORY, Activation.from_text(request.param))


def test_needs_numpy_and_scipy_only(emission, tmp_path):
    text, code = emission
    path = tmp_path / "solver.py"
    path.write_text(code.text)
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(ast.parse(code.text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {"functools", "numpy"} <= imported <= {"functools", "numpy", "scipy"}
    extra = ", 0.4" if "where" in text else ""
    program = (
        "import sys, solver\n"
        f"r = solver.solve(0.3, 0.9{extra})\n"
        "assert 0 < float(r['D_x']) <= 1 and abs(float(r['residual'])) < 1e-12\n"
        "assert not {'sympy', 'theory', 'numerics', 'quenched'} & set(sys.modules), sys.modules\n"
        "assert solver.__doc__ and all(getattr(solver, f).__doc__ for f in ('phi', 'solve', "
        "'observables', 'self_consistency'))\n"
    )
    subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{program}"],
        check=True,
    )


def test_is_clean_code(emission, tmp_path):
    path = tmp_path / "solver.py"
    path.write_text(emission[1].text)
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E9,F",
        "--line-length",
        "120",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_text_is_reproducible_under_any_hash_seed():
    text = "x*(1+b*x^2)/(1+a*x^2)+tanh(x)-erf(2*x) where a>0, b>0"
    program = (
        "from numerics.codegen.module import emit; from theory.activation.activation import Activation; from "
        "theory.models import derive\n"
        f"import sys; sys.stdout.write(emit(derive('static'), Activation.from_text({text!r})).text)"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    ).stdout
    assert elsewhere == emit(THEORY, Activation.from_text(text)).text


@pytest.mark.parametrize(
    "text", one_in(6, ["erf(x)", "tanh(x)", "pade(tanh, 3, 4)", "power(3/4)", "x*exp(-x^2)", "min(1,max(-1,x))"])
)
def test_averages_of_the_module_are_certified(text):
    """The module's own averages against 30-digit mpmath, at variances on both sides of every switch."""
    activation = Activation.from_text(text)
    module = Solver("static", activation).module
    names = {"mean_phi2": 0, "mean_phi2_d2": 1, "mean_dphi": 2, "mean_dphi2": 3}
    order = {str(a): a for a in THEORY.averages}
    nodes = dict(
        zip(
            ("mean_phi2", "mean_phi2_d2", "mean_dphi", "mean_dphi2"),
            ("<phi**2>", "<(phi**2)''>", "<phi'>", "<phi'**2>"),
            strict=True,
        )
    )
    for name in names:
        for variance in (Rational(1, 10**6), Rational(3, 100), Rational(9, 10), Rational(70), Rational(10**6)):
            exact = certified(order[nodes[name]], activation, {Delta: variance}, 20)
            assert float(getattr(module, name)(float(variance))) == pytest.approx(
                float(exact), rel=1e-12, abs=1e-280
            ), (name, variance)


def test_price_derivative_is_the_slope():
    module = Solver("static", "sin(x)+x/2").module
    for delta in (0.1, 1.0, 7.0):
        step = 1e-5 * delta
        numeric = (
            module.self_consistency(delta + step, 1.2, 1.0) - module.self_consistency(delta - step, 1.2, 1.0)
        ) / (2 * step)
        assert float(module.self_consistency_slope(delta, 1.2, 1.0)) == pytest.approx(float(numeric), rel=1e-8)


def test_phi_of_the_module():
    points = np.array([-3.0, -1.0, -0.2, 0.0, 0.4, 1.0, 5.0])
    module = Solver("static", "min(1,max(-1,x))").module
    assert np.array_equal(module.phi(points), np.clip(points, -1, 1))
    module = Solver("static", "a*tanh(x)^3 where a>0").module
    assert module.phi(points, 2.0) == pytest.approx(2 * np.tanh(points) ** 3)
    assert module.phi_prime(points, 2.0) == pytest.approx(6 * np.tanh(points) ** 2 / np.cosh(points) ** 2)


def test_cache_is_used_and_verified(tmp_path, monkeypatch):
    monkeypatch.setenv("QUENCHED_CACHE", str(tmp_path))
    activation = Activation.from_text("tanh(x)/(1+x^2)")
    name = f"static_{cache.content_key('static', activation)}"
    monkeypatch.delitem(sys.modules, name, raising=False)
    assert cache.load_cached(name) is None
    Solver("static", activation)
    path = tmp_path / f"{name}.py"
    assert path.exists() and not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    monkeypatch.delitem(sys.modules, name)
    assert cache.load_cached(name) is not None
    monkeypatch.delitem(sys.modules, name)
    path.write_text(path.read_text().replace("return", "raise SystemExit; return", 1))
    assert cache.load_cached(name) is None, "an altered file must not be executed"
    assert float(Solver("static", activation).module.solve(0.5, 1.0)["Delta"]) > 1


def test_an_unwritable_cache_is_no_obstacle(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("QUENCHED_CACHE", str(blocked / "below"))
    assert float(Solver("static", "tanh(x)/(2+x^2)").module.solve(0.5, 1.0)["Delta"]) > 1


def plant(path, kind):
    """Something in the place of a cached module that is no text of this toolkit."""
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        (path.parent / "target").write_text("kept")
        path.symlink_to(path.parent / "target")
    else:
        path.write_bytes(b"\xff\xfe\x00" if kind == "bytes" else b"")


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "bytes", "nothing"])
def test_what_is_planted_in_the_cache_is_neither_run_nor_followed(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("QUENCHED_CACHE", str(tmp_path))
    plant(tmp_path / f"quenched_{kind}.py", kind)
    module = cache.cached(f"quenched_{kind}", lambda: "VALUE = 3\n")
    monkeypatch.delitem(sys.modules, f"quenched_{kind}")
    assert module.VALUE == 3 and (kind != "link" or (tmp_path / "target").read_text() == "kept")
    assert kind == "folder" or ((again := cache.load_cached(f"quenched_{kind}")) is not None and again.VALUE == 3)


def test_bytecode_beside_a_cached_module_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setenv("QUENCHED_CACHE", str(tmp_path))
    cache.store("quenched_planted", "VALUE = 3\n")
    monkeypatch.delitem(sys.modules, "quenched_planted")
    (tmp_path / "other.py").write_text("VALUE = 4\n")
    planted = importlib.util.cache_from_source(str(tmp_path / "quenched_planted.py"))
    py_compile.compile(
        str(tmp_path / "other.py"), planted, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    assert cache.load_cached("quenched_planted").VALUE == 3


def test_a_folder_to_which_others_may_write_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("QUENCHED_CACHE", str(tmp_path))
    tmp_path.chmod(0o777)
    for use in (lambda: cache.load_cached("quenched_shared"), lambda: cache.store("quenched_shared", "VALUE = 3\n")):
        with pytest.raises(InputError, match="chmod 700"):
            use()
    assert "quenched_shared" not in sys.modules


def test_nothing_is_left_half_written(tmp_path, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "solver.py", "text")
    assert list(tmp_path.iterdir()) == []


def test_keys_differ_when_the_content_does():
    keys = {
        cache.content_key("static", Activation.from_text(t))
        for t in ("tanh(x)", "tanh(2*x)", "tanh(a*x) where a>0", "tanh(a*x) where a")
    }
    assert len(keys) == 4


def test_clashing_names_and_targets():
    with pytest.raises(InputError, match="target 'fortran'"):
        emit(THEORY, Activation.from_text("tanh(x)"), "fortran")
    assert Path(cache.cache_directory()).is_dir()


def test_infinite_and_nearly_infinite_averages():
    """<phi^2> of tanh(x) exp(x^2/10) is finite for Delta < 5/2 only; close below, the integrand outreaches double precision."""
    variances = np.array([0.5, 1.0, 2.0, 2.3, 2.5, 3.0, 100.0])
    values = average("phi^2", "tanh(x)*exp(x^2/10)", variance=variances)
    for variance, value in zip(variances[:4], values, strict=False):
        activation = Activation.from_text("tanh(x)*exp(x^2/10)")
        exact = certified(Average(phi(x) ** 2), activation, {Delta: Rational(str(variance))}, 15)
        assert value == pytest.approx(float(exact), rel=1e-12)
    assert np.all(np.isinf(values[4:]))
    assert np.isnan(average("phi^2", "tanh(x)*exp(x^2/10)", variance=2.4999))
    assert np.all(np.isinf(average("phi^2", "tanh(x)*exp(x^4/10)", variance=variances)))


def test_a_closed_form_is_not_used_outside_its_condition():
    """<phi'^2> of sign(x)|x|^p is infinite for p <= 1/2, where Gamma(p - 1/2) is finite and negative."""
    values = average("phi'^2", "power(p) where p>0", variance=2.0, p=np.array([0.3, 0.5, 0.75]))
    assert np.all(np.isinf(values[:2])) and np.isfinite(values[2])
    assert Solver("static", "power(p) where p>0").solve(g=1, sigma=1, p=0.4).observables["stability"] == np.inf
