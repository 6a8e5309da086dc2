"""Two worker processes: the numbers of one machine, also where one of them is killed, and what is refused."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import xarray as xr
from typer.testing import CliRunner

import madatheory as mt
from madatheory.cli import app
from madatheory.errors import LostWork, UserError
from madatheory.store import Store
from madatheory.store.checkpoint import checkpoint

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


def run(store: Store, num_trajectories: int = 1024, steps: int = 30, **options: Any) -> xr.Dataset:
    return store.simulate(
        mt.get_problem("ratio:d=2"),
        mt.get_optimizer("avgrad"),
        steps,
        num_trajectories=num_trajectories,
        settings={"beta2": (0.9, 0.99)},
        save_at=3,
        **options,
    )


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


class Blaming:
    """A client whose workers die of "deadly", with all that they have beside it."""

    status = "running"

    def __init__(self) -> None:
        self.flying = dict[str, Any]()

    def submit(self, function: Any, *arguments: Any, key: str) -> Any:
        self.flying[key] = SimpleNamespace(status="pending", result=lambda timeout: function(*arguments))
        return self.flying[key]

    def fly(self) -> None:
        from distributed.scheduler import KilledWorker

        nobody: Any = None
        killed = any(key.startswith("deadly") for key in self.flying)
        for future in self.flying.values():
            future.status, future.exception = "error" if killed else "finished", lambda: KilledWorker("", nobody, 1)
        self.flying.clear()


def test_a_chunk_is_blamed_only_if_its_workers_die_when_it_is_alone(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, beside, done = Blaming(), list[list[str]](), dict[str, int]()

    def fly() -> None:
        beside.append(sorted(client.flying))
        client.fly()

    monkeypatch.setattr(two, "_client", client)
    monkeypatch.setattr(two, "_known", {"a worker": {}})
    monkeypatch.setattr(two, "_asked", float("inf"))
    tasks = {"deadly": (pow, 0, 2), "number-1": (pow, 1, 2), "number-2": (pow, 2, 2)}
    assert two._compute(tasks, done.__setitem__, fly) == [("deadly", 2)]
    assert done == {"number-1": 1, "number-2": 4}
    assert sorted(beside[0]) == sorted(tasks)
    assert sorted(what for what in beside[1:] if what) == [["deadly-alone"], ["number-1-alone"], ["number-2-alone"]]


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


STUDY = """
import jax.numpy as jnp
from madatheory import Claim, Figure
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.comparison import ComparisonPlan, compare_methods
from madatheory.studies.training.training_runs import TrainConfig

task = Task(
    "line", "a line", lambda key: {"x": jnp.ones(3)}, lambda x, key: jnp.sum(x["x"] ** 2) / 2,
    lambda x: {"error": jnp.sum(x["x"] ** 2)}, "error", "squared distance",
)


def compute(run):
    plan = ComparisonPlan(("sgd", "adam"), (1.0, 3.0), 1, 3)
    options = {"seed": run.seed, "cached": run.cached, "report": run.report, "workers": run.workers}
    found = compare_methods(task, TrainConfig(6, 3), plan, **options)
    return {name: outcome.tuned["loss"].values for name, outcome in found.items()}


studied = Figure(
    "studied", "two methods", compute, lambda n: [Claim("something is shown", len(n) == 2, "2")],
    lambda canvas, n: canvas.subplots(), caption=lambda n: "Two methods.",
)
"""


def test_the_runs_of_a_study_are_trained_there(two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And go to another worker in the state that they had."""
    (tmp_path / "study.py").write_text(STUDY)
    sent: list[str] = []
    calls = type(two).calls

    def counted(self: Any, computations: Any, *others: Any) -> None:
        sent.extend(computations)
        calls(self, computations, *others)

    monkeypatch.setattr(type(two), "calls", counted)

    def often(known: Any, read: Any, kept: Any, now: Any, seconds: float, *others: Any) -> Any:
        return checkpoint(known, read, kept, now, 0.0, *others)  # a turn is what there is between two records

    monkeypatch.setattr("madatheory.store.store.checkpoint", often)
    for where in ([], ["--cluster", two.address]):
        name = str(tmp_path / f"{len(where)}")
        asked = ["figures", "--load", str(tmp_path / "study.py"), "--out", name, "--store", f"{name}-store", *where]
        ran = CliRunner().invoke(app, asked)
        assert ran.exit_code == 0, ran.output
    assert (tmp_path / "0/studied.json").read_bytes() == (tmp_path / "2/studied.json").read_bytes()
    chunks = 2 * (2 + 2)  # of either method two to tune and two to judge
    assert len(sent) == 3 * chunks, "of each chunk a turn for each record"


