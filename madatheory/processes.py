"""Child processes that never outlive their parent and are stopped together with all that they started.

A child leads a process group of its own. So a terminal's Ctrl-C reaches the parent alone, which decides, and one signal
to the group stops the child with its own children. A thread of the child waits until its parent has gone, however that
happened, and then kills the group. `python -m madatheory.processes MODULE ARGUMENTS` runs a module as such a child,
whose parent is there as long as its standard input is open.
"""

import multiprocessing
import os
import runpy
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def end_with_parent() -> None:
    """To be called first by a process of `multiprocessing`."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        end_after(parent.join)


def end_after(gone: Callable[[], object]) -> None:
    """Lead a group, and kill it as soon as `gone` returns. `gone` must wait where other threads go on."""
    if hasattr(os, "setpgid"):
        with suppress(OSError):  # already the leader of a session
            os.setpgid(0, 0)

    def wait() -> None:
        gone()
        stop(os.getpid())

    threading.Thread(target=wait, daemon=True).start()


def stop(pid: int | None) -> None:
    """Kill a child and its group, or itself; nothing happens if it has ended."""
    if pid is None:
        return
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
            return
    with suppress(OSError):  # it leads no group (yet)
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


@contextmanager
def shielded() -> Iterator[None]:
    """Where a child starts: it inherits that Ctrl-C is blocked, so that it prints no traceback of its own."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def lifeline() -> Iterator[int]:
    """The standard input of a child: it is open as long as this process lives and is inside the context."""
    read, write = os.pipe()
    try:
        yield read
    finally:
        os.close(read)
        os.close(write)


def command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module as a child; give it a `lifeline`, or a pipe that stays open, as input."""
    return [sys.executable, "-m", "madatheory.processes", module, *arguments]


if __name__ == "__main__":
    end_after(lambda: os.read(0, 1))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
