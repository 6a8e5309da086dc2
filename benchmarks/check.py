"""Equal work: every contender's statistic agrees with ours, and ours with an independent float64 recurrence."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks.measure import Tick
from benchmarks.process import Failed, Pool, Unavailable
from benchmarks.reference import recurrence
from benchmarks.task import Workload

STANDARD_ERRORS, ONE_TRAJECTORY, REFERENCE = 4.0, 1e-3, 1e-5


@dataclass(frozen=True)
class Agreement:
    """How far a contender's mean statistic is from ours, in units of what is allowed; `reason` if there is none."""

    contender: str
    task: Workload
    distance: float = math.nan
    allowed: float = math.nan
    unit: str = ""
    reason: str = ""
    failed: bool = False

    @property
    def holds(self) -> bool | None:
        """None where nothing was measured."""
        return None if self.reason else self.distance <= self.allowed


Answer = dict[str, Any]


def with_ours(
    pool: Pool, contender: str, threads: int, task: Workload, ours: Callable[[Workload], Answer]
) -> Agreement:
    """Both do `task`, with different seeds; several trajectories: within 4 standard errors, one: to 1e-3 relative."""
    try:
        a = ours(task)
        process = pool.get(contender, threads)
        process.prepare(task)
        b = process.run(1)
    except (Unavailable, Failed) as error:
        return Agreement(contender, task, reason=str(error), failed=isinstance(error, Failed))
    apart = abs(a["mean"] - b["mean"])
    if a["values"] == 1:
        return Agreement(contender, task, apart / abs(a["mean"]), ONE_TRAJECTORY, "relative")
    return Agreement(contender, task, apart / math.hypot(a["error"], b["error"]), STANDARD_ERRORS, "standard errors")


def our_answers(pool: Pool, name: str = "ours") -> Callable[[Workload], Answer]:
    """What `name` answers with seed 0, computed once per task."""

    @cache
    def answer(task: Workload) -> Answer:
        process = pool.get(name, 1)
        process.prepare(task)
        return process.run(0)

    return answer


def with_reference(pool: Pool, task: Workload, ours: str = "ours") -> Agreement:
    """Ours in float32 against float64 on the same noise words: the mean over trajectories to 1e-5."""
    try:
        process = pool.get(ours, 1)
        process.prepare(task)
        mean = process.run(7)["mean"]
    except (Unavailable, Failed) as error:
        return Agreement("float64 recurrence", task, reason=str(error), failed=isinstance(error, Failed))
    exact = float(recurrence(task, 7).mean())
    return Agreement("float64 recurrence", task, abs(mean / exact - 1), REFERENCE, "relative")


def all_checks(
    pool: Pool, rivals: Sequence[tuple[str, int, Workload]], references: Sequence[Workload], tick: Tick
) -> list[Agreement]:
    """Every rival on its own kind of task, and ours against the recurrence on `references`."""
    found, ours = [], our_answers(pool)
    for name, threads, task in rivals:
        tick(f"equal work: {name} {task.optimizer}")
        found.append(with_ours(pool, name, threads, task, ours))
    for task in references:
        tick(f"equal work: float64 recurrence, {task.optimizer}, {task.generator}")
        found.append(with_reference(pool, task))
    return found
