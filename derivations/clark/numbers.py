"""Numbers: dimensions without and with noise, their order, and the two time scales."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import integrate

from derivations.clark.quantities import ERF, TANH, Row, close, solver, values

# g: Delta0, C_phi(0), <phi'>, kappa^2, PR_x, PR_phi. Computed to 12 digits with another discretisation: Fourier transforms on a
# grid of lags, double sums over frequencies; Delta0, C_phi(0) and <phi'> agree with 30-digit mpmath at g = 1.5, 2, 3
KEYS = ("Delta0", "C_phi0", "gain", "kappa2", "PR_x", "PR_phi")
WITHOUT_NOISE: dict[str, dict[float, tuple[float, ...]]] = {
    TANH: {
        1.1: (
            0.11106318936989,
            0.09201356354931,
            0.90798643645069,
            0.002428363778,
            0.00015116375491,
            0.000152642867263,
        ),
        1.5: (0.7476863805534, 0.34209348868376, 0.65790651131624, 0.02610780033, 0.00561124146952, 0.00623943463584),
        2.0: (1.9248054137371, 0.51317806597781, 0.48682193402219, 0.05201761822, 0.0159147880109, 0.0197406697057),
        3.0: (5.4463260830425, 0.68057948112094, 0.31942051887906, 0.08173478907, 0.0313719750578, 0.0446509424021),
        4.0: (10.467473214109, 0.76236000457898, 0.23763999542102, 0.09643572122, 0.0402738816563, 0.0620676901783),
        5.0: (16.964045702382, 0.81075325057744, 0.18924674942256, 0.1046416958, 0.0456346625653, 0.0740703066959),
        10.0: (71.368091581283, 0.90609078143576, 0.09390921856424, 0.1181058669, 0.0552587519465, 0.100703319488),
    },
    ERF: {
        1.1: (0.1356902787645, 0.11243388778406, 0.9079129652983, 0.002589797406, 0.000166392796056, 0.000168126104119),
        1.5: (0.83875252784732, 0.38495390687611, 0.65688485469151, 0.02913014727, 0.00658389458771, 0.0074037647033),
        2.0: (2.0640800187543, 0.55380693580023, 0.48551416609814, 0.05710397807, 0.0181993612033, 0.0230136949193),
        3.0: (5.6374319608902, 0.71072979806324, 0.31854149485362, 0.08678184451, 0.0341995035839, 0.0497422109459),
        4.0: (10.686654576791, 0.78551090246917, 0.23711227997874, 0.1004442669, 0.042745400696, 0.0672118819069),
        5.0: (17.201142446404, 0.82940544062362, 0.18891649363034, 0.1077639609, 0.0476763568505, 0.0787989501624),
        10.0: (71.644822677097, 0.91544465859797, 0.09384835316622, 0.1192486608, 0.0561197978115, 0.10347409731),
    },
}
# phi, g, sigma^2: Delta0, C_phi(0), <phi'>, PR_x, PR_phi; the dimensions to nine digits
WHITE_NOISE = (
    (TANH, 1.5, 1.0, (1.1180959147052, 0.4146412175984, 0.5853587824016, 0.2569103610, 0.2821392648)),
    (TANH, 0.9, 0.5, (0.3530740440727, 0.2201200665290, 0.7798799334710, 0.6281529775, 0.6357865789)),
    (ERF, 1.5, 1.0, (1.1801928995899, 0.4501232571364, 0.5919499474044, 0.2301940765, 0.2557433845)),
)
_SMALL = 5e-10  # relative error that ten printed digits leave


def _table(text: str) -> bool:
    for strength, row in WITHOUT_NOISE[text].items():
        found = values(text, g=strength, noise="none")
        if not all(close(found[key], value, 1e-9) for key, value in zip(KEYS, row, strict=True)):
            return False
    return True


def _white_noise() -> bool:
    keys = [key for key in KEYS if key != "kappa2"]
    for text, strength, variance, row in WHITE_NOISE:
        found = values(text, g=strength, sigma=variance**0.5, noise="white")
        if not all(close(found[key], value, 2 * _SMALL) for key, value in zip(keys, row, strict=True)):
            return False
    return True


def _order() -> bool:
    """0 < PR_x < PR_phi < 1, both rising with g."""
    for text, table in WITHOUT_NOISE.items():
        rows = [values(text, g=strength, noise="none") for strength in table]
        dimensions = np.array([[row["PR_x"], row["PR_phi"]] for row in rows])
        if not (np.all(dimensions > 0) and np.all(dimensions[:, 0] < dimensions[:, 1]) and np.all(dimensions < 1)):
            return False
        if not np.all(np.diff(dimensions, axis=0) > 0):
            return False
    return True


def _population_time() -> bool:
    """tanh, g = 2: 19.144 against 1/kappa^2 = 19.224 and int (C_phi/C_phi(0))^2 = 3.718; the first again from the spectra."""
    given: dict[str, float | str] = {"g": 2.0, "noise": "none"}
    found, module = values(TANH, **given), solver(TANH).module
    lags = np.linspace(0, 80, 4001)
    curve = module.autocovariance(lags, **given)[1] / found["C_phi0"]
    unit = float(integrate.simpson(curve**2, x=lags))
    theta = np.pi / 2 * (np.arange(4000) + 0.5) / 4000
    omega, weight = np.tan(theta), np.pi / 2 / 4000 / np.cos(theta) ** 2
    S, _, C, _, _ = module.spectra(omega, **given)
    psi = C**2 * (1 / (1 - 2.0**2 * np.abs(S) ** 2) ** 2 - 1)
    total = float(weight @ psi) / (2 * np.pi)
    by_spectra = total / (found["C_phi0"] ** 2 * (1 / found["PR_phi"] - 1))
    return (
        close(found["tau_pop"], 19.144, 3e-5)
        and close(by_spectra, found["tau_pop"], 1e-8)
        and close(1 / found["kappa2"], 19.224, 3e-5)
        and close(unit, 3.718, 2e-4)
    )


_HOW = "the generated solver against nine digits of numbers computed to 12 digits here with another discretisation"

ROWS: tuple[Row, ...] = (
    *(
        (
            f"Variances, decay rate and dimensions without noise, phi = {text}, g = 1.1 to 10 (PR_x = "
            f"{table[2.0][4]:.6f}, PR_phi = {table[2.0][5]:.6f} at g = 2)",
            _HOW,
            partial(_table, text),
        )
        for text, table in WITHOUT_NOISE.items()
    ),
    (
        "The same with white noise: tanh at g = 1.5, sigma^2 = 1 and g = 0.9, sigma^2 = 1/2; erf at g = 1.5, sigma^2 = 1",
        _HOW,
        _white_noise,
    ),
    ("0 < PR_x < PR_phi < 1 in the chaotic state, both rising with g", "tanh and erf, g = 1.1 to 10", _order),
    (
        "The population relaxes far more slowly than one unit: tanh at g = 2, tau_pop = 19.144 (1/kappa^2 = 19.224) against "
        "int_0^oo (C_phi/C_phi(0))^2 dtau = 3.718",
        "the generated solver; tau_pop again from psi(w, -w) on a grid of frequencies, eight digits",
        _population_time,
    ),
)
