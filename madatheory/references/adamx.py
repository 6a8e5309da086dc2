"""AdamX: Tran and Phong, IEEE Access 2019, known at second hand; eps in the maximum, no projection."""

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, per_step, problem


def run(
    x0: ArrayLike, gradients: ArrayLike, *, alpha: Coefficient, beta1: Coefficient, beta2: float, eps: float
) -> Vector:
    """h_1 = eps + v_1, h_t = max((1-beta1_t)^2/(1-beta1_{t-1})^2 h_{t-1}, eps + v_t); step alpha_t m_t/sqrt(h_t)."""
    x, g = problem(x0, gradients)
    alphas, decays, path = per_step(alpha, len(g)), per_step(beta1, len(g)), []
    m, v, h = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for t, now in enumerate(g):
        m = decays[t] * m + (1 - decays[t]) * now
        v = beta2 * v + (1 - beta2) * now**2
        grown = h if t == 0 else (1 - decays[t]) ** 2 / (1 - decays[t - 1]) ** 2 * h
        h = np.maximum(grown, eps + v)
        x = x - alphas[t] * m / np.sqrt(h)
        path.append(x)
    return np.array(path)
