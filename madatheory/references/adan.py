"""Adan: Xie, Zhou, Li, Lin, Yan, TPAMI 2024 (Algorithm 1, without restarts)."""

from typing import Literal

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
    beta3: float,
    eps: float,
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    bias_correction: Correction = True,
    difference_correction: bool = True,
    weight: Literal["decay", "new"] = "decay",
    first_difference: Literal["zero", "gradient", "skipped"] = "zero",
    initial: Literal["zero", "gradient"] = "zero",
    weight_decay: float = 0.0,
    decay: Decay = "proximal",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """Moments of g, of the difference and of the square of g_t + w (g_t - g_{t-1}); numerator m_t + w v_t.

    All three betas are decays: beta1 of the gradient, beta3 of the difference, beta2 of the square (the paper's are
    1 - beta1, 1 - beta3, 1 - beta2). w is the decay beta3, the paper's 1 - beta_2 ("decay"), or 1 - beta3 (optax,
    "new"). `first_difference` g_1 - g_0 is zero, g_1, or skipped: the difference's moment starts at step 2, and its
    correction counts from there. `initial` gradient: m_0 = g_1, n_0 = g_1^2 as in Algorithm 1; zero with corrections is
    the authors' code. The paper's weight decay is proximal.
    """
    w = beta3 if weight == "decay" else 1 - beta3

    def step(
        t: int, alpha: float, now: Vector, momentum: Vector, square: Vector, velocity: Vector, previous: Vector
    ) -> Step:
        if t == 1:
            if initial == "gradient":
                momentum, square = now, squared(now)
            if first_difference != "gradient":
                previous = now
        difference = now - previous
        momentum = beta1 * momentum + (1 - beta1) * now
        velocity = beta3 * velocity + (1 - beta3) * difference
        square = beta2 * square + (1 - beta2) * squared(now + w * difference)
        c1, c2 = corrections(bias_correction, beta1, beta2, t)
        count = t - 1 if first_difference == "skipped" else t
        c3 = 1 - beta3**count if difference_correction and count else 1.0
        root = denominator(square, c2, eps, eps_place, eps_root)
        return alpha * divided(momentum / c1 + w * velocity / c3, root), (momentum, square, velocity, now)

    return followed(step, (0.0, 0.0, 0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
