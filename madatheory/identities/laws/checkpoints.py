"""K: state that is saved, copied and pickled resumes bit-identically."""

import copy
import pickle
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities import RecordedStepper, Runs, Several, Violation, equal, identity, missing, st

STEPS = 8


def _cut() -> "st.SearchStrategy[tuple[Several, int]]":
    return st.tuples(missing(STEPS), st.integers(0, STEPS - 1))


def _rows(run: Runs, several: Several) -> list[list[np.ndarray | None]]:
    """With gaps only where tensors may lack gradients."""
    if "missing gradients" in run.target.abilities:
        return several.rows()
    return several._replace(present=np.ones_like(several.present)).rows()


def compare(got: list[list[np.ndarray]], expected: list[list[np.ndarray]], what: str) -> None:
    """Two paths of several tensors, bit for bit."""
    for t, (now, wanted) in enumerate(zip(got, expected, strict=True), 1):
        for i, (a, b) in enumerate(zip(now, wanted, strict=True)):
            equal(a, b, f"{what}, {t} steps later, tensor {i}")


def _as(rows: list[list[Any]], dtype: DTypeLike) -> list[list[Any]]:
    return [[None if g is None else g.astype(dtype) for g in row] for row in rows]


@identity("K6", "checkpoint", needs=["deterministic"], cases=_cut, examples=0.7)
def checkpoint(run: Runs, case: tuple[Several, int]) -> None:
    """Saved after k steps and loaded into a fresh optimizer, the run goes on bit for bit, every entry of the state has
    its value, and a counter still counts to 2^24; k = 0 included, tensors without gradients so far included, in float64
    and bfloat16.

    Every optimizer whose whole state is in what it saves: counters, buffers, schedules. torch casts what it loads to
    the dtype of the parameters unless the optimizer says otherwise: a counter or a float32 moment then loses digits.
    """
    several, k = case
    for dtype in (np.float64, ml_dtypes.bfloat16):
        x0, rows = [x.astype(dtype) for x in several.x0], _as(_rows(run, several), dtype)
        whole = run.many(x0, rows)
        stepper = run.start(x0)
        stepper.path(rows[:k])
        loaded = stepper.reloaded()
        same_state(loaded.state(), stepper.state(), k, f"loaded after {k} steps, {np.dtype(dtype)}")
        compare(loaded.path(rows[k:]), whole[k:], f"loaded after {k} steps, {np.dtype(dtype)}")


def same_state(got: list[np.ndarray], expected: list[np.ndarray], count: int, what: str) -> None:
    """Two states after `count` steps, entry for entry. Where one is built at the first step only, the paths must tell.

    A wider dtype with the same values is let pass, and so is a narrower one unless it is that of a counter.
    """
    if len(got) != len(expected):
        return
    for i, (a, b) in enumerate(zip(got, expected, strict=True)):
        equal(a, b, f"{what}: entry {i} of the state")
        counts = b.size == 1 and count > 0 and complex(b.reshape(())) == count
        if counts and a.dtype != b.dtype and not _counts_far(a.dtype):
            raise Violation(f"{what}: the counter was {b.dtype} and is {a.dtype}", a.dtype, b.dtype)


def _counts_far(dtype: np.dtype) -> bool:
    """To 2^24."""
    last = np.asarray(2**24 - 1, dtype)
    return bool(np.float64(last + np.ones_like(last)) == 2.0**24)


def _copies(stepper: RecordedStepper) -> list[tuple[str, RecordedStepper]]:
    found = [("copy.deepcopy", copy.deepcopy(stepper))]
    try:
        found.append(("pickle", stepper.ask("pickled")))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        if "<locals>" in str(error):  # made inside a function: pickle cannot find it, whatever it does
            return found
        raise Violation(f"the state cannot be pickled: {error}") from error
    return found


@identity("K7", "copies", needs=["deterministic", "can copies"], cases=_cut, examples=0.4)
def copies(run: Runs, case: tuple[Several, int]) -> None:
    """A deep copy and a pickled copy after k steps go on as the original does, and none disturbs the others.

    Every optimizer that keeps its state in its own attributes and shares none.
    """
    several, k = case
    rows = _rows(run, several)
    whole = run.many(several.x0, rows)
    stepper = run.start(several.x0)
    stepper.path(rows[:k])
    for how, other in _copies(stepper):
        compare(other.path(rows[k:]), whole[k:], f"{how} after {k} steps")
    compare(stepper.path(rows[k:]), whole[k:], f"the original after its copies moved, from step {k}")
