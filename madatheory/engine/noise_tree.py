"""Exact expectations: when the noise has finitely many values, every noise history is one trajectory of the time loop.

A history is numbered by its digits in base k (k = number of atoms): digit (t-1) n + i is the atom that entry i of n
takes at step t. The weighted sums over all histories are the expectations, up to rounding.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr

from madatheory.engine.backend.blocks import Job, run_blocks
from madatheory.engine.backend.loop import Batch
from madatheory.engine.backend.memory import BatchSource
from madatheory.engine.backend.numbering import Numbering
from madatheory.engine.noise import Draw
from madatheory.engine.simulate import prepare, warn_if_not_finite
from madatheory.engine.statistic import Statistic, mean_squared_gradient
from madatheory.errors import UserError
from madatheory.hparams import GridTable, Settings
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Array, Atoms, DType, Problem

MAX_HISTORIES = 2**22


def histories(problem: Problem, steps: int) -> int:
    """Number of noise histories of `steps` steps; `UserError` where the noise is not finite or they are too many."""
    atoms, entries = problem.oracle.atoms, problem.oracle.entries
    if atoms is None:
        raise UserError(
            f"{problem.name}: {problem.oracle.name} noise has infinitely many values, so its tree cannot be "
            "enumerated; choose a finite law (none, rademacher, rare-large, a minibatch)"
        )
    k = len(atoms.values)
    if entries * steps * math.log(k) > math.log(MAX_HISTORIES) + 1e-9:
        raise UserError(
            f"{problem.name}: {entries} noise entries of {k} values and {steps} steps make {k}^{entries * steps} "
            f"histories; at most {MAX_HISTORIES} can be enumerated: lower the steps or the dimension"
        )
    return k ** (entries * steps)


def probabilities(atoms: Atoms, digits: int) -> np.ndarray:
    """Probability of every history of `digits` independent draws, in the order of their numbers."""
    weights = np.ones(1)
    for _ in range(digits):
        weights = np.multiply.outer(np.asarray(atoms.probabilities, float), weights).ravel()
    return weights


@lru_cache(maxsize=128)
def _tree_noise(problem: Problem) -> Draw:
    """Noise read from the history's number; source = (number, powers of k, atoms)."""
    entries = problem.oracle.entries

    def draw(source: tuple[Array, Array, Array], t: Array, dtype: DType) -> Array:
        number, powers, values = source
        if entries == 0:
            return jnp.zeros((0, *number.shape), dtype)
        # the loop asks for one draw beyond the last step; any answer does
        position = jnp.minimum((t.astype(jnp.int32) - 1) * entries + jnp.arange(entries), powers.size - 1)
        digit = number[None] // powers[position][:, None] % jnp.uint32(values.size)
        return values[digit]

    return Draw(draw, lambda source, xi: xi)


class TreeData(NamedTuple):
    """What the batches of a tree are made from: the start (d, 1), the grid, powers of k, atoms."""

    start: Array
    table: GridTable
    powers: Array
    atoms: Array


def _batch_of(data: TreeData, point: Array, path: Array) -> Batch:
    return Batch(data.start, data.table.at(point), (path, data.powers, data.atoms))


def enumerate_tree(
    problem: Problem,
    optimizer: Optimizer,
    steps: int,
    *,
    settings: Settings | None = None,
    statistics: Sequence[Statistic] = (mean_squared_gradient,),
    save_at: str | int | Sequence[int] = "final",
    start: Sequence[float] | None = None,
    workers: int | None = None,
) -> xr.Dataset:
    """All noise histories in float64: dimensions (*grid axes, path, t, *extra), coordinate `probability` along `path`.

    Expectations are `tree.weighted(tree.probability).mean("path")`. Arguments as in `simulate`. `UserError` when the
    noise has infinitely many values or there are more than 2^22 histories k^(entries steps).
    """
    plan = prepare(
        problem,
        optimizer,
        steps,
        settings=settings,
        statistics=statistics,
        save_at=save_at,
        start=start,
        dtype="float64",
    )
    problem, optimizer = plan.problem, plan.optimizer
    count, atoms, digits = histories(problem, plan.steps), problem.oracle.atoms, problem.oracle.entries * plan.steps
    assert atoms is not None
    values = np.asarray(atoms.values)
    values = values.astype(np.uint32 if values.dtype.kind in "iu" else np.float64)
    powers = np.array([len(values) ** j for j in range(max(digits, 1))], dtype=np.uint32)

    data = TreeData(plan.start[:, None], plan.grid.table(plan.dtype), powers, values)
    job = Job(
        problem,
        optimizer,
        plan.statistics,
        _tree_noise(problem),
        BatchSource(_batch_of, data, Numbering(plan.grid.points, range(count))),
        plan.times.astype(np.int32),
        plan.steps,
        plan.dtype,
    )
    dataset = plan.dataset(run_blocks(job, workers=workers), "path", np.arange(count))
    dataset = dataset.assign_coords(probability=("path", probabilities(atoms, digits)))
    del dataset.attrs["seed"]
    warn_if_not_finite(dataset)
    return dataset
