"""Robust regression after Geman and McClure (1985): F(x) = (1/n) sum_j r_j^2/(1 + r_j^2), r_j = a_j.x - b_j."""

from madatheory.problems.data import REGRESSION
from madatheory.problems.ridges import Ridges, data_entry
from madatheory.problems.scalar import scalar_named

geman_mcclure = data_entry(
    "geman-mcclure",
    "robust regression on real data, minibatch noise",
    "Geman-McClure regression",
    REGRESSION,
    "numeric target",
    lambda table: Ridges(scalar_named("ratio"), table.rows, table.target, 1 / len(table.target)),
)
