"""Stable states of threshold units, found with bounds in floating point that no rounding can turn, and judged in integers.

A state s has the fields h = W s + b. No field may have the wrong sign: d_i h_i >= 0 with d = 2 s - 1; such a state is stable if
none is zero, else marginal. Every function finds both kinds, so that a field near zero is never decided by rounding.
"""

import numpy as np

DOUBLE_ROUNDING = 2.3e-16
AREA = 2**18  # entries of a block of states that are treated at once
MOST_STATES = 100_000  # a search that has found more is given up as not complete


class ThresholdRows:
    """Weights and biases in integers, and in floats whose absolute values add up to 1 in every row.

    A sum over a row in floats, with factors of at most 1, is wrong by less than `tolerance`: twice N roundings and those of the
    entries, generously counted.
    """

    def __init__(self, rows, bias):
        self.rows, self.bias, self.N = rows, bias, len(bias)
        sizes = [max(sum(map(abs, row)) + abs(c), 1) for row, c in zip(rows, bias, strict=True)]
        whole = np.int64 if max(sizes) < 2**62 else object
        self.weights, self.inputs = np.array(rows, dtype=whole), np.array(bias, dtype=whole)
        self.A = np.array([[w / size for w in row] for row, size in zip(rows, sizes, strict=True)], dtype=float)
        self.a = np.array([c / size for c, size in zip(bias, sizes, strict=True)], dtype=float)
        self.tolerance = 4 * (self.N + 8) * DOUBLE_ROUNDING

    def fields(self, states):
        """Fields times positive numbers, exactly, for states in the rows of an array."""
        return states.astype(self.inputs.dtype) @ self.weights.T + self.inputs

    def judged(self, states):
        """Those of the states whose fields all have the right sign, and whether each is stable; else it is marginal."""
        signed = (2.0 * states - 1) * (states @ self.A.T + self.a)
        possible = np.all(signed >= -self.tolerance, axis=1)
        states, signed = states[possible], signed[possible]
        stable = np.all(signed > self.tolerance, axis=1)
        allowed = stable.copy()
        near = states[~stable]
        if len(near):
            exact = np.where(near == 1, 1, -1) * self.fields(near)
            allowed[~stable] = np.all(exact >= 0, axis=1)
            stable[~stable] = np.all(exact > 0, axis=1)
        return states[allowed], stable[allowed]


class Findings:
    """States found so far, whether each is stable, and how many more states, partial ones included, may be looked at."""

    def __init__(self, network, most):
        self.network, self.left, self.complete = network, most, True
        self.states, self.stable = np.zeros((0, network.N), dtype=np.int8), np.zeros(0, dtype=bool)

    def spend(self, count):
        """Whether that many may still be looked at; if not, the findings are not complete."""
        self.left -= count
        self.complete = self.complete and self.left >= 0 and len(self.states) <= MOST_STATES
        return self.complete

    def add(self, states):
        """Judge whole states."""
        states, stable = self.network.judged(states.astype(np.int8))
        self.states, self.stable = np.concatenate([self.states, states]), np.concatenate([self.stable, stable])


def by_brute_force(network, most):
    """All 2^N states, in blocks."""
    found, N = Findings(network, most), network.N
    step = min(2**N, max(AREA // N, 1))
    places = np.arange(N)
    for start in range(0, 2**N, step):
        numbers = np.arange(start, min(start + step, 2**N))
        if not found.spend(len(numbers)):
            break
        found.add(((numbers[:, None] >> places) & 1).astype(np.int8))
    return found


def by_search(network, most, start=None):
    """Branch and bound: blocks of partial states, in which 0.5 stands for what is not decided, depth first.

    A partial state is dropped where no completion is possible, and what only one value of a unit allows is decided, by two kinds
    of bounds. Row by row, the field of a unit lies between its values with the worst and the best completion. Rows of decided units
    together: sum_i lambda_i d_i h_i >= 0 for all lambda >= 0; with lambda_i as large as the row is violated in the middle of the
    remaining cube, this drops most of what no single row excludes.
    """
    found, N = Findings(network, most), network.N
    block = max(AREA // N, 16)
    stack = [np.full((1, N), 0.5, dtype=np.float32) if start is None else start.astype(np.float32)]
    bounds = SignBounds(network)
    while stack:
        X = stack.pop()
        while stack and len(X) < block:
            X = np.concatenate([stack.pop(), X])
        if len(X) > block:
            stack.append(X[:-block])
            X = X[-block:]
        if not found.spend(len(X)):
            break
        X, scores = bounds.narrowed(X.astype(float))
        open_ = np.any(X == 0.5, axis=1)
        found.add(X[~open_])
        X, unit = X[open_], scores[open_].argmax(axis=1)
        if len(X):
            children = np.repeat(X.astype(np.float32)[None], 2, axis=0)
            children[:, np.arange(len(X)), unit] = [[0.0], [1.0]]
            stack.append(children.reshape(-1, N))
    return found


class SignBounds:
    """What follows for partial states from the signs that fields must have."""

    ROUNDS, WORTH = 20, 0.1  # rounds are repeated while this share of the states gains by them

    def __init__(self, network):
        self.A, self.a, self.tolerance = network.A, network.a, network.tolerance
        self.into, self.half = np.ascontiguousarray(self.A.T), np.ascontiguousarray(np.abs(self.A.T) / 2)
        self.brake = np.minimum(np.diag(self.A), 0)
        self.columns = np.abs(self.A).sum(axis=0)
        self.columns = self.columns / max(self.columns.max(), DOUBLE_ROUNDING)

    def narrowed(self, X):
        """The partial states that are left, with more units decided, and how much it promises to decide each unit next."""
        for _ in range(self.ROUNDS):
            unknown = X == 0.5
            middle, reach = X @ self.into + self.a, unknown @ self.half
            brake = unknown * self.brake
            no_one = middle + reach + brake < -self.tolerance
            no_zero = middle - reach - brake > self.tolerance
            lost = np.any((no_one | (X == 0)) & (no_zero | (X == 1)), axis=1)
            now = np.where(unknown & no_zero, 1.0, np.where(unknown & no_one, 0.0, X))
            # rows of decided units together
            d = np.where(unknown, 0.0, 2 * X - 1)
            weight = np.maximum(-d * middle - self.tolerance, 0) * d
            pull = np.where(unknown, weight @ self.A, 0.0)
            best = (weight * middle).sum(axis=1) + np.abs(pull).sum(axis=1) / 2
            limit = -2 * self.tolerance * np.abs(weight).sum(axis=1)
            lost |= best < limit
            forced = (now == 0.5) & (best[:, None] - np.abs(pull) < limit[:, None])
            now[forced] = pull[forced] > 0
            gained = np.any(now != X, axis=1) & ~lost
            left = ~lost
            X = now[left]
            if gained.sum() <= self.WORTH * len(X):
                break
        own = np.abs(middle[left]) / (reach[left] + DOUBLE_ROUNDING)
        shared = np.abs(pull[left])
        shared = shared / (shared.max(axis=1, keepdims=True) + DOUBLE_ROUNDING)
        return X, np.where(X == 0.5, own + shared + self.columns, -1.0)
