"""A contender's own process: `python -m benchmarks.serve NAME THREADS` answers requests, one line of JSON each.

    {"do": "prepare", "task": {..}}  ->  {"seconds": compilation, "note": .., "updates": T B d}
    {"do": "run", "seed": 1}         ->  {"wall": s, "cpu": s, "updates": .., "mean": .., "error": .., "values": B}

The first line it writes says what it is, or {"missing": "numba"}. A request it cannot serve is answered with
{"not_offered": why}, a failure with {"failed": why}. `mean` is that of the statistic over trajectories, `error` its
standard error. Everything else that is printed goes to stderr. The process ends when its input does, also while it
computes: whoever asked has gone.
"""

import importlib
import importlib.util
import json
import os
import queue
import sys
import time
from types import ModuleType
from typing import Any, TextIO

import numpy as np

from benchmarks.task import Execution, NotOffered, Workload
from madatheory import processes


def confine(threads: int) -> None:
    """Run on the last `threads` cores of those allowed, where the system lets one say so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)


def load(name: str, threads: int) -> ModuleType | str:
    """The contender's module (a dotted name is a module of the user's), or the name of the library that it lacks."""
    module = importlib.import_module(name if "." in name else f"benchmarks.contenders.{name}")
    lacking = [library for library in module.NEEDS if importlib.util.find_spec(library) is None]
    if lacking:
        return lacking[0]
    os.environ.pop("XLA_FLAGS", None)  # read once per process: each contender has its own or none
    if hasattr(module, "environment"):
        module.environment(threads)
    return module


def answer(module: ModuleType, request: dict[str, Any], prepared: list[tuple[Workload, Execution]]) -> dict[str, Any]:
    """Serve one request; `prepared` holds what the last "prepare" made."""
    if request["do"] == "prepare":
        task = Workload(**request["task"])
        began = time.perf_counter()
        run = module.prepare(task)
        prepared[:] = [(task, run)]
        return {
            "seconds": getattr(run, "seconds", time.perf_counter() - began),
            "note": getattr(run, "note", ""),
            "updates": task.updates,
        }
    task, run = prepared[0]
    cpu, wall = time.process_time(), time.perf_counter()
    values = np.asarray(run(request["seed"]), dtype=np.float64)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    return {
        "wall": wall,
        "cpu": cpu,
        "updates": task.updates,
        "mean": float(values.mean()),
        "error": error,
        "values": len(values),
    }


def main() -> None:
    """Serve until the input ends."""
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            requests.put(line)

    processes.end_after(listen)
    name, threads = sys.argv[1], int(sys.argv[2])
    out: TextIO = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    confine(threads)
    module = load(name, threads)

    def reply(content: dict[str, Any]) -> None:
        out.write(json.dumps(content) + "\n")

    if isinstance(module, str):
        reply({"missing": module})
        return
    reply({"name": name, "summary": module.SUMMARY, "threads": threads})
    prepared: list[tuple[Workload, Execution]] = []
    while True:
        try:
            reply(answer(module, json.loads(requests.get()), prepared))
        except NotOffered as error:
            reply({"not_offered": str(error)})
        except Exception as error:
            reply({"failed": f"{type(error).__name__}: {error}"[:500]})


if __name__ == "__main__":
    main()
