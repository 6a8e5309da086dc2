"""What `madatheory check` costs: python benchmarks/check_time.py [--libraries] [--rounds N].

Wall and processor seconds of whole commands, imports included, on one core; the least of some rounds. With --libraries:
everything in optax and torch.optim, on two cores. Beside them what the imports alone take, and a loop of plain Python,
by which other machines can be compared.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from madatheory.identities.targets.library import library

LOOP = "s = 0\nfor i in range(10_000_000):\n    s += i * i"
STEP = (
    "import torch\nx = torch.zeros(3, requires_grad=True)\nx.grad = torch.ones(3)\ntorch.optim.Adam([x], lr=0.1).step()"
)
LIBRARIES = ("optax", "torch.optim")


class Seconds(NamedTuple):
    """Of a command: by the clock, and of all processors."""

    wall: float
    processor: float


def check(*words: str) -> list[str]:
    """The command `madatheory check`."""
    return [sys.executable, "-m", "madatheory", "check", *words]


def commands() -> Mapping[str, Sequence[str]]:
    """What is measured on one core: name -> command."""
    found = {
        "plain Python: 10^7 additions": [sys.executable, "-c", LOOP],
        "import jax, optax": [sys.executable, "-c", "import jax, optax"],
        "import torch, one step of torch.optim.Adam": [sys.executable, "-c", STEP],
    }
    for target in ("optax:adam", "torch.optim:Adam"):
        for more in ("--only S1", "--profile quick", ""):
            found[f"check {target} {more}".rstrip()] = check(target, "--workers", "1", *more.split())
    return found


def everything() -> Mapping[str, Sequence[str]]:
    """Whole libraries on two cores: name -> command."""
    count = sum(len(library(name).optimizers) for name in LIBRARIES)
    words = [word for name in LIBRARIES for word in ("--all", name)]
    return {f"check {' '.join(words)} --workers 2 ({count} optimizers)": check(*words, "--workers", "2")}


def measured(command: Sequence[str]) -> Seconds:
    """One run; `RuntimeError` if it ends otherwise than with 0 or, where an identity fails, 1."""
    # as for users, who do not forbid Python to keep what it has compiled
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=kept)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-1000:]}")
    return Seconds(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def table(rows: Mapping[str, Seconds]) -> str:
    """In markdown, with what else the machine did."""
    lines = ["| | wall | processor |", "|---|---:|---:|"]
    lines += [f"| {name} | {found.wall:.1f} s | {found.processor:.1f} s |" for name, found in rows.items()]
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return "\n".join([*lines, "", f"{os.cpu_count()} cores; load averages {load}"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command, of which the least counts")
    parser.add_argument("--libraries", action="store_true", help="all of optax and torch.optim instead, once")
    given = parser.parse_args()
    chosen, rounds = (everything(), 1) if given.libraries else (commands(), given.rounds)
    rows = {}
    for name, command in chosen.items():
        print(f"{name} ..", file=sys.stderr)
        rows[name] = min(measured(command) for _ in range(rounds))
    print(table(rows))
