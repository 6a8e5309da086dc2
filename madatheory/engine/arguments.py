"""Checked arguments of a run.

What may be given for a problem or an optimizer (the object, its name, an entry, an optax transformation); the number of
steps, record times, trajectory indices, start.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import optax

from madatheory.entry import Entry
from madatheory.errors import UserError
from madatheory.hparams import reals, whole
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.optax_form import from_optax
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.catalogue import get_problem
from madatheory.problems.problem import Problem
from madatheory.structure import conform, kind, several

MAX_STEPS, MAX_RECORDS = 2**31 - 3, 10**6


@lru_cache(maxsize=128)
def _transformed(transformation: optax.GradientTransformation) -> Optimizer:
    return from_optax("optax", lambda: transformation, {}, summary="an optax transformation")


def as_problem(given: object) -> Problem:
    """The problem that is meant; `UserError` where none is."""
    if isinstance(given, str):
        return get_problem(given)
    if isinstance(given, Entry):
        given = given.make()
    if isinstance(given, Optimizer | optax.GradientTransformation):
        raise UserError(f"problem {_named(given)} is an optimizer: give the problem first, then the optimizer")
    if not isinstance(given, Problem):
        raise UserError(f"problem {kind(given)}: give a Problem, or a name such as 'ratio:d=3'{_called(given)}")
    conform(given, f"problem {given.name!r:.60}")
    return given


def problems_of(given: object) -> list[Problem]:
    """The problems that are meant by one or several objects or names; one with options is called as it was written."""
    found = []
    for one in several("problems", given, str | Problem | Entry):
        problem = as_problem(one)
        found.append(replace(problem, name=one) if isinstance(one, str) and problem.name != one else problem)
    return found


def as_optimizer(given: object) -> Optimizer:
    """The optimizer that is meant, an optax transformation by `from_optax`; `UserError` where none is."""
    if isinstance(given, str):
        return get_optimizer(given)
    if isinstance(given, Entry):
        given = given.make()
    if isinstance(given, Problem):
        raise UserError(f"optimizer {_named(given)} is a problem: give the problem first, then the optimizer")
    if isinstance(given, optax.GradientTransformation):
        return _transformed(given)
    if not isinstance(given, Optimizer):
        raise UserError(
            f"optimizer {kind(given)}: give an Optimizer, a name such as 'adam:form=practical', or an optax "
            f"transformation such as optax.adam(1e-3){_called(given)}"
        )
    conform(given, f"optimizer {given.name!r:.60}")
    return given


def _named(given: object) -> str:
    return repr(getattr(given, "name", type(given).__name__))


def _called(given: object) -> str:
    """What to do with a function, which is what most wrong objects are."""
    name = getattr(given, "__name__", None)
    return f"; {name} is a function: call it, and give what {name}(..) returns" if callable(given) and name else ""


def check_steps(steps: object) -> int:
    """A number of steps within 1..2^31-3."""
    return whole("steps", steps, 1, MAX_STEPS)


def record_times(steps: int, save_at: str | int | Sequence[int]) -> np.ndarray:
    """Step counts at which statistics are read: "final", a number of geometrically spaced times, or a list of them."""
    if isinstance(save_at, str):
        if save_at != "final":
            raise UserError(
                f"save_at = {save_at!r} is unknown; give 'final', a number of times, or a list of step counts"
            )
        return np.array([steps])
    given = reals(save_at)
    if given is None:
        raise UserError(f"save_at = {save_at!r:.60}: give 'final', a number of times, or a list of step counts")
    if given.ndim == 0:
        count = whole("save_at (number of times)", save_at, 1, MAX_RECORDS)
        return np.unique(np.round(np.geomspace(1, steps, count)).astype(int)) if count > 1 else np.array([steps])
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


def start_of(problem: Problem, start: object) -> np.ndarray:
    """Checked start x_0, by default the problem's."""
    if problem.dimension < 1:
        raise UserError(f"{problem.name} has dimension {problem.dimension}; give d >= 1")
    x0 = np.asarray(problem.start, dtype=float) if start is None else reals(start)
    if x0 is None:
        raise UserError(f"start = {start!r:.60}: give {problem.dimension} numbers")
    if x0.shape != (problem.dimension,):
        raise UserError(f"start has shape {x0.shape}; {problem.name} needs ({problem.dimension},)")
    if not np.all(np.isfinite(x0)):
        raise UserError(f"start has a non-finite entry: {x0[~np.isfinite(x0)][0]}; give finite coordinates")
    return x0
