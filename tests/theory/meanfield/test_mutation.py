"""Nothing can be wrong in one place and pass: results of steps, what a theory states, and the engine it is derived with."""

import random
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import pytest
from sympy import Matrix, S, Symbol, exp

from tests.mutation import (
    altered_parts,
    altered_results,
    altered_sources,
    engine_altered,
    equivalent,
    fails,
    not_caught_steps,
    source_altered,
)
from theory.averages.measures import Joint
from theory.engine.collective import Action, Kernel
from theory.engine.readout import LOADED_RESPONSE, OUTPUT
from theory.meanfield.chaos import derive_chaotic_feedback
from theory.models import derive
from theory.networks import GaussianCouplings, StaticNoise
from theory.readout.vectors import I_, drive, m, n, with_readout
from theory.symbols import SI2, C, Sm, Sm2, eta, frequency, g, rho, sigma, smI, snm, tau, tau_n, z

THEORIES = {
    "static": lambda: derive("static"),
    "static, not odd": lambda: derive("static", odd=False),
    "feedback": lambda: derive("feedback"),
    "dynamic": lambda: derive("dynamic"),
    "dynamic, another filter": lambda: derive("dynamic", filter="exp(-s/10)/(1+s)"),
    "attractor": lambda: derive("attractor"),
    "threshold": lambda: derive("threshold"),
}
FEWEST = {"attractor": 25}  # checked steps; its limits have their own
EVERY = {"threshold": 40}  # alterations of every expression, where there are few
NAMES = pytest.mark.parametrize("name", THEORIES)
heavy = pytest.mark.heavy


def not_caught_parts(theory, count, seed=1):
    """Every altered expression of a theory that no check misses, and the number of alterations tried."""
    mutants = list(altered_parts(theory, random.Random(seed), count))
    return [how for how, mutant in mutants if _states_what_it_shows(mutant)], len(mutants)


def _states_what_it_shows(mutant):
    try:
        return not mutant.unshown
    except (TypeError, ValueError, AttributeError):
        return False  # an equation that is no equation


@NAMES
def test_a_theory_holds(name):
    theory = THEORIES[name]()
    theory.check()
    assert sum(step.check is not None for step in theory.derivation) >= FEWEST.get(name, 30)


@heavy
@NAMES
def test_every_step_reads_its_result(name):
    survivors, tried = not_caught_steps(THEORIES[name]().derivation)
    print(f"{name}: {tried} altered results")
    assert not survivors, "\n".join(survivors)


@heavy
@NAMES
def test_everything_stated_is_shown(name):
    theory = THEORIES[name]()
    assert theory.unshown == ()
    survivors, tried = not_caught_parts(theory, count=EVERY.get(name, 8))
    print(f"{name}: {tried} altered expressions")
    assert tried >= 100
    assert not survivors, "\n".join(survivors)


@NAMES
def test_a_few_mutants_are_caught(name):
    theory = THEORIES[name]()
    steps = random.Random(2).sample(theory.derivation.steps, 2)
    assert not_caught_steps(steps)[0] == []
    assert not_caught_parts(theory, count=1)[0] == []


def times(factor):
    """A function whose result is multiplied."""
    return lambda function: lambda *args, **options: factor * function(*args, **options)


def _action(change):
    return lambda average: lambda *args, **options: change(average(*args, **options))


def _without_a_term(action):
    return Action(action.fields, action.F - action.F.as_ordered_terms()[0])


def _with_responses(factor):
    """The site's average with a wrong factor wherever a response field is averaged."""
    return lambda average: lambda self, b: average(self, b) * (factor if any(o.power for _, o in b.factors) else 1)


def _network(**changes):
    return lambda model: replace(model, describe=lambda: replace(model.network, **changes))


def _kernel(change):
    return lambda function: lambda *args: change(function(*args))


def _of(change):
    """A property with a changed value."""
    return lambda attribute: property(lambda self: change(attribute.fget(self)))


