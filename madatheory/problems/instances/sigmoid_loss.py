"""Classification with the sigmoid loss: F(x) = (1/n) sum_j 1/(1 + exp(y_j a_j.x)), smooth, bounded and nonconvex."""

import math

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start, round_up
from madatheory.problems.data import CLASSIFICATION, sample
from madatheory.problems.problem import Constant, Problem
from madatheory.problems.ridges import Ridges, minibatch_problem
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


def build(
    data: str = "breast-cancer",
    n: int = 128,
    batches: int = 8,
    data_seed: int = 0,
    noise: str = "minibatch",
    scale: float = 1.0,
    start: float = 0.0,
) -> Problem:
    """`n` rows (0: all) of a bundled data set in `batches` equally likely minibatches; `scale` is for other noises."""
    if data not in CLASSIFICATION:
        raise UserError(f"data = {data!r} has no two classes here; give one of {', '.join(CLASSIFICATION)}")
    table = sample(data, n, batches, data_seed)
    return minibatch_problem(
        "sigmoid-loss",
        f"sigmoid loss on {data} ({CLASSIFICATION[data][1]}), {len(table.target)} rows",
        Ridges(sigmoid, table.target[:, None] * table.rows, 0 * table.target, 1 / len(table.target)),
        batches=batches,
        start=constant_start(table.rows.shape[1], start),
        noise=noise,
        scale=scale,
        parameters={"data": data, "n": n, "batches": batches, "data_seed": data_seed, "noise": noise, "scale": scale},
    )


sigmoid_loss = ProblemEntry("sigmoid-loss", "classification of real data with the sigmoid loss, minibatch noise", build)
