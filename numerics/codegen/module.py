"""The generated solver module: header with provenance, the activation, its averages, the equations, the algorithm."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType
from typing import Any

from sympy import Symbol, sstr

from numerics.algorithms import averages, smoothed_power
from numerics.algorithms import frozen as over_frozen
from numerics.codegen.cache import cached, content_key, toolkit_digest
from numerics.codegen.inline import pasted
from numerics.codegen.means import FrozenCode, MeanCode, lower_frozen, lower_mean, terms_of
from numerics.codegen.printer import source
from numerics.codegen.statements import function
from numerics.models import find_treatment
from theory import __version__
from theory.activation.activation import Activation
from theory.activation.pieces import Pieces
from theory.averages.average import Average
from theory.averages.closed import ClosedForm
from theory.errors import InputError
from theory.model import Model
from theory.models import is_added
from theory.symbols import Delta, mu, rho, x
from theory.theory import Quantity, Theory

TARGETS = ("numpy",)
"""Languages that can be emitted now."""

_STANDARD_IMPORTS = {
    "Fraction(": "from fractions import Fraction",
    "@lru_cache": "from functools import lru_cache",
    "lcm(": "from math import gcd, lcm",
    "(NamedTuple)": "from typing import NamedTuple",
}
_IMPORTS = {
    "special.": "from scipy import special",
    "BPoly.": "from scipy.interpolate import BPoly",
    "CubicSpline(": "from scipy.interpolate import CubicSpline",
    "brentq(": "from scipy.optimize import brentq",
    "connected_components(": "from scipy.sparse.csgraph import connected_components",
}


@dataclass(frozen=True)
class Emission:
    """A generated module.

    Attributes
    ----------
    name : str
        Module name, with the content hash.
    text : str
        Source.
    """

    name: str
    text: str


def emit(theory: Theory, activation: Activation, target: str = "numpy") -> Emission:
    """Generate the solver module of a theory for one activation.

    Parameters
    ----------
    theory : Theory
    activation : Activation
    target : {'numpy'}

    Raises
    ------
    InputError
        For a target that cannot be emitted, or a parameter name of the activation that the model uses.
    DomainError
        For an activation that the model refuses.
    """
    if target not in TARGETS:
        raise InputError(f"target '{target}' cannot be emitted yet; available: {', '.join(TARGETS)}")
    theory.admit(activation)
    name = module_name(theory.model, activation)
    digest = name.removeprefix(f"{theory.model.name}_")
    means = [lower_mean(average, activation) for average in theory.averages]
    conditional, variances, frozen = lower_frozen(theory.frozen_averages, activation)
    method = find_treatment(theory.model.name).method.found
    body = [
        _constants(theory, activation, digest, method.name),
        _rule(f"Algorithm{' (the same for every activation)' if theory.model.needs_activation else ''}"),
        pasted((*method.algorithms, over_frozen) if frozen else method.algorithms),
        *([_rule("The activation"), _activation(activation)] if theory.model.needs_activation else []),
        *([_rule("Its Gaussian averages")] if means or conditional else []),
        *(_mean(mean, activation) for mean in (*means, *conditional)),
        *(f"{name.upper()} = Variance({', '.join(parts).upper()})" for name, parts in variances.items()),
        *(_frozen(code, activation) for code in frozen),
        _rule(f"Equations of the model '{theory.model.name}'"),
        *method.functions(theory, activation, means, frozen),
    ]
    text = _assembled(_header(theory, activation, digest, method.use), body)
    _refuse_clashes(text, theory, activation)
    return Emission(name, text)


def module_name(model: Model[Any], activation: Activation) -> str:
    """Name of the generated module; the theory of a model that is declared outside the toolkit is part of its content."""
    stated = model.theory_of(activation).content if is_added(model.name) else ""
    return f"{model.name}_{content_key(model.key + stated, activation)}"


def _refuse_clashes(text: str, theory: Theory, activation: Activation) -> None:
    """Refuse parameters of the activation whose names the module needs itself: for an argument, or for what it imports."""
    own = {p.name for p in activation.parameters}
    taken: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            taken |= {name for name in names if names.count(name) > 1}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            taken |= {alias.asname or alias.name for alias in node.names}
    if clash := sorted(own & taken):
        raise InputError(
            f"the parameter {clash[0]} of the activation has a name that formulas of the model {theory.model.name} use: give it "
            "another one"
        )


def _assembled(header: str, body: Sequence[str]) -> str:
    """A module text: header, the imports that the body needs, the body with the functions that formulas need beside SciPy's."""
    text = "\n\n\n".join(body) + "\n"
    text = f"{pasted((smoothed_power,))}\n\n\n{text}" if "smoothed_power(" in text else text
    polynomials = [name for name in ("chebyshev", "legendre", "polynomial") if f" {name}." in text.replace("(", " ")]
    imports = ["import numpy as np"]
    imports += [f"from numpy.polynomial import {', '.join(polynomials)}"] if polynomials else []
    imports += [line for mark, line in _IMPORTS.items() if mark in text]
    standard = [line for mark, line in _STANDARD_IMPORTS.items() if mark in text]
    imports = [*standard, *([""] if standard else []), *imports]
    return f"{header}\n\n" + "\n".join(imports) + f"\n\n\n{text}"