ALL = {
    "exponent doubled": ("theory.engine.collective:disorder_average", _action(lambda a: Action(a.fields, 2 * a.F))),
    "exponent negative": ("theory.engine.collective:disorder_average", _action(lambda a: Action(a.fields, -a.F))),
    "a contraction lost": ("theory.engine.collective:disorder_average", _action(_without_a_term)),
    "site average doubled": ("theory.engine.collective:SiteMeasure.average", times(2)),
    "coupling of fields doubled": (
        "theory.engine.collective:fluctuation_kernel",
        _kernel(lambda k: Kernel(k.fields, k.Pi, 2 * k.coupling)),
    ),
    "Price's factor": ("theory.averages.average:Average._eval_derivative", times(2)),
    "Stein's sign": (
        "theory.averages.measures:Gaussian.lowered",
        lambda lowered: lambda *args: [(-weight, F, order) for weight, F, order in lowered(*args)],
    ),
}
STATIC_ENGINE = {
    **ALL,
    "responses doubled": ("theory.engine.collective:SiteMeasure.average", _with_responses(2)),
    "sign of responses": ("theory.engine.collective:SiteMeasure.average", _with_responses(-1)),
    "means not subtracted": (
        "theory.engine.collective:SiteMeasure.connected",
        lambda connected: lambda self, a, b: self.average(a * b),
    ),
    "means added": (
        "theory.engine.collective:SiteMeasure.connected",
        lambda connected: lambda self, a, b: self.average(a * b) + self.average(a) * self.average(b),
    ),
    "last bilinear lost": ("theory.engine.collective:pair_fields", lambda f: lambda *args: f(*args)[:-1]),
    "first bilinear lost": ("theory.engine.collective:pair_fields", lambda f: lambda *args: f(*args)[1:]),
    "Pi transposed and doubled": (
        "theory.engine.collective:fluctuation_kernel",
        _kernel(lambda k: Kernel(k.fields, 2 * k.Pi.T, k.coupling)),
    ),
    "ghosts commute": ("theory.engine.collective:_ghost_average", times(-1)),
    "cumulants doubled": ("theory.engine.one_loop:cumulant", times(2)),
    "noise doubled": (
        "theory.models.static:STATIC",
        _network(noise=StaticNoise(2 * sigma**2)),
    ),
    "couplings stronger": (
        "theory.models.static:STATIC",
        _network(couplings=GaussianCouplings(strength=2 * g)),
    ),
}


FEEDBACK_ENGINE = {
    **ALL,
    "loop doubled": (
        "theory.engine.readout:readout_action",
        _action(lambda a: Action(a.fields, a.F + LOADED_RESPONSE.symbol * OUTPUT.symbol)),
    ),
    "moments doubled": ("theory.readout.vectors:moment", times(2)),
    "input subtracted": ("theory.readout.vectors:signal", lambda f: lambda output: f(output) - 2 * I_),
    "overlap with the wrong vector": (
        "theory.readout.vectors:BETWEEN",
        lambda between: Joint({(m, m): Sm2, (m, I_): smI, (I_, I_): SI2, (n, m): snm, (n, I_): snm, (n, n): SI2}),
    ),
    "loadings doubled": ("theory.models.feedback:FEEDBACK", _network(feedback={"xi": 2 * Sm * rho, "e_m": Sm})),
    "couplings stronger": (
        "theory.models.feedback:FEEDBACK",
        _network(couplings=GaussianCouplings(strength=2 * g)),
    ),
    "covariance of states doubled": ("theory.engine.two_states:clamped_covariance", times(2)),
    "states that are one": ("theory.engine.two_states:at_one_state", times(2)),
    "variance mode doubled": ("theory.readout.open_loop:mode", times(2)),
    "radius of the bulk doubled": ("theory.readout.open_loop:bulk_radius", times(2)),
    "eigenvector by the state": ("theory.readout.eigenvector:LocalReadout.through_state", _of(lambda e: 2 * e)),
    "eigenvector by the vectors": ("theory.readout.eigenvector:LocalReadout.met_along", times(2)),
    "transfer function": ("theory.engine.readout:Loop.transfer", times(2)),
    "determinant": ("theory.engine.readout:Loop.determinant", _of(lambda e: -e)),
    "sign of the turning point": ("theory.equations:ReadoutEquation.turning", _of(lambda e: -e)),
    "slope of the output": ("theory.equations:ReadoutEquation.output_slope", _of(lambda e: 2 * e)),
    "smaller root": ("theory.meanfield.readout:_larger_root", lambda root: lambda: 2 * Symbol("h", real=True) - root()),
    "size of the fitted readout": ("theory.readout.least_squares:readout_scale", times(2)),
    "slope of the fitted readout": ("theory.readout.least_squares:_slope_by_price", times(2)),
}


def _noise(word, **changes):
    def change(model):
        noises = model.network.noises
        return _network(noises={**noises, word: replace(noises[word], **changes)})(model)

    return "theory.models.dynamic:DYNAMIC", change


