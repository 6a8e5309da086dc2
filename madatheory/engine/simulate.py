"""`simulate`: all trajectories and grid points of one problem and one optimizer, as an xarray Dataset."""

import json
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from optax import GradientTransformation

from madatheory.defaults import SEED, SIMULATED
from madatheory.deprecated import renamed
from madatheory.engine.arguments import (
    as_optimizer,
    as_problem,
    check_steps,
    record_times,
    start_of,
    trajectory_indices,
)
from madatheory.engine.backend.blocks import BlockRun, Job, Progress, check_memory, run_blocks
from madatheory.engine.backend.loop import Batch
from madatheory.engine.backend.memory import BatchSource
from madatheory.engine.backend.numbering import Numbering
from madatheory.engine.noise import GENERATORS, counter_noise
from madatheory.engine.statistic import Statistic, check_statistics, mean_squared_gradient
from madatheory.errors import UserError, unknown
from madatheory.hparams import Grid, GridTable, Settings, whole
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

_COMPENSATE = 2**22  # steps; from some 10^7 on a plain float32 running average stands still


class NonFiniteWarning(UserWarning):
    """A statistic is infinite or not a number somewhere: the run diverged or left the range of the dtype."""


class RunData(NamedTuple):
    """What the batches of a run are made from: the start (d, 1), the grid, the base seed."""

    start: Any
    table: GridTable
    seed: Any


