"""Gradient descent that learns its step size by normalized hyper-gradients. An optimizer written out by hand."""

import jax.numpy as jnp

from madatheory.hparams import Hyper, Parameter
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step

SUMMARY = "gradient descent, its step size learned by normalized hyper-gradients"


def counts(square: Array) -> Array:
    """Whether |g|^2 is far enough from underflow to divide by."""
    return square > 1e16 * jnp.finfo(square.dtype).tiny


def build() -> Optimizer:
    """x_t = x_{t-1} - a_t g_t, a_1 = alpha, a_{t+1} = clip(a_t + eta <g_{t+1}, g_t>/|g_t|^2) to [0, A]."""

    def init(hyper: Hyper, x: Array) -> State:
        return {"a": jnp.zeros_like(x[:1]) + hyper["alpha"], "g": jnp.zeros_like(x)}

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        square = jnp.sum(state["g"] ** 2, axis=0, keepdims=True)
        product = jnp.sum(g * state["g"], axis=0, keepdims=True)
        gain = jnp.where(counts(square), product / jnp.where(counts(square), square, 1), 0)
        a = jnp.clip(state["a"] + hyper["eta"] * gain, 0, hyper["A"])
        zero = jnp.zeros_like(g)
        return Step(a * g, zero + a, zero + (hyper["alpha"] / a) ** 2, g, zero, zero), {"a": a, "g": g}

    return Optimizer(
        "hypergradient-descent",
        SUMMARY,
        {
            "alpha": Parameter(0.1, 0, open_low=True, meaning="first step size"),
            "eta": Parameter(0.02, 0, open_low=True, meaning="hyper learning rate"),
            "A": Parameter(0.6, 0, open_low=True, meaning="largest step size"),
        },
        init,
        step,
        {
            "family": False,
            "method": "hypergradient-descent",
            "form": "theory",
            "schedule": "learned",
            "elementwise": False,
        },
        "after Chu, Gao, Ye, Udell, 2025; the hyper-gradient with a lag of one step is that of Baydin et al., 2018",
    )


hypergradient_descent = OptimizerEntry("hypergradient-descent", SUMMARY, build)
