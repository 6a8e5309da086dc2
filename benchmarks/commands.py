"""The package's own commands, timed as a user runs them: each a process of its own."""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.process import ROOT, environment


class TimedCommand(NamedTuple):
    """Words after `madatheory`, with {folder} for a new folder; `small`: what makes them small; seconds it may take."""

    what: str
    words: str
    small: str
    must: float
    times: int = 1  # runs, each in a folder of its own where that says {folder}


STORE = "--store {folder}/store"
COMMANDS = (
    TimedCommand("one bound on one problem", f"verify --theorem T5 --problem ratio {STORE}", "", 4.0, 3),
    TimedCommand("verify, nothing kept", f"verify {STORE}", "--theorem T5 --problem ratio", 180.0),
    TimedCommand("verify again", f"verify {STORE}", "--theorem T5 --problem ratio", 20.0),
    TimedCommand(
        "figures, nothing kept",
        "figures --group theory --out {folder} --store {folder}/figures",
        "rho-sweep --profile smoke",
        240.0,
    ),
)
"""On two cores, in this order; those that run once share a folder."""


def timed(command: str, folder: str, end: float = float("inf")) -> tuple[float, int | None, str]:
    """Seconds, status (None: stopped at the monotonic time `end`) and last line of `madatheory COMMAND`."""
    return timed_line([sys.executable, "-m", "madatheory", *command.format(folder=folder).split()], end)


def timed_line(line: Sequence[str], end: float) -> tuple[float, int | None, str]:
    """As `timed`, of any program."""
    child = environment()
    child.pop("PYTHONDONTWRITEBYTECODE", None)  # what is imported is compiled once, as for a user
    began, left = time.perf_counter(), end - time.monotonic()
    try:
        ran = subprocess.run(
            line,
            cwd=ROOT,
            env=child,
            capture_output=True,
            text=True,
            timeout=None if left == float("inf") else max(1.0, left),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return time.perf_counter() - began, None, ""
    said = [text for text in (ran.stdout + ran.stderr).splitlines() if re.search(r"\w", text)] or [
        "nothing was printed"
    ]
    return time.perf_counter() - began, ran.returncode, said[-1].strip()


def wrong(status: int | None) -> bool:
    """Whether a status says that the command did not run: with 1 it did, and a claim does not hold."""
    return status not in (0, 1)
