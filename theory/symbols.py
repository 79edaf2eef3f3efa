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
"""Variance of the preactivation about its frozen mean, bound inside a `FrozenAverage`: Delta - Delta0."""

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
