"""Goals that are not speed: memory, reproducibility, compilation, and what there is of a GPU."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from benchmarks.commands import COMMANDS, timed, wrong
from benchmarks.costs import ALL_LEARNED
from benchmarks.goals import (
    Bench,
    Goal,
    Row,
    against_jax_mada,
    against_numba,
    against_optax,
    against_torch_loop,
    linear_cost,
    without_flag,
)
from benchmarks.gpu import recorded
from benchmarks.measure import SIZES, Spread
from benchmarks.probes import ask
from benchmarks.process import Failed
from benchmarks.profiling import METHODS, share_of_floor
from benchmarks.task import Workload


def _answers(
    goal: str, probe: str, cases: Iterable[tuple[str, Workload]], rows: Callable[[str, dict[str, Any]], Iterator[Row]]
) -> Iterator[Row]:
    """The rows made of each case's answer by the probe, which runs in a fresh process, or one row that says why not."""
    for what, task in cases:
        try:
            got = ask(probe, task)
        except Failed as error:
            yield Row(goal, what, note=str(error), failed=True)
            continue
        yield from rows(what, got)


def _wrong(goal: str, what: str, count: float, note: str) -> Row:
    """A row of a goal that asks for no wrong case."""
    return Row(goal, what, Spread.of([float(count)]), 0, None, "", note)


def constant_memory(bench: Bench) -> Iterator[Row]:
    """Bytes of temporaries and outputs of everything compiled, in one fresh process for each T."""
    bench.tick("F: memory")
    task = Workload("adam", 2, 1, noise="normal")
    try:
        few, many = (ask("memory", task, str(T))["bytes"] for T in (10**3, 10**7))
    except Failed as error:
        yield Row("F", "bytes, T = 1e3 and 1e7", note=str(error), failed=True)
        return
    yield _wrong("F", "bytes, T = 1e3 and 1e7", few != many, f"{few} and {many} bytes")


def same_bits(bench: Bench) -> Iterator[Row]:
    """Hashes of trajectories run in other batches, subsets and numbers of workers."""
    cases = [Workload("adam", 64, 3, 300, "normal"), Workload("mada", 64, 10, 300)]
    if not bench.quick:
        cases += [
            Workload("avgrad", 200, 1, 300),
            Workload("mada", 48, 100, 200, "normal"),
            Workload("adam", 40, 1000, 100, generator="hash"),
        ]

    def rows(what: str, got: dict[str, Any]) -> Iterator[Row]:
        note = "; ".join(got["different"]) or f"{got['ways']} ways of batching, sha256 {got['sha256'][:12]}"
        yield _wrong("G", what, len(got["different"]), note)

    bench.tick("G: bits")
    yield from _answers("G", "bits", [(f"{c.optimizer}, {c.noise} noise, d = {c.d}", c) for c in cases], rows)


def compile_time(bench: Bench) -> Iterator[Row]:
    """Seconds of a first run less those of a second in a fresh process, and compilations counted by JAX."""
    cases = [Workload("adam", 1024, 10, 50, "normal"), Workload("mada", 1024, 100, 20, "normal")]
    if not bench.quick:
        cases += [
            Workload("avgrad", 4096, 1, 50, "normal"),
            Workload("mada", 64, 1000, 20),
            Workload("adam", 64, 1000, 20, "normal"),
        ]

    def rows(what: str, got: dict[str, Any]) -> Iterator[Row]:
        yield Row("H", f"compile {what}", Spread.of([got["seconds"]]), 1, 0.5, "s")
        more = {change: n for change, n in got["again"].items() if n and change != "number of seeds"}
        note = f"new {', '.join(more)}" if more else "new T, seed, seeds, settings"
        yield _wrong("H", f"recompilations {what}", sum(more.values()), note)

    bench.tick("H: compilation")
    yield from _answers("H", "compile", [(f"{c.optimizer}, d = {c.d}", c) for c in cases], rows)


