"""Whether two optimizers take the same steps in one case, and where they first do not."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from madatheory.identities.comparison.cases import ComparedCase
from madatheory.identities.comparison.sides import Allowance, ComparedSide, apart, flat
from madatheory.identities.targets.target import Tensor

FAR = 1e-3


@dataclass(frozen=True)
class FirstDifference:
    """The first step (from 1), tensor and entry at which x differs, with both values and x before the step."""

    step: int
    tensor: int
    entry: tuple[int, ...]
    before: tuple[complex, complex]
    x: tuple[complex, complex]
    column: int = 0


@dataclass(frozen=True)
class ComparedRun:
    """One case on both sides.

    `verdict` is "same" (to the rounding of `precision`), "differ" or "not run" (`problem` says why). `largest` is the
    largest |x_A - x_B|.
    """

    name: str
    what: str
    verdict: str
    precision: str = ""
    largest: float = 0.0
    first: FirstDifference | None = None
    problem: str = ""
    counts: bool = True


def judge(case: ComparedCase, a: ComparedSide, b: ComparedSide) -> tuple[ComparedRun, tuple[Tensor, Tensor] | None]:
    """The outcome and both paths, None where one side cannot be run."""
    first, second = a.run(case), b.run(case)
    for side, rolled in ((a, first), (b, second)):
        if rolled.path is None:
            problem = f"{side.target.name}: {rolled.problem}"
            return ComparedRun(case.name, case.what, "not run", problem=problem, counts=case.counts), None
    assert first.path is not None
    assert second.path is not None
    return compared(case, a, b, first.path, second.path), (first.path, second.path)


def same(case: ComparedCase, a: ComparedSide, b: ComparedSide, precision: str) -> bool:
    """Whether both take the same steps; in a case of float64 to the rounding of `precision`.

    Paths of which a quarter is apart by more than a thousandth of the way are not: rounding need not be measured.
    """
    first, second = a.run(case).path, b.run(case).path
    if first is None or second is None:
        return False
    way = np.abs(first - flat(case.x0)).astype(float)
    if np.mean(apart(first, second) > FAR * np.nanmax(way, initial=0.0)) > 0.25:
        return False
    found = compared(case, a, b, first, second)
    return found.verdict == "same" and (case.dtype != np.float64 or precision in (found.precision, "float32"))


def compared(case: ComparedCase, a: ComparedSide, b: ComparedSide, first: Tensor, second: Tensor) -> ComparedRun:
    """Of two paths."""

    def outcome(verdict: str, **more: Any) -> ComparedRun:
        return ComparedRun(case.name, case.what, verdict, largest=largest, counts=case.counts, **more)

    distance = apart(first, second)
    largest = float(np.max(distance, initial=0.0))
    dtype = np.real(np.empty(0, case.dtype)).dtype
    allowance = Allowance(a, b, case)
    if not (distance > np.finfo(dtype).eps * np.nan_to_num(np.abs(first))).any():  # nothing needs to be measured
        return outcome("same", precision=str(dtype))
    for kind in [dtype, np.dtype(np.float32)] if dtype == np.float64 else [dtype]:
        allowed = allowance((first, second), kind)
        wrong = ~(distance <= allowed)
        if not wrong.any():
            return outcome("same", precision=str(kind))
    return outcome("differ", precision=str(kind), first=_place(case, first, second, wrong))


def _place(case: ComparedCase, first: Tensor, second: Tensor, wrong: Tensor) -> FirstDifference:
    step, column = map(int, np.argwhere(wrong)[0])
    at, tensor = column, 0
    while at >= case.x0[tensor].size:
        at, tensor = at - case.x0[tensor].size, tensor + 1
    entry = tuple(map(int, np.unravel_index(at, case.x0[tensor].shape)))

    def before(path: Tensor) -> complex:
        value = path[step - 1, column] if step else case.x0[tensor][entry]
        return value.item()

    x = first[step, column].item(), second[step, column].item()
    return FirstDifference(step + 1, tensor, entry, (before(first), before(second)), x, column)
