"""A time limit for code that may never come back.

What packages do is not enough: stopit raises once, so that code which swallows it goes on; func_timeout runs the code
in another thread, where jax's settings of the caller's do not hold.
"""

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TimedOut(BaseException):
    """Something took longer than its limit. No `Exception`, so that neither hypothesis nor an optimizer catches it."""


PATIENCE = 4.0
"""How many times its limit code may take on a loaded machine, or asleep, where the limit is one of processor time."""


@contextmanager
def limited(seconds: float, *, processor: bool = False) -> Iterator[None]:
    """Raise `TimedOut` after so long, and again every second for code that swallows it.

    Only where Python runs: not inside a call of C code, for which `isolated` has a harder way. A timer of the main
    thread that was running before goes on afterwards; one that ends sooner stays alone. With `processor` the limit is
    one of the time that this process computes, so that others on the machine do not count; it ends after `PATIENCE`
    times as long in any case.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        with _watched(PATIENCE * seconds if processor else seconds):
            yield
        return
    if 0 < signal.getitimer(signal.ITIMER_REAL)[0] < seconds:
        yield
        return
    active = True
    began, computed = time.monotonic(), time.process_time()

    def stop(*_: Any) -> None:
        late = time.monotonic() - began >= PATIENCE * seconds
        if active and (not processor or late or time.process_time() - computed >= seconds):
            raise TimedOut

    before = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, min(1.0, seconds / 4) if processor else 1.0)
    try:
        yield
    finally:
        active = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 1e-3), interval)


@contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """The same for a thread that no signal reaches: another one raises the exception in it."""
    thread, over, lock = ctypes.c_ulong(threading.get_ident()), threading.Event(), threading.Lock()
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            with lock:
                if not over.is_set():
                    throw(thread, ctypes.py_object(TimedOut))
            wait = 1.0

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        try:
            over.set()
        finally:  # one may be thrown between these two lines
            over.set()
        with lock:
            throw(thread, None)  # one that is on its way comes no more
