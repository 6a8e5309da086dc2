"""Adan: Xie, Zhou, Li, Lin, Yan, TPAMI 2024 (Algorithm 1, without restarts)."""

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
    beta3: float,
    eps: float,
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    bias_correction: Correction = True,
    difference_correction: bool = True,
    weight: Literal["decay", "new"] = "decay",
    first_difference: Literal["zero", "gradient", "skipped"] = "zero",
    initial: Literal["zero", "gradient"] = "zero",
    weight_decay: float = 0.0,
    decay: Decay = "proximal",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Moments of g, of the difference and of the square of g_t + w (g_t - g_{t-1}); numerator m_t + w v_t.

    All three betas are decays: beta1 of the gradient, beta3 of the difference, beta2 of the square (the paper's are
    1 - beta1, 1 - beta3, 1 - beta2). w is the decay beta3, the paper's 1 - beta_2 ("decay"), or 1 - beta3 (optax,
    "new"). `first_difference` g_1 - g_0 is zero, g_1, or skipped: the difference's moment starts at step 2, and its
    correction counts from there. `initial` gradient: m_0 = g_1, n_0 = g_1^2 as in Algorithm 1; zero with corrections is
    the authors' code. The paper's weight decay is proximal.
    """
    x, g = problem(x0, gradients, complex_as)
    alphas, w = per_step(alpha, len(g)), beta3 if weight == "decay" else 1 - beta3
    momentum, square, path = np.zeros_like(x), np.zeros(x.shape), []
    velocity, previous = np.zeros_like(x), np.zeros_like(x)
    for t, given in enumerate(g, start=1):
        now = coupled(given, x, weight_decay, decay)
        if t == 1:
            if initial == "gradient":
                momentum, square = now, squared(now)
            if first_difference != "gradient":
                previous = now
        difference, previous = now - previous, now
        momentum = beta1 * momentum + (1 - beta1) * now
        velocity = beta3 * velocity + (1 - beta3) * difference
        square = beta2 * square + (1 - beta2) * squared(now + w * difference)
        c1, c2 = corrections(bias_correction, beta1, beta2, t)
        count = t - 1 if first_difference == "skipped" else t
        c3 = 1 - beta3**count if difference_correction and count else 1.0
        root = denominator(square, c2, eps, eps_place, eps_root)
        step = alphas[t - 1] * divided(momentum / c1 + w * velocity / c3, root)
        x = moved(x, step, alphas[t - 1], weight_decay, decay)
        path.append(x)
    return collected(path, x0, gradients)
