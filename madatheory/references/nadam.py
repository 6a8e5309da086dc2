"""NAdam: Dozat, Incorporating Nesterov Momentum into Adam, ICLR workshop 2016 (Algorithm 2)."""

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
    beta1: float,
    beta2: float,
    eps: float,
    schedule: Literal["constant", "scheduled"] = "scheduled",
    schedule_decay: float = 0.004,
    average: Literal["beta1", "mu"] = "beta1",
    look_ahead: Literal["next", "same"] = "next",
    bias_correction: Literal["none", "second", "power"] = "power",
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Step alpha_t (mu_{t+1} m_t/(1 - prod_{s<=t+1} mu_s) + (1-mu_t) g_t/(1 - prod_{s<=t} mu_s))/(sqrt(vhat_t) + eps).

    mu_t = beta1 (1 - 0.96^(schedule_decay t)/2) ("scheduled", torch), or beta1 ("constant", optax). m_t is averaged
    with beta1 (torch) or with mu_t (the paper). `look_ahead` "same" corrects m_t by prod_{s<=t} too.
    `bias_correction` "second" corrects v_t only, "none" nothing.
    """
    x, g = problem(x0, gradients, complex_as)
    alphas, m, v, path = per_step(alpha, len(g)), np.zeros_like(x), np.zeros(x.shape), []

    def mu(t: int) -> float:
        return beta1 * (1 - 0.5 * 0.96 ** (t * schedule_decay)) if schedule == "scheduled" else beta1

    product = 1.0
    for t, given in enumerate(g, start=1):
        now = coupled(given, x, weight_decay, decay)
        kept = mu(t) if average == "mu" else beta1
        m = kept * m + (1 - kept) * now
        v = beta2 * v + (1 - beta2) * squared(now)
        product *= mu(t)
        following = product * mu(t + 1) if look_ahead == "next" else product
        c1, c1_next = (1 - product, 1 - following) if bias_correction == "power" else (1.0, 1.0)
        numerator = mu(t + 1) * m / c1_next + (1 - mu(t)) * now / c1
        c2 = 1.0 if bias_correction == "none" else 1 - beta2**t
        root = denominator(v, c2, eps, eps_place, eps_root)
        x = moved(x, alphas[t - 1] * divided(numerator, root), alphas[t - 1], weight_decay, decay)
        path.append(x)
    return collected(path, x0, gradients)