def emit_mean(average: Average, activation: Activation, observable: Activation | None = None) -> str:
    """Source of a module that evaluates one Gaussian average; `observable` is what ``O(x)`` stands for, if it occurs."""
    header = f'"""{sstr(average)} for phi(x) = {sstr(activation.expression)}."""'
    return _assembled(header, [pasted((averages,)), _mean(lower_mean(average, activation, observable), activation)])


def emit_pair(title: str, closed: ClosedForm | None, activation: Activation) -> str:
    """Source of a module with the closed form of a two-point average; where the table has none, ``terms = None`` and phi."""
    header = f'"""{title} for phi(x) = {sstr(activation.expression)}."""'
    if closed is None:
        return _assembled(header, ["terms = None", _activation(activation)])
    return _assembled(header, [function("terms", (mu, Delta, rho, *activation.parameters), terms_of(closed))])


def formula_module(name: str, title: str, functions: Callable[[], Sequence[str]]) -> ModuleType:
    """The cached module of formulas that hold for every activation; `functions` are derived where there is none."""
    return cached(f"{name}_{toolkit_digest()[:16]}", lambda: _assembled(f'"""{title}."""', functions()))


def _rule(title: str) -> str:
    return f"# {'-' * 4} {title} {'-' * max(4, 110 - len(title))}"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 116, initial_indent=indent, subsequent_indent=indent + "    ")


def _header(theory: Theory, activation: Activation, digest: str, use: Sequence[str]) -> str:
    names = ", ".join(_parameter_names(theory, activation))
    limit = "Large-N theory" if theory.model.needs_couplings else "Theory"
    rows = [
        f'"""{limit} of the model \'{theory.model.name}\'{_for_phi(theory, activation)}.',
        "",
        _wrapped(f"Network: {theory.model.equation}.  Source: {theory.model.reference}."),
        "",
        _wrapped(f"Equations ({theory.notation}):"),
        "",
        *(_wrapped(f"{name} = {sstr(right)}", "    ") for name, right, _ in theory.statements),
        *(_wrapped(_equation(key, q), "    ") for key, q in theory.derived.items()),
        "",
        *(row.format(names=names) for row in use),
        "Needs NumPy and SciPy only.",
        "",
        f"Generated by quenched {__version__}, content {digest}.  Do not edit: generate it again.",
        '"""',
    ]
    return "\n".join(row.replace("\\", "\\\\") for row in rows)


def _for_phi(theory: Theory, activation: Activation) -> str:
    return f" for phi(x) = {sstr(activation.expression)}" if theory.model.needs_activation else ""


def _equation(key: str, quantity: Quantity) -> str:
    """A result with its formula, or with its meaning where the algorithm finds it."""
    return f"{key}: {quantity.meaning}" if quantity.is_found else f"{key} = {sstr(quantity.expression)}"


def _parameter_names(theory: Theory, activation: Activation) -> tuple[str, ...]:
    return tuple(p.name for p in (*theory.model.parameters, *activation.parameters))


