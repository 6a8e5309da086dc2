"""AdaBelief: Zhuang et al., NeurIPS 2020 (Algorithm 2)."""

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
    eps_root: float | None = None,
    root_place: Literal["recurrence", "root"] = "recurrence",
    eps_place: EpsPlace = "outside",
    bias_correction: Correction = True,
    belief: Literal["new", "old"] = "new",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """s_t = beta2 s_{t-1} + (1-beta2)(g_t - m_t)^2 + eps, step alpha_t mhat_t/(sqrt(shat_t) + eps).

    The eps in the recurrence is `eps_root` where that is given (optax); `root_place` "root" adds it to shat_t under the
    root instead. `belief` "old" measures the surprise against m_{t-1}.
    """
    x, g = problem(x0, gradients, complex_as)
    alphas, m, s, path = per_step(alpha, len(g)), np.zeros_like(x), np.zeros(x.shape), []
    second = eps if eps_root is None else eps_root
    for t, given in enumerate(g, start=1):
        now = coupled(given, x, weight_decay, decay)
        before, m = m, beta1 * m + (1 - beta1) * now
        s = beta2 * s + (1 - beta2) * squared(now - (m if belief == "new" else before))
        if root_place == "recurrence":
            s = s + second
        c1, c2 = corrections(bias_correction, beta1, beta2, t)
        root = denominator(s, c2, eps, eps_place, second if root_place == "root" else 0.0)
        x = moved(x, alphas[t - 1] * divided(m / c1, root), alphas[t - 1], weight_decay, decay)
        path.append(x)
    return collected(path, x0, gradients)
