"""A network of threshold units with given weights, in rational arithmetic: fields of a state, and what certifies it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from theory.errors import InputError, require

State = tuple[int, ...]
"""One 0 or 1 for each unit: whether it is active."""

Vector = tuple[Fraction, ...]

MOST_CERTIFIED = 1000
"""States with certificates in an answer; each takes N^2 fractions."""

REQUIRED, PERMITTED, FORBIDDEN = "required", "permitted", "forbidden"
"""What the signs of weights and biases alone say of a state: stable for all magnitudes, for some, for none."""


def text_of(state: Iterable[int]) -> str:
    """A state as it is written: character k is unit k."""
    return "".join(map(str, state))


def state_of(text: str) -> State:
    """The state that ``0110`` stands for."""
    return tuple(map(int, text))


@dataclass(frozen=True)
class Certificate:
    """What certifies a stable state; anyone can check it with a pencil.

    Attributes
    ----------
    state : State
    fields : tuple of Fraction
        h_i = sum_j W_ij s_j + b_i, positive exactly where s_i = 1.
    margin : Fraction
        Smallest abs(h_i).
    robustness : Fraction
        Every entry of W and b may change by less than this, and the state stays stable; the largest such number.
    correction : int
        Largest r such that, in every state within Hamming distance r, all fields have the signs that this state needs.
    sign_class : str
        `REQUIRED`, `PERMITTED` or `FORBIDDEN`; the bias counts as the weight of a unit that is always active.
    """

    state: State
    fields: Vector
    margin: Fraction
    robustness: Fraction
    correction: int
    sign_class: str

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON, numbers as texts of fractions."""
        return {
            "state": text_of(self.state),
            "field": [str(h) for h in self.fields],
            "signed_margin_min": str(self.margin),
            "robustness_radius": str(self.robustness),
            "error_correction_radius": self.correction,
            "sign_class_incl_bias": self.sign_class,
        }


@dataclass(frozen=True)
class ThresholdNetwork:
    """dy/dt = -y + W H(y) + b with H the step function.

    Attributes
    ----------
    W : tuple of tuple of Fraction, shape (N, N)
        ``W[i][j]`` is the weight from unit j onto unit i.
    b : tuple of Fraction, shape (N,)
        Bias: input minus threshold.
    file : str
        Where it was read; empty if it was not.
    notes : tuple of str
        What the reader of a file should tell: floating-point numbers that were taken for the binary fractions they are.
    family : Family, optional
        The networks with a parameter (`theory.threshold.family`) of which this is one.
    """

    W: tuple[Vector, ...]
    b: Vector
    file: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    family: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, W: Any, b: Any = None) -> ThresholdNetwork:
        """The network with these numbers: integers, texts such as ``-3/2``, floats as the binary fractions they are.

        Raises
        ------
        InputError
            If W is not N rows of N numbers, or b, zero if not given, not N numbers.
        """
        try:
            rows = tuple(tuple(map(Fraction, row)) for row in W)
            bias = (Fraction(0),) * len(rows) if b is None else tuple(map(Fraction, b))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise InputError(f"W or b is no list of rational numbers: {str(error)[:80]}") from None
        square = rows and {len(bias), *map(len, rows)} == {len(rows)}
        require((square, f"W is not N rows of N numbers with N numbers b: {len(rows)} rows, {len(bias)} biases"))
        return cls(rows, bias)

    @property
    def N(self) -> int:
        """Number of units."""
        return len(self.b)

    @property
    def data(self) -> dict[str, Any]:
        """What the command line's JSON shows of it among the parameters."""
        return {"file": self.file or None, "N": self.N}

    def __str__(self) -> str:
        units = f"{self.N} unit{'s' * (self.N != 1)}"
        return f"{self.file} ({units})" if self.file else units

    def __format__(self, spec: str) -> str:
        return str(self)

    @cached_property
    def integers(self) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
        """Weights and biases as integers, every row with its bias times a positive number of its own: states stay what they are."""
        scales = [
            lcm(*(number.denominator for number in (*row, bias))) for row, bias in zip(self.W, self.b, strict=True)
        ]
        rows = tuple(
            tuple(w.numerator * (k // w.denominator) for w in row) for row, k in zip(self.W, scales, strict=True)
        )
        return rows, tuple(int(bias * k) for bias, k in zip(self.b, scales, strict=True))

    def fields(self, state: Sequence[int | Fraction]) -> Vector:
        """W s + b, the focal point to which trajectories in the region of the state move; s may be fractions of activity too."""
        return tuple(
            sum((w * s for w, s in zip(row, state, strict=True) if s), bias)
            for row, bias in zip(self.W, self.b, strict=True)
        )

    def violated(self, state: Sequence[int]) -> tuple[int, ...]:
        """The units whose field has the wrong sign: trajectories leave the region of the state through these."""
        return tuple(i for i, (h, s) in enumerate(zip(self.fields(state), state, strict=True)) if (2 * s - 1) * h < 0)

    def is_stable(self, state: Sequence[int]) -> bool:
        """Whether every field is positive where the unit is active and negative where it is not."""
        return all((2 * s - 1) * h > 0 for h, s in zip(self.fields(state), state, strict=True))

    def is_marginal(self, state: Sequence[int]) -> bool:
        """Whether no field has the wrong sign, but some field is zero."""
        return not self.violated(state) and not self.is_stable(state)

    def certificate(self, state: State) -> Certificate:
        """What certifies a stable state."""
        h = self.fields(state)
        margin = min(map(abs, h))
        return Certificate(
            state, h, margin, margin / (sum(state) + 1), self._correction(state, h), self.sign_class(state)
        )

    def _correction(self, state: State, h: Vector) -> int:
        """Sums over the largest changes that one flipped unit each can make against a field, row by row."""
        radius = self.N
        for row, s, size in zip(self.W, state, map(abs, h), strict=True):
            harmful = sorted((max(Fraction(0), (1 - 2 * s) * (1 - 2 * q) * w) for w, q in zip(row, state, strict=True)))
            total, count = Fraction(0), 0
            while count < self.N and (total := total + harmful[-1 - count]) < size:
                count += 1
            radius = min(radius, count)
        return radius

    def sign_class(self, state: Sequence[int]) -> str:
        """What the signs of weights and biases alone say of a state."""
        rows = [
            [(2 * s - 1) * w for w, q in zip((*row, bias), (*state, 1), strict=True) if q and w]
            for row, bias, s in zip(self.W, self.b, state, strict=True)
        ]
        if not all(any(w > 0 for w in row) for row in rows):
            return FORBIDDEN
        return REQUIRED if all(w > 0 for row in rows for w in row) else PERMITTED
