"""Stable states of threshold units, found with bounds in floating point that no rounding can turn, and judged in integers.

A state s has the fields h = W s + b. No field may have the wrong sign: d_i h_i >= 0 with d = 2 s - 1; such a state is stable if
none is zero, else marginal. Every function finds both kinds, so that a field near zero is never decided by rounding.
"""

from math import gcd

import numpy as np

AREA, WAITING = 2**16, 2**26  # entries of a block of states that are treated at once, and of all that wait
MOST_STATES = 100_000  # a search that has found more is given up as not complete


def rounding(N, precision):
    """Above the error of two sums of N + 1 products each in floats, where rounded weights that add up to 1 meet factors up to 1."""
    return 2 * (N + 8) * float(np.finfo(precision).eps)


class ThresholdRows:
    """Weights and biases in integers, and in floats whose absolute values add up to 1 in every row.

    A field of the right sign is at least as large as the row's `least`: weights have a common divisor that the bias need not have,
    and where only stable states are asked for it is not zero.
    """

    def __init__(self, rows, bias, strict=False):
        self.rows, self.bias, self.N, self.strict = rows, bias, len(bias), strict
        sizes = [max(sum(map(abs, row)) + abs(c), 1) for row, c in zip(rows, bias, strict=True)]
        whole = np.int64 if max(sizes) < 2**62 else object
        self.weights, self.inputs = np.array(rows, dtype=whole), np.array(bias, dtype=whole)
        self.A = np.array([[w / size for w in row] for row, size in zip(rows, sizes, strict=True)], dtype=float)
        self.a = np.array([c / size for c, size in zip(bias, sizes, strict=True)], dtype=float)
        divisors = [gcd(*row) or abs(c) for row, c in zip(rows, bias, strict=True)]
        rests = [min(c % g, -c % g) or strict * g if g else strict for c, g in zip(bias, divisors, strict=True)]
        self.least = np.array([rest / size for rest, size in zip(rests, sizes, strict=True)])
        self.tolerance = rounding(self.N, float)

    def fields(self, states, units):
        """Fields of units times positive numbers, exactly, for states in the rows of an array."""
        weights = self.weights[units]
        used = np.any(weights != 0, axis=0)
        return states[:, used].astype(weights.dtype) @ weights[:, used].T + self.inputs[units]

    def judged(self, states):
        """Those of the states whose fields all have the right sign, and whether each is stable; else it is marginal."""
        d = 2 * states - 1
        signed = d * (states @ self.A.T + self.a)
        possible = np.all(signed >= self.least - self.tolerance, axis=1)
        states, d, signed = states[possible], d[possible], signed[possible]
        for i in np.flatnonzero(np.any(signed <= self.tolerance, axis=0)):
            near = signed[:, i] <= self.tolerance
            signed[near, i] = np.sign(d[near, i] * self.fields(states[near], [i])[:, 0]).astype(float)
        allowed = np.all(signed > 0 if self.strict else signed >= 0, axis=1)
        return states[allowed], np.all(signed[allowed] > 0, axis=1)


