"""The whole benchmark: equal work first, then every goal, then what the picture and the cost table need."""

import datetime
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.check import Agreement, all_checks
from benchmarks.costs import FeatureCost
from benchmarks.goals import Bench, Row
from benchmarks.measure import Effort, Timing
from benchmarks.process import Pool
from benchmarks.profiling import Part
from benchmarks.properties import GOALS
from benchmarks.sweep import sweep
from benchmarks.task import Workload
from benchmarks.versions import beside_the_newest
from madatheory.errors import unknown

LIBRARIES = ("madatheory", "jax", "jaxlib", "numpy", "optax", "numba", "torch")
RIVALS = ("numba_loop", "numpy_batched", "torch_batched", "jax_mada", "optax_adam", "optax_plain")
SINGLE = ("numba_loop", "numpy_batched", "torch_loop")
Report = Callable[[float, float, str], None]


@dataclass
class Results:
    """Everything that was measured."""

    machine: dict[str, str]
    quick: bool
    rows: list[Row]
    checks: list[Agreement]
    timings: list[Timing]
    sweep: list[Timing]
    costs: list[FeatureCost]
    profile: list[Part]
    versions: str = ""

    @property
    def failures(self) -> list[str]:
        """What did not run, or did other work than ours; a library that is missing is neither."""
        found = [f"goal {r.goal}, {r.what}: {r.note}" for r in self.rows if r.failed]
        for check in self.checks:
            what = f"equal work, {check.contender}, {check.task.optimizer}"
            if check.failed:
                found.append(f"{what}: {check.reason}")
            elif check.holds is False:
                found.append(f"{what}: {check.distance:.3g} {check.unit} apart, {check.allowed:g} allowed")
        return found

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        found = asdict(self) | {"met": [row.met for row in self.rows], "failures": self.failures}
        return json.loads(json.dumps(found), parse_constant=lambda name: None)  # what was not measured is nan here


def machine() -> dict[str, str]:
    """Processor, cores, memory, versions and date."""
    processor, vectors = platform.processor() or platform.machine(), ""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = dict(line.split(":", 1) for line in info.read_text(encoding="utf-8").splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in lines.items()}
        processor = fields.get("model name", processor)
        flags = fields.get("flags", "").split()
        vectors = next((f for f in ("avx512f", "avx2", "avx") if f in flags), "")
    import psutil

    found = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{processor} {vectors}".strip(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()}, Python {platform.python_version()}",
    }
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "missing"
    return found


def check_tasks(cores: int, quick: bool) -> list[tuple[str, int, Workload]]:
    """Which rival is checked on what.

    With a small step and uniform noise a wrong beta2 is tens of standard errors off, with a large step a wrong beta1;
    the second also has the noise that is timed.
    """
    B, d, T = (512, 4, 1000) if quick else (1024, 10, 1000)
    offered = {"optax_adam": ("adam",), "optax_plain": ("adam",), "jax_mada": ("mada",)}
    tasks = []
    for name in RIVALS:
        if quick and name in ("optax_adam", "torch_batched"):
            continue
        for method in offered.get(name, ("adam", "avgrad", "mada")):
            small, noise = Workload(method, B, d, T), "uniform" if name == "numba_loop" else "normal"
            large = replace(small, alpha=0.3, noise=noise, T=T // 4)
            tasks += [(name, 1 if name in SINGLE else cores, task) for task in (small, large)]
    reddi = Workload("adam", 1, 1, 300 if quick else 2000, problem="reddi", beta2=0.99)
    return [*tasks, *(("torch_loop", 1, replace(reddi, optimizer=method)) for method in ("adam", "mada-all"))]


def reference_tasks(quick: bool) -> list[Workload]:
    """What ours is compared on with the float64 recurrence."""
    pairs = [(method, generator) for method in ("adam", "avgrad", "mada") for generator in ("threefry", "hash")]
    return [Workload(method, 64, 3, 1000, generator=generator) for method, generator in pairs[:: 2 if quick else 1]]


def run(quick: bool, report: Report, letters: Sequence[str] = ()) -> Results:
    """Measure. `letters` chooses goals (none: all, and the equal-work checks, the picture's data and the costs)."""
    for letter in letters:
        if letter not in {goal.letter for goal in GOALS}:
            raise unknown("goal", letter, [goal.letter for goal in GOALS])
    chosen = [goal for goal in GOALS if not letters or goal.letter in letters]
    parts, at = len(chosen) + (0 if letters else 2), [0.0]

    def tick(what: str) -> None:
        report(at[0], parts, what)

    effort = Effort(2, 0.03) if quick else Effort()
    with Pool() as pool:
        bench = Bench(pool, effort, tick, quick)
        results = Results(machine(), quick, [], bench.checks, bench.timings, [], [], [])
        if not letters:
            results.checks += all_checks(pool, check_tasks(bench.cores, quick), reference_tasks(quick), tick)
            at[0] += 1
        for goal in chosen:
            results.rows += goal.measure(bench)
            at[0] += 1
        if not letters and not quick:
            results.sweep += sweep(bench)
            results.costs += bench.costs
            results.profile += bench.profile
            tick("versions of JAX")
            results.versions = beside_the_newest(bench.effort.rounds)
    return results
