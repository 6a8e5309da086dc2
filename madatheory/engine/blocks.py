"""Host side of the engine: cut all trajectories into blocks, run them on a few threads, collect the statistics.

A block always has the width that `block_width` gives for the problem's dimension; the last one is padded. So every
trajectory goes through the same compiled code whatever the batch, the cut and the number of workers, and its numbers
are the same bit for bit. (With widths chosen by the batch size they are not: at d = 100 sums over coordinates round
differently, and a single float64 trajectory contracts other products and sums into one rounding.)
"""

import os
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
import psutil

from madatheory.engine.flags import native_loop_enabled
from madatheory.engine.loop import Draw, Lanes, Loop, loop
from madatheory.engine.statistic import Statistic
from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

Progress = Callable[[int, int], None]  # (coordinate updates done, of how many)
_SPAN_SECONDS = 0.3  # how long a thread computes before it looks whether it should stop
_LARGE_JOB = 10**9  # coordinate updates: some ten seconds on one core


class SlowEngineWarning(UserWarning):
    """The time loop is not compiled into one kernel because the XLA flag is missing."""


class _Same(NamedTuple):
    """Cache key of objects compared by identity (they hold functions and arrays); keeps them alive."""

    parts: tuple[Any, ...]

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.parts)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and list(map(id, self.parts)) == list(map(id, other.parts))


class _Compiled:
    """The compiled halves of a loop, one pair per shape and dtype; made once, also when several threads ask."""

    def __init__(self, halves: Loop) -> None:
        self.begin, self.advance = jax.jit(halves.begin), jax.jit(halves.advance)
        self._known: dict[Any, tuple[Any, Any]] = {}
        self._lock = threading.Lock()

    def shapes(self, lanes: Lanes, ends: np.ndarray, horizon: Any) -> list[tuple[int, ...]]:
        """Shapes of the values, (ends, *extra, lanes), without compiling."""
        carry = jax.eval_shape(self.begin, lanes, horizon)
        return [v.shape for v in jax.eval_shape(self.advance, lanes, carry, np.int32(0), ends, horizon)[1]]

    def pair(self, lanes: Lanes, ends: np.ndarray, horizon: Any) -> tuple[Any, Any]:
        """(begin, advance) compiled for arguments of these shapes."""
        leaves, tree = jax.tree.flatten(lanes)
        key = (tree, len(ends), *((np.shape(leaf), str(leaf.dtype)) for leaf in leaves))
        with self._lock:
            if key not in self._known:
                carry = jax.eval_shape(self.begin, lanes, horizon)
                self._known[key] = (
                    self.begin.lower(lanes, horizon).compile(),
                    self.advance.lower(lanes, carry, np.int32(0), ends, horizon).compile(),
                )
            return self._known[key]


@lru_cache(maxsize=128)
def _compiled(key: _Same) -> _Compiled:
    problem, optimizer, make_draw, *statistics = key.parts
    return _Compiled(loop(problem, optimizer, statistics, make_draw(problem)))


