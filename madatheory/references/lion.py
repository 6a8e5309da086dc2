"""Lion: Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023 (Program 8 / Algorithm 2)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, per_step, problem


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: float,
    order: Literal["old", "new"] = "old",
) -> Vector:
    """c_t = beta1 m_{t-1} + (1-beta1) g_t, step alpha_t sign(c_t), then m_t = beta2 m_{t-1} + (1-beta2) g_t.

    `order` "new" updates m first and uses m_t in c_t (MADA's published code).
    """
    x, g = problem(x0, gradients)
    alphas, m, path = per_step(alpha, len(g)), np.zeros_like(x), []
    for t, now in enumerate(g):
        after = beta2 * m + (1 - beta2) * now
        c = beta1 * (m if order == "old" else after) + (1 - beta1) * now
        x, m = x - alphas[t] * np.sign(c), after
        path.append(x)
    return np.array(path)
