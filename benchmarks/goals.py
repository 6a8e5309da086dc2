"""The goals, each an object: what is claimed, what must hold, what is aimed at, and how it is measured."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from benchmarks.check import Agreement
from benchmarks.costs import FeatureCost, costs
from benchmarks.measure import SIZES, Effort, Size, Spread, Tick, Timing, ratio, side_by_side
from benchmarks.process import Failed, Pool
from benchmarks.profiling import Part, profile
from benchmarks.task import Workload


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured of a goal, against its "must" and its "aim"."""

    goal: str
    what: str
    measured: Spread | None = None
    must: float | None = None
    aim: float | None = None
    unit: str = "x"  # "x", "G/s": a ratio and a speed, at least; "s", "ms", "ns", "%": at most; "": wrong cases, none
    note: str = ""
    failed: bool = False

    @property
    def met(self) -> str:
        """ "aim", "must" or "missed"; "" where nothing was measured or nothing is asked."""
        if self.measured is None or self.must is None:
            return ""
        sign = 1 if self.unit in ("x", "G/s") else -1
        value = sign * self.measured.median
        if self.aim is not None and value >= sign * self.aim:
            return "aim"
        return "must" if value >= sign * self.must else "missed"


@dataclass
class Bench:
    """What the measurements share: living contenders, how long to measure, what has been measured so far."""

    pool: Pool
    effort: Effort
    tick: Tick
    quick: bool = False
    timings: list[Timing] = field(default_factory=list)
    checks: list[Agreement] = field(default_factory=list)

    @cached_property
    def costs(self) -> list[FeatureCost]:
        """What features cost, measured when first asked for."""
        return costs(self.tick)

    @cached_property
    def profile(self) -> list[Part]:
        """Where the time of a step goes, measured when first asked for."""
        return profile(self.tick)

    @property
    def cores(self) -> int:
        """Cores that this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def together(self, title: str, entries: dict[str, tuple[str, int, Workload]]) -> dict[str, Timing]:
        """`side_by_side`, and remembered."""
        found = side_by_side(self.pool, entries, self.effort, lambda what: self.tick(f"{title}: {what}"))
        self.timings += found.values()
        return found

    def sizes(self) -> list[Size]:
        """The sizes to measure."""
        return [(1024, 10)] if self.quick else list(SIZES)


@dataclass(frozen=True)
class Goal:
    """`measure(bench)` yields rows; `statement`, `must`, `aim` and `how` are for people."""

    letter: str
    statement: str
    must: str
    aim: str
    how: str
    measure: Callable[[Bench], Iterator[Row]]


def against(goal: str, what: str, ours: Timing, rival: Timing, must: float | None, aim: float | None) -> Row:
    """Ours over the rival's speed, or why there is none."""
    for timing in (ours, rival):
        if timing.reason:
            return Row(goal, what, must=must, aim=aim, note=timing.reason, failed=timing.failed)
    return Row(goal, what, ratio(ours, rival), must, aim, note=rival.note)


