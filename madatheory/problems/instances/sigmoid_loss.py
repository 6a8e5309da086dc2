"""Classification with the sigmoid loss: F(x) = (1/n) sum_j 1/(1 + exp(y_j a_j.x)), smooth, bounded and nonconvex."""

import math

from madatheory.problems.coordinatewise import round_up
from madatheory.problems.data import CLASSIFICATION
from madatheory.problems.problem import Constant
from madatheory.problems.ridges import Ridges, data_entry
from madatheory.problems.scalar import Scalar

PROVED = "tests/problems/test_constants.py::test_scalar_constants"

sigmoid = Scalar(
    name="sigmoid",
    formula="1/(1+exp(x))",
    phi=lambda x, f: (1 - f.tanh(x / 2)) / 2,  # no overflow, in the derivative either
    derivative=lambda x, f: -(1 - f.tanh(x / 2) * f.tanh(x / 2)) / 4,
    slope=Constant(0.25, "exact", "|phi'| = phi(1-phi) is largest at phi = 1/2", PROVED),
    curvature=Constant(
        round_up(math.sqrt(3) / 18),
        "exact",
        "|phi''| = phi(1-phi)|1-2phi| is largest at phi(1-phi) = 1/6",
        PROVED,
    ),
    infimum=Constant(0.0, "exact", "phi > 0, approached for x -> inf", PROVED),
    minimizer=None,
)


sigmoid_loss = data_entry(
    "sigmoid-loss",
    "classification of real data with the sigmoid loss, minibatch noise",
    "sigmoid loss",
    CLASSIFICATION,
    "two classes here",
    lambda table: Ridges(sigmoid, table.target[:, None] * table.rows, 0 * table.target, 1 / len(table.target)),
)
