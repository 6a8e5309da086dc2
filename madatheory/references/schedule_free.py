"""Schedule-free SGD and Adam: Defazio et al., "The road less scheduled", NeurIPS 2024."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, divided, per_step, tensor


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: float = 0.0,
    eps: float = 0.0,
    base: Literal["adam", "sgd"] = "adam",
    power: float = 2.0,
    weight_decay: float = 0.0,
) -> Vector:
    """y_1 .. y_T, where gradients are taken: y = beta1 x + (1-beta1) z, which is what the parameters hold in training.

    z_t = z_{t-1} - alpha_t (u_t + weight_decay y_{t-1}) with u_t = g_t ("sgd"), or g_t/(sqrt(vhat_t) + eps) ("adam");
    x_t = (1-c_t) x_{t-1} + c_t z_t with c_t = w_t/(w_1 + .. + w_t), w_t = (max_{s<=t} alpha_s)^power.
    """
    y, g = tensor(x0, gradients)
    x, z, v, total, path = y, y, np.zeros_like(y), 0.0, []
    alphas = per_step(alpha, len(g))
    for t, now in enumerate(g, start=1):
        u = now
        if base == "adam":
            v = beta2 * v + (1 - beta2) * now**2
            u = divided(now, np.sqrt(v / (1 - beta2**t)) + eps)
        z = z - alphas[t - 1] * (u + weight_decay * y)
        weight = float(np.max(alphas[:t])) ** power
        total += weight
        x = (1 - weight / total) * x + weight / total * z
        y = beta1 * x + (1 - beta1) * z
        path.append(y)
    return np.array(path)
