"""The equations of an autocovariance function as generated code: noises, multiplier, pair integrands, observables, `solve`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, S, Symbol, sstr

from numerics.codegen.means import FrozenCode, MeanCode, terms_of
from numerics.codegen.printer import source
from numerics.codegen.statements import Call, call, function
from theory.activation.activation import Activation
from theory.averages.average import averages
from theory.averages.pair import pair_closed_form
from theory.engine.spectral import L_phi, L_x
from theory.equations import AutocovarianceEquation
from theory.filters import Filter
from theory.model import Choice
from theory.symbols import Delta, frequency, mu, rho, tau
from theory.theory import Theory

_PROCESS = ("P_0", "G_0", "S_0", "T_0", "C_0", "K_0", "X_0")
"""What the results need from the process of one unit: <phi^2>, <phi'>, one-site functions at frequency 0."""


def equations_in_time(
    theory: Theory, activation: Activation, means: Sequence[MeanCode], frozen: Sequence[FrozenCode] = ()
) -> list[str]:
    """Functions of the generated module, in order."""
    equation = theory.equation
    assert isinstance(equation, AutocovarianceEquation)
    extra = [str(p) for p in activation.parameters]
    numbers = [*(p.name for p in theory.model.parameters), *extra]
    at_variance = ["Delta", *numbers]
    integrated = [*_PROCESS, *equation.pair_spectra, "Psi_phi"]

    calls = {m.average: call(m.name, ["Delta", *extra]) for m in means}
    at, by_noise = partial(function, calls=calls), _by_noise(equation)
    gaussian = {name: theory.closure[Symbol(name, real=True)] for name in ("P_0", "G_0")}
    results = {key: q.expression for key, q in theory.quantities.items()}
    return [
        _pair_terms(activation),
        at("transfer", ["s"], equation.transfer, "Transfer function of one unit at s = i omega."),
        at("strength", numbers, equation.strength, "Factor of <phi phi> in the equation of C."),
        at("reaction", numbers, equation.feedback, "Factor of the network's response to a unit's own activity."),
        at("multiplier", at_variance, equation.multiplier, "g^2 <phi'>^2, below 1 where C decays."),
        *(
            at(f"{name}_{word}", [*arguments, *numbers], expression, f"{doc}, noise={word}.")
            for name, arguments, doc, expressions in by_noise.values()
            for word, expression in expressions.items()
        ),
        _one_site(equation, numbers),
        _pair_spectra(equation, numbers),
        *([_integrands(equation, at_variance, calls)] if equation.transforms else []),
        at("gaussian_site", at_variance, gaussian, "P_0 = <phi^2> and G_0 = <phi'> where x is Gaussian, eta = 0."),
        at(
            "observables",
            ["Delta", *integrated, *numbers],
            results,
            f"Results at given {', '.join(['Delta', *integrated])}; X_0, ... are one-site functions at frequency 0.",
        ),
        _equations_object(theory, activation, by_noise),
        *(_inferred(theory, choice) for choice in theory.model.choices),
        _solve(theory, extra),
    ]


def _by_noise(equation: AutocovarianceEquation) -> dict[str, tuple[str, list[str], str, Mapping[str, Expr]]]:
    """What depends on the noise, as `InTime` calls it: name of its functions, their first arguments, meaning, expressions."""
    noises, smooth = equation.noises, [word for word in equation.noises if word not in equation.kinetic]
    lagged = {word: noises[word].autocovariance for word in smooth}
    spectra = {word: noise.spectrum for word, noise in noises.items()}
    impulses = {word: noise.impulse for word, noise in noises.items()}
    return {
        "kinetic": ("kinetic", [], "C'(0+)^2/2", equation.kinetic),
        "forcing": ("noise", [str(tau)], "Autocovariance of the noise at lag tau", lagged),
        "noise_spectra": ("spectrum", ["s"], "Spectrum of the noise at s = i omega", spectra),
        "impulses": ("impulse", [], "Spectrum of the white part of the noise", impulses),
    }


