"""F(x) = -(slope stride/(2 pi)) sum sin(2 pi x_j/stride): at every multiple of `stride` the gradient is -slope."""

import math
from dataclasses import replace

import jax.numpy as jnp

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start, round_up
from madatheory.problems.problem import Array, Constant, Problem
from madatheory.problems.separable import separable

PROVED = "proofs_check/coq/DivergenceConstantStep.v"


def build(stride: float = 0.25, slope: float = 1.0, d: int = 1, start: float = 0.0) -> Problem:
    """F' = -slope cos(2 pi x/stride) per coordinate: bounded by slope, L = 2 pi slope/stride, no noise.

    After Toint (2023, arXiv 2308.00720), by a construction of our own: at every multiple of `stride` the gradient is
    -slope, so a method whose step depends on nothing but constant gradients walks over all hills.
    """
    for label, value in (("stride", stride), ("slope", slope)):
        if not (math.isfinite(value) and value > 0):
            raise UserError(f"wave: {label} = {value:g} is out of range: give a finite number > 0")
    turn, height = 2 * math.pi / stride, slope * stride / (2 * math.pi)

    def derivative(x: Array) -> Array:
        return -slope * jnp.cos(turn * x)

    problem = separable(
        "wave",
        f"-{height:.3g} sum sin({turn:.3g}x_j): hills at the distance of a constant step",
        lambda x: -height * jnp.sin(turn * x),
        slope=Constant(slope, "exact", "|cos| <= 1, attained at 0", PROVED),
        curvature=Constant(round_up(turn * slope), "upper", "|sin| <= 1", PROVED),
        infimum=Constant(-round_up(height), "lower", "sin <= 1", PROVED),
        start=constant_start(d, start),
        noise="none",
        scale=0.0,
        derivative=derivative,
    )
    given = {"stride": stride, "slope": slope, "d": d, "start": start}
    return replace(problem, facts={"stride": stride, "slope": slope}, parameters=given)


wave = ProblemEntry("wave", "hills at the distance of a constant step, no noise", build)
