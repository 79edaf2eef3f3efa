r"""One unit in time: a linear filter driven by a Gaussian field and, where couplings are partly symmetric, by its own past.

    x = h [ field + feedback S phi ],    <field field*> = drive,    feedback = eta g^2.

The unit acts on the network, which responds through the couplings back to it: the second term.  It makes x nonlinear in the field,
and so not Gaussian; but whatever the law of x, the Gaussian field obeys <phi field*> = S drive (Furutsu 1963, Novikov 1965), which
leaves only the response S and the spectrum C of phi to be found from the process itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Matrix, Symbol, diag, expand, symbols

from theory.derivation import Replay, Solves, Step, named
from theory.engine.spectral import CLARK, OneSite
from theory.networks import NetworkInTime
from theory.symbols import eta

REGRESSION = "phi split into S field and a rest that is uncorrelated with the field"
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
        response_x=(preactivation.diff(_field) + preactivation.diff(_phi) * site.S).factor(),
        cross=_averaged(_phi * conjugate, averages),
        spectrum_x=_averaged(preactivation * conjugate, averages),
    )


def _conjugate(e: Expr, site: OneSite) -> Expr:
    return e.xreplace({**site.conjugates, _field: _fieldc, _phi: _phic})


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
    """From the cavity argument for one unit of an equation of motion to its two-point function; `gain` is <phi'>."""
    strength, symmetry = network.couplings.strength**2, network.couplings.symmetry
    (noise,) = drive.free_symbols - {site.C} - strength.free_symbols
    moments = {_N * _into**2: strength, _N * _into * _back: symmetry * strength}
    x = site.h * (_field + feedback * site.S * _phi)
    operators = Matrix([_field / drive, _phi, x])
    pairs = operators * operators.applyfunc(lambda a: _conjugate(a, site)).T
    values = _values(site, found)

    def regressed(product: Expr) -> Expr:
        return _by_regression(product, site, drive)

    def independent(named: Matrix) -> Matrix:
        at = {s: e.subs(eta, 0) for s, e in values.items()}
        responses = {site.S: gain * at[site.T], site.Sc: gain * at[site.Tc]}
        rest = (at[s].xreplace(responses) for s in (site.T, site.Tc, site.K, site.Kc))
        return named.subs(site.X, at[site.X]) - Matrix([*responses.values(), *rest])

    return (
        Step(
            f"Add one unit to the network, {equation}. Its field is a sum of N weakly dependent terms, hence Gaussian; its own "
            "activity moves the others, whose response is S, and returns through the reciprocal couplings. Shown: the spectrum of "
            "the field, and x",
            "one-site cavity",
            Matrix([_N * _into**2 * site.C + noise, site.h * (_field + _N * _into * _back * site.S * _phi)]),
            Matrix([drive, x]),
            assumption="N -> infinity; the others respond linearly to one more unit",
            reference=CLARK,
            check=Replay(lambda shown: shown.subs(moments)),
        ),
        *(
            Step(
                f"{title}; <phi field*> = S drive for any functional of a Gaussian field",
                "Furutsu-Novikov theorem",
                pairs[place],
                named(name, result),
                reference=NOVIKOV,
                check=Replay(regressed, REGRESSION),
            )
            for title, name, place, result in (
                ("Mean response T of x: <x field*>/drive", "T", (2, 0), found.response_x),
                ("Cross-spectrum K = <phi x*>", "K", (1, 2), found.cross),
                ("Spectrum X = <x x*>", "X", (2, 2), found.spectrum_x),
            )
        ),
        Step(
            "The two-point function G of (response field, activity, preactivation) at one frequency, by the names of its entries: "
            "two response fields do not correlate, and <a xr*> is the response of a to the field",
            "definition of the one-site functions S, T, C, K, X",
            operators,
            site.two_point(),
            check=Solves(
                lambda named: named.xreplace(values) - (pairs - diag(pairs[0, 0], 0, 0)).applyfunc(regressed),
                REGRESSION,
            ),
        ),
        Step(
            "Independent couplings, eta = 0: x is Gaussian, T = h, and by Stein's lemma S = <phi'> T, K = <phi'> X. Shown: S, S*, "
            "T, T*, K, K*",
            "limit",
            Matrix([site.S, found.response_x, found.cross]),
            Matrix([*site.gaussian(gain).values()]),
            check=Solves(independent, "T, K and X of the unit at eta = 0"),
        ),
    )


def _values(site: OneSite, found: Site) -> dict[Symbol, Expr]:
    plain = {site.T: found.response_x, site.K: found.cross, site.X: found.spectrum_x}
    return plain | {site.Tc: _conjugate(found.response_x, site), site.Kc: _conjugate(found.cross, site)}
