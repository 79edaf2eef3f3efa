"""What decides whether states of a threshold network are stable, alone and together, row by row for generic units."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sympy import Expr, Matrix, S, Symbol, diag, symbols, zeros

from theory.derivation import Step, named
from theory.threshold.completion import Energy
from theory.threshold.generic import (
    ACTIVE,
    STATE,
    Given,
    W,
    b,
    common,
    compared,
    fields,
    i,
    joint,
    ones,
    p,
    s,
    states,
    t,
    u,
    written_out,
    y,
)
from theory.threshold.motion import W_ii, h_i
from theory.threshold.network import ThresholdNetwork

m_i, rho_i = symbols("m_i rho_i", real=True)
MARGIN = (2 * STATE[i] - 1) * h_i
ROBUSTNESS = m_i / (1 + ACTIVE)
signs = diag(*(2 * s - ones))
"""d_i = 2 s_i - 1 on a diagonal."""

difference = t - s
"""delta = t - s for two states s and t."""


def margins() -> Iterator[Step]:
    """What one stable state has: margins, and how much of the network may change."""
    level = Symbol("epsilon", positive=True)
    yield compared(
        "A state is stable where fields are positive for s_i = 1 and negative for s_i = 0, so that these margins are positive",
        "sign by sign",
        signs * fields(s),
        named(m_i, MARGIN),
        by=lambda e: Matrix([row.subs(h_i, h) for row, h in zip(written_out(e, s), fields(s), strict=True)]),
        name="for three generic units",
    )
    worst = signs * fields(s, W - level * signs * ones * ones.T, b - level * signs * ones)
    yield compared(
        "Weights and biases that change by epsilon at most take most from the margins if every one of row i changes by "
        "-d_i epsilon, d_i = 2 s_i - 1",
        "largest sum",
        worst,
        signs * fields(s) - level * (1 + ones.dot(s)) * ones,
        at=states(s),
        name="in all states of three units",
    )
    left = m_i - level * (1 + ACTIVE)
    yield compared(
        "So a margin survives every change below this robustness, and not all changes of this size; that of the state is the "
        "smallest over its units",
        "linear equation",
        left,
        named(rho_i, ROBUSTNESS),
        S.Zero,
        by=lambda e: left.subs(level, e),
        name="inserted",
    )
    flipped = s + (1 - 2 * s[0]) * Matrix([1, 0, 0])
    yield compared(
        "Another state of one unit, here the first, changes fields by this: all fields have the signs that s needs up to the "
        "Hamming distance r where the r largest harmful changes of a row together stay below |h_i|",
        "fields are affine",
        fields(flipped) - fields(s),
        (1 - 2 * s[0]) * W.col(0),
    )


def pairs() -> Iterator[Step]:
    """What two states have to do with each other."""
    moved = diag(*difference)
    condition = moved * W * difference
    yield compared(
        "Where two stable states s and t differ, delta = t - s, fields have the sign of delta_i in t and of -delta_i in s: "
        "delta_i (W delta)_i > 0, whatever the biases; therefore delta.W delta > 0, and in the units that differ the weights have "
        "a cycle whose product is positive",
        "difference of fields",
        moved * (fields(t) - fields(s)),
        condition,
    )
    half = -W * (s + t) / 2
    yield compared(
        "Where this holds, these biases make both margins half of it in the units that differ",
        "midpoint",
        condition,
        half,
        Matrix([condition / 2] * 2),
        by=lambda e: Matrix([moved * fields(t, W, e), -moved * fields(s, W, e)]),
        name="inserted into the fields of both",
    )
    one_unit = tuple({t[0]: S(1 - bit), s[0]: S(bit), t[1]: s[1], t[2]: s[2]} for bit in (0, 1))
    yield compared(
        "States that differ in one unit are both stable only if it excites itself",
        "difference condition",
        condition[0],
        W[0, 0],
        at=one_unit,
        name="from 0 to 1 and from 1 to 0",
    )
    yield compared(
        "Fields of where one of two states is active and of where both are",
        "fields are affine",
        fields(joint(s, t)) + fields(common(s, t)),
        fields(s) + fields(t),
    )
    none = zeros(3, 1)
    yield compared(
        "Without biases, three disjoint states s, t and p: if p and all of them together are stable, fields of s and t together "
        "are positive in s and t; if s, t are stable too, they are negative elsewhere. So s and t together are stable",
        "fields are linear",
        fields(s + t, W, none),
        fields(s + t + p, W, none) - fields(p, W, none),
    )
    yield compared(
        "Fields of a state and of its complement",
        "fields are affine",
        fields(s) + fields(ones - s),
        W * ones + 2 * b,
    )
    balanced = -W * ones / 2
    yield compared(
        "With the biases b = -W 1/2 complements have opposite fields: both are stable, or neither is",
        "insertion",
        fields(ones - s, W, balanced),
        -fields(s, W, balanced),
    )
    yield compared(
        "Fields of a state that is active where one of s and t is: with W >= 0 they only grow, and q <- q + H(W q + b) ends in the "
        "least stable state above a cue q that supports itself; with W <= 0 no stable state contains another one",
        "fields are affine",
        fields(joint(s, t)) - fields(s),
        W * common(ones - s, t),
    )


def symmetries() -> Iterator[Step]:
    """Changes of a network that change nothing."""
    scale = diag(*symbols("a_1:4", positive=True))
    velocity = fields(u) - y
    yield compared(
        "Rows of W and b times positive numbers a_i: the same motion of a_i y_i, the same stable states",
        "row scaling",
        scale * velocity,
        fields(u, scale * W, scale * b) - scale * y,
    )
    x = Matrix(symbols("x_1:4", real=True))
    switch = diag(*(ones - 2 * x))
    yield compared(
        "Units of a set x switched, Delta = 1 - 2 x on a diagonal: Delta W Delta and Delta (b + W x) move Delta y, with s "
        "different in x",
        "switching",
        switch * velocity,
        fields(x + switch * u, switch * W * switch, switch * (b + W * x)) - switch * y,
        at=states(x),
        name="for every set",
    )
    spins = Matrix(symbols("S_1:4", real=True))
    yield compared(
        "States S = 2 s - 1 of -1 and 1",
        "insertion",
        fields(s),
        W * spins / 2 + b + W * ones / 2,
        by=lambda e: e.subs(dict(zip(spins, 2 * s - ones, strict=True))),
        name="S = 2 s - 1 inserted",
    )


def energies() -> Iterator[Step]:
    """A function that falls where W = diag(a) M, M symmetric."""
    a = symbols("a_1:4", positive=True)
    symmetric = Matrix(3, 3, lambda *at: Symbol(f"M_{min(at) + 1}{max(at) + 1}", real=True))
    weights = diag(*a) * symmetric
    E = Energy(ThresholdNetwork(tuple(map(tuple, weights.tolist())), tuple(b)), a)

    scale = Symbol("a_i", positive=True)
    for word, output, falls in (
        ("upwards, from a state with the field h_i > 0", S.Zero, -(h_i + W_ii / 2) / scale),
        ("downwards, from a state with the field h_i < 0", S.One, (h_i - W_ii / 2) / scale),
    ):
        here, there = ((x, u[1], u[2]) for x in (output, 1 - output))
        first = {h_i: fields(here, weights)[0], W_ii: weights[0, 0], scale: a[0]}
        yield compared(
            f"For W = diag(a) M with M symmetric, E(u) = -u.M u/2 - sum_i b_i u_i/a_i changes by this as a unit crosses {word}: "
            "it falls if W_ii >= 0, so that no crossing comes back, every generic trajectory converges, and a stable state exists",
            "quadratic form",
            E(there) - E(here),
            falls,
            by=partial(_inserted, first),
            name="fields inserted, first of three units",
            assumption="M symmetric, a > 0, W_ii >= 0",
        )
    r = Matrix(symbols("r_1:4", real=True))
    h = symbols("h_1:4", real=True)
    gradient = Matrix([E(tuple(r))]).jacobian(r)
    yield compared(
        "In rates dr/dt = -r + u, u_i = H(h_i): every summand is |h_i| |u_i - r_i|/a_i with the sign -, for any W_ii",
        "chain rule",
        gradient.dot(u - r),
        -sum((h[k] * (u[k] - r[k]) / a[k] for k in range(3)), S.Zero),
        by=lambda e: e.subs(dict(zip(h, fields(r, weights), strict=True))),
        name="fields inserted",
        assumption="M symmetric, a > 0",
    )


def _inserted(values: Given, e: Expr) -> Expr:
    return e.subs(values)
