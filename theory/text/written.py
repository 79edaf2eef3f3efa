"""Activations by the names of machine learning: each is a formula, put in place of its name before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from theory.errors import InputError
from theory.text.lexer import FORMULA, at, shown, tokenize
from theory.text.syntax import MAX_NODES, Node, read, walk


@dataclass(frozen=True)
class Written:
    """A name for a formula in x.

    Attributes
    ----------
    formula : str
        In x and the parameters.
    parameters : tuple of (str, str)
        Names with default values, in order.
    """

    formula: str
    parameters: tuple[tuple[str, str], ...] = ()

    @cached_property
    def tree(self) -> Node:
        """The formula as a tree."""
        return _tree(self.formula)

    def signature(self, name: str) -> str:
        """How a user writes it."""
        return f"{name}({', '.join(['x', *(f'{p}={value}' for p, value in self.parameters)])})"


def _tree(text: str) -> Node:
    (tree,) = read(tokenize(text), len(text), FORMULA)
    return tree


WRITTEN: dict[str, Written] = {
    "gelu": Written("x*(1+erf(x/sqrt(2)))/2"),
    "gelu_tanh": Written("x*(1+tanh(sqrt(2/pi)*(x+0.044715*x^3)))/2"),
    "silu": Written("x*sigmoid(x)"),
    "mish": Written("x*tanh(softplus(x))"),
    "elu": Written("max(0,x)+a*(exp(min(0,x))-1)", (("a", "1"),)),
    "celu": Written("max(0,x)+a*(exp(min(0,x)/a)-1)", (("a", "1"),)),
    "selu": Written("1.0507009873554805*(max(0,x)+1.6732632423543772*(exp(min(0,x))-1))"),
    "prelu": Written("max(0,x)+a*min(0,x)", (("a", "1/4"),)),
    "relu6": Written("min(6,max(0,x))"),
    "softsign": Written("x/(1+abs(x))"),
    "hardtanh": Written("max(a,min(b,x))", (("a", "-1"), ("b", "1"))),
    "hardsigmoid": Written("min(1,max(0,x/6+1/2))"),
    "hardswish": Written("x*min(1,max(0,x/6+1/2))"),
    "softshrink": Written("max(0,x-a)+min(0,x+a)", (("a", "1/2"),)),
    "hardshrink": Written("Piecewise((x,x<-a),(0,x<a),(x,True))", (("a", "1/2"),)),
    "tanhshrink": Written("x-tanh(x)"),
    "logsigmoid": Written("-softplus(-x)"),
    "snake": Written("x+sin(a*x)^2/a", (("a", "1"),)),
    "ndtr": Written("(1+erf(x/sqrt(2)))/2"),
    "expm1": Written("exp(x)-1"),
    "log1p": Written("log(1+x)"),
    "square": Written("x^2"),
    "identity": Written("x"),
}
"""Hendrycks, Gimpel 2016 (gelu, silu); Misra 2019 (mish); Clevert et al. 2015 (elu); Barron 2017 (celu); Klambauer et al. 2017
(selu); He et al. 2015 (prelu); Howard et al. 2019 (hardswish, hardsigmoid); Ziyin et al. 2020 (snake). Defaults are PyTorch's."""

SPELLINGS: dict[str, str] = {
    "swish": "silu",
    "GELU": "gelu",
    "SiLU": "silu",
    "ELU": "elu",
    "clip": "hardtanh",
    "clamp": "hardtanh",
    "norm_cdf": "ndtr",
}
"""Other spellings of the same names."""


def written(name: str) -> Written | None:
    """The formula that a name stands for, or None."""
    return WRITTEN.get(SPELLINGS.get(name, name))


def spelled_out(tree: Node, text: str) -> Node:
    """A tree with every such name, ``where(condition, a, b)`` and comparison that counts as 0 or 1 as the formula it stands for.

    Raises
    ------
    InputError
        For wrong arguments, or a formula that is too large with all names written out.
    """
    if tree.kind == "comparison":
        return tree  # refused: by itself it is no function
    whole = Node("call", tree.start, tree.end, (Node("name", tree.start, tree.end, text="x"),), tree.text)
    return _Writer(text).write(whole if tree.kind == "name" and written(tree.text) else tree)


class _Writer:
    def __init__(self, text: str) -> None:
        self.text = text

    def write(self, node: Node) -> Node:
        """The node, its parts written out first; conditions of branches stay comparisons."""
        if node.kind == "call" and node.text == "pade" and node.parts:
            first, *rest = node.parts
            alone = replace(node, parts=(replace(first, text="x"),), text=first.text)
            return replace(node, parts=(self._named(alone) if written(first.text) else self.write(first), *rest))
        if node.kind == "call" and node.text == "Piecewise":
            return replace(node, parts=tuple(map(self._branch, node.parts)))
        if node.kind == "call" and node.text == "where" and len(node.parts) == 3:
            condition, *values = node.parts
            return self._cases(node, condition, *map(self.write, values))
        if node.kind == "comparison":
            return self._cases(node, node, *(replace(node, kind="number", parts=(), signs=(), text=v) for v in "10"))
        node = replace(node, parts=tuple(map(self.write, node.parts)))
        return self._named(node) if node.kind == "call" and written(node.text) else node

    def _branch(self, node: Node) -> Node:
        if node.kind != "list" or len(node.parts) != 2:
            return node
        return replace(node, parts=(self.write(node.parts[0]), node.parts[1]))

    def _cases(self, node: Node, condition: Node, yes: Node, no: Node) -> Node:
        always = Node("name", node.start, node.end, text="True")
        branches = (Node("list", node.start, node.end, pair) for pair in ((yes, condition), (no, always)))
        return self._bounded(Node("call", node.start, node.end, tuple(branches), "Piecewise"))

    def _named(self, node: Node) -> Node:
        found = written(node.text)
        assert found is not None
        given: Sequence[Node] = node.parts
        inputs = [part for part in given if any(n.kind == "name" and n.text == "x" for n in walk(part))]
        if not inputs and len(given) > len(found.parameters):
            inputs = [given[0]]
        values = [part for part in given if part not in inputs]
        if len(inputs) > 1 or len(values) > len(found.parameters):
            raise InputError(
                f"{shown(node.text)} {at(node.start)} has the wrong arguments; write {found.signature(node.text)}"
            )
        meant = {"x": inputs[0] if inputs else Node("name", node.start, node.end, text="x")}
        for k, (name, default) in enumerate(found.parameters):
            meant[name] = values[k] if k < len(values) else _tree(default)
        return self._bounded(_put_in(found.tree, meant, node))

    def _bounded(self, node: Node) -> Node:
        if sum(1 for _ in walk(node)) > MAX_NODES:
            raise InputError(f"{shown(self.text)} is too large a formula when its names are written out")
        return node


def _put_in(tree: Node, meant: dict[str, Node], place: Node) -> Node:
    """The tree with names replaced; what it adds stands where the name stood, for sentences about it."""
    if tree.kind == "name" and tree.text in meant:
        return meant[tree.text]
    parts = tuple(_put_in(part, meant, place) for part in tree.parts)
    return replace(tree, start=place.start, end=place.end, parts=parts)
