"""Host side of the engine: cut all trajectories into blocks, run them on a few threads, collect the statistics.

A block is as wide as the cache allows while every worker has one; the last one is padded. There are only a few widths,
all multiples of 16: a new number of seeds seldom means a new program, and the compiled arithmetic of a trajectory does
not depend on the width.
"""

import os
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

import jax
import numpy as np

from madatheory.engine.backend.compiled import Programs, by_pairs, programs
from madatheory.engine.backend.kernel_backend import ExecutionMode
from madatheory.engine.backend.loop import started
from madatheory.engine.backend.memory import BatchSource, DeviceMemory, HostMemory, Memory
from madatheory.engine.backend.persistent import launch_width
from madatheory.engine.backend.settings import engine_settings
from madatheory.engine.flags import native_loop_enabled
from madatheory.engine.noise import Draw
from madatheory.engine.statistic import Statistic
from madatheory.errors import UserError, needs
from madatheory.hparams import whole
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

Progress = Callable[[int, int], None]  # (coordinate updates done, of how many)
_SPAN_SECONDS = 0.3  # how long a thread computes before it looks whether it should stop
_FIRST_SPAN = 2 * 10**6  # coordinate updates: some milliseconds
_LARGE_JOB = 10**9  # coordinate updates: some ten seconds on one core
_WIDTHS = (16, 32, 64, 256, 1024, *(2**k for k in range(12, 22, 2)))  # trajectories; below 16 the arithmetic is another
_PAIRED_WIDTHS = (2, 16, 64)
_USUAL = 64  # trajectories: wider blocks are faster in low dimensions only
_OVERHEAD = 16  # a step of a block costs as if it had so many trajectories more
_SLACK = 1.2  # a narrower block must be better by this much: runs beside this one want the cores that it leaves


class SlowEngineWarning(UserWarning):
    """The time loop is not compiled into one kernel because the XLA flag is missing."""


