"""The theory of networks that store graded patterns, assembled: equations, results, conditions and the argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Any

from sympy import Expr, S, Symbol

from theory.activation.activation import Activation
from theory.attractor import spectrum, weights
from theory.attractor.patterns import DENOMINATOR
from theory.attractor.symbols import V_r, V_u, alpha, b, beta2, c0, m, omega, t, ubar
from theory.derivation import chain
from theory.meanfield.existence import Existence
from theory.model import Model
from theory.symbols import growth
from theory.theory import Condition, Quantity, Theory

_NAMED = {**weights.MOMENTS, beta2: weights.REST, c0: weights.SELF, omega: 1 / DENOMINATOR, **spectrum.PARTS}
_DIRECTIONS = "uniform direction", "recalled pattern"
MEANINGS = {
    m: "mean rate",
    ubar: "mean input",
    V_r: "variance of the rates",
    V_u: "variance of the inputs",
    b: "slope of the regression of the input on the rate",
    beta2: "variance of the input that the rate does not explain, over that of the rates",
    weights.mean_gain: "mean gain phi'(u)",
    c0: "what units without self-coupling lack of themselves; 0 with variant=self",
    omega: "propagator of a unit",
    **{
        spectrum.H[i, j]: f"entry of the determinant: {row}, {column}"
        for i, row in enumerate(_DIRECTIONS)
        for j, column in enumerate(_DIRECTIONS)
    },
    **{spectrum.moved[i]: f"by how much {spectrum.H[i, 0]} falls as all inputs rise" for i in (0, 1)},
}
REAL = -inf, inf
_UNRESOLVED = "it depends on the far tail of the law, on its largest rates or gains"


@dataclass(frozen=True)
class SpectrumEquation:
    """The order parameter t at an eigenvalue lambda, and what it decides: the boundary of the bulk, the outliers.

    Attributes
    ----------
    unknown, control : Symbol
        t; the load, which is turned up from 0.
    named : mapping of Symbol to Expr
        Moments of rates, inputs and gains, c0 and the propagator omega, in the order of evaluation.
    load : Expr
        The load at which t is the order parameter: the smallest positive root for real lambda outside the bulk.
    boundary : Expr
        The load at which lambda lies on the boundary of the bulk.
    outlier, centred : Expr
        Vanish where lambda is an outlier: without and with trained biases.
    """

    unknown: Symbol = t
    control: Symbol = alpha
    named: Mapping[Symbol, Expr] = field(default_factory=lambda: MappingProxyType(_NAMED))
    load: Expr = spectrum.LOAD
    boundary: Expr = spectrum.BOUNDARY
    outlier: Expr = spectrum.NAMED_OUTLIER
    centred: Expr = spectrum.CENTRED

    notation = "<.> is an average over the rates r of stored patterns, with u = phi^-1(r) and g = phi'(u)"

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        return (
            *((str(symbol), e, MEANINGS[symbol]) for symbol, e in self.named.items()),
            (str(self.control), self.load, "self-consistency of t at an eigenvalue lambda"),
            ("alpha_b", self.boundary, "the load at which lambda lies on the boundary of the bulk; smaller outside"),
            ("Lambda", self.outlier, "vanishes at an outlier lambda"),
            ("Lambda_bias", self.centred, "vanishes at an outlier lambda where units have trained biases"),
        )

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What its statements define, and where they hold."""
        return self.unknown, self.control, growth, *self.named

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """Everything that generated code evaluates."""
        return tuple(expression for _, expression, _ in self.statements)


def _result(key: str, expression: Expr, meaning: str, bounds: tuple[float, float] = (0, inf), **more: Any) -> Quantity:
    return Quantity(key, expression, meaning, **{"bounds": bounds, "undefined": _UNRESOLVED, **more})


def _moment(symbol: Symbol, **more: Any) -> Quantity:
    return _result(symbol.name, _NAMED[symbol], MEANINGS[symbol], **more)


def _load(key: str, meaning: str, undefined: str = _UNRESOLVED) -> Quantity:
    return _result(key, Symbol(key), meaning, bounds=(0, 1), undefined=undefined, elsewhere=True)


def derive(model: Model, *, odd: bool) -> Theory:
    """The theory for a generic increasing activation and a generic law of patterns; it does not matter whether phi is odd."""
    sums = "mean over units of the sum of a row of W; 0 with trained biases"
    spread = (
        "standard deviation over units of these sums, times sqrt(N); with trained biases the norm, not times sqrt(N)"
    )
    rightmost = "largest real part of the bulk of eigenvalues lambda of D W"
    slowest = "largest real part of all eigenvalues; perturbations decay as exp(-(1 - abscissa) t)"
    out = "load at which an outlier reaches 1; 0 where one is above 1 from the start"
    never = "no outlier reaches 1 as long as the bulk is below it"
    shift, threshold = (
        spectrum.threshold + spectrum.Lambda / spectrum.TURN,
        "threshold at which an outlier is 1 at this load",
    )
    nowhere = (
        "the bulk is above 1, biases are trained, or no threshold takes the outlier of the recalled pattern below 1"
    )
    observables = (
        _moment(b, bounds=REAL),
        _moment(beta2),
        _moment(weights.mean_gain),
        _result("norm", weights.NORM, "Euclidean norm of a row of W"),
        _result("row_sum", weights.ROW_SUM, sums, bounds=REAL),
        _result("row_sum_sd", weights.SPREAD, spread),
        _result("edge", Symbol("edge"), rightmost, bounds=REAL),
        _result("abscissa", Symbol("abscissa"), slowest, bounds=REAL),
        _load("alpha_bulk", "load at which the bulk reaches 1; 0 where it is above 1 from the start"),
        _load("alpha_out", out, never),
        _load("alpha_S", "critical load, up to which stored patterns are stable; 0: never"),
        _result("theta_c", shift, threshold, bounds=REAL, undefined=nowhere, elsewhere=True),
    )
    argument = weights.moments(), weights.weights(), spectrum.bulk(), spectrum.outliers()
    return Theory(
        model=model,
        equation=SpectrumEquation(),
        order_parameters={"t": Quantity("t", t, "order parameter at the edge of the bulk")},
        observables={q.key: q for q in observables},
        conditions=(Condition("abscissa", Symbol("abscissa"), "stored patterns are unstable fixed points"),),
        derivation=chain("Networks that store graded patterns", *argument),
    )


def existence(theory: Theory, activation: Activation) -> Existence:
    """Every load below 1 can be stored; the rates have to be values that phi takes while it increases."""
    rates = "all rates that phi takes on a stretch where it increases"
    return Existence(f"weights exist for every load below 1 and {rates}", limit=S.One, turning=None)
