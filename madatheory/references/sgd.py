"""Gradient descent with momentum: Robbins and Monro 1951; Polyak 1964; Nesterov's form as in Sutskever et al. 2013."""

from typing import Literal

from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, ComplexAs, Decay, RatePlace, Step, Vector, followed


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    momentum: float = 0.0,
    form: Literal["summed", "averaged", "averaged_after_first"] = "summed",
    nesterov: bool = False,
    rate: RatePlace = "step",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """b_t = momentum b_{t-1} + w g_t, step alpha_t b_t, or alpha_t (momentum b_t + w g_t) with `nesterov`.

    w is 1 ("summed"; torch, optax), 1 - momentum ("averaged"), or 1 - momentum from the second step on, with b_1 = g_1
    ("averaged_after_first": torch with dampening = momentum, where Nesterov's form does not exist). With `rate`
    "buffer", alpha_t w g_t is added to the buffer, and the step is b_t itself (keras; Sutskever et al.).
    """

    def step(t: int, alpha: float, now: Vector, b: Vector) -> Step:
        w = 1.0 if form == "summed" or (form == "averaged_after_first" and t == 1) else 1 - momentum
        inner, outer = (alpha, 1.0) if rate == "buffer" else (1.0, alpha)
        added = inner * w * now
        b = momentum * b + added
        return outer * (momentum * b + added if nesterov else b), (b,)

    return followed(step, (0.0,), x0, gradients, alpha, weight_decay, decay, complex_as)