def _one_site(equation: AutocovarianceEquation, numbers: Sequence[str]) -> str:
    """S, T, C, K, X from S and C."""
    return function(
        "one_site",
        ["s", "S_1", "C_1", "noise", *numbers],
        [equation.site.response_x, equation.site.cross, equation.site.spectrum_x],
        "S, T, C, K, X of one unit at s = i omega from S and C; `noise`: spectrum of the noise.",
        before=["h_1 = transfer(s)", "hc_1, Sc_1 = np.conj(h_1), np.conj(S_1)"],
        form="S_1, {}, C_1, {}, np.real({})",
    )


def _pair_spectra(equation: AutocovarianceEquation, numbers: Sequence[str]) -> str:
    """psi_phi and psi_x from the one-site functions at two frequencies."""
    unpacked = []
    for k, name in ((1, "one"), (2, "two")):
        unpacked.append(f"S_{k}, T_{k}, C_{k}, K_{k}, X_{k} = {name}")
        unpacked.append(f"Sc_{k}, Tc_{k}, Kc_{k} = np.conj(S_{k}), np.conj(T_{k}), np.conj(K_{k})")
    return function(
        "pair_spectra",
        ["one", "two", *numbers],
        list(equation.pair_spectra.values()),
        f"{' and '.join(equation.pair_spectra)} at two frequencies; `one`, `two`: (S, T, C, K, X) there.",
        before=unpacked,
        form=", ".join(["np.real({})"] * len(equation.pair_spectra)),
    )


def _pair_terms(activation: Activation) -> str:
    """The closed form of <phi(u) phi(v)>, or None where the table has none."""
    closed = pair_closed_form(activation.pieces, activation.pieces, S.Zero, Delta, rho)
    if closed is None:
        return "pair_terms = None  # <phi(u) phi(v)> has no closed form in the table: it is integrated numerically"
    doc = f"Terms of <phi(u) phi(v)> at correlation rho.\n\nSee {closed.reference}."
    return function("pair_terms", (mu, Delta, rho, *activation.parameters), terms_of(closed), doc)


def _integrands(equation: AutocovarianceEquation, arguments: Sequence[str], calls: Mapping[Expr, Call]) -> str:
    """The integrands of the pair spectra; Laplace transforms at s and at each pole are taken once."""
    (poles,) = {tuple(t.poles.items()) for t in equation.transforms.values()}
    expressions = [t.integrand for t in equation.transforms.values()]
    needed = sorted({a for e in (*expressions, *(p for _, p in poles)) for a in averages(e)}, key=sstr)
    local: dict[Expr, Expr] = {a: calls[a].local for a in needed}
    rows = [calls[a].statement for a in needed]
    for place in (frequency, *(pole for pole, _ in poles)):
        rate = dict(poles).get(place)
        if rate is not None:
            rows.append(f"{place} = {source(rate.xreplace(local))}")
        names = [f"{kind}_at_{place}" for kind in ("L_x", "L_phi")]
        rows.append(f"{', '.join(names)} = transform({place})")
        local |= {node(place): Symbol(name) for node, name in zip((L_x, L_phi), names, strict=True)}
    return function(
        "pair_integrands",
        ["s", "transform", *arguments],
        [e.xreplace(local) for e in expressions],
        f"Integrands of {', '.join(equation.transforms)} at s = i omega; ``transform``: of C_x and C_phi.",
        before=rows,
    )


