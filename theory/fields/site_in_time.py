r"""One unit in time: a linear filter driven by a Gaussian field and, where couplings are partly symmetric, by its own past.

    x = h [ field + feedback S phi ],    <field field*> = drive,    feedback = eta g^2.

The unit acts on the network, which responds through the couplings back to it: the second term.  It makes x nonlinear in the field,
and so not Gaussian; but whatever the law of x, the Gaussian field obeys <phi field*> = S drive (Furutsu 1963, Novikov 1965), which
leaves only the response S and the spectrum C of phi to be found from the process itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Matrix, S, Symbol, expand, symbols

from theory.derivation import Replay, Solves, Step
from theory.fields.spectral import OneSite
from theory.networks import NetworkInTime
from theory.symbols import eta

NOVIKOV = "Furutsu 1963, J. Res. NBS 67D 303; Novikov 1965, Sov. Phys. JETP 20 1290"
_field, _fieldc, _phi, _phic, _rest, _restc = symbols("zeta zeta_c phi phi_c rest rest_c")
_N, _into, _back = symbols("N J_0i J_i0")


@dataclass(frozen=True)
class Site:
    """Functions of one unit from the response S and the spectrum C of its activity.

    Attributes
    ----------
    response_x : Expr
        T, mean response of x.
    cross : Expr
        K = <phi x*>.
    spectrum_x : Expr
        X.
    """

    response_x: Expr
    cross: Expr
    spectrum_x: Expr


def filtered_site(site: OneSite, drive: Expr, feedback: Expr) -> Site:
    """T, K and X of a unit from its equation of motion, averaged with <phi field*> = S drive.

    Parameters
    ----------
    site : OneSite
        Symbols h, S, C and their conjugates.
    drive : Expr
        Spectrum of the Gaussian field.
    feedback : Expr
        Factor of the response of the network to the unit's own activity.
    """
    preactivation = site.h * (_field + feedback * site.S * _phi)
    conjugate = _conjugate(preactivation, site)
    averages = {
        (_field, _fieldc): drive,
        (_phi, _fieldc): site.S * drive,
        (_field, _phic): site.Sc * drive,
        (_phi, _phic): site.C,
    }
    return Site(
        response_x=_response(preactivation, site).factor(),
        cross=_averaged(_phi * conjugate, averages),
        spectrum_x=_averaged(preactivation * conjugate, averages),
    )


def _conjugate(e: Expr, site: OneSite) -> Expr:
    return e.xreplace({**site.conjugates, _field: _fieldc, _phi: _phic})


def _response(e: Expr, site: OneSite) -> Expr:
    """Mean response to the field: directly, and through the unit's own activity."""
    return e.diff(_field) + e.diff(_phi) * site.S


def _averaged(product: Expr, averages: dict[tuple[Symbol, Symbol], Expr]) -> Expr:
    polynomial = expand(product)
    return sum(polynomial.coeff(a, 1).coeff(b, 1) * value for (a, b), value in averages.items())


def _by_regression(product: Expr, site: OneSite, drive: Expr) -> Expr:
    """The same average with phi = S field + rest: the rest is uncorrelated with the field, and has what is left of C."""
    split = product.subs({_phi: site.S * _field + _rest, _phic: site.Sc * _fieldc + _restc})
    return _averaged(split, {(_field, _fieldc): drive, (_rest, _restc): site.C - site.S * site.Sc * drive})


