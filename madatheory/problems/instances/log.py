"""F(x) = sum_j log(1 + x_j^2): unbounded, slope vanishing far away, one basin."""

from madatheory.problems.problem import Constant
from madatheory.problems.scalar import Scalar, separable_entry

PROVED = "tests/problems/test_constants.py::test_scalar_constants"

log_function = Scalar(
    name="log",
    formula="log(1+x^2)",
    phi=lambda x, f: f.log(1 + x * x),
    derivative=lambda x, f: 2 * x / (1 + x * x),
    slope=Constant(1.0, "exact", "2|x| <= 1 + x^2, with equality at |x| = 1", PROVED),
    curvature=Constant(2.0, "exact", "|phi''| = 2|1-x^2|/(1+x^2)^2 is largest at 0", PROVED),
    infimum=Constant(0.0, "exact", "phi >= 0 = phi(0)", PROVED),
    minimizer=0.0,
)
log = separable_entry(log_function, "slope vanishing far away")
