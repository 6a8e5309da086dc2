"""AdamX: AMSGrad whose maximum grows where the momentum fades. Not a member of the family: written out by hand."""

import jax.numpy as jnp

from madatheory.hparams import Hyper
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.members.amsgrad_fading import fading
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step
from madatheory.optimizers.update import PARAMETERS


def build() -> Optimizer:
    """h_t = max(((1-beta1_t)/(1-beta1_{t-1}))^2 h_{t-1}, eps + v_t), x_t = x_{t-1} - alpha m_t/sqrt(t h_t).

    beta1_t = beta1/t. eps is in the maximum, so that sqrt(t h_t)/(1-beta1_t) does not decrease; the paper has none.
    """

    def init(hyper: Hyper, x: Array) -> State:
        return {name: jnp.zeros_like(x) for name in ("m", "v", "h")}

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        t = jnp.asarray(clock.t, g.dtype)
        beta1, before = fading(hyper, clock._replace(t=t)), fading(hyper, clock._replace(t=jnp.maximum(t - 1, 1)))
        m = beta1 * state["m"] + (1 - beta1) * g
        v = hyper["beta2"] * state["v"] + (1 - hyper["beta2"]) * g * g
        h = jnp.maximum(((1 - beta1) / (1 - before)) ** 2 * state["h"], hyper["eps"] + v)  # h_0 = 0
        b = t * h
        eta = hyper["alpha"] / jnp.sqrt(b)
        return Step(eta * m, eta, b, m, v, h - hyper["eps"]), {"m": m, "v": v, "h": h}

    return Optimizer(
        "adamx",
        "AMSGrad whose maximum grows where the momentum fades",
        {name: PARAMETERS[name] for name in ("alpha", "beta1", "beta2", "eps")},
        init,
        step,
        {"family": False, "method": "adamx", "form": "theory", "schedule": "inverse_sqrt", "elementwise": True},
        "Tran, Phong, IEEE Access 2019 (arXiv 1904.03590)",
    )


adamx = OptimizerEntry("adamx", "AMSGrad whose maximum grows where the momentum fades", build)
