"""F(x) = sum_j 1 - exp(-x_j^2): a well in a plateau that is flat to all orders."""

import math

from madatheory.problems.coordinatewise import round_up
from madatheory.problems.problem import Constant
from madatheory.problems.scalar import Scalar, separable_entry

PROVED = "tests/problems/test_constants.py::test_scalar_constants"

exponential_function = Scalar(
    name="exponential",
    formula="(1-exp(-x^2))",
    phi=lambda x, f: 1 - f.exp(-(x * x)),
    derivative=lambda x, f: 2 * x * f.exp(-(x * x)),
    slope=Constant(round_up(math.sqrt(2) * math.exp(-0.5)), "exact", "|phi'| is largest at x^2 = 1/2", PROVED),
    curvature=Constant(2.0, "exact", "|phi''| = |2-4x^2| exp(-x^2) is largest at 0", PROVED),
    infimum=Constant(0.0, "exact", "phi >= 0 = phi(0)", PROVED),
    minimizer=0.0,
)
exponential = separable_entry(exponential_function, "a well in a very flat plateau")
