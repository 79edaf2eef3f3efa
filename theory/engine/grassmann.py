"""A small exterior algebra over rational numbers: what the anticommuting fields of the one-loop argument are checked with."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from sympy import Expr, Matrix, S


@dataclass(frozen=True)
class Element:
    """A sum of products of anticommuting generators, each product in sorted order with its coefficient."""

    terms: Mapping[tuple[Hashable, ...], Expr]

    @classmethod
    def number(cls, value: Expr) -> Element:
        """A commuting number."""
        return cls({(): S.Zero + value})

    @classmethod
    def generator(cls, name: Hashable) -> Element:
        """One anticommuting generator."""
        return cls({(name,): S.One})

    def __add__(self, other: Element) -> Element:
        total = dict(self.terms)
        for word, value in other.terms.items():
            total[word] = total.get(word, S.Zero) + value
        return Element({word: value for word, value in total.items() if value != 0})

    def __mul__(self, other: Element) -> Element:
        total: dict[tuple[Hashable, ...], Expr] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                word, sign = _sorted(left + right)
                if sign:
                    total[word] = total.get(word, S.Zero) + sign * a * b
        return Element({word: value for word, value in total.items() if value != 0})

    def __rmul__(self, factor: Expr) -> Element:
        return Element.number(factor) * self

    def exponential(self) -> Element:
        """exp(self) for an element without a number: the series ends by itself."""
        total = power = Element.number(S.One)
        order = 0
        while power.terms:
            order += 1
            power = (S.One / order) * (power * self)
            total = total + power
        return total

    def integral(self, *generators: Hashable) -> Expr:
        """Berezin integral, normalised so that the product of `generators` in the given order gives 1."""
        word, sign = _sorted(generators)
        return sign * self.terms.get(word, S.Zero)


def determinant(matrix: Matrix) -> Expr:
    """``int exp( -sum_ij cb_i M_ij c_j )`` with ``int c cb = 1`` at each site: the determinant of M."""
    size = matrix.rows
    pairs = {(i, j): Element.generator((i, 0)) * Element.generator((j, 1)) for i in range(size) for j in range(size)}
    exponent = sum((-matrix[ends] * pair for ends, pair in pairs.items()), Element({}))
    order = [generator for i in range(size) for generator in ((i, 1), (i, 0))]
    return exponent.exponential().integral(*order)


def _sorted(word: tuple) -> tuple[tuple, int]:
    """The generators in sorted order and the sign of the permutation, 0 if one occurs twice."""
    if len(set(word)) < len(word):
        return (), 0
    inversions = sum(word[k] > word[m] for k in range(len(word)) for m in range(k + 1, len(word)))
    return tuple(sorted(word)), -1 if inversions % 2 else 1
