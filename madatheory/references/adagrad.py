"""Adagrad: Duchi, Hazan, Singer, JMLR 2011 (diagonal form); with momentum as in Defossez et al., TMLR 2022."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, divided, per_step, problem


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    eps: float,
    beta1: float = 0.0,
    initial: float = 0.0,
    eps_place: Literal["inside", "outside"] = "outside",
    momentum: Literal["averaged", "summed"] = "averaged",
) -> Vector:
    """s_t = initial + sum g^2; step alpha_t m_t/(eps + sqrt(s_t)), or alpha_t m_t/sqrt(eps + s_t) with eps inside.

    `momentum` summed: m_t = beta1 m_{t-1} + g_t and alpha_t (1-beta1) alpha, as in Defossez et al.
    """
    x, g = problem(x0, gradients)
    alphas = per_step(alpha, len(g))
    s, m, path = np.full_like(x, initial), np.zeros_like(x), []
    for t, now in enumerate(g):
        s = s + now**2
        if momentum == "summed":
            m, size = beta1 * m + now, (1 - beta1) * alphas[t]
        else:
            m, size = beta1 * m + (1 - beta1) * now, alphas[t]
        root = np.sqrt(eps + s) if eps_place == "inside" else eps + np.sqrt(s)
        x = x - divided(size * m, root)
        path.append(x)
    return np.array(path)
