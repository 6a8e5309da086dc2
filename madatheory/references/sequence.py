"""Arguments of the recurrences: float64 arrays, and coefficients that may change from step to step."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Coefficient = float | Sequence[float] | Vector


def problem(x0: ArrayLike, gradients: ArrayLike) -> tuple[Vector, Vector]:
    """x0 (d,) and gradients (T, d) as fresh float64 arrays."""
    x, g = np.array(x0, dtype=np.float64), np.array(gradients, dtype=np.float64)
    if x.ndim != 1 or g.ndim != 2 or g.shape[1] != x.size:
        raise ValueError(f"x0 must be (d,) and gradients (T, d); got {x.shape} and {g.shape}")
    return x, g


def per_step(value: Coefficient, steps: int) -> Vector:
    """A coefficient at steps 1..T (entry t-1)."""
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (steps,))


def divided(numerator: Vector, denominator: Vector) -> Vector:
    """numerator/denominator, with 0/0 = 0: a coordinate that never had a gradient does not move."""
    out = np.zeros_like(numerator)
    np.divide(numerator, denominator, out=out, where=(denominator != 0) | (numerator != 0))
    return out
