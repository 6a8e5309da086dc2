"""`simulate`: all seeds and grid points of one problem and one optimizer, as an xarray Dataset."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import xarray as xr

from madatheory.engine.loop import Lanes, counter_noise, time_loop
from madatheory.engine.statistic import Statistic, mean_squared_gradient
from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

Progress = Callable[[int, int], None]  # (coordinate updates done, of how many)
BLOCK_NUMBERS = 2048
_MAX_STEPS = 2**31 - 2


class Grid(NamedTuple):
    """Hyper-parameters of a run: `axes` become dimensions (full product), `fixed` hold everywhere."""

    axes: dict[str, tuple[float, ...]]
    fixed: dict[str, float]

    @property
    def points(self) -> int:
        """Number of grid points."""
        return int(np.prod([len(values) for values in self.axes.values()], dtype=int))


def grid_of(optimizer: Optimizer, settings: Mapping[str, float | Sequence[float]] | None) -> Grid:
    """Checked hyper-parameters: a number is fixed everywhere, a sequence becomes a dimension."""
    full = optimizer.hyper(settings)
    axes = {name: tuple(float(v) for v in value) for name, value in full.items() if np.ndim(value) > 0}
    for name, values in axes.items():
        if not values:
            raise UserError(f"{optimizer.name}: {name} has no values; give at least one")
        if len(set(values)) < len(values):
            raise UserError(f"{optimizer.name}: {name} = {list(values)} repeats a value; grid values must be distinct")
    return Grid(axes, {name: float(value) for name, value in full.items() if name not in axes})


def record_times(steps: int, record: str | int | Sequence[int]) -> np.ndarray:
    """Step counts at which statistics are read: "final", a number of geometrically spaced times, or the times themselves."""
    if isinstance(record, str):
        if record != "final":
            raise UserError(f"record = {record!r} is unknown; give 'final', a number of times, or a list of step counts")
        return np.array([steps])
    if np.ndim(record) == 0:
        count = int(np.asarray(record))
        if count < 1:
            raise UserError(f"record = {count} times; give at least 1")
        return np.unique(np.round(np.geomspace(1, steps, count)).astype(int)) if count > 1 else np.array([steps])
    times = np.unique(np.asarray(record, dtype=int))
    if times.size == 0 or times[0] < 1 or times[-1] > steps:
        raise UserError(f"record times must lie in 1..{steps}, got {list(np.asarray(record))}")
    return times


def _check(problem: Problem, optimizer: Optimizer, steps: int, seeds: range, x0: np.ndarray, dtype: str) -> None:
    if not 1 <= steps <= _MAX_STEPS:
        raise UserError(f"steps = {steps} is out of range: give 1 to {_MAX_STEPS}")
    if len(seeds) < 1 or seeds[0] < 0 or seeds[-1] >= 2**32:
        raise UserError(f"seeds = {seeds} must be a non-empty range within 0..2^32-1")
    if x0.shape != (problem.dimension,):
        raise UserError(f"start has shape {x0.shape}; {problem.name} needs ({problem.dimension},)")
    if not np.all(np.isfinite(x0)):
        raise UserError(f"start has a non-finite entry: {x0[~np.isfinite(x0)][0]}; give finite coordinates")
    if dtype not in ("float64", "float32"):
        raise UserError(f"dtype = {dtype!r} is not supported; give 'float64' or 'float32'")


def _check_memory(points: int, statistics: Sequence[Statistic], dimension: int, records: int, size: int) -> None:
    per_lane = sum((dimension if "coordinate" in s.dims else 1) for s in statistics) * records
    # values in NumPy, the same again while the Dataset is put together
    need, free = 2 * points * per_lane * size, psutil.virtual_memory().available
    if need > free:
        raise UserError(
            f"the results need about {need / 2**30:.3g} GiB and {free / 2**30:.3g} GiB are free: "
            "lower the number of seeds, grid points, recorded times or coordinatewise statistics"
        )


def _blocks(total: int, dimension: int, workers: int) -> Iterator[tuple[int, int]]:
    lanes = max(1, BLOCK_NUMBERS // dimension)
    lanes = min(lanes, max(1, -(-total // workers)))
    for start in range(0, total, lanes):
        yield start, lanes


def simulate(
    problem: Problem,
    optimizer: Optimizer,
    steps: int,
    *,
    seeds: int | range = 64,
    seed: int = 0,
    settings: Mapping[str, float | Sequence[float]] | None = None,
    statistics: Sequence[Statistic] = (mean_squared_gradient,),
    record: str | int | Sequence[int] = "final",
    start: Sequence[float] | None = None,
    dtype: str = "float64",
    workers: int | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Run `optimizer` on `problem` for every seed and every grid point.

    `seeds` is a number of trajectories or a range of trajectory indices; trajectory s under base `seed` meets the same
    noise whatever the optimizer, the grid, the batch size or the number of workers. `settings` gives hyper-parameters:
    numbers, or sequences that become dimensions. Returns a Dataset with dimensions (*grid axes, seed, t, *extra) and
    one variable per statistic. Raises `UserError` on bad input before any work starts.
    """
    chosen = range(seeds) if isinstance(seeds, int) else seeds
    if isinstance(seeds, int) and seeds < 1:
        raise UserError(f"seeds = {seeds}; give at least 1")
    if len({s.name for s in statistics}) < len(statistics):
        raise UserError(f"statistics repeat a name: {[s.name for s in statistics]}")
    grid = grid_of(optimizer, settings)
    x0 = np.asarray(problem.start if start is None else start, dtype=float)
    _check(problem, optimizer, steps, chosen, x0, dtype)
    if not 0 <= seed < 2**32:
        raise UserError(f"seed = {seed} is out of range: give 0 to 2^32-1")
    times = record_times(steps, record)
    total = grid.points * len(chosen)
    _check_memory(total, statistics, problem.dimension, len(times), np.dtype(dtype).itemsize)

    workers = workers or os.cpu_count() or 1
    axis_values = np.array(list(itertools.product(*grid.axes.values())), dtype=float).reshape(grid.points, -1)
    hyper = {name: np.full(grid.points, value) for name, value in grid.fixed.items()}
    hyper |= {name: axis_values[:, i] for i, name in enumerate(grid.axes)}
    indices = np.asarray(chosen, dtype=np.uint32)
    shapes = [tuple(problem.dimension for _ in s.dims) for s in statistics]
    results = [np.empty((len(times), *shape, total), dtype) for shape in shapes]
    work, done = total * int(times[-1]) * problem.dimension, 0

    with jax.enable_x64(dtype == "float64"):
        run = time_loop(problem, optimizer, statistics, counter_noise(problem))
        records = jnp.asarray(times, jnp.int32)
        compiled: Any = None

        def lanes_of(begin: int, width: int) -> Lanes:
            lane = np.minimum(np.arange(begin, begin + width), total - 1)
            point, trajectory = np.divmod(lane, len(indices))
            return Lanes(
                jnp.asarray(np.repeat(x0[:, None], width, axis=1), dtype),
                {name: jnp.asarray(values[point], dtype) for name, values in hyper.items()},
                (jnp.uint32(seed), jnp.asarray(indices[trajectory])),
            )

        blocks = list(_blocks(total, problem.dimension, workers))
        compiled = run.lower(lanes_of(*blocks[0]), records, float(steps)).compile()

        def run_block(block: tuple[int, int]) -> int:
            begin, width = block
            with jax.enable_x64(dtype == "float64"):
                values = jax.block_until_ready(compiled(lanes_of(begin, width), records, float(steps)))
            end = min(begin + width, total)
            for result, value in zip(results, values, strict=True):
                result[..., begin:end] = np.asarray(value)[..., : end - begin]
            return end - begin

        with ThreadPoolExecutor(workers) as pool:
            for finished in pool.map(run_block, blocks):
                done += finished * int(times[-1]) * problem.dimension
                if progress is not None:
                    progress(done, work)

    return _dataset(grid, indices, times, statistics, results)


def _dataset(
    grid: Grid, seeds: np.ndarray, times: np.ndarray, statistics: Sequence[Statistic], results: list[np.ndarray]
) -> xr.Dataset:
    outer = [len(values) for values in grid.axes.values()]
    variables = {}
    for statistic, result in zip(statistics, results, strict=True):
        # (t, *extra, lanes) -> (*grid, seed, t, *extra)
        value = np.moveaxis(result, -1, 0).reshape(*outer, len(seeds), *result.shape[:-1])
        variables[statistic.name] = ((*grid.axes, "seed", "t", *statistic.dims), value, {"formula": statistic.formula})
    coords: dict[str, Any] = {name: list(values) for name, values in grid.axes.items()}
    return xr.Dataset(variables, coords={**coords, "seed": seeds.astype(np.int64), "t": times.astype(np.int64)})