def block_width(dimension: int) -> int:
    """Trajectories per block, a function of the dimension alone: 64, fewer where the state would not fit in the cache.

    On an accelerator 8192, because there a small block leaves the device idle.
    """
    if jax.default_backend() != "cpu":
        return max(1, min(8192, 2**22 // dimension))
    return 64 if dimension <= 1024 else 8 if dimension <= 2**14 else 1


class Job(NamedTuple):
    """What to run: `lanes_of(indices)` gives the lane data of trajectories 0..total-1 as NumPy arrays."""

    problem: Problem
    optimizer: Optimizer
    statistics: tuple[Statistic, ...]
    make_draw: Callable[[Problem], Draw]
    lanes_of: Callable[[np.ndarray], Lanes]
    total: int
    times: np.ndarray  # int32
    steps: int
    dtype: str

    @property
    def compiled(self) -> _Compiled:
        """The loop, shared by all jobs about the same objects."""
        return _compiled(_Same((self.problem, self.optimizer, self.make_draw, *self.statistics)))

    @property
    def horizon(self) -> Any:
        """T in the dtype of the run."""
        return np.dtype(self.dtype).type(self.steps)

    def lanes(self, start: int) -> Lanes:
        """Lane data of the block that begins at trajectory `start`, padded with the last trajectory."""
        return self.lanes_of(np.minimum(np.arange(start, start + block_width(self.problem.dimension)), self.total - 1))


def check_memory(job: Job) -> list[tuple[int, ...]]:
    """Shapes of the statistics' values; `UserError` if one is wrong or all of them do not fit in memory."""
    width = block_width(job.problem.dimension)
    with jax.enable_x64(job.dtype == "float64"):
        shapes = job.compiled.shapes(job.lanes(0), job.times, job.horizon)
    for statistic, shape in zip(job.statistics, shapes, strict=True):
        if len(shape) != 2 + len(statistic.dims) or shape[-1] != width:
            raise UserError(
                f"statistic {statistic.name}: its value has shape {shape[1:]}; "
                f"give {len(statistic.dims)} extra axes {statistic.dims} and then one of the {width} trajectories"
            )
    numbers = sum(int(np.prod(shape[:-1], dtype=object)) for shape in shapes) * job.total
    # results, and the same again for the caller's first operation on them
    need, free = 2 * numbers * np.dtype(job.dtype).itemsize, psutil.virtual_memory().available
    if need > free:
        raise UserError(
            f"the results need about {need / 2**30:.3g} GiB and {free / 2**30:.3g} GiB are free: "
            "lower the number of seeds, grid points, recorded times or coordinatewise statistics"
        )
    return shapes


def _warn_if_slow(job: Job) -> None:
    large = job.total * int(job.times[-1]) * job.problem.dimension > _LARGE_JOB
    if large and jax.default_backend() == "cpu" and not native_loop_enabled():
        warnings.warn(
            "the time loop runs several times slower without its XLA flag: call "
            "madatheory.engine.flags.enable_native_loop() before the first JAX computation",
            SlowEngineWarning,
            stacklevel=4,
        )


def run_blocks(job: Job, *, workers: int | None = None, progress: Progress | None = None) -> list[np.ndarray]:
    """The values of every statistic, each (total, times, *extra); `progress` is called on the calling thread.

    Ctrl-C, and whatever a worker or `progress` raises, stops all workers within a fraction of a second and is raised.
    """
    if workers is not None and workers < 1:
        raise UserError(f"workers = {workers}; give at least 1")
    x64 = job.dtype == "float64"
    width, times, horizon = block_width(job.problem.dimension), job.times, job.horizon
    shapes = check_memory(job)
    _warn_if_slow(job)
    with jax.enable_x64(x64):
        begin, advance = job.compiled.pair(job.lanes(0), times, horizon)
    results = [np.empty((job.total, *shape[:-1]), job.dtype) for shape in shapes]
    per_step, work = job.problem.dimension, job.total * int(times[-1]) * job.problem.dimension
    starts = iter(range(0, job.total, width))
    lock, stop, done, pace = threading.Lock(), threading.Event(), [0], [64]

    def run_block(start: int) -> None:
        block, end = job.lanes(start), min(start + width, job.total)
        carry, before = begin(block, horizon), 0
        while before < times[-1] and not stop.is_set():
            size = pace[0]
            until = min(before + size, int(times[-1]))
            ends = np.clip(times, before, until).astype(np.int32)
            began = time.perf_counter()
            carry, values = jax.block_until_ready(advance(block, carry, np.int32(before), ends, horizon))
            seconds = (time.perf_counter() - began) / (until - before)
            pace[0] = max(1, min(8 * size, int(_SPAN_SECONDS / max(seconds, 1e-12))))
            read = (times > before) & (times <= until)
            for result, value in zip(results, values, strict=True):
                chosen = np.asarray(value)[read][..., : end - start]
                result[start:end, read] = np.moveaxis(chosen, -1, 0)
            with lock:
                done[0] += (end - start) * (until - before) * per_step
            before = until

    def worker() -> None:
        with jax.enable_x64(x64):
            while not stop.is_set():
                with lock:
                    start = next(starts, None)
                if start is None:
                    return
                run_block(start)

    count = min(workers or os.cpu_count() or 1, -(-job.total // width))
    with ThreadPoolExecutor(count) as pool:
        try:
            futures = {pool.submit(worker) for _ in range(count)}
            pending = futures
            while pending:
                finished, pending = wait(pending, timeout=0.1, return_when=FIRST_EXCEPTION)
                if progress is not None:
                    progress(done[0], work)
                for future in finished:
                    future.result()
        finally:
            stop.set()
    return results
