"""A statistic is a streaming metric of the time loop: nothing of the path is stored but what it carries.

The engine hard-wires no metric. It sees one `Event` per step and keeps a small state; `read` gives its value so
far. Running averages with any weights, minima, values at recorded times and the terms of a proof are all statistics.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError, check_text
from madatheory.optimizers.optimizer import Clock, State, Step
from madatheory.problems.problem import Problem
from madatheory.structure import conform, kind

Array = Any


class Context(NamedTuple):
    """What is known before step 1: start (d, batch), hyper-parameters (batch,), the problem, the clock at t = 0."""

    x: Array
    hyper: Mapping[str, Array]
    problem: Problem
    clock: Clock


class Event(NamedTuple):
    """One step of every trajectory, coordinates on axis 0.

    `x` = x_{t-1}, `next` = x_t, `grad` = grad F(x_{t-1}), `g` = g_t, `step` = what the optimizer did, `hyper` as in
    `Context`, `state` = the optimizer's state after the step (where learned coefficients live).
    """

    clock: Clock
    x: Array
    next: Array
    grad: Array
    g: Array
    step: Step
    hyper: Mapping[str, Array]
    problem: Problem
    state: State

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
    """A streaming metric: `init(context)`, `step(state, event)`, `read(state, clock)`; the value is (*extra, batch).

    `name` is that of the variable in the data set, `dims` names the extra axes (e.g. ("coordinate",)),
    `formula` is what it computes, for labels and files.
    """

    name: str
    formula: str
    init: Callable[[Context], Any]
    step: Callable[[Any, Event], Any]
    read: Callable[[Any, Clock], Array]
    dims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_text(f"statistic {self.name!r}", name=self.name, formula=self.formula)


def check_statistics(given: object) -> tuple[Statistic, ...]:
    """One statistic or several as a tuple; `UserError` for anything else."""
    several = given if isinstance(given, Sequence) else (given,)
    if not several:
        raise UserError("no statistics: name at least one quantity to measure")
    for statistic in several:
        if not isinstance(statistic, Statistic):
            raise UserError(
                f"statistic {kind(statistic)}: give Statistics, such as those of madatheory.engine.statistic"
            )
        conform(statistic, f"statistic {statistic.name!r:.60}")
    return tuple(several)


def _zeros(c: Context, dims: tuple[str, ...]) -> Array:
    return np.zeros(c.x.shape if dims else c.x.shape[1:], c.x.dtype)


def _empty_sum(c: Context, dims: tuple[str, ...]) -> tuple[Array, ...]:
    zero = _zeros(c, dims)
    return (zero,) if zero.dtype.itemsize >= 8 else (zero, zero)


def _add(state: tuple[Array, ...], term: Array) -> tuple[Array, ...]:
    """One more term of a sum; below float64 a compensated sum (sum, lost), Kahan 1965.

    A plain float32 sum of 0.1 is off by 1e-2 after 1e6 steps, this one by a few units in the last place.
    """
    if len(state) == 1:
        return (state[0] + term,)
    sum_, lost = state
    corrected = term - lost
    new = sum_ + corrected
    return new, (new - sum_) - corrected


def total(
    name: str, formula: str, term: Callable[[Event], Array], *, mean: bool = False, dims: tuple[str, ...] = ()
) -> Statistic:
    """sum over steps of `term(event)`; `mean` divides by the number of steps.

    One number per trajectory, or one per coordinate with dims = ("coordinate",).
    """

    def read(state: tuple[Array, ...], clock: Clock) -> Array:
        return state[0] / clock.t if mean else state[0]

    return Statistic(name, formula, lambda c: _empty_sum(c, dims), lambda s, e: _add(s, term(e)), read, dims)


def latest(name: str, formula: str, term: Callable[[Event], Array], *, dims: tuple[str, ...] = ()) -> Statistic:
    """The value of `term` at the latest step; recorded at many times it is a thinned history."""
    return Statistic(name, formula, lambda c: _zeros(c, dims), lambda s, e: term(e), lambda s, clock: s, dims)


def extreme(name: str, formula: str, term: Callable[[Event], Array], kind: str = "max") -> Statistic:
    """The running maximum (`kind` = "max") or minimum ("min") of `term`."""
    if kind not in ("max", "min"):
        raise UserError(f"{name}: kind = {kind!r} is unknown; give 'max' or 'min'")
    worst, pick = (-jnp.inf, jnp.maximum) if kind == "max" else (jnp.inf, jnp.minimum)
    return Statistic(
        name,
        formula,
        lambda c: np.full(c.x.shape[1:], worst, c.x.dtype),
        lambda s, e: pick(s, term(e)),
        lambda s, clock: s,
    )


def squared_norm(x: Array) -> Array:
    """|x|^2 per trajectory."""
    return jnp.sum(x * x, axis=0)


mean_squared_gradient = total(
    "mean_squared_gradient", "(1/t) sum_{s<=t} |grad F(x_{s-1})|^2", lambda e: squared_norm(e.grad), mean=True
)
squared_gradient_over_root_t = total(
    "squared_gradient_over_root_t",
    "sum_{s<=t} |grad F(x_{s-1})|^2/sqrt(s)",
    lambda e: squared_norm(e.grad) / jnp.sqrt(e.clock.t),
)
min_squared_gradient = extreme(
    "min_squared_gradient", "min_{s<=t} |grad F(x_{s-1})|^2", lambda e: squared_norm(e.grad), "min"
)
last_squared_gradient = latest("last_squared_gradient", "|grad F(x_{t-1})|^2", lambda e: squared_norm(e.grad))
largest_gradient = extreme(
    "largest_gradient", "max_{s<=t} max_i |g_{s,i}|", lambda e: jnp.max(jnp.abs(e.g), axis=0), "max"
)
largest_step = extreme(
    "largest_step", "max_{s<=t} max_i |x_{s,i} - x_{s-1,i}|", lambda e: jnp.max(jnp.abs(e.next - e.x), axis=0), "max"
)
final_value = latest("final_value", "F(x_t)", lambda e: e.value())
mean_value = total("mean_value", "(1/t) sum_{s<=t} F(x_s)", lambda e: e.value(), mean=True)
min_value = extreme("min_value", "min_{s<=t} F(x_s)", lambda e: e.value(), "min")
iterate = latest("iterate", "x_t", lambda e: e.next, dims=("coordinate",))
mean_iterate = total("mean_iterate", "(1/t) sum_{s<=t} x_s", lambda e: e.next, mean=True, dims=("coordinate",))
