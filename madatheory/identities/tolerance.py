"""The exactness ladder: bit for bit where mathematics allows, else a tolerance that follows from the arithmetic."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from madatheory.identities.identity import Violation


def unit(dtype: DTypeLike) -> float:
    """Unit roundoff: half the distance from 1 to the next number (of the real part of complex dtypes)."""
    import ml_dtypes

    return float(ml_dtypes.finfo(np.real(np.empty(0, dtype)).dtype).eps) / 2


def equal(got: ArrayLike, expected: ArrayLike, what: str) -> None:
    """Bit for bit, with nan equal to nan; raises `Violation` at the first step that differs."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        raise Violation(f"{what}: shapes {got.shape} and {expected.shape}", got, expected)
    same = (got == expected) | ((got != got) & (expected != expected))
    if not same.all():
        raise Violation(_where(what, got, expected, ~same, "exactly"), got, expected)


def close(got: ArrayLike, expected: ArrayLike, tolerance: ArrayLike, what: str) -> None:
    """|got - expected| <= tolerance everywhere, the tolerance an array or a number derived by the caller."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        raise Violation(f"{what}: shapes {got.shape} and {expected.shape}", got, expected)
    wide = np.complex128 if got.dtype.kind == "c" or expected.dtype.kind == "c" else np.float64
    apart = np.abs(got.astype(wide) - expected.astype(wide))
    wrong = ~(apart <= tolerance) & ~((got != got) & (expected != expected))
    if wrong.any():
        limit = np.broadcast_to(np.asarray(tolerance, float), wrong.shape)[wrong].flat[0]
        raise Violation(_where(what, got, expected, wrong, f"within {limit:.3g}"), got, expected, tolerance)


def path_tolerance(
    path: ArrayLike, x0: ArrayLike, dtype: DTypeLike, operations: float, condition: float = 1.0, parts: int = 3
) -> np.ndarray:
    """Rounding of x_t along a path of T steps.

    unit * (operations * condition * sum_{s<=t} |dx_s| + parts * sum_{s<=t} |x_s|): each update is computed with a
    relative error of `operations` roundings magnified by `condition`, and each subtraction rounds the iterate; the
    update may be subtracted in up to three parts (gradient, momentum, decay).
    """
    wide = np.complex128 if np.asarray(path).dtype.kind == "c" else np.float64
    x = np.concatenate([np.asarray(x0, wide)[None], np.asarray(path, wide)])
    moved, size = np.cumsum(np.abs(np.diff(x, axis=0)), axis=0), np.cumsum(np.abs(x[1:]), axis=0)
    return unit(dtype) * (operations * condition * moved + parts * size) + np.finfo(np.float64).tiny


FINITE = "finite numbers"
"""What `finite` expects."""


def finite(values: ArrayLike, what: str) -> None:
    """No nan, no infinity."""
    values = np.asarray(values)
    good = np.isfinite(values.astype(np.complex128 if values.dtype.kind == "c" else np.float64))
    if not good.all():
        step = int(np.argwhere(~good)[0][0]) + 1 if values.ndim else 0
        raise Violation(f"{what}: not finite from step {step} on", values, FINITE)


def holds(condition: ArrayLike, what: str, got: object = None, expected: object = None) -> None:
    """Whatever is no equality."""
    if not np.all(condition):
        raise Violation(what, got, expected)


def _where(what: str, got: np.ndarray, expected: np.ndarray, wrong: np.ndarray, how: str) -> str:
    place = tuple(np.argwhere(wrong)[0]) if wrong.ndim else ()
    step = f"step {place[0] + 1}" + (f", entry {tuple(map(int, place[1:]))}" if place[1:] else "") if place else ""
    return f"{what}: at {step or 'the value'} got {got[place]!s}, expected {expected[place]!s} {how}"
