r"""How many patterns rows of weights can store at all, also where units are silent in patterns or weights have signs.

The P inputs R^T w must reach a cone: given values at active units, anything below a threshold at silent ones.  The weights are
free or in a cone of given signs.  A random map takes one cone to another while the dimensions that the first one has, A N,
exceed those that the second one lacks, B P.  Both are the mean squared length of what a normal vector has along cones, of which
x ~ N(M, 1) is one component, M minimising it: the mean rate makes a uniform part of the inputs free and that of the weights 0.

Reference: Amelunxen, Lotz, McCoy, Tropp 2014, Information and Inference 3, 224 (statistical dimension of cones).
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, S, Symbol

from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.concrete import in_closed_form
from theory.derivation import Solves, Step
from theory.limits.checks import Numbers, equal
from theory.limits.limit import Formula, Limit, follows
from theory.symbols import phi, x

RULE = "statistical dimension"
M = Symbol("M", real=True)
"""Mean of the normal variable."""

active, excitatory = Symbol("f", positive=True), Symbol("f_E", nonnegative=True)
"""Share of the units that are active in a pattern; of the weights that must not be negative, all others being not positive."""

RELU = Activation.from_text("relu(x)")
HALF = Average(phi(x) ** 2, 0, Normal(M, 1))
"""Mean square of the positive part of x, phi being a rectifier."""

K = in_closed_form(HALF, RELU)
LACKED = active * (1 + M**2) + (1 - active) * K
"""What the patterns ask for, per pattern."""

FREE = excitatory * K + (1 - excitatory) * K.subs(M, -M)
"""What weights of given signs have, per weight."""


def capacity_limit() -> Limit:
    """The capacity as a ratio of two minima."""
    points = [[{M: value}] for value in (S(-2), S(1) / 3, S(5) / 2)]
    certified = Numbers(RELU, lambda: points, equal, "certified quadrature, 25 digits")
    both = Step("K(M), mean square of the positive part of x ~ N(M, 1)", "table of averages", HALF, K, check=certified)
    polar = "with the polar cone it makes up all of <x^2>"
    silent = active * Average(x**2, 0, Normal(M, 1)) + (1 - active) * HALF
    signed = excitatory * HALF + (1 - excitatory) * Average(phi(-x) ** 2, 0, Normal(M, 1))
    lacked = Solves(lambda e: e - (1 + M**2 - (1 - active) * K.subs(M, -M)), polar)
    free = Solves(lambda e: e - (1 + M**2 - FREE.subs(excitatory, 1 - excitatory)), polar)
    return Limit(
        title="Capacity: alpha_C = min A/min B, minima over M; A = 1 for weights of any sign",
        lemmas=lambda: (both,),
        formulas=(
            follows("B(M), units active with probability f, else silent", "B", "=", LACKED, silent, RULE, lacked),
            follows(
                "A(M), a share f_E of the weights not negative, the rest not positive",
                "A",
                "=",
                FREE,
                signed,
                RULE,
                free,
            ),
            *_special(),
        ),
    )


def _special() -> Iterator[Formula]:
    """Where M = 0 is the minimum, by symmetry."""

    def check(claimed: Expr, size: Expr) -> Solves:
        return Solves(lambda e: (claimed(e) - size.subs(M, 0)) + size.diff(M).subs(M, 0) ** 2)

    dense, balanced = LACKED.subs(active, 1), FREE.subs(excitatory, S.Half).expand()
    yield follows("every unit active, f = 1", "alpha_C", "=", S.One, dense, "M = 0", check(lambda e: 1 / e, dense))
    yield follows(
        "f = 1, as many weights of either sign", "alpha_C", "=", S.Half, balanced, "M = 0", check(lambda e: e, balanced)
    )
