"""Adan: Xie, Zhou, Li, Lin, Yan, TPAMI 2024 (Algorithm 1, without weight decay and restarts)."""

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
    beta3: float,
    eps: float,
    eps_place: Literal["inside", "outside"] = "outside",
    bias_correction: bool = True,
    difference_correction: bool = True,
    weight: Literal["decay", "new"] = "decay",
    first_difference: Literal["zero", "gradient"] = "zero",
    initial: Literal["zero", "gradient"] = "zero",
) -> Vector:
    """Moments of g, of the difference and of the square of g_t + w (g_t - g_{t-1}); numerator m_t + w v_t.

    All three betas are decays: beta1 of the gradient, beta3 of the difference, beta2 of the square (the paper's are
    1 - beta1, 1 - beta3, 1 - beta2). w is the decay beta3, the paper's 1 - beta_2 ("decay"), or 1 - beta3 (optax,
    "new"). `initial` gradient: m_0 = g_1, n_0 = g_1^2 as in Algorithm 1; zero with corrections is the authors' code.
    """
    x, g = problem(x0, gradients)
    alphas, w = per_step(alpha, len(g)), beta3 if weight == "decay" else 1 - beta3
    momentum, square, path = np.zeros_like(x), np.zeros_like(x), []
    if initial == "gradient":
        momentum, square = g[0].copy(), g[0] ** 2
    velocity, previous = np.zeros_like(x), g[0] if first_difference == "zero" else np.zeros_like(x)
    for t, now in enumerate(g, start=1):
        difference, previous = now - previous, now
        momentum = beta1 * momentum + (1 - beta1) * now
        velocity = beta3 * velocity + (1 - beta3) * difference
        square = beta2 * square + (1 - beta2) * (now + w * difference) ** 2
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if bias_correction else (1.0, 1.0)
        c3 = 1 - beta3**t if difference_correction else 1.0
        root = np.sqrt(square / c2 + eps) if eps_place == "inside" else np.sqrt(square / c2) + eps
        x = x - alphas[t - 1] * divided(momentum / c1 + w * velocity / c3, root)
        path.append(x)
    return np.array(path)