def site_steps(
    site: OneSite, network: NetworkInTime, equation: str, drive: Expr, feedback: Expr, found: Site, gain: Expr
) -> tuple[Step, ...]:
    """From the cavity argument for one unit to its two-point function.

    Parameters
    ----------
    site, drive, feedback
        As for `filtered_site`.
    network : NetworkInTime
    equation : str
        Of motion.
    found : Site
    gain : Expr
        <phi'>, for independent couplings.
    """
    (noise,) = drive.free_symbols - {site.C} - network.couplings.strength.free_symbols
    strength = network.couplings.strength**2
    moments = {_N * _into**2: strength, _N * _into * _back: network.couplings.symmetry * strength}
    preactivation = site.h * (_field + feedback * site.S * _phi)
    conjugate = _conjugate(preactivation, site)
    independent, spectrum_x = _independent(site, found, gain)

    def regressed(e: Expr) -> Expr:
        return _by_regression(e, site, drive)

    return (
        Step(
            f"Add one unit to the network, {equation}. Its field is a sum of N weakly dependent terms, hence Gaussian; its "
            "spectrum is",
            "one-site cavity",
            _N * _into**2 * site.C + noise,
            drive,
            assumption="N -> infinity",
            check=Replay(lambda e: e.subs(moments)),
        ),
        Step(
            "Its own activity moves the others, whose response is S, and returns through the reciprocal couplings",
            "one-site cavity",
            site.h * (_field + _N * _into * _back * site.S * _phi),
            preactivation,
            assumption="the others respond linearly to one more unit",
            reference="Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401",
            check=Replay(lambda e: e.subs(moments)),
        ),
        Step(
            "Mean response of x to its field: directly, and through the unit's own activity",
            "chain rule",
            preactivation,
            found.response_x,
            check=Replay(lambda e: _response(e, site)),
        ),
        *(
            Step(
                f"{title}; <phi field*> = S drive for any functional of a Gaussian field",
                "Furutsu-Novikov theorem",
                product,
                result,
                reference=NOVIKOV,
                check=Replay(regressed, "phi split into S field and a rest that is uncorrelated with the field"),
            )
            for title, product, result in (
                ("Cross-spectrum K = <phi x*>", _phi * conjugate, found.cross),
                ("Spectrum X = <x x*>", preactivation * conjugate, found.spectrum_x),
            )
        ),
        Step(
            "The two-point function G of (response field, activity, preactivation) at one frequency, by the names of its entries: "
            "<a xr*> is the response of a to the field",
            "definition of the one-site functions S, T, C, K, X",
            Matrix([_phi, preactivation]),
            site.two_point(),
            check=Solves(
                lambda named: (
                    named.xreplace(_values(site, found)) - _two_point(site, Matrix([_phi, preactivation]), regressed)
                ),
                "every entry averaged, with phi split into S field and a rest",
            ),
        ),
        Step(
            "Independent couplings, eta = 0: x is Gaussian, T = h, and by Stein's lemma S = <phi'> T, K = <phi'> X. Shown: S, S*, "
            "T, T*, K, K*",
            "limit",
            Matrix([site.S, found.response_x, found.cross]),
            Matrix([*site.gaussian(gain).values()]),
            check=Solves(lambda values: values.xreplace(spectrum_x) - independent, "T, K and X of the unit at eta = 0"),
        ),
    )


def _values(site: OneSite, found: Site) -> dict[Symbol, Expr]:
    plain = {site.T: found.response_x, site.K: found.cross, site.X: found.spectrum_x}
    return plain | {site.Tc: _conjugate(found.response_x, site), site.Kc: _conjugate(found.cross, site)}


def _two_point(site: OneSite, observed: Matrix, averaged: Callable[[Expr], Expr]) -> Matrix:
    """Responses and averages of all pairs of the observed variables."""
    responses = observed.applyfunc(lambda a: _response(a, site))
    conjugates = observed.applyfunc(lambda a: _conjugate(a, site))
    spectra = (observed * conjugates.T).applyfunc(averaged)
    returned = responses.applyfunc(lambda a: _conjugate(a, site)).T
    return Matrix([[S.Zero, *returned], *([responses[k], *spectra[k, :]] for k in range(len(observed)))])


def _independent(site: OneSite, found: Site, gain: Expr) -> tuple[Matrix, dict[Symbol, Expr]]:
    """S, S*, T, T*, K, K* for eta = 0, and X there."""
    values = {s: e.subs(eta, 0) for s, e in _values(site, found).items()}
    responses = {site.S: gain * values[site.T], site.Sc: gain * values[site.Tc]}
    rest = (values[s].xreplace(responses) for s in (site.T, site.Tc, site.K, site.Kc))
    return Matrix([*responses.values(), *rest]), {site.X: values[site.X]}
