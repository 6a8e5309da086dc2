"""The open-loop map of an optimizer: gradients g_1 .. g_T are given, not computed, and x_1 .. x_T come out.

Every optimizer of every framework can be reduced to this map, so it is where implementations are compared.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike

from madatheory.hparams import Hyper
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step


class OpenLoopRun(NamedTuple):
    """A run of T steps: `x` = x_1 .. x_T, and the `Step`s and states after each step, all with time on axis 0."""

    x: Array
    step: Step
    state: State


def open_loop(optimizer: Optimizer) -> Callable[..., OpenLoopRun]:
    """A compiled function (x0, gradients, hyper, horizon=nan) -> `OpenLoopRun`.

    `x0` has shape (d, *batch), `gradients` (T, d, *batch); `hyper` holds every hyper-parameter (see `Optimizer.hyper`).
    """

    def run(x0: Array, gradients: Array, hyper: Hyper, horizon: ArrayLike = jnp.nan) -> OpenLoopRun:
        dtype = x0.dtype
        hyper = {name: jnp.asarray(value, dtype) for name, value in hyper.items()}

        def body(carry: tuple[Array, State], now: tuple[Array, Array]) -> tuple[tuple[Array, State], OpenLoopRun]:
            (x, state), (t, g) = carry, now
            step, state = optimizer.step(hyper, state, g, Clock(t, jnp.asarray(horizon, dtype)))
            x = x - step.delta
            return (x, state), OpenLoopRun(x, step, state)

        times = jnp.arange(1, gradients.shape[0] + 1, dtype=dtype)
        _, path = lax.scan(body, (x0, optimizer.init(hyper, x0)), (times, gradients))
        return path

    return jax.jit(run)
