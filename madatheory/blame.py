"""Whose fault an exception is: what a user's function does wrong becomes one `UserError` that names its file and line.

The package calls functions that others wrote: builds, steps, right sides, claims. Each such call stands in `blame`. An
exception that passes through a line outside the package and outside libraries is the user's, and is raised again as
`Blamed`, with the original as its cause; any other goes on unchanged. `sys.exit` and a closed stdout are mistakes too.
Once a command has read a user's file, a call with a time limit ends after `MADATHEORY_LIMIT` seconds (60; 0: never).
"""

import functools
import io
import os
import sys
import sysconfig
import traceback
import types
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from madatheory.errors import UserError
from madatheory.limits import TimedOut, limited

VARIABLE, SECONDS = "MADATHEORY_LIMIT", 60.0
LOADED: set[str] = set()
"""The users' files that commands have read."""
_PACKAGE = Path(__file__).resolve().parent
_STANDARD = tuple(Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib"))


class Blamed(UserError):
    """A mistake in a function of the user's; the message starts with its file and line."""


class Misuse(Exception):
    """What a caller says inside `blame` of what the function returned; the message starts with a verb."""


def patience() -> float | None:
    """Seconds that a user's function may take, None for any time; `UserError` for what is no number of seconds."""
    text = os.environ.get(VARIABLE) or str(SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise UserError(f"{VARIABLE} = {text!r}: give a number of seconds, 0 for no limit")
    return seconds or None


@contextmanager
def blame(what: str, function: Any, remedy: str = "", *, endless: bool = False) -> Iterator[None]:
    """Around one call of a `function` that may be a user's: `what` names it, `remedy` says what it is asked for.

    An exception without a line of the user's, such as a wrong number of arguments, is theirs if `function` is. The
    caller raises `Misuse` inside because of what came back. `endless`: no time limit. None for `function`: a file.
    """
    theirs = function is None or _definition(function) is not None
    seconds = patience() if LOADED and not endless and theirs else None
    # asking the system takes longer than most calls of ours
    stdout, usable = sys.stdout, theirs and _usable(sys.stdout)
    try:
        with nullcontext() if seconds is None else limited(seconds):
            yield
        if usable and (sys.stdout is not stdout or not _usable(stdout)):
            raise Misuse("closes or replaces stdout, where the results are printed; leave it as it is")
    except (Exception, SystemExit, TimedOut) as error:
        if isinstance(error, Blamed):
            raise
        place = line_of(error) or _definition(function)
        if place is None and not isinstance(error, Misuse | TimedOut):
            raise
        raise Blamed(f"{', '.join(filter(None, [place, what])) or 'user code'}: {said(error, remedy)}") from error
    finally:
        if sys.stdout is not stdout:
            sys.stdout = stdout


def said(error: BaseException, remedy: str = "") -> str:
    """An exception in words, followed by the remedy."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, Misuse):
        return "; ".join(filter(None, [str(error), remedy]))
    if isinstance(error, TimedOut):
        return f"no answer within {patience():g} s; if it needs more, set {VARIABLE} to more seconds (0: no limit)"
    if isinstance(error, SystemExit):
        return f"SystemExit: {error.code}; a command ends by itself: return or raise instead of calling sys.exit"
    words = " ".join(str(error).split("\n\n")[0].split())  # of JAX's long explanations the first paragraph
    return "; ".join(filter(None, [f"{type(error).__name__}: {words}".removesuffix(": "), remedy]))


def line_of(error: BaseException) -> str | None:
    """`file, line N` of the innermost line of a user's that the exception passed, or None."""
    lines = [(frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(error.__traceback__)]
    return next((f"{shown(file)}, line {number}" for file, number in reversed(lines) if is_users(file)), None)


def _definition(function: Any) -> str | None:
    """`file, line N` of the user's function that this one is, wraps or, where it is ours, closes over; else None."""
    ahead, seen = [function], set[int]()
    while ahead:
        one = ahead.pop(0)
        if not callable(one) or id(one) in seen:
            continue
        seen.add(id(one))
        code = getattr(one, "__code__", None) or getattr(type(one).__call__, "__code__", None)
        if isinstance(code, types.CodeType):
            if is_users(code.co_filename):
                return f"{shown(code.co_filename)}, line {code.co_firstlineno}"
            if code.co_filename.startswith(f"{_PACKAGE}{os.sep}"):
                cells = getattr(one, "__closure__", None) or ()
                ahead += [cell.cell_contents for cell in cells if cell != types.CellType()]
        ahead += [getattr(one, "func", None), getattr(one, "__wrapped__", None)]
    return None


@functools.cache
def is_users(file: str) -> bool:
    """Whether code of this file is neither the package's nor a library's."""
    if file.startswith("<"):  # made at run time: a prompt's is the user's
        return file.startswith(("<stdin", "<ipython", "<python-input"))
    path = Path(file).resolve()
    ours = (_PACKAGE, *_STANDARD)
    return not any(path.is_relative_to(home) for home in ours) and not {"site-packages", "dist-packages"} & {
        *path.parts
    }


def shown(file: str) -> str:
    """The file as it is seen from the working folder."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file


def _usable(stream: Any) -> bool:
    """Whether something can still be written to a standard stream."""
    try:
        if stream is None or stream.closed:
            return False
        os.fstat(stream.fileno())
    except (io.UnsupportedOperation, AttributeError):  # no file behind it
        return True
    except (OSError, ValueError):
        return False
    return True
