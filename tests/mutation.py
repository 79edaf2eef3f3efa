"""Formulas and rules of the engine, altered in one place at a time."""

from __future__ import annotations

import ast
import copy
import inspect
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from sympy import Add, Basic, Eq, Expr, Integer, MatrixBase, Mul, Pow, Rational, S, Symbol, Tuple
from sympy.core.cache import clear_cache
from sympy.core.function import AppliedUndef
from sympy.core.random import seed as seed_sympy

from theory.averages.average import Average
from theory.averages.exact import exact
from theory.averages.measures import Connected, Gaussian
from theory.derivation import same
from theory.errors import QuenchedError
from theory.model import Model
from theory.theory import Theory


def altered_results(result: Any) -> Iterator[tuple[str, Any]]:
    """A shown result in the wrong: doubled, the sign of one summand, one exponent."""
    if isinstance(result, Eq):
        yield from ((how, Eq(result.lhs, e, evaluate=False)) for how, e in altered_results(result.rhs))
        return
    if isinstance(result, MatrixBase):
        nonzero = [k for k, entry in enumerate(result) if entry != 0]
        for k in nonzero[:1] + nonzero[-1:] if len(nonzero) > 1 else nonzero:
            for how, entry in altered_results(result[k]):
                wrong = result.as_mutable()
                wrong[k] = entry
                yield f"{how} in entry {k}", wrong.as_immutable()
        if not nonzero:
            yield "1 added", result.applyfunc(lambda entry: entry + 1)
        return
    if result == 0:
        yield "1 added", S.One
        return
    yield "times 2", 2 * result
    places = [(path, node) for path, node in _places(result)]
    for kind, change, how in (
        (Add, lambda node: Add(-node.args[-1], *node.args[:-1]), "sign of a summand"),
        (Pow, lambda node: Pow(node.base, node.exp + 1), "exponent"),
    ):
        path, node = next(((p, n) for p, n in places if isinstance(n, kind)), (None, None))
        if node is not None:
            yield how, _replaced(result, path, change(node))


def mutants(expression: Expr, draw: random.Random, count: int) -> list[tuple[str, Expr]]:
    """`count` expressions that differ from the given one in one node, drawn at random."""
    free = sorted(expression.free_symbols, key=str)
    options = [
        (path, node, change) for path, node in _places(expression) for change in _changes(node, expression, free)
    ]
    found: list[tuple[str, Expr]] = []
    for path, node, (how, new) in draw.sample(options, len(options)):
        if len(found) == count:
            break
        try:
            mutant = _replaced(expression, path, new)
        except (TypeError, ValueError, AttributeError, RecursionError):
            continue  # no such expression, as a derivative of a number is none
        if mutant != expression and not mutant.has(S.NaN, S.ComplexInfinity):
            found.append((f"{how}: {node} -> {new}", mutant))
    return found


def _changes(node: Basic, whole: Expr, free: Sequence[Symbol]) -> Iterator[tuple[str, Basic]]:
    """What may be wrong at one node, `free` the symbols that may stand for another."""
    if isinstance(node, Add):
        for k, term in enumerate(node.args):
            rest = node.args[:k] + node.args[k + 1 :]
            yield "sign", Add(-term, *rest)
            yield "dropped summand", Add(*rest)
    if isinstance(node, Mul | Pow) or node == whole:
        yield "coefficient", 2 * node
        yield "sign", -node
    if isinstance(node, Pow):
        yield "exponent", Pow(node.base, node.exp + 1)
    if isinstance(node, Rational) and not node.is_Integer:
        yield "coefficient", node / 2
    if isinstance(node, Integer):
        yield "coefficient", node + 1
    if isinstance(node, Symbol):
        yield from (("symbol", other) for other in free if other != node and other.is_real == node.is_real)


def _places(node: Basic, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Basic]]:
    """Every node with the way to it; not the variables of a derivative, an integral or a sum."""
    yield path, node
    for k, part in enumerate(node.args):
        if not isinstance(part, Tuple):
            yield from _places(part, (*path, k))


def _replaced(node: Basic, path: tuple[int, ...], new: Basic) -> Basic:
    if not path:
        return new
    parts = list(node.args)
    parts[path[0]] = _replaced(parts[path[0]], path[1:], new)
    return node.func(*parts)


def equivalent(a: Any, b: Any) -> bool:
    """Whether two results have the same value at random points, for polynomial phi; other functions by what they are given."""
    pairs = list(
        zip(
            *((list(e.args) if isinstance(e, Eq) else list(e) if isinstance(e, MatrixBase) else [e]) for e in (a, b)),
            strict=True,
        )
    )
    draw = random.Random(11)
    point = {
        s: Rational(draw.randint(5, 60), draw.randint(61, 99))
        for s in sorted((Tuple(*a, *b) if isinstance(a, MatrixBase) else Tuple(a, b)).free_symbols, key=str)
    }
    return all(same(p, q) or same(_number(p, point), _number(q, point)) for p, q in pairs)


def _number(expression: Expr, point: Mapping[Symbol, Expr]) -> Expr:
    def opaque(node: Basic) -> Expr:
        return Rational(random.Random(str(node)).randint(1, 10**6), 10**6)

    expression = expression.replace(
        lambda e: isinstance(e, Average) and not isinstance(e.measure, Gaussian | Connected), opaque
    )
    return (
        exact(expression).subs(point).replace(lambda node: isinstance(node, AppliedUndef) or node.is_Derivative, opaque)
    )


def not_caught_steps(steps):
    """(step, alteration) of every altered result that its step still verifies, and the number of alterations tried."""
    survivors, tried = [], 0
    for number, step in enumerate(steps, 1):
        for how, wrong in altered_results(step.after) if step.after is not None else ():
            tried += 1
            if replace(step, after=wrong).verify() and not equivalent(step.after, wrong):
                survivors.append(f"step {number} ({step.title[:60]}): {how}")
    return survivors, tried


