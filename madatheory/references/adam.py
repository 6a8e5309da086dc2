"""Adam: Kingma and Ba, ICLR 2015 (Algorithm 1); Adam as in Defossez et al., TMLR 2022."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import (
    Coefficient,
    ComplexAs,
    Decay,
    EpsPlace,
    Step,
    Vector,
    denominator,
    divided,
    followed,
    per_step,
    problem,
    squared,
)


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: Coefficient,
    beta2: Coefficient,
    eps: float,
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    bias_correction: Literal["none", "power", "product", "exact", "first", "second"] = "power",
    m0: float | Literal["gradient"] = 0.0,
    v0: float | Literal["gradient"] = 0.0,
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Algorithm 1: alpha_t mhat_t/(sqrt(vhat_t) + eps).

    `eps_place` "inside" has sqrt(vhat_t + eps), "outside_before" is the remark that ends section 2 of the paper, with
    epsilon added to the uncorrected root. `bias_correction` "product" divides by 1 - prod beta_s where betas change,
    which is what makes both moments "exact" on a constant gradient; "first" and "second" correct one moment only. m0
    and v0 "gradient" are g_1 and g_1^2. `decay` is the form of the weight decay, coupled in the paper's experiments.
    """
    steps = np.shape(gradients)[0]
    b1, b2 = per_step(beta1, steps), per_step(beta2, steps)

    def step(t: int, alpha: float, now: Vector, m: Vector, v: Vector) -> Step:
        if t == 1:
            m = now if m0 == "gradient" else np.full_like(now, m0)
            v = squared(now) if v0 == "gradient" else np.full(now.shape, v0, np.float64)
        m = b1[t - 1] * m + (1 - b1[t - 1]) * now
        v = b2[t - 1] * v + (1 - b2[t - 1]) * squared(now)
        if bias_correction in ("product", "exact"):
            c1, c2 = 1 - np.prod(b1[:t]), 1 - np.prod(b2[:t])
        else:
            c1, c2 = 1 - b1[t - 1] ** t, 1 - b2[t - 1] ** t
        if bias_correction in ("none", "second"):
            c1 = 1.0
        if bias_correction in ("none", "first"):
            c2 = 1.0
        return alpha * divided(m / c1, denominator(v, c2, eps, eps_place, eps_root)), (m, v)

    return followed(step, (0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)


def run_defossez(
    x0: ArrayLike, gradients: ArrayLike, *, alpha: Coefficient, beta1: float, beta2: float, eps: float
) -> Vector:
    """m_n = beta1 m_{n-1} + g_n, v_n = beta2 v_{n-1} + g_n^2, step alpha_n m_n/sqrt(eps + v_n).

    alpha_n = alpha (1-beta1) sqrt((1-beta2^n)/(1-beta2)); Defossez et al., section 2.2 and equation (5).
    """
    x, g = problem(x0, gradients)
    alphas, m, v, path = per_step(alpha, len(g)), np.zeros_like(x), np.zeros_like(x), []
    for n, now in enumerate(g, start=1):
        m, v = beta1 * m + now, beta2 * v + now**2
        powers = sum(beta2**j for j in range(n))  # (1-beta2^n)/(1-beta2)
        x = x - alphas[n - 1] * (1 - beta1) * np.sqrt(powers) * m / np.sqrt(eps + v)
        path.append(x)
    return np.array(path)
