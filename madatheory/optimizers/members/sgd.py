"""Stochastic gradient descent with averaged momentum. Not a member of the family: an optimizer written out by hand."""

import jax.numpy as jnp

from madatheory.errors import unknown
from madatheory.hparams import Hyper, Parameter
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step
from madatheory.optimizers.schedule import SCHEDULES


def build(schedule: str = "constant") -> Optimizer:
    """m_t = beta1 m_{t-1} + (1-beta1) g_t, x_t = x_{t-1} - alpha_t m_t."""
    if schedule not in ("constant", "inverse_sqrt", "horizon"):
        raise unknown("schedule", schedule, ("constant", "inverse_sqrt", "horizon"))
    rate = SCHEDULES[schedule]

    def init(hyper: Hyper, x: Array) -> State:
        return {"m": jnp.zeros_like(x)}

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        m = hyper["beta1"] * state["m"] + (1 - hyper["beta1"]) * g
        zero = jnp.zeros_like(g)
        eta = zero + rate.alpha(hyper, clock)
        return Step(eta * m, eta, zero + rate.inverse_square(hyper, clock), m, zero, zero), {"m": m}

    return Optimizer(
        "sgd",
        "stochastic gradient descent with averaged momentum",
        {
            "alpha": Parameter(0.01, 0, open_low=True, meaning="step size"),
            "beta1": Parameter(0.0, 0, 1, open_high=True, meaning="decay of the momentum"),
        },
        init,
        step,
        {
            "family": False,
            "method": "sgd",
            "form": "theory",
            "schedule": schedule,
            "elementwise": True,
            "needs_horizon": rate.needs_horizon,
        },
        "Robbins and Monro, 1951",
    )


sgd = OptimizerEntry("sgd", "stochastic gradient descent with averaged momentum", build)
