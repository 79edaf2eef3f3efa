"""The equations of an autocovariance function as generated code: noises, multiplier, pair integrands, observables, `solve`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Add, Expr, S, Symbol, sstr

from numerics.codegen.functions import call, function
from numerics.codegen.means import FrozenCode, MeanCode, mean_name
from numerics.codegen.printer import source
from numerics.codegen.statements import lower, numpy_source
from theory.activation.activation import Activation
from theory.averages.average import averages
from theory.averages.pair import pair_closed_form
from theory.engine.spectral import L_phi, L_x, OneSite
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
    kinetic = {word: f"kinetic_{word}" for word in equation.kinetic}
    forcing = {word: f"noise_{word}" for word in equation.noises if word not in kinetic}
    spectra = {word: f"spectrum_{word}" for word in equation.noises}
    impulses = {word: f"impulse_{word}" for word in equation.noises}
    inner = ", ".join(["Delta", *extra])

    calls = {m.average: call(m.name, ["Delta", *extra]) for m in means}

    def at(name: str, doc: str, arguments: Sequence[str], expressions: Mapping[str, Expr]) -> str:
        return function(name, doc, arguments, expressions, calls)

    return [
        _pair_terms(activation),
        at("transfer", "Transfer function of one unit at s = i omega.", ["s"], {"": equation.transfer}),
        at("strength", "Factor of <phi phi> in the equation of C.", numbers, {"": equation.strength}),
        at("reaction", "Factor of the network's response to a unit's own activity.", numbers, {"": equation.feedback}),
        at("multiplier", "g^2 <phi'>^2, below 1 where C decays.", at_variance, {"": equation.multiplier}),
        *(
            at(kinetic[word], f"C'(0+)^2/2 for noise={word}.", numbers, {"": energy})
            for word, energy in equation.kinetic.items()
        ),
        *(
            at(
                forcing[word],
                f"Autocovariance of the noise at lag tau, noise={word}.",
                [str(tau), *numbers],
                {"": equation.noises[word].autocovariance},
            )
            for word in forcing
        ),
        *(
            at(
                name,
                f"Spectrum of the noise at s = i omega, noise={word}.",
                ["s", *numbers],
                {"": equation.noises[word].spectrum},
            )
            for word, name in spectra.items()
        ),
        *(
            at(
                name,
                f"Spectrum of the white part of the noise, noise={word}.",
                numbers,
                {"": equation.noises[word].impulse},
            )
            for word, name in impulses.items()
        ),
        _one_site(equation, numbers),
        _pair_spectra(equation, numbers),
        *([_integrands(equation, at_variance, inner)] if equation.transforms else []),
        at(
            "gaussian_site",
            "P_0 = <phi^2> and G_0 = <phi'> where x is Gaussian, eta = 0.",
            at_variance,
            {name: theory.closure[Symbol(name, real=True)] for name in ("P_0", "G_0")},
        ),
        at(
            "observables",
            f"Results at given {', '.join(['Delta', *integrated])}; X_0, ... are one-site functions at frequency 0.",
            ["Delta", *integrated, *numbers],
            {key: q.expression for key, q in theory.quantities.items()},
        ),
        _equations_object(theory, activation, kinetic, forcing, spectra, impulses),
        *(_inferred(theory, choice) for choice in theory.model.choices),
        _solve(theory, extra),
    ]


def _one_site(equation: AutocovarianceEquation, numbers: Sequence[str]) -> str:
    """S, T, C, K, X from S and C."""
    site = OneSite.of(1)
    rows = [
        f"def one_site(s, S_1, C_1, noise, {', '.join(numbers)}):",
        '    """S, T, C, K, X of one unit at s = i omega from S and C; `noise`: spectrum of the noise."""',
        "    h_1 = transfer(s)",
        "    hc_1, Sc_1 = np.conj(h_1), np.conj(S_1)",
    ]
    code = lower(
        "one_site",
        [str(site.S), str(site.C)],
        [equation.site.response_x, equation.site.cross, equation.site.spectrum_x],
    )
    rows += [f"    {a.name} = {source(a.expression)}" for a in code.body]
    response, cross, spectrum = map(source, code.results)
    return "\n".join([*rows, f"    return S_1, {response}, C_1, {cross}, np.real({spectrum})"])


def _pair_spectra(equation: AutocovarianceEquation, numbers: Sequence[str]) -> str:
    """psi_phi and psi_x from the one-site functions at two frequencies."""
    rows = [
        f"def pair_spectra(one, two, {', '.join(numbers)}):",
        f'    """{" and ".join(equation.pair_spectra)} at two frequencies; `one`, `two`: (S, T, C, K, X) there."""',
    ]
    for k, name in ((1, "one"), (2, "two")):
        rows.append(f"    S_{k}, T_{k}, C_{k}, K_{k}, X_{k} = {name}")
        rows.append(f"    Sc_{k}, Tc_{k}, Kc_{k} = np.conj(S_{k}), np.conj(T_{k}), np.conj(K_{k})")
    code = lower("pair_spectra", numbers, list(equation.pair_spectra.values()))
    rows += [f"    {a.name} = {source(a.expression)}" for a in code.body]
    rows += [f"    return {', '.join(f'np.real({source(result)})' for result in code.results)}"]
    return "\n".join(rows)


def _pair_terms(activation: Activation) -> str:
    """The closed form of <phi(u) phi(v)>, or None where the table has none."""
    closed = pair_closed_form(activation.pieces, activation.pieces, S.Zero, Delta, rho)
    if closed is None:
        return "pair_terms = None  # <phi(u) phi(v)> has no closed form in the table: it is integrated numerically"
    ordered = sorted(Add.make_args(closed.expression), key=lambda term: (term.count_ops(), sstr(term)))
    doc = f"Terms of <phi(u) phi(v)> at correlation rho.\n\nSee {closed.reference}."
    return numpy_source(lower("pair_terms", (mu, Delta, rho, *activation.parameters), ordered, doc, as_tuple=True))


def _integrands(equation: AutocovarianceEquation, arguments: Sequence[str], inner: str) -> str:
    """The integrands of the pair spectra; Laplace transforms at s and at each pole are taken once."""
    (poles,) = {tuple(t.poles.items()) for t in equation.transforms.values()}
    expressions = [t.integrand for t in equation.transforms.values()]
    needed = sorted({a for e in (*expressions, *(p for _, p in poles)) for a in averages(e)}, key=sstr)
    local: dict[Expr, Expr] = {a: Symbol(mean_name(a).replace("mean_", "avg_"), real=True) for a in needed}
    rows = [
        f"def pair_integrands({', '.join(['s', 'transform', *arguments])}):",
        f'    """Integrands of {", ".join(equation.transforms)} at s = i omega; ``transform``: of C_x and C_phi."""',
        *(f"    {local[a]} = {mean_name(a)}({inner})" for a in needed),
    ]
    for place in (frequency, *(pole for pole, _ in poles)):
        rate = dict(poles).get(place)
        if rate is not None:
            rows.append(f"    {place} = {source(rate.xreplace(local))}")
        names = [f"{kind}_at_{place}" for kind in ("L_x", "L_phi")]
        rows.append(f"    {', '.join(names)} = transform({place})")
        local |= {node(place): Symbol(name) for node, name in zip((L_x, L_phi), names, strict=True)}
    code = lower("pair_integrands", arguments, [e.xreplace(local) for e in expressions])
    rows += [f"    {a.name} = {source(a.expression)}" for a in code.body]
    rows += ["    return (", *(f"        {source(result)}," for result in code.results), "    )"]
    return "\n".join(rows)


def _equations_object(
    theory: Theory,
    activation: Activation,
    kinetic: Mapping[str, str],
    forcing: Mapping[str, str],
    spectra: Mapping[str, str],
    impulses: Mapping[str, str],
) -> str:
    def table(names: Mapping[str, str]) -> str:
        return "{" + ", ".join(f'"{word}": {name}' for word, name in names.items()) + "}"

    filter = Filter.from_expression(theory.equation.transfer)
    return "\n".join(
        [
            f"PAIR = PairAverage(phi, MEAN_PHI, smooth={activation.is_smooth}, terms=pair_terms)",
            "EQUATIONS = InTime(",
            "    phi=phi,",
            f"    phi_prime={'phi_prime' if activation.is_continuous else None},",
            "    points=MEAN_PHI2.breakpoints,",
            "    pair=PAIR,",
            "    square=mean_phi2,",
            "    multiplier=multiplier,",
            "    transfer=transfer,",
            "    strength=strength,",
            "    feedback=reaction,",
            f"    kinetic={table(kinetic)},",
            f"    forcing={table(forcing)},",
            f"    noise_spectra={table(spectra)},",
            f"    impulses={table(impulses)},",
            f"    filter=({filter.numerator!r}, {filter.denominator!r}),",
            "    one_site=one_site,",
            "    pair_spectra=pair_spectra,",
            f"    integrands={'pair_integrands' if theory.equation.transforms else None},",
            "    gaussian_site=gaussian_site,",
            "    observables=observables,",
            f"    count={len(theory.model.parameters)},",
            ")",
        ]
    )


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
    meanings = [f"    {p.name} : {p.meaning}" for p in model.parameters]
    meanings += [f"    {c.name} : {c.meaning}" for c in model.choices]
    together = f"({numbers}{',' if ', ' not in numbers else ''})"
    return "\n".join(
        [
            f"def solve({signature}):",
            '    """Solve for the autocovariance, and integrate the pair spectra; one set of numbers.',
            "",
            *meanings,
            "",
            "    Returns a dict:",
            "",
            docs,
            "    status : 0 solved; else SILENT, NO_ROOT, NO_DECAY, NO_CONVERGENCE, CRITICAL, NOT_RESOLVED or UNSTABLE_PAIRS,",
            "        without results",
            "    residual, error : relative residual of the energy at tau = 0+, error of Delta0",
            "    roots, slopes : variances with the right energy, and the slope of the energy at each",
            '    """',
            f"    return EQUATIONS.solve(noise or inferred_noise(sigma, tau_n), {together}, tau_n)",
            "",
            "",
            f"def autocovariance(lag, {signature}):",
            '    """C_x and C_phi at the lags of an array; nan where there is no solution."""',
            f"    return EQUATIONS.autocovariance(lag, noise or inferred_noise(sigma, tau_n), {together}, tau_n)",
            "",
            "",
            f"def spectra(omega, {signature}):",
            '    """One-site functions S, T, C, K, X at real frequencies (see `one_site`); nan where there is no solution."""',
            f"    return EQUATIONS.spectra(omega, noise or inferred_noise(sigma, tau_n), {together}, tau_n)",
            "",
            "",
            f"def pair_lags(t1, t2, {signature}):",
            '    """psi_phi, psi_x at lags t1, t2 and their errors: N times the mean of C_ij(t1) C_ij(t2) over pairs i != j."""',
            f"    return EQUATIONS.pair_lags(t1, t2, noise or inferred_noise(sigma, tau_n), {together}, tau_n)",
            "",
            "",
            f"def frequency_dimensions(omega, {signature}):",
            '    """Participation ratios over N of phi and of x at single frequencies, and their errors."""',
            f"    return EQUATIONS.frequency_dimensions(omega, noise or inferred_noise(sigma, tau_n), {together}, tau_n)",
        ]
    )
