"""Adam first, AVGrad afterwards: the interpolation with rho_t = 1 until a fraction of the horizon, then 0."""

import jax.numpy as jnp

from madatheory.hparams import Hyper, Parameter
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Array, Clock, Optimizer


def switched(hyper: Hyper, clock: Clock) -> Array:
    """rho_t = 1 for t <= round(switch T), else 0. Rounded so that float32 and float64 switch at the same step."""
    return jnp.where(clock.t <= jnp.round(hyper["switch"] * clock.T), 1.0, 0.0).astype(clock.t.dtype)


def build(form: str = "theory", schedule: str = "auto", switch: float = 0.9) -> Optimizer:
    """vhat_t = rho_t v_t + (1-rho_t) vbar_t with rho_t = 1 for t <= round(switch T), else 0; needs the horizon T.

    switch is a hyper-parameter; the option sets its default.
    """
    return member(
        "adam-avgrad-switch",
        "Adam until a fraction `switch` of the run, then AVGrad",
        free=("alpha", "beta1", "beta2", "eps"),
        form=form,
        convention=convention_of("adam-avgrad-switch", form),
        schedule=schedule,
        schedules={"rho": switched},
        extra={"switch": Parameter(0.9, 0, 1, meaning="fraction of the run at rho = 1")},
        needs_horizon=True,
        source="derived for this project (T6, moving rho)",
        switch=switch,
    )


adam_avgrad_switch = OptimizerEntry(
    "adam-avgrad-switch", "Adam until a fraction `switch` of the run, then AVGrad", build
)
