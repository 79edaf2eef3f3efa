"""Where a function has structure on small scales: what a quadrature rule must be told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf

import mpmath
import sympy
from sympy import Expr, Float, Function, Poly, S, preorder_traversal

from theory.activation.narrow import narrow_places
from theory.activation.pieces import Pieces, compare
from theory.activation.rational import complex_roots
from theory.errors import InputError
from theory.functions import record_of
from theory.symbols import x

MAX_FEATURES = 24
_SPARSE = 1 / 30  # of the gap between features: narrower ones may fall between the nodes of a rule
_MAX_DEGREE = 40
_NEGLIGIBLE = mpmath.mpf(10) ** -12


@dataclass(frozen=True)
class Feature:
    """A real centre and the scale on which the function varies there.

    Attributes
    ----------
    centre : Expr
        Real number, or an expression in parameters.
    scale : Expr
        0 at a breakpoint; |Im z| for a complex pole or zero z; 1/|u'| or 1/sqrt|u''| for a call f(u); where u is no
        polynomial, narrow features alone (see `theory.activation.narrow`).
    """

    centre: Expr
    scale: Expr


def feature_points(pieces: Pieces) -> tuple[Expr, ...]:
    """Distinct centres of `features`, in the same order."""
    return tuple(dict.fromkeys(feature.centre for feature in features(pieces)))


def features(pieces: Pieces) -> tuple[Feature, ...]:
    """Breakpoints, and the zeros of the arguments of calls and of denominators, with their scales.

    Parameters
    ----------
    pieces : Pieces
        A function; its parameters may be symbolic, then only linear arguments contribute.

    Returns
    -------
    tuple of Feature
        Breakpoints first, then from narrow to wide and from near to far (parameter-dependent ones last); at most
        ``MAX_FEATURES`` beyond the breakpoints.
    """
    return _selected(pieces)[0]


def unlisted_distance(pieces: Pieces) -> float:
    """Distance from 0 of the nearest feature that `features` leaves out for want of room, if it could be overlooked.

    That is a feature much narrower than the gap to its neighbours, such as one of the endless peaks of
    exp(-(300*(sin(x) - 1/2))**2); infinity where there is none.
    """
    kept, dropped = _selected(pieces)
    centres = [float(f.centre) for f in (*kept, *dropped) if f.centre.is_number]
    sparse = [inf]
    for feature in dropped:
        place = float(feature.centre)
        gap = min((abs(place - other) for other in centres if other != place), default=inf)
        if float(feature.scale) < _SPARSE * gap:
            sparse.append(abs(place))
    return min(sparse)


@lru_cache(maxsize=256)
def _selected(pieces: Pieces) -> tuple[tuple[Feature, ...], list[Feature]]:
    """The features to be listed, and the numerical ones beyond ``MAX_FEATURES``."""
    found: list[Feature] = []
    for (low, high), expression in zip(pieces.intervals, pieces.expressions, strict=True):
        found += [feature for feature in _of_expression(expression) if _within(feature.centre, low, high)]
    numeric = sorted((f for f in found if f.centre.is_number and f.scale.is_number), key=_order)
    symbolic = [f for f in found if not (f.centre.is_number and f.scale.is_number)]
    breakpoints = [Feature(point, S.Zero) for point in pieces.breakpoints]
    kept: list[Feature] = []
    dropped: list[Feature] = []
    for feature in (*numeric, *symbolic):
        # the decimal twin of a kink would stand next to it, an unresolvable piece away
        if not any(_same_place(feature, other) for other in (*breakpoints, *kept)):
            (kept if len(kept) < MAX_FEATURES else dropped).append(feature)
    return (*breakpoints, *kept), [feature for feature in dropped if feature in numeric]


def _order(feature: Feature) -> tuple[float, float]:
    centre = float(feature.centre)
    return float(feature.scale) * (1 + abs(centre)), centre


def _same_place(a: Feature, b: Feature) -> bool:
    if a.centre == b.centre:
        return True
    if not (a.centre.is_number and b.centre.is_number):
        return False
    return abs(float(a.centre) - float(b.centre)) <= float(_NEGLIGIBLE) * (1 + abs(float(b.centre)))


def _within(centre: Expr, low: Expr, high: Expr) -> bool:
    try:
        return compare(low, centre) <= 0 and compare(centre, high) <= 0
    except InputError:
        return True


def _of_expression(expression: Expr) -> list[Feature]:
    found: list[Feature] = []
    seen: set[Expr] = set()
    for node in preorder_traversal(expression):
        singular = node.is_Pow and node.base.has(x) and not (node.exp.is_integer and node.exp.is_nonnegative)
        record = record_of(node) if isinstance(node, Function) and node.has(x) else None
        if not singular and record is None:
            continue
        argument = node.base if record is None else record.argument(node)
        # 1/u and u**p are singular at complex zeros too; f(u) is only centred at real ones, or turns at u' = 0
        key = sympy.Tuple(argument, S(int(singular)))
        if key in seen:
            continue
        seen.add(key)
        if argument.is_polynomial(x):
            found += _of_argument(argument, singular)
        elif argument.free_symbols == {x} and not argument.has(sympy.CRootOf):
            found += [Feature(Float(c, 20), Float(s, 20)) for c, s in narrow_places(argument, singular)]
    return found


def _of_argument(u: Expr, singular: bool) -> list[Feature]:
    poly = Poly(u, x)
    if poly.degree() > _MAX_DEGREE:
        return []
    symbolic = bool(u.free_symbols - {x})
    if poly.degree() == 1:
        slope, offset = poly.all_coeffs()
        centre = sympy.cancel(-offset / slope) if symbolic else -offset / slope
        return [Feature(centre, S.Zero if singular and not symbolic else 1 / abs(slope))]
    if symbolic:
        return []
    found = [Feature(*_decimals(root.real, abs(root.imag))) for root in _roots(poly)] if singular else []
    if not singular:
        slope, curvature = poly.diff(x), poly.diff(x).diff(x)
        found += [_scaled(slope, root.real, 1) for root in _roots(poly) if _is_real(root)]
        found += [_scaled(curvature, root.real, 2) for root in _roots(slope) if _is_real(root)]
    return [feature for feature in found if feature.scale.is_finite]


def _scaled(derivative: Poly, root: mpmath.mpf, order: int) -> Feature:
    """Scale from the first derivative (order 1) or the second (order 2) at a root."""
    value = abs(mpmath.polyval([mpmath.mpf(sympy.N(c, 30)) for c in derivative.all_coeffs()], root))
    if value < _NEGLIGIBLE:
        return Feature(Float(root, 20), S.Infinity)
    return Feature(*_decimals(root, 1 / value if order == 1 else 1 / mpmath.sqrt(value)))


def _decimals(centre: mpmath.mpf, scale: mpmath.mpf) -> tuple[Expr, Expr]:
    # rounding noise of a root at the origin must not become a second feature next to it
    return (S.Zero if abs(centre) < _NEGLIGIBLE * (1 + scale) else Float(centre, 20)), Float(scale, 20)


def _is_real(root: mpmath.mpc) -> bool:
    return bool(abs(root.imag) < _NEGLIGIBLE * (1 + abs(root)))


def _roots(poly: Poly) -> list[mpmath.mpc]:
    try:
        return complex_roots(poly, 30)
    except mpmath.libmp.NoConvergence:
        return []
