"""RMSProp: Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, divided, per_step, problem


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta2: float,
    eps: float,
    eps_place: Literal["inside", "outside"] = "outside",
    bias_correction: bool = False,
    initial: float = 0.0,
) -> Vector:
    """MeanSquare_t = beta2 MeanSquare_{t-1} + (1-beta2) g_t^2; step alpha_t g_t/sqrt(MeanSquare_t)."""
    x, g = problem(x0, gradients)
    alphas, mean_square, path = per_step(alpha, len(g)), np.full_like(x, initial), []
    for t, now in enumerate(g, start=1):
        mean_square = beta2 * mean_square + (1 - beta2) * now**2
        corrected = mean_square / (1 - beta2**t) if bias_correction else mean_square
        root = np.sqrt(corrected + eps) if eps_place == "inside" else np.sqrt(corrected) + eps
        x = x - divided(alphas[t - 1] * now, root)
        path.append(x)
    return np.array(path)
