"""What the user sees: results on stdout, everything else (progress, warnings, errors) on stderr."""

import errno
import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import typer
from rich.console import Console
from rich.text import Text

from madatheory import stopping

# COLUMNS=0 means that nothing is known of the width; rich would print nothing
_WIDTH = shutil.get_terminal_size().columns if os.environ.get("COLUMNS", "1").strip("0") == "" else None
OUT = Console(highlight=False, width=_WIDTH)
ERR = Console(stderr=True, highlight=False, width=_WIDTH)
BROKEN_PIPE = 128 + 13
"""Status when the reader of stdout has left: that of a process which SIGPIPE ends."""
_QUIET_SECONDS, _LINE_SECONDS = 2.0, 10.0  # first plain progress line, and the time between two

Report = Callable[[float, float, str], None]
"""report(done, total, what)"""


def complain(message: str) -> None:
    """One error message; long lines are left to the terminal, so that paths can be copied."""
    ERR.print(Text("error: ", "bold red").append(Text(message, "default not bold")), soft_wrap=True)


def interrupted(kept: str = stopping.KEPT) -> typer.Exit:
    """Says once that a signal ended the command, and what is kept; the exit to raise."""
    if message := stopping.message(kept):
        complain(message)
    return typer.Exit(stopping.status())


def note(message: str) -> None:
    """A plain line on stderr."""
    ERR.print(Text(message), soft_wrap=True)


def warn(message: str) -> None:
    """One warning."""
    ERR.print(Text("warning: ", "bold yellow").append(Text(message, "default not bold")), soft_wrap=True)


def warn_in_one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """`warnings.showwarning` without the source line, which says nothing to a user."""
    warn(str(message))


def symbol(pretty: str, plain: str) -> str:
    """`pretty` where stdout can encode it, else `plain`."""
    return pretty if OUT.encoding.lower().startswith("utf") else plain


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A progress bar with the time left on a terminal; elsewhere a plain line now and then."""
    if not ERR.is_terminal:
        yield _plain_lines(title)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", markup=False),
    )
    with Progress(*columns, console=ERR, transient=True) as bar:
        task: Any = bar.add_task(title, total=None, what="")
        yield lambda done, total, what: bar.update(task, completed=done, total=total, what=what)


def _plain_lines(title: str) -> Report:
    due = [time.monotonic() + _QUIET_SECONDS]

    def report(done: float, total: float, what: str) -> None:
        if time.monotonic() >= due[0]:
            due[0] = time.monotonic() + _LINE_SECONDS
            note(f"{title}: {100 * done / max(total, 1):.0f} % {what}".rstrip())

    return report


class _Lasting(io.RawIOBase):
    """A stream that goes on when nobody takes its output: the failure is noted and the rest is dropped."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream: Any = stream.buffer.raw if isinstance(stream.buffer, io.BufferedWriter) else stream.buffer
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, data: Any) -> int | None:
        if self.failure is None:
            try:
                return self._stream.write(data)
            except OSError as error:
                self.failure = error
        return len(data)


def _lasting(stream: TextIO | Any) -> tuple[TextIO | Any, _Lasting | None]:
    if not isinstance(stream, io.TextIOWrapper):  # closed before the start, or a test's
        return stream, None
    stream.flush()
    raw = _Lasting(stream)
    # a sign that the terminal lacks is no reason to stop either
    options = {"encoding": stream.encoding, "errors": "replace", "line_buffering": stream.line_buffering}
    return io.TextIOWrapper(io.BufferedWriter(raw), **options), raw


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Within, a full disk or a closed pipe behind stdout or stderr stops no work, so that results reach their files.

    Afterwards the exit status tells: `BROKEN_PIPE` without a word, as of any command before `| head`, or 2 with one
    message when stdout could not be written.
    """
    before = sys.stdout, sys.stderr
    (sys.stdout, out), (sys.stderr, _) = map(_lasting, before)
    try:
        yield
    finally:
        with suppress(ValueError, AttributeError):  # closed meanwhile, or before the start
            sys.stdout.flush()
        failure = out.failure if out else None
        if failure and failure.errno != errno.EPIPE:
            complain(f"cannot write to stdout: {failure.strerror}; what was printed is lost, files are written")
        sys.stdout, sys.stderr = before
        if failure:
            sys.exit(BROKEN_PIPE if failure.errno == errno.EPIPE else 2)
