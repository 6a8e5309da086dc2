"""Linear losses on the box [-1, 1]^d whose slope is positive once a period: the online problems of Reddi et al."""

import math
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.problems.coordinatewise import CHECK, constant_start
from madatheory.problems.problem import Array, Atoms, Constant, Constants, Oracle, Problem

BOX = (-1.0, 1.0)


def check_slopes(name: str, up: float, down: float) -> None:
    """`UserError` unless both slopes are finite and positive."""
    for label, slope in (("up", up), ("down", down)):
        if not (math.isfinite(slope) and slope > 0):
            raise UserError(f"{name}: slope {label} = {slope:g} is out of range: give a finite number > 0")


def linear_constants(up: float, down: float, mean: float, d: int) -> Constants:
    """L = 0, G = max(up, down), F_star = -d |mean slope| on the box."""
    check = f"{CHECK}::test_linear_constants"
    return Constants(
        Constant(0.0, "exact", "F is linear", check),
        Constant(max(up, down), "exact", "the slopes are the gradients", check),
        Constant(-d * abs(mean), "exact", "a linear function is least at a corner of the box", check),
    )


def regret_facts(best: np.ndarray) -> Mapping[str, Any]:
    """What a regret statistic needs for linear losses, `best` being the fixed point it compares with.

    `regret`: (x, g, t) -> f_t(x) - f_t(best) per trajectory, where g is the gradient of f_t; `best`: shape (d,).
    """

    def regret(x: Array, g: Array, t: Array) -> Array:
        return jnp.sum(g * (x - best.astype(x.dtype).reshape((-1,) + (1,) * (x.ndim - 1))), axis=0)

    return {"regret": regret, "best": best, "losses": "linear"}


def periodic_problem(
    name: str, summary: str, *, period: int, up: float, down: float, d: int, start: float, parameters: Mapping[str, Any]
) -> Problem:
    """f_t(x) = up sum_i x_i where t mod period = 1, else -down sum_i x_i; F is the mean loss of a period.

    Exact for t <= 2^51 in float64 and t <= 2^22 in float32.
    """
    x0 = constant_start(d, start)
    check_slopes(name, up, down)
    if period < 2:
        raise UserError(f"{name}: period = {period} is out of range: give an integer >= 2")
    if up <= (period - 1) * down:
        raise UserError(
            f"{name}: up = {up:g} must exceed (period - 1) down = {(period - 1) * down:g}, or -1 is not best"
        )
    mean = (up - (period - 1) * down) / period

    def slope(t: Array) -> Array:
        phase = t - period * jnp.floor((t + 0.5) / period)  # the half keeps the quotient off the integers
        return jnp.where(phase == 1, up, -down).astype(jnp.result_type(t))

    facts = dict(regret_facts(np.full(d, BOX[0])))
    facts["single_precision_steps"] = 2**22
    facts["period"], facts["slopes"] = period, (up, down)
    facts["loss"] = lambda x, t: slope(t) * jnp.sum(x, axis=0)
    return Problem(
        name,
        summary,
        d,
        x0,
        lambda x: mean * jnp.sum(x, axis=0),
        Oracle(
            "periodic",
            0,
            lambda w, dtype: jnp.zeros((0, *w.first.shape[1:]), dtype),
            lambda x, grad, xi, t: jnp.broadcast_to(slope(t).astype(x.dtype), x.shape),
            lambda x, grad, t: jnp.broadcast_to((slope(t) ** 2).astype(x.dtype), x.shape),
            Atoms(np.zeros(1), np.ones(1)),
        ),
        linear_constants(up, down, mean, d),
        lambda x: jnp.full_like(x, mean),
        {"A4": f"{name} is online: the loss of step t is fixed in advance, its gradient is not an unbiased one of F"},
        BOX,
        facts,
        parameters,
    )
