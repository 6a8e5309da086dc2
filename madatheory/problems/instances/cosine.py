"""F(x) = sum_j 1 - cos(x_j) + log(1 + x_j^2)/10: many local minima, one global."""

from madatheory.problems.coordinatewise import round_up
from madatheory.problems.problem import Constant
from madatheory.problems.scalar import Scalar, separable_entry

PROVED = "tests/problems/test_constants.py::test_scalar_constants"
SLOPE = 1.0908990854976248  # the float above 1.09089908549762480455..

cosine_function = Scalar(
    name="cosine",
    formula="(1-cos(x)+log(1+x^2)/10)",
    phi=lambda x, f: 1 - f.cos(x) + f.log(1 + x * x) / 10,
    derivative=lambda x, f: f.sin(x) + x / (5 * (1 + x * x)),
    slope=Constant(SLOPE, "exact", "the largest critical value of |sin x + 0.2x/(1+x^2)|, next to x = 1.5", PROVED),
    curvature=Constant(round_up(1.2), "exact", "|cos x| + 0.2|1-x^2|/(1+x^2)^2 <= 1.2, attained at 0", PROVED),
    infimum=Constant(0.0, "exact", "phi >= 0 = phi(0)", PROVED),
    minimizer=0.0,
)
cosine = separable_entry(cosine_function, "many local minima")
