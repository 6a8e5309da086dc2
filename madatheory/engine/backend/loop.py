"""The time loop: compiled functions that carry a block of trajectories through all steps.

State of the loop: x, the optimizer's state, the next gradient and stochastic gradient (carried, so that they are
computed once), the noise of the step after (see `Draw`), and the state of the streaming metrics. With the XLA flag that
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
TRAJECTORY = "trajectory"
_MANY = 64  # lanes, from which on `Draw.chosen` is faster; in 32 it is slower


class Batch(NamedTuple):
    """Data of a block: start (d, batch), hyper-parameters (batch,) or scalars, and what the noise is drawn from."""

    x: Array
    hyper: dict[str, Array]
    noise: Any

    @property
    def same_hyper(self) -> bool:
        """Whether all trajectories have the same hyper-parameters."""
        return not any(map(np.ndim, self.hyper.values()))


class Carry(NamedTuple):
    """The state of the loop before step t+1."""

    x: Array
    state: Any
    grad: Array
    g: Array
    noise: Array
    metrics: tuple[Any, ...]


class Loop(NamedTuple):
    """The two halves of a run, both pure and ready for `jax.jit`; `started` puts them together.

    begin    (batch, horizon) -> carry without gradients and noise
    advance  (batch, carry, done, ends, horizon) -> carry after step ends[-1], and for each statistic its values after
             ends[0] <= ends[1] <= .., shape (ends, *extra, batch); `done` steps lie behind the carry, all int32.
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

    `ordered` writes the order within a step into the program, and makes it choose between the noise of a pair where
    that is faster: for CPUs, and no number changes.
    """

    problem, optimizer = asked_problem(problem), asked_optimizer(optimizer)
    statistics = [asked_statistic(statistic) for statistic in statistics]

    def ahead(batch: Batch, t: Array) -> Array:
        return draw.ahead(batch.noise, t.astype(jnp.uint32), batch.x.dtype.type)

    def stochastic_gradient(batch: Batch, x: Array, t: Array, noise: Array) -> tuple[Array, Array]:
        grad = problem.full_gradient(x)
        xi = draw.chosen if ordered and draw.chosen and x.shape[-1] >= _MANY else draw.xi
        return grad, problem.oracle.gradient(x, grad, xi(batch.noise, noise), t.astype(x.dtype))

    def clock(t: Array, horizon: Array, dtype: Any) -> Clock:
        return Clock(t.astype(dtype), jnp.asarray(horizon, dtype))

    shapes: dict[Any, Any] = {}  # of the noise: tracing a generator takes some ten milliseconds

    def begin(batch: Batch, horizon: Array) -> Carry:
        """Outside a program every operation on a new shape is a compilation: NumPy where it can be."""
        dtype = batch.x.dtype
        context = Context(batch.x, batch.hyper, problem, Clock(dtype.type(0), horizon))
        if (key := (batch.x.shape, dtype)) not in shapes:
            shapes[key] = jax.eval_shape(ahead, batch, jax.ShapeDtypeStruct((), jnp.int32))
        state, zero = optimizer.init(batch.hyper, batch.x), np.zeros(batch.x.shape, dtype)
        metrics = tuple(s.init(context) for s in statistics)
        return Carry(batch.x, state, zero, zero, np.zeros(shapes[key].shape, shapes[key].dtype), metrics)

    def advance(
        batch: Batch, carry: Carry, done: Array, ends: Array, horizon: Array
    ) -> tuple[Carry, tuple[Array, ...]]:
        dtype = batch.x.dtype

        def body(done: Array, c: Carry) -> Carry:
            now = clock(done + 1, horizon, dtype)
            step, state = optimizer.step(batch.hyper, c.state, c.g, now)
            x = c.x - step.delta
            if problem.box is not None:
                x = jnp.clip(x, *problem.box)
                if optimizer.observe is not None:
                    state = optimizer.observe(state, x)
            x = jnp.where(done >= 0, x, c.x)
            event = Event(now, c.x, x, c.grad, c.g, step, batch.hyper, problem, state)
            metrics = tuple(s.step(f, event) for s, f in zip(statistics, c.metrics, strict=True))
            # x is the same; the gradient and the noise overwrite what the metrics and g read, so they come after these
            read = jnp.where(_after(done, metrics, axis) >= -2, x, 0) if ordered else x
            grad, g = stochastic_gradient(batch, read, done + 2, c.noise)
            return Carry(x, state, grad, g, ahead(batch, _after(done + 3, g, axis) if ordered else done + 3), metrics)

        def until(c: Carry, span: tuple[Array, Array]) -> tuple[Carry, tuple[Array, ...]]:
            c = lax.fori_loop(span[0], span[1], body, c)
            now = clock(span[1], horizon, dtype)
            return c, tuple(s.read(f, now) for s, f in zip(statistics, c.metrics, strict=True))

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
    """The same loop in which the two trajectories of a pair pass through all steps before the next pair starts.

    `halves` is for a `Draw` of single trajectories, ordered with `axis` = TRAJECTORY. What differs between them has
    the axes (pairs, 2) first in the carry, what is shared by a pair has (pairs,); batch and values look as before.
    """

    def spread(batch: Batch) -> tuple[Batch, Batch, Batch]:
        """(pairs, 2, *shape with one trajectory) of every leaf, and which axis that is: over pairs, and within them."""
        seed, pair = batch.noise
        odd = np.broadcast_to(np.arange(2, dtype=np.uint32)[:, None], (len(pair), 2, 1))
        x = batch.x.reshape(len(batch.x), -1, 2, 1).transpose(1, 2, 0, 3)
        hyper = {name: value.reshape(-1, 2, 1) if jnp.ndim(value) else value for name, value in batch.hyper.items()}
        axes = {name: 0 if jnp.ndim(value) else None for name, value in batch.hyper.items()}
        return (
            Batch(x, hyper, (seed, pair[:, None], odd)),
            Batch(0, axes, (None, 0, 0)),  # pyright: ignore[reportArgumentType]
            Batch(0, axes, (None, None, 0)),  # pyright: ignore[reportArgumentType]
        )

    carried = Carry(0, 0, 0, 0, None if shared else 0, 0)  # pyright: ignore[reportArgumentType]

    def begin(batch: Batch, horizon: Array) -> Carry:
        own, pairs, two = spread(batch)
        alike = isinstance(batch.x, np.ndarray) and batch.same_hyper
        if alike and (batch.x == batch.x[:, :1]).all():  # operation by operation, one is cheaper than a batch
            seed, pair, odd = own.noise
            one = halves.begin(Batch(batch.x[:, :1], batch.hyper, (seed, pair[0], odd[0, 0])), horizon)
            all_ = jax.tree.map(lambda leaf: np.broadcast_to(leaf, (len(pair), 2, *np.shape(leaf))), one)
            return all_._replace(noise=all_.noise[:, 0]) if shared else all_
        both = jax.vmap(halves.begin, (two, None), carried, axis_name=TRAJECTORY)
        return jax.vmap(both, (pairs, None))(own, horizon)

    def advance(
        batch: Batch, carry: Carry, done: Array, ends: Array, horizon: Array
    ) -> tuple[Carry, tuple[Array, ...]]:
        own, pairs, two = spread(batch)
        both = jax.vmap(halves.advance, (two, carried, None, None, None), (carried, -1), axis_name=TRAJECTORY)
        leaves, tree = jax.tree.flatten(own)
        differs = [axis is not None for axis in jax.tree.leaves(pairs, is_leaf=lambda axis: axis is None)]

        def pair(item: tuple[list[Array], Carry]) -> tuple[Carry, tuple[Array, ...]]:
            mine = iter(item[0])
            batch = jax.tree.unflatten(tree, [next(mine) if d else x for x, d in zip(leaves, differs, strict=True)])
            return both(batch, item[1], done, ends, horizon)

        carry, values = lax.map(pair, ([x for x, d in zip(leaves, differs, strict=True) if d], carry))
        # (pairs, ends, *extra, 1, 2) -> (ends, *extra, batch)
        return carry, jax.tree.map(lambda v: jnp.moveaxis(v[..., 0, :], 0, -2).reshape(*v.shape[1:-2], -1), values)

    return Loop(begin, advance)


def started(fresh: Carry, advance: Callable[..., Any], batch: Batch, ends: Array, horizon: Array) -> Carry:
    """The carry before step 1, from that of `begin`.

    Two steps of `advance` before the first make the gradients and the noise, so that a second program with another
    generator in it need not be compiled. What they do to the state and the metrics is thrown away.
    """
    warm = advance(batch, fresh, np.int32(-2), 0 * ends, horizon)[0]
    return fresh._replace(grad=warm.grad, g=warm.g, noise=warm.noise)
