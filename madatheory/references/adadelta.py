"""Adadelta: Zeiler, arXiv:1212.5701, 2012, Algorithm 1."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, ComplexAs, Decay, Step, Vector, divided, followed, squared


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient = 1.0,
    beta2: float,
    eps: float,
    eps_place: Literal["inside", "outside"] = "inside",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Step alpha_t u_t with u_t = RMS[u]_{t-1}/RMS[g]_t g_t; alpha = 1 in the paper.

    E[g^2]_t = beta2 E[g^2]_{t-1} + (1-beta2) g_t^2 and E[u^2]_t likewise, beta2 the paper's rho; RMS[a] =
    sqrt(E[a^2] + eps), or sqrt(E[a^2]) + eps with eps "outside".
    """

    def root(mean: Vector) -> Vector:
        return np.sqrt(mean + eps) if eps_place == "inside" else np.sqrt(mean) + eps

    def step(t: int, alpha: float, now: Vector, gradient: Vector, moved: Vector) -> Step:
        gradient = beta2 * gradient + (1 - beta2) * squared(now)
        u = divided(root(moved) * now, root(gradient) + 0 * np.abs(now))
        return alpha * u, (gradient, beta2 * moved + (1 - beta2) * squared(u))

    return followed(step, (0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
