"""What a model is: one declaration that command line, library and documentation ask. What it names is imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from theory.errors import InputError
from theory.interval import Interval
from theory.lazy import Later

if TYPE_CHECKING:
    from sympy import Symbol

Network = TypeVar("Network")


@dataclass(frozen=True)
class Parameter:
    """A number that the user chooses.

    Attributes
    ----------
    name : str
        Name on the command line and in generated code, and of the symbol in formulas.
    meaning : str
        One line, with units where there are any.
    interval : Interval
        Allowed values.
    default : float or None
        None: must be given.
    only : tuple of (str, tuple of str), optional
        The name of a `Choice` and the words for which the parameter has a meaning; elsewhere it is refused.
    also : float, optional
        A value outside the interval that is allowed too, for its own meaning.
    """

    name: str
    meaning: str
    interval: Interval = Interval.REAL
    default: float | None = None
    only: tuple[str, tuple[str, ...]] | None = None
    also: float | None = None

    @property
    def symbol(self) -> Symbol:
        """The symbol in formulas."""
        from sympy import Symbol

        from theory import symbols

        known = getattr(symbols, self.name, None)
        if isinstance(known, Symbol):
            return known
        signs = {
            "positive": self.interval.positive,
            "nonnegative": self.interval.nonnegative,
            "negative": self.interval.negative,
        }
        return Symbol(self.name, real=True, **{sign: True for sign, holds in signs.items() if holds})

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return self.interval.words + (f", or {self.also:g}" if self.also is not None else "")

    def value(self, given: Any) -> Any:
        """What was given, as generated code takes it.

        Raises
        ------
        InputError
            For no finite number, or one outside the interval.
        """
        try:
            if isinstance(given, str):  # float() would read "1_0" and digits of any alphabet
                raise TypeError
            number = float(given)
        except (TypeError, ValueError, OverflowError):
            raise InputError(
                f"{self.name} = {str(given)[:40]} is no finite number; {self.name} must be {self.allowed}"
            ) from None
        if not self.interval.contains(number) and number != self.also:
            raise InputError(f"{self.name} = {number:g} is not allowed; {self.name} must be {self.allowed}")
        return number


@dataclass(frozen=True)
class FileParameter(Parameter):
    """A parameter whose value is too long for a command line: a user gives the name of a file, or in Python the object itself.

    Attributes
    ----------
    content : str
        What the file holds, such as ``one number >= 0 a line``.
    read : callable
        ``read(parameter, given)`` returns the value, which prints itself in a few words and has ``data`` for JSON, or raises
        `InputError`; it takes its own values too.
    leads : bool
        Whether a word of the command line that is no ``name=value`` pair is this file.
    """

    content: str = "one number a line"
    read: Callable[[Parameter, Any], Any] = Later("theory.files:numbers_of")
    leads: bool = False

    @property
    def allowed(self) -> str:
        """What a user gives, in words."""
        return f"the name of a file with {self.content}"

    def value(self, given: Any) -> Any:
        """The value read.

        Raises
        ------
        InputError
            Given instead of a file: what was wrong with the file when it was read.
        """
        if isinstance(given, InputError):
            raise given
        return self.read(self, given)


@dataclass(frozen=True)
class Choice:
    """A word that the user chooses.

    Attributes
    ----------
    name : str
        Name on the command line and in generated code.
    meaning : str
        One line.
    options : tuple of str
        The words allowed.
    default : str or None
        None: the first word with which every parameter that was given has a meaning.
    """

    name: str
    meaning: str
    options: tuple[str, ...]
    default: str | None = None

    @property
    def allowed(self) -> str:
        """The allowed words in a sentence."""
        return f"one of {', '.join(self.options)}"

    def conditional(self, parameters: Collection[Parameter], word: str) -> tuple[Parameter, ...]:
        """The parameters that have a meaning with some words, but not with this one."""
        return tuple(p for p in parameters if p.only and p.only[0] == self.name and word not in p.only[1])

    def inferred(self, parameters: Collection[Parameter], given: Container[str]) -> str:
        """The word where none is given: the default, or the first that goes with every parameter named in `given`."""
        fitting = (o for o in self.options if not any(p.name in given for p in self.conditional(parameters, o)))
        return self.default or next(fitting, self.options[0])


@dataclass(frozen=True)
class Model(Generic[Network]):
    """A model: what is true of it. `numerics.treatment.Treatment` says how it is solved, simulated and shown.

    Attributes
    ----------
    name : str
        MODEL on the command line.
    equation : str
        Equation of motion, in one line.
    parameters : tuple of Parameter
        In the order in which generated code takes them.
    reference : str
        The paper.
    derive_theory : callable
        ``derive_theory(model, odd=...)`` returns its `Theory` for a generic activation, odd or not.
    choices : tuple of Choice
        Words beside the numbers; generated code takes them by name.
    describe : callable, optional
        Returns the description of couplings, noises and vectors, see `theory.networks`.
    needs_activation, needs_couplings : bool
        Whether the user gives an activation; whether couplings are drawn at random, N units at a time.
    existence : callable
        ``existence(theory, activation)`` says for which parameters there are solutions.
    limits : callable, optional
        ``limits(theory, activation)`` returns what is known in closed form.
    with_filter : callable, optional
        ``with_filter(model, text)`` returns the model whose units have another transfer function, where the model has time.
    filter : str
        That transfer function, as it was given; empty for the model's own.
    """

    name: str
    equation: str
    parameters: tuple[Parameter, ...]
    reference: str
    derive_theory: Callable[..., Any]
    choices: tuple[Choice, ...] = ()
    describe: Callable[[], Network] | None = None
    needs_activation: bool = True
    needs_couplings: bool = True
    existence: Callable[..., Any] = Later("theory.meanfield.existence:existence")
    limits: Callable[..., Any] | None = None
    with_filter: Callable[[Model[Network], str], Model[Network]] | None = None
    filter: str = field(default="")

    @cached_property
    def network(self) -> Network:
        """Couplings, noises and vectors."""
        assert self.describe is not None
        return self.describe()

    @property
    def key(self) -> str:
        """What tells the model apart from every other: generated modules are kept under it."""
        return f"{self.name}|{self.filter}" if self.filter else self.name

    def filtered(self, text: str | None) -> Model[Network]:
        """The model with this transfer function of one unit; itself where none is given.

        Raises
        ------
        InputError
            For a model without time, or a filter that it cannot have.
        """
        if text is None:
            return self
        if self.with_filter is None:
            raise InputError(f"the model {self.name} has no time; a filter is for networks in time")
        return self.with_filter(self, text)

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a user gives values to."""
        return (*(choice.name for choice in self.choices), *(parameter.name for parameter in self.parameters))

    def check_activation(self, given: bool) -> None:
        """Refuse an activation where the model has none, and none where it needs one.

        Raises
        ------
        InputError
        """
        if given and not self.needs_activation:
            raise InputError(f"the model {self.name} has no activation: leave it out")
        if self.needs_activation and not given:
            raise InputError(f"the model {self.name} needs an activation: -a/--activation, such as 'tanh(x)'")

    def derive(self, *, odd: bool = True) -> Any:
        """The theory of the model for a generic activation, odd or not."""
        return _derived(self, odd)

    def theory_of(self, activation: Any) -> Any:
        """The theory of the model that holds for an activation."""
        return self.derive(odd=activation.parity == "odd")


@lru_cache(maxsize=16)
def _derived(model: Model[Any], odd: bool) -> Any:
    return model.derive_theory(model, odd=odd)
