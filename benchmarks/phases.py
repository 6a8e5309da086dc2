"""Where a command's processor time goes: python -m benchmarks.phases [--out FILE] verify --theorem T5 --problem ratio.

`--table before=A.json after=B.json` prints what such files say, side by side, for docs/performance.md.

The command runs in this process, whose functions are wrapped where a phase begins and ends; what one phase takes inside
another is its own. Processor time, because a clock also counts what other processes do. XLA compiles in threads of its
own and runs in those called Eigen: their times are read from /proc.
"""

import argparse
import builtins
import importlib
import json
import os
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from madatheory.files import write

TASKS = Path("/proc/self/task")
IMPORT, TRACE, LOWER, XLA, RUN, KEYS, AUDIT, VERDICTS, OTHER = PHASES = (
    "import",
    "trace",
    "lower",
    "XLA",
    "run",
    "store and keys",
    "audit",
    "verdicts",
    "other",
)
EVENTS = {
    "/jax/core/compile/jaxpr_trace_duration": TRACE,
    "/jax/core/compile/jaxpr_to_mlir_module_duration": LOWER,
    "/jax/core/compile/backend_compile_duration": XLA,
}
"""JAX's names of its phases."""
FUNCTIONS = {
    "madatheory.store.cache_key:cache_key_of": KEYS,
    "madatheory.theory.verify:fingerprint": KEYS,
    "madatheory.theory.verdict:fingerprint": KEYS,
    "madatheory.store.store:configuration_of": KEYS,
    "madatheory.store.store:chunks": KEYS,
    "madatheory.store.store:read": KEYS,
    "madatheory.store.store:write": KEYS,
    "madatheory.theory.verify:check_declared": AUDIT,
    "madatheory.theory.verify:broken_at_samples": AUDIT,
    "madatheory.theory.verify:broken_at_visited": AUDIT,
    "madatheory.theory.verify:judge": VERDICTS,
    "madatheory.engine.simulate:run_blocks": RUN,
    "madatheory.engine.backend.compiled:Programs._trace": TRACE,
}
"""Functions of the package, module:name, by the phase in which they are."""


class Stopwatch:
    """Processor seconds by phase, over all threads of Python."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.times: Counter[str] = Counter()
        self._here = threading.local()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What this thread does inside belongs to `name`, and no longer to the phase around it."""
        self._charge()
        self._here.open.append(name)
        self.times[name] += 1
        try:
            yield
        finally:
            self._charge()
            self._here.open.pop()

    def _charge(self) -> None:
        now = time.thread_time()
        if not hasattr(self._here, "open"):
            self._here.open, self._here.since = [], now
        if self._here.open:
            self.seconds[self._here.open[-1]] += now - self._here.since
        self._here.since = now

    def wrapped(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """`function`, inside the phase `name`."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            with self.phase(name):
                return function(*arguments, **named)

        return call


def watch(stopwatch: Stopwatch) -> None:
    """Wrap imports, JAX's phases and the package's functions, for the rest of this process."""
    plain = builtins.__import__
    timed = stopwatch.wrapped(plain, IMPORT)

    def imported(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        new = level or name not in sys.modules  # most calls find what is there
        return (timed if new else plain)(name, globals, locals, fromlist, level)

    builtins.__import__ = imported  # pyright: ignore[reportAttributeAccessIssue]
    from jax._src import dispatch

    class Timed(dispatch.LogElapsedTimeContextManager):
        __slots__ = ("_inside",)

        def __enter__(self) -> None:
            self._inside = stopwatch.phase(EVENTS.get(self.event or "", OTHER))
            self._inside.__enter__()
            super().__enter__()

        def __exit__(self, *error: Any) -> None:
            super().__exit__(*error)
            self._inside.__exit__(*error)

    dispatch.log_elapsed_time = Timed
    with stopwatch.phase(IMPORT):
        for place, name in FUNCTIONS.items():
            module, _, path = place.partition(":")
            *around, last = path.split(".")
            owner: Any = importlib.import_module(module)
            for part in around:
                owner = getattr(owner, part)
            setattr(owner, last, stopwatch.wrapped(getattr(owner, last), name))


def of_threads() -> dict[int, tuple[str, float]]:
    """Name and processor seconds of the threads that are not Python's."""
    known, found = {thread.native_id for thread in threading.enumerate()}, dict[int, tuple[str, float]]()
    for task in TASKS.iterdir() if TASKS.is_dir() else ():
        if int(task.name) not in known:
            seconds = int((task / "schedstat").read_text(encoding="utf-8").split()[0]) * 1e-9
            found[int(task.name)] = (task / "comm").read_text(encoding="utf-8").strip(), seconds
    return found


def measured(arguments: list[str]) -> dict[str, float]:
    """Processor seconds by phase of one command, run here; the whole and the clock's beside them."""
    began, stopwatch = time.perf_counter(), Stopwatch()
    import numpy  # noqa: F401

    others = set(of_threads())  # those of numerical libraries
    watch(stopwatch)
    from madatheory.__main__ import main

    sys.argv = ["madatheory", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code not in (0, 1, None):
            raise
    process = time.process_time()
    found: dict[str, float] = {phase: stopwatch.seconds[phase] for phase in PHASES}
    for number, (name, seconds) in of_threads().items():
        if number not in others:
            found[RUN if "Eigen" in name else XLA] += seconds
    found[OTHER] += process - sum(found.values())
    counted = {f"{phase}, times": stopwatch.times[phase] for phase in (TRACE, LOWER, XLA)}
    return {**found, "all": process, "clock": time.perf_counter() - began, **counted}


def table(files: list[str]) -> str:
    """In markdown, a column for each NAME=FILE."""
    names, paths = zip(*(text.split("=", 1) for text in files), strict=True)
    columns = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    rows = [["processor seconds", *names], ["---", *["---:"] * len(names)]]
    rows += [[phase, *(f"{column[phase]:.0f}" for column in columns)] for phase in (*PHASES, "all")]
    rows += [["programs compiled or found", *(f"{column[f'{XLA}, times']:.0f}" for column in columns)]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", metavar="FILE.json", help="write the seconds there")
    parser.add_argument("--table", action="store_true", help="compare files, each given as NAME=FILE.json")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    if given.table:
        print(table(given.command))
        sys.exit()
    text = json.dumps({name: round(value, 2) for name, value in measured(given.command).items()}, indent=1)
    print(text, file=sys.stderr)
    if given.out:
        write(given.out, text + "\n")
    sys.stdout.flush()
    os._exit(0)
