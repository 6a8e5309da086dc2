"""What a cluster costs beside computing: python -m benchmarks.cluster_cost [--workers 200] [--chunks 1000] [--pairs 5].

First the scheduler's time per chunk, with workers of one thread that do nothing. Each has its own connection, heartbeat
and place in the scheduler, as 200 machines would have, but all are objects in this process: one core carries client,
scheduler and workers, and the number is an upper bound. Chunks of five seconds are on a tenth as many workers of ten
threads, for which one process has the time. Then two worker processes against two threads on the same chunks, by turns,
by the clock and in processor seconds of all processes, since others may be at work.
"""

import argparse
import logging
import os
import statistics
import tempfile
import time
import warnings
from typing import Any, NamedTuple

import numpy as np

from madatheory.engine.flags import enable_native_loop

_PLAN = b"0" * 20_000
"""As large as the plans of the package are."""
_AT_ONCE = 50
"""Workers that are started together: with 200 that one thread has to answer, connections time out and begin anew."""


class Spent(NamedTuple):
    """Seconds: by the clock, and of the processors in all processes."""

    clock: float
    processors: float


def idle(plan: bytes, seconds: float) -> int:
    """A chunk of a worker that waits instead of computing."""
    time.sleep(seconds)
    return len(plan)


def overhead(workers: int, chunks: int) -> tuple[Spent, float]:
    """(what a chunk costs that computes nothing, share of the workers' time that is used with chunks of 5 s)."""
    nothing, waited = spent(workers, chunks, 0.0), spent(workers // 10, 2 * workers, 5.0, threads=10)
    return Spent(*(total / chunks for total in nothing)), 2 * 5.0 / waited.clock


def spent(workers: int, chunks: int, seconds: float, threads: int = 1) -> Spent:
    """What so many chunks take on new workers; one each before makes the connections."""
    import dask.config
    import distributed

    from madatheory.cluster.connect import Cluster

    settings = {"distributed.worker.profile.enabled": False, "distributed.admin.system-monitor.interval": "1h"}
    with (
        dask.config.set(settings),  # what a worker does to itself, a hundred times a second, its machine would do
        distributed.LocalCluster(
            n_workers=min(workers, _AT_ONCE),
            threads_per_worker=threads,
            processes=False,
            dashboard_address=None,  # pyright: ignore[reportArgumentType]
            silence_logs=logging.CRITICAL,
        ) as local,
    ):
        address = str(local.scheduler_address)  # pyright: ignore[reportAttributeAccessIssue]
        there = Cluster(address, {}, print)
        for number in range(_AT_ONCE, workers, _AT_ONCE):
            local.scale(min(number + _AT_ONCE, workers))  # pyright: ignore[reportAttributeAccessIssue]
            there._client.wait_for_workers(min(number + _AT_ONCE, workers))
        for name, count, wait in (("first", workers * threads, 0.0), ("measured", chunks, seconds)):
            tasks = {f"{name}-{i}": (idle, _PLAN + str(i).encode(), wait) for i in range(count)}
            began = Spent(time.perf_counter(), time.process_time())
            there._compute(tasks, lambda key, value: None, lambda: None)
            took = Spent(time.perf_counter() - began.clock, time.process_time() - began.processors)
        there.close()
        return took


def against_threads(pairs: int) -> tuple[list[Spent], list[Spent]]:
    """What two threads and two workers spend on the same chunks, programs being compiled before."""
    import psutil

    import madatheory as mt
    from madatheory.cluster import cluster
    from madatheory.store import Store

    problem, optimizer = mt.get_problem("ratio:d=8"), mt.get_optimizer("avgrad")
    threads, processes = [], []
    with cluster("local:2") as two:
        pids: Any = two._client.run(os.getpid)
        all_of_them = [psutil.Process(), *(psutil.Process(pid) for pid in pids.values())]

        def now() -> Spent:
            return Spent(time.perf_counter(), sum(sum(process.cpu_times()[:2]) for process in all_of_them))

        for number in range(pairs + 1):
            for executor, times in ((None, threads), (two, processes)):
                with tempfile.TemporaryDirectory() as folder:
                    store, began = Store(folder, executor=executor, chunk_seconds=4.0), now()
                    store.simulate(problem, optimizer, 20_000, num_trajectories=16384, seed=number, workers=2)
                    times.append(Spent(*(after - before for before, after in zip(began, now(), strict=True))))
    return threads[1:], processes[1:]


def on_paper(steps: int, trajectories: int) -> tuple[int, float]:
    """(simulations, coordinate updates) of `madatheory verify` with every theorem on every problem."""
    from madatheory.problems.catalogue import list_problems
    from madatheory.store.cache_key import fingerprint
    from madatheory.theory.catalogue import list_theorems
    from madatheory.theory.theorem import Setting
    from madatheory.theory.verdict import deterministic

    problems = [entry.make() for entry in list_problems().values()]
    updates: dict[tuple[str, str], int] = {}
    for theorem in list_theorems().values():
        method = theorem.method()
        hyper = method.hyper({name: value for name, value in theorem.settings.items() if np.ndim(value) == 0})
        for problem in problems:
            if not theorem.reasons(Setting(problem, method, hyper, steps)):
                paths = 1 if deterministic(problem) else trajectories
                updates[fingerprint((method, dict(hyper))), problem.name] = steps * paths * problem.dimension
    return len(updates), float(sum(updates.values()))


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=200)
    parser.add_argument("--chunks", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    enable_native_loop()
    warnings.simplefilter("ignore")
    number, updates = on_paper(100_000, 1024)
    print(
        f"verify --steps 100000 --trajectories 1024: {number} simulations, {updates:.2g} coordinate updates", flush=True
    )
    each, used = overhead(given.workers, given.chunks)
    print(
        f"{given.workers} workers that wait, {given.chunks} chunks: {1e3 * each.clock:.2f} ms per chunk by the clock, "
        f"{1e3 * each.processors:.2f} ms of the processor",
        flush=True,
    )
    print(
        f"{2 * given.workers} chunks of 5 s on {given.workers} threads: {100 * used:.1f} % of their time is used",
        flush=True,
    )
    threads, processes = against_threads(given.pairs)
    for unit, one, two in zip(Spent._fields, zip(*threads, strict=True), zip(*processes, strict=True), strict=True):
        print(f"two threads, seconds by the {unit}:   ", *(f"{seconds:.2f}" for seconds in one))
        print(f"two processes, seconds by the {unit}: ", *(f"{seconds:.2f}" for seconds in two))
        ratios = statistics.median(a / b for a, b in zip(one, two, strict=True))
        print(f"two processes are {sum(one) / sum(two):.2f} of two threads (median of pairs {ratios:.2f})", flush=True)


if __name__ == "__main__":
    main()
