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

Scalars = Mapping[str, Array]
Arrays = Mapping[str, Array | Mapping[str, Array]]

_SMALLEST_BLOCKED = 2**17
_WIDTHS = range(2**12, 2**9, -1)
"""Sizes of a block: its arrays stay in the cache."""


def as_leaf(values: Mapping[str, ArrayLike], dtype: DTypeLike) -> dict[str, Array]:
    """Scalars in the dtype of a leaf, so that they do not promote it."""
    return {name: jnp.asarray(value, dtype) for name, value in values.items()}


def hypergradients(
    plan: MadaPlan, values: Scalars, count: Array, state: State, kept: Array | None, g: Array, x: Array | None
) -> dict[str, Array]:
    """u_h of every h in `plan.derived` for one leaf: - sum_i g_i d delta_i/dh at `values`, those of step `count`.

    `kept` is the gradient of step `count` and `state` the one before it, or None and the state after it (readout). g is
    the gradient now, x the parameters now (used by the weight decay only).
    """
    t = jnp.maximum(count, 1).astype(g.dtype)
    values = as_leaf(values, g.dtype)
    scalars = {name: part for name, part in state.items() if jnp.ndim(part) < g.ndim}
    arrays = {"g": g, "state": {name: part for name, part in state.items() if name not in scalars}}
    if kept is not None:
        arrays["kept"] = kept
    if x is not None and "alpha" in plan.derived:
        arrays["x"] = x.astype(g.dtype)

    def terms(part: dict[str, Any]) -> dict[str, Array]:
        old_state = {**part["state"], **scalars}

        def delta(chosen: Scalars) -> Array:
            now = {**values, **chosen}
            if kept is None:
                move = _read(plan, now, old_state, t)
            else:
                move = plan.point.step(_own(plan, now), old_state, part["kept"], Clock(t, jnp.nan))[0].delta
            if "x" not in part:
                return move
            # x_{t-1} from x_t = (1 - alpha_t w) x_{t-1} - delta, held constant like the rest of the past
            shrink = plan.alpha(now, t) * plan.weight_decay
            return move + shrink * lax.stop_gradient((part["x"] + move) / (1 - shrink))

        own = {name: values[name] if name in values else plan.fixed[name] for name in plan.derived}
        spread = {name: jnp.full_like(part["g"], value) for name, value in own.items()}
        _, back = jax.vjp(delta, spread)
        return {name: -term for name, term in back(part["g"])[0].items()}

    return sums(terms, arrays)


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


def sums(terms: Callable[[Any], dict[str, Array]], arrays: Arrays) -> dict[str, Array]:
    """The sums of the arrays that `terms` makes elementwise from `arrays`, all of one shape.

    On a CPU XLA makes a sum over a computed array one scalar loop. There large arrays are summed block by block, lane
    by lane: vector code, the derivatives never leave the cache, and rounding errors stay smaller.
    """

    def whole(arrays: Arrays) -> dict[str, Array]:
        return {name: jnp.sum(term) for name, term in terms(arrays).items()}

    size = jax.tree.leaves(arrays)[0].size
    width = next((w for w in _WIDTHS if size % w == 0), 0) if size >= _SMALLEST_BLOCKED else 0
    if not width:
        return whole(arrays)

    def blocks(arrays: Arrays) -> dict[str, Array]:
        rows = jax.tree.map(lambda a: a.reshape(-1, width), arrays)
        one = jax.eval_shape(lambda rows: terms(jax.tree.map(lambda a: a[0], rows)), rows)
        nothing = jax.tree.map(lambda term: jnp.zeros(term.shape, term.dtype), one)

        def add(total: dict[str, Array], row: Arrays) -> tuple[dict[str, Array], None]:
            return jax.tree.map(jnp.add, total, terms(row)), None

        return {name: jnp.sum(total) for name, total in lax.scan(add, nothing, rows)[0].items()}

    return lax.platform_dependent(arrays, cpu=blocks, default=whole)
