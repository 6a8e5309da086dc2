"""A failure as short as it gets: fewer steps and coordinates, and the runs that an objection is about.

hypothesis makes the numbers of an example small; how long it is, and how wide, is part of no strategy, so that every
example aims at all that it can. What does not matter for the failure is cut off here.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from madatheory.identities.identity import Identity, Violation
from madatheory.identities.report.outcome import NOT_FINITE
from madatheory.identities.rollout import RecordedRun, Runs, literal
from madatheory.identities.strategies import GradientSequence, Several
from madatheory.identities.targets.target import Misbehaved, Tensor
from madatheory.identities.tolerance import FINITE, unit

Fails = Callable[[Any], bool]


def shortest(case: Any, fails: Fails) -> Any:
    """The example with as few steps as still fail, then without single steps and coordinates that do not matter."""
    lengths = range(1, _length(case))
    case = next((cut for steps in lengths if fails(cut := _taken(case, range(steps)))), case)
    whole = case is _sequence(case)  # a number beside it may count steps
    for t in reversed(range(_length(case) if whole else 0)):
        rest = [s for s in range(_length(case)) if s != t]
        if rest and fails(cut := _taken(case, rest)):
            case = cut
    for i in reversed(range(_width(case))):
        cut = _without(case, i)
        if cut is not None and fails(cut):
            case = cut
    return case


def _sequence(case: Any) -> GradientSequence | Several | None:
    """The gradients in an example, which may be a tuple of them and numbers."""
    if isinstance(case, GradientSequence | Several):
        return case
    parts = [part for part in case if isinstance(part, GradientSequence | Several)] if type(case) is tuple else []
    return parts[0] if len(parts) == 1 else None


def _with(case: Any, other: GradientSequence | Several) -> Any:
    own = _sequence(case)
    return other if case is own else tuple(other if part is own else part for part in case)


def _length(case: Any) -> int:
    """Steps."""
    own = _sequence(case)
    return 0 if own is None else len(own.present if isinstance(own, Several) else own.g)


def _taken(case: Any, steps: Sequence[int]) -> Any:
    """With these steps only."""
    own, at = _sequence(case), list(steps)
    if isinstance(own, Several):
        return _with(case, Several(own.x0, [g[at] for g in own.g], own.present[at]))
    assert own is not None
    return _with(case, GradientSequence(own.x0, own.g[at]))


def _width(case: Any) -> int:
    """Coordinates of all tensors."""
    own = _sequence(case)
    return 0 if own is None else sum(x.size for x in own.x0) if isinstance(own, Several) else own.x0.size


def _without(case: Any, i: int) -> Any:
    """Without the i-th coordinate; None where its tensor has no other."""
    own = _sequence(case)
    tensors = list(own.x0) if isinstance(own, Several) else [own.x0] if own is not None else []
    k, at = 0, i
    while at >= tensors[k].size:
        k, at = k + 1, at - tensors[k].size
    if tensors[k].size < 2 or tensors[k].ndim != 1:
        return None
    if isinstance(own, Several):
        x0, g = list(own.x0), list(own.g)
        x0[k], g[k] = np.delete(x0[k], at), np.delete(g[k], at, axis=1)
        return _with(case, Several(x0, g, own.present))
    assert own is not None
    return _with(case, GradientSequence(np.delete(own.x0, at), np.delete(own.g, at, axis=1)))


def first_wrong(got: object, expected: object, tolerance: Any = 0.0) -> int | None:
    """The first step (from 0) at which two paths differ, or at which one is not finite; None where that is not seen."""
    if not isinstance(got, np.ndarray) or not got.ndim:
        return None
    wide = np.asarray(got, np.complex128)
    if expected is FINITE:
        wrong = ~np.isfinite(wide)
    elif isinstance(expected, np.ndarray) and expected.shape == got.shape:
        other = np.asarray(expected, np.complex128)
        with np.errstate(all="ignore"):
            wrong = ~(np.abs(wide - other) <= tolerance) & ~((wide != wide) & (other != other)) & (wide != other)
    else:
        return None
    return int(np.argwhere(wrong)[0][0]) if wrong.any() else None


def alike(error: BaseException, other: BaseException) -> bool:
    """Whether an identity fails in the same way on two examples.

    On one of another length it may also object to its shape, or ask for what is not there.
    """
    if type(error) is not type(other) or not isinstance(error, Violation | Misbehaved):
        return False
    steps = [first_wrong(e.got, e.expected, e.tolerance) for e in (error, other) if isinstance(e, Violation)]
    if None in steps:
        return set(steps) == {None} and re.split(r"\d", str(error))[0] == re.split(r"\d", str(other))[0]
    return True


def cause(error: BaseException) -> str:
    """What a failure begins with: "not finite", "not finite, float16", "step 3", or what is raised; "" if not seen."""
    if not isinstance(error, Violation):
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    wrong, got = first_wrong(error.got, error.expected, error.tolerance), error.got
    if isinstance(got, np.ndarray) and got.dtype.kind not in "OSU":
        seen = got if wrong is None else got[wrong]
        if not np.isfinite(seen.astype(np.complex128)).all():
            return f"{NOT_FINITE}, {got.dtype}" if got.dtype.itemsize < 4 else NOT_FINITE
    return "" if wrong is None else f"step {wrong + 1}"


class View(NamedTuple):
    """A part of the run number `run` of a log: its steps from `start` on, of one tensor; a sign.

    `columns` are some in this order, or one without its axis; None: all.
    """

    run: int
    tensor: int
    start: int
    columns: list[int] | int | None
    sign: int

    def of(self, made: Sequence[RecordedRun]) -> Tensor:
        """The numbers."""
        rows = np.stack([step[self.tensor] for step in made[self.run].path])[self.start :]
        return self.sign * (rows if self.columns is None else rows[:, self.columns])

    def text(self, run: RecordedRun) -> str:
        """The same as code, from the run that it is a part of."""
        found = f"np.stack([step[{self.tensor}] for step in {run.code()}])" if run.several else run.code()
        columns = "" if self.columns is None else f", {self.columns}"
        rows = f"{self.start}:" if self.start else ":" if columns else ""
        return f"{'-' if self.sign < 0 else ''}{found}" + (f"[{rows}{columns}]" if rows else "")


def _views(value: Tensor, made: Sequence[RecordedRun]) -> Iterator[View]:
    """The parts of runs that are equal to `value`."""
    for i, run in enumerate(made):
        for tensor in range(len(run.x0)):
            whole = np.stack([step[tensor] for step in run.path])
            start = len(whole) - len(value)
            if start < 0:
                continue
            for sign in (1, -1):
                rows = sign * whole[start:]
                if rows.shape == value.shape and _same(rows, value):
                    yield View(i, tensor, start, None, sign)
                elif value.ndim == 1 and rows.ndim == 2:
                    same = [j for j in range(rows.shape[1]) if _same(rows[:, j], value)]
                    yield from (View(i, tensor, start, j, sign) for j in same)
                elif value.ndim == rows.ndim == 2 and value.shape[1] <= rows.shape[1]:
                    free, columns = list(range(rows.shape[1])), []
                    for column in value.T:
                        here = next((j for j in free if _same(rows[:, j], column)), None)
                        if here is None:
                            break
                        free.remove(here)
                        columns.append(here)
                    else:
                        yield View(i, tensor, start, columns, sign)


def _same(a: Tensor, b: Tensor) -> bool:
    return bool(((a == b) | ((a != a) & (b != b))).all())


class Shaken(Runs):
    """Runs of which every number is moved by a few roundings, `size` times as much: what is made of which run shows.

    Equal numbers move equally, up to their sign and powers of 2, so that what was equal stays so.
    """

    def __init__(self, runs: Runs, seed: float, size: float = 1.0) -> None:
        super().__init__(runs.target, runs.traits, runs.settings, runs.method, runs.declared, runs.memory)
        self._seed, self._size = seed, size

    def rolled(self, *given: Any) -> list[list[Tensor]]:
        return [[self._moved(x) for x in step] for step in super().rolled(*given)]

    def _moved(self, x: Tensor) -> Tensor:
        mantissa, _ = np.frexp(np.abs(np.asarray(x, np.complex128)))
        roundings = 1 + np.floor(3 * np.mod(1e4 * np.sin(self._seed * mantissa), 1.0))
        return (x + 2 * unit(x.dtype) * self._size * roundings * x).astype(x.dtype)


class Shown(NamedTuple):
    """What a violation compares: parts of runs, numbers that no run has made, or `FINITE`."""

    got: View
    expected: View | Tensor | str


def shown(item: Identity, runs: Runs, case: object, error: Violation) -> Shown | None:
    """What is compared, where that is parts of `runs`; None where it is made of them in another way.

    That is told by trying: with other numbers in all runs, the same parts must be compared again.
    """
    if not isinstance(error.got, np.ndarray) or first_wrong(error.got, error.expected, error.tolerance) is None:
        return None
    again = [_objection(item, Shaken(runs, seed), case) for seed in (1, 2)]
    for got in _views(error.got, runs.made):
        if not all(other and got in _views(other[0].got, other[1]) for other in again):
            continue
        if error.expected is FINITE:
            return Shown(got, FINITE)
        assert isinstance(error.expected, np.ndarray)
        for expected in _views(error.expected, runs.made):
            if expected.run != got.run and all(o and expected in _views(o[0].expected, o[1]) for o in again):
                return Shown(got, expected)
        again.append(_objection(item, Shaken(runs, 3, 2.0**40), case))
        if all(o and np.array_equal(o[0].expected, error.expected, equal_nan=True) for o in again):
            return Shown(got, error.expected)
        return None
    return None


def _objection(item: Identity, runs: Runs, case: object) -> tuple[Any, list[RecordedRun]] | None:
    try:
        item.test(runs, case)
    except Violation as error:
        return (error, runs.made) if isinstance(error.got, np.ndarray) else None
    except Exception:  # what it makes of other numbers does not matter
        return None
    return None


def lines(item: Identity, runs: Runs, case: object, error: Violation) -> list[str] | None:
    """Code that makes the runs that are compared and asserts what should hold of them; None if it does not show it.

    The runs end at the first wrong step, and have the wrong coordinate alone where that is enough.
    """
    found, wrong = shown(item, runs, case, error), first_wrong(error.got, error.expected, error.tolerance)
    if found is None or wrong is None:
        return None
    for column in (_wrong_column(found, runs, error, wrong), None):
        used = {v.run: _cut(runs, v, wrong + 1, column) for v in found if isinstance(v, View)}
        new = [used.get(i, run) for i, run in enumerate(runs.made)]
        got = found.got.of(new)
        expected: Any = found.expected
        if isinstance(expected, View):
            expected = expected.of(new)
        elif isinstance(expected, np.ndarray):
            expected = expected[: wrong + 1] if column is None else expected[: wrong + 1, [column]]
        if first_wrong(got, expected, np.max(error.tolerance)) is not None:
            if isinstance(found.expected, View):
                right = found.expected.text(used[found.expected.run])
            else:
                right = repr(FINITE) if expected is FINITE else literal(expected)
            return [
                f"got = {found.got.text(used[found.got.run])}",
                f"expected = {right}",
                *ENDING,
                f"assert {_condition(got, expected, error)}, {f'{item.code}, {item.name}'!r}",
            ]
        if column is None:
            break
    return None


def _wrong_column(found: Shown, runs: Runs, error: Violation, wrong: int) -> int | None:
    """The coordinate that is wrong first, where whole vectors are compared, and others do not matter."""
    if isinstance(found.expected, np.ndarray) and not runs.traits.get("elementwise", False):
        return None
    views = [view for view in found if isinstance(view, View)]
    if any(
        view.columns is not None or len(runs.made[view.run].x0) > 1 or runs.made[view.run].x0[0].ndim != 1
        for view in views
    ):
        return None
    assert isinstance(error.got, np.ndarray)
    for i in range(error.got.shape[1]):
        own = error.expected[:, i] if isinstance(error.expected, np.ndarray) else error.expected
        tolerance = np.broadcast_to(error.tolerance, error.got.shape)[:, i]
        if first_wrong(error.got[:, i], own, tolerance) == wrong:
            return i
    return None


def _cut(runs: Runs, view: View, steps: int, column: int | None) -> RecordedRun:
    """A run again, no longer than `steps` steps of its view, with one coordinate if so asked."""
    run = runs.made[view.run]
    x0, rows = list(run.x0), [list(row) for row in run.gradients[: view.start + steps]]
    if column is not None:
        x0, rows = [x0[0][[column]]], [[None if g is None else g[[column]] for g in row] for row in rows]
    settings = dict(run.settings)
    if run.mode == "scheduled":
        settings["lr"] = settings["lr"][: len(rows)]
    path = runs.rolled(x0, rows, settings, run.mode)
    return run._replace(x0=x0, gradients=rows, settings=settings, path=path)


ENDING = ("np.set_printoptions(precision=17)", "print('got     ', got)", "print('expected', expected)")


def _condition(got: Tensor, expected: Any, error: Violation) -> str:
    if expected is FINITE:
        return "np.isfinite(got).all()"
    largest = float(np.max(error.tolerance))
    if not largest:
        return f"np.array_equal(got, expected{', equal_nan=True' if (expected != expected).any() else ''})"
    with np.errstate(all="ignore"):
        apart = np.abs(np.asarray(got, np.complex128) - np.asarray(expected, np.complex128)).max()
    margin = np.sqrt(largest * apart) if np.isfinite(apart) and apart > largest else largest
    return f"np.allclose(got, expected, rtol=0, atol={margin:.1g})"
