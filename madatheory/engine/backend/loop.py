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

from madatheory.engine.backend.tracing import asked_optimizer, asked_problem, asked_statistic
from madatheory.engine.noise import Draw
from madatheory.engine.statistic import Context, Event, Statistic
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.problems.problem import Problem

Array = Any
LANE = "lane"


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
    problem: Problem,
    optimizer: Optimizer,
    statistics: Sequence[Statistic],
    draw: Draw,
    *,
    ordered: bool = False,
    axis: str | None = None,
) -> Loop:
    """The loop of one problem, optimizer and tuple of statistics; `draw` gives the noise of step t.

    `ordered` writes the order within a step into the program, which is faster on a CPU and changes no number.
    """

    problem, optimizer = asked_problem(problem), asked_optimizer(optimizer)
    statistics = [asked_statistic(statistic) for statistic in statistics]

    def ahead(lanes: Lanes, t: Array) -> Array:
        return draw.ahead(lanes.noise, t.astype(jnp.uint32), lanes.x.dtype.type)

    def stochastic_gradient(lanes: Lanes, x: Array, t: Array, noise: Array) -> tuple[Array, Array]:
        grad = problem.full_gradient(x)
        return grad, problem.oracle.gradient(x, grad, draw.xi(lanes.noise, noise), t.astype(x.dtype))

    def clock(t: Array, horizon: Array, dtype: Any) -> Clock:
        return Clock(t.astype(dtype), jnp.asarray(horizon, dtype))

    shapes: dict[Any, Any] = {}  # of the noise: tracing a generator takes some ten milliseconds

    def begin(lanes: Lanes, horizon: Array) -> Carry:
        """Outside a program every operation on a new shape is a compilation: NumPy where it can be."""
        dtype = lanes.x.dtype
        context = Context(lanes.x, lanes.hyper, problem, Clock(dtype.type(0), horizon))
        if (key := (lanes.x.shape, dtype)) not in shapes:
            shapes[key] = jax.eval_shape(ahead, lanes, jax.ShapeDtypeStruct((), jnp.int32))
        state, zero = optimizer.init(lanes.hyper, lanes.x), np.zeros(lanes.x.shape, dtype)
        folds = tuple(s.init(context) for s in statistics)
        return Carry(lanes.x, state, zero, zero, np.zeros(shapes[key].shape, shapes[key].dtype), folds)

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
            event = Event(now, c.x, x, c.grad, c.g, step, lanes.hyper, problem, state)
            folds = tuple(s.step(f, event) for s, f in zip(statistics, c.folds, strict=True))
            # x is the same; the gradient and the noise overwrite what the folds and g read, so they come after these
            read = jnp.where(_after(done, folds, axis) >= -2, x, 0) if ordered else x
            grad, g = stochastic_gradient(lanes, read, done + 2, c.noise)
            return Carry(x, state, grad, g, ahead(lanes, _after(done + 3, g, axis) if ordered else done + 3), folds)

        def until(c: Carry, span: tuple[Array, Array]) -> tuple[Carry, tuple[Array, ...]]:
            c = lax.fori_loop(span[0], span[1], body, c)
            now = clock(span[1], horizon, dtype)
            return c, tuple(s.read(f, now) for s, f in zip(statistics, c.folds, strict=True))

        if len(ends) == 1:  # the same, and less to compile
            carry, values = until(carry, (done, ends[0]))
            return carry, tuple(value[None] for value in values)
        starts = jnp.concatenate([jnp.asarray(done, ends.dtype)[None], ends[:-1]])
        return lax.scan(until, carry, (starts, ends))

    return Loop(begin, advance)


def _after(count: Array, values: Any, axis: str | None) -> Array:
    """`count`, an int32, but not before `values` are there: plus zeros made of their first bits.

    XLA plans memory before it orders operations; told the order, it need not copy a buffer that is read and rewritten
    in one step.
    """
    for value in jax.tree.leaves(values):
        if jnp.issubdtype(value.dtype, jnp.floating) and value.size:
            first = value[(0,) * value.ndim].astype(jnp.float32)
            sign = lax.bitcast_convert_type(first, jnp.uint32) >> 31
            zero = (sign >> 1).astype(count.dtype)
            count = count + (zero if axis is None else lax.psum(zero, axis))
    return count


