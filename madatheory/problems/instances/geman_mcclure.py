"""Robust regression after Geman and McClure (1985): F(x) = (1/n) sum_j r_j^2/(1 + r_j^2), r_j = a_j.x - b_j."""

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start
from madatheory.problems.data import REGRESSION, sample
from madatheory.problems.problem import Problem
from madatheory.problems.ridges import Ridges, minibatch_problem
from madatheory.problems.scalar import scalar_named


def build(
    data: str = "diabetes",
    n: int = 128,
    batches: int = 8,
    data_seed: int = 0,
    noise: str = "minibatch",
    scale: float = 1.0,
    start: float = 0.0,
) -> Problem:
    """`n` rows (0: all) of a bundled data set in `batches` equally likely minibatches; `scale` is for other noises."""
    if data not in REGRESSION:
        raise UserError(f"data = {data!r} has no numeric target; give one of {', '.join(REGRESSION)}")
    table = sample(data, n, batches, data_seed)
    return minibatch_problem(
        "geman-mcclure",
        f"Geman-McClure regression on {data} ({REGRESSION[data][1]}), {len(table.target)} rows",
        Ridges(scalar_named("ratio"), table.rows, table.target, 1 / len(table.target)),
        batches=batches,
        start=constant_start(table.rows.shape[1], start),
        noise=noise,
        scale=scale,
        parameters={"data": data, "n": n, "batches": batches, "data_seed": data_seed, "noise": noise, "scale": scale},
    )


geman_mcclure = ProblemEntry("geman-mcclure", "robust regression on real data, minibatch noise", build)
