"""Coefficients learned while the optimizer runs: one-step hyper-gradient descent on any of its hyper-parameters.

With the state before step t-1 held constant, the loss at x_{t-1} = x_{t-2} - delta_{t-1} has the derivative

    u_t = dl_t/dh = <g_t, dx_{t-1}/dh> = - sum_i g_{t,i} d delta_{t-1,i}/dh        (one number per trajectory)

in a coefficient h, and before step t is taken

    p <- mu p + u_t,      h <- clamp(h - kappa p).

A u_t that is not finite, or so large that the square of p overflows, is ignored: h and p keep their last good values.

The slopes d delta/dh come from forward-mode differentiation of the step itself, so each convention and coefficient has
one formula. Source: Baydin et al. (ICLR 2018) for alpha, Ozkara et al. (MADA, ICML 2024) for the family.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError, unknown
from madatheory.hparams import Parameter
from madatheory.optimizers.optimizer import Array, Clock, Hyper, Optimizer, State, Step

BOXES: Mapping[str, tuple[float, float]] = {
    "alpha": (0.0, np.inf),
    "beta1": (0.01, 0.99),
    "beta2": (0.501, 0.99),
    "beta3": (0.0, 0.99),
    "rho": (0.0, 1.0),
    "c": (0.0, 1.0),
    "gamma": (0.0, 1.0),
}
"""Where a coefficient is kept unless told otherwise (Ozkara et al. 2024, and alpha > 0)."""

SAFEGUARDS = ("none", "max", "sum")
"""No safeguard, T8's and T8log's."""
_INSIDE = ("beta2", "beta3", "rho", "c")  # what T8 and T8log allow to move


def refuse_unsafe(names: Iterable[str], convention: str) -> None:
    """The safeguarded form exists for the sake of T8 and T8log, so it is refused outside of what they state."""
    if convention != "theory":
        raise UserError("mada: a safeguard is defined for the theory form: the convention must be 'theory'")
    for name in names:
        if name not in _INSIDE:
            raise UserError(
                f"mada: with a safeguard {name} cannot be learned: T8 and T8log let only {', '.join(_INSIDE)} move "
                "(docs/theory.md, T8: the restrictions are needed)"
            )


@dataclass(frozen=True)
class Learned:
    """How one coefficient is learned: step size and momentum of its descent, its box, and the first step that learns.

    `kappa` and `mu` are defaults of the hyper-parameters kappa_<name> and mu_<name>. `low` and `high` default to
    `BOXES`, and to the hyper-parameter's own range for a name not there. Before step `start` nothing is learned.
    """

    kappa: float = 0.01
    mu: float = 0.0
    low: float | None = None
    high: float | None = None
    start: int = 1


def hypergradient(g: Array, slope: Array) -> Array:
    """- sum_i g_i d delta_i/dh over the coordinates (axis 0): g (d, lanes) and slope (d, lanes) give (lanes,)."""
    return -jnp.sum(g * slope, axis=0)


def clamp(value: Array, box: Parameter) -> Array:
    """The nearest point of the box; an open end at 0 is replaced by the smallest normal number."""
    low = float(jnp.finfo(value.dtype).tiny) if box.open_low else box.low
    return jnp.clip(value, low, box.high)


def descend(
    value: Array, momentum: Array, u: Array, kappa: Array, mu: Array, box: Parameter
) -> tuple[Array, Array, Array]:
    """(h, p, good) after p <- mu p + u, h <- clamp(h - kappa p); each with one entry per trajectory.

    Where the new h or p^2 is not finite, both stay as they are and `good` is false: one gradient that overflows must
    not spoil a coefficient for good. (u = 1e25 is finite in float32, but as a derivative of a loss it says nothing.)
    """
    pushed = mu * momentum + u
    moved = clamp(value - kappa * pushed, box)
    good = (pushed * pushed < jnp.inf) & (jnp.abs(moved) < jnp.inf)
    return jnp.where(good, moved, value), jnp.where(good, pushed, momentum), good


def learned(point: Optimizer, coefficients: Mapping[str, Learned], *, lag: int = 0, name: str = "") -> Optimizer:
    """`point` with some of its hyper-parameters learned by one-step hyper-gradient descent.

    Each learned coefficient h of `point` stays a hyper-parameter, now its initial value and limited to its box, and
    adds kappa_h and mu_h. With `lag` = 0 step t is taken with h updated by u_t, which has seen g_t; with `lag` = 1 by
    u_{t-1}, so that h_t is a function of g_1 .. g_{t-1} only. State: "point" (the state of `point`), "values",
    "momenta" and, with a lag, "pending" (one entry per trajectory, x.shape[1:], for each learned name), "slopes"
    (like x for each name), "skipped" (int32, x.shape[1:]: how many hyper-gradients `descend` ignored). The derivative
    is that of the step before a projection, if there is one. Raises `UserError` for a name that `point` does not have
    or a box outside the admitted range.
    """
    if lag not in (0, 1):
        raise UserError(f"lag = {lag!r}: give 0 (h_t sees g_t) or 1 (h_t is a function of g_1 .. g_(t-1))")
    name = name or f"{point.name}-learned"
    if not coefficients:
        raise UserError(f"{point.name}: no coefficient to learn; name at least one of {', '.join(point.parameters)}")
    boxes = {key: _box(point, key, rule) for key, rule in coefficients.items()}
    speeds = {}
    for key, rule in coefficients.items():
        speeds[f"kappa_{key}"] = Parameter(rule.kappa, 0, meaning=f"step size of the descent on {key}")
        speeds[f"mu_{key}"] = Parameter(rule.mu, 0, 1, open_high=True, meaning=f"momentum of the descent on {key}")
    for key, parameter in speeds.items():
        parameter.refuse(key, parameter.default)

    def init(hyper: Hyper, x: Array) -> State:
        lanes = np.shape(x)[1:]
        # nothing is compiled for what starts in NumPy
        xp = jnp if any(isinstance(value, jax.Array) for value in (x, *hyper.values())) else np
        values = {key: xp.broadcast_to(xp.asarray(hyper[key], x.dtype), lanes) for key in boxes}
        none = {key: xp.zeros(lanes, x.dtype) for key in boxes}
        state = {
            "point": point.init(_own(point, hyper, values), x),
            "values": values,
            "momenta": none,
            "slopes": {key: xp.zeros_like(x) for key in boxes},
            "skipped": xp.zeros(lanes, np.int32),
        }
        return state | ({"pending": none} if lag else {})

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        seen = {key: hypergradient(g, slope) for key, slope in state["slopes"].items()}
        used = state["pending"] if lag else seen
        values, momenta, skipped = {}, {}, state["skipped"]
        for key, rule in coefficients.items():
            kappa, mu = (jnp.asarray(hyper[f"{what}_{key}"], g.dtype) for what in ("kappa", "mu"))
            before = state["values"][key], state["momenta"][key]
            *after, good = descend(*before, used[key], kappa, mu, boxes[key])
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
        f"{point.summary}; {', '.join(boxes)} learned by one-step hyper-gradients",
        {**point.parameters, **boxes, **speeds},
        init,
        step,
        _traits(point, boxes, lag, name),
        point.source,
        observe if point.observe is not None else None,
        None if point.compensated is None else learned(point.compensated, coefficients, lag=lag, name=name),
    )


def _own(point: Optimizer, hyper: Hyper, values: Mapping[str, Array]) -> dict[str, Any]:
    """The hyper-parameters of `point`, the learned ones at their present values."""
    return {key: values[key] if key in values else hyper[key] for key in point.parameters}


def _box(point: Optimizer, key: str, rule: Learned) -> Parameter:
    """The hyper-parameter `key` of `point` with its range narrowed to the box."""
    if key not in point.parameters:
        raise unknown(f"coefficient of {point.name}", key, point.parameters)
    full = point.parameters[key]
    low, high = BOXES.get(key, (full.low, full.high))
    low, high = low if rule.low is None else rule.low, high if rule.high is None else rule.high
    if not low < high:
        raise UserError(f"{key}: the box [{low:g}, {high:g}] is empty; give low < high")
    open_low = full.open_low and low == full.low == 0
    ends = {"low": None if open_low else low, "high": None if high == np.inf else high}
    for end, value in ends.items():
        if value is not None:
            full.refuse(f"{end} end of the box of {key}", value)
    if rule.start < 1 or rule.start != int(rule.start):
        raise UserError(f"start of {key} = {rule.start!r}: give the number of a step, 1, 2, ..")
    # a default outside the box moves to its end; a value that is given there is refused by the range
    default = min(max(full.default, low), high)
    return replace(full, default=default, low=low, high=high, open_low=open_low, open_high=high == np.inf)


def _traits(point: Optimizer, boxes: Mapping[str, Parameter], lag: int, name: str) -> dict[str, Any]:
    kind = "predictable" if lag else "adapted"
    traits = {
        **point.traits,
        "method": name,  # so that no statement about constant coefficients applies
        "moving": {**point.traits.get("moving", {}), **dict.fromkeys(boxes, kind)},
        "elementwise": False,  # u_t sums over the coordinates
        "learned": tuple(boxes),
    }
    if "free" in traits:
        traits["free"] = tuple(key for key in traits["free"] if key not in boxes)
    if "alpha" in boxes:
        traits["schedule"] = "custom"
    return traits