def block_width(dimension: int, total: int, workers: int) -> int:
    """Trajectories per block: so many that the state stays in the cache and all workers are busy.

    The widest of which none waits long for the last, padded block. On an accelerator as many as fill it.
    """
    widths = _PAIRED_WIDTHS if by_pairs(dimension) else _WIDTHS
    if jax.default_backend() != "cpu":
        most = overhead = launch_width(dimension)
    elif native_loop_enabled():
        most = max(_USUAL if dimension <= 80 or by_pairs(dimension) else 32, min(1024, 2560 // dimension))
        overhead = 1 if by_pairs(dimension) else _OVERHEAD
    else:  # every operation of a step is a call of its own: few large ones
        most = overhead = max(_USUAL, 2**15 // dimension)
    shared = [width for width in widths if width <= most and (width == widths[0] or width * (workers - 1) < total)]
    costs = {width: -(-total // (width * workers)) * (width + overhead) for width in shared}
    return max(width for width in shared if costs[width] <= _SLACK * min(costs.values()))


def worker_count(workers: int | None) -> int:
    """Threads of a run: `workers`, or one per core, or one per device if these are more or are no CPUs."""
    devices = jax.local_devices()
    cores = (os.cpu_count() or 1) if devices[0].platform == "cpu" else 1
    return workers or max(cores, len(devices))


class Job(NamedTuple):
    """What to run, up to the last of `times` (int32)."""

    problem: Problem
    optimizer: Optimizer
    statistics: tuple[Statistic, ...]
    draw: Draw
    source: BatchSource
    times: np.ndarray
    steps: int
    dtype: str

    @property
    def programs(self) -> Programs:
        """The compiled loop, shared by all jobs about the same objects."""
        return programs(self.problem, self.optimizer, self.draw, self.statistics)

    @property
    def horizon(self) -> Any:
        """T in the dtype of the run."""
        return np.dtype(self.dtype).type(self.steps)

    def width(self, workers: int | None) -> int:
        """Trajectories per block; always the same where the rounding would depend on it."""
        width = block_width(self.problem.dimension, self.source.numbering.total, worker_count(workers))
        if jax.default_backend() == "cpu" and width != _USUAL:
            with engine_settings(self.dtype):
                if self.programs.has_products(self.source.batch(0, width), self.times, self.horizon):
                    return _USUAL
        return width


def check_memory(job: Job, workers: int | None = None, *, on_device: bool | None = None) -> list[tuple[int, ...]]:
    """Shapes (times, *extra) of the statistics' values; `UserError` if one is wrong or they do not fit in memory."""
    width = job.width(workers)
    with needs("simulate"):
        import psutil
    with engine_settings(job.dtype):
        shapes = job.programs.shapes(_memory(on_device).example(job.source, width), job.times, job.horizon)
    for statistic, shape in zip(job.statistics, shapes, strict=True):
        if len(shape) != 2 + len(statistic.dims) or shape[-1] != width:
            raise UserError(
                f"statistic {statistic.name}: its value has shape {shape[1:]}; "
                f"give {len(statistic.dims)} extra axes {statistic.dims} and then one of the {width} trajectories"
            )
    numbers = sum(int(np.prod(shape[:-1], dtype=object)) for shape in shapes) * job.source.numbering.count
    # results, and the same again for the caller's first operation on them
    need, free = 2 * numbers * np.dtype(job.dtype).itemsize, psutil.virtual_memory().available
    if need > free:
        raise UserError(
            f"the results need about {need / 2**30:.3g} GiB and {free / 2**30:.3g} GiB are free: "
            "lower the number of trajectories, grid points, recorded times or coordinatewise statistics"
        )
    return [shape[:-1] for shape in shapes]


def _warn_if_slow(job: Job) -> None:
    large = job.source.numbering.total * int(job.times[-1]) * job.problem.dimension > _LARGE_JOB
    if large and jax.default_backend() == "cpu" and not native_loop_enabled():
        warnings.warn(
            "the time loop runs several times slower without its XLA flag: call "
            "madatheory.engine.flags.enable_native_loop() before the first JAX computation",
            SlowEngineWarning,
            stacklevel=4,
        )


class BlockRun(NamedTuple):
    """The values of every statistic, each (trajectories, times, *extra), and how they were computed."""

    values: list[np.ndarray]
    mode: ExecutionMode


def _memory(on_device: bool | None) -> type[HostMemory] | type[DeviceMemory]:
    """Where batches and values of blocks are, by default by the backend."""
    return DeviceMemory if (jax.default_backend() != "cpu" if on_device is None else on_device) else HostMemory


def run_blocks(
    job: Job, *, workers: int | None = None, progress: Progress | None = None, on_device: bool | None = None
) -> BlockRun:
    """Run all trajectories; `progress` is called on the calling thread.

    The workers are threads, shared out over all local devices. Ctrl-C, and whatever a worker or `progress` raises,
    stops all of them within a fraction of a second and is raised. `on_device` is for tests: an accelerator's way of
    making batches and keeping values, or the host's.
    """
    if workers is not None:
        workers = whole("workers", workers, 1, 1024)
    shapes = check_memory(job, workers, on_device=on_device)
    _warn_if_slow(job)
    devices, width, source = jax.local_devices(), job.width(workers), job.source
    times, horizon, dimension, total = job.times, job.horizon, job.problem.dimension, source.numbering.total
    results = [np.empty((source.numbering.count, *shape), job.dtype) for shape in shapes]
    work = total * int(times[-1]) * dimension
    starts = iter(range(0, total, width))
    lock, stop, done = threading.Lock(), threading.Event(), [0]
    pace = [max(64, _FIRST_SPAN // (width * dimension))]
    modes: set[ExecutionMode] = set()

    def run_block(start: int, memory: Memory) -> None:
        filled = min(width, total - start)
        block, fresh = memory.begin(start)
        carry, before = started(fresh, memory.advance, block, times, horizon), 0
        while before < times[-1] and not stop.is_set():
            size = pace[0]
            until = min(before + size, int(times[-1]))
            ends = np.clip(times, before, until).astype(np.int32)
            began = time.perf_counter()
            carry, values = memory.advance(block, carry, np.int32(before), ends, horizon)
            memory.land()  # the block before this one, which computes meanwhile
            jax.block_until_ready((carry, values))
            seconds = (time.perf_counter() - began) / (until - before)
            pace[0] = max(1, min(8 * size, int(_SPAN_SECONDS / max(seconds, 1e-12))))
            memory.keep(values, (times > before) & (times <= until))
            with lock:
                done[0] += filled * (until - before) * dimension
            before = until
        if before == times[-1]:
            memory.finish()

    def worker(device: Any) -> None:
        with engine_settings(job.dtype), jax.default_device(device):
            kind = _memory(on_device)
            program = job.programs.get(device, kind.example(source, width), times, horizon)
            modes.add(program.mode)
            memory: Memory = kind(source, width, horizon, program, results)
            while not stop.is_set():
                with lock:
                    start = next(starts, None)
                if start is None:
                    memory.land()
                    return
                run_block(start, memory)

    count = min(worker_count(workers), -(-total // width))
    # Ctrl-C may reach this thread between any two lines: it takes no lock that a worker waits for. A bell is only rung
    bell, over, failed = threading.Lock(), list[None](), list[BaseException]()
    bell.acquire()

    def ring() -> None:
        with suppress(RuntimeError):  # it has rung already
            bell.release()

    def watched(device: Any) -> None:
        try:
            worker(device)
        except BaseException as error:
            failed.append(error)
        over.append(None)
        ring()

    with ThreadPoolExecutor(count) as pool:
        try:
            for i in range(count):
                pool.submit(watched, devices[i % len(devices)])
            ended = False
            while not (ended or failed):
                bell.acquire(timeout=0.1)
                ended = len(over) == count  # asked before `progress` is told, so that its last call has the whole work
                if progress is not None:
                    progress(done[0], work)
        finally:
            stop.set()
    if failed:
        raise failed[0]
    return BlockRun(results, min(modes))
