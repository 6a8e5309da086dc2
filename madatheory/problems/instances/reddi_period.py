"""Reddi, Kale, Kumar 2018, Theorem 1: f_t = C x once in three steps, else -x; Adam without momentum goes to +1."""

from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.periodic import periodic_problem
from madatheory.problems.problem import Problem


def build(C: float = 4.0, d: int = 1, start: float = 0.0) -> Problem:
    """f_t(x) = C x if t mod 3 = 1, else -x, on [-1, 1]; C > 2, so -1 is best. Their beta2 is 1/(1 + C^2)."""
    return periodic_problem(
        "reddi-period",
        f"f_t = {C:g}x once in 3 steps, else -x, on [-1,1]",
        period=3,
        up=C,
        down=1.0,
        d=d,
        start=start,
        parameters={"C": C, "d": d, "start": start},
    )


reddi_period = ProblemEntry("reddi-period", "online, f_t = Cx once in 3 steps, else -x, on [-1,1]", build)
