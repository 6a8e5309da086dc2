"""One of two optimizers that are compared, with what it needs beyond its defaults; and whether two paths are the same.

Two black boxes: nothing is known of their arithmetic, so what rounding can do to a path is measured, by running the
case again with gradients and start changed by a few roundings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities.comparison.cases import ComparedCase
from madatheory.identities.recognition.candidate import OPERATIONS, Observation
from madatheory.identities.targets.target import Target, Tensor, open_loop
from madatheory.identities.tolerance import path_tolerance, unit

TRIALS = 6
"""Changed runs; the changes they cause add up."""
FEW = 8
"""Roundings between an input and an update in float32: more would hide what the format can show."""
USUAL_BETAS = {"beta1": 0.9, "beta2": 0.999, "beta3": 0.9}
"""Taken where a side does not tell."""


Row = Sequence[Tensor | None]
RowChange = Callable[[Row], list[Tensor | None]]
"""What is done to the gradients of a step."""


class Rolled(NamedTuple):
    """x_1 .. x_T as one row per step over all entries of all tensors, or why there is none."""

    path: Tensor | None
    problem: str = ""


@dataclass(frozen=True)
class ComparedSide:
    """`settings` go beyond the defaults of the target; a case's own settings come after them.

    `before` changes the gradients of each step.
    """

    target: Target
    settings: Mapping[str, Any] = field(default_factory=dict)
    before: RowChange | None = None

    def given(self, case: ComparedCase) -> dict[str, Any]:
        """What the target is told in a case."""
        return {**self.settings, **{k: v for k, v in case.settings.items() if k in self.target.settable}}

    def values(self, case: ComparedCase) -> dict[str, Any]:
        """Every number that is known of it in a case, by neutral name."""
        known = {**self.target.defaults, **self.given(case)}
        return {k: v for k, v in known.items() if isinstance(v, int | float | tuple) and not isinstance(v, bool)}

    def run(self, case: ComparedCase) -> Rolled:
        """The path, or why there is none."""
        try:
            with np.errstate(all="ignore"):
                g = case.g if self.before is None else list(map(self.before, case.g))
                steps = open_loop(self.target, case.x0, g, self.given(case), case.mode)
            return Rolled(np.array([np.concatenate([x.ravel() for x in step]) for step in steps]))
        except Exception as error:  # whatever the optimizer raises is told
            return Rolled(None, f"{type(error).__name__}: {error}")

    def with_settings(self, more: Mapping[str, Any]) -> "ComparedSide":
        """With other defaults."""
        return replace(self, settings={**self.settings, **more})

    def observed(self, case: ComparedCase, path: Tensor) -> list[Observation]:
        """As the references want it: every tensor by itself."""
        found, at = [], 0
        for i, x0 in enumerate(case.x0):
            g = np.array([row[i] for row in case.g])
            own = path[:, at : at + x0.size].reshape(g.shape)
            found.append(Observation(case.name, self.given(case), self.values(case), x0, g, own))
            at += x0.size
        return found

    def condition(self, case: ComparedCase, names: Sequence[str]) -> float:
        """1/(1 - beta): how much more than a rounding a difference such as 1 - beta^t loses."""
        values = self.values(case)
        betas = [values.get(name, usual) for name, usual in USUAL_BETAS.items() if name in names]
        return 1 / (1 - max((beta for beta in betas if beta < 1), default=0.0))


def flat(tensors: tuple[Tensor, ...]) -> Tensor:
    """All entries in a row."""
    return np.concatenate([x.ravel() for x in tensors])


def rows(case: ComparedCase) -> Tensor:
    """Gradients (T, n)."""
    return np.array([flat(tuple(g for g in row if g is not None)) for row in case.g])


def apart(a: Tensor, b: Tensor) -> Tensor:
    """|a - b| in double precision, 0 where both are nan."""
    wide = np.complex128 if a.dtype.kind == "c" or b.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        found = np.abs(a.astype(wide) - b.astype(wide))
    found[(a != a) & (b != b)] = 0.0
    return np.where(np.isnan(found), np.inf, found)


class Allowance:
    """What rounding of the updates in `dtype` may do to the paths of two sides in a case.

    Iterates and starts are rounded in the case's own dtype. The changes that `TRIALS` slightly changed runs of either
    side bring about add up.
    """

    def __init__(self, a: ComparedSide, b: ComparedSide, case: ComparedCase) -> None:
        self._sides, self._case = (a, b), case

    def __call__(self, paths: tuple[Tensor, Tensor], dtype: DTypeLike) -> Tensor:
        """(T, n)."""
        own = unit(self._case.dtype)
        coarse = unit(dtype) > own
        operations = FEW if unit(dtype) >= unit(np.float32) else OPERATIONS
        # where a part of a run of float64 is float32, that is a step size or a product of beta1s
        names = ("beta1",) if coarse else tuple(USUAL_BETAS)
        condition = max(side.condition(self._case, names) for side in self._sides)
        total = path_tolerance(
            paths[0], flat(self._case.x0), self._case.dtype, operations * unit(dtype) / own, condition
        )
        for side, path in zip(self._sides, paths, strict=True):
            for changed in self._changed(1 + operations * own, 1 + operations * unit(dtype)):
                other = side.run(changed).path
                if other is not None:
                    difference = apart(other, path)
                    total = total + np.where(np.isfinite(difference), difference, 0.0)
        return total

    def _changed(self, start: float, gradient: float) -> list[ComparedCase]:
        """Starts and gradients multiplied or divided by these factors, entry by entry."""
        rng, case = np.random.default_rng(5), self._case

        def moved(value: Tensor, by: float) -> Tensor:
            return (value * by ** rng.choice([-1.0, 1.0], size=value.shape)).astype(value.dtype)

        return [
            case.changed(
                [moved(x, start) for x in case.x0],
                [[None if g is None else moved(g, gradient) for g in row] for row in case.g],
            )
            for _ in range(TRIALS)
        ]
