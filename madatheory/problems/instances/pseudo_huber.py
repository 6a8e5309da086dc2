"""F(x) = sum_j sqrt(1 + x_j^2) - 1: convex, linear far away (Charbonnier, pseudo-Huber)."""

from madatheory.problems.problem import Constant
from madatheory.problems.scalar import Scalar, separable_entry

PROVED = "tests/problems/test_constants.py::test_scalar_constants"

pseudo_huber_function = Scalar(
    name="pseudo-huber",
    formula="(sqrt(1+x^2)-1)",
    phi=lambda x, f: x * x / (1 + f.sqrt(1 + x * x)),
    derivative=lambda x, f: x / f.sqrt(1 + x * x),
    slope=Constant(1.0, "exact", "|phi'| = |x|/sqrt(1+x^2) < 1, approached far away", PROVED),
    curvature=Constant(1.0, "exact", "phi'' = (1+x^2)^{-3/2} is largest at 0", PROVED),
    infimum=Constant(0.0, "exact", "phi >= 0 = phi(0)", PROVED),
    minimizer=0.0,
    convex="phi'' = (1+x^2)^{-3/2} > 0",
)
pseudo_huber = separable_entry(pseudo_huber_function, "convex, linear far away")
