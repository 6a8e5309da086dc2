"""F(x) = sum_j tanh(x_j)^2: bounded, exponentially flat far away."""

import math

from madatheory.problems.coordinatewise import round_up
from madatheory.problems.problem import Constant
from madatheory.problems.scalar import Scalar, separable_entry

PROVED = "tests/problems/test_constants.py::test_scalar_constants"

tanh_function = Scalar(
    name="tanh",
    formula="tanh(x)^2",
    phi=lambda x, f: f.tanh(x) * f.tanh(x),
    derivative=lambda x, f: 2 * f.tanh(x) * (1 - f.tanh(x) * f.tanh(x)),
    slope=Constant(
        round_up(4 / (3 * math.sqrt(3))), "exact", "|phi'| = 2u(1-u^2), u = |tanh x|, is largest at u^2 = 1/3", PROVED
    ),
    curvature=Constant(2.0, "exact", "phi'' = 2s(3s-2), s = 1/cosh(x)^2 in (0,1], is largest at s = 1", PROVED),
    infimum=Constant(0.0, "exact", "phi >= 0 = phi(0)", PROVED),
    minimizer=0.0,
)
tanh = separable_entry(tanh_function, "exponentially flat far away")
