"""Where a long computation left off: its last state, beside its result until that is finished.

Elsewhere it is computed a turn at a time: a worker answers with the next state, from which any worker goes on.
"""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

_STATE = re.compile(r"state-\d{6}")
Write = Callable[[xr.Dataset, str], object]
Cached = Callable[..., xr.Dataset]
"""`Store.cached`, or a function with its arguments."""
Tell = Callable[[int], None]


def no_tell(done: int) -> None:
    """Nobody wants to know."""


class Checkpoint:
    """What a computation that can be resumed is given: `last` is the state it kept last, None at the beginning.

    `keep` takes the next state. What comes less than `seconds` after the one before is passed over. `tell` is told how
    much is done, as a number of the computation's own, and may raise to end it.
    """

    def __init__(
        self,
        last: xr.Dataset | None = None,
        write: Callable[[xr.Dataset], None] | None = None,
        seconds: float = 0.0,
        tell: Tell = no_tell,
    ) -> None:
        self.last = last
        self.tell = tell
        self._write = write
        self.seconds = seconds
        self._kept = time.monotonic()

    def keep(self, state: Callable[[], xr.Dataset]) -> None:
        """Replace the last state by `state()`, if it is time."""
        if self._write is not None and time.monotonic() - self._kept >= self.seconds:
            self._write(state())
            self._kept = time.monotonic()


def checkpoint(
    known: Sequence[tuple[str, Path]],
    read: Callable[[Path], xr.Dataset | None],
    write: Write,
    now: Callable[[], Sequence[tuple[str, Path]]],
    seconds: float,
    remove: Callable[[Path], None] = Path.unlink,
    tell: Tell = no_tell,
) -> Checkpoint:
    """A `Checkpoint` in a folder of chunks: `known` and `now()` are their labels and paths, before and at any time."""
    states = sorted(((label, path) for label, path in known if _STATE.fullmatch(label)), reverse=True)
    read_back = ((label, read(path)) for label, path in states)
    label, last = next(((label, state) for label, state in read_back if state is not None), ("state-000000", None))
    number = int(label.removeprefix("state-"))

    def replace(state: xr.Dataset) -> None:
        nonlocal number
        number += 1
        write(state, f"state-{number:06d}")
        discard(now(), before=number, remove=remove)  # only now: at any moment one whole state is there

    return Checkpoint(last, replace, seconds, tell)


def discard(
    chunks: Sequence[tuple[str, Path]], before: int = 10**6, remove: Callable[[Path], None] = Path.unlink
) -> None:
    """Remove the states among the chunks whose number is smaller."""
    for label, path in chunks:
        if _STATE.fullmatch(label) and int(label.removeprefix("state-")) < before:
            with contextlib.suppress(FileNotFoundError):
                remove(path)


class _Paused(BaseException):
    """Ends a turn; no `Exception`, which a computation may catch."""


class Turn(NamedTuple):
    """What a turn gave: the result, or the state at its end; and how much was done, None where nothing was told."""

    found: xr.Dataset
    finished: bool
    done: int | None


def turn(
    compute: Callable[..., xr.Dataset], *arguments: Any, last: xr.Dataset | None, seconds: float, **own: Any
) -> Turn:
    """`compute(*arguments, checkpoint, **own)` from its state `last`, to its next state after `seconds` at the most."""
    told: list[int | None] = [None]

    def pause(state: xr.Dataset) -> None:
        raise _Paused(state)

    try:
        found = compute(*arguments, Checkpoint(last, pause, seconds, told.append), **own)
    except _Paused as paused:
        return Turn(paused.args[0], False, told[-1])
    return Turn(found, True, told[-1])


def in_turns(call: Callable[..., Any], compute: Callable[..., xr.Dataset], checkpoint: Checkpoint) -> xr.Dataset:
    """The result of `compute(checkpoint)` by turns that `call(turn, alive)` computes; their states are kept here."""
    kept, own = ([compute.func, *compute.args], compute.keywords) if isinstance(compute, partial) else ([compute], {})
    state, done = checkpoint.last, 0
    while True:
        ahead = partial(turn, *kept, last=state, seconds=checkpoint.seconds, **own)
        state, finished, told = call(ahead, alive=lambda done=done: checkpoint.tell(done))
        if finished:
            return state
        done = done if told is None else told
        checkpoint.keep(lambda state=state: state)


def nothing_cached(
    name: str,
    configuration: Mapping[str, Any],
    compute: Callable[..., xr.Dataset],
    *,
    resumable: bool = False,
    tell: Tell = no_tell,
) -> xr.Dataset:
    """Without a store: compute."""
    del name, configuration
    return compute(*[Checkpoint(tell=tell)] * resumable)
