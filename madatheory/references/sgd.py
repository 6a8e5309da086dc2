"""Gradient descent with momentum: Robbins and Monro 1951; Polyak 1964; Nesterov's form as in Sutskever et al. 2013."""

from typing import Literal

from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, ComplexAs, Decay, RatePlace, Step, Vector, followed, problem

Nesterov = bool | Literal["whole gradient", "1983"]


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    momentum: float = 0.0,
    form: Literal["summed", "averaged", "averaged_after_first"] = "summed",
    nesterov: Nesterov = False,
    rate: RatePlace = "step",
    weight_decay: float = 0.0,
    decay: Decay | Literal["coupled_before"] = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """b_t = momentum b_{t-1} + w g_t, step alpha_t b_t, or alpha_t (momentum b_t + w g_t) with `nesterov`.

    w is 1 ("summed"; torch, optax), 1 - momentum ("averaged"), or 1 - momentum from the second step on, with b_1 = g_1
    ("averaged_after_first": torch with dampening = momentum, where Nesterov's form does not exist). With `rate`
    "buffer", alpha_t w g_t is added to the buffer, and the step is b_t itself (keras; Sutskever et al.).

    With `nesterov` x is the point ahead, y_t + momentum (y_t - y_{t-1}), at which Sutskever et al. take the gradient;
    the steps y_t - y_{t-1} = -b_t are those without it. "whole gradient": momentum b_t + g_t whatever w is (torch's
    formula with a dampening). "1983": Nesterov's momentum (t-1)/(t+2) in place of a constant one. With `decay`
    "coupled_before" the decay is that of y_{t-1}, as where the look-ahead is undone before a step.
    """
    before = decay == "coupled_before"
    start, _ = problem(x0, gradients, complex_as)

    def step(t: int, alpha: float, now: Vector, b: Vector, y: Vector) -> Step:
        here, ahead = (max(t - 2, 0) / (t + 1), (t - 1) / (t + 2)) if nesterov == "1983" else (momentum, momentum)
        now = now + weight_decay * y if before else now
        w = 1.0 if form == "summed" or (form == "averaged_after_first" and t == 1) else 1 - here
        inner, outer = (alpha, 1.0) if rate == "buffer" else (1.0, alpha)
        b = here * b + inner * w * now
        whole = inner * (1.0 if nesterov == "whole gradient" else w) * now
        return outer * (ahead * b + whole if nesterov else b), (b, y - outer * b)

    kept = (0.0, "coupled") if before else (weight_decay, decay)
    return followed(step, (0.0, start), x0, gradients, alpha, *kept, complex_as)  # type: ignore[arg-type]
