"""K: dtypes are kept, single precision is near double, half precision makes progress."""

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities import (
    ByConvention,
    GradientSequence,
    Runs,
    Violation,
    finite,
    holds,
    identity,
    near,
    plain,
    sequences,
    unit,
)
from madatheory.identities.laws.fixed_points import X0, short, unless_it_rounds_to_one

REAL = (np.float64, np.float32, np.float16, ml_dtypes.bfloat16)
HALF = (np.float16, ml_dtypes.bfloat16)


@identity("K10", "dtype kept", needs=["deterministic"])
def dtype_kept(run: Runs, case: None) -> None:
    """Parameters keep their dtype, and the state keeps its structure, shapes and dtypes after the first step.

    Every optimizer: a state that changes its dtype is compiled again, cannot be the carry of a scan, and costs memory.
    A convention where plain functions of NumPy arrays get wider: NumPy promotes by itself.
    """
    given = plain(4)
    kinds: list[Any] = [*REAL, *([np.complex128] if run.traits["takes complex"] else [])]
    for dtype in kinds:
        stepper = run.start([given.x0.astype(dtype)])
        states = []
        for g in given.g:
            stepper.step([g.astype(dtype)])
            x = stepper.parameters()[0]
            if run.target.framework == "functions" and np.can_cast(dtype, x.dtype, "safe") and x.dtype != dtype:
                raise ByConvention(f"parameters of {short(dtype)} became {x.dtype}: NumPy promotes", x.dtype, dtype)
            holds(x.dtype == np.dtype(dtype), f"parameters of {short(dtype)} became {x.dtype}", x.dtype, dtype)
            states.append([(a.shape, str(a.dtype)) for a in stepper.state()])
            holds(states[-1] == states[0], f"the state changes with the step, {short(dtype)}", states[-1], states[0])


@identity("K10b", "scan", needs=["can scan", "deterministic"])
def scan(run: Runs, case: None) -> None:
    """The state that init makes has the structure, shapes and dtypes of the state that update returns, for every dtype.

    Every transformation that is to be the body of a scan. An integer or float32 zero where update returns another
    dtype is refused by jax.lax.scan.
    """
    given = plain(1)
    kinds: list[Any] = [*REAL, *([np.complex64, np.complex128] if run.traits["takes complex"] else [])]
    for dtype in kinds:
        stepper = run.start([given.x0.astype(dtype)])
        before, after = stepper.ask("carry"), stepper.ask("next_carry")
        holds(before == after, f"the state of {short(dtype)} parameters before and after an update", after, before)


@identity("K10c", "dtypes side by side", needs=["can several tensors", "tensorwise", "deterministic"])
def dtypes_side_by_side(run: Runs, case: None) -> None:
    """A float32 and a float64 tensor in one optimizer keep their dtypes, and the float64 one its precision.

    Every optimizer: state has the dtype of its tensor, or a fixed one, not that of the first tensor.
    """
    given = plain(6)
    single, thirds = given.x0.astype(np.float32), given.g / 3  # which float32 does not represent
    path = run.many([single, given.x0], [[g.astype(np.float32), g] for g in thirds])
    for i, dtype in enumerate((np.float32, np.float64)):
        got = path[-1][i].dtype
        holds(got == np.dtype(dtype), f"tensor {i} of {short(dtype)} became {got}", got, dtype)
    got = np.stack([step[1] for step in path])
    alone = run(given.x0, thirds)
    try:
        near(run, got, alone, "float64 beside float32", given.x0, thirds)
    except Violation as error:
        if "compiled" not in run.target.abilities:
            raise
        near(run, got, alone, "float64 beside float32", given.x0, thirds, np.float32)
        raise ByConvention(f"{error}; a number that the tensors share has the narrower dtype") from error


