"""Adagrad: Duchi, Hazan, Singer, JMLR 2011 (diagonal form); with momentum as in Defossez et al., TMLR 2022."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import (
    Coefficient,
    ComplexAs,
    Decay,
    EpsPlace,
    Vector,
    collected,
    coupled,
    denominator,
    divided,
    moved,
    per_step,
    problem,
    squared,
)


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    eps: float,
    beta1: float = 0.0,
    initial: float = 0.0,
    eps_place: EpsPlace = "outside",
    momentum: Literal["averaged", "summed"] = "averaged",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """s_t = initial + sum g^2; step alpha_t m_t/(eps + sqrt(s_t)), or alpha_t m_t/sqrt(eps + s_t) with eps inside.

    `momentum` summed: m_t = beta1 m_{t-1} + g_t and alpha_t (1-beta1) alpha, as in Defossez et al.
    """
    x, g = problem(x0, gradients, complex_as)
    alphas = per_step(alpha, len(g))
    s, m, path = np.full(x.shape, initial, np.float64), np.zeros_like(x), []
    for t, given in enumerate(g):
        now = coupled(given, x, weight_decay, decay)
        s = s + squared(now)
        if momentum == "summed":
            m, size = beta1 * m + now, (1 - beta1) * alphas[t]
        else:
            m, size = beta1 * m + (1 - beta1) * now, alphas[t]
        x = moved(x, divided(size * m, denominator(s, 1.0, eps, eps_place)), alphas[t], weight_decay, decay)
        path.append(x)
    return collected(path, x0, gradients)