def pair_by_pair(halves: Loop, *, shared: bool) -> Loop:
    """The same loop in which the two lanes of a pair pass through all steps before the next pair starts.

    `halves` is for a `Draw` of single lanes, ordered with `axis` = LANE. What differs from lane to lane has the axes
    (pairs, 2) first in the carry, what is shared by a pair has (pairs,); lanes and values look as before.
    """

    def spread(lanes: Lanes) -> tuple[Lanes, Lanes, Lanes]:
        """(pairs, 2, *shape with one lane) of every leaf, and which axis that is: over pairs, and over lanes."""
        seed, pair = lanes.noise
        odd = np.broadcast_to(np.arange(2, dtype=np.uint32)[:, None], (len(pair), 2, 1))
        x = lanes.x.reshape(len(lanes.x), -1, 2, 1).transpose(1, 2, 0, 3)
        hyper = {name: value.reshape(-1, 2, 1) if jnp.ndim(value) else value for name, value in lanes.hyper.items()}
        axes = {name: 0 if jnp.ndim(value) else None for name, value in lanes.hyper.items()}
        return (
            Lanes(x, hyper, (seed, pair[:, None], odd)),
            Lanes(0, axes, (None, 0, 0)),  # pyright: ignore[reportArgumentType]
            Lanes(0, axes, (None, None, 0)),  # pyright: ignore[reportArgumentType]
        )

    carried = Carry(0, 0, 0, 0, None if shared else 0, 0)  # pyright: ignore[reportArgumentType]

    def begin(lanes: Lanes, horizon: Array) -> Carry:
        own, pairs, two = spread(lanes)
        alike = isinstance(lanes.x, np.ndarray) and not any(map(np.ndim, lanes.hyper.values()))
        if alike and (lanes.x == lanes.x[:, :1]).all():  # run operation by operation, one lane is cheaper than a batch
            seed, pair, odd = own.noise
            one = halves.begin(Lanes(lanes.x[:, :1], lanes.hyper, (seed, pair[0], odd[0, 0])), horizon)
            all_ = jax.tree.map(lambda leaf: np.broadcast_to(leaf, (len(pair), 2, *np.shape(leaf))), one)
            return all_._replace(noise=all_.noise[:, 0]) if shared else all_
        both = jax.vmap(halves.begin, (two, None), carried, axis_name=LANE)
        return jax.vmap(both, (pairs, None))(own, horizon)

    def advance(
        lanes: Lanes, carry: Carry, done: Array, ends: Array, horizon: Array
    ) -> tuple[Carry, tuple[Array, ...]]:
        own, pairs, two = spread(lanes)
        both = jax.vmap(halves.advance, (two, carried, None, None, None), (carried, -1), axis_name=LANE)
        leaves, tree = jax.tree.flatten(own)
        differs = [axis is not None for axis in jax.tree.leaves(pairs, is_leaf=lambda axis: axis is None)]

        def pair(item: tuple[list[Array], Carry]) -> tuple[Carry, tuple[Array, ...]]:
            mine = iter(item[0])
            lanes = jax.tree.unflatten(tree, [next(mine) if d else x for x, d in zip(leaves, differs, strict=True)])
            return both(lanes, item[1], done, ends, horizon)

        carry, values = lax.map(pair, ([x for x, d in zip(leaves, differs, strict=True) if d], carry))
        # (pairs, ends, *extra, 1, 2) -> (ends, *extra, lanes)
        return carry, jax.tree.map(lambda v: jnp.moveaxis(v[..., 0, :], 0, -2).reshape(*v.shape[1:-2], -1), values)

    return Loop(begin, advance)


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
