"""Lion: Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023 (Program 8 / Algorithm 2)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, ComplexAs, Decay, Step, Vector, followed


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: float,
    order: Literal["old", "new"] = "old",
    weight_decay: float = 0.0,
    decay: Decay = "decoupled_lr",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """c_t = beta1 m_{t-1} + (1-beta1) g_t, step alpha_t sign(c_t), then m_t = beta2 m_{t-1} + (1-beta2) g_t.

    `order` "new" updates m first and uses m_t in c_t (MADA's published code). The sign of a complex number is c/|c|.
    """

    def step(t: int, alpha: float, now: Vector, m: Vector) -> Step:
        after = beta2 * m + (1 - beta2) * now
        c = beta1 * (m if order == "old" else after) + (1 - beta1) * now
        return alpha * np.sign(c), (after,)

    return followed(step, (0.0,), x0, gradients, alpha, weight_decay, decay, complex_as)