def _name(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


def _batch(
    bench: Bench, goal: str, method: str, rivals: dict[str, str], must: list[float], aim: list[float]
) -> Iterator[Row]:
    for size in bench.sizes():
        at = SIZES.index(size)
        task = Workload(method, *size, T=200, noise="normal")
        entries = {"ours": ("ours", bench.cores, task)}
        entries |= {label: (name, bench.cores, task) for label, name in rivals.items()}
        got = bench.together(f"{goal} {_name(size)}", entries)
        for number, label in enumerate(rivals):
            asked = (must[at], aim[at]) if number == 0 else (None, None)
            yield against(goal, f"{method}, {_name(size)}, against {label}", got["ours"], got[label], *asked)


def against_optax(bench: Bench) -> Iterator[Row]:
    """Adam with normal noise on all cores; the goal is set against vmap(scan), the best form of six is shown beside."""
    rivals = {"optax vmap(scan)": "optax_plain"}
    if not bench.quick:
        rivals |= {"the best of six optax forms": "optax_adam", "NumPy": "numpy_batched", "torch": "torch_batched"}
    return _batch(bench, "A", "adam", rivals, [25, 15, 6, 6], [40, 25, 10, 10])


def against_jax_mada(bench: Bench) -> Iterator[Row]:
    """MADA with normal noise on all cores."""
    rivals = {"JAX MADA": "jax_mada"}
    if not bench.quick:
        rivals |= {"NumPy": "numpy_batched", "torch": "torch_batched"}
    return _batch(bench, "B", "mada", rivals, [20, 15, 6, 6], [35, 25, 10, 10])


def against_numba(bench: Bench) -> Iterator[Row]:
    """One core each, uniform noise, the same kind of generator; the worst size counts."""
    methods = ("adam", "mada") if bench.quick else ("adam", "avgrad", "mada")
    for generator in ("hash",) if bench.quick else ("hash", "threefry"):
        for method in methods:
            rows = []
            for size in bench.sizes():
                task = Workload(method, *size, T=200, generator=generator)
                got = bench.together(
                    f"C {_name(size)} {generator}", {"ours": ("ours", 1, task), "numba": ("numba_loop", 1, task)}
                )
                rows.append(
                    against(
                        "C",
                        f"{method}, {generator}, {_name(size)}, against numba",
                        got["ours"],
                        got["numba"],
                        None,
                        None,
                    )
                )
            must, aim = (0.6, 0.8) if method == "mada" else (0.75, 0.9)
            asked = (must, aim) if generator == "hash" else (None, None)
            measured = [r for r in rows if r.measured is not None]
            worst = min(measured, key=lambda r: r.measured.median if r.measured else 0.0) if measured else rows[0]
            yield replace(worst, must=asked[0], aim=asked[1])


def against_torch_loop(bench: Bench) -> Iterator[Row]:
    """One trajectory of Reddi's online problem, one core each."""
    for method, what, must, aim in (("adam", "Adam", 8e3, 15e3), ("mada-all", "MADA, all learned", 10e3, 25e3)):
        task = Workload(method, 1, 1, T=100, problem="reddi", beta2=0.99)
        got = bench.together("D", {"ours": ("ours", 1, task), "torch": ("torch_loop", 1, task)})
        yield against("D", f"{what}, against a torch loop", got["ours"], got["torch"], must, aim)


def linear_cost(bench: Bench) -> Iterator[Row]:
    """(largest - smallest)/largest of the median updates per second along each direction, all cores."""
    directions = {
        "T = 1e4 .. 1e6": ([Workload("adam", 2048, 10, T, "normal") for T in (10**4, 10**5, 10**6)], 25.0),
        "B = 512 .. 8192": ([Workload("adam", B, 10, 50_000, "normal") for B in (512, 1024, 2048, 4096, 8192)], 25.0),
        "d = 10 .. 1000": (
            [Workload("adam", 256, d, 40_000_000 // (20 * d), "normal") for d in (10, 30, 100, 300, 1000)],
            35.0,
        ),
    }
    for what, (tasks, must) in directions.items():
        if bench.quick:
            tasks = [replace(task, T=max(50, task.T // 100)) for task in (tasks[0], tasks[-1])]
        rates, reason = [], ""
        for task in tasks:
            timing = fixed(bench, "ours", bench.cores, task, 1 if task.updates > 10**9 else min(3, bench.effort.rounds))
            reason = reason or timing.reason
            if timing.wall:
                rates.append(timing.rate.median)
        spread = Spread.of([100 * (1 - min(rates) / max(rates))]) if rates and not reason else None
        asked = (None, None) if bench.quick else (must, 15.0)  # short runs are mostly the cost of starting one
        yield Row("E", what, spread, *asked, "%", reason, failed=bool(reason))


def fixed(bench: Bench, name: str, threads: int, task: Workload, rounds: int) -> Timing:
    """One contender alone with T as given."""
    timing = Timing(name, threads, task)
    bench.tick(f"{name} {task.optimizer} T = {task.T:g}, B = {task.B}, d = {task.d}")
    try:
        contender = bench.pool.get(name, threads)
        timing.compile = contender.prepare(task)["seconds"]
        for seed in range(rounds):
            got = contender.run(seed)
            timing.wall.append(got["updates"] / got["wall"])
            timing.cpu.append(got["updates"] / max(got["cpu"], 1e-9))
    except Exception as error:
        timing.reason, timing.failed = str(error), isinstance(error, Failed)
    bench.timings.append(timing)
    return timing


def without_flag(bench: Bench) -> Iterator[Row]:
    """Adam with normal noise on all cores at the first size, the XLA flag left out."""
    task = Workload("adam", *SIZES[0], T=200, noise="normal")
    rival = ("optax_plain", bench.cores, task)
    got = bench.together("I", {"ours": ("ours_without_flag", bench.cores, task), "optax": rival})
    yield against("I", f"adam, {_name(SIZES[0])}, flag missing", got["ours"], got["optax"], 5, None)
