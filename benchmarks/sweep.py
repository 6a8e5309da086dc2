"""Throughput of every contender along B, d and T, for the picture."""

from dataclasses import replace

from benchmarks.goals import Bench, fixed
from benchmarks.measure import Timing, calibrate
from benchmarks.process import Failed, Unavailable
from benchmarks.task import Workload

CENTRE = Workload("adam", 512, 10, 1000)
ALONG = {"B": (16, 128, 1024, 8192, 65536), "d": (1, 10, 100, 1000), "T": (100, 1000, 10_000, 100_000)}
# label -> (contender, noise, generator, on all cores, method)
LINES = {
    "madatheory, normal": ("ours", "normal", "threefry", True, "adam"),
    "madatheory, hash noise, 1 core": ("ours", "uniform", "hash", False, "adam"),
    "numba, hash noise, 1 core": ("numba_loop", "uniform", "hash", False, "adam"),
    "optax, normal": ("optax_plain", "normal", "own", True, "adam"),
    "NumPy, normal": ("numpy_batched", "normal", "own", False, "adam"),
    "torch, normal": ("torch_batched", "normal", "own", True, "adam"),
    "madatheory, MADA, normal": ("ours", "normal", "threefry", True, "mada"),
    "JAX MADA, normal": ("jax_mada", "normal", "own", True, "mada"),
}
SECONDS, LONGEST = 0.2, 4.0


def sweep(bench: Bench) -> list[Timing]:
    """One repetition of each; along T the number of steps is what it is, elsewhere it is what fills 0.2 s."""
    found = []
    for label, (name, noise, generator, all_cores, method) in LINES.items():
        threads = bench.cores if all_cores else 1
        line = replace(CENTRE, optimizer=method, noise=noise, generator=generator)
        speed = 1e7
        for along, values in ALONG.items():
            for value in values:
                task = replace(line, **{along: value})
                if along == "T":
                    if task.updates > LONGEST * speed:
                        continue
                    timing = fixed(bench, name, threads, task, 1)
                else:
                    timing = _filled(bench, name, threads, task)
                    if timing.wall:
                        speed = timing.wall[0]
                timing.note = f"{label}|{along}|{value}"
                found.append(timing)
    return found


def _filled(bench: Bench, name: str, threads: int, task: Workload) -> Timing:
    timing = Timing(name, threads, replace(task, T=100))
    bench.tick(f"picture: {name} {task.optimizer} B = {task.B}, d = {task.d}")
    try:
        contender = bench.pool.get(name, threads)
        calibrate(contender, timing, SECONDS)
        got = contender.run(1)
        timing.wall.append(got["updates"] / got["wall"])
        timing.cpu.append(got["updates"] / max(got["cpu"], 1e-9))
    except (Unavailable, Failed) as error:
        timing.reason, timing.failed = str(error), isinstance(error, Failed)
    return timing
