"""Where a long computation left off: its last state, beside its result until that is finished."""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

_STATE = re.compile(r"state-\d{6}")
Write = Callable[[xr.Dataset, str], object]
Cached = Callable[..., xr.Dataset]
"""`Store.cached`, or a function with its arguments."""


class Checkpoint:
    """What a computation that can be resumed is given: `last` is the state it kept last, None at the beginning.

    `keep` takes the next state. What comes less than `seconds` after the one before is passed over.
    """

    def __init__(
        self, last: xr.Dataset | None = None, write: Callable[[xr.Dataset], None] | None = None, seconds: float = 0.0
    ) -> None:
        self.last = last
        self._write = write
        self._seconds = seconds
        self._kept = time.monotonic()

    def keep(self, state: Callable[[], xr.Dataset]) -> None:
        """Replace the last state by `state()`, if it is time."""
        if self._write is not None and time.monotonic() - self._kept >= self._seconds:
            self._write(state())
            self._kept = time.monotonic()


def checkpoint(
    known: Sequence[tuple[str, Path]],
    read: Callable[[Path], xr.Dataset | None],
    write: Write,
    now: Callable[[], Sequence[tuple[str, Path]]],
    seconds: float,
    remove: Callable[[Path], None] = Path.unlink,
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

    return Checkpoint(last, replace, seconds)


def discard(
    chunks: Sequence[tuple[str, Path]], before: int = 10**6, remove: Callable[[Path], None] = Path.unlink
) -> None:
    """Remove the states among the chunks whose number is smaller."""
    for label, path in chunks:
        if _STATE.fullmatch(label) and int(label.removeprefix("state-")) < before:
            with contextlib.suppress(FileNotFoundError):
                remove(path)


def nothing_cached(
    name: str, configuration: Mapping[str, Any], compute: Callable[..., xr.Dataset], *, resumable: bool = False
) -> xr.Dataset:
    """Without a store: compute."""
    del name, configuration
    return compute(*[Checkpoint()] * resumable)
