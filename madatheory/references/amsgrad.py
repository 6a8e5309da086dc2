"""AMSGrad: Reddi, Kale, Kumar, ICLR 2018 (Algorithm 2, without projection)."""

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
    max_order: Literal["before", "after"] = "before",
) -> Vector:
    """Algorithm 2: vhat_t = max(vhat_{t-1}, v_t), step alpha_t m_t/sqrt(vhat_t).

    The paper has no bias correction. With it, `max_order` says whether the maximum is over v_t ("before", torch) or
    over v_t/(1-beta2^t) ("after", optax).
    """
    x, g = problem(x0, gradients)
    alphas = per_step(alpha, len(g))
    m, v, largest, path = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x), []
    for t, now in enumerate(g, start=1):
        m = beta1 * m + (1 - beta1) * now
        v = beta2 * v + (1 - beta2) * now**2
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if bias_correction else (1.0, 1.0)
        if max_order == "before":
            largest = np.maximum(largest, v)
            vhat = largest / c2
        else:
            largest = np.maximum(largest, v / c2)
            vhat = largest
        root = np.sqrt(vhat + eps) if eps_place == "inside" else np.sqrt(vhat) + eps
        x = x - alphas[t - 1] * divided(m / c1, root)
        path.append(x)
    return np.array(path)
