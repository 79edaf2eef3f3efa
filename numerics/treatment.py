"""How a model is solved, simulated, compared, swept and shown: one declaration beside the one that says what is true of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numerics.settings import Question, Setting
from numerics.view import Picture, View
from theory.lazy import Later
from theory.model import FileParameter, Model

if TYPE_CHECKING:
    from numerics.simulate.sample import Sample

SEED = Setting("seed", "seed of all random streams", (0,), 0, 2**31)

EVERYWHERE: Mapping[str, tuple[Setting, ...]] = {
    "simulate": (
        Setting("N", "units", (200,), 2, 20_000),
        Setting("couplings", "coupling matrices", (40,), 2),
        SEED,
    ),
    "validate": (
        Setting("N", "units, two sizes or more", (), 2, 20_000, most=8),
        Setting("couplings", "coupling matrices, one number or one for each N", (), 2, most=8),
        SEED,
    ),
    "sweep": (
        Setting("simulate", "points at which networks are simulated too; 7 for a plot, else none", (), 0, 1000),
        Setting("N", "units of these networks", (), 2, 20_000),
        Setting("couplings", "coupling matrices", (), 2),
        SEED,
        Setting("workers", "local processes", (), 1, 1000),
    ),
}
"""Settings that a command has for every model; those in `DRAWN` where networks are drawn at random."""

DRAWN = ("N", "couplings")
"""Those of them that ask for couplings."""


@dataclass(frozen=True)
class Simulator:
    """How the network of one model is simulated.

    Attributes
    ----------
    run : callable
        ``run(phi, parameters, *, N, couplings, seed, phi_prime, centred, progress, **settings)`` simulates networks of one
        size and returns a `Sample`. `phi` and `phi_prime`, optional, are vectorised over arrays; `couplings` is the number of
        coupling matrices, each with `samples` independent draws where that is a setting; the random streams of coupling matrix k
        depend on (seed, N, k) alone, so that the same seed gives the same numbers, bit for bit on one machine, and more networks
        or draws leave the first ones as they are; `centred` says whether phi is odd, by default found at a set of test points;
        `progress` is called with the finished fraction. Parameters outside their range are an `InputError`.
    sizes, couplings : tuple of int
        Of a default `validate`: units, and coupling matrices at each size; none where nothing is drawn at random.
    pilot : int
        Coupling matrices of the trial run that precedes a `validate`.
    """

    run: Callable[..., Sample]
    sizes: tuple[int, ...] = (100, 200, 400)
    couplings: tuple[int, ...] = (400, 240, 120)
    pilot: int = 4

    def coupling_count(self, size: int) -> int:
        """Default number of coupling matrices at a size: for other sizes than the default ones in proportion to 1/N."""
        from statistics import median

        default = dict(zip(self.sizes, self.couplings, strict=True))
        work = median(N * count for N, count in default.items())
        return default.get(size, max(self.couplings[-1] // 3, round(work / max(size, 1))))


@dataclass(frozen=True)
class Treatment:
    """How one model is treated numerically.

    Attributes
    ----------
    model : Model
    simulator : Simulator, optional
    method : Later
        The `numerics.solve.method.Method` that generates code for its equation and reads what that says.
    settings : mapping of str to tuple of Setting
        By command, beside those of `EVERYWHERE`.
    questions : tuple of Question
        What `solve` may be asked.
    replacement : callable, optional
        ``replacement(solution, activation)`` returns the state that replaces an unstable fixed point; None where it is stable.
    replacing_simulator : Simulator, optional
        Of the network in such a state.
    covariance : callable, optional
        ``covariance(solution, J, frequency, formal)`` predicts covariance matrices from couplings.
    view : View
        What a sweep shows.
    picture : callable, optional
        ``picture(solver, solution)`` returns the `Picture` of one solution.
    files : mapping of str to FileParameter
        By command, the file that it takes in place of the model's parameters; `derive` may do without.
    derivation_for : callable, optional
        ``derivation_for(read, style, **settings)`` returns what `derive` prints of its file.
    design : callable, optional
        ``design(read, **settings)`` returns parameters for what its file asks for, with ``to_dict`` and ``table``.
    comparison : callable, optional
        ``comparison(solution, seed=..., progress=..., **settings)`` returns the `Validation` of a model whose answer is no number.
    verify : callable, optional
        ``verify(text)`` checks an answer of the model, as JSON, without solving anything; see `quenched.commands`.
    example : str
        Words of a command line for one network, the activation first, as help shows them.
    """

    model: Model[Any]
    simulator: Simulator | None = None
    method: Later = Later("numerics.solve.number:NUMBER")
    settings: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    replacement: Callable[..., Any] | None = None
    replacing_simulator: Simulator | None = None
    covariance: Callable[..., Any] | None = None
    view: View = field(default_factory=View)
    picture: Callable[..., Picture] | None = None
    files: Mapping[str, FileParameter] = field(default_factory=dict)
    derivation_for: Callable[..., str] | None = None
    design: Callable[..., Any] | None = None
    comparison: Callable[..., Any] | None = None
    verify: Callable[..., Any] | None = None
    example: str = ""

    def stated(self, command: str) -> Model[Any]:
        """The model with the parameters that a command takes."""
        own = self.files.get(command)
        return self.model if own is None else replace(self.model, parameters=(own,), choices=())

    def settings_of(self, command: str) -> tuple[Setting, ...]:
        """Settings of a command."""
        common = [s for s in EVERYWHERE.get(command, ()) if self.model.needs_couplings or s.name not in DRAWN]
        return (*common, *self.settings.get(command, ()))
