"""Array libraries: one time step, written once, on NumPy, JAX or PyTorch.

A step needs little of a library: products of matrices, sums of scaled arrays, and the functions in phi. NumPy keeps the rows
of a step in one workspace, so that a linear combination is one call of BLAS; the others get an expression. JAX compiles it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from threading import local
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from scipy import special

from numerics.algorithms.smoothed_power import smoothed_power
from numerics.simulate.schemes import Scheme
from theory.errors import InputError

Advance = Callable[[Any, Any, Any], Any]
"""``advance(J, state, noise)``: the state after the steps whose noise is given, shapes (N, N), (n, N, M), (steps, r, N, M)."""


class Functions:
    """The functions of an array library as generated code calls them: plain numbers are taken by NumPy and stay plain.

    A constant such as ``np.sqrt(np.pi)`` is then no array of some precision that would change the precision of phi.
    """

    def __init__(self, library: Any, scalars: Any, name: str) -> None:
        self._library, self._scalars, self._name = library, scalars, name

    def __getattr__(self, name: str) -> Any:
        constant = getattr(self._scalars, name, None)
        if isinstance(constant, float):
            value: Any = constant
        elif hasattr(self._library, name):
            value = self._dispatch(getattr(self._library, name), constant)
        else:
            raise InputError(f"backend={self._name} has no function {name}, which this activation needs")
        setattr(self, name, value)
        return value

    def _dispatch(self, function: Callable[..., Any], scalar: Callable[..., Any] | None) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if scalar is not None and all(isinstance(a, float | int) for a in arguments):
                return float(scalar(*arguments))
            return function(*self._arguments(arguments))

        return call

    def _arguments(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        return arguments


class TorchFunctions(Functions):
    """PyTorch takes plain numbers beside tensors in some of its functions only."""

    def _arguments(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        tensor = next(a for a in arguments[::-1] if not isinstance(a, float | int | None))
        return tuple(tensor.new_tensor(a) if isinstance(a, float | int) else a for a in arguments)


class Backend:
    """An array library whose arrays are never changed in place.

    Attributes
    ----------
    name : str
    dtype : numpy.dtype
        Precision of the state and of the products.
    parallel : bool
        Whether coupling matrices may run beside each other.
    arrays : module
        Where the library makes and joins arrays.
    """

    name = ""
    parallel = False
    arrays: Any = np

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def asarray(self, host: Any) -> Any:
        """An array of this library, on its default device, from one of NumPy."""
        return self.arrays.asarray(np.asarray(host, self.dtype))

    def tohost(self, array: Any) -> Any:
        """A NumPy array of the same precision, valid until the next step."""
        return np.asarray(array)

    def stack(self, rows: Sequence[Any]) -> Any:
        """Rows as one array."""
        return self.arrays.stack(rows)

    def product(self, J: Any, columns: Any) -> Any:
        """The matrix product, in full precision of the type."""
        return J @ columns

    def repeated(self, step: Advance) -> Advance:
        """Many steps, one after the other."""

        def advance(J: Any, state: Any, noise: Any) -> Any:
            for kick in noise:
                state = step(J, state, kick)
            return state

        return advance

    def advance(self, phi: Callable[[Any], Any], scheme: Scheme) -> Advance:
        """The steps of a scheme."""
        weights = [row.tolist() for row in scheme.stages]
        final = scheme.final.tolist()

        def step(J: Any, state: Any, noise: Any) -> Any:
            rows = [*state, *noise]
            x = rows[0]
            for row in weights:
                rows.append(self.product(J, phi(x)))
                x = combined(row, rows)
            rows.append(self.product(J, phi(x)))
            return self.stack([combined(row, rows) for row in final])

        return self.repeated(step)


def combined(weights: Sequence[float], rows: Sequence[Any]) -> Any:
    """Sum of weights times arrays, in place where the library's arrays allow it."""
    terms = [(w, row) for w, row in zip(weights, rows, strict=True) if w]
    weight, row = terms[0]
    total = row * weight
    for weight, row in terms[1:]:
        total += row * weight
    return total


