"""All stable states of a network of threshold units with given weights, exactly."""

from fractions import Fraction
from math import gcd, lcm

import numpy as np
from scipy.sparse.csgraph import connected_components

from numerics.algorithms.thresholdsearch import MOST_STATES, Findings, ThresholdRows, by_brute_force, by_search

SMALL = 12  # units up to which all states are looked at
MOST_LISTED = 2**24  # whole states that brute force looks at, if nothing else is said
MOST_WORK = 2**34  # partial states that any other method looks at, times N^2: some minutes
SOME = 100  # states of a part that are followed up, and looked at in each further part, once the search is given up
"""A network that needs more is reported as not complete."""


def integer_rows(W, b):
    """Every row with its bias times a positive number that makes them integers, which changes no state.

    Entries are integers, fractions, texts such as ``-3/2``, or floats, which are the binary fractions they are.
    """
    if not len(W) == len(b) > 0 or any(len(row) != len(W) for row in W):
        raise ValueError("W has N rows of N numbers each, b has N numbers, N > 0")
    whole = []
    for row, c in zip(W, b, strict=True):
        numbers = [w if type(w) is int else Fraction(w) for w in (*row, c)]
        shared, common = lcm(*(w.denominator for w in numbers)), gcd(*(w.numerator for w in numbers)) or 1
        whole.append([w.numerator * (shared // w.denominator) // common for w in numbers])
    return [row[:-1] for row in whole], [row[-1] for row in whole]


def stable_states(W, b, method="auto", most=None):
    """All stable and all marginal states.

    Parameters
    ----------
    W : N rows of N numbers
        ``W[i][j]`` is the weight from unit j onto unit i.
    b : N numbers
    method : str
        'brute' looks at all 2^N states, 'tree' is branch and bound, 'product' treats strongly connected components one by one,
        'sweep' is for weights of rank 1, 'cooperative' finds the least and the greatest state where signs are balanced,
        'milp' asks HiGHS for one state after another, and 'auto' picks.
    most : int, optional
        Largest number of states, partial ones included, that are looked at; None for about what some minutes allow.

    Returns
    -------
    dict
        stable, marginal: sorted texts, character k is unit k; method; complete, marginal_complete: whether it is proved that there
        are no other stable, and no other marginal, states.

    Raises
    ------
    ValueError
        Where the method does not apply.
    """
    rows, bias = integer_rows(W, b)
    found, used = found_by(method, ThresholdRows(rows, bias), most)
    marginal, all_marginal = found.states[~found.stable], found.complete
    if found.given_up and len(marginal):  # the stable states alone may be few
        found, used = found_by(method, ThresholdRows(rows, bias, strict=True), most)
    return {
        "stable": texts_of(found.states[found.stable]),
        "marginal": texts_of(marginal),
        "method": used,
        "complete": found.complete,
        "marginal_complete": all_marginal,
    }


def texts_of(states):
    """States as they are written, sorted."""
    return sorted("".join(map(str, state)) for state in states.tolist())


def found_by(method, network, most):
    """Findings, and the method that was used.

    Raises
    ------
    ValueError
        Where the method does not apply.
    """
    if method == "auto":
        strong = len(components(network)) == 1
        rank_one = network.N > SMALL and strong and direction_of(network) is not None
        method = "product" if not strong else "brute" if network.N <= SMALL else "sweep" if rank_one else "tree"
    if method not in SEARCHES:
        raise ValueError(f"method '{method}' is none of auto, {', '.join(SEARCHES)}")
    usual = MOST_LISTED if method == "brute" else MOST_WORK // network.N**2
    return SEARCHES[method](network, usual if most is None else most), method


def components(network):
    """Strongly connected components, each an array of units, after all those that it gets input from."""
    linked = network.weights != 0
    count, label = connected_components(linked, connection="strong")
    needs = [set(label[linked[label == k].any(axis=0)].tolist()) - {k} for k in range(count)]
    order, left = [], set(range(count))
    while left:
        free = sorted(k for k in left if not needs[k] & left)
        order, left = order + free, left - set(free)
    return [np.flatnonzero(label == k) for k in order]


def by_components(network, most):
    """One strongly connected component after another: what the units before it do adds to its biases."""
    found, states = Findings(network, most), np.zeros((1, network.N), dtype=np.int8)
    for units in components(network):
        rows = [[network.rows[i][j] for j in units] for i in units]
        groups, kept = {}, []
        for k, bias in enumerate(network.fields(states, units).tolist()):  # the units themselves are still 0 there
            groups.setdefault(tuple(bias), []).append(k)
        for bias, group in groups.items():
            part, _ = found_by(
                "auto", ThresholdRows(rows, list(bias), network.strict), SOME if found.given_up else found.left
            )
            found.left = -1 if found.given_up else part.left
            both = np.repeat(states[group], len(part.states), axis=0)
            both[:, units] = np.tile(part.states, (len(group), 1))
            kept.append(both)
        states = np.concatenate([states[:0], *kept])
        if not found.spend(len(states)) or len(states) > MOST_STATES:
            found.left, states = -1, states[:SOME]  # not complete, but perhaps not empty
    found.add(states)
    return found


def direction_of(network):
    """For W = u v^T the numbers u, as fractions; None for any other matrix."""
    place = next(((i, j) for i, row in enumerate(network.rows) for j, w in enumerate(row) if w), None)
    if place is None:
        return None
    i, j = place
    v, one = network.rows[i], network.rows[i][j]
    if any(w * one != row[j] * c for row in network.rows for w, c in zip(row, v, strict=True)):
        return None
    return [Fraction(row[j], one) for row in network.rows]


def by_sweep(network, most):
    """For W = u v^T the fields are u z + b with z = v.s: their signs change at the numbers z = -b_i/u_i alone."""
    u = direction_of(network)
    if u is None:
        raise ValueError("the sweep is for weights of rank 1: leave the method to 'auto', or take 'tree'")
    points = sorted({-c / slope for c, slope in zip(network.bias, u, strict=True) if slope})
    fields = [[slope * z + c for slope, c in zip(u, network.bias, strict=True)] for z in points]
    starts = np.array([[0.5 if h == 0 else float(h > 0) for h in row] for row in fields])
    found = by_search(network, most, starts)  # zero fields leave both values, so that both sides of a point are covered
    found.states, first = np.unique(found.states, axis=0, return_index=True)
    found.stable = found.stable[first]
    return found


def switched(network):
    """Units whose values 0 and 1 are to be exchanged so that all weights are >= 0; None where signs are not balanced."""
    signs = np.sign(network.weights).astype(int)
    unknown, flips = set(range(network.N)), np.zeros(network.N, dtype=int)
    while unknown:
        stack = [unknown.pop()]
        while stack:
            i = stack.pop()
            for j in [j for j in unknown if signs[i, j] or signs[j, i]]:
                flips[j] = flips[i] ^ (signs[i, j] + signs[j, i] < 0)
                unknown.remove(j)
                stack.append(j)
    turned = 1 - 2 * flips
    return None if np.any(turned[:, None] * signs * turned < 0) else flips


def by_extremes(network, most):
    """Where signs are balanced, the least and the greatest state; all others lie between these, so there may be more."""
    flips = switched(network)
    if flips is None:
        raise ValueError(
            "a least and a greatest state exist where the product of weights along every cycle is positive"
        )
    found, ends = Findings(network, most), []
    for start, sign in ((0, lambda h: h > 0), (1, lambda h: h >= 0)):
        state = flips ^ start
        while np.any(
            state
            != (
                following := flips
                ^ sign((1 - 2 * flips) * network.fields(state[None], np.arange(network.N))[0]).astype(int)
            )
        ):
            state = following
        ends.append(state)
    found.add(np.unique(ends, axis=0))
    found.proved = bool(np.all(ends[0] == ends[1]))
    return found


def by_programming(network, most):
    """One state after another from HiGHS, each excluded from then on; that there is no other is a statement in floats, no proof."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # loads slowly, and only this method needs it

    A, a, least, found, seen = network.A, network.a, network.least, Findings(network, most), []
    low, high = a + np.minimum(A, 0).sum(axis=1), a + np.maximum(A, 0).sum(axis=1)
    signs = [
        LinearConstraint(A + np.diag(low - least), low - a, np.inf),
        LinearConstraint(A - np.diag(high + least), -np.inf, -a - least),
    ]
    while True:
        seen_before = [LinearConstraint(1 - 2 * np.array(seen), 1 - np.sum(seen, axis=1), np.inf)] if seen else []
        answer = milp(
            np.zeros(network.N),
            constraints=[*signs, *seen_before],
            bounds=Bounds(0, 1),
            integrality=np.ones(network.N),
            options={"node_limit": min(max(found.left, 1), 2**31 - 1)},
        )
        if answer.x is None or not found.spend(1):
            break
        seen.append(np.round(answer.x).astype(int))
        found.add(seen[-1][None])
    found.proved = False
    return found


SEARCHES = {
    "brute": by_brute_force,
    "tree": by_search,
    "product": by_components,
    "sweep": by_sweep,
    "cooperative": by_extremes,
    "milp": by_programming,
}
