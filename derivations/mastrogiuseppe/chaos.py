"""Chaotic states: total and frozen variance of a unit, and the amplitude that puts the output of the state at the target."""

from __future__ import annotations

from typing import Any

import numpy as np

from derivations.claims import Claims
from derivations.comparison import near
from derivations.mastrogiuseppe import loop
from derivations.mastrogiuseppe.loop import DRIVE, TANH, Geometry
from numerics.chaos.open_loop import OpenLoop, Overlaps
from numerics.chaos.target import chaotic_feedback
from theory.meanfield.chaos import derive_chaotic_feedback
from theory.symbols import C, snI, snm, z

claims = Claims()
# geometry, A: S(A), Delta0, Delta_inf, <phi'>, C; ten digits
CLOSED: tuple[tuple[Geometry, float, tuple[float, ...]], ...] = (
    ({"g": 2.0, "Sm": 0.8, "SI": 0.6, "pI": 1}, *(0.5, (0.52, 2.8114691239, 2.2805184504, 0.4213314473, 1.9778569548))),
    (
        {"g": 2.5, "Sm": 1.0, "SI": 0.5, "rho": 0.5, "p": 1, "pm": 1, "pI": 0.3},
        *(0.6, (0.76, 4.7615830618, 3.2588097797, 0.3386352036, 1.4771071339)),
    ),
)
# g, S: Delta0, Delta_inf
OPEN: dict[tuple[float, float], tuple[float, float]] = {
    (1.5, 0.0): (0.7476863806, 0.0),
    (2.0, 0.6): (2.9218794323, 2.4595853594),
    (2.5, 0.3): (4.0723665957, 1.8949550323),
    (3.0, 0.5): (6.3608295704, 2.8262910765),
    (1.8, 0.3): (1.9621871214, 1.5958719029),
}
_TEN = (2e-10, 2e-10)


def open_loop(strength: float, drive: float) -> OpenLoop:
    """A network of tanh with that variance of the input."""
    return OpenLoop.of(TANH, strength, Overlaps(0.0, 0.0, drive, 0.0, 0.0), {})


def _log_cosh(x):
    return np.logaddexp(x, -x) - np.log(2)


def _both_equations(strength: float, drive: float, total: float, frozen: float) -> tuple[float, float]:
    """Mismatch of Delta_inf = g^2 <phi phi> + S and of the energy at lags 0 and infinity, relative to Delta0 and its square."""
    activity = loop.pair_average(np.tanh, total, total, frozen)
    spread = loop.pair_average(_log_cosh, total, total, total) - loop.pair_average(_log_cosh, total, total, frozen)
    energy = (total**2 - frozen**2) / 2 - strength**2 * spread - drive * (total - frozen)
    return (strength**2 * activity + drive - frozen) / total, energy / total**2


@claims(
    "A state that fluctuates in time has a constant output, because n is frozen: mean field with two variances, and a readout "
    "that sees the total one",
    "derivation replayed, every step machine-checked",
)
def _derivation():
    derive_chaotic_feedback(z, C, DRIVE, snm * z + snI).check()
    return True


_SECOND = "both equations again by the trapezoidal rule in the plane"


@claims(
    "Beyond R = 1 units fluctuate: Delta_inf = g^2 C_phi + S and (Delta0^2 - Delta_inf^2)/2 = g^2 (<Phi^2> - C_Phi) + "
    "S (Delta0 - Delta_inf), Phi' = phi; five open loops",
    f"the toolkit's solution, tanh, ten digits; {_SECOND}",
)
def _open_loop():
    for (strength, drive), claimed in OPEN.items():
        found = open_loop(strength, drive).chaotic(drive)
        yield near((found.total, found.frozen), claimed, *_TEN)
        yield near(_both_equations(strength, drive, found.total, found.frozen), (0, 0), absolute=1e-9)


@claims(
    "The output of a chaotic state does not fluctuate, and (M3) holds with <phi'> at Delta0: C = "
    + ", ".join(f"{row[-1]:.6f}" for _, _, row in CLOSED),
    f"the toolkit's solution, tanh, two geometries, ten digits; {_SECOND}",
)
def _closed_loop():
    for geometry, target, claimed in CLOSED:
        vectors = Overlaps(*map(float, loop.overlaps(geometry)))
        found: Any = chaotic_feedback(TANH, geometry["g"], vectors, target)
        drive = float(vectors.drive(target))
        yield found is not None
        yield near((drive, found.Delta0, found.Delta_inf, found.gain, found.C), claimed, *_TEN)
        yield near(found.C * float(vectors.readout(target)) * found.gain, target, 1e-12, 1e-12)
        yield near(_both_equations(geometry["g"], drive, found.Delta0, found.Delta_inf), (0, 0), absolute=1e-9)


@claims(
    "Chaotic states exist where the bulk of the fixed point is unstable, and grow out of it at the edge",
    "the toolkit's solution, tanh, g = 2, on both sides of |A| = 0.98106 at two distances",
)
def _only_beyond_the_edge():
    """None where the bulk of the fixed point is stable; at the edge total and frozen variance meet."""
    geometry, edge, gaps = {"g": 2.0, "Sm": 1.2, "SI": 0.5, "pI": 1.0}, 0.98105571, []
    vectors = Overlaps(*map(float, loop.overlaps(geometry)))
    for distance in (0.08, 0.04):
        inside: Any = chaotic_feedback(TANH, 2.0, vectors, edge - distance)
        yield inside is not None and chaotic_feedback(TANH, 2.0, vectors, edge + distance) is None
        fixed = float(loop.along(TANH, geometry, edge - distance)["Delta0"])
        gaps.append((inside.Delta0 - inside.Delta_inf, abs(inside.Delta0 - fixed)))
    (wide, shift), (narrow, closer) = gaps
    yield 1.6 < wide / narrow < 2.4 and 0 < closer < shift < wide