def test_what_cannot_be_sent_is_computed_here(two: Any, tmp_path: Path) -> None:
    lock, store = threading.Lock(), Store(tmp_path, executor=two)
    found = store.cached("locked", {}, lambda: xr.Dataset({"x": int(lock.locked())}))
    assert int(found["x"]) == 0


def test_worst_finds_the_same(two: Any, tmp_path: Path) -> None:
    asked = ["worst", "adam-rate", "--steps", "2", "--candidates", "2", "--out", str(tmp_path / "found.py")]
    files = []
    for where in ([], ["--cluster", two.address]):
        ran = CliRunner().invoke(app, [*asked, "--json", str(tmp_path / "found.json"), *where])
        assert ran.exit_code == 0, ran.output
        files.append([(tmp_path / name).read_bytes() for name in ("found.json", "found.py")])
    assert files[0] == files[1]
    assert [len(one["free"]) for one in json.loads(files[1][0])["worst_found"]] == [0, 3]


def test_a_target_whose_library_differs_is_refused() -> None:
    from madatheory.identities.report.outcome import Request
    from madatheory.identities.runner import isolated

    versions = {**isolated._versions("optax:sgd"), "optax": "0.0.1"}
    with pytest.raises(UserError, match=r"^optax:sgd: a worker has optax \S+, and 0\.0\.1 is here: install the same"):
        isolated._sent("optax:sgd", Request(), ["S1"], [], isolated._Settings(1, 1), versions)


