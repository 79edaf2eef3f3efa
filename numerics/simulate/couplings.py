"""Random couplings of any symmetry.

    J = (g/sqrt(N)) (cos(a) G + sin(a) G^T),    G_ij ~ N(0, 1),    sin(2 a) = eta

Every J_ij (i != j) has variance g^2/N and N <J_ij J_ji> = eta g^2, exactly at every N. The diagonal has the variance
(1 + eta) g^2/N that makes the ensemble invariant under rotations (Sommers, Crisanti, Sompolinsky, Stein 1988, PRL 60, 1895):
at eta = 1 J is symmetric, at eta = -1 antisymmetric, at eta = 0 all entries are independent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, N: int, coupling: int, part: int) -> np.random.Generator:
    """Random numbers of coupling matrix k at size N: they depend on (seed, N, k) and the part of the network alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(N, coupling, part)))


def draw(
    g: float, eta: float = 0.0, *, N: int, seed: int, coupling: int
) -> tuple[NDArray[np.float64], np.random.Generator]:
    """One coupling matrix, shape (N, N), and the stream of its noise, or of other vectors that go with it."""
    noise_stream = stream(seed, N, coupling, 1)
    G = stream(seed, N, coupling, 0).normal(scale=g / np.sqrt(N), size=(N, N))
    if eta == 0:
        return G, noise_stream
    angle = 0.5 * np.arcsin(eta)
    return np.cos(angle) * G + np.sin(angle) * G.T, noise_stream
