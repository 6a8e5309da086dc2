"""Checked arguments of a run: the grid of hyper-parameters, record times, trajectory indices, start."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

MAX_STEPS, MAX_RECORDS = 2**31 - 3, 10**6


class Grid(NamedTuple):
    """Hyper-parameters of a run: `axes` become dimensions (full product), `fixed` hold everywhere."""

    axes: dict[str, tuple[float, ...]]
    fixed: dict[str, float]

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def points(self) -> int:
        """Number of grid points."""
        return int(np.prod(self.shape, dtype=object))

    def at(self, point: np.ndarray, dtype: str) -> dict[str, np.ndarray]:
        """The hyper-parameters at the given point numbers (row-major): scalars where fixed, else like `point`."""
        hyper = {name: np.asarray(value, dtype) for name, value in self.fixed.items()}
        indices = np.unravel_index(point, self.shape) if self.axes else ()
        for (name, values), index in zip(self.axes.items(), indices, strict=True):
            hyper[name] = np.asarray(values, dtype)[index]
        return hyper


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an int in low..high; 1e6 is taken for 1000000, anything else raises `UserError`."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = int(value) if isinstance(value, float) and value.is_integer() else operator.index(cast(Any, value))
    except TypeError:
        raise UserError(f"{name} = {value!r:.60} is not an integer: give a whole number") from None
    if not low <= number <= high:
        raise UserError(f"{name} = {number} is out of range: give {low} to {high}")
    return number


def check_steps(steps: Any) -> int:
    """A number of steps within 1..2^31-3."""
    return whole("steps", steps, 1, MAX_STEPS)


def grid_of(optimizer: Optimizer, settings: Mapping[str, Any] | None) -> Grid:
    """Checked hyper-parameters: a number is fixed everywhere, a sequence becomes a dimension."""
    if settings is not None and not isinstance(settings, Mapping):
        raise UserError(f"settings = {settings!r:.60}: give a dict of hyper-parameters, for example {{'rho': [0, 1]}}")
    for name, value in (settings or {}).items():
        if not _numeric(value):
            raise UserError(f"{optimizer.name}: {name} = {value!r:.60} is not a number or a list of numbers")
        if np.ndim(value) > 1:
            raise UserError(f"{optimizer.name}: {name} has {np.ndim(value)} axes; give a number or a flat list")
    full = optimizer.hyper(settings)
    axes = {name: tuple(float(v) for v in value) for name, value in full.items() if np.ndim(value) > 0}
    for name, values in axes.items():
        if name in ("seed", "t", "path", "coordinate"):
            raise UserError(f"{optimizer.name}: {name!r} is the name of a result's dimension; it cannot be a grid axis")
        if not values:
            raise UserError(f"{optimizer.name}: {name} has no values; give at least one")
        if len(set(values)) < len(values):
            raise UserError(f"{optimizer.name}: {name} = {list(values)} repeats a value; grid values must be distinct")
    return Grid(axes, {name: float(value) for name, value in full.items() if name not in axes})


def _numeric(value: Any) -> bool:
    """Whether `value` is a number or an array of numbers."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # lists of different lengths, and what refuses to be an array
        return False
    return array.dtype.kind in "iuf"


def record_times(steps: int, save_at: str | int | Sequence[int]) -> np.ndarray:
    """Step counts at which statistics are read: "final", a number of geometrically spaced times, or a list of them."""
    if isinstance(save_at, str):
        if save_at != "final":
            raise UserError(
                f"save_at = {save_at!r} is unknown; give 'final', a number of times, or a list of step counts"
            )
        return np.array([steps])
    if not _numeric(save_at):
        raise UserError(f"save_at = {save_at!r:.60}: give 'final', a number of times, or a list of step counts")
    if np.ndim(save_at) == 0:
        count = whole("save_at (number of times)", save_at, 1, MAX_RECORDS)
        return np.unique(np.round(np.geomspace(1, steps, count)).astype(int)) if count > 1 else np.array([steps])
    given = np.asarray(save_at)
    if given.ndim != 1 or given.size == 0 or not np.all(given == np.round(given)) or not np.all(np.isfinite(given)):
        raise UserError(f"save_at = {save_at!r:.60}: give a list of step counts within 1..{steps}")
    times = np.unique(given.astype(int))
    if times[0] < 1 or times[-1] > steps:
        raise UserError(f"save_at: times must lie in 1..{steps}, got {times[0]}..{times[-1]}")
    return times


def trajectory_indices(num_trajectories: int | range) -> range:
    """Trajectories 0..num_trajectories-1, or the increasing range given."""
    chosen = (
        num_trajectories
        if isinstance(num_trajectories, range)
        else range(whole("num_trajectories", num_trajectories, 1, 2**32))
    )
    if len(chosen) < 1 or chosen.step < 1 or chosen[0] < 0 or chosen[-1] >= 2**32:
        raise UserError(f"num_trajectories = {num_trajectories} must be a non-empty increasing range within 0..2^32-1")
    return chosen


def start_of(problem: Problem, start: Any) -> np.ndarray:
    """Checked start x_0, by default the problem's."""
    if problem.dimension < 1:
        raise UserError(f"{problem.name} has dimension {problem.dimension}; give d >= 1")
    if start is not None and not _numeric(start):
        raise UserError(f"start = {start!r:.60}: give {problem.dimension} numbers")
    x0 = np.asarray(problem.start if start is None else start, dtype=float)
    if x0.shape != (problem.dimension,):
        raise UserError(f"start has shape {x0.shape}; {problem.name} needs ({problem.dimension},)")
    if not np.all(np.isfinite(x0)):
        raise UserError(f"start has a non-finite entry: {x0[~np.isfinite(x0)][0]}; give finite coordinates")
    return x0
