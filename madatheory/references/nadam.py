"""NAdam: Dozat, Incorporating Nesterov Momentum into Adam, ICLR workshop 2016 (Algorithm 2)."""

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

    def mu(t: int) -> float:
        return beta1 * (1 - 0.5 * 0.96 ** (t * schedule_decay)) if schedule == "scheduled" else beta1

    def step(t: int, alpha: float, now: Vector, m: Vector, v: Vector, product: Vector) -> Step:
        kept = mu(t) if average == "mu" else beta1
        m = kept * m + (1 - kept) * now
        v = beta2 * v + (1 - beta2) * squared(now)
        product = product * mu(t)
        following = product * mu(t + 1) if look_ahead == "next" else product
        c1, c1_next = (1 - product, 1 - following) if bias_correction == "power" else (1.0, 1.0)
        numerator = mu(t + 1) * m / c1_next + (1 - mu(t)) * now / c1
        c2 = 1.0 if bias_correction == "none" else 1 - beta2**t
        return alpha * divided(numerator, denominator(v, c2, eps, eps_place, eps_root)), (m, v, product)

    return followed(step, (0.0, 0.0, 1.0), x0, gradients, alpha, weight_decay, decay, complex_as)
