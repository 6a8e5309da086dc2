"""Both directions between `Optimizer` and optax: our methods as gradient transformations, and theirs in our engine."""

import numbers
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import DTypeLike

from madatheory.errors import UserError, unknown
from madatheory.hparams import Hyper, Parameter, one_number, whole
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step


class OptaxFormState(NamedTuple):
    """Steps done, and the optimizer's state of every leaf: a tree like the parameters whose leaves are states."""

    count: Array
    leaves: Any


def _resolved(optimizer: Optimizer, hyper: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters with defaults; concrete numbers are range-checked, traced ones and schedules cannot be."""
    for name in hyper:
        if name not in optimizer.parameters:
            raise unknown(f"hyper-parameter of {optimizer.name}", name, optimizer.parameters)
        if not callable(hyper[name]):
            one_number(f"{optimizer.name}: {name}", hyper[name], optimizer.parameters[name])
    full = {**optimizer.hyper(), **hyper}
    return {k: float(v) if isinstance(v, numbers.Real) else v for k, v in full.items()}


def _working_dtype(leaf: Array) -> Any:
    dtype = jnp.asarray(leaf).dtype
    if not jnp.issubdtype(dtype, jnp.floating):
        raise UserError(f"parameters of dtype {dtype} have no update here: give real floating-point arrays")
    return jnp.promote_types(dtype, jnp.float32)


def as_optax(optimizer: Optimizer, horizon: int | None = None, **hyper: Any) -> optax.GradientTransformation:
    """`optimizer` as an `optax.GradientTransformation` whose update is x_t - x_{t-1} = -delta_t.

    `hyper` overrides defaults: numbers, arrays (traced ones too, so that `optax.inject_hyperparams` works), or optax
    schedules, functions of the number of steps done. `horizon` is T, for methods whose schedule needs it.
    Parameters are any pytree of real arrays; leaves of less than 32 bits keep float32 states. Leaves are separate
    problems: an optimizer that is not elementwise sees each leaf flattened. Raises `UserError` on an unknown name, a
    value out of range, a missing horizon, or a leaf that is not real.
    """
    given = _resolved(optimizer, hyper)
    if horizon is None and optimizer.traits.get("needs_horizon", False):
        raise UserError(f"{optimizer.name}: its coefficients depend on the horizon T; give as_optax(..., horizon=T)")
    if horizon is not None:
        horizon = whole(f"{optimizer.name}: horizon", horizon, 1)
    flat = not optimizer.traits.get("elementwise", False)

    def prepared(leaf: Array) -> Array:
        leaf = jnp.asarray(leaf).astype(_working_dtype(leaf))
        return leaf.ravel() if flat else leaf

    def values(count: Array, dtype: DTypeLike) -> Hyper:
        now = {k: v(count) if callable(v) else v for k, v in given.items()}
        return {k: v if isinstance(v, float) else jnp.asarray(v, dtype) for k, v in now.items()}

    def init(params: optax.Params) -> OptaxFormState:
        count = jnp.zeros([], jnp.int32)

        def one(leaf: Array) -> State:
            x = prepared(leaf)
            return optimizer.init(values(count, x.dtype), x)

        return OptaxFormState(count, jax.tree.map(one, params))

    def update(
        updates: optax.Updates, state: Any, params: optax.Params | None = None
    ) -> tuple[optax.Updates, OptaxFormState]:
        del params
        leaves, structure = jax.tree.flatten(updates)
        states = structure.flatten_up_to(state.leaves)
        count = jnp.asarray(optax.safe_increment(state.count))
        moves, after = [], []
        for leaf, before in zip(leaves, states, strict=True):
            g = prepared(leaf)
            clock = Clock(count.astype(g.dtype), jnp.asarray(jnp.nan if horizon is None else horizon, g.dtype))
            step, new = optimizer.step(values(state.count, g.dtype), before, g, clock)
            moves.append((-step.delta).reshape(jnp.shape(leaf)).astype(jnp.asarray(leaf).dtype))
            # scan needs the same dtypes out as in
            after.append(jax.tree.map(lambda b, a: jnp.asarray(a, jnp.asarray(b).dtype), before, new))
        return structure.unflatten(moves), OptaxFormState(count, structure.unflatten(after))

    return optax.GradientTransformation(init, update)


def from_optax(
    name: str,
    make: Callable[..., optax.GradientTransformation],
    parameters: Mapping[str, Parameter | float],
    *,
    summary: str = "",
    source: str = "",
) -> Optimizer:
    """An optax transformation as an `Optimizer` of the engine.

    `make(**hyper)` builds it from (possibly traced) hyper-parameters, e.g. `lambda alpha: optax.adam(alpha)`;
    `parameters` gives their defaults, or `Parameter`s with ranges. Every trajectory is a problem of its own: trailing
    axes are mapped over, and the iterate is handed to `update` as params. In `Step` only `delta` is known; eta, b, m, v
    and vhat are nan, so a statistic that needs them is nan too. No theorem applies to it (traits: family False).
    """
    known = {k: p if isinstance(p, Parameter) else Parameter(float(p)) for k, p in parameters.items()}

    def mapped(function: Callable[..., Any], hyper: Hyper, *arrays: Any, batch: tuple[int, ...]) -> Any:
        spread = {k: jnp.broadcast_to(jnp.asarray(v, arrays[0].dtype), batch) for k, v in hyper.items()}
        for _ in batch:
            function = jax.vmap(function, in_axes=-1, out_axes=-1)
        return function(spread, *arrays)

    def init(hyper: Hyper, x: Array) -> State:
        batch = jnp.shape(x)[1:]
        state = mapped(lambda h, y: make(**h).init(y), hyper, x, batch=batch)
        return {"x": x, "optax": state}

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        def one(h: Hyper, y: Array, gradient: Array, inner: optax.OptState) -> tuple[Array, optax.OptState]:
            move, after = make(**h).update(gradient, inner, y)
            return move, jax.tree.map(lambda a, b: jnp.asarray(a, jnp.asarray(b).dtype), after, inner)

        move, inner = mapped(one, hyper, state["x"], g, state["optax"], batch=jnp.shape(g)[1:])
        nothing = jnp.full_like(g, jnp.nan)
        delta = -move
        return Step(delta, nothing, nothing, nothing, nothing, nothing), {"x": state["x"] - delta, "optax": inner}

    def observe(state: State, x: Array) -> State:
        return {**state, "x": x}

    traits = {"family": False, "method": name, "form": "external", "elementwise": False, "needs_horizon": False}
    return Optimizer(
        name, summary or f"{name}, from optax", known, init, step, traits, source or "optax", observe=observe
    )
