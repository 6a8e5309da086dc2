"""The measurements on a GPU: their arithmetic on processes of known speed, their file, and the goal that reads it."""

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gpu, properties
from benchmarks.goals import Bench, Row
from benchmarks.gpu import GpuNumber, Session
from benchmarks.measure import Effort
from benchmarks.process import Failed
from benchmarks.task import Workload

CALL, TRAJECTORY, SPEED = 4e-3, 30e-9, {"adam": 120e9, "mada-all": 50e9, "mada": 60e9}


@dataclass
class Machine:
    """Stands for `Pool`: calls that take a fixed time, one for each trajectory, and one for each update."""

    slower: float = 1.0
    task: Workload = field(default_factory=Workload)
    name: str = ""
    fails: str = ""

    def get(self, name: str, threads: int) -> "Machine":
        return replace(self, name=name)

    def prepare(self, task: Workload) -> dict[str, Any]:
        if task.optimizer == self.fails:
            raise Failed("no memory")
        self.task = task
        return {}

    def run(self, seed: int) -> dict[str, Any]:
        task = self.task
        seconds = CALL + task.B * TRAJECTORY + task.updates / SPEED[task.optimizer]
        return {"wall": seconds * (self.slower if self.name == "optax_plain" else 1) + (seed == 0)}


LONG = "simulate ratio:d=2 avgrad --steps 20000 --trajectories 20000000"


def session(machine: Machine) -> Session:
    return Session(machine, time.monotonic() + 100)  # pyright: ignore[reportArgumentType]


def test_a_marginal_rate_is_that_of_the_updates_alone() -> None:
    rows = list(gpu.rates(session(Machine())))
    assert [row.must for row in rows] == [100.0, 150.0, 150.0, 150.0, 40.0, 40.0, None]
    for row in rows:
        assert row.value == pytest.approx(SPEED[row.what.split(",")[0]] / 1e9, rel=1e-6), row.what


def test_whole_calls_and_what_they_cost_before_the_first_step() -> None:
    assert [row.value for row in gpu.whole_calls(session(Machine(slower=7.0)))] == pytest.approx([7.0] * len(gpu.WHOLE))
    call, each = gpu.fixed_cost(session(Machine()))
    # of the two steps that a call needs, each trajectory's own
    assert each.value == pytest.approx((TRAJECTORY + 2 / SPEED["adam"]) * 1e9)
    assert call.value == pytest.approx(CALL * 1e3)


def test_what_fails_is_a_row_and_the_rest_goes_on() -> None:
    rows = list(gpu.rates(session(Machine(fails="mada-all"))))
    assert [row.failed for row in rows] == [False] * 4 + [True, True, False]
    assert rows[4].note == "no memory"
    assert rows[4].value is None


def test_every_number_is_in_the_file_before_the_next_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, seen = tmp_path / "gpu.json", []

    def line(session: Session):
        for value in (1.0, 2.0):
            yield GpuNumber("speed", value, None, "x")
            seen.append([row["value"] for row in json.loads(out.read_text())["rows"]])

    monkeypatch.setattr(gpu, "machine", lambda: {"platform": "gpu", "device": "A", "jax": "1", "python": "3"})
    monkeypatch.setattr(gpu, "LINES", (line,))
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "restored after the test")
    gpu.measure(out, 100.0, False)
    assert seen == [[1.0], [1.0, 2.0]]
    late = gpu.measure(out, -1.0, False)
    assert [(row.what, row.value, row.note) for row in late] == [("line", None, "not begun within -1 s")]
    assert json.loads(out.read_text())["rows"] == [asdict(row) for row in late]


def test_the_goal_reads_what_a_gpu_has_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, bench = tmp_path / "gpu.json", Bench(None, Effort(), lambda what: None)  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(properties, "recorded", lambda: gpu.recorded(file))

    def goal(**about: Any) -> list[Row]:
        rows = [
            GpuNumber("rate", 90.0, 100.0, "G/s"),
            GpuNumber("call", 9.0, 10.0, "ms", "two sizes"),
            GpuNumber("tests that fail", 1.0, 0.0, "wrong"),
            GpuNumber("verify", None, 120.0, "s", "time was up", failed=True),
        ]
        whole = {"platform": "gpu", "device": "A", "jax": "1", "tiny": False, **about}
        file.write_text(json.dumps({**whole, "rows": [asdict(row) for row in rows]}))
        return list(properties.gpu(bench))

    (nothing,) = properties.gpu(bench)
    assert nothing.note == "not measured: run bash benchmarks/gpu.sh on a machine with a GPU"
    assert [row.met for row in goal()] == ["missed", "must", "missed", ""]
    assert [row.note for row in goal()][:2] == ["A, JAX 1", "A, JAX 1; two sizes"]
    assert goal()[3].failed
    assert goal(tiny=True) == goal(platform="cpu") == [nothing]


def test_a_command_that_takes_too_long_is_ended_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "COMMANDS", (("long", LONG, "", 1.0),))
    began = time.monotonic()
    (row,) = gpu.commands(Session(None, time.monotonic() - 1))  # pyright: ignore[reportArgumentType]
    assert row.value is None
    assert "when the time was up" in row.note
    assert time.monotonic() - began < 60
