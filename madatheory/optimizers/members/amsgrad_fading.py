"""AMSGrad with a momentum that fades: beta1_t = beta1/t, the schedule that its published regret bound needs."""

from dataclasses import replace

from madatheory.hparams import Hyper
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.convention import THEORY
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Array, Clock, Optimizer


def fading(hyper: Hyper, clock: Clock) -> Array:
    """beta1_t = beta1/t."""
    return hyper["beta1"] / clock.t


def build() -> Optimizer:
    """m_t = (beta1/t) m_{t-1} + (1 - beta1/t) g_t, else AMSGrad in the theory form with alpha_t = alpha/sqrt(t)."""
    return member(
        "amsgrad-fading",
        "AMSGrad with the momentum beta1/t",
        free=("alpha", "beta1", "beta2", "eps"),
        pinned={"rho": 0.0},
        convention=replace(THEORY, reference="max"),
        schedules={"beta1": fading},
        source="Reddi, Kale, Kumar, ICLR 2018",
    )


amsgrad_fading = OptimizerEntry("amsgrad-fading", "AMSGrad with the momentum beta1/t", build)
