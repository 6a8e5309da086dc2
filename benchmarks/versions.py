"""The engine's speed on several versions of JAX: python benchmarks/versions.py PYTHON [PYTHON ...] [--rounds N].

Each PYTHON is an interpreter that has the package's dependencies, such as .venv/bin/python and .venv-newest/bin/python.
Every one gets a process with one worker; all are alive and take turns, so that they share whatever else the machine
does. Counted are coordinate updates per second of CPU time; medians over the rounds, ratios to the first PYTHON within
each round. `--without WHAT` adds every PYTHON without the flags for LLVM (llvm), with instructions in the order that
LLVM likes (schedule), with vectors as wide as it likes (width), with a branch for each lane's noise (choice), or all
trajectories of a block together below 150 coordinates (pairs); `--dtype float64` runs in that.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

UPDATES = 6e7  # of a turn: a quarter of a second or more


class SpeedCase(NamedTuple):
    """An optimizer on F = sum x^2/(1 + x^2) with normal noise: B trajectories of d coordinates in float32."""

    label: str
    optimizer: str
    d: int
    B: int

    @property
    def steps(self) -> int:
        """T of a turn."""
        return int(UPDATES / (self.d * self.B))


CASES = (
    SpeedCase("Adam, d = 1", "adam:form=practical", 1, 4096),
    SpeedCase("Adam, d = 10", "adam:form=practical", 10, 1024),
    SpeedCase("Adam, d = 100", "adam:form=practical", 100, 256),
    SpeedCase("MADA, d = 10", "mada:learn=rho", 10, 1024),
    SpeedCase("MADA, all learned, d = 10", "mada:learn=all", 10, 1024),
)


LEFT_OUT = {
    "": "",
    "llvm": ", without LLVM's flags",
    "schedule": ", in the order that LLVM likes",
    "width": ", vectors as LLVM likes",
    "choice": ", a branch for each lane's noise",
    "pairs": ", together below 150 coordinates",
}
"""What a process may leave out of how the engine makes its loops, and how its row says so."""


def serve(left_out: str, dtype: str) -> None:
    """Say which versions these are, then answer every line, the number of a case, with its updates per CPU second."""
    from madatheory.engine import flags

    if left_out == "llvm":
        flags.TESTED, flags.LLVM = frozenset({flags.version("jaxlib")}), ()
    elif left_out == "schedule":
        flags.LLVM = tuple(option for option in flags.LLVM if option != flags.SCHEDULE)
    flags.enable_native_loop()
    import jax

    from madatheory import simulate
    from madatheory.engine.backend import compiled, loop
    from madatheory.optimizers.catalogue import get_optimizer
    from madatheory.problems.catalogue import get_problem

    if left_out == "width":
        del compiled.OPTIONS["xla_cpu_prefer_vector_width"]
    elif left_out == "choice":
        loop._MANY = sys.maxsize
    elif left_out == "pairs":
        compiled._PAIRS_FROM = 150
    made = [(get_problem(f"ratio:d={case.d},noise=gaussian"), get_optimizer(case.optimizer)) for case in CASES]
    print(f"{sys.version.split()[0]} | {jax.__version__}{LEFT_OUT[left_out]}", flush=True)
    for line in sys.stdin:
        case, (where, method) = CASES[int(line)], made[int(line)]
        began = time.process_time()
        simulate(where, method, case.steps, num_trajectories=case.B, dtype=dtype, workers=1)
        print(case.steps * case.B * case.d / (time.process_time() - began), flush=True)


def start(python: str, left_out: str, dtype: str) -> subprocess.Popen[str]:
    """The process of one interpreter, which imports the package of this folder."""
    environment = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"} | {"JAX_PLATFORMS": "cpu"}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    command = [python, __file__, "--serve", left_out, "--dtype", dtype]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def ask(process: subprocess.Popen[str], case: int) -> float:
    """Updates per CPU second of one turn."""
    assert process.stdin is not None
    process.stdin.write(f"{case}\n")
    process.stdin.flush()
    return float(line_of(process))


def line_of(process: subprocess.Popen[str]) -> str:
    """What it says next."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def table(pythons: list[str], rounds: int, left_out: Sequence[str] = ("",), dtype: str = "float32") -> str:
    """Rows of a table in Markdown: millions of updates per CPU second and, in brackets, the ratio to the first row."""
    processes = [start(python, what, dtype) for what in left_out for python in pythons]
    try:
        names = [line_of(process) for process in processes]
        found = [[[ask(p, i) for p in processes] for _ in range(rounds + 1)][1:] for i in range(len(CASES))]
    finally:
        for process in processes:
            process.communicate()
    rows = ["| Python | JAX | " + " | ".join(case.label for case in CASES) + " |", "|---|---|" + "---|" * len(CASES)]
    for k, name in enumerate(names):
        cells = (
            f"{median(turn[k] for turn in turns) / 1e6:.0f} ({median(turn[k] / turn[0] for turn in turns):.2f})"
            for turns in found
        )
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


NEWEST = Path(__file__).resolve().parents[1] / ".venv-newest" / "bin" / "python"


def beside_the_newest(rounds: int) -> str:
    """This interpreter and the newest Python and JAX that `make test-newest` has installed; "" without these."""
    return table([sys.executable, str(NEWEST)], rounds) if NEWEST.exists() else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds; the first one compiles and is left out")
    parser.add_argument("--without", metavar="WHAT", action="append", choices=[*filter(None, LEFT_OUT)], default=[])
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--serve", choices=tuple(LEFT_OUT), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        serve(given.serve, given.dtype)
    elif given.pythons and given.rounds >= 1:
        print(table(given.pythons, given.rounds, ["", *given.without], given.dtype))
    else:
        parser.error("give at least one PYTHON, and at least one round")