class Findings:
    """States found so far, whether each is stable, and how many more states, partial ones included, may be looked at."""

    def __init__(self, network, most):
        self.network, self.left, self.proved = network, most, True
        self.states, self.stable = np.zeros((0, network.N), dtype=np.int8), np.zeros(0, dtype=bool)

    @property
    def given_up(self):
        """Whether there was more to look at."""
        return self.left < 0

    @property
    def complete(self):
        """Whether it is proved that there are no others."""
        return self.proved and not self.given_up

    def spend(self, count):
        """Whether that many may still be looked at."""
        self.left = -1 if len(self.states) > MOST_STATES else self.left - count
        return not self.given_up

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

    Parameters
    ----------
    network : ThresholdRows
    most : int
        Largest number of partial states that are looked at.
    start : array, shape (M, N), optional
        Partial states whose completions are looked for.
    """
    found, N, bounds = Findings(network, most), network.N, SignBounds(network)
    block = max(min(AREA // N, WAITING // N**2), 16)
    X = np.full((1, N), 0.5) if start is None else start
    stack = [np.stack([X, np.zeros_like(X)]).astype(bounds.precision)]
    while stack:
        nodes = stack.pop()
        while stack and nodes.shape[1] < block:
            nodes = np.concatenate([stack.pop(), nodes], axis=1)
        if nodes.shape[1] > block:
            stack.append(nodes[:, :-block])
            nodes = nodes[:, -block:]
        if not found.spend(nodes.shape[1]):
            break
        X, multipliers, scores = bounds.narrowed(*nodes)
        unfinished = np.any(X == 0.5, axis=1)
        found.add(X[~unfinished])
        if np.any(unfinished):
            X, multipliers, unit = X[unfinished], multipliers[unfinished], scores[unfinished].argmax(axis=1)
            nodes = np.stack([X, multipliers])
            zero, one = nodes, nodes.copy()
            chosen = np.arange(len(X)), unit
            zero[0][chosen], one[0][chosen] = 0, 1
            stack.append(np.concatenate([zero, one], axis=1))
    return found


class SignBounds:
    """What follows for partial states from the signs that fields must have.

    A partial state is dropped where no completion is possible, and a unit with a single possible value is decided, by two kinds of
    bounds. Row by row, the field of a unit lies between its values with the worst and the best completion. Rows of decided units
    together: sum_i y_i d_i h_i >= 0 for all y >= 0. The y whose best completion is smallest shows what no single row does; they
    are improved by one step down a subgradient in every round, with the step of Polyak towards a little below zero, and passed on
    to what becomes of the partial state.
    """

    ROUNDS, WORTH = 20, 0.1  # rounds are repeated while this share of the states gains by them
    BELOW = 0.01  # of the sum of y, what the step aims at
    COARSE = 10  # single precision is enough where half of the weights in every row are that many times its tolerance

    def __init__(self, network):
        weights = np.abs(network.A)
        coarse = self.COARSE * rounding(network.N, np.float32)
        small = np.sum((weights > 0) & (weights < coarse), axis=1) > np.sum(weights >= coarse, axis=1)
        self.precision = np.float64 if np.any(small) else np.float32
        self.A, self.a, self.least = (part.astype(self.precision) for part in (network.A, network.a, network.least))
        self.tolerance = rounding(network.N, self.precision)
        self.into = np.ascontiguousarray(self.A.T)
        self.half = np.abs(self.into) / 2
        self.brake = np.minimum(np.diag(self.A), 0)  # a unit that is assumed inactive does not inhibit itself
        most = max(np.count_nonzero(self.A, axis=1).max(), 1)
        self.order = np.argsort(-np.abs(self.A), axis=1)[:, :most]
        self.sorted = np.take_along_axis(self.A, self.order, axis=1)
        self.largest = np.abs(self.sorted[:, 0])
        columns = np.abs(self.A).sum(axis=0)
        self.columns = columns / max(columns.max(), self.tolerance)

    def narrowed(self, X, multipliers):
        """The partial states that are left, with more units decided, their d_i y_i, and how much each unit promises as the next."""
        tiny = np.finfo(self.precision).tiny
        for _ in range(self.ROUNDS):
            unknown = X == 0.5
            middle, reach = X @ self.into + self.a, unknown.astype(self.precision) @ self.half
            brake = unknown * self.brake
            no_one = middle + reach + brake < self.least - self.tolerance
            no_zero = middle - reach - brake > self.tolerance - self.least
            lost = np.any((no_one | (X == 0)) & (no_zero | (X == 1)), axis=1)
            now = X.copy()
            now[unknown & no_one], now[unknown & no_zero] = 0, 1
            self._fill(now, lost, X, unknown, np.where(X == 1, middle, -middle) + reach)
            # rows of decided units together
            d = 2 * X - 1
            d[unknown] = 0
            right = d * middle
            y = np.maximum(multipliers * d, 0)
            total = y.sum(axis=1)
            fresh = total == 0
            y[fresh] = np.maximum(-right[fresh] - self.tolerance, 0)
            y /= np.maximum(np.where(fresh, y.sum(axis=1), total), tiny)[:, None]
            pull = (y * d) @ self.A
            pull[~unknown] = 0
            size = np.abs(pull)
            best = (y * (right - self.least)).sum(axis=1) + size.sum(axis=1) / 2
            lost |= best < -2 * self.tolerance
            forced = (now == 0.5) & (best[:, None] - size < -2 * self.tolerance)
            now[forced] = pull[forced] > 0
            slope = right + d * ((np.sign(pull) / 2) @ self.into) - self.least
            slope[(y == 0) & (slope > 0)] = 0
            step = np.maximum(best + self.BELOW, 0) / np.maximum((slope * slope).sum(axis=1), tiny)
            multipliers = np.maximum(y - step[:, None] * slope, 0) * d
            gained, left = np.any(now != X, axis=1) & ~lost, ~lost
            X, multipliers = now[left], multipliers[left]
            if gained.sum() <= self.WORTH * len(X):
                break
        own = np.abs(middle[left]) / (reach[left] + self.tolerance)
        shared = size[left] / (size[left].max(axis=1, keepdims=True) + self.tolerance)
        return X, multipliers, np.where(X == 0.5, own + shared + self.columns, -1)

    def _fill(self, now, lost, X, unknown, most):
        """Decide units without whose help the row of a decided unit, whose field is at `most` that large, would fail."""
        slack = most - self.least + self.tolerance
        state, row = np.nonzero((slack < self.largest) & ~(unknown | lost[:, None]))
        if not len(state):
            return
        place, weight = self.order[row], self.sorted[row]
        needed = np.abs(weight) > slack[state, row][:, None]
        needed &= unknown[state[:, None], place]
        which, column = np.nonzero(needed)
        state, unit = state[which], place[which, column]
        one = (weight[which, column] > 0) == (X[state, row[which]] == 1)
        lost[state[now[state, unit] == 1 - one]] = True
        now[state, unit] = one
        lost[state[now[state, unit] != one]] = True  # two rows need different values
