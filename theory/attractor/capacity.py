r"""How many patterns rows of weights can store at all, also where units are silent in patterns or weights have signs.

The P inputs R^T w must reach a cone: given values at active units, anything below a threshold at silent ones.  The weights are
free or in a cone of given signs.  A random map takes one cone to another while the dimensions that the first one has, A N,
exceed those that the second one lacks, B P.  Both are the mean squared length of what a normal vector has along cones, of which
x ~ N(M, 1) is one component, M minimising it: the mean rate makes a uniform part of the inputs free and that of the weights 0.

Reference: Amelunxen, Lotz, McCoy, Tropp 2014, Information and Inference 3, 224 (statistical dimension of cones).
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Function, S, Symbol

from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.concrete import in_closed_form
from theory.derivation import Solves
from theory.limits.checks import Numbers, equal
from theory.limits.limit import Limit, follows
from theory.symbols import phi, x

M, K = Symbol("M", real=True), Function("K")
"""Mean of the normal variable; mean square of its positive part, a function of M."""

active, excitatory = Symbol("f", positive=True), Symbol("f_E", nonnegative=True)
"""Share of the units that are active in a pattern; of the weights that must not be negative, all others being not positive."""

RELU = Activation.from_text("relu(x)")
HALF = Average(phi(x) ** 2, 0, Normal(M, 1))
MEAN_SQUARE = in_closed_form(HALF, RELU)
"""K(M), phi in its average being a rectifier."""

LACKED = active * (1 + M**2) + (1 - active) * K(M)
"""What the patterns ask for, per pattern."""

FREE = excitatory * K(M) + (1 - excitatory) * K(-M)
"""What weights of given signs have, per weight."""


def written(size: Expr) -> Expr:
    """With K in closed form."""
    return size.replace(K, lambda mean: MEAN_SQUARE.subs(M, mean))


def capacity_limit() -> Limit:
    """The capacity as a ratio of two minima."""
    points = [[{M: value}] for value in (S(-2), S(1) / 3, S(5) / 2)]
    certified = Numbers(RELU, lambda: points, equal, "certified quadrature, 25 digits")
    rule, polar = "statistical dimension", "with the polar cone it makes up all of <x^2>"
    silent = active * Average(x**2, 0, Normal(M, 1)) + (1 - active) * HALF
    signed = excitatory * HALF + (1 - excitatory) * Average(phi(-x) ** 2, 0, Normal(M, 1))
    lacked = Solves(lambda e: written(e - (1 + M**2 - (1 - active) * K(-M))), polar)
    free = Solves(lambda e: written(e - (1 + M**2 - FREE.subs(excitatory, 1 - excitatory))), polar)
    silence, signs = "units active with probability f, else silent", "a share f_E of the weights >= 0, the rest <= 0"

    def at_zero(size: Expr, load: Callable[[Expr], Expr]) -> Solves:
        """Check of what is at M = 0, the minimum by symmetry."""
        least = written(size)
        return Solves(lambda e: (load(e) - least.subs(M, 0)) + least.diff(M).subs(M, 0) ** 2)

    dense, balanced = LACKED.subs(active, 1), FREE.subs(excitatory, S.Half)
    alone, half = at_zero(dense, lambda e: 1 / e), at_zero(balanced, lambda e: e)
    return Limit(
        title="Capacity: alpha_C = min A/min B, minima over M; A = 1 for weights of any sign",
        formulas=(
            follows("positive part of x ~ N(M, 1)", "K(M)", "=", MEAN_SQUARE, HALF, "table of averages", certified),
            follows(silence, "B(M)", "=", LACKED, silent, rule, lacked),
            follows(signs, "A(M)", "=", FREE, signed, rule, free),
            follows("every unit active, f = 1", "alpha_C", "=", S.One, dense, "M = 0", alone),
            follows("f = 1, as many weights of either sign", "alpha_C", "=", S.Half, balanced, "M = 0", half),
        ),
    )
