"""Behaviour of an integrand under x -> -x, given that of the activation."""

from __future__ import annotations

from sympy import Derivative, Dummy, Expr

from theory.symbols import O, phi, x

_SIGN = {"odd": -1, "even": 1}


def parity(integrand: Expr, of_phi: str) -> str:
    """Parity of an expression in x, phi(x) and derivatives of phi: ``'odd'``, ``'even'`` or ``'none'``.

    Parameters
    ----------
    integrand : Expr
    of_phi : {'odd', 'even', 'none'}
        Parity of phi.
    """
    if integrand.has(O) or (of_phi not in _SIGN and integrand.has(phi)):
        return "none"
    reflected, plain = {}, {}
    for node in sorted(integrand.atoms(Derivative), key=lambda n: -n.derivative_count):
        plain[node] = Dummy()
        reflected[node] = _SIGN[of_phi] * (-1) ** node.derivative_count * plain[node]
    value = Dummy()
    plain[phi(x)], reflected[phi(x)] = value, _SIGN.get(of_phi, 0) * value
    original = integrand.xreplace(plain)
    mirror = integrand.xreplace(reflected).xreplace({x: -x})
    if (mirror - original).expand() == 0:
        return "even"
    return "odd" if (mirror + original).expand() == 0 else "none"
