"""AMSGrad: Reddi, Kale, Kumar, ICLR 2018 (Algorithm 2, without projection)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import (
    Coefficient,
    ComplexAs,
    Correction,
    Decay,
    EpsPlace,
    Vector,
    collected,
    corrections,
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
    beta1: float,
    beta2: float,
    eps: float,
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    bias_correction: Correction = False,
    max_order: Literal["before", "after"] = "before",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Algorithm 2: vhat_t = max(vhat_{t-1}, v_t), step alpha_t m_t/sqrt(vhat_t).

    The paper has no bias correction. With it, `max_order` says whether the maximum is over v_t ("before", torch) or
    over v_t/(1-beta2^t) ("after", optax).
    """
    x, g = problem(x0, gradients, complex_as)
    alphas = per_step(alpha, len(g))
    m, v, largest, path = np.zeros_like(x), np.zeros(x.shape), np.zeros(x.shape), []
    for t, given in enumerate(g, start=1):
        now = coupled(given, x, weight_decay, decay)
        m = beta1 * m + (1 - beta1) * now
        v = beta2 * v + (1 - beta2) * squared(now)
        c1, c2 = corrections(bias_correction, beta1, beta2, t)
        largest = np.maximum(largest, v if max_order == "before" else v / c2)
        root = denominator(largest, c2 if max_order == "before" else 1.0, eps, eps_place, eps_root)
        x = moved(x, alphas[t - 1] * divided(m / c1, root), alphas[t - 1], weight_decay, decay)
        path.append(x)
    return collected(path, x0, gradients)
