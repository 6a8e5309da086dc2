"""AdamW: Loshchilov and Hutter, ICLR 2019 (Algorithm 2, with the schedule multiplier 1)."""

from typing import Literal

from numpy.typing import ArrayLike

from madatheory.references import adam
from madatheory.references.sequence import Coefficient, ComplexAs, Decay, EpsPlace, Vector


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: Coefficient,
    beta2: Coefficient,
    eps: float,
    weight_decay: float,
    decay: Decay = "decoupled",
    eps_place: EpsPlace = "outside",
    eps_root: float = 0.0,
    bias_correction: Literal["none", "power", "product", "exact", "first", "second"] = "power",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """x_t = x_{t-1} - eta_t (alpha mhat_t/(sqrt(vhat_t) + eps) + lambda x_{t-1}), line 12, with eta_t = 1.

    The paper's decay ("decoupled") is not multiplied by alpha; optax and torch multiply it ("decoupled_lr").
    """
    return adam.run(
        x0,
        gradients,
        alpha=alpha,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        eps_place=eps_place,
        eps_root=eps_root,
        bias_correction=bias_correction,
        weight_decay=weight_decay,
        decay=decay,
        complex_as=complex_as,
    )