def altered_parts(value: Any, draw: random.Random, count: int) -> Iterator[tuple[str, Any]]:
    """A theory, an equation, a quantity or a mapping with one expression altered, everywhere inside but in model and derivation."""
    if isinstance(value, Expr):
        if not value.is_Symbol:
            yield from mutants(value, draw, count)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from ((f"{key}: {how}", {**value, key: wrong}) for how, wrong in altered_parts(part, draw, count))
    elif isinstance(value, tuple):
        for k, part in enumerate(value):
            wrong_parts = altered_parts(part, draw, count)
            yield from ((how, (*value[:k], wrong, *value[k + 1 :])) for how, wrong in wrong_parts)
    elif is_dataclass(value) and not isinstance(value, Model):
        for part in fields(value):
            if part.name != "derivation":
                for how, wrong in altered_parts(getattr(value, part.name), draw, count):
                    yield f"{part.name}: {how}", replace(value, **{part.name: wrong})


@contextmanager
def engine_altered(name: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """`change` applied to an object of the engine, ``module:name`` or ``module:class.name``, wherever it was imported to."""
    module, _, path = name.partition(":")
    owner, _, attribute = path.rpartition(".")
    home = getattr(sys.modules[module], owner) if owner else sys.modules[module]
    original = vars(home)[attribute]
    changed = change(original)
    _exchanged(home if owner else None, original, changed)
    try:
        yield
    finally:
        _exchanged(home if owner else None, changed, original)


def _exchanged(owner: Any, old: Any, new: Any) -> None:
    """`new` for `old` in a class, or in every module of the theory."""
    forget()
    for home in [owner] if owner else [m for key, m in sorted(sys.modules.items()) if key.startswith("theory")]:
        for name in [name for name, value in vars(home).items() if value is old]:
            setattr(home, name, new)
    forget()


def fails(derive: Callable[[], Theory]) -> bool:
    """Whether a theory cannot be derived, or its check would raise; found at the first step that does not hold."""
    try:
        theory = derive()
        return any(not step.is_read or not step.verify() for step in theory.derivation) or bool(theory.unshown)
    except (ArithmeticError, LookupError, TypeError, ValueError, QuenchedError):
        return True


def forget() -> None:
    """Clear every cache of the theory, and that of SymPy, which keeps derivatives."""
    clear_cache()
    seed_sympy(1)  # factors of several variables are found from random points, of which some take for ever
    for key, module in list(sys.modules.items()):
        if key.startswith("theory"):
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", lambda: None)()


class _AlteredOperation(ast.NodeTransformer):
    """One arithmetic operation in the wrong: a sign, a dropped term or factor, a factor 2, an exponent."""

    def __init__(self, place: int) -> None:
        self.left, self.what = place, ""

    def _here(self, how: str, node: ast.AST) -> bool:
        self.left -= 1
        if self.left == -1:
            self.what = f"{how}: {ast.unparse(node)[:80]}"
        return self.left == -1

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        two = ast.Constant(2)
        if isinstance(node.op, ast.Add | ast.Sub):
            if self._here("sign", node):
                return ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
            return node.left if self._here("dropped term", node) else node
        if isinstance(node.op, ast.Mult | ast.Div):
            if self._here("factor", node):
                return ast.BinOp(two, ast.Mult(), node)
            return node.left if self._here("dropped factor", node) else node
        if isinstance(node.op, ast.Pow) and self._here("exponent", node):
            return ast.BinOp(node, ast.Mult(), node.left)
        return node


def altered_sources(modules: Sequence[str], draw: random.Random) -> Iterator[tuple[str, FunctionType, CodeType]]:
    """Every arithmetic operation of every function of these modules altered by itself, in random order: what, where, the code."""
    places = []
    for name in modules:
        tree = ast.parse(Path(sys.modules[name].__file__).read_text())
        homes = [(tree, sys.modules[name])]
        homes += [(node, vars(sys.modules[name])[node.name]) for node in tree.body if isinstance(node, ast.ClassDef)]
        for body, home in homes:
            for node in body.body:
                function = _function(vars(home).get(node.name)) if isinstance(node, ast.FunctionDef) else None
                if function is not None:
                    counter = _AlteredOperation(-1)
                    counter.visit(copy.deepcopy(node))
                    places += [(tree, node, function, place) for place in range(-1 - counter.left)]
    for tree, node, function, place in draw.sample(places, len(places)):
        altered = _AlteredOperation(place)
        whole = copy.deepcopy(tree)
        (found,) = (n for n in ast.walk(whole) if isinstance(n, ast.FunctionDef) and n.lineno == node.lineno)
        altered.visit(found)
        code = next(c for c in _codes(compile(ast.fix_missing_locations(whole), "altered", "exec"), found.name, node))
        if code.co_freevars == function.__code__.co_freevars:
            yield f"{function.__module__}.{function.__qualname__}: {altered.what}", function, code


def _function(value: Any) -> FunctionType | None:
    value = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", None) or value
    value = inspect.unwrap(value) if callable(value) else None
    return value if isinstance(value, FunctionType) else None


def _codes(code: CodeType, name: str, node: ast.FunctionDef) -> Iterator[CodeType]:
    first = min((node.lineno, *(d.lineno for d in node.decorator_list)))
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_name == name and part.co_firstlineno == first:
                yield part
            yield from _codes(part, name, node)


@contextmanager
def source_altered(function: FunctionType, code: CodeType) -> Iterator[None]:
    """A function with other code."""
    original = function.__code__
    function.__code__ = code
    forget()
    try:
        yield
    finally:
        function.__code__ = original
        forget()