def _constants(theory: Theory, activation: Activation, digest: str, method: str) -> str:
    return "\n".join(
        [
            f"MODEL = {theory.model.name!r}",
            f"ACTIVATION = {activation.text!r}",
            f"PARAMETERS = {_parameter_names(theory, activation)!r}",
            f"CONTENT = {digest!r}",
            f"EQUATION = {method!r}",
            f"CONTROL = {str(theory.equation.control or '')!r}",
            f"ORDER_PARAMETERS = {tuple(theory.order_parameters)!r}",
            f"FOLLOW_UPS = {tuple(str(e.unknown) for e in theory.then)!r}",
            *_table("MEANINGS", {key: q.meaning for key, q in theory.quantities.items()}),
            *_table("BOUNDS", {key: q.bounds for key, q in theory.leading.items()}, _interval),
            *_table("UNDEFINED", {key: q.undefined for key, q in theory.leading.items() if q.undefined}),
            "# 1/N terms: which quantity v each corrects, and whether as v (1 + c/N) rather than v + c/N",
            *_table("FINITE_SIZE", {key: (q.of, q.relative) for key, q in theory.finite_size.items()}),
            *_table("CONDITIONS", {c.key: c.broken for c in theory.conditions}),
        ]
    )


def _table(name: str, rows: Mapping[str, object], show: Callable[[Any], str] = repr) -> list[str]:
    return [f"{name} = {{", *(f"    {key!r}: {show(value)}," for key, value in rows.items()), "}"]


def _interval(bounds: tuple[float, float]) -> str:
    return f"({', '.join(repr(end).replace('inf', 'np.inf') for end in bounds)})"


def _activation(activation: Activation) -> str:
    phi = _piecewise_source("phi", activation.pieces, activation, f"phi(x) = {sstr(activation.expression)}")
    prime = _piecewise_source(
        "phi_prime", activation.derivative(1), activation, "Derivative of phi, where it exists as a function."
    )
    return f"{phi}\n\n\n{prime}"


def _piecewise_source(name: str, pieces: Pieces, activation: Activation, doc: str) -> str:
    """A vectorised function of x; every piece is evaluated only where it holds, so that none overflows elsewhere."""
    arguments = ("x", *activation.parameters)
    if not pieces.breakpoints:
        (whole,) = pieces.expressions
        return function(name, arguments, whole, doc, form="" if whole.has(x) else "0.0*x + {}")
    ends = list(map(source, pieces.breakpoints))
    conditions = [f"x < {ends[0]}", *(f"(x >= {low}) & (x < {high})" for low, high in pairwise(ends))]
    return function(
        name,
        arguments,
        [expression.xreplace({x: Symbol("here", real=True)}) for expression in pieces.expressions],
        doc,
        before=["x = np.asarray(x, dtype=float)"],
        form=f"np.piecewise(x, [{', '.join(conditions)}], [{', '.join(['lambda here: {}'] * (len(ends) + 1))}])",
        share=False,
    )


def _mean(mean: MeanCode, activation: Activation) -> str:
    centred = mean.average.measure.mean == 0
    arguments = ["Delta", *map(str, activation.parameters)]
    doc = f"{sstr(mean.average)}{'' if centred else ' over x ~ N(mu, Delta)'}: {mean.how}"
    public = _public(mean.name, f"Mean({mean.call})", arguments, doc, "" if centred else "mu")
    return "\n\n\n".join([*mean.functions, public])


def _frozen(code: FrozenCode, activation: Activation) -> str:
    factors = ", ".join(f"({name.upper()}, {power})" for name, power in code.factors)
    arguments = ["Delta", "Delta0", *map(str, activation.parameters)]
    return _public(
        code.name, f"FrozenMean({factors})", arguments, f"{sstr(code.average)}: quadrature over the frozen mean"
    )


def _public(name: str, made: str, arguments: Sequence[str], doc: str, mean: str = "") -> str:
    """An average as an object of the algorithms, and as a function."""
    given, passed = (
        ", ".join([*arguments, mean] if mean else arguments),
        [*arguments, f"mean={mean}"] if mean else arguments,
    )
    rows = [f"def {name}({given}):", f'    """{doc}."""', f"    return {name.upper()}({', '.join(passed)})"]
    return "\n".join([f"{name.upper()} = {made}", "", "", *rows])