@identity("K11", "single near double", needs=["deterministic"], cases=lambda: sequences(8), examples=0.7)
def single_near_double(run: Runs, case: GradientSequence) -> None:
    """The float32 path is the float64 path up to float32 rounding, on data that both represent exactly.

    Every optimizer. How far rounding may go is measured in float64 on the optimizer itself: where a sign is decided by
    rounding it may go far, elsewhere not.
    """
    path = run(case.x0, case.g)
    got = run(case.x0.astype(np.float32), case.g.astype(np.float32))
    near(run, got, path, "float32 against float64", case.x0, case.g, np.float32)


def ulp(x: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """The distance of numbers of a dtype next to x, from below."""
    smallest = float(ml_dtypes.finfo(dtype).smallest_normal)
    _, exponent = np.frexp(np.maximum(np.abs(x), smallest))
    return 2 * unit(dtype) * 2.0 ** (exponent - 1)


def _progress(run: Runs, size: float, dtype: DTypeLike) -> None:
    """Every step that is due in float64 is taken in `dtype`, in its direction, on a constant gradient.

    A rounded iterate moves when the update exceeds 1/2 ulp of it. Asked for where the float64 update exceeds 1 ulp of
    both iterates: an update computed half as large as it should be still moves.
    """
    g = np.tile(np.array([1.0, -1.0, 1.0]) * size, (6, 1))
    due = np.concatenate([X0[None], run(X0, g)])
    got = run(X0.astype(dtype), g.astype(dtype))
    finite(got, f"gradients of {size:g} in {short(dtype)}")
    got = np.concatenate([X0[None], got.astype(np.float64)])
    steps, wanted = np.diff(got, axis=0), np.diff(due, axis=0)
    largest = np.max(np.abs([got[:-1], got[1:], due[:-1], due[1:]]), axis=0)
    stuck = (np.abs(wanted) > ulp(largest, dtype)) & (np.sign(steps) != np.sign(wanted))
    if stuck.any():
        t, i = map(int, np.argwhere(stuck)[0])
        raise Violation(
            f"gradients of {size:g} in {short(dtype)}: step {t + 1} moves x[{i}] by {steps[t, i]:g}; due is "
            f"{wanted[t, i]:g}, more than 1 ulp",
            got[1:],
            due[1:],
        )


@identity("K12", "half precision makes progress", needs=["deterministic"])
def progress(run: Runs, case: None) -> None:
    """In float16 and bfloat16 gradients of size 1 move parameters whenever the float64 update exceeds 1 ulp.

    Every optimizer: finite is not enough.
    """
    for dtype in HALF:
        unless_it_rounds_to_one(run, dtype, lambda run, dtype=dtype: _progress(run, 1.0, dtype))


SIZES = (2.0**-6, 2.0**6, 2.0**-10, 2.0**10)


@identity("K12b", "bfloat16, small and large gradients", needs=["deterministic"])
def progress_in_range(run: Runs, case: None) -> None:
    """In bfloat16 gradients of 2^-6, 2^-10, 2^6 and 2^10 move parameters whenever the float64 update exceeds 1 ulp.

    Every optimizer: bfloat16 has the range of float32.
    """
    for size in SIZES:
        dtype = ml_dtypes.bfloat16
        unless_it_rounds_to_one(run, dtype, lambda run, size=size, dtype=dtype: _progress(run, size, dtype))


@identity(
    "K12c",
    "float16, small and large gradients",
    needs=["deterministic"],
    convention="float16 represents gradients of 2^-10 and 2^10, but not their squares",
)
def progress_in_float16(run: Runs, case: None) -> None:
    """In float16 gradients of 2^-6, 2^-10, 2^6 and 2^10 move parameters whenever the float64 update exceeds 1 ulp.

    Optimizers that keep second moments in more than float16, which represents such gradients, but not their squares:
    those of 2^-10 are lost, those of 2^10 are infinite, and eps = 1e-8 is 0.
    """
    for size in SIZES:
        _progress(run, size, np.float16)
