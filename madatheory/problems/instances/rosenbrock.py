"""Rosenbrock's valley: F(x) = sum_{i<d} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2; outside the theory."""

import jax.numpy as jnp

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start
from madatheory.problems.problem import Array, Problem
from madatheory.problems.uncertified import uncertified


def value(x: Array) -> Array:
    """F(x), shape of x without axis 0."""
    head, tail = x[:-1], x[1:]
    return jnp.sum(100 * (tail - head * head) ** 2 + (1 - head) ** 2, axis=0)


def gradient(x: Array) -> Array:
    """grad F(x)."""
    head, tail = x[:-1], x[1:]
    bend = tail - head * head
    left = -400 * head * bend - 2 * (1 - head)
    zero = jnp.zeros_like(x[:1])
    return jnp.concatenate([left, zero]) + jnp.concatenate([zero, 200 * bend])


def build(d: int = 2, noise: str = "none", scale: float = 1.0, start: float = -1.0) -> Problem:
    """d >= 2 coordinates, starting at (start, .., start)."""
    x0 = constant_start(d, start)
    if d < 2:
        raise UserError(f"rosenbrock: d = {d} is out of range: its valley needs d >= 2")
    return uncertified(
        "rosenbrock",
        "sum 100(x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
        value,
        gradient,
        start=x0,
        noise=noise,
        scale=scale,
        reasons={
            "A2": "the gradient of Rosenbrock's function is a cubic, so no G bounds it",
            "A3": "the Hessian of Rosenbrock's function is quadratic in x, so no L bounds it",
        },
        parameters={"d": d, "noise": noise, "scale": scale, "start": start},
    )


rosenbrock = ProblemEntry(
    "rosenbrock", "the curved valley; gradients unbounded and not smooth: outside the theory", build
)
