"""AdaGrad-Norm: one step size for all coordinates. Not a member of the family: an optimizer written out by hand."""

import jax.numpy as jnp

from madatheory.hparams import Hyper, Parameter
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step


def build() -> Optimizer:
    """v_t = sum_{s<=t} |g_s|^2 (Euclidean norm), x_t = x_{t-1} - alpha g_t/sqrt(eps + v_t); b_0 = sqrt(eps)."""

    def init(hyper: Hyper, x: Array) -> State:
        return {"v": jnp.zeros_like(x[:1])}

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        v = state["v"] + jnp.sum(g * g, axis=0, keepdims=True)
        b = hyper["eps"] + v
        eta, zero = hyper["alpha"] / jnp.sqrt(b), jnp.zeros_like(g)
        return Step(eta * g, zero + eta, zero + b, g, zero + v, zero + v), {"v": v}

    return Optimizer(
        "adagrad-norm",
        "one step size: the sum of the squared norms of the gradients",
        {
            "alpha": Parameter(0.2, 0, open_low=True, meaning="step size"),
            "eps": Parameter(0.1, 0, open_low=True, meaning="b_0^2, under the root"),
        },
        init,
        step,
        {"family": False, "method": "adagrad-norm", "form": "theory", "schedule": "constant", "elementwise": False},
        "Ward, Wu, Bottou, JMLR 2020; Streeter and McMahan, 2010",
    )


adagrad_norm = OptimizerEntry("adagrad-norm", "one step size: the sum of the squared norms of the gradients", build)
