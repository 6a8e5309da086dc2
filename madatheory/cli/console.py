"""What the user sees: results on stdout, everything else (progress, warnings, errors) on stderr."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)
_QUIET_SECONDS, _LINE_SECONDS = 2.0, 10.0  # first plain progress line, and the time between two

Report = Callable[[float, float, str], None]
"""report(done, total, what)"""


def complain(message: str) -> None:
    """One error message; long lines are left to the terminal, so that paths can be copied."""
    ERR.print(Text("error: ", "bold red").append(Text(message, "default not bold")), soft_wrap=True)


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
