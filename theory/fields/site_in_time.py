r"""One unit in time: a linear filter driven by a Gaussian field and, where couplings are partly symmetric, by its own past.

    x = h [ field + feedback S phi ],    <field field*> = drive,    feedback = eta g^2.

The unit acts on the network, which responds through the couplings back to it: the second term.  It makes x nonlinear in the field,
and so not Gaussian; but whatever the law of x, the Gaussian field obeys <phi field*> = S drive (Furutsu 1963, Novikov 1965), which
leaves only the response S and the spectrum C of phi to be found from the process itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol, expand, symbols

from theory.derivation import Fact, Replay, Step
from theory.fields.spectral import OneSite
from theory.symbols import eta

NOVIKOV = "Furutsu 1963, J. Res. NBS 67D 303; Novikov 1965, Sov. Phys. JETP 20 1290"
_field, _fieldc, _phi, _phic = symbols("zeta zeta_c phi phi_c")


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
    back, backc = feedback * site.S, feedback * site.Sc
    preactivation, conjugate = site.h * (_field + back * _phi), site.hc * (_fieldc + backc * _phic)
    averages = {
        (_field, _fieldc): drive,
        (_phi, _fieldc): site.S * drive,
        (_field, _phic): site.Sc * drive,
        (_phi, _phic): site.C,
    }
    response = preactivation.diff(_field) + preactivation.diff(_phi) * site.S
    return Site(
        response_x=response.factor(),
        cross=_averaged(_phi * conjugate, averages),
        spectrum_x=_averaged(preactivation * conjugate, averages),
    )


def _averaged(product: Expr, averages: dict[tuple[Symbol, Symbol], Expr]) -> Expr:
    polynomial = expand(product)
    return sum(polynomial.coeff(a, 1).coeff(b, 1) * value for (a, b), value in averages.items())


def site_steps(site: OneSite, drive: Expr, feedback: Expr, found: Site, model_equation: str) -> tuple[Step, ...]:
    """From the cavity argument for one unit to its functions."""
    return (
        Step(
            f"Add one unit to the network, {model_equation}. Its field is a sum of N weakly dependent terms, hence "
            "Gaussian, with spectrum g^2 C + noise. Its own activity moves the others and returns through the reciprocal "
            "couplings: N J_0i J_i0 averages to eta g^2, the response of the others is S",
            "one-site cavity",
            after=site.h * (_field + feedback * site.S * _phi),
            assumption="N -> infinity; the others respond linearly to one more unit",
            reference="Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401",
        ),
        Step(
            "Mean response of x to its field: directly, and through the unit's own activity",
            "chain rule",
            site.h * (_field + feedback * site.S * _phi),
            found.response_x,
            check=Replay(lambda e: (e.diff(_field) + e.diff(_phi) * site.S).factor()),
        ),
        Step(
            "Cross-spectrum K = <phi x*>; <phi field*> = S drive for any functional of a Gaussian field",
            "Furutsu-Novikov theorem",
            after=found.cross,
            reference=NOVIKOV,
            check=Fact(
                lambda: _linear_unit(site, drive, feedback, found),
                "linear unit, where phi = x: with S = T, C = X both relations are one",
            ),
        ),
        Step(
            "Spectrum X = <x x*>",
            "Furutsu-Novikov theorem",
            after=found.spectrum_x,
            reference=NOVIKOV,
            check=Fact(
                lambda: expand(found.spectrum_x.subs(eta, 0) - site.h * site.hc * drive.subs(eta, 0)) == 0,
                "independent couplings: |h|^2 times the spectrum of the field",
            ),
        ),
    )


def _linear_unit(site: OneSite, drive: Expr, feedback: Expr, found: Site) -> bool:
    """For phi = x: S (1 - h feedback S) = h, C = |S|^2 drive; then T = S, K = C and X = C."""
    h, hc = (s / (1 + feedback * s**2) for s in (site.S, site.Sc))
    drive_value = Symbol("drive", positive=True)
    linear = {site.h: h, site.hc: hc, site.C: site.S * site.Sc * drive_value}

    def closed(e: Expr) -> Expr:
        return e.subs(drive, drive_value).xreplace(linear)

    return all(
        (closed(e) - target).cancel() == 0
        for e, target in (
            (found.response_x, site.S),
            (found.cross, site.S * site.Sc * drive_value),
            (found.spectrum_x, site.S * site.Sc * drive_value),
        )
    )
