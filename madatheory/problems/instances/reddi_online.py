"""Reddi, Kale, Kumar 2018, section 5, online: f_t = 1010 x once in 101 steps, else -10 x."""

from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.periodic import periodic_problem
from madatheory.problems.problem import Problem


def build(period: int = 101, up: float = 1010.0, down: float = 10.0, d: int = 1, start: float = 0.0) -> Problem:
    """f_t(x) = up x if t mod period = 1, else -down x, on [-1, 1]; up > (period - 1) down, so -1 is best."""
    return periodic_problem(
        "reddi-online",
        f"f_t = {up:g}x once in {period} steps, else -{down:g}x, on [-1,1]",
        period=period,
        up=up,
        down=down,
        d=d,
        start=start,
        parameters={"period": period, "up": up, "down": down, "d": d, "start": start},
    )


reddi_online = ProblemEntry("reddi-online", "online, f_t = 1010x once in 101 steps, else -10x, on [-1,1]", build)