def _in_time(**changes):
    return "theory.models.dynamic:DYNAMIC", _network(**changes)


def _entry(row, column, change):
    """G with one wrong entry."""

    def altered(two_point):
        def wrong(site):
            G = two_point(site).as_mutable()
            G[row, column] = change(site)
            return G.as_immutable()

        return wrong

    return "theory.engine.spectral:OneSite.two_point", altered


def _gaussian(name, change):
    """One-site functions of a Gaussian x with one of them wrong."""
    place = "theory.engine.spectral:OneSite.gaussian"
    return place, lambda f: lambda site, gain: {**f(site, gain), getattr(site, name): change(site, gain)}


def _field(name, change):
    """A function whose result has a field altered."""
    return lambda f: lambda *args: replace(result := f(*args), **{name: change(getattr(result, name))})


SITE, CAVITY, SPECTRAL = "theory.engine.site_in_time", "theory.engine.cavity_in_time", "theory.engine.spectral"
DYNAMIC_ENGINE = {
    **{name: change for name, change in ALL.items() if name != "coupling of fields doubled"},
    "coupling of fields doubled": ("theory.engine.collective:Action.coupling", times(2)),
    "coupling of fields negative": ("theory.engine.collective:Action.coupling", times(-1)),
    "column of the kernel doubled": ("theory.engine.collective:Kernel.column", times(2)),
    "autocovariance of ou doubled": _noise("ou", autocovariance=2 * sigma**2 * exp(-tau / tau_n)),
    "autocovariance of ou faster": _noise("ou", autocovariance=sigma**2 * exp(-2 * tau / tau_n)),
    "spectrum of ou doubled": _noise("ou", spectrum=4 * sigma**2 * tau_n / (1 - tau_n**2 * frequency**2)),
    "spectrum of ou with a sign": _noise("ou", spectrum=2 * sigma**2 * tau_n / (1 + tau_n**2 * frequency**2)),
    "impulse in ou": _noise("ou", impulse=sigma**2),
    "impulse of white noise doubled": _noise("white", impulse=2 * sigma**2),
    "spectrum of white noise doubled": _noise("white", spectrum=2 * sigma**2),
    "white noise that lasts": _noise("white", autocovariance=sigma**2 * exp(-tau)),
    "constant noise where there is none": _noise("none", autocovariance=S.One),
    "impulse where there is no noise": _noise("none", impulse=S.One),
    "symmetry doubled": _in_time(couplings=GaussianCouplings(symmetry=2 * eta)),
    "symmetry negative": _in_time(couplings=GaussianCouplings(symmetry=-eta)),
    "no symmetry": _in_time(couplings=GaussianCouplings()),
    "couplings stronger": _in_time(couplings=GaussianCouplings(strength=2 * g, symmetry=eta)),
    "leak doubled": _in_time(transfer=1 / (2 + frequency)),
    "filter negative": _in_time(transfer=-1 / (1 + frequency)),
    "filter twice": _in_time(transfer=1 / (1 + frequency) ** 2),
    "response without conjugate": _entry(0, 1, lambda s: s.S),
    "response of x without conjugate": _entry(0, 2, lambda s: s.T),
    "response of x for that of phi": _entry(1, 0, lambda s: s.T),
    "conjugate response": _entry(1, 0, lambda s: s.Sc),
    "spectrum doubled": _entry(1, 1, lambda s: 2 * s.C),
    "cross-spectrum with conjugate": _entry(1, 2, lambda s: s.Kc),
    "cross-spectrum without conjugate": _entry(2, 1, lambda s: s.K),
    "spectrum of phi for that of x": _entry(2, 2, lambda s: s.C),
    "Gaussian response without gain": _gaussian("S", lambda s, gain: s.h),
    "Gaussian response without conjugate": _gaussian("Sc", lambda s, gain: gain * s.h),
    "Gaussian response of x with gain": _gaussian("T", lambda s, gain: gain * s.h),
    "Gaussian cross-spectrum": _gaussian("K", lambda s, gain: gain**2 * s.X),
    "response of x doubled": (f"{SITE}:filtered_site", _field("response_x", lambda e: 2 * e)),
    "cross-spectrum negative": (f"{SITE}:filtered_site", _field("cross", lambda e: -e)),
    "spectrum of x of another symmetry": (f"{SITE}:filtered_site", _field("spectrum_x", lambda e: e.subs(eta, -eta))),
    "residue at the right pole": (f"{SPECTRAL}:inner_integral", _kernel(lambda t: (t[0], 2 * t[1], t[2]))),
    "residue at the left pole": (f"{SPECTRAL}:inner_integral", _kernel(lambda t: (t[0], t[1], -t[2]))),
    "integrand of a transform": ("theory.meanfield.two_times:_transform", _field("integrand", lambda e: 2 * e)),
    "poles of a transform": (
        "theory.meanfield.two_times:_transform",
        _field("poles", lambda p: {s: 2 * e for s, e in p.items()}),
    ),
    "static network": ("theory.models.static:STATIC", _network(noise=StaticNoise(2 * sigma**2))),
    "C'(0+)": ("theory.equations:AutocovarianceEquation.kinetic", _of(lambda k: {w: 2 * e for w, e in k.items()})),
    "cross-spectra of the cavity": (f"{CAVITY}:cross_spectrum", times(2)),
    "conjugates in the cavity": (f"{CAVITY}:conjugate", lambda f: lambda e: e),
    "units of the cavity not exchanged": (f"{CAVITY}:_swapped", lambda f: lambda e: e),
    "products over couplings": (f"{CAVITY}:product_over_couplings", times(2)),
}


