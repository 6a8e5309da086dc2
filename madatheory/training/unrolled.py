"""Hyper-gradients through many steps by forward mode: the reference for what the one-step ones leave out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from madatheory.errors import UserError, unknown
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State

Past = tuple[Array, State]


class UnrolledHypergradients(NamedTuple):
    """Two derivatives of the loss at x_t in every coefficient, t = 1 .. T on axis 0.

    `one_step` holds the state before step t constant, `full` follows every earlier step since the last restart,
    gradients included. `loss` is the loss at x_t, `x` the path (T, d).
    """

    one_step: dict[str, Array]
    full: dict[str, Array]
    loss: Array
    x: Array


def unrolled(
    point: Optimizer,
    hyper: Mapping[str, float],
    loss: Callable[[Array, Any], Array],
    x0: Array,
    batches: optax.Params,
    names: Sequence[str],
    *,
    window: int | None = None,
) -> UnrolledHypergradients:
    """dl_{t+1}(x_t)/dh for h in `names`, by one step and unrolled over up to `window` steps, along one run.

    The run has constant coefficients: x_t = x_{t-1} - delta_t with g_t = grad l_t(x_{t-1}), l_t = loss(., batch t).
    `batches` is a pytree with time 0 .. T on axis 0: step t uses batch t-1 and both derivatives at x_t use batch t.
    With s = (x, state of `point`), full carries ds_t/dh = (ds_t/ds_{t-1}) ds_{t-1}/dh + partial ds_t/dh exactly
    (Jacobian-vector products, no approximation), restarted at 0 every `window` steps (None: never); `window` = 1 is the
    one-step hyper-gradient. `x0` has shape (d,). Nothing is learned here, and what is not finite is returned as it is.
    Raises `UserError` for an unknown name or a window below 1. Source:
    forward mode as in Franceschi et al. (ICML 2017).
    """
    for name in names:
        if name not in point.parameters:
            raise unknown(f"coefficient of {point.name}", name, point.parameters)
    if window is not None and window < 1:
        raise UserError(f"window = {window}: give a number of steps >= 1, or None for all")
    x0 = jnp.asarray(x0)
    values = {name: jnp.asarray(value, x0.dtype) for name, value in point.hyper(hyper).items()}
    first = (x0, jax.tree.map(jnp.asarray, point.init(values, x0)))
    still = jax.tree.map(jnp.zeros_like, first)

    def moved(past: Past, chosen: Mapping[str, Array], batch: optax.Params, t: Array) -> Past:
        x, state = past
        step, after = point.step({**values, **chosen}, state, jax.grad(loss)(x, batch), Clock(t, jnp.nan))
        return x - step.delta, jax.tree.map(lambda a, b: jnp.asarray(a, jnp.asarray(b).dtype), after, state)

    def body(carry: tuple[Past, Mapping[str, Any]], now: tuple[Array, optax.Params, optax.Params]) -> Any:
        past, along = carry
        t, batch, after = now
        new, full, one, out = None, {}, {}, {}
        for name in names:
            kept = along[name]
            if window is not None:
                kept = jax.tree.map(lambda a: jnp.where((t - 1) % window == 0, 0, a), kept)
            unit = {name: jnp.ones_like(values[name])}

            def forward(p: Past, c: Mapping[str, Array]) -> Past:
                return moved(p, c, batch, t)

            new, out[name] = jax.jvp(forward, (past, {name: values[name]}), (kept, unit))
            _, short = jax.jvp(forward, (past, {name: values[name]}), (still, unit))
            outer = jax.grad(loss)(new[0], after)
            full[name], one[name] = jnp.vdot(outer, out[name][0]), jnp.vdot(outer, short[0])
        if new is None:
            new = moved(past, {}, batch, t)
        return (new, out), UnrolledHypergradients(one, full, loss(new[0], after), new[0])

    steps = jax.tree.leaves(batches)[0].shape[0] - 1
    if steps < 1:
        raise UserError("unrolled needs batches 0 .. T on axis 0 with T >= 1")
    used, later = (jax.tree.map(lambda b, s=s: jnp.asarray(b)[s], batches) for s in (slice(None, -1), slice(1, None)))
    times = jnp.arange(1, steps + 1, dtype=x0.dtype)
    return jax.jit(lambda: lax.scan(body, (first, dict.fromkeys(names, still)), (times, used, later))[1])()


def disagreement(run: UnrolledHypergradients) -> dict[str, dict[str, float]]:
    """How one-step and unrolled hyper-gradients differ over a run, by coefficient.

    cosine     <one, full>/(|one| |full|) over the times: 1 if they point alike
    sign       the share of times at which both have one sign, of those at which neither is 0
    ratio      |one|/|full|: what part of the length one step sees
    """
    found = {}
    for name, full in run.full.items():
        a, b = np.asarray(run.one_step[name], float), np.asarray(full, float)
        both = (a != 0) & (b != 0)
        lengths = np.linalg.norm(a), np.linalg.norm(b)
        found[name] = {
            "cosine": float(a @ b / (lengths[0] * lengths[1])) if all(lengths) else float("nan"),
            "sign": float(np.mean(np.sign(a[both]) == np.sign(b[both]))) if both.any() else float("nan"),
            "ratio": float(lengths[0] / lengths[1]) if lengths[1] else float("nan"),
        }
    return found
