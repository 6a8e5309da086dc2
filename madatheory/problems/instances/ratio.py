"""F(x) = sum_j x_j^2/(1 + x_j^2): bounded, flat far away, one basin."""

import math

import jax.numpy as jnp
import numpy as np

from madatheory.catalogue import ProblemEntry
from madatheory.problems.problem import Constant, Problem
from madatheory.problems.separable import separable


def build(d: int = 10, noise: str = "uniform", scale: float = 1.0) -> Problem:
    """phi(x) = x^2/(1+x^2): |phi'| <= 3 sqrt(3)/8 (at x = 1/sqrt(3)), |phi''| <= 2 (at 0), inf = 0 (at 0)."""
    return separable(
        "ratio",
        "sum x^2/(1+x^2)",
        lambda x: x * x / (1 + x * x),
        slope=Constant(3 * math.sqrt(3) / 8, "upper", "phi'' = 0 at x^2 = 1/3", "test_constants"),
        curvature=Constant(2.0, "exact", "|phi''| = |2-6x^2|/(1+x^2)^3 is largest at 0", "test_constants"),
        infimum=Constant(0.0, "exact", "phi >= 0 = phi(0)", "test_constants"),
        start=np.full(d, 1.0),
        noise=noise,
        scale=scale,
    )


ratio = ProblemEntry("ratio", "sum x^2/(1+x^2), bounded and flat far away", build)