ENGINES = {
    "static": STATIC_ENGINE,
    "static, not odd": STATIC_ENGINE,
    "feedback": FEEDBACK_ENGINE,
    "dynamic": DYNAMIC_ENGINE,
}


@lru_cache(maxsize=len(ENGINES))
def _stated_unaltered(name):
    """What the theory states, which holds."""
    assert not fails(THEORIES[name])
    return _stated(THEORIES[name]())


@heavy
@pytest.mark.parametrize(("name", "altered"), [(name, altered) for name in ENGINES for altered in ENGINES[name]])
def test_an_altered_engine_is_caught(name, altered):
    stated = _stated_unaltered(name)
    with engine_altered(*ENGINES[name][altered]):
        assert fails(THEORIES[name]) or _stated(THEORIES[name]()) == stated, (
            "another theory is stated, and every check holds"
        )


def _stated(theory):
    return {key: q.expression for key, q in theory.quantities.items()} | {name: e for name, e, _ in theory.statements}


SOURCES = {
    "static": [
        "theory.meanfield.fixed_point",
        "theory.meanfield.corrections",
        *(f"theory.engine.{name}" for name in ("steps", "cavity", "collective", "one_loop", "replicon", "statistics")),
    ],
}


@heavy
@pytest.mark.parametrize("model", SOURCES)
def test_an_altered_source_is_caught(model, count=6):
    """One operation in the code altered: a check fails, or nothing that the theories state has another value."""
    theories = [derive for name, derive in THEORIES.items() if name.startswith(model)]
    right = [_stated(derive()) for derive in theories]
    survivors = []
    for what, function, code in islice(altered_sources(SOURCES[model], random.Random(3)), count):
        with source_altered(function, code):
            if not any(fails(derive) for derive in theories):
                found = [_stated(derive()) for derive in theories]
                same_values = all(
                    set(a) == set(b) and all(equivalent(a[key], b[key]) for key in a)
                    for a, b in zip(right, found, strict=True)
                )
                survivors += [] if same_values else [what]
    assert not survivors, "\n".join(survivors)


@heavy
def test_the_chaotic_state_of_a_feedback_network_reads_its_results():
    steps = derive_chaotic_feedback(z, C, drive(z), with_readout(z))
    steps.check()
    assert all(step.is_read for step in steps)
    survivors, tried = not_caught_steps(steps)
    assert tried >= 20
    assert not survivors, "\n".join(survivors)


def test_altered_results_differ():
    """What the mutations do, on an expression and a matrix."""
    wrong = dict(altered_results(g**2 - 3 * sigma))
    assert wrong == {
        "times 2": 2 * (g**2 - 3 * sigma),
        "sign of a summand": wrong["sign of a summand"],
        "exponent": g**3 - 3 * sigma,
    }
    assert wrong["sign of a summand"] in (-(g**2) - 3 * sigma, g**2 + 3 * sigma)
    assert all(m != Matrix([[g, S.Zero]]) for _, m in altered_results(Matrix([[g, S.Zero]])))
    assert equivalent((g + 1) ** 2, g**2 + 2 * g + 1) and not equivalent((g + 1) ** 2, g**2 + 2 * g + 2)
