"""What the tests of figures share: the committed numbers, a change of one of them, and a run in the smoke profile."""

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from madatheory.engine.simulate import simulate
from madatheory.figures.figure import Numbers, Run

COMMITTED = Path(__file__).parents[2] / "figures"


def committed(name: str) -> Any:
    """The committed numbers, in which every claim holds."""
    return json.loads((COMMITTED / f"{name}.json").read_text(encoding="utf-8"))["numbers"]


def smoke_run(seed: int = 0) -> Run:
    """The smoke profile, with nothing kept."""
    return Run("smoke", seed, simulate)


def same(first: Any, second: Any) -> bool:
    """Equal plain data, numbers to four digits."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, float):
        return math.isclose(first, second, rel_tol=5e-5)
    return first == second


def put(numbers: Numbers, path: tuple[Any, ...], value: Any) -> Numbers:
    """The numbers with `value`, or `value` of what was there, in one place."""
    doctored = copy.deepcopy(numbers)
    inner = doctored
    for key in path[:-1]:
        inner = inner[key]
    old = inner[path[-1]]
    inner[path[-1]] = value(old) if callable(value) else value
    return doctored


def last(value: float) -> Callable[[list[float]], list[float]]:
    """For `put`: another last number."""
    return lambda old: [*old[:-1], value]
