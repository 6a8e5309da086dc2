"""Everything that is claimed of a GPU, in one run of some eight minutes: `bash benchmarks/gpu.sh` where there is one.

    python -m benchmarks.gpu [--out FILE.json] [--seconds 480] [--tiny]

Rates (marginal: between runs of T and 2T steps), whole calls beside `vmap(scan)` of optax.adam, what a call costs
before its first step, the package's commands, and the tests that compare a GPU with a CPU. The file is written anew
after each of them, so that a run that ends early loses nothing; goal J of `madatheory bench` reads it. `--tiny` does
the same at sizes for a machine without a GPU: it shows that the program works, and measures nothing.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.commands import timed, timed_line, wrong
from benchmarks.process import Failed, Pool, Unavailable
from benchmarks.task import BETA2, Workload
from madatheory.files import check_output, write

FILE = Path(__file__).with_name("gpu.json")
STEPS = 20_000
ROUNDS = 3
MARGINAL = (
    ("adam", 1, 10**5, 100.0),
    ("adam", 1, 10**6, 150.0),
    ("adam", 10, 10**6, 150.0),
    ("adam", 1000, 10**4, 150.0),
)
MADA = (("mada-all", 10, 10**5, 40.0), ("mada-all", 1000, 10**3, 40.0), ("mada", 10, 10**5, None))
"""Optimizer, d, B, and the 1e9 coordinate updates per second that must be reached."""
WHOLE = ((1, 10**3, 15.0), (10, 10**3, 15.0), (10, 10**4, 5.0), (10, 10**5, 2.0), (10, 10**6, 2.0))
"""d, B, and how many times the speed of optax.adam under vmap and scan must be reached by whole calls."""
FEW, MANY, CALL, TRAJECTORY = 10**3, 10**6, 10.0, 20.0  # ms of a call, and ns for each trajectory
COMMANDS = (
    ("verify, nothing kept", "verify", "--theorem T5 --problem ratio", 120.0),
    ("verify again", "verify", "--theorem T5 --problem ratio", 30.0),
    ("figures --group theory", "figures --group theory --out {folder}", "rho-sweep --profile smoke", 90.0),
)
"""The command, what makes it small, and the seconds that it may take."""


@dataclass(frozen=True)
class GpuNumber:
    """One number against its goal; `value` is None where `note` says why there is none."""

    what: str
    value: float | None
    must: float | None
    unit: Literal["x", "G/s", "s", "ms", "ns", "wrong"]
    note: str = ""
    failed: bool = False


@dataclass
class Session:
    """What the measurements share: contenders in processes of their own, the time that is left, the sizes' divisor."""

    pool: Pool
    end: float
    divisor: int = 1
    rows: list[GpuNumber] = field(default_factory=list)

    def task(self, optimizer: str, d: int, B: int, T: int) -> Workload:
        """With normal noise, smaller where the machine is."""
        beta2 = 0.99 if optimizer == "mada-all" else BETA2  # where it is learned, the end of its range
        return Workload(optimizer, max(2, B // self.divisor), d, max(2, T // self.divisor), "normal", beta2=beta2)

    def seconds(self, contender: str, task: Workload) -> float:
        """The fastest of some whole calls, the first of which is not counted."""
        running = self.pool.get(contender, os.cpu_count() or 1)
        running.prepare(task)
        running.run(0)
        return min(running.run(seed)["wall"] for seed in range(1, ROUNDS + 1))


def rates(session: Session) -> Iterator[GpuNumber]:
    """Coordinate updates per second between T and 2T steps of one batch."""
    for optimizer, d, B, must in (*MARGINAL, *MADA):
        what = f"{optimizer}, d = {d}, B = {B:.0e}, marginal rate"
        try:
            once, twice = (session.task(optimizer, d, B, times * STEPS) for times in (1, 2))
            more = session.seconds("ours", twice) - session.seconds("ours", once)
        except (Failed, Unavailable) as error:
            yield GpuNumber(what, None, must, "G/s", str(error), failed=True)
            continue
        rate = (twice.updates - once.updates) / more / 1e9 if more > 0 else None
        yield GpuNumber(what, rate, must, "G/s", "" if rate else "2T steps took no longer than T: too short to say")


def whole_calls(session: Session) -> Iterator[GpuNumber]:
    """Whole calls of 20,000 steps, ours and optax's in turn."""
    for d, B, must in WHOLE:
        what = f"adam, d = {d}, B = {B:.0e}, whole call against optax vmap(scan)"
        task = session.task("adam", d, B, STEPS)
        try:
            ours, theirs = (session.seconds(name, task) for name in ("ours", "optax_plain"))
        except (Failed, Unavailable) as error:
            yield GpuNumber(what, None, must, "x", str(error), failed=True)
            continue
        yield GpuNumber(what, theirs / ours, must, "x", f"{ours:.3g} s and {theirs:.3g} s")


def fixed_cost(session: Session) -> Iterator[GpuNumber]:
    """Calls of two steps: what is paid whatever the number of steps, for the call and for each trajectory."""
    few, many = (session.task("adam", 1, B, 2 * session.divisor) for B in (FEW, MANY))
    try:
        short, long = (session.seconds("ours", task) for task in (few, many))
    except (Failed, Unavailable) as error:
        yield GpuNumber("fixed cost of a call", None, CALL, "ms", str(error), failed=True)
        return
    each = (long - short) / (many.B - few.B)
    yield GpuNumber("fixed cost of a call", (short - few.B * each) * 1e3, CALL, "ms", f"from B = {few.B} and {many.B}")
    yield GpuNumber("fixed cost of a trajectory", each * 1e9, TRAJECTORY, "ns", f"from B = {few.B} and {many.B}")


def commands(session: Session) -> Iterator[GpuNumber]:
    """The package's own commands, in one new store."""
    with tempfile.TemporaryDirectory() as folder:
        for what, command, small, must in COMMANDS:
            words = f"{command} {small if session.divisor > 1 else ''} --store {{folder}}/store"
            seconds, status, said = timed(words, folder, session.end)
            if status is None:
                yield GpuNumber(what, None, must, "s", f"ended after {seconds:.0f} s, when the time was up")
            else:
                bad = wrong(status)
                yield GpuNumber(what, seconds, must, "s", f"status {status}" + (f": {said}" if bad else ""), bad)


def equality(session: Session) -> Iterator[GpuNumber]:
    """The tests that run kernels on a GPU and compare them with the CPU."""
    words = [
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/engine/test_persistent.py",
        "-k",
        "gpu_equals_the_cpu",
    ]
    _, status, said = timed_line([sys.executable, *words], session.end)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", said)}
    bad = counts.get("failed", 0) + counts.get("error", 0) if "passed" in counts or "failed" in counts else None
    yield GpuNumber("tests of a GPU against a CPU that fail", bad, 0.0, "wrong", said, failed=wrong(status))


LINES: tuple[Callable[[Session], Iterator[GpuNumber]], ...] = (rates, whole_calls, fixed_cost, equality, commands)


def machine() -> dict[str, Any]:
    """What was measured on: asked in a process of its own, so that this one takes no memory of the device."""
    code = "import jax; d = jax.devices()[0]; print(d.platform, jax.__version__, d.device_kind, sep='|')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    platform, version, kind = ran.stdout.strip().splitlines()[-1].split("|")
    return {"platform": platform, "device": kind, "jax": version, "python": sys.version.split()[0]}


def measure(out: Path, seconds: float, tiny: bool) -> list[GpuNumber]:
    """All lines, as many as the time allows; `out` has what there is after each number."""
    about = {**machine(), "tiny": tiny}
    with Pool() as pool:
        session = Session(pool, time.monotonic() + seconds, 1000 if tiny else 1)
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # of the processes to come: several share one device
        for line in LINES:
            late = [GpuNumber(line.__name__, None, None, "s", f"not begun within {seconds:g} s")]
            for row in line(session) if time.monotonic() < session.end else late:
                value = "none" if row.value is None else f"{row.value:.4g} {row.unit}"
                print(f"{row.what}: {value} {row.note}", flush=True)
                session.rows.append(row)
                write(out, json.dumps({**about, "rows": [asdict(row) for row in session.rows]}, indent=1) + "\n")
    return session.rows


def recorded(file: Path = FILE) -> tuple[str, list[GpuNumber]] | None:
    """What it was measured on, and the numbers; None where there is no file, or one of `--tiny`."""
    if not file.is_file():
        return None
    found = json.loads(file.read_text(encoding="utf-8"))
    if found["tiny"] or found["platform"] == "cpu":
        return None
    return f"{found['device']}, JAX {found['jax']}", [GpuNumber(**row) for row in found["rows"]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FILE, metavar="FILE.json")
    parser.add_argument("--seconds", type=float, default=480.0, help="after which nothing more is begun")
    parser.add_argument("--tiny", action="store_true", help="small sizes, for a machine without a GPU")
    given = parser.parse_args()
    check_output(given.out)
    if not given.tiny and machine()["platform"] == "cpu":
        sys.exit("benchmarks.gpu: JAX finds no GPU here; install jax[cuda12], or try the program itself with --tiny")
    sys.exit(any(row.failed for row in measure(given.out, given.seconds, given.tiny)))