def _batch_of(data: RunData, point: Any, trajectory: Any) -> Batch:
    """The data of these trajectories, pairs one after another, at these points of the grid."""
    return Batch(data.start, data.table.at(point), (data.seed, trajectory[::2] // 2))


class RunPlan(NamedTuple):
    """A run whose arguments have been checked, for any set of trajectories."""

    problem: Problem
    optimizer: Optimizer
    statistics: tuple[Statistic, ...]
    grid: Grid
    steps: int
    times: np.ndarray
    start: np.ndarray
    seed: int
    dtype: str
    generator: str

    def trajectories(
        self, num_trajectories: int | range, *, workers: int | None = None, progress: Progress | None = None
    ) -> xr.Dataset:
        """Dataset of these trajectories, dimensions (*grid axes, seed, t, *extra of the statistic)."""
        chosen = trajectory_indices(num_trajectories)
        run = run_blocks(self.job(chosen), workers=workers, progress=progress)
        return self.dataset(run, "seed", np.arange(chosen[0], chosen[-1] + 1, chosen.step, dtype=np.int64))

    def check_memory(self, num_trajectories: int) -> None:
        """`UserError`, saying how much, unless the results of so many trajectories fit in memory."""
        check_memory(self.job(range(num_trajectories)))

    def job(self, chosen: range) -> Job:
        """What the engine runs for these trajectories."""
        start, table = self.start.astype(self.dtype)[:, None], self.grid.table(self.dtype)
        return Job(
            self.problem,
            self.optimizer,
            self.statistics,
            counter_noise(self.problem, self.generator),
            BatchSource(_batch_of, RunData(start, table, np.uint32(self.seed)), Numbering(self.grid.points, chosen)),
            self.times.astype(np.int32),
            self.steps,
            self.dtype,
        )

    def dataset(self, run: BlockRun, along: str, labels: np.ndarray) -> xr.Dataset:
        """Values (trajectory, t, *extra) as a Dataset; `along` names the dimension after the grid, with `labels`."""
        variables = {}
        for statistic, value in zip(self.statistics, run.values, strict=True):
            value = value.reshape(*self.grid.shape, len(labels), *value.shape[1:])
            dims = (*self.grid.axes, along, "t", *statistic.dims)
            variables[statistic.name] = (dims, value, {"formula": statistic.formula})
        axes = {name: list(values) for name, values in self.grid.axes.items()}
        attributes = {
            "problem": self.problem.name,
            "optimizer": self.optimizer.name,
            "steps": self.steps,
            "seed": self.seed,
            "dtype": self.dtype,
            "generator": self.generator,
            "path": f"{run.mode.name} ({run.mode.reason})" if run.mode.reason else run.mode.name,
            "fixed": json.dumps(self.grid.fixed, sort_keys=True),
        }
        return xr.Dataset(variables, {**axes, along: labels, "t": self.times.astype(np.int64)}, attributes)


def warn_if_not_finite(dataset: xr.Dataset) -> None:
    """Warn, naming the statistic and the first grid point, when a value is infinite or nan."""
    found = []
    for name, values in dataset.data_vars.items():
        bad = ~np.isfinite(values.to_numpy())
        if bad.any():
            first = {
                dim: values[dim].to_numpy()[i] if dim in values.coords else i
                for dim, i in zip(values.dims, np.argwhere(bad)[0], strict=True)
            }
            where = ", ".join(f"{dim} = {value:g}" for dim, value in first.items())
            found.append(f"{name} ({int(bad.sum())} of {bad.size} values, first at {where})")
    if found:
        what = f"{dataset.attrs.get('optimizer')} on {dataset.attrs.get('problem')}"
        warnings.warn(f"{what}: not finite: {'; '.join(found)}", NonFiniteWarning, stacklevel=3)


def prepare(
    problem: Problem | str,
    optimizer: Optimizer | GradientTransformation | str,
    steps: int,
    *,
    seed: int = SEED,
    settings: Settings | None = None,
    statistics: Sequence[Statistic] = (mean_squared_gradient,),
    save_at: str | int | Sequence[int] = "final",
    start: Sequence[float] | None = None,
    dtype: str = "float64",
    generator: str = "threefry2x32-20",
) -> RunPlan:
    """The checked plan of a run; arguments as in `simulate`. Raises `UserError` on bad input."""
    problem, optimizer = as_problem(problem), as_optimizer(optimizer)
    steps = check_steps(steps)
    statistics = check_statistics(statistics)
    names = [s.name for s in statistics]
    if len(set(names)) < len(names):
        raise UserError(f"statistics repeat a name: {names}")
    if not isinstance(dtype, str) or dtype not in ("float64", "float32"):
        raise UserError(f"dtype = {dtype!r} is not supported; give 'float64' or 'float32'")
    if not isinstance(generator, str) or generator not in GENERATORS:
        raise unknown("generator", generator, GENERATORS)
    grid, times, x0 = optimizer.grid(settings), record_times(steps, save_at), start_of(problem, start)
    for name in names:
        if name in (*grid.axes, "seed", "t", "path", "probability"):
            raise UserError(f"statistic {name!r} has the name of a dimension; rename it")
    seed = whole("seed", seed, 0, 2**32 - 1)
    if dtype == "float32":
        if steps > problem.facts.get("single_precision_steps", steps):
            raise UserError(
                f"{problem.name} counts steps exactly up to {problem.facts['single_precision_steps']} in float32, "
                f"not {steps}: give dtype 'float64'"
            )
        if steps > _COMPENSATE and optimizer.compensated is not None:
            optimizer = optimizer.compensated
    return RunPlan(problem, optimizer, statistics, grid, steps, times, x0, seed, dtype, generator)


@renamed(seeds="num_trajectories", record="save_at")
def simulate(
    problem: Problem | str,
    optimizer: Optimizer | GradientTransformation | str,
    steps: int,
    *,
    num_trajectories: int | range = SIMULATED,
    seed: int = SEED,
    settings: Settings | None = None,
    statistics: Sequence[Statistic] = (mean_squared_gradient,),
    save_at: str | int | Sequence[int] = "final",
    start: Sequence[float] | None = None,
    dtype: str = "float64",
    generator: str = "threefry2x32-20",
    workers: int | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Run `optimizer` on `problem`, every trajectory at every grid point.

    Both may be given by name ("ratio:d=3", "adam"), and the optimizer as an optax transformation (see `from_optax`).
    `num_trajectories` is a number or an increasing range of trajectory indices; trajectory s under base `seed`
    meets the same noise whatever the optimizer and the grid, and its numbers are the same bit for bit whatever the
    batch and the number of `workers` (threads) and of devices. `settings` gives hyper-parameters: numbers, or sequences
    that become dimensions. `save_at` says after which steps the statistics are read: "final", a number of geometrically
    spaced times, or a list. `generator` makes the noise: "threefry2x32-20", or the faster and weaker "hash". Returns a
    Dataset with dimensions (*grid axes, seed, t, *extra) and one variable per statistic; memory does not depend on
    `steps`, and the attribute "path" says how the loop was executed. Bad input or too little memory raises `UserError`
    before any work starts; diverged runs are kept and reported by a `NonFiniteWarning`.
    """
    chosen = trajectory_indices(num_trajectories)
    plan = prepare(
        problem,
        optimizer,
        steps,
        seed=seed,
        settings=settings,
        statistics=statistics,
        save_at=save_at,
        start=start,
        dtype=dtype,
        generator=generator,
    )
    dataset = plan.trajectories(chosen, workers=workers, progress=progress)
    warn_if_not_finite(dataset)
    return dataset
