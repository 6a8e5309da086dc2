"""How a command ends when it is told to: one line, status 128 + the signal's number, soon, and with all its children.

The first Ctrl-C (or SIGTERM, SIGHUP) raises KeyboardInterrupt in the main thread, which unwinds as for any error. If
that has not ended the process within `GRACE` seconds, because a compiler does not look at signals or a thread is waited
for, a thread of this module ends it from beside, as a second Ctrl-C does at once. Nothing is lost by that: finished
chunks are on disk, where files appear whole. Standard library only, so that a command can listen before it imports
anything else.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

GRACE = 0.8
"""Seconds from the signal until the process is ended from beside."""
KEPT = "finished chunks are kept, and the same command goes on from them"
_WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "terminated"}


class _Stop:
    """What is known of this process: the signal that came, and whether there is something to unwind."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.handled = 0
        self.said = self.unwinds = self.ends = False


_stop = _Stop()


def run(command: Callable[[], object]) -> None:
    """Run `command` to its end, or until a signal: then one line and `status`, whatever it raises meanwhile."""
    _listen()
    try:
        command()
    except BaseException:
        if _stop.number is None:
            raise
    if _stop.number is not None:
        end()


@contextmanager
def unwinding() -> Iterator[None]:
    """Where the first signal is a KeyboardInterrupt; outside of it (imports, say) it ends the process at once."""
    _stop.unwinds = True
    try:
        yield
    finally:
        _stop.unwinds = False


def status() -> int:
    """The exit status after a signal: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + (_stop.number or signal.SIGINT)


def message(kept: str = KEPT) -> str:
    """The one line about it, or "" if it was printed already."""
    if _stop.said:
        return ""
    _stop.said = _stop.number is not None
    return f"{_WORDS[signal.Signals(status() - 128).name]}; {kept}"


def end() -> NoReturn:
    """End this process and all its children now: no thread is waited for, nothing is cleaned up."""
    if _stop.ends:  # another thread is at it
        time.sleep(GRACE)
        os._exit(status())
    _stop.ends = True
    with suppress(Exception):
        if said := message():
            # a progress bar may have hidden the cursor and left half a line
            clear = "\r\x1b[K\x1b[?25h" if os.isatty(2) else ""
            os.write(2, f"{clear}error: {said}\n".encode())
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # threads that still run, and what they start, have no more to say
    with suppress(Exception):
        _kill_children()
    os._exit(status())


def _kill_children() -> None:
    if "multiprocessing" not in sys.modules and "subprocess" not in sys.modules:
        return
    import psutil

    for _ in range(2):  # twice, for what was being started
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()


def _listen() -> None:
    """Handle the signals that end a command, except those that were ignored on purpose (nohup, a shell's `&`)."""
    if os.name != "posix":
        return
    known = [signal.Signals[name] for name in _WORDS]
    numbers = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, _handle)
    import threading  # late, so that this import can be interrupted too

    # C code writes the number of every signal into the pipe, also while the main thread is inside other C code
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read, numbers), daemon=True).start()


def _handle(number: int, frame: Any) -> None:
    if _stop.ends:
        return
    _stop.number, _stop.handled = _stop.number or number, _stop.handled + 1
    if _stop.handled > 1 or not _stop.unwinds or _imports(frame):
        end()
    import threading

    # an exception that a callback or another thread cannot pass on is no news any more
    sys.unraisablehook = threading.excepthook = lambda *_: None
    raise KeyboardInterrupt


def _imports(frame: Any) -> bool:
    """Whether a module is being imported: extension modules abort the process when that raises."""
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


def _watch(read: int, numbers: list[signal.Signals]) -> None:
    import select

    due: float | None = None
    while True:
        left = None if due is None else max(0.0, due - time.monotonic())
        if not select.select([read], [], [], left)[0]:
            end()
        for number in os.read(read, 64):
            if number in numbers:
                _stop.number = _stop.number or number
                if due is not None:
                    end()
                due = time.monotonic() + GRACE
