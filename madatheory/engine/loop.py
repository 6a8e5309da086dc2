"""The time loop: compiled functions that carry a block of trajectories through all steps.

State of the loop: x, the optimizer's state, the next gradient and stochastic gradient (carried, so that they are
computed once), and the folds. With the XLA flag that `madatheory.engine.flags` sets, the CPU backend compiles the whole
loop into one native kernel. The host may stop anywhere and go on from the carry: the numbers do not depend on it.
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
Draw = Callable[[Any, Array, Any], Array]  # (lane data, t, dtype) -> xi


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


class Loop(NamedTuple):
    """The two halves of a run, both pure and ready for `jax.jit`.

    begin    (lanes, horizon) -> carry before step 1
    advance  (lanes, carry, done, ends, horizon) -> carry after step ends[-1], and for each statistic its values after
             ends[0] <= ends[1] <= .., shape (ends, *extra, lanes); `done` steps lie behind the carry, all int32
    """

    begin: Callable[..., Carry]
    advance: Callable[..., tuple[Carry, tuple[Array, ...]]]


def counter_noise(problem: Problem) -> Draw:
    """Noise from the counter generator; lane data = (seed scalar, trajectory indices), both uint32."""

    def draw(lane: tuple[Array, Array], t: Array, dtype: Any) -> Array:
        seed, trajectory = lane
        return problem.oracle.sample(words(seed, trajectory, t, problem.oracle.entries), dtype)

    return draw


def loop(problem: Problem, optimizer: Optimizer, statistics: Sequence[Statistic], draw: Draw) -> Loop:
    """The loop of one problem, optimizer and tuple of statistics; `draw` gives the noise of step t."""

    def stochastic_gradient(x: Array, t: Array, noise: Any) -> tuple[Array, Array]:
        grad = problem.full_gradient(x)
        xi = draw(noise, t.astype(jnp.uint32), x.dtype.type)
        return grad, problem.oracle.gradient(x, grad, xi, t.astype(x.dtype))

    def clock(t: Array, horizon: Array, dtype: Any) -> Clock:
        return Clock(t.astype(dtype), jnp.asarray(horizon, dtype))

    def begin(lanes: Lanes, horizon: Array) -> Carry:
        first = jnp.asarray(1, jnp.int32)
        context = Context(lanes.x, lanes.hyper, problem, clock(first - 1, horizon, lanes.x.dtype))
        grad, g = stochastic_gradient(lanes.x, first, lanes.noise)
        state = optimizer.init(lanes.hyper, lanes.x)
        return Carry(lanes.x, state, grad, g, tuple(s.init(context) for s in statistics))

    def advance(
        lanes: Lanes, carry: Carry, done: Array, ends: Array, horizon: Array
    ) -> tuple[Carry, tuple[Array, ...]]:
        dtype = lanes.x.dtype

        def body(done: Array, c: Carry) -> Carry:
            now = clock(done + 1, horizon, dtype)
            step, state = optimizer.step(lanes.hyper, c.state, c.g, now)
            x = c.x - step.delta
            if problem.box is not None:
                x = jnp.clip(x, *problem.box)
                if optimizer.observe is not None:
                    state = optimizer.observe(state, x)
            event = Event(now, c.x, x, c.grad, c.g, step, lanes.hyper, problem)
            folds = tuple(s.step(f, event) for s, f in zip(statistics, c.folds, strict=True))
            grad, g = stochastic_gradient(x, done + 2, lanes.noise)
            return Carry(x, state, grad, g, folds)

        def until(c: Carry, span: tuple[Array, Array]) -> tuple[Carry, tuple[Array, ...]]:
            c = lax.fori_loop(span[0], span[1], body, c)
            now = clock(span[1], horizon, dtype)
            return c, tuple(s.read(f, now) for s, f in zip(statistics, c.folds, strict=True))

        starts = jnp.concatenate([jnp.asarray(done, ends.dtype)[None], ends[:-1]])
        return lax.scan(until, carry, (starts, ends))

    return Loop(begin, advance)


def time_loop(
    problem: Problem, optimizer: Optimizer, statistics: Sequence[Statistic], draw: Draw
) -> Callable[..., Any]:
    """A function (lanes, records, horizon) -> tuple of values, each (records, *extra, lanes), compiled as one.

    `records` are increasing int32 step counts at which the statistics are read; the run ends at the last one.
    """
    begin, advance = loop(problem, optimizer, statistics, draw)

    def run(lanes: Lanes, records: Array, horizon: Array) -> tuple[Array, ...]:
        carry = begin(lanes, horizon)
        return advance(lanes, carry, jnp.zeros((), records.dtype), records, horizon)[1]

    return jax.jit(run)
