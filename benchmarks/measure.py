"""Side by side: every contender alive, one repetition each in turn, ratios taken round by round."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from benchmarks.process import Contender, Failed, Pool, Unavailable
from benchmarks.task import Workload

MOST_STEPS = 2 * 10**9
Size = tuple[int, int]
SIZES: tuple[Size, ...] = ((4096, 1), (1024, 10), (1024, 100), (64, 1000))
"""B and d."""


class Spread(NamedTuple):
    """Median and range over the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds, seconds of a repetition."""

    rounds: int = 5
    seconds: float = 0.6


@dataclass
class Timing:
    """One contender on one task: coordinate updates per second of wall and of CPU time, per round."""

    contender: str
    threads: int
    task: Workload
    compile: float = math.nan
    note: str = ""
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    reason: str = ""  # why there are no numbers
    failed: bool = False

    @property
    def rate(self) -> Spread:
        """Coordinate updates per second of wall time."""
        return Spread.of(self.wall)

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return asdict(self)


Tick = Callable[[str], None]
"""Called before each repetition with what is going on."""


def calibrate(contender: Contender, timing: Timing, seconds: float) -> None:
    """Prepare `timing.task` with the number of steps at which a repetition lasts `seconds`."""
    task = timing.task
    task = replace(task, T=max(16, min(task.T, int(2e6 / (task.B * task.d)))))
    most = 2**22 if task.problem == "reddi" else MOST_STEPS  # as far as single precision counts its steps
    for attempt in range(6):
        made = contender.prepare(task)
        if attempt == 0:
            contender.run(0)  # the first run of a process pays for what later ones find done
        if not timing.note:
            timing.compile, timing.note = made["seconds"], made["note"]
        ran = contender.run(0)
        spent = min(ran["wall"], ran["cpu"])  # beside other work the wall clock says how long it waited
        if spent >= seconds:
            break
        factor = 1.25 * seconds / max(spent, seconds / 400)
        task = replace(task, T=min(most, math.ceil(task.T * factor)))
    timing.task = task


def side_by_side(
    pool: Pool,
    entries: Mapping[str, tuple[str, int, Workload]],
    effort: Effort,
    tick: Tick,
) -> dict[str, Timing]:
    """Timings by label for label -> (contender, threads, task); T of the task is where calibration starts."""
    timings = {label: Timing(name, threads, task) for label, (name, threads, task) in entries.items()}
    for label, timing in timings.items():
        tick(f"compile {label}")
        try:
            calibrate(pool.get(timing.contender, timing.threads), timing, effort.seconds)
        except (Unavailable, Failed) as error:
            timing.reason, timing.failed = str(error), isinstance(error, Failed)
    for round_ in range(1, effort.rounds + 1):
        for label, timing in timings.items():
            if timing.reason:
                continue
            tick(label)
            try:
                got = pool.get(timing.contender, timing.threads).run(round_)
            except (Unavailable, Failed) as error:
                timing.reason, timing.failed = str(error), isinstance(error, Failed)
                continue
            timing.wall.append(got["updates"] / got["wall"])
            timing.cpu.append(got["updates"] / max(got["cpu"], 1e-9))
    return timings


def ratio(ours: Timing, rival: Timing) -> Spread:
    """Ours over the rival's updates per second, round by round."""
    return Spread.of([a / b for a, b in zip(ours.wall, rival.wall, strict=True)])