def gpu(bench: Bench) -> Iterator[Row]:
    """What `benchmarks/gpu.sh` has measured on a machine with a GPU."""
    bench.tick("J: what a GPU has shown")
    found = recorded()
    if found is None:
        yield Row("J", "one persistent kernel", note="not measured: run bash benchmarks/gpu.sh on a machine with a GPU")
        return
    device, rows = found
    for row in rows:
        unit = {"wrong": ""}.get(row.unit, row.unit)
        spread = None if row.value is None else Spread.of([row.value])
        yield Row("J", row.what, spread, row.must, None, unit, f"{device}; {row.note}".rstrip("; "), row.failed)


def near_the_limit(bench: Bench) -> Iterator[Row]:
    """From 100 coordinates on against the floor of the profile; MADA with all coefficients against Adam."""
    if bench.quick:
        yield Row("K", "share of the floor", note="not measured in the quick form: minutes of long runs")
        return
    failed = [part.note for part in bench.profile if part.what == "failed"]
    for method in METHODS:
        for B, d in SIZES:
            if d >= 100:
                what = f"{method}, {B} x {d}, of the floor"
                if failed:
                    yield Row("K", what, must=0.85, note=failed[0], failed=True)
                else:
                    share = share_of_floor(bench.profile, method, B, d)
                    yield Row("K", what, Spread.of([share]), 0.85, note="as in the profile below")
    for cost in bench.costs:
        if cost.feature in (ALL_LEARNED, "costs"):
            spread = Spread.of([cost.share]) if cost.rate else None
            yield Row("K", "MADA, all learned, of Adam's speed", spread, 0.35, note=cost.note, failed=not cost.rate)


def commands(bench: Bench) -> Iterator[Row]:
    """The package's commands, from an empty store and again."""
    with tempfile.TemporaryDirectory() as shared:
        for what, words, small, must, times in COMMANDS:
            seconds, notes = list[float](), list[str]()
            for _ in range(times):
                bench.tick(f"L: {what}")
                with tempfile.TemporaryDirectory() as own:
                    spent, status, said = timed(
                        f"{words} {small}" if bench.quick else words, shared if times == 1 else own
                    )
                seconds.append(spent)
                notes += [f"status {status}: {said}"] if wrong(status) else []
            asked = None if bench.quick else must
            yield Row("L", what, Spread.of(seconds), asked, None, "s", "; ".join(notes), bool(notes))


GOALS = (
    Goal("A", "faster than optax.adam under vmap and scan, normal noise, all cores", "25/15/6/6", "40/25/10/10",
         "ratio of updates per second, round by round", against_optax),
    Goal("B", "faster than MADA written directly in JAX, normal noise, all cores", "20/15/6/6", "35/25/10/10",
         "ratio of updates per second, round by round", against_jax_mada),
    Goal("C", "per core near a fused numba loop, worst size, Adam and AVGrad / MADA", "0.75 / 0.6", "0.9 / 0.8",
         "ratio of updates per second on one core, hash noise", against_numba),
    Goal("D", "one Reddi trajectory against a plain torch loop, Adam / MADA", "8000 / 10000", "15000 / 25000",
         "ratio of steps per second on one core", against_torch_loop),
    Goal("E", "cost linear in T, B and d", "25 % (d: 35 %)", "15 %",
         "(largest - smallest)/largest updates per second", linear_cost),
    Goal("F", "memory independent of T", "yes", "", "compiled temporaries and outputs", constant_memory),
    Goal("G", "the same trajectory bit for bit however it is batched", "yes", "", "sha256 of results", same_bits),
    Goal("H", "compilation, and none for new T, seeds, settings", "1 s, 0", "0.5 s", "fresh process", compile_time),
    Goal("I", "without the XLA flag still ahead of optax at 4096 x 1", "5", "", "as A", without_flag),
    Goal("J", "GPU: one persistent kernel, whole calls and commands", "by row", "", "benchmarks/gpu.sh", gpu),
    Goal("K", "near what this processor can do: d >= 100 / MADA with all coefficients", "0.85 / 0.35", "",
         "the floor's time over the step's / speed over Adam's", near_the_limit),
    Goal("L", "the package's commands on two cores", "4/180/20/240 s", "", "processes of their own", commands),
)  # fmt: skip
