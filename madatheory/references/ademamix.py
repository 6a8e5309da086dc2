"""AdEMAMix: Pagliardini, Ablin, Grangier, ICLR 2025, Algorithm 1."""

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
    beta3: float,
    eps: float,
    slow: float = 5.0,
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Step alpha_t (mhat_t + slow n_t)/sqrt(vhat_t): a second, slower average n of decay beta3 is not corrected.

    `slow` is the paper's alpha; neither it nor beta3 is warmed up here.
    """

    def step(t: int, alpha: float, now: Vector, m: Vector, n: Vector, v: Vector) -> Step:
        m, n = beta1 * m + (1 - beta1) * now, beta3 * n + (1 - beta3) * now
        v = beta2 * v + (1 - beta2) * squared(now)
        root = denominator(v, 1 - beta2**t, eps, eps_place, eps_root)
        return alpha * divided(m / (1 - beta1**t) + slow * n, np.asarray(root)), (m, n, v)

    return followed(step, (0.0, 0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
