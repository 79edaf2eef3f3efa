"""Symbols of a unit in a stored pattern, of the law of the patterns, and of the spectrum."""

from sympy import Symbol

from theory.averages.law import r as r

u, gain = Symbol("u", real=True), Symbol("g", positive=True)
"""Input of a unit in a stored pattern, phi^-1(r); its gain, phi'(u)."""

omega, t = Symbol("omega"), Symbol("t")
"""At an eigenvalue lambda of the Jacobian: a unit's propagator; the order parameter, response of the stored patterns to a rank-one
change."""

alpha, tau = Symbol("alpha", positive=True), Symbol("tau", positive=True)
"""Load, patterns per unit; V_r tr (R^T R)^-1, its limit for large networks."""

m, V_r, V_u = (Symbol(name, positive=True) for name in ("m", "V_r", "V_u"))
"""Mean rate; variances of rate and input."""

ubar, b, beta2 = Symbol("ubar", real=True), Symbol("b", real=True), Symbol("beta2", nonnegative=True)
"""Mean input; slope of the regression of the input on the rate; the variance that the rate does not explain, in units of V_r."""

c0 = Symbol("c0", real=True)
"""What a unit without self-coupling lacks of itself, a multiple of its gain; 0 where units couple to themselves."""
