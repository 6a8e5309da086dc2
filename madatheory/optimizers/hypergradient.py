"""Coefficients learned while the optimizer runs: one-step hyper-gradient descent on any of its hyper-parameters.

With the state before step t-1 held constant, the loss at x_{t-1} = x_{t-2} - delta_{t-1} has the derivative

    u_t = dl_t/dh = <g_t, dx_{t-1}/dh> = - sum_i g_{t,i} d delta_{t-1,i}/dh        (one number per trajectory)

in a coefficient h, and before step t is taken

    p <- hyper_momentum p + u_t,      h <- clamp(h - hyper_learning_rate p),

p starting at the first u_t that is used (that is at 0), and u_t within [-clip, clip] where a `Descent` has a clip.

A u_t that is not finite, or so large that the square of p overflows, is ignored: h and p keep their last good values.

The slopes d delta/dh come from forward-mode differentiation of the step itself, so each convention and coefficient has
one formula. Source: Baydin et al. (ICLR 2018) for alpha, Ozkara et al. (MADA, ICML 2024) for the family.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.optimizers.optimizer import Array, Clock, Hyper, Optimizer, State, Step
from madatheory.optimizers.request import MOMENTUM, RATE, Descent, bounds_of, check_lag


def hypergradient(g: Array, slope: Array) -> Array:
    """- sum_i g_i d delta_i/dh over the coordinates (axis 0): g (d, batch) and slope (d, batch) give (batch,)."""
    return -jnp.sum(g * slope, axis=0)


def clamp(value: Array, bounds: Parameter) -> Array:
    """The nearest value within the bounds; an open end at 0 is replaced by the smallest normal number."""
    low = float(jnp.finfo(value.dtype).tiny) if bounds.open_low else bounds.low
    return jnp.clip(value, low, bounds.high)


def descend(
    value: Array,
    momentum: Array,
    u: Array,
    hyper_learning_rate: Array,
    hyper_momentum: Array,
    bounds: Parameter,
    clip: float | None = None,
) -> tuple[Array, Array, Array]:
    """(h, p, good) after p <- hyper_momentum p + u, h <- clamp(h - hyper_learning_rate p); an entry per trajectory.

    With a `clip` u is first brought within [-clip, clip]. Where u, the new h or p^2 is not finite, h and p stay as they
    are and `good` is false: one gradient that overflows must not spoil a coefficient for good. (u = 1e25 is finite in
    float32, but as a derivative of a loss it says nothing, unless it is clipped.)
    """
    pushed = hyper_momentum * momentum + (u if clip is None else jnp.clip(u, -clip, clip))
    moved = clamp(value - hyper_learning_rate * pushed, bounds)
    good = (pushed * pushed < jnp.inf) & (jnp.abs(moved) < jnp.inf)
    if clip is not None:
        good &= jnp.abs(u) < jnp.inf
    return jnp.where(good, moved, value), jnp.where(good, pushed, momentum), good


def learned(point: Optimizer, coefficients: Mapping[str, Descent], *, lag: int = 0, name: str = "") -> Optimizer:
    """`point` with some of its hyper-parameters learned by one-step hyper-gradient descent.

    Each learned coefficient h of `point` stays a hyper-parameter, now its initial value and limited to its bounds, and
    adds kappa_h and mu_h, the hyper learning rate and momentum. With `lag` = 0 step t is taken with h updated by u_t,
    which has seen g_t; with `lag` = 1 by u_{t-1}, so that h_t is a function of g_1 .. g_{t-1} only. State: "point" (the
    state of `point`), "values", "momenta" and, with a lag, "pending" (one entry per trajectory, x.shape[1:], for each
    learned name), "slopes" (like x for each name), "skipped" (int32, x.shape[1:]: how many hyper-gradients `descend`
    ignored). The derivative is that of the step before a projection, if there is one. Raises `UserError` for a name
    that `point` does not have or bounds outside the admitted range.
    """
    check_lag(lag)
    name = name or f"{point.name}-learned"
    if not coefficients:
        raise UserError(f"{point.name}: no coefficient to learn; name at least one of {', '.join(point.parameters)}")
    bounds = {key: bounds_of(key, point.parameters, rule, point.name) for key, rule in coefficients.items()}
    speeds = {}
    for key, rule in coefficients.items():
        rate = RATE.default if rule.hyper_learning_rate is None else rule.hyper_learning_rate
        speeds[f"kappa_{key}"] = replace(RATE, default=rate, meaning=f"step size of the descent on {key}")
        speeds[f"mu_{key}"] = replace(
            MOMENTUM, default=rule.hyper_momentum, meaning=f"momentum of the descent on {key}"
        )
    for key, parameter in speeds.items():
        parameter.refuse(key, parameter.default)

    def init(hyper: Hyper, x: Array) -> State:
        batch = np.shape(x)[1:]
        # nothing is compiled for what starts in NumPy
        xp = jnp if any(isinstance(value, jax.Array) for value in (x, *hyper.values())) else np
        values = {key: xp.broadcast_to(xp.asarray(hyper[key], x.dtype), batch) for key in bounds}
        none = {key: xp.zeros(batch, x.dtype) for key in bounds}
        state = {
            "point": point.init(_own(point, hyper, values), x),
            "values": values,
            "momenta": none,
            "slopes": {key: xp.zeros_like(x) for key in bounds},
            "skipped": xp.zeros(batch, np.int32),
        }
        return state | ({"pending": none} if lag else {})

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        seen = {key: hypergradient(g, slope) for key, slope in state["slopes"].items()}
        used = state["pending"] if lag else seen
        values, momenta, skipped = {}, {}, state["skipped"]
        for key, rule in coefficients.items():
            rate, momentum = (jnp.asarray(hyper[f"{what}_{key}"], g.dtype) for what in ("kappa", "mu"))
            before = state["values"][key], state["momenta"][key]
            *after, good = descend(*before, used[key], rate, momentum, bounds[key], rule.clip)
            if rule.start > 1:
                after = [jnp.where(clock.t >= rule.start, *pair) for pair in zip(after, before, strict=True)]
                good |= clock.t < rule.start
            values[key], momenta[key] = after
            skipped = jnp.where(good, skipped, skipped + 1)

        def taken(moving: Mapping[str, Array]) -> tuple[Array, tuple[Step, State]]:
            now, new = point.step(_own(point, hyper, {**values, **moving}), state["point"], g, clock)
            return now.delta, (now, new)

        slopes, now, new = {}, None, None
        for key, value in values.items():
            along = {key: jnp.ones_like(value)}
            # the step is taken from here too: evaluated apart, XLA keeps a part of it twice
            _, slopes[key], (now, new) = jax.jvp(taken, ({key: value},), (along,), has_aux=True)
        assert now is not None
        state = {"point": new, "values": values, "momenta": momenta, "slopes": slopes, "skipped": skipped}
        return now, state | ({"pending": seen} if lag else {})

    def observe(state: State, x: Array) -> State:
        assert point.observe is not None
        return {**state, "point": point.observe(state["point"], x)}

    return Optimizer(
        name,
        f"{point.summary}; {', '.join(bounds)} learned by one-step hyper-gradients",
        {**point.parameters, **bounds, **speeds},
        init,
        step,
        _traits(point, bounds, lag, name),
        point.source,
        observe if point.observe is not None else None,
        None if point.compensated is None else learned(point.compensated, coefficients, lag=lag, name=name),
    )


def _own(point: Optimizer, hyper: Hyper, values: Mapping[str, Array]) -> dict[str, Any]:
    """The hyper-parameters of `point`, the learned ones at their present values."""
    return {key: values[key] if key in values else hyper[key] for key in point.parameters}


def _traits(point: Optimizer, bounds: Mapping[str, Parameter], lag: int, name: str) -> dict[str, Any]:
    kind = "predictable" if lag else "adapted"
    traits = {
        **point.traits,
        "method": name,  # so that no statement about constant coefficients applies
        "moving": {**point.traits.get("moving", {}), **dict.fromkeys(bounds, kind)},
        "elementwise": False,  # u_t sums over the coordinates
        "learned": tuple(bounds),
    }
    if "free" in traits:
        traits["free"] = tuple(key for key in traits["free"] if key not in bounds)
    if "alpha" in bounds:
        traits["schedule"] = "custom"
    return traits
