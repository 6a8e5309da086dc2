"""AVGrad: Ozkara et al., MADA, ICML 2024. AMSGrad with the running average of v_1 .. v_t in place of their maximum."""

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
    bias_correction: Literal["none", "power", "exact"] = "power",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """vbar_t = (v_1 + .. + v_t)/t, step alpha_t mhat_t/(sqrt(vbar_t/c_t) + eps).

    c_t = 1 - beta2^t ("power"), or the value of vbar_t on g = 1 ("exact"), (1/t) sum_{s<=t} (1 - beta2^s).
    """
    seen: list[Vector] = []

    def step(t: int, alpha: float, now: Vector, m: Vector, v: Vector) -> Step:
        m = beta1 * m + (1 - beta1) * now
        v = beta2 * v + (1 - beta2) * squared(now)
        seen.append(v)
        c1 = 1.0 if bias_correction == "none" else 1 - beta1**t
        if bias_correction == "none":
            c = 1.0
        elif bias_correction == "power":
            c = 1 - beta2**t
        else:
            c = float(np.mean([1 - beta2**s for s in range(1, t + 1)]))
        root = denominator(np.mean(seen, axis=0), c, eps, eps_place, eps_root)
        return alpha * divided(m / c1, root), (m, v)

    return followed(step, (0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
