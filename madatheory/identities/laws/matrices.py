"""M: matrices, for optimizers that treat them otherwise than their entries in a row."""

import copy

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities import (
    ByConvention,
    NotApplicable,
    Runs,
    Violation,
    close,
    condition,
    equal,
    finite,
    holds,
    identity,
    once,
    treats_sides_alike,
    unit,
)
from madatheory.identities.laws.contract import implementations
from madatheory.identities.recognition.recurrences import steps

MATRIX = ["deterministic", "not shapeless"]
SHAPES = ((2, 4), (4, 2), (3, 3))
DTYPES = (np.float64, np.float32, ml_dtypes.bfloat16)


def full(shape: tuple[int, ...], count: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """x_0 and gradients (T, *shape) of full rank, few bits each."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size=(count, *shape))
    g = signs * np.round((0.25 + rng.random((count, *shape))) * 32) / 32
    return np.round(rng.normal(size=shape) * 8) / 8, g


def without_decay(run: Runs) -> None:
    """`NotApplicable` where zero gradients move matrices nearer to 0, as a decay of matrices only does."""
    x0, g = full((2, 3), 24)
    still = run(x0, 0 * g, **once(run))[-1]
    if (np.abs(still) < np.abs(x0))[x0 != 0].all():
        raise NotApplicable("matrices decay")


def moves(path: np.ndarray, x0: np.ndarray) -> np.ndarray:
    """dx_t in float64."""
    return steps(path.astype(np.float64), x0.astype(np.float64))


@identity("M1", "transposed", needs=MATRIX)
def transposed(run: Runs, case: None) -> None:
    """A transposed matrix with transposed gradients makes the transposed steps, up to one positive factor for all.

    Adafactor, Shampoo, SOAP, Muon, LAMB: both sides are treated alike, and the factor is a scale by the shape. By
    convention not: methods that normalize rows or columns only. A mean over the wrong axis shows in tall or wide
    matrices only.
    """
    without_decay(run)
    x0, g = full((2, 4))
    wide, tall = moves(run(x0, g), x0), moves(run(x0.T, g.swapaxes(1, 2)), x0.T).swapaxes(1, 2)
    factor = float((wide * tall).sum() / max((wide * wide).sum(), np.finfo(float).tiny))
    rough = max(_inner(run), 2.0**-20) * np.abs(wide).max() * max(factor, 1.0)
    apart = np.abs(tall - factor * wide)
    if factor <= 0 or (apart > rough).any():
        t, *place = map(int, np.unravel_index(int(np.argmax(apart)), apart.shape))
        kind = Violation if treats_sides_alike(run.method) else ByConvention
        raise kind(
            f"step {t + 1}, entry {tuple(place)} of a 2 x 4 matrix is {wide[t][tuple(place)]:g}, of the transposed one "
            f"{tall[t][tuple(place)]:g}, where {factor:.4g} times as much is expected",
            tall,
            factor * wide,
        )


def _inner(run: Runs) -> float:
    """How far the steps on a matrix change when its gradients change by a few units of bfloat16, if 2^-30 is not felt.

    0 where the optimizer computes in the precision of the parameters.
    """
    x0, g = full((2, 4))
    signs = np.where(np.indices(g.shape).sum(axis=0) % 2, 1.0, -1.0)
    path = run(x0, g)
    felt = {k: np.abs(run(x0, g * (1 + 2.0**-k * signs)) - path).max() * 2.0**k for k in (4, 30)}
    same = felt[4] == 0 or felt[4] / 4 <= felt[30] <= 4 * felt[4]
    return 0.0 if same else 2.0**-4


@identity("M2", "down, also for matrices", needs=[*MATRIX, "not decay"])
def down(run: Runs, case: None) -> None:
    """On constant gradients, wide, tall and square matrices go down along them in every step, in float64, float32 and
    bfloat16.

    Every optimizer that minimizes: <dx_t, g> < 0 for sign, ratio and orthogonalized gradients alike.
    """
    without_decay(run)
    for shape in SHAPES:
        x0, g = full(shape, 1)
        for dtype in DTYPES:
            path = run(x0.astype(dtype), np.tile(g, (8, 1, 1)).astype(dtype), **once(run))
            finite(path, f"a {shape} matrix in {np.dtype(dtype)}")
            along = (moves(path, x0.astype(dtype)) * g).sum(axis=(1, 2))
            holds(along <= 0, f"a {shape} matrix in {np.dtype(dtype)} goes up a constant gradient", along, "<= 0")
            holds(along.sum() < 0, f"a {shape} matrix in {np.dtype(dtype)} does not go down", along, "< 0 in all")


@identity("M3", "matrices in reduced precision", needs=MATRIX)
def near_float64(run: Runs, case: None) -> None:
    """In float32 and bfloat16 wide and tall matrices follow their float64 path as far as rounded gradients allow.

    Every optimizer: the change that rounding makes is measured, on gradients that differ by a few units of that
    precision in every entry. A buffer that is written to while it is read gives other steps in one precision only.
    """
    for shape in ((2, 4), (4, 2)):
        x0, g = full(shape)
        path = run(x0, g, **once(run))
        for dtype in (np.float32, ml_dtypes.bfloat16):
            got = run(x0.astype(dtype), g.astype(dtype), **once(run)).astype(np.float64)
            close(
                got, path, _allowed(run, x0, g, path, dtype), f"a {shape} matrix in {np.dtype(dtype)} against float64"
            )


def _allowed(run: Runs, x0: np.ndarray, g: np.ndarray, path: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """8 times the largest change by gradients off by 4 units, in four patterns of signs; and the iterates' rounding."""
    moved = np.zeros_like(path)
    for seed in range(4):
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=g.shape)
        moved = np.maximum(moved, np.abs(run(x0, g * (1 + 4 * unit(dtype) * signs), **once(run)) - path))
    size = np.cumsum(np.abs(path).max(axis=(1, 2)))[:, None, None]
    longest = np.abs(moves(path, x0)).max()
    # 1 - beta is rounded in float32 at least, also by those who keep their state there
    weights = condition(run) * unit(np.float32)
    return 8 * np.maximum.accumulate(moved) + 4 * (unit(dtype) * size + (unit(dtype) + weights) * len(g) * longest)


