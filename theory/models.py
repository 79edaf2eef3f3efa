"""What is being studied: plain frozen descriptions, no mathematics.

A random network is a coupling ensemble, a noise and a list of parameters.  Models without random couplings (stored
patterns, multistable threshold networks) are a `Model` with descriptions of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sympy import Expr, S, Symbol, exp, sqrt

from theory.symbols import SI, A, Sm, eta, frequency, g, p, pI, pm, rho, sigma, tau, tau_n


@dataclass(frozen=True)
class Parameter:
    """A number that the user chooses.

    Attributes
    ----------
    symbol : Symbol
        Its assumptions are the allowed range.
    meaning : str
        One line, with units where there are any.
    default : float or None
        None: must be given.
    only : tuple of (str, tuple of str), optional
        The name of a `Choice` and the words for which the parameter has a meaning; elsewhere it is refused.
    interval : tuple of float, optional
        Closed interval of allowed values, where the symbol's assumptions do not say it.
    """

    symbol: Symbol
    meaning: str
    default: float | None = None
    only: tuple[str, tuple[str, ...]] | None = None
    interval: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """Name on the command line and in generated code."""
        return self.symbol.name

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        s = self.symbol
        if self.interval is not None:
            return f"a number from {self.interval[0]:g} to {self.interval[1]:g}"
        if s.is_positive:
            return "a number > 0"
        if s.is_nonnegative:
            return "a number >= 0"
        if s.is_negative:
            return "a number < 0"
        if s.is_nonpositive:
            return "a number <= 0"
        return "a real number"

    def allows(self, value: float) -> bool:
        """Whether `value` is finite and in range."""
        s = self.symbol
        if not abs(value) < float("inf"):
            return False
        if self.interval is not None:
            return self.interval[0] <= value <= self.interval[1]
        if s.is_positive:
            return value > 0
        if s.is_nonnegative:
            return value >= 0
        if s.is_negative:
            return value < 0
        return value <= 0 if s.is_nonpositive else True


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
class GaussianCouplings:
    """J_ij Gaussian, mean 0, variance strength^2/N, with N <J_ij J_ji> = symmetry * strength^2."""

    strength: Expr = g
    symmetry: Expr = S.Zero


@dataclass(frozen=True)
class StaticNoise:
    """xi_i Gaussian, constant in time, independent over units: variance `variance`."""

    variance: Expr = sigma**2


@dataclass(frozen=True)
class TemporalNoise:
    """xi_i(t) Gaussian, stationary, independent over units.

    Attributes
    ----------
    autocovariance : Expr
        <xi(t) xi(t + tau)> for lags tau > 0.
    impulse : Expr
        Strength of the delta function at lag 0.
    spectrum : Expr
        Fourier transform of the whole, as a function of s = i omega.
    """

    autocovariance: Expr
    impulse: Expr
    spectrum: Expr


@dataclass(frozen=True)
class Model:
    """A model of the toolkit.

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
    choices : tuple of Choice
        Words beside the numbers; generated code takes them by name.
    """

    name: str
    equation: str
    parameters: tuple[Parameter, ...]
    reference: str
    choices: tuple[Choice, ...] = field(default=(), kw_only=True)

    @property
    def key(self) -> str:
        """What tells the model apart from every other: generated modules are kept under it."""
        return self.name


@dataclass(frozen=True)
class RandomNetwork(Model):
    """A network whose couplings are drawn at random.

    Attributes
    ----------
    couplings : GaussianCouplings
    noise : StaticNoise
    """

    couplings: GaussianCouplings
    noise: StaticNoise


@dataclass(frozen=True)
class DynamicNetwork(Model):
    """A network of rate units with couplings drawn at random, driven by noise in time.

    Attributes
    ----------
    couplings : GaussianCouplings
    transfer : Expr
        Response of one unit without couplings, as a function of s = i omega.
    noises : mapping of str to TemporalNoise
        By the word that chooses them.
    """

    couplings: GaussianCouplings
    transfer: Expr
    noises: Mapping[str, TemporalNoise]

    @property
    def key(self) -> str:
        """Name and filter."""
        return f"{self.name}|{self.transfer}"


@dataclass(frozen=True)
class ReadoutNetwork(Model):
    """A network with couplings drawn at random and a trained readout that is fed back: a rank-one loop.

    Feedback m, input I and readout direction n are made of independent standard normal vectors.

    Attributes
    ----------
    couplings : GaussianCouplings
    feedback, input, readout : mapping of str to Expr
        Loadings of m, I and n on the vectors, by their names.
    target : Symbol
        The output at which the readout is meant to sit.
    """

    couplings: GaussianCouplings
    feedback: Mapping[str, Expr]
    input: Mapping[str, Expr]
    readout: Mapping[str, Expr]
    target: Symbol


STATIC = RandomNetwork(
    name="static",
    equation="x_i = sum_j J_ij phi(x_j) + xi_i",
    parameters=(
        Parameter(g, "coupling strength: J_ij has variance g^2/N"),
        Parameter(sigma, "standard deviation of the static noise xi_i"),
    ),
    reference="Mato, Rigatuso, Torroba 2025, arXiv 2510.21742",
    couplings=GaussianCouplings(),
    noise=StaticNoise(),
)

DYNAMIC = DynamicNetwork(
    name="dynamic",
    equation="dx_i/dt = -x_i + sum_j J_ij phi(x_j) + xi_i(t)",
    parameters=(
        Parameter(g, "coupling strength: J_ij has variance g^2/N"),
        Parameter(
            Symbol("sigma", positive=True),
            "strength of the noise: <xi xi'> = sigma^2 delta(t-t') for white noise, sigma^2 exp(-|t-t'|/tau_n) for ou",
            only=("noise", ("white", "ou")),
        ),
        Parameter(
            tau_n,
            "correlation time of the noise in units of the time constant of a unit",
            only=("noise", ("ou",)),
        ),
        Parameter(
            eta,
            "symmetry of the couplings, N <J_ij J_ji> = eta g^2: 0 independent, 1 symmetric, -1 antisymmetric",
            default=0.0,
            interval=(-1.0, 1.0),
        ),
    ),
    reference="Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401; Mato, Rigatuso, Torroba 2025, arXiv 2510.21742",
    choices=(
        Choice(
            "noise",
            "external noise: none, white or ou (Ornstein-Uhlenbeck); if not given, ou with tau_n, else white with sigma",
            ("none", "white", "ou"),
        ),
    ),
    couplings=GaussianCouplings(symmetry=eta),
    transfer=1 / (1 + frequency),
    noises=MappingProxyType(
        {
            "none": TemporalNoise(S.Zero, S.Zero, S.Zero),
            "white": TemporalNoise(S.Zero, sigma**2, sigma**2),
            "ou": TemporalNoise(
                sigma**2 * exp(-tau / tau_n), S.Zero, 2 * sigma**2 * tau_n / (1 - tau_n**2 * frequency**2)
            ),
        }
    ),
)


_ALONE = sqrt(1 - rho**2)

FEEDBACK = ReadoutNetwork(
    name="feedback",
    equation="dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i, z = sum_i n_i phi(x_i)",
    parameters=(
        Parameter(g, "coupling strength: g chi_ij has variance g^2/N"),
        Parameter(Sm, "standard deviation over units of the feedback vector m"),
        Parameter(SI, "standard deviation over units of the input vector I"),
        Parameter(
            rho,
            "loading of m and I on the direction xi that they share: m = Sm (rho xi + sqrt(1-rho^2) e_m), their correlation "
            "is rho^2",
            default=0.0,
            interval=(-1.0, 1.0),
        ),
        Parameter(p, "part of the readout direction along xi: N n = C (p xi + pm e_m + pI e_I)", default=0.0),
        Parameter(pm, "part along e_m, what only the feedback has", default=0.0),
        Parameter(pI, "part along e_I, what only the input has", default=0.0),
        Parameter(A, "target: output z at which the readout is meant to sit"),
    ),
    reference="Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386",
    couplings=GaussianCouplings(),
    feedback=MappingProxyType({"xi": Sm * rho, "e_m": Sm * _ALONE}),
    input=MappingProxyType({"xi": SI * rho, "e_I": SI * _ALONE}),
    readout=MappingProxyType({"xi": p, "e_m": pm, "e_I": pI}),
    target=A,
)
