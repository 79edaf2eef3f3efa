"""What a sweep shows of each model: columns of the table, panels of the figure, the network simulated beside. One table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True)
class Panel:
    """One panel of a figure.

    Attributes
    ----------
    keys : tuple of str
        Quantities drawn in it.
    label : str
        Of the vertical axis, with the unit where there is one.
    line : float, optional
        Value at which a horizontal line is drawn, such as a limit of stability.
    """

    keys: tuple[str, ...]
    label: str
    line: float | None = None


@dataclass(frozen=True)
class States:
    """How the coexisting states of a closed loop are shown.

    Attributes
    ----------
    target : str
        The parameter that is the output in the state asked for.
    pole : str
        The quantity that is the target at which the theory has a pole; curves do not pass it.
    marks : mapping of str to str
        Quantities that are targets at which what coexists changes, with what happens there.
    limits : mapping of str to tuple of float and str
        Quantities that bound a phase, each with the value at which it does, and what happens there.
    phases : str
        Key of the word that a phase diagram shows.
    order : tuple of str
        Words in the order of their colours.
    """

    target: str
    pole: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    phases: str = "regime"
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """What a sweep of one model shows.

    Attributes
    ----------
    panels : tuple of Panel
    columns : tuple of str
        Quantities in the printed table; empty for all order parameters and observables.
    labels : mapping of str to str
        Quantities and parameters as they are written in a figure.
    directions : str
        The quantity of which N times is the number of directions that the activity explores: where it is small, so is
        what N -> infinity tells about N units. Empty if there is none.
    network : mapping of str to number
        Settings of the simulated points that are not given.
    states : States, optional
        Where solutions carry coexisting states: figures then show these first, and a map of two parameters its phases.
    """

    panels: tuple[Panel, ...] = ()
    columns: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    directions: str = ""
    network: Mapping[str, float] = field(default_factory=dict)
    states: States | None = None

    def panels_of(self, keys: Sequence[str]) -> tuple[Panel, ...]:
        """Panels for these quantities: those that share one in the table still do."""
        shared = tuple(replace(p, keys=tuple(k for k in p.keys if k in keys)) for p in self.panels)
        alone = dict.fromkeys(k for k in keys if not any(k in p.keys for p in self.panels))
        return (*(p for p in shared if p.keys), *(Panel((key,), "") for key in alone))


_VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "static": View(
            panels=(
                Panel(("D_x", "D_phi"), "participation dimension over N"),
                Panel(("Delta", "C_phi"), "variance"),
            ),
            columns=("Delta", "C_phi", "gain", "stability", "D_x", "D_phi"),
            labels={
                "D_x": r"$D_x$",
                "D_phi": r"$D_\phi$",
                "Delta": r"$\Delta$",
                "C_phi": r"$C_\phi$",
                "stability": r"$g^2\langle\phi'^2\rangle$",
                "gain": r"$\langle\phi'\rangle$",
            },
            directions="D_phi",
            network={"N": 200, "couplings": 80},
        ),
        "dynamic": View(
            panels=(
                Panel(("PR_x", "PR_phi"), "participation ratio over N"),
                Panel(("Delta0",), "equal-time variance of x"),
            ),
            columns=("Delta0", "C_phi0", "gain", "kappa2", "PR_x", "PR_phi", "PR0_x", "PR0_phi"),
            labels={
                "PR_x": r"$\mathrm{PR}_x$",
                "PR_phi": r"$\mathrm{PR}_\phi$",
                "PR0_x": r"$\mathrm{PR}_x(\omega=0)$",
                "PR0_phi": r"$\mathrm{PR}_\phi(\omega=0)$",
                "Delta0": r"$C_x(0)$",
                "C_phi0": r"$C_\phi(0)$",
                "kappa2": r"$\kappa^2$",
                "gain": r"$\langle\phi'\rangle$",
            },
            directions="PR_phi",
            network={"N": 1000, "couplings": 8, "T": 40, "dt": 0.25},
        ),
        "feedback": View(
            panels=(
                Panel(("outlier", "bulk_radius", "lambda_ls"), "real part of eigenvalues", line=1.0),
                Panel(("Delta0", "C_phi"), "variance"),
            ),
            columns=("C", "Delta0", "outlier", "bulk_radius", "lambda_ls", "regime"),
            labels={
                "C": r"$C$",
                "Delta0": r"$\Delta_0$",
                "C_phi": r"$\langle\phi^2\rangle$",
                "gain": r"$\langle\phi'\rangle$",
                "outlier": "outliers",
                "bulk_radius": "bulk radius",
                "lambda_ls": "outlier, least squares",
                "H_slope": r"$H'(A)$",
                "overlap": r"$A/C$",
                "Sm": r"$S_m$",
                "SI": r"$S_I$",
                "pm": r"$p_m$",
                "pI": r"$p_I$",
                "A_c": r"$A_c$",
                "A_b": r"$A_b$",
            },
            network={"N": 300, "couplings": 12},
            states=States(
                target="A",
                pole="flex",
                marks={
                    "flex": "pole of the amplitude",
                    "A_c": "an outlier is 1",
                    "A_b": "a second stable state appears",
                },
                limits={"bulk_radius": (1.0, "the bulk is unstable")},
                order=("monostable", "bistable", "unstable target", "chaotic", "continuum"),
            ),
        ),
    }
)


def view_of(model: str) -> View:
    """What a sweep of the model shows; of a model that is not in the table, everything."""
    return _VIEWS.get(model, View())
