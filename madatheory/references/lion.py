"""Lion: Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023 (Program 8 / Algorithm 2)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import (
    Coefficient,
    ComplexAs,
    Decay,
    Vector,
    collected,
    coupled,
    moved,
    per_step,
    problem,
)


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
    x, g = problem(x0, gradients, complex_as)
    alphas, m, path = per_step(alpha, len(g)), np.zeros_like(x), []
    for t, given in enumerate(g):
        now = coupled(given, x, weight_decay, decay)
        after = beta2 * m + (1 - beta2) * now
        c = beta1 * (m if order == "old" else after) + (1 - beta1) * now
        x, m = moved(x, alphas[t] * np.sign(c), alphas[t], weight_decay, decay), after
        path.append(x)
    return collected(path, x0, gradients)
