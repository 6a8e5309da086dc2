"""Adagrad: Duchi, Hazan, Singer, JMLR 2011 (diagonal form); with momentum as in Defossez et al., TMLR 2022."""

from typing import Literal

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
    eps: float,
    beta1: float = 0.0,
    initial: float = 0.0,
    eps_place: EpsPlace = "outside",
    momentum: Literal["averaged", "summed"] = "averaged",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """s_t = initial + sum g^2; step alpha_t m_t/(eps + sqrt(s_t)), or alpha_t m_t/sqrt(eps + s_t) with eps inside.

    `momentum` summed: m_t = beta1 m_{t-1} + g_t and alpha_t (1-beta1) alpha, as in Defossez et al.
    """

    def step(t: int, alpha: float, now: Vector, s: Vector, m: Vector) -> Step:
        s = s + squared(now)
        if momentum == "summed":
            m, size = beta1 * m + now, (1 - beta1) * alpha
        else:
            m, size = beta1 * m + (1 - beta1) * now, alpha
        return divided(size * m, denominator(s, 1.0, eps, eps_place)), (s, m)

    return followed(step, (initial, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
