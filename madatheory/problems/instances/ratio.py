"""F(x) = sum_j x_j^2/(1 + x_j^2): bounded, flat far away, one basin."""

import math

from madatheory.problems.coordinatewise import round_up
from madatheory.problems.problem import Constant
from madatheory.problems.scalar import Scalar, separable_entry

PROVED = "tests/problems/test_constants.py::test_scalar_constants"

ratio_function = Scalar(
    name="ratio",
    formula="x^2/(1+x^2)",
    phi=lambda x, f: x * x / (1 + x * x),
    derivative=lambda x, f: 2 * x / ((1 + x * x) * (1 + x * x)),
    slope=Constant(round_up(3 * math.sqrt(3) / 8), "exact", "|phi'| is largest where phi'' = 0, x^2 = 1/3", PROVED),
    curvature=Constant(2.0, "exact", "|phi''| = |2-6x^2|/(1+x^2)^3 is largest at 0", PROVED),
    infimum=Constant(0.0, "exact", "phi >= 0 = phi(0)", PROVED),
    minimizer=0.0,
)
ratio = separable_entry(ratio_function, "bounded and flat far away")
