"""Array libraries: the same step, the same activation, the same numbers; those not installed are skipped or refused."""

import sys

import numpy as np
import pytest
from sympy import lambdify

from numerics import backends
from numerics.backends import Backend, Functions, backend_named, functions_for
from numerics.codegen.backends import array_functions, emit_for_arrays
from numerics.simulate.in_time import simulate
from theory.activation.activation import Activation
from theory.errors import InputError
from theory.symbols import x

NETWORKS = [
    {"g": 1.3, "noise": "none"},
    {"g": 1.3, "eta": -0.5, "noise": "white", "sigma": 1.0},
    {"g": 1.3, "noise": "ou", "sigma": 1.0, "tau_n": 2.0},
]
SMALL = {"N": 20, "couplings": 2, "samples": 4, "T": 3, "burn": 2, "seed": 3}
POINTS = np.array([-30.0, -2.5, -1.0, -0.3, 0.0, 1e-3, 0.7, 1.0, 4.0, 40.0])
TEXTS = [
    "tanh(x)",
    "erf(x)",
    "x/(1+x^2/3)",
    "relu(x)-1/10",
    "power(1/2)",
    "softplus(x)",
    "sign(x)",
    "asinh(x)*exp(-x^2/9)",
    "atan(a*x) where a>0",
    "max(-1, min(1, x))",
]


class Unchanging(Backend):
    """The least a library can offer: NumPy's arrays, none of which may be written to."""

    name = "unchanging"

    def asarray(self, host):
        array = np.array(host, dtype=self.dtype)
        array.setflags(write=False)
        return array

    def tohost(self, array):
        return np.asarray(array)

    def stack(self, rows):
        return self.asarray(np.stack(rows))

    def product(self, J, columns):
        return self.asarray(J @ columns)


@pytest.fixture(params=["unchanging", "jax", "torch"])
def name(request, monkeypatch):
    if request.param != "unchanging":
        pytest.importorskip(request.param)
    monkeypatch.setitem(backends.BACKENDS, "unchanging", Unchanging)
    return request.param


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n["noise"])
def test_same_numbers_in_every_library(name, network):
    phi, slope = array_functions(Activation.from_text("tanh(x)"), {})
    transfer = ((1.0,), (0.5, 1.2, 1.0)) if network["noise"] == "white" else ((1.0,), (1.0, 1.0))
    options = {**SMALL, "phi_prime": slope, "transfer": transfer}
    ours, theirs = (simulate(phi, network, **options, backend=which) for which in ("numpy", name))
    assert theirs.backend == name
    assert ours.statistics.keys() == theirs.statistics.keys() and ("slope" in ours.statistics) == ("eta" in network)
    for key, values in ours.statistics.items():
        assert theirs.statistics[key] == pytest.approx(values, rel=1e-10, abs=1e-12), key
    single = simulate(phi, network, **options, backend=name, precision=32)
    reference = simulate(phi, network, **options, precision=32)
    for key, values in reference.statistics.items():
        assert single.statistics[key] == pytest.approx(values, rel=1e-4, abs=1e-4), key


def arrays_of(name, dtype):
    if name == "numpy":
        return lambda values: np.asarray(values, dtype)
    pytest.importorskip(name)
    return backend_named(name, 8 * np.dtype(dtype).itemsize).asarray


@pytest.mark.parametrize("name", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("text", TEXTS)
def test_activation_in_every_library(name, text):
    """Against SymPy's own translation of the definition; the precision of the argument is kept."""
    activation = Activation.from_text(text)
    values = {p.name: 1.7 for p in activation.parameters}
    phi, slope = array_functions(activation, values)
    own = [values[p.name] for p in activation.parameters]
    exact = lambdify([x, *activation.parameters], activation.expression, ["scipy", "numpy"])
    points = POINTS[POINTS != 0] if text == "sign(x)" else POINTS  # at a jump, the value on its right
    expected = np.array([float(exact(point, *own)) for point in points])
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 3e-6)):
        asarray = arrays_of(name, dtype)
        with np.errstate(all="ignore"):
            found, slopes = phi(asarray(points)), slope(asarray(points))
        assert np.asarray(found).dtype == dtype and np.asarray(slopes).dtype == dtype
        assert np.asarray(found) == pytest.approx(expected, rel=tolerance, abs=tolerance)
        with np.errstate(all="ignore"):
            step = 1e-6
            derivative = (phi(points + step) - phi(points - step)) / (2 * step)
        smooth = ~np.isin(points, [-1.0, 0.0, 1.0])
        assert np.asarray(slopes)[smooth] == pytest.approx(derivative[smooth], rel=1e-4, abs=1e-5)


def test_pieces_do_not_overflow_each_other():
    """exp(x) for x < 0 and 1 + x above: the first is not evaluated at 1000."""
    activation = Activation.from_text("Piecewise((exp(x), x < 0), (1 + x, True))")
    phi, _ = array_functions(activation, {})
    with np.errstate(over="raise"):
        assert phi(np.array([-1.0, 1000.0])) == pytest.approx([np.exp(-1.0), 1001.0])
    assert "import" not in emit_for_arrays(activation)


def test_constants_stay_plain_numbers():
    functions, special = functions_for(POINTS)
    assert type(functions.sqrt(2.0)) is float and type(special.erf(1)) is float and type(functions.pi) is float
    assert functions.sqrt(np.float32([2.0])).dtype == np.float32
    with pytest.raises(InputError, match="backend=abacus has no function tanh, which this activation needs"):
        _ = Functions(object(), np, "abacus").tanh


@pytest.mark.parametrize(("module", "title"), [("jax", "JAX"), ("torch", "PyTorch")])
def test_missing_library_is_named(module, title, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(InputError, match=rf"backend={module} needs {title}: pip install 'quenched\[{module}\]'"):
        simulate(np.tanh, NETWORKS[0], **SMALL, backend=module)
    with pytest.raises(InputError, match="backend = cuda is unknown; allowed: numpy, jax, torch"):
        simulate(np.tanh, NETWORKS[0], **SMALL, backend="cuda")
