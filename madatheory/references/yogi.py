"""Yogi: Zaheer, Reddi, Sachan, Kale, Kumar, NeurIPS 2018 (Algorithm 2)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, divided, per_step, problem


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: float,
    eps: float,
    eps_place: Literal["inside", "outside"] = "outside",
    bias_correction: bool = False,
    initial: float = 0.0,
) -> Vector:
    """v_t = v_{t-1} - (1-beta2) sign(v_{t-1} - g_t^2) g_t^2, step alpha_t m_t/(sqrt(v_t) + eps).

    The paper has no bias correction; optax has, with both moments starting at `initial` = 1e-6.
    """
    x, g = problem(x0, gradients)
    alphas = per_step(alpha, len(g))
    m, v, path = np.full_like(x, initial), np.full_like(x, initial), []
    for t, now in enumerate(g, start=1):
        m = beta1 * m + (1 - beta1) * now
        change = (1 - beta2) * now**2
        v = np.where(v > now**2, v - change, np.where(v < now**2, v + change, v))
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if bias_correction else (1.0, 1.0)
        root = np.sqrt(v / c2 + eps) if eps_place == "inside" else np.sqrt(v / c2) + eps
        x = x - alphas[t - 1] * divided(m / c1, root)
        path.append(x)
    return np.array(path)