@identity("M4", "matrices, saved and copied", needs=[*MATRIX, "can copies"])
def saved(run: Runs, case: None) -> None:
    """A matrix that is saved and loaded, or copied, after 3 steps goes on bit for bit, in float64 and bfloat16.

    Every optimizer whose factors and eigenbases are in its state.
    """
    for dtype in (np.float64, ml_dtypes.bfloat16):
        x0, g = full((4, 2))
        rows = [[now.astype(dtype)] for now in g]
        whole = run.many([x0.astype(dtype)], rows)
        stepper = run.start([x0.astype(dtype)])
        stepper.path(rows[:3])
        for how, other in (("loaded", stepper.reloaded()), ("copied", copy.deepcopy(stepper))):
            for t, (now, wanted) in enumerate(zip(other.path(rows[3:]), whole[3:], strict=True), 4):
                equal(now[0], wanted[0], f"a matrix {how} after 3 steps, step {t}, {np.dtype(dtype)}")


@identity("M5", "matrices' gradients left alone", needs=[*MATRIX, "can gradient objects", "can one buffer"])
def gradients(run: Runs, case: None) -> None:
    """A step on a matrix changes no gradient and keeps none by reference, in every implementation, in float64 and in
    bfloat16, where a conversion to bfloat16 returns the gradient itself.

    Every optimizer: normalizing a converted gradient in place is safe only if the conversion made a copy.
    """
    for how in implementations(run):
        for dtype in (np.float64, ml_dtypes.bfloat16):
            x0, g = full((4, 2))
            x, rows = x0.astype(dtype), g.astype(dtype)
            stepper = run.start([x], **how)
            for row in rows[:3]:
                stepper.step([row])
                equal(stepper.ask("given")[0], row, f"the gradient of a matrix after the step, {np.dtype(dtype)}")
            path, reused = run(x, rows, **how), run(x, rows, mode="one buffer", **how)
            equal(reused, path, f"gradients of a matrix in one buffer, {np.dtype(dtype)}")


@identity("M6", "matrices with zeros", needs=[*MATRIX, "not decay"])
def zeros(run: Runs, case: None) -> None:
    """A matrix whose gradient is zero stays where it is; one with a row, a column or a step of zeros stays finite, and
    the gradient of a row of zeros moves that row no further than the others.

    Every optimizer: norms, factors and roots of zero matrices divide 0 by 0.
    """
    without_decay(run)
    for shape in SHAPES:
        x0, g = full(shape)
        still = run(x0, 0 * g, **once(run))
        equal(still, np.tile(x0, (len(g), 1, 1)), f"a {shape} matrix without gradient")
        for name, place in (("row", np.s_[:, 0]), ("column", np.s_[:, :, 0]), ("first step", np.s_[:1])):
            other = g.copy()
            other[place] = 0
            path = run(x0, other, **once(run))
            finite(path, f"a {shape} matrix with a {name} of zeros")
        other = g.copy()
        other[:, 0] = 0
        far = np.abs(run(x0, other, **once(run)) - x0).max(axis=(0, 2))
        holds(far[0] <= far[1:].max(), f"a row of zeros of a {shape} matrix moves furthest", far)


@identity("M7", "scale of matrices", needs=[*MATRIX, "not decay"])
def scale(run: Runs, case: None) -> None:
    """Gradients of a matrix of size 2^20 that become 16 times as large move it 16^d times as far, with the power d that
    they have for a vector or another one, the same for all entries and steps.

    As S12: whoever adds only what has the same unit.
    """
    without_decay(run)
    x0, g = full((2, 4))
    paths = [run(0 * x0, 2.0**20 * f * g, **once(run)) for f in (1.0, 16.0)]
    one, other = (moves(path, 0 * x0) for path in paths)
    lengths = np.abs(one).max(axis=(1, 2))
    if not (np.isfinite(one).all() and np.isfinite(other).all() and lengths.any()):
        raise NotApplicable("gradients of this size overflow, or move nothing")
    first = int(np.argmax(lengths > 0))  # SOAP and ADOPT move nothing in the first step
    factor = float((one * other)[first].sum() / (one * one)[first].sum())
    seen = lengths > 2.0**-30 * np.abs(paths[0]).max()  # what the rounding of x leaves of a step
    rough = (max(_inner(run), 2.0**-20) * factor * lengths[seen])[:, None, None]
    close(other[seen], factor * one[seen], rough, f"16 times the gradients move a matrix {factor:.4g} times as far")
