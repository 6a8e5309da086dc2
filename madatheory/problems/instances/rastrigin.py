"""Rastrigin's function: F(x) = sum_i x_i^2 + A (1 - cos(2 pi x_i)); smooth, but its gradient is unbounded."""

import math

import jax.numpy as jnp

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start
from madatheory.problems.problem import Problem
from madatheory.problems.uncertified import uncertified


def build(d: int = 10, amplitude: float = 10.0, noise: str = "none", scale: float = 1.0, start: float = 3.3) -> Problem:
    """`amplitude` A >= 0 of the ripples; L = 2 + 4 pi^2 A would do for smoothness, but |d_i F| grows like 2|x_i|."""
    x0 = constant_start(d, start)
    if not 0 <= amplitude < math.inf:
        raise UserError(f"rastrigin: amplitude = {amplitude:g} is out of range: give a finite number >= 0")
    turn = 2 * math.pi
    return uncertified(
        "rastrigin",
        "sum x^2 + A(1 - cos 2 pi x)",
        lambda x: jnp.sum(x * x + amplitude * (1 - jnp.cos(turn * x)), axis=0),
        lambda x: 2 * x + turn * amplitude * jnp.sin(turn * x),
        start=x0,
        noise=noise,
        scale=scale,
        reasons={"A2": "the gradient of Rastrigin's function grows like 2x, so no G bounds it"},
        parameters={"d": d, "amplitude": amplitude, "noise": noise, "scale": scale, "start": start},
    )


rastrigin = ProblemEntry("rastrigin", "many local minima, gradients unbounded: outside the theory", build)
