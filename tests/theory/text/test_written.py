"""Names of machine learning: the functions that other libraries compute under them, written out here in NumPy."""

import numpy as np
import pytest
from scipy import special

from numerics.codegen.backends import array_functions
from theory.activation.activation import Activation
from theory.errors import InputError
from theory.text.names import callables
from theory.text.written import SPELLINGS, WRITTEN


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elu(x, a=1.0):
    return np.where(x > 0, x, a * np.expm1(x))


FUNCTIONS = {
    "gelu(x)": lambda x: x * special.ndtr(x),
    "nn.GELU(x)": lambda x: x * special.ndtr(x),
    "gelu_tanh(x)": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "torch.nn.functional.silu(x)": lambda x: x * sigmoid(x),
    "swish(2*x)": lambda x: 2 * x * sigmoid(2 * x),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "elu(x)": elu,
    "F.elu(x, 1/2)": lambda x: elu(x, 0.5),
    "elu(1/2)": lambda x: elu(x, 0.5),
    "celu(x, 2)": lambda x: np.maximum(0, x) + np.minimum(0, 2 * np.expm1(x / 2)),
    "selu(x)": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "prelu(x, 0.3)": lambda x: np.where(x > 0, x, 0.3 * x),
    "leaky_relu(x)": lambda x: np.where(x > 0, x, 0.01 * x),
    "relu6(x)": lambda x: np.clip(x, 0, 6),
    "softsign(x)": lambda x: x / (1 + np.abs(x)),
    "hardtanh": lambda x: np.clip(x, -1, 1),
    "clip(x,-1/2,2)": lambda x: np.clip(x, -0.5, 2),
    "hardsigmoid(x)": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hardswish(x)": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "softshrink(x)": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "hardshrink(x, 1)": lambda x: np.where(np.abs(x) > 1, x, 0),
    "tanhshrink(x)": lambda x: x - np.tanh(x),
    "logsigmoid(x)": lambda x: np.log(sigmoid(x)),
    "snake(x, 3)": lambda x: x + np.sin(3 * x) ** 2 / 3,
    "special.ndtr(x)": special.ndtr,
    "math.expm1(x/2)": lambda x: np.expm1(x / 2),
    "log1p(square(x))": lambda x: np.log1p(x**2),
    "identity(x)": lambda x: x,
    "scipy.special.expit(x)": special.expit,
    "np.maximum(0, x)": lambda x: np.maximum(0, x),
    "np.where(x>0, x, x/3)": lambda x: np.where(x > 0, x, x / 3),
    "x*(x>0)": lambda x: np.maximum(0, x),
    "(-1<x<1)*x + 2*(x>=1)": lambda x: np.where(x >= 1, 2, np.where(x > -1, x, 0)),
    "pade(silu, 2, 1)": lambda x: x / 2 + x**2 / 4,
}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_a_name_is_the_function_that_others_compute(text):
    phi, _ = array_functions(Activation.from_text(text), {})
    points = np.linspace(-4.03, 4.07, 60)
    assert phi(points) == pytest.approx(FUNCTIONS[text](points), rel=1e-12, abs=1e-14)


def test_every_name_is_tried():
    tried = " ".join(FUNCTIONS)
    assert all(name in tried for name in WRITTEN) and {*SPELLINGS.values()} <= {*WRITTEN} <= {*callables()}


@pytest.mark.parametrize(
    ("text", "sentence"),
    {
        "gelu(x, 2)": "has the wrong arguments; write gelu\\(x\\)",
        "elu(x, 1, 2)": "write elu\\(x, a=1\\)",
        "gelu*x": "is a function; write gelu\\(x\\)",
        "log1p(x)": "'log1p\\(x\\)' at character 1 needs a positive argument",
        "silu(silu(silu(silu(silu(silu(silu(silu(x))))))))+"
        + "+".join(["silu(silu(silu(silu(silu(x)))))"] * 9): "too large",
        "coth(x)": "is an unknown function; allowed are",
        "gleu(x)": "did you mean gelu\\?",
        "softpluss(x)": "did you mean softplus\\?",
        "where(x>0, 1)": "unknown function",
        "x<1": "is a comparison",
        "pade()": "wrong arguments",
    }.items(),
)
def test_refusals(text, sentence):
    with pytest.raises(InputError, match=sentence):
        Activation.from_text(text)
