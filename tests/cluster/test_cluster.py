"""Two worker processes: the numbers of one machine, also where one of them is killed, and what is refused."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from typer.testing import CliRunner

import madatheory as mt
from madatheory.cli import app
from madatheory.errors import LostWork, UserError
from madatheory.store import Store

pytestmark = pytest.mark.needs("distributed")


@pytest.fixture(scope="module")
def two() -> Iterator[Any]:
    """Two workers, for all tests of this file, with the tests' settings of XLA."""
    from madatheory.cluster import cluster

    said: list[str] = []
    with cluster("local:2", report=said.append) as connected:
        assert (connected.workers, connected.slots) == (2, 2)
        yield connected
    assert said == []


def run(store: Store, num_trajectories: int = 1024, **options: Any) -> xr.Dataset:
    return store.simulate(
        mt.get_problem("ratio:d=2"),
        mt.get_optimizer("avgrad"),
        30,
        num_trajectories=num_trajectories,
        settings={"beta2": (0.9, 0.99)},
        save_at=3,
        **options,
    )


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_chunks_of_two_workers_are_those_of_one_machine(two: Any, tmp_path: Path) -> None:
    there, here = (
        Store(tmp_path / "there", executor=two, chunk_seconds=1e-4),
        Store(tmp_path / "here", chunk_seconds=1e-4),
    )
    data = run(there, 512)
    assert there.computed == 4
    xr.testing.assert_identical(data, run(here, 512))
    kept = [{path.name for path in store.root.glob("*/*.nc")} for store in (there, here)]
    assert kept[0] & kept[1], "a chunk of the same trajectories is the same file"
    more = Store(tmp_path / "there", executor=two, chunk_seconds=1e-4)
    xr.testing.assert_identical(run(more, 512), data)
    assert (more.computed, more.reused) == (0, 4)


def test_a_killed_worker_costs_what_was_in_flight(two: Any, tmp_path: Path) -> None:
    store = Store(tmp_path / "killed", executor=two, chunk_seconds=1e-4)
    pids = sorted(two._client.run(os.getpid).values())
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if 0 < done < total and not killed:
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)

    data = run(store, progress=kill)
    assert killed, "some chunks were there, others not"
    assert store.computed == 8
    xr.testing.assert_identical(data, run(Store(tmp_path / "here")))


def test_a_chunk_that_kills_its_workers_is_named_and_the_rest_goes_on(two: Any) -> None:
    done: dict[str, int] = {}
    tasks = {"deadly": (kill_self,), **{f"number-{i}": (pow, i, 2) for i in range(8)}}
    lost = two._compute(tasks, done.__setitem__, lambda: None)
    assert lost == [("deadly", 3)]
    assert done == {f"number-{i}": i * i for i in range(8)}


def test_the_command_writes_the_same_json(two: Any, tmp_path: Path) -> None:
    """Of a problem in a file of the user's, which no worker has, and of one of the package."""
    text = (Path(mt.__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    file = tmp_path / "soft_step.py"
    file.write_text(text.partition('title="soft_step.py"\n')[2].partition("```")[0], encoding="utf-8")
    asked = ["verify", "--theorem", "T5", "--load", str(file), "--problem", "ratio:d=2", "--problem", "soft-step:d=2"]
    asked += ["--steps", "60", "--trajectories", "32"]
    for where in ([], ["--cluster", two.address]):
        name = str(tmp_path / f"{len(where)}")
        ran = CliRunner().invoke(app, [*asked, "--json", f"{name}.json", "--store", name, *where])
        assert ran.exit_code == 0, ran.output
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "2.json").read_bytes()
    assert "tasks at a time" in ran.stderr  # of both, unless one is being started again


def test_a_worker_that_differs_is_refused(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from madatheory.cluster import connect

    other = {**two._ours, "jax": "0.0.1"}
    monkeypatch.setattr(connect, "sameness", lambda: other)
    with (
        pytest.raises(UserError, match=r"worker tcp://\S+ differs: jax \S+ there, 0.0.1 here"),
        connect.cluster(two.address),
    ):
        pass
    monkeypatch.setattr(two, "_ours", other)  # one that comes later says so itself
    with pytest.raises(UserError, match=r"differs: jax \S+ there, 0.0.1 here"):
        two.call("differs", "differs", dict)


def test_what_a_task_raises_is_raised_here(two: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        two._compute({"zero": (divmod, 1, 0)}, lambda key, value: None, lambda: None)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("local:none", "--cluster local:N = 'none'"),
        ("local:0", "--cluster local:N = 0"),
        ("somewhere", "give a scheduler's address, tcp://HOST:8786, or local:N"),
        ("tcp://127.0.0.1:9", "no scheduler answers there"),
    ],
)
def test_an_address_without_a_scheduler_is_one_message(
    address: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from madatheory.cluster import connect

    monkeypatch.setattr(connect, "ANSWER", 0.5)
    asked = [
        "verify",
        "--theorem",
        "T5",
        "--problem",
        "ratio",
        "--store",
        str(tmp_path / "store"),
        "--cluster",
        address,
    ]
    ran = CliRunner().invoke(app, asked)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert " ".join(ran.stderr.split()).count("error: ") == 1
    assert said in " ".join(ran.stderr.split())


def start(kind: str, *arguments: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, "--no-dashboard"]
    return subprocess.Popen(line, stderr=subprocess.DEVNULL)


def test_a_scheduler_that_is_started_again_is_found_with_what_was_in_flight() -> None:
    from madatheory.cluster.connect import Cluster

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, said, done = f"tcp://127.0.0.1:{port}", list[str](), dict[str, int]()
    scheduler = ("--host", "127.0.0.1", "--port", str(port))
    running = [start("scheduler", *scheduler)]
    try:
        time.sleep(1)
        there = Cluster(address, {}, said.append)

        def restart() -> None:
            if len(running) == 1:  # before there is a worker: all is in flight
                running[0].kill()
                running[0].wait()
                running.append(start("scheduler", *scheduler))
                running.append(start("worker", address, "--no-nanny", "--nthreads", "1"))

        lost = there._compute({f"number-{i}": (pow, i, 2) for i in range(3)}, done.__setitem__, restart)
        assert (lost, done) == ([], {f"number-{i}": i * i for i in range(3)})
        assert said == [f"the scheduler at {address} has gone; waiting for it"]
        there.close()
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_what_was_given_up_is_inconclusive_and_the_rest_is_judged() -> None:
    def simulate(problem: Any, optimizer: Any, *arguments: Any, **options: Any) -> xr.Dataset:
        if problem.name == "ratio":
            raise LostWork("avgrad on ratio, trajectories 0 to 7: 3 workers died")
        return mt.simulate(problem, optimizer, *arguments, **options)

    verdicts = mt.verify("avgrad-rate", ["ratio", "log"], steps=20, num_trajectories=8, run=simulate)
    assert [(v.problem, v.outcome) for v in verdicts] == [("ratio", "inconclusive"), ("log", "holds")]
    assert verdicts[0].reason.endswith("3 workers died")


def test_nothing_is_imported_for_workers_on_one_machine(tmp_path: Path) -> None:
    """xarray imports the module `dask` itself where it is installed, which starts nothing."""
    code = f"""
import sys
from madatheory.cli import app, figures, options, verify
import madatheory.figures.render, madatheory.theory.verify, madatheory.worst.verdicts
with options.workers(None) as none:
    options.open_store({str(tmp_path)!r}, executor=none)
print([name for name in ("distributed", "fsspec", "dask.array", "madatheory.cluster") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "[]\n", ran.stdout + ran.stderr
