"""How a threshold network moves: straight lines inside regions, walls, Filippov's equilibria and their indices, two cycles."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from random import Random

from sympy import Abs, Expr, Heaviside, Matrix, Mul, Poly, S, Symbol, diag, exp, eye, log, sign, sqrt, symbols

from theory.derivation import Replay, Solves, Step, StepFailed, named
from theory.threshold.cycles import Leg, Recurrence, recurrence
from theory.threshold.filippov import box_solutions
from theory.threshold.generic import FIELD, W, compared, fields, u, written_out, y
from theory.threshold.network import State, ThresholdNetwork, Vector

y_i, y_k, h_i, h_k, W_ii = symbols("y_i y_k h_i h_k W_ii", real=True)
z = Symbol("z", positive=True)
"""exp(-t)."""

time = Symbol("t", nonnegative=True)
distance, speed = symbols("a k", positive=True)
POSITION = h_k + (y_k - h_k) * z
"""Of unit k, which started at y_k."""

CROSSING = h_i / (h_i - y_i)
EXIT = log(1 + Abs(y_i) / Abs(h_i))
LANDED = (y_k - h_k * y_i / h_i) / (1 - y_i / h_i)
OUTPUT = -h_i / W_ii
HEADING = tuple({y_i: side * distance, h_i: -side * speed} for side in (1, -1))
"""A unit on its way to zero, from above and from below."""


def regions() -> Iterator[Step]:
    """The field, the form in rates, the motion inside a region."""
    r = Matrix(symbols("r_1:4", real=True))
    velocity = -y + fields(u)
    yield compared(
        "In the region of a state s, where y_i > 0 for the units with s_i = 1 and y_i < 0 for all others, the velocity is "
        "-y_i + h_i with a constant field h_i, the focal point; here for three units with outputs u = s",
        "definition of the step function",
        velocity,
        named("h_i", FIELD),
        velocity + y,
        by=lambda e: written_out(e, u),
        name="the sum written out for three generic units, against what the network counts",
    )
    yield compared(
        "Rates dr/dt = -r + H(W r + b) have y = W r + b, which moves as dy/dt = -y + W H(y) + b. Stable states are the same; a "
        "cue is not: r = q starts in the region of the state H(W q + b)",
        "derivative of y = W r + b",
        W * (u - r),
        velocity,
        by=lambda e: e.subs(dict(zip(y, fields(r), strict=True)), simultaneous=True),
        name="y = W r + b inserted",
        assumption="constant bias, equal time constants",
    )
    moved, speed_k = POSITION.subs(z, exp(-time)), h_k - y_k
    yield Step(
        "Inside a region trajectories are straight lines towards the focal point, z = exp(-t)",
        "linear differential equation",
        speed_k,
        POSITION,
        check=Solves(
            lambda e: Matrix([(now := e.subs(z, exp(-time))).diff(time) - speed_k.subs(y_k, now), e.subs(z, 1) - y_k]),
            "inserted into the differential equation and the initial value",
        ),
    )
    margin = Symbol("m_i", real=True)
    yield Step(
        "A unit at the distance a from zero, on the side that its state says, with the margin m_i = (2 s_i - 1) h_i, has this "
        "distance later. It stays positive for all z in (0, 1] if and only if m_i >= 0: a region with all m_i > 0 attracts itself "
        "(its state is stable), one with some m_i < 0 is left by every trajectory, and where the smallest m_i is 0 trajectories "
        "tend to a point of the region's boundary (its state is marginal)",
        "convex combination",
        POSITION.subs({y_k: distance, h_k: margin}),
        distance * z + margin * (1 - z),
        check=Solves(
            lambda e: Matrix(
                [side * POSITION.subs({y_k: side * distance, h_k: side * margin}) - e for side in (1, -1)]
            ),
            "inserted on both sides of zero",
        ),
    )
    yield compared(
        "A unit reaches zero if its field has the wrong sign; the first one to do so has the largest z",
        "linear equation",
        POSITION.subs({y_k: y_i, h_k: h_i}),
        named("z", CROSSING),
        S.Zero,
        by=lambda e: POSITION.subs({y_k: y_i, h_k: h_i, z: e}),
        name="inserted",
    )
    yield compared(
        "This is the time at which a trajectory leaves the region, the smallest over the units with m_i < 0",
        "logarithm",
        -log(CROSSING),
        named("t_i", EXIT),
        Matrix([0, 0]),
        by=lambda e: Matrix([moved.subs({y_k: y_i, h_k: h_i, time: e}).subs(side) for side in HEADING]),
        name="inserted into the trajectory, from above and from below",
    )
    yield compared(
        "The other units are then here: rational numbers stay rational",
        "insertion",
        POSITION.subs(z, CROSSING),
        named("y_k'", LANDED),
        Matrix([POSITION.subs(z, CROSSING), 0]),
        by=lambda e: Matrix([e, e.subs({y_k: y_i, h_k: h_i})]),
        name="compared, and 0 for the unit itself",
    )
    yield _two_crossings()


def _two_crossings() -> Step:
    """Two crossings of three units, by matrices and by the map itself."""
    first, second = (Matrix(symbols(f"{name}_1:4", real=True)) for name in ("f", "F"))

    def landed(point: Matrix, focal: Matrix, unit: int) -> Matrix:
        at = {y_i: point[unit], h_i: focal[unit]}
        return Matrix([LANDED.subs({y_k: point[k], h_k: focal[k], **at}, simultaneous=True) for k in range(3)])

    def linear(focal: Matrix, unit: int) -> Matrix:
        return eye(3) - focal * eye(3).row(unit) / focal[unit]

    psi = -eye(3).row(0) / first[0] - linear(first, 0).row(1) / second[1]
    return compared(
        "So a sequence of crossings is a projective map y -> A y/(1 + psi.y), A a product of matrices 1 - f e^T/f_i; its order is "
        "a list of linear inequalities, so that the limit depends on the direction of y alone. Here unit 1 crosses, then unit 2",
        "composition of projective maps",
        landed(landed(y, first, 0), second, 1),
        linear(second, 1) * linear(first, 0) * y / (1 + (psi * y)[0]),
        name="the map applied twice",
    )


_PAIRS = ((1, 2), (2, 1), (-1, -2), (-2, -1), (1, -1), (3, -1), (-1, 1), (-1, 3))
"""Fields of a unit below and above its wall: both positive, both negative, sliding, repelling."""


def walls() -> Iterator[Step]:
    """What happens at y_i = 0, and the index formula."""
    output = Symbol("u_i", real=True)
    velocity = h_i + W_ii * output
    yield compared(
        "At y_i = 0, h_i the field without the unit's own output, the output may be any u_i in [0, 1]; a unit that stays on its "
        "wall has the velocity h_i + W_ii u_i = 0",
        "Filippov's convex hull",
        velocity,
        named(output, OUTPUT),
        S.Zero,
        by=lambda e: velocity.subs(output, e),
        name="inserted",
        assumption="W_ii is not 0; a unit without a weight onto itself always crosses",
    )
    yield compared(
        "This output lies between 0 and 1 if and only if h_i and h_i + W_ii, the fields on the two sides, have different signs; "
        "otherwise trajectories cross. The wall slides for h_i > 0 > h_i + W_ii, where u_i = h_i/|W_ii|, and repels for "
        "h_i < 0 < h_i + W_ii",
        "sign of a product",
        OUTPUT * (1 - OUTPUT),
        -h_i * (h_i + W_ii) / W_ii**2,
    )
    yield compared(
        "Motions with constant output solve v = W_ii u + h_i with u = 1 where v > 0 and u = 0 where v < 0: one solution at walls "
        "that cross or slide, three at those that repel, from which trajectories are not unique. Rows: the fields below and above",
        "linear complementarity problem on a box",
        Matrix(_PAIRS),
        Matrix([1, 1, 1, 1, 1, 1, 3, 3]),
        Matrix([len(box_solutions(*_one_unit(*pair))) for pair in _PAIRS]),
        name="the box problem solved for every row",
    )
    index = Heaviside(-h_i) + Heaviside(h_i + W_ii) - sign(W_ii) * Heaviside(-h_i * (h_i + W_ii))
    yield compared(
        "For one unit the signs of 1 - W_ii dH/dy at the equilibria u = 0, u = 1 and 0 < u < 1 sum to 1",
        "degree of a map",
        index,
        S.One,
        Matrix([index.subs({h_i: low, W_ii: high - low}) for low, high in _PAIRS]),
        by=lambda e: Matrix([e] * len(_PAIRS)),
        name="every order of the two fields and 0",
    )
    yield from _indices()


def _one_unit(low: int, high: int) -> tuple[tuple[Vector], Vector]:
    """Weight and field of a unit with these fields below and above its wall."""
    return ((Fraction(high - low),),), (Fraction(low),)


def _indices() -> Iterator[Step]:
    """The index of an equilibrium from steep sigmoids, and the sum of all indices."""
    steepness = Symbol("beta", positive=True)
    slopes = symbols("l_1:4", positive=True)
    for sliding, which in ((1, "unit 1"), (2, "units 1 and 2")):
        steep = diag(*(steepness * slope if k < sliding else 0 for k, slope in enumerate(slopes)))
        leading = Mul(*slopes[:sliding]) * (-W[:sliding, :sliding]).det()
        yield Step(
            "In a network of steep sigmoids, H(y) replaced by a function of beta y, units of an equilibrium with 0 < u < 1 have "
            "slopes beta l and all others none. The determinant of y - W H(y) - b has the largest power of beta with the factor "
            f"det(-W_FF), F the set of these units, here {which} of three",
            "leading power",
            (eye(3) - W * steep).det(),
            steepness**sliding * leading,
            assumption="nondegenerate: det W_FF is not 0, no velocity vanishes with its output at 0 or 1",
            check=Replay(partial(_leading_term, steepness), "largest power in the determinant"),
        )
    draw, networks = Random(20221006), []
    for size in (2, 2, 3, 3, 3):
        rows = [[Fraction(draw.randint(-300, 300), 101) for _ in range(size + 1)] for _ in range(size)]
        networks.append(ThresholdNetwork.of([row[:-1] for row in rows], [row[-1] for row in rows]))
    sums = [sum(point.index for point in box_solutions(network.W, network.b)) for network in networks]
    count = Symbol("sum_sign_det(-W_FF)")
    yield compared(
        "The map y - W H(y) - b has degree 1: for bounded outputs it is the identity far out. So the signs of det(-W_FF) of all "
        "equilibria sum to 1, stable states counting 1: their number is 1 minus the sum over sliding equilibria, and the number of "
        "all equilibria is odd",
        "invariance of the degree",
        None,
        named(count, S.One),
        Matrix(sums),
        by=lambda e: Matrix([e] * len(sums)),
        name="all equilibria of five random networks enumerated",
    )


def _leading_term(variable: Symbol, e: Expr) -> Expr:
    polynomial = Poly(e, variable)
    return polynomial.LC() * variable ** polynomial.degree()


def cycles() -> Iterator[Step]:
    """Three units that inhibit each other in a ring."""
    ahead, behind, first = symbols("a_1 a_2 z_1", positive=True)
    here, later = Matrix([ahead, behind]), Matrix([1 - (1 - behind) / (1 + ahead), 1 - 1 / (1 + ahead)])
    part = 1 / (1 + ahead)
    third, own = (POSITION.subs({y_k: start, h_k: focal, z: part}) for start, focal in ((-behind, -1), (0, 1)))
    yield compared(
        "Three units in a ring, each inhibiting the next one, with focal points at -1 and 1: as a unit crosses zero, the next one "
        "is on its way to zero at the distance a_1, the third on its way out at a_2. At the next crossing these distances are",
        "straight lines",
        here,
        later,
        Matrix([-third, own]),
        name="positions of the third and of the first unit at z = 1/(1 + a_1)",
    )
    fixed, section = {ahead: 1 - first**2, behind: 1 - first}, first**3 - 2 * first + 1
    moved = later - here
    yield compared(
        "These distances stay a_1 = 1 - z_1^2, a_2 = 1 - z_1 from crossing to crossing where this vanishes",
        "fixed point of the map",
        moved,
        section,
        Matrix([0, 0]),
        by=lambda e: (2 - first**2) * moved.subs(fixed) + Matrix([first, 1]) * e,
        name="inserted into the map",
    )
    golden, ring = (sqrt(5) - 1) / 2, _ring()
    yield compared(
        "One root lies between 0 and 1, the inverse of the golden ratio",
        "cubic equation",
        section,
        named(first, golden),
        Matrix([0, 0]),
        by=lambda e: Matrix([section.subs(first, e), 0 if 0 < e < 1 else 1]),
        name="inserted",
    )
    crossings = -6 * log(golden)
    yield compared(
        "There are six crossings in a period",
        "sum of times",
        crossings,
        named("period", 6 * log((1 + sqrt(5)) / 2)),
        Matrix([exp(crossings / 6), exp(ring.period / 6)]),
        by=lambda e: Matrix([exp(e / 6)] * 2),
        name="times z_1; the cycle that a proof in rational numbers finds for this network",
    )
    jacobian = later.jacobian(here).subs(fixed).subs(first, golden)
    yield compared(
        "A deviation is multiplied by these numbers from crossing to crossing: the cycle attracts",
        "eigenvalues of the Jacobian",
        jacobian,
        Matrix([golden, -(golden**2)]),
        Matrix([jacobian.trace(), jacobian.det(), Matrix(ring.multipliers)]),
        by=lambda e: Matrix([e[0] + e[1], e[0] * e[1], e[0], e[1]]),
        name="trace and determinant; the multipliers of the proof in rational numbers",
    )


def loops() -> Iterator[Step]:
    """Two units in a negative loop."""
    r, r_0 = symbols("r r_0", positive=True)
    n = Symbol("n", integer=True, nonnegative=True)
    part = CROSSING.subs({y_i: r, h_i: -S.Half})
    shrunk, size, elapsed = r / (1 + 2 * r), r_0 / (1 + 2 * n * r_0), log(1 + 2 * n * r_0)
    yield compared(
        "Two units in a negative loop, with focal points at -1/2 and 1/2: as one crosses zero the other one is at the distance r "
        "and on its way to zero; at the next crossing this distance is",
        "straight lines",
        POSITION.subs({y_k: 0, h_k: S.Half, z: part}),
        shrunk,
    )
    yield compared(
        "After n crossings it is",
        "recursion",
        shrunk,
        named("r_n", size),
        Matrix([0, r_0]),
        by=lambda e: Matrix([e.subs(n, n + 1) - shrunk.subs(r, e), e.subs(n, 0)]),
        name="inserted into the recursion, and its start",
    )
    yield compared(
        "The n-th crossing is at this time: infinitely many crossings spiral into the sliding equilibrium, and none is the last",
        "sum of times",
        -log(part.subs(r, size)),
        named("t_n", elapsed),
        Matrix([1 / part.subs(r, size), 0]),
        by=lambda e: Matrix([exp(e.subs(n, n + 1) - e), e.subs(n, 0)]),
        name="difference of two times, and its start",
    )


def _ring() -> Recurrence:
    """The cycle of three units that inhibit each other, with the proof that it repeats for ever."""
    network = ThresholdNetwork.of([[0, 0, -2], [-2, 0, 0], [0, -2, 0]], [1, 1, 1])
    point: Vector = (Fraction(0), Fraction(3, 5), Fraction(-2, 5))
    state: State = (1, 1, 0)
    legs: list[Leg] = []
    for crossing in range(6):
        unit, focal = (crossing + 1) % 3, network.fields(state)
        legs.append(Leg(point, focal, unit))
        part = focal[unit] / (focal[unit] - point[unit])
        point = tuple(f + (x - f) * part for f, x in zip(focal, point, strict=True))
        state = (*state[:unit], 1 - state[unit], *state[unit + 1 :])
    found = recurrence(legs, point)
    if found is None:
        raise StepFailed("no cone proves that the cycle of three units repeats")
    return found
