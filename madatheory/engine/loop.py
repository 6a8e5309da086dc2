"""The time loop: one compiled function that carries a block of trajectories through all steps.

State of the loop: x, the optimizer's state, the next gradient and stochastic gradient (carried, so that they are computed
once), and the folds. Blocks of a few thousand numbers stay in the first-level cache; with the XLA flag that
`madatheory.engine.flags` sets, the CPU backend compiles the whole loop into one native kernel.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from madatheory.engine.noise import words
from madatheory.engine.statistic import Context, Event, Statistic
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.problems.problem import Problem

Array = Any
Draw = Callable[[Array, Array, Any], Array]  # (lane data, t, dtype) -> xi


class Lanes(NamedTuple):
    """Per-trajectory data of a block: start (d, lanes), hyper-parameters, and what the noise is drawn from."""

    x: Array
    hyper: dict[str, Array]
    noise: Any


class Carry(NamedTuple):
    """The state of the loop before step t+1."""

    x: Array
    state: Any
    grad: Array
    g: Array
    folds: tuple[Any, ...]


def counter_noise(problem: Problem) -> Draw:
    """Noise from the counter generator; lane data = (seed scalar, trajectory indices), both uint32."""

    def draw(lane: tuple[Array, Array], t: Array, dtype: Any) -> Array:
        seed, trajectory = lane
        return problem.oracle.sample(words(seed, trajectory, t, problem.oracle.entries), dtype)

    return draw


def time_loop(problem: Problem, optimizer: Optimizer, statistics: Sequence[Statistic], draw: Draw) -> Callable[..., Any]:
    """A function (lanes, records, horizon) -> tuple of values, each (records, *extra, lanes).

    `records` are increasing int32 step counts at which the statistics are read; the run ends at the last one.
    """

    def stochastic_gradient(x: Array, t: Array, noise: Any) -> tuple[Array, Array]:
        grad = problem.full_gradient(x)
        xi = draw(noise, t.astype(jnp.uint32), x.dtype.type)
        return grad, problem.oracle.gradient(x, grad, xi, t.astype(x.dtype))

    def run(lanes: Lanes, records: Array, horizon: Array) -> tuple[Array, ...]:
        dtype = lanes.x.dtype
        horizon = jnp.asarray(horizon, dtype)

        def clock(t: Array) -> Clock:
            return Clock(t.astype(dtype), horizon)

        def body(done: Array, c: Carry) -> Carry:
            now = clock(done + 1)
            step, state = optimizer.step(lanes.hyper, c.state, c.g, now)
            x = c.x - step.delta
            if problem.box is not None:
                x = jnp.clip(x, *problem.box)
            event = Event(now, c.x, x, c.grad, c.g, step, lanes.hyper, problem)
            folds = tuple(s.step(f, event) for s, f in zip(statistics, c.folds, strict=True))
            grad, g = stochastic_gradient(x, done + 2, lanes.noise)
            return Carry(x, state, grad, g, folds)

        def until(c: Carry, ends: tuple[Array, Array]) -> tuple[Carry, tuple[Array, ...]]:
            c = lax.fori_loop(ends[0], ends[1], body, c)
            now = clock(ends[1])
            return c, tuple(s.read(f, now) for s, f in zip(statistics, c.folds, strict=True))

        first = jnp.asarray(1, records.dtype)
        context = Context(lanes.x, lanes.hyper, problem, clock(first - 1))
        grad, g = stochastic_gradient(lanes.x, first, lanes.noise)
        carry = Carry(
            lanes.x, optimizer.init(lanes.hyper, lanes.x), grad, g, tuple(s.init(context) for s in statistics)
        )
        starts = jnp.concatenate([jnp.zeros(1, records.dtype), records[:-1]])
        _, values = lax.scan(until, carry, (starts, records))
        return values

    return jax.jit(run)
