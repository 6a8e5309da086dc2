"""LAMB: You et al., ICLR 2020, Algorithm 2, on one tensor."""

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, EpsPlace, Vector, denominator, divided, per_step, tensor


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: float,
    eps: float,
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    bias_correction: bool = True,
    weight_decay: float = 0.0,
) -> Vector:
    """Step alpha_t |x|/|u_t| u_t with u_t = mhat_t/(sqrt(vhat_t) + eps) + weight_decay x.

    The ratio is 1 if a norm is 0; phi is the identity. x0 and the gradients have any shape (and T steps first); the
    norms are over the whole tensor.
    """
    x, g = tensor(x0, gradients)
    m, v, path = np.zeros_like(x), np.zeros_like(x), []
    for t, (now, rate) in enumerate(zip(g, per_step(alpha, len(g)), strict=True), start=1):
        m, v = beta1 * m + (1 - beta1) * now, beta2 * v + (1 - beta2) * now**2
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if bias_correction else (1.0, 1.0)
        u = divided(m / c1, denominator(v, c2, eps, eps_place, eps_root)) + weight_decay * x
        norms = float(np.linalg.norm(x)), float(np.linalg.norm(u))
        x = x - rate * (norms[0] / norms[1] if all(norms) else 1.0) * u
        path.append(x)
    return np.array(path)
