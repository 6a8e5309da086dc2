"""The time loop: compiled functions that carry a block of trajectories through all steps.

State of the loop: x, the optimizer's state, the next gradient and stochastic gradient (carried, so that they are
computed once), the noise of the step after (see `Draw`), and the folds. With the XLA flag that
`madatheory.engine.flags` sets, the CPU backend compiles the whole loop into one native kernel. The host may stop
anywhere and go on from the carry: the numbers do not depend on it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from madatheory.engine.noise import Draw
from madatheory.engine.statistic import Context, Event, Statistic
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.problems.problem import Problem

Array = Any


class Lanes(NamedTuple):
    """Data of a block: start (d, lanes), hyper-parameters (lanes) or scalars, and what the noise is drawn from."""

    x: Array
    hyper: dict[str, Array]
    noise: Any


class Carry(NamedTuple):
    """The state of the loop before step t+1."""

    x: Array
    state: Any
    grad: Array
    g: Array
    noise: Array
    folds: tuple[Any, ...]


class Loop(NamedTuple):
    """The two halves of a run, both pure and ready for `jax.jit`; `started` puts them together.

    begin    (lanes, horizon) -> carry without gradients and noise
    advance  (lanes, carry, done, ends, horizon) -> carry after step ends[-1], and for each statistic its values after
             ends[0] <= ends[1] <= .., shape (ends, *extra, lanes); `done` steps lie behind the carry, all int32.
             Steps before the first leave x where it is and compute what comes next
    """

    begin: Callable[..., Carry]
    advance: Callable[..., tuple[Carry, tuple[Array, ...]]]


def loop(
    problem: Problem, optimizer: Optimizer, statistics: Sequence[Statistic], draw: Draw, *, ordered: bool = False
) -> Loop:
    """The loop of one problem, optimizer and tuple of statistics; `draw` gives the noise of step t.

    `ordered` writes the order within a step into the program, which is faster on a CPU and changes no number.
    """

    def ahead(lanes: Lanes, t: Array) -> Array:
        return draw.ahead(lanes.noise, t.astype(jnp.uint32), lanes.x.dtype.type)

    def stochastic_gradient(x: Array, t: Array, noise: Array) -> tuple[Array, Array]:
        grad = problem.full_gradient(x)
        return grad, problem.oracle.gradient(x, grad, draw.xi(noise), t.astype(x.dtype))

    def clock(t: Array, horizon: Array, dtype: Any) -> Clock:
        return Clock(t.astype(dtype), jnp.asarray(horizon, dtype))

    def begin(lanes: Lanes, horizon: Array) -> Carry:
        context = Context(lanes.x, lanes.hyper, problem, clock(jnp.asarray(0, jnp.int32), horizon, lanes.x.dtype))
        noise = jax.eval_shape(ahead, lanes, jnp.asarray(1, jnp.int32))
        state, zero = optimizer.init(lanes.hyper, lanes.x), jnp.zeros_like(lanes.x)
        folds = tuple(s.init(context) for s in statistics)
        return Carry(lanes.x, state, zero, zero, jnp.zeros(noise.shape, noise.dtype), folds)

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
            x = jnp.where(done >= 0, x, c.x)
            event = Event(now, c.x, x, c.grad, c.g, step, lanes.hyper, problem)
            folds = tuple(s.step(f, event) for s, f in zip(statistics, c.folds, strict=True))
            # x is the same; the gradient and the noise overwrite what the folds and g read, so they come after these
            read = jnp.where(_after(done, folds) >= -2, x, 0) if ordered else x
            grad, g = stochastic_gradient(read, done + 2, c.noise)
            return Carry(x, state, grad, g, ahead(lanes, _after(done + 3, g) if ordered else done + 3), folds)

        def until(c: Carry, span: tuple[Array, Array]) -> tuple[Carry, tuple[Array, ...]]:
            c = lax.fori_loop(span[0], span[1], body, c)
            now = clock(span[1], horizon, dtype)
            return c, tuple(s.read(f, now) for s, f in zip(statistics, c.folds, strict=True))

        starts = jnp.concatenate([jnp.asarray(done, ends.dtype)[None], ends[:-1]])
        return lax.scan(until, carry, (starts, ends))

    return Loop(begin, advance)


def _after(count: Array, values: Any) -> Array:
    """`count`, an int32, but not before `values` are there: plus zeros made of their first bits.

    XLA plans memory before it orders operations; told the order, it need not copy a buffer that is read and rewritten
    in one step.
    """
    for value in jax.tree.leaves(values):
        if jnp.issubdtype(value.dtype, jnp.floating) and value.size:
            first = value[(0,) * value.ndim].astype(jnp.float32)
            sign = lax.bitcast_convert_type(first, jnp.uint32) >> 31
            count = count + (sign >> 1).astype(count.dtype)
    return count


def started(fresh: Carry, advance: Callable[..., Any], lanes: Lanes, ends: Array, horizon: Array) -> Carry:
    """The carry before step 1, from that of `begin`.

    Two steps of `advance` before the first make the gradients and the noise, so that a second program with another
    generator in it need not be compiled. What they do to the state and the folds is thrown away.
    """
    warm = advance(lanes, fresh, np.int32(-2), 0 * ends, horizon)[0]
    return fresh._replace(grad=warm.grad, g=warm.g, noise=warm.noise)


def time_loop(
    problem: Problem, optimizer: Optimizer, statistics: Sequence[Statistic], draw: Draw
) -> Callable[..., Any]:
    """A function (lanes, records, horizon) -> tuple of values, each (records, *extra, lanes), compiled as one.

    `records` are increasing int32 step counts at which the statistics are read; the run ends at the last one.
    """
    begin, advance = loop(problem, optimizer, statistics, draw)

    def run(lanes: Lanes, records: Array, horizon: Array) -> tuple[Array, ...]:
        carry = started(begin(lanes, horizon), advance, lanes, records, horizon)
        return advance(lanes, carry, jnp.zeros((), records.dtype), records, horizon)[1]

    return jax.jit(run)
