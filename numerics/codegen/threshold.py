"""Networks of threshold units as generated code: `solve` for weights and biases."""

from __future__ import annotations


def threshold_equations(*_: object) -> list[str]:
    """Functions of the generated module: what is solved is given whole, and the conditions in the heading are its fields' signs."""
    return [
        '''\
def solve(W, b, method="auto", most=None):
    """All states s of 0 and 1 with W s + b > 0 where s is 1 and < 0 where it is 0, and those where some of it is 0 instead.

    See `stable_states`: integers, fractions, texts such as ``-3/2`` or floats, which are the binary fractions they are.
    """
    return stable_states(W, b, method, most)'''
    ]
