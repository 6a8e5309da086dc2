"""A statistic is folded into the time loop: nothing of the path is stored but what it carries.

The engine hard-wires no metric. A fold sees one `Event` per step and keeps a small state; `read` gives its value so far.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp

from madatheory.optimizers.optimizer import Clock, Step
from madatheory.problems.problem import Problem

Array = Any


class Context(NamedTuple):
    """What is known before the first step: start (d, lanes), hyper-parameters (lanes), the problem, the clock at t = 0."""

    x: Array
    hyper: Mapping[str, Array]
    problem: Problem
    clock: Clock


class Event(NamedTuple):
    """One step of every trajectory, coordinates on axis 0.

    `x` = x_{t-1}, `next` = x_t, `grad` = grad F(x_{t-1}), `g` = g_t, `step` = what the optimizer did, `hyper` as in `Context`.
    """

    clock: Clock
    x: Array
    next: Array
    grad: Array
    g: Array
    step: Step
    hyper: Mapping[str, Array]
    problem: Problem

    @property
    def second_moment(self) -> Array:
        """E_{t-1} g_t^2 per coordinate."""
        moment = self.problem.oracle.second_moment
        if moment is None:
            raise ValueError(f"{self.problem.name} has no finite known second moment of its gradient")
        return moment(self.x, self.grad, self.clock.t)

    def value(self) -> Array:
        """F(x_t) per trajectory."""
        return self.problem.value(self.next)


@dataclass(frozen=True)
class Statistic:
    """A fold: `init(context)`, `step(state, event)`, `read(state, clock)`; the value has shape (*extra, lanes).

    `dims` names the extra axes (e.g. ("coordinate",)), `formula` is what it computes, for labels and files.
    """

    name: str
    formula: str
    init: Callable[[Context], Any]
    step: Callable[[Any, Event], Any]
    read: Callable[[Any, Clock], Array]
    dims: tuple[str, ...] = ()


def total(name: str, formula: str, term: Callable[[Event], Array], *, mean: bool = False) -> Statistic:
    """sum over steps of `term(event)` (one number per trajectory); `mean` divides by the number of steps."""

    def read(state: Array, clock: Clock) -> Array:
        return state / clock.t if mean else state

    return Statistic(name, formula, lambda c: jnp.zeros(c.x.shape[1:], c.x.dtype), lambda s, e: s + term(e), read)


def latest(name: str, formula: str, term: Callable[[Event], Array], *, dims: tuple[str, ...] = ()) -> Statistic:
    """The value of `term` at the latest step."""

    def init(c: Context) -> Array:
        shape = c.x.shape if dims else c.x.shape[1:]
        return jnp.zeros(shape, c.x.dtype)

    return Statistic(name, formula, init, lambda s, e: term(e), lambda s, clock: s, dims)


def extreme(name: str, formula: str, term: Callable[[Event], Array], kind: str = "max") -> Statistic:
    """The running maximum (`kind` = "max") or minimum ("min") of `term`."""
    worst, pick = (-jnp.inf, jnp.maximum) if kind == "max" else (jnp.inf, jnp.minimum)
    return Statistic(
        name,
        formula,
        lambda c: jnp.full(c.x.shape[1:], worst, c.x.dtype),
        lambda s, e: pick(s, term(e)),
        lambda s, clock: s,
    )


def squared_norm(x: Array) -> Array:
    """|x|^2 per trajectory."""
    return jnp.sum(x * x, axis=0)


mean_squared_gradient = total(
    "mean_squared_gradient", "(1/t) sum_{s<=t} |grad F(x_{s-1})|^2", lambda e: squared_norm(e.grad), mean=True
)
min_squared_gradient = extreme(
    "min_squared_gradient", "min_{s<=t} |grad F(x_{s-1})|^2", lambda e: squared_norm(e.grad), "min"
)
largest_gradient = extreme(
    "largest_gradient", "max_{s<=t} max_i |g_{s,i}|", lambda e: jnp.max(jnp.abs(e.g), axis=0), "max"
)
final_value = latest("final_value", "F(x_t)", lambda e: e.value())
iterate = latest("iterate", "x_t", lambda e: e.next, dims=("coordinate",))
