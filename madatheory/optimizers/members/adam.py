"""Adam: exponential averages of the gradient and of its square."""

from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Optimizer


def build(form: str = "theory", schedule: str = "auto") -> Optimizer:
    """v_t = beta2 v_{t-1} + (1-beta2) g_t^2, x_t = x_{t-1} - alpha m_t/sqrt(eps + v_t) in the theory form (TA).

    alpha is constant there. practical: bias corrections, eps outside the root. defossez:
    v_t = beta2 v_{t-1} + g_t^2, m_t = beta1 m_{t-1} + g_t,
    alpha_t = alpha (1-beta1) sqrt((1-beta2^t)/(1-beta2)) (T2 for beta1 = 0, T4).
    """
    return member(
        "adam",
        "exponential averages of the gradient and of its square",
        free=("alpha", "beta1", "beta2", "eps"),
        form=form,
        schedule=schedule,
        theorem_schedule="defossez_adam" if form == "defossez" else "constant",
        source="Kingma and Ba, ICLR 2015; Defossez et al., TMLR 2022 (Thm 2, 4)",
    )


adam = OptimizerEntry("adam", "exponential averages of the gradient and of its square", build)
