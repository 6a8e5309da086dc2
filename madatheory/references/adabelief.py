"""AdaBelief: Zhuang et al., NeurIPS 2020 (Algorithm 2)."""

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
    eps: float,
    eps_root: float | None = None,
    root_place: Literal["recurrence", "root"] = "recurrence",
    eps_place: EpsPlace = "outside",
    bias_correction: Correction = True,
    belief: Literal["new", "old"] = "new",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """s_t = beta2 s_{t-1} + (1-beta2)(g_t - m_t)^2 + eps, step alpha_t mhat_t/(sqrt(shat_t) + eps).

    The eps in the recurrence is `eps_root` where that is given (optax); `root_place` "root" adds it to shat_t under the
    root instead. `belief` "old" measures the surprise against m_{t-1}.
    """
    second = eps if eps_root is None else eps_root

    def step(t: int, alpha: float, now: Vector, m: Vector, s: Vector) -> Step:
        before, m = m, beta1 * m + (1 - beta1) * now
        s = beta2 * s + (1 - beta2) * squared(now - (m if belief == "new" else before))
        if root_place == "recurrence":
            s = s + second
        c1, c2 = corrections(bias_correction, beta1, beta2, t)
        root = denominator(s, c2, eps, eps_place, second if root_place == "root" else 0.0)
        return alpha * divided(m / c1, root), (m, s)

    return followed(step, (0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