def test_calls_that_are_given_up_are_named(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(tasks: Any, done: Any, alive: Any) -> Any:
        (first, second) = tasks
        done(second, "found")
        return [(first, 3)]

    monkeypatch.setattr(two, "_compute", compute)
    monkeypatch.setattr(two, "lost", [])
    found: dict[str, str] = {}
    with pytest.raises(LostWork, match="the first: 3 workers that computed it died one after the other; all else is"):
        two.calls({"1": ("the first", dict), "2": ("the second", list)}, found.__setitem__, lambda: None)
    assert found == {"2": "found"}


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


def test_a_worker_without_the_package_is_one_message(two: Any, tmp_path: Path) -> None:
    absent = "import sys; sys.modules['madatheory'] = None; from distributed.cli.dask_worker import main; main()"
    words = [sys.executable, "-c", absent, two.address, "--no-nanny", "--no-dashboard", "--nthreads", "1"]
    worker = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        two._client.wait_for_workers(3, timeout=60)
        asked = ["verify", "--theorem", "T5", "--problem", "ratio", "--store", str(tmp_path), "--cluster", two.address]
        ran = CliRunner().invoke(app, asked)
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert ran.stderr.count("error: ") == 1
        assert re.search(r"error: worker tcp://\S+ has not this madatheory \(.*madatheory.*\): install", ran.stderr)
    finally:
        worker.kill()
        worker.wait()
        while len(two._client.scheduler_info(n_workers=-1)["workers"]) > 2:
            time.sleep(0.05)


def test_a_worker_that_dies_while_it_is_started_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    from madatheory.cluster import cluster

    def dies(**options: Any) -> None:
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(distributed, "LocalCluster", dies)
    with (
        pytest.raises(UserError, match=r"local:2: a worker process ended .*\(Nanny failed to start\.\)"),
        cluster("local:2"),
    ):
        pass


def test_a_worker_that_dies_while_it_is_asked_is_passed_over(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = two._client.run

    def asked(function: Any, **options: Any) -> dict[str, Any]:
        first, *rest = run(function, **options).items()
        return {first[0]: broken, **dict(rest)}

    monkeypatch.setattr(two._client, "run", asked)
    broken: Exception = ConnectionError("Stream is closed")
    two.examine()
    broken = ValueError("what is wrong with the versions")
    with pytest.raises(ValueError, match="versions"):
        two.examine()


# ---- workers die, and those that follow import everything anew: after what the first two can do


def test_a_killed_worker_costs_what_was_in_flight(two: Any, tmp_path: Path) -> None:
    store = Store(tmp_path / "killed", executor=two, chunk_seconds=1e-4)
    pids = sorted(two._client.run(os.getpid).values())
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if 0 < done < total and not killed:
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)

    data = run(store, steps=50_000, progress=kill)  # so long that the chunks do not all come at once
    assert killed, "some chunks were there, others not"
    assert store.computed == 8
    xr.testing.assert_identical(data, run(Store(tmp_path / "here"), steps=50_000))


TARGETS = """
import os, pathlib, signal


def sgd(lr=0.1):
    return (lambda x: 0), (lambda g, state, x: (x - lr * g, state))


def kills_the_worker(lr=0.1):
    mark = pathlib.Path(__file__).with_name("killed")
    if not mark.exists():
        mark.write_text(str(os.getppid()))
        os.kill(os.getppid(), signal.SIGKILL)
    return sgd(lr)
"""


def test_conformance_writes_the_same_json_also_when_a_worker_is_killed(
    two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from madatheory.identities.targets import library

    two._client.wait_for_workers(2)  # the one that an earlier test has killed may still be starting
    file, before = tmp_path / "targets.py", set(two._client.run(os.getpid).values())
    file.write_text(TARGETS)
    specs = tuple(f"{file}:{name}" for name in ("sgd", "kills_the_worker"))
    monkeypatch.setattr(library, "library", lambda name: library.Library(name, "1", specs, {}))
    pages = []
    for where in (["--cluster", two.address], []):  # here nothing may be killed any more
        page = tmp_path / f"{len(where)}.md"
        asked = ["conformance", "mine", "--only", "S1,F4", "--page", str(page), "--results", f"{page}-results", *where]
        ran = CliRunner().invoke(app, asked)
        assert ran.exit_code == 0, ran.output
        pages.append(page.with_suffix(".json").read_bytes())
    assert pages[0] == pages[1]
    assert b"kills_the_worker" in pages[0]
    killed = int((tmp_path / "killed").read_text())
    assert killed in before
    assert killed not in two._client.run(os.getpid).values(), "a worker has died"


def test_a_chunk_that_kills_its_workers_is_named_and_the_rest_goes_on(two: Any) -> None:
    def deadly() -> None:  # sent as code, so that no worker imports this file for it
        time.sleep(1)  # Dask does not start a worker again that dies while it is being started
        os._exit(9)

    done: dict[str, int] = {}
    tasks = {"deadly": (deadly,), **{f"number-{i}": (pow, i, 2) for i in range(8)}}
    lost = two._compute(tasks, done.__setitem__, lambda: None)
    assert lost == [("deadly", 2)]
    assert done == {f"number-{i}": i * i for i in range(8)}


# ---- other clusters


def test_when_all_workers_have_left_the_same_command_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    from madatheory.cluster import connect

    monkeypatch.setattr(connect, "PATIENCE", 1.0)
    threads: Any = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    local: Any = distributed.LocalCluster(**threads)
    with local:
        there = connect.Cluster(local.scheduler_address, connect.sameness(), print)
        store = Store(tmp_path / "store", executor=there, chunk_seconds=1e-4)
        keep = store._keep

        def leave(*arguments: Any) -> bytes:
            local.scale(0)
            return keep(*arguments)

        monkeypatch.setattr(store, "_keep", leave)
        with pytest.raises(UserError, match="all workers have left; what was computed is kept, and the same command"):
            run(store, 512, 10_000)
        there.close()
    later = Store(tmp_path / "store", chunk_seconds=1e-4)
    xr.testing.assert_identical(run(later, 512, 10_000), run(Store(tmp_path / "here"), 512, 10_000))
    assert 0 < later.reused == store.computed < 4


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