def _equations_object(
    theory: Theory, activation: Activation, by_noise: Mapping[str, tuple[str, list[str], str, Mapping[str, Expr]]]
) -> str:
    filter = Filter.from_expression(theory.equation.transfer)
    own = (
        "phi",
        "multiplier",
        "transfer",
        "strength",
        "reaction",
        "one_site",
        "pair_spectra",
        "gaussian_site",
        "observables",
    )
    parts: list[tuple[str, object]] = [(name, name) for name in own]
    parts += [
        ("phi_prime", "phi_prime" if activation.is_continuous else None),
        ("points", "MEAN_PHI2.breakpoints"),
        ("pair", "PAIR"),
        ("square", "mean_phi2"),
        ("integrands", "pair_integrands" if theory.equation.transforms else None),
        ("filter", f"({filter.numerator!r}, {filter.denominator!r})"),
        ("count", len(theory.model.parameters)),
    ]
    for part, (name, _, _, expressions) in by_noise.items():
        parts.append((part, f"{{{', '.join(f'{word!r}: {name}_{word}' for word in expressions)}}}"))
    rows = [
        f"PAIR = PairAverage(phi, MEAN_PHI, smooth={activation.is_smooth}, terms=pair_terms)",
        "EQUATIONS = InTime(",
        *(f"    {name}={text}," for name, text in parts),
        ")",
    ]
    return "\n".join(rows)


def _inferred(theory: Theory, choice: Choice) -> str:
    """The word of a choice that is not given: the first with which no parameter that has no meaning is set."""
    parameters = theory.model.parameters
    arguments = [p.name for p in parameters if p.only and p.only[0] == choice.name]
    meaningless = {word: [p.name for p in choice.conditional(parameters, word)] for word in choice.options}
    last = next(word for word, names in meaningless.items() if not names)
    tests = "".join(f'"{word}" if {" == ".join([*names, "0"])} else ' for word, names in meaningless.items() if names)
    doc = f"The {choice.name} that goes with these numbers, 0.0 where none is given."
    return f'def inferred_{choice.name}({", ".join(arguments)}):\n    """{doc}"""\n    return {tests}"{last}"'


def _solve(theory: Theory, extra: Sequence[str]) -> str:
    model = theory.model
    first, *optional = [p.name for p in model.parameters]
    words = [f"{c.name}=None" for c in model.choices]
    signature = ", ".join([first, *extra, *(f"{name}=0.0" for name in optional), *words])
    numbers = ", ".join([*(p.name for p in model.parameters), *extra])
    docs = "\n".join(f"    {key} : {q.meaning}" for key, q in theory.quantities.items())
    meanings = "\n".join(f"    {p.name} : {p.meaning}" for row in (model.parameters, model.choices) for p in row)
    given = f"noise or inferred_noise(sigma, tau_n), ({numbers}), tau_n"
    solve = f'''\
def solve({signature}):
    """Solve for the autocovariance, and integrate the pair spectra; one set of numbers.

{meanings}

    Returns a dict:

{docs}
    status : 0 solved; else SILENT, NO_ROOT, NO_DECAY, NO_CONVERGENCE, CRITICAL, NOT_RESOLVED or UNSTABLE_PAIRS,
        without results
    residual, error : relative residual of the energy at tau = 0+, error of Delta0
    roots, slopes : variances with the right energy, and the slope of the energy at each
    """
    return EQUATIONS.solve({given})'''
    others = [
        f'def {name}({at}, {signature}):\n    """{doc}"""\n    return EQUATIONS.{name}({at}, {given})'
        for name, at, doc in _QUESTIONS
    ]
    return "\n\n\n".join([solve, *others])


_QUESTIONS = (
    ("autocovariance", "lag", "C_x and C_phi at the lags of an array; nan where there is no solution."),
    ("spectra", "omega", "S, T, C, K, X at real frequencies (see `one_site`); nan where there is no solution."),
    (
        "pair_lags",
        "t1, t2",
        "psi_phi, psi_x and their errors: N times the mean of C_ij(t1) C_ij(t2) over pairs i != j.",
    ),
    ("frequency_dimensions", "omega", "Participation ratios over N of phi and x at single frequencies, and errors."),
)
"""What else a solution answers: name of the method of `InTime` and of the function, its arguments, docstring."""
