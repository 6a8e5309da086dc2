"""Yogi: Zaheer, Reddi, Sachan, Kale, Kumar, NeurIPS 2018 (Algorithm 2)."""

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
    initial: float = 0.0,
    m0: float | None = None,
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """v_t = v_{t-1} - (1-beta2) sign(v_{t-1} - g_t^2) g_t^2, step alpha_t m_t/(sqrt(v_t) + eps).

    The paper has no bias correction; optax has, with both moments starting at `initial` = 1e-6. `m0` gives the first
    moment a start of its own.
    """

    def step(t: int, alpha: float, now: Vector, m: Vector, v: Vector) -> Step:
        m = beta1 * m + (1 - beta1) * now
        square = squared(now)
        change = (1 - beta2) * square
        v = np.where(v > square, v - change, np.where(v < square, v + change, v))
        c1, c2 = corrections(bias_correction, beta1, beta2, t)
        return alpha * divided(m / c1, denominator(v, c2, eps, eps_place, eps_root)), (m, v)

    return followed(
        step, (initial if m0 is None else m0, initial), x0, gradients, alpha, weight_decay, decay, complex_as
    )