def matched(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of NumPy arrays with the shape and precision of its argument, also where it returns one number (a slope, say)."""

    def call(x: Any) -> Any:
        value = function(x)
        if isinstance(value, np.ndarray) and value.dtype == x.dtype and value.shape == x.shape:
            return value
        return np.broadcast_to(np.asarray(value, dtype=np.result_type(x, np.float32)), x.shape)

    return call


class NumpyBackend(Backend):
    """NumPy: the state, noise and drives of a step are the rows of one workspace."""

    name = "numpy"
    parallel = True

    def advance(self, phi: Callable[[Any], Any], scheme: Scheme) -> Advance:
        """The steps of a scheme; a state returned is overwritten by the next call in the thread."""
        return _Workspace(phi, scheme, self.dtype)


class _Workspace(local):
    """The rows of a step, and room for its result; new in every thread. Little memory: it shares the cache with J."""

    def __init__(self, phi: Callable[[Any], Any], scheme: Scheme, dtype: np.dtype) -> None:
        self.phi, self.scheme, self.dtype = matched(phi), scheme, dtype
        self.stages = [row.astype(dtype) for row in scheme.stages]
        self.final = list(scheme.final.astype(dtype))
        self.rows = self.result = np.zeros((0, 0, 0), dtype)

    def __call__(self, J: Any, state: Any, noise: Any) -> Any:
        size, units, columns = state.shape
        if self.result.shape != state.shape:
            count = size + self.scheme.noise + self.scheme.drives
            self.rows, self.result = np.zeros((count, units, columns), self.dtype), np.empty(state.shape, self.dtype)
        self.result[:] = state
        for kick in noise:
            self._step(J, kick)
        return self.result

    def _step(self, J: Any, kick: Any) -> None:
        rows, result = self.rows, self.result
        flat, sums = rows.reshape(len(rows), -1), result.reshape(len(result), -1)
        x = result[0]
        count = len(result) + len(kick)
        rows[: len(result)], rows[len(result) : count] = result, kick
        for weights in self.stages:
            np.matmul(J, self.phi(x), out=rows[count])
            count += 1
            np.dot(weights, flat[:count], out=sums[0])
        np.matmul(J, self.phi(x), out=rows[count])
        for k, weights in enumerate(self.final):
            np.dot(weights, flat, out=sums[k])


class JaxBackend(Backend):
    """JAX: the steps between two snapshots are one compiled program. Double precision switches JAX to 64 bits."""

    name = "jax"

    def __init__(self, dtype: Any) -> None:
        super().__init__(dtype)
        self.jax, self.arrays = library("jax"), library("jax.numpy")
        if self.dtype.itemsize == 8:
            self.jax.config.update("jax_enable_x64", True)

    def product(self, J: Any, columns: Any) -> Any:
        """Without the shortened numbers that a GPU takes by default."""
        return self.arrays.matmul(J, columns, precision="highest")

    def repeated(self, step: Advance) -> Advance:
        """One compiled loop."""

        def advance(J: Any, state: Any, noise: Any) -> Any:
            return self.jax.lax.scan(lambda s, kick: (step(J, s, kick), None), state, noise)[0]

        return self.jax.jit(advance)


class TorchBackend(Backend):
    """PyTorch, on a GPU where it finds one."""

    name = "torch"

    def __init__(self, dtype: Any) -> None:
        super().__init__(dtype)
        self.arrays = library("torch")

    def asarray(self, host: Any) -> Any:
        """On a GPU where there is one."""
        device = "cuda" if self.arrays.cuda.is_available() else "cpu"
        return self.arrays.tensor(host, dtype=getattr(self.arrays, self.dtype.name), device=device)

    def tohost(self, array: Any) -> Any:
        """From the device."""
        return array.cpu().numpy()


BACKENDS: dict[str, Callable[[Any], Backend]] = {"numpy": NumpyBackend, "jax": JaxBackend, "torch": TorchBackend}
_TITLES = {"jax": "JAX", "torch": "PyTorch"}
_MODULES = {
    "numpy": ("numpy", "scipy.special"),
    "jax": ("jax.numpy", "jax.scipy.special"),
    "torch": ("torch", "torch.special"),
}
"""Elementary and special functions."""


def library(name: str) -> ModuleType:
    """A module of an array library, which may be optional.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        name = name.partition(".")[0]
        raise InputError(f"backend={name} needs {_TITLES[name]}: pip install 'quenched[{name}]'") from None


def backend_named(name: str, precision: int = 64) -> Backend:
    """An array library by name.

    Parameters
    ----------
    name : {'numpy', 'jax', 'torch'}
    precision : {32, 64}
        Bits of the numbers.

    Raises
    ------
    InputError
        For another name, or a library that is not installed.
    """
    if name not in BACKENDS:
        raise InputError(f"backend = {name[:40]} is unknown; allowed: {', '.join(BACKENDS)}")
    return BACKENDS[name](f"float{precision}")


@lru_cache(maxsize=8)
def _functions(name: str) -> tuple[Functions, Functions]:
    kind = TorchFunctions if name == "torch" else Functions
    elementary, further = (library(module) for module in _MODULES[name])
    own: Any = SimpleNamespace(**vars(further), smoothed_power=smoothed_power) if name == "numpy" else further
    return kind(elementary, np, name), kind(own, own if name == "numpy" else special, name)


def functions_for(array: Any) -> tuple[Functions, Functions]:
    """The elementary and the special functions for the library of an array."""
    name = type(array).__module__.partition(".")[0]
    return _functions({"jaxlib": "jax"}.get(name, name))
