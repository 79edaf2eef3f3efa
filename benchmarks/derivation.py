"""Closed-form averages and whole theories: the symbolic work, first thing in a fresh process."""

from __future__ import annotations

from benchmarks.harness import Effort, Row, in_processes, within

PADE, ERF = "x*(15+x^2)/(15+6*x^2)", "erf(x)"
STOCK = {PADE: "x*(15+x**2)/(15+6*x**2)", ERF: "erf(x)"}

_OURS = """
from time import perf_counter
from quenched import Activation, Average, parse
from sympy import S
from theory.averages.closed import closed_form
from theory.averages.integrand import ordinary_integrand
from theory.symbols import Delta, phi, x
{prelude}
start = perf_counter()
pieces = ordinary_integrand(Average(phi(x) ** 2), Activation.from_text("{text}"))
closed = closed_form(pieces, S.Zero, Delta)
elapsed = perf_counter() - start
assert closed is not None
print(elapsed)
"""

_STOCK = """
from sympy import Integral, erf, exp, integrate, oo, pi, sqrt, symbols
x, D = symbols("x", real=True), symbols("D", positive=True)
value = integrate(({text})**2 * exp(-x**2 / (2*D)) / sqrt(2*pi*D), (x, -oo, oo))
print("left as an integral" if value.has(Integral) else value)
"""

_THEORY = """
from time import perf_counter
from quenched import Activation, derive, emit, parse
start = perf_counter()
theory = derive("static")
derived = perf_counter()
emit(theory, Activation.from_text("{text}"))
print({what})
"""


def rows(effort: Effort) -> list[Row]:
    """One average each for a Pade and for erf, against stock SymPy; then the whole theory."""
    found = [_average(name, text, effort) for name, text in (("[3/2] Pade", PADE), ("erf", ERF))]
    return found + _theory(effort)


def _average(name: str, text: str, effort: Effort) -> Row:
    repeats = effort.pick(9, 2)
    cold = in_processes(_OURS.format(text=text, prelude=""), repeats)
    warm = in_processes(_OURS.format(text=text, prelude='parse("x+2")'), repeats)
    stock, answer = within(_STOCK.format(text=STOCK[text]), effort.pick(20.0, 2.0))
    note = f"first sum of the process, so SymPy loads the rest of itself meanwhile; {warm} once one sum was formed"
    note += f"; stock SymPy's result: {answer[:60]}" if answer else ""
    row = Row(f"derive <phi^2> of {name}", "< 50 ms after import", cold, "stock sympy.integrate", stock, note=note)
    return row.below(0.050)


def _theory(effort: Effort) -> list[Row]:
    repeats = effort.pick(5, 1)
    floor = in_processes(
        "from time import perf_counter\ns = perf_counter()\nimport sympy\nprint(perf_counter() - s)", repeats
    )
    derived = in_processes(_THEORY.format(text=PADE, what="derived - start"), repeats)
    emitted = in_processes(_THEORY.format(text=PADE, what="perf_counter() - derived"), repeats)
    return [
        Row("derive the static theory, two routes", "-", derived, "import sympy", floor),
        Row("emit its solver for the [3/2] Pade", "-", emitted, "import sympy", floor),
    ]
