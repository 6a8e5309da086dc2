"""RAdam: Liu, Jiang, He, Chen, Liu, Gao, Han, ICLR 2020, Algorithm 2."""

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
    threshold: float = 4.0,
    strict: bool = True,
    otherwise: Literal["momentum", "nothing"] = "momentum",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Step alpha_t r_t mhat_t/sqrt(vhat_t) where the variance is tractable, alpha_t mhat_t elsewhere.

    rho_inf = 2/(1-beta2) - 1, rho_t = rho_inf - 2 t beta2^t/(1-beta2^t); tractable is rho_t > `threshold`, 4 in the
    paper and 5 in its code (>= if not `strict`); r_t = sqrt((rho_t-4)(rho_t-2) rho_inf/((rho_inf-4)(rho_inf-2) rho_t)).
    `otherwise` "nothing" leaves x where it is until then.
    """
    rho_inf = 2 / (1 - beta2) - 1

    def step(t: int, alpha: float, now: Vector, m: Vector, v: Vector) -> Step:
        m, v = beta1 * m + (1 - beta1) * now, beta2 * v + (1 - beta2) * squared(now)
        mhat, c2 = m / (1 - beta1**t), 1 - beta2**t
        rho = rho_inf - 2 * t * beta2**t / c2
        if rho > threshold or (not strict and rho == threshold):
            r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            return alpha * r * divided(mhat, denominator(v, c2, eps, eps_place, eps_root)), (m, v)
        return (alpha if otherwise == "momentum" else 0.0) * mhat, (m, v)

    return followed(step, (0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
