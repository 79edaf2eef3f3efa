"""The symbols that every room shares. `x` is real everywhere: a non-real twin would silently kill derivatives."""

from sympy import Function, Symbol

x = Symbol("x", real=True)
"""Preactivation of one unit, the integration variable of every one-site average."""

Delta = Symbol("Delta", positive=True)
"""Variance of the preactivation."""

mu = Symbol("mu", real=True)
"""Mean of the preactivation."""

Delta0 = Symbol("Delta0", nonnegative=True)
"""Variance over units of the frozen mean of the preactivation: the part of Delta that the couplings fix."""

delta = Symbol("delta", positive=True)
"""Variance of the preactivation about its frozen mean, at a fixed mean: Delta - Delta0."""

rho = Symbol("rho", real=True)
"""Correlation coefficient of two preactivations."""

g = Symbol("g", nonnegative=True)
"""Coupling strength: J_ij has variance g^2/N."""

eta = Symbol("eta", real=True)
"""Symmetry of the couplings: N <J_ij J_ji> = eta g^2, from -1 (antisymmetric) to 1 (symmetric)."""

sigma = Symbol("sigma", nonnegative=True)
"""Standard deviation of the external noise."""

tau_n = Symbol("tau_n", positive=True)
"""Correlation time of the noise, in units of the time constant of one unit."""

tau = Symbol("tau", positive=True)
"""Lag between two times."""

frequency = Symbol("s")
"""Laplace variable, s = i omega on the imaginary axis."""

phi = Function("phi", real=True)
"""The generic (undefined) activation, for results that hold for any phi."""

O = Function("O", real=True)  # noqa: E741 - what papers call an observable
"""A generic one-site observable O(x)."""

z = Symbol("z", real=True)
"""Output of a readout, fed back into the network."""

A = Symbol("A", real=True)
"""Target: the output at which a readout is meant to sit."""

C = Symbol("C", real=True)
"""Amplitude of a readout of given direction."""


class VectorSymbol(Symbol):
    """A symbol of the vectors of a readout network: as plain text pI, in LaTeX p_I (SymPy would take it for the Greek letter)."""

    __slots__ = ()

    def _latex(self, printer):
        return _VECTOR_LATEX[self.name]


_VECTOR_LATEX = {
    "Sm": "S_m",
    "SI": "S_I",
    "p": "p",
    "pm": "p_m",
    "pI": "p_I",
    "Sm2": r"\left\langle m^2 \right\rangle",
    "smI": r"\left\langle m I \right\rangle",
    "SI2": r"\left\langle I^2 \right\rangle",
    "snm": r"\left\langle n m \right\rangle",
    "snI": r"\left\langle n I \right\rangle",
}

Sm, SI = VectorSymbol("Sm", nonnegative=True), VectorSymbol("SI", nonnegative=True)
"""Standard deviations over units of the feedback vector m and of the input vector I."""

p, pm, pI = VectorSymbol("p", real=True), VectorSymbol("pm", real=True), VectorSymbol("pI", real=True)
"""Direction of the readout: along what m and I share, what m has alone, what I has alone."""

Sm2, SI2 = VectorSymbol("Sm2", nonnegative=True), VectorSymbol("SI2", nonnegative=True)
"""Mean squares over units of m and of I."""

smI, snm, snI = VectorSymbol("smI", real=True), VectorSymbol("snm", real=True), VectorSymbol("snI", real=True)
"""Overlaps <m I>, <n m>, <n I> of feedback m, input I and readout direction n, n at amplitude 1."""

growth = Symbol("lambda")
"""Eigenvalue of the Jacobian without its leak: a perturbation grows as exp((lambda - 1) t)."""
