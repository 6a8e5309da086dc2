"""ADOPT without momentum: Adam that divides by the second moment of before the step. Written out by hand."""

import jax.numpy as jnp

from madatheory.hparams import Hyper, Parameter
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step

SUMMARY = "Adam without momentum that divides by the second moment of before the step"


def build() -> Optimizer:
    """x_t = x_{t-1} - alpha g_t/sqrt(eps + v_{t-1}), v_t = beta2 v_{t-1} + (1-beta2) g_t^2, v_0 = 0.

    The paper has max(sqrt(v), eps) in the denominator, v_1 = g_1^2 with no first step, and momentum of the quotients.
    """

    def init(hyper: Hyper, x: Array) -> State:
        return {"v": jnp.zeros_like(x)}

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        b, beta2 = hyper["eps"] + state["v"], hyper["beta2"]
        eta, v = hyper["alpha"] / jnp.sqrt(b), beta2 * state["v"] + (1 - beta2) * g * g
        return Step(eta * g, eta, b, g, v, state["v"]), {"v": v}

    return Optimizer(
        "adopt",
        SUMMARY,
        {
            "alpha": Parameter(0.01, 0, open_low=True, meaning="step size"),
            "beta2": Parameter(0.9, 0, 1, open_high=True, meaning="decay of the second moment"),
            "eps": Parameter(1e-2, 0, open_low=True, meaning="under the root"),
        },
        init,
        step,
        {"family": False, "method": "adopt", "form": "theory", "schedule": "constant"},
        "Taniguchi et al., ADOPT, NeurIPS 2024",
    )


adopt = OptimizerEntry("adopt", SUMMARY, build)
