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
    Step,
    Vector,
    corrections,
    denominator,
    divided,
    followed,
    per_step,
    squared,
)


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: Coefficient,
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
    """Algorithm 2: vhat_t = max(vhat_{t-1}, v_t), step alpha_t m_t/sqrt(vhat_t); beta1 may be a sequence.

    The paper has no bias correction. With it, `max_order` says whether the maximum is over v_t ("before", torch) or
    over v_t/(1-beta2^t) ("after", optax).
    """

    decays = per_step(beta1, len(np.asarray(gradients)))

    def step(t: int, alpha: float, now: Vector, m: Vector, v: Vector, largest: Vector) -> Step:
        b1 = decays[t - 1]
        m = b1 * m + (1 - b1) * now
        v = beta2 * v + (1 - beta2) * squared(now)
        c1, c2 = corrections(bias_correction, b1, beta2, t)
        largest = np.maximum(largest, v if max_order == "before" else v / c2)
        root = denominator(largest, c2 if max_order == "before" else 1.0, eps, eps_place, eps_root)
        return alpha * divided(m / c1, root), (m, v, largest)

    return followed(step, (0.0, 0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
