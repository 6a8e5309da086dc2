"""ADOPT: Taniguchi et al., NeurIPS 2024, Algorithm 2; with clipping as in the authors' later version of it."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, ComplexAs, Decay, Step, Vector, divided, followed, squared


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: float,
    eps: float,
    clip: Literal["fourth root", "none"] = "fourth root",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """v_1 = g_1^2 and no step; then m_t = beta1 m_{t-1} + (1-beta1) c_t, step alpha_t m_t, v_t as in Adam.

    c_t = g_t/max(sqrt(v_{t-1}), eps), clipped to [-(t-1)^{1/4}, (t-1)^{1/4}] with `clip`; complex numbers by modulus.
    """

    def step(t: int, alpha: float, now: Vector, m: Vector, v: Vector) -> Step:
        if t == 1:
            return 0 * now, (m, squared(now))
        ratio = divided(now, np.maximum(np.sqrt(v), eps))
        if clip == "fourth root":
            limit = (t - 1) ** 0.25
            ratio = ratio * (limit / np.maximum(np.abs(ratio), limit))
        m = beta1 * m + (1 - beta1) * ratio
        return alpha * m, (m, beta2 * v + (1 - beta2) * squared(now))

    return followed(step, (0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
