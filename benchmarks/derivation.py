"""Closed-form averages and whole theories: the symbolic work, first thing in a fresh process."""

from __future__ import annotations

from benchmarks.harness import Effort, Row, in_processes, within

PADE, ERF = "x*(15+x^2)/(15+6*x^2)", "erf(x)"
STOCK = {PADE: "x*(15+x**2)/(15+6*x**2)", ERF: "erf(x)"}

_IMPORTS = """
from quenched import Activation, Average, parse
from sympy import S
from theory.averages.closed import closed_form
from theory.averages.integrand import ordinary_integrand
from theory.symbols import Delta, phi, x
"""

_OURS = """
pieces = ordinary_integrand(Average(phi(x) ** 2), Activation.from_text("{text}"))
closed = closed_form(pieces, S.Zero, Delta)
"""

_STOCK = """
from sympy import Integral, erf, exp, integrate, oo, pi, sqrt, symbols
x, D = symbols("x", real=True), symbols("D", positive=True)
value = integrate(({text})**2 * exp(-x**2 / (2*D)) / sqrt(2*pi*D), (x, -oo, oo))
print("left as an integral" if value.has(Integral) else value)
"""


def rows(effort: Effort) -> list[Row]:
    """One average each for a Pade and for erf, against stock SymPy; then the whole theory."""
    repeats = effort.pick(5, 1)
    floor = in_processes("import sympy", repeats)
    needed, emit = "from quenched import Activation, derive, emit\n", f'emit(theory, Activation.from_text("{PADE}"))'
    derived = in_processes('derive("static")', repeats, needed)
    emitted = in_processes(emit, repeats, f'{needed}theory = derive("static")')
    return [
        *(_average(name, text, effort) for name, text in (("[3/2] Pade", PADE), ("erf", ERF))),
        Row("derive the static theory, two routes", "-", derived, "import sympy", floor),
        Row("emit its solver for the [3/2] Pade", "-", emitted, "import sympy", floor),
    ]


def _average(name: str, text: str, effort: Effort) -> Row:
    repeats, ours = effort.pick(9, 2), _OURS.format(text=text)
    cold, warm = (in_processes(ours, repeats, _IMPORTS + before, "assert closed") for before in ("", 'parse("x+2")'))
    stock, answer = within(_STOCK.format(text=STOCK[text]), effort.pick(20.0, 2.0))
    note = f"first sum of the process, so SymPy loads the rest of itself meanwhile; {warm} once one sum was formed"
    note += f"; stock SymPy's result: {answer[:60]}" if answer else ""
    row = Row(f"derive <phi^2> of {name}", "< 50 ms after import", cold, "stock sympy.integrate", stock, note=note)
    return row.below(0.050)
