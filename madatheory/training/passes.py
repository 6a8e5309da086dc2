"""The two passes of a step over the parameters: hyper-gradients of the last step, then the family's next step.

With S the moments, h the coefficients and delta the family's step (`madatheory.optimizers.update`, nothing else), the
first pass reads S and g and gives

    u_h = dl(x_t)/dh = - sum_i g_i d delta_{t,i}/dh          for every learned h at once,

one reverse-mode derivative of <g, delta_t(h)> in h: elementwise, without the model's graph. delta_t is not stored but
recomputed, in one of two ways:

    readout   from the moments after step t, if only alpha and rho are learned: no array beside the moments;
    replay    from the moments before step t and g_t, both kept until now: one array beside the moments.

The second pass takes step t+1, after redoing step t where that was put off.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike, DTypeLike

from madatheory.optimizers.optimizer import Array, Clock, State
from madatheory.training.plan import MadaPlan
from madatheory.training.trees import unless_limited

Scalars = Mapping[str, Array]
Arrays = Mapping[str, Any]

Delta = Callable[[Arrays, Scalars], Array]
"""A step from its arrays, as a function of coefficients that replace those it was taken with."""

_BLOCK, _LANES = 2**16, 2**10
"""Entries of a block, whose arrays stay in the cache of a few cores, and of a row of it."""


def as_leaf(values: Mapping[str, ArrayLike], dtype: DTypeLike) -> dict[str, Array]:
    """Scalars in the dtype of a leaf, so that they do not promote it."""
    return {name: jnp.asarray(value, dtype) for name, value in values.items()}


def hypergradients(
    plan: MadaPlan, values: Scalars, count: Array, state: State, kept: Array | None, g: Array, x: Array | None
) -> dict[str, Array]:
    """u_h of every learned h for one leaf: - sum_i g_i d delta_i/dh at `values`, those of step `count`.

    `kept` is the gradient of step `count` and `state` the one before it, or None and the state after it (readout). g is
    the gradient now, x the parameters now (used by the weight decay only).
    """
    t = jnp.maximum(count, 1).astype(g.dtype)
    values = as_leaf(values, g.dtype)
    scalars = {name: part for name, part in state.items() if jnp.ndim(part) < g.ndim}
    arrays = {"g": g, "state": {name: part for name, part in state.items() if name not in scalars}}
    if kept is not None:
        arrays["kept"] = kept
    if x is not None and "alpha" in plan.rules:
        arrays["x"] = x.astype(g.dtype)

    def delta(part: Arrays, chosen: Scalars) -> Array:
        now, before = {**values, **chosen}, {**part["state"], **scalars}
        if kept is None:
            move = _read(plan, now, before, t)
        else:
            move = plan.point.step(_own(plan, now), before, part["kept"], Clock(t, jnp.nan))[0].delta
        if "x" not in part:
            return move
        # x_{t-1} from x_t = (1 - alpha_t w) x_{t-1} - delta, held constant like the rest of the past
        shrink = plan.alpha(now, t) * plan.weight_decay
        return move + shrink * lax.stop_gradient((part["x"] + move) / (1 - shrink))

    return _sums(delta, {name: values[name] for name in plan.rules}, arrays)


def _own(plan: MadaPlan, values: Scalars) -> dict[str, Array]:
    return {name: values[name] for name in plan.moving}


def _read(plan: MadaPlan, values: Scalars, state: State, t: Array) -> Array:
    """delta_t from the state after step t; an endless clock gives the new term of the average no weight."""
    assert plan.readout is not None
    hyper = {name: values[name] for name in plan.readout.parameters if name != "alpha"}
    hyper["alpha"] = plan.alpha(values, t)
    return plan.readout.step(hyper, state, jnp.zeros_like(state["v"]), Clock(jnp.inf, jnp.nan))[0].delta


def redone(plan: MadaPlan, values: Scalars, count: Array, before: State, kept: Array) -> State:
    """The state after step `count` from the one before it; before the first step nothing happens."""
    after = stepped(plan, values, jnp.maximum(count, 1), before, kept)[1]
    return {name: jnp.where(count > 0, after[name], before[name]) for name in before}


def stepped(plan: MadaPlan, values: Scalars, count: Array, before: State, g: Array) -> tuple[Array, State]:
    """(delta, the state after it) of step `count`, the first being 1, for one leaf."""
    values, clock = as_leaf(values, g.dtype), Clock(count.astype(g.dtype), jnp.nan)
    now, after = plan.point.step(_own(plan, values), before, g, clock)
    return now.delta, {name: jnp.asarray(after[name], before[name].dtype) for name in before}


def _sums(delta: Delta, learned: Scalars, arrays: Arrays) -> dict[str, Array]:
    """- sum_i g_i d delta_i/dh for every learned h; `arrays` have one shape, and g is one of them.

    On a CPU XLA makes a sum over a computed array one scalar loop. There large arrays are walked in blocks that stay in
    the cache, each lane of a block with sums of its own: vector code for all cores, and smaller rounding errors.
    """

    def whole(arrays: Arrays) -> dict[str, Array]:
        """One reverse-mode derivative for all h."""
        g = unless_limited(arrays["g"])
        spread = {name: jnp.full_like(g, value) for name, value in learned.items()}
        _, back = jax.vjp(lambda chosen: delta(arrays, chosen), spread)
        return {name: jnp.sum(-term) for name, term in back(g)[0].items()}

    def block(arrays: Arrays) -> dict[str, Array]:
        """The terms of the sums. One forward-mode derivative each is a loop that XLA does not split."""
        g = unless_limited(arrays["g"])
        slopes = {
            name: jax.jvp(lambda h, n=name: delta(arrays, {n: h}), (value,), (jnp.ones_like(value),))[1]
            for name, value in learned.items()
        }
        return {name: -g * slope for name, slope in slopes.items()}

    def blocks(arrays: Arrays) -> dict[str, Array]:
        flat, lane = jax.tree.map(jnp.ravel, arrays), jnp.arange(_BLOCK)

        def add(i: Array, sums: dict[str, Array]) -> dict[str, Array]:
            start = jnp.minimum(i * _BLOCK, size - _BLOCK)
            part = jax.tree.map(lambda a: lax.dynamic_slice_in_dim(a, start, _BLOCK), flat)
            new = start + lane >= i * _BLOCK  # the last block begins within the one before
            return {name: sums[name] + jnp.where(new, term, 0) for name, term in block(part).items()}

        sums = {name: jnp.zeros(_BLOCK, flat["g"].dtype) for name in learned}
        sums = lax.fori_loop(0, -(-size // _BLOCK), add, sums)
        rows = jnp.ones(_BLOCK // _LANES, flat["g"].dtype)
        return {name: jnp.sum(rows @ one.reshape(-1, _LANES)) for name, one in sums.items()}

    size = arrays["g"].size
    if size < _BLOCK:
        return whole(arrays)
    return lax.platform_dependent(arrays, cpu=blocks, default=whole)
