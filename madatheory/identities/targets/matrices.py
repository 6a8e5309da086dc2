"""A method for matrices alone as a target of all identities: vectors are given to it as matrices."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from madatheory.identities.targets.lookup import OptimizerLike, find
from madatheory.identities.targets.target import Stepper, Target, Tensor

_KEPT = frozenset({"several tensors", "missing gradients", "complex", "gradient objects", "copies", "told"})
"""Abilities that do not depend on how tensors are laid out."""
Start = Callable[[Sequence[Tensor], Mapping[str, Any]], Stepper]


def checkable(what: OptimizerLike) -> Target:
    """`find`, where a target that refuses vectors and takes matrices gets a vector v as the columns v and v[::-1] / 2.

    That matrix is linear in v, exact but for subnormal numbers, and of rank 2: what an identity says of a path of
    vectors is asked of a path of matrices. What it says of tensors with two axes is asked of these.
    """
    target = find(what)
    if not _refuses(target, np.ones(3)) or _refuses(target, np.ones((2, 3))):
        return target
    return replace(
        target,
        start=_wrapped(target.start),
        abilities=target.abilities & (_KEPT | {*target.modes}),
        modes={name: _wrapped(start) for name, start in target.modes.items()},
        code=f"{target.code}  # for matrices alone: a vector v is given to it as the columns v and v[::-1] / 2",
    )


def _refuses(target: Target, x0: Tensor) -> bool:
    try:
        target.start([x0], {"lr": 0.125} if "lr" in target.settable else {})
    except Exception:  # whatever it is; that nothing can be run is told by the first run
        return True
    return False


def _wrapped(start: Start) -> Start:
    return lambda x0, settings: MatrixStepper(start([*map(_matrix, x0)], settings), [x.shape for x in x0])


def _matrix(value: Any) -> Any:
    """A vector or a number as an n x 2 matrix; None and all else as it is."""
    if value is None or np.ndim(value) > 1:
        return value
    v = np.atleast_1d(value)
    return np.stack([v, v[::-1] * v.dtype.type(0.5)], axis=1)


class MatrixStepper:
    """A stepper over matrices that takes and gives vectors of the shapes given."""

    def __init__(self, inner: Any, shapes: Sequence[tuple[int, ...]]) -> None:
        self._inner, self._shapes = inner, list(shapes)

    def _vectors(self, values: Sequence[Any]) -> list[Any]:
        return [
            value if value is None or len(shape) > 1 else value[:, 0].reshape(shape)
            for value, shape in zip(values, self._shapes, strict=True)
        ]

    def parameters(self) -> list[Tensor]:
        return self._vectors(self._inner.parameters())

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        self._inner.step([*map(_matrix, gradients)])

    def given(self) -> list[Tensor | None]:
        """What has become of the gradients of the last step."""
        return self._vectors(self._inner.given())

    def tell(self, group: int, settings: Mapping[str, Any]) -> None:
        """Write settings, by their neutral names, to one of the optimizer's groups."""
        self._inner.tell(group, settings)

    def pickled(self) -> "MatrixStepper":
        """A copy through pickle."""
        return MatrixStepper(self._inner.pickled(), self._shapes)

    def save(self) -> Any:
        return self._inner.save()

    def load(self, saved: Any) -> "MatrixStepper":
        return MatrixStepper(self._inner.load(saved), self._shapes)

    def state(self) -> list[Tensor]:
        return self._inner.state()

    def moments(self) -> dict[str, list[Tensor]]:
        return {name: self._vectors(values) for name, values in self._inner.moments().items()}

    def __deepcopy__(self, memo: dict[int, Any]) -> "MatrixStepper":
        return MatrixStepper(copy.deepcopy(self._inner, memo), self._shapes)
