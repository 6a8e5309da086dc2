"""Where a user's theorem is tried: every hostile problem, and small instances of every problem with finitely many
values of the noise, the user's own among them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from madatheory.engine.noise_tree import histories
from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry, list_problems
from madatheory.problems.problem import Problem
from madatheory.theory.theorem import Theorem
from proofs_check.bridge.hostile import EVERYWHERE, Field, Grid, all_fields, grid_of

HISTORIES, STEPS = 2**9, 5  # more steps or more histories cost seconds a problem and found nothing more
_SMALL: dict[str, Any] = {"d": 1, "noise": "rademacher"}


def everywhere(theorem: Theorem, own: Sequence[ProblemEntry] = ()) -> Iterator[tuple[Field, Grid]]:
    """The fields with a grid that has the theorem's own settings too."""
    entries = {**list_problems(), **{entry.name: entry for entry in own}}
    instances = (field for entry in entries.values() for field in _instances(entry))
    for field in (*all_fields(), *instances):
        grid = grid_of(theorem, field)
        for name, value in theorem.settings.items():
            if len(grid.get(name, ())) > 1:
                grid[name] = sorted({*grid[name], *map(float, np.ravel(value))})
        yield field, grid


def _instances(entry: ProblemEntry) -> Iterator[Field]:
    """The problem in one dimension with noise of two values, if it has these options, and as it is by default."""
    small = {name: value for name, value in _SMALL.items() if isinstance(entry.options.get(name), type(value))}
    for given in ({},) if small.items() <= entry.options.items() else (small, {}):
        try:
            problem = entry.make(given)
        except UserError:  # no such instance
            continue
        if steps := next((t for t in range(STEPS, 0, -1) if _few(problem, t)), 0):
            options = ",".join(f"{name}={value}" for name, value in given.items())
            yield Field(entry.name + (f":{options}" if options else "") + f", T <= {steps}", problem, steps, EVERYWHERE)


def _few(problem: Problem, steps: int) -> bool:
    try:
        return histories(problem, steps) <= HISTORIES
    except UserError:  # far too many, or infinitely many
        return False
