"""The benchmark: its processes, its equal-work checks, and the quick form with loose floors."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import madatheory as mt
from benchmarks import costs, profiling, properties, serve
from benchmarks.check import all_checks, our_answers, with_ours
from benchmarks.commands import COMMANDS, timed, wrong
from benchmarks.contenders import ours
from benchmarks.costs import ALL_LEARNED, FeatureCost
from benchmarks.goals import Bench, Goal, Row, against
from benchmarks.measure import SIZES, Effort, Spread, Timing, ratio, side_by_side
from benchmarks.picture import draw
from benchmarks.process import ROOT, Contender, Failed, Pool, Unavailable
from benchmarks.reference import recurrence
from benchmarks.report import markdown, sentence
from benchmarks.run import Results, check_tasks, run
from benchmarks.task import NotOffered, Workload
from madatheory.cli import app
from madatheory.engine.simulate import RunPlan, prepare
from madatheory.errors import UserError

pytestmark = pytest.mark.usefixtures("full_compilation")

SMALL = Workload("adam", 64, 2, 200)
NUMPY = """
from dataclasses import replace
from benchmarks.contenders import numpy_batched
SUMMARY, NEEDS = "a copy", ()
def prepare(task):
    return numpy_batched.prepare({change})
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool() as alive:
        yield alive


@pytest.fixture
def contender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Writes a contender of one's own and gives its name."""
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(name: str, source: str) -> str:
        (folder / f"{name}.py").write_text(source)
        return f"mine.{name}"

    return write


def test_a_contender_answers(pool: Pool) -> None:
    process = pool.get("numpy_batched", 1)
    assert process.prepare(SMALL)["updates"] == 64 * 2 * 200
    got = process.run(3)
    assert got["values"] == 64
    assert got["wall"] > 0
    assert got["mean"] > 10 * got["error"] > 0
    assert process.run(3)["mean"] == got["mean"] != process.run(4)["mean"]


def test_a_task_that_is_not_offered_is_said(pool: Pool) -> None:
    with pytest.raises(Unavailable, match="ratio"):
        pool.get("numpy_batched", 1).prepare(replace(SMALL, optimizer="mada-all"))
    assert pool.get("numpy_batched", 1).prepare(SMALL)  # and it is still there


def test_a_missing_library_is_a_row(pool: Pool, contender: Callable[[str, str], str]) -> None:
    name = contender("absent", 'SUMMARY, NEEDS = "", ("no_such_library",)')
    entries = {"ours": ("numpy_batched", 1, SMALL), "theirs": (name, 1, SMALL)}
    got = side_by_side(pool, entries, Effort(1, 0.001), lambda what: None)
    row = against("C", "theirs", got["ours"], got["theirs"], 1, 2)
    assert row.measured is None
    assert not row.failed
    assert row.met == ""
    assert row.note == "not measured: no_such_library is missing; install madatheory[bench]"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ValueError('at import')", "at import"),
        ("SUMMARY, NEEDS = '', ()\ndef prepare(task):\n    import os\n    os._exit(3)", "the process ended"),
        ("SUMMARY, NEEDS = '', ()\ndef prepare(task):\n    raise ZeroDivisionError('here')", "ZeroDivisionError: here"),
    ],
)
def test_a_failure_is_told_from_what_is_not_offered(
    contender: Callable[[str, str], str], source: str, message: str
) -> None:
    with Contender(contender("faulty", source), 1) as process:
        for _ in range(2):  # the second time at once: the process is known to be dead
            with pytest.raises(Failed, match=message):
                process.prepare(SMALL)


def test_a_contender_that_prints_does_not_break_the_protocol(contender: Callable[[str, str], str]) -> None:
    name = contender("loud", "print('{}')\n" + NUMPY.format(change="task") + "    print(1)\n")
    with Contender(name, 1) as process:
        assert process.prepare(SMALL)["updates"] == SMALL.updates


def test_equal_work_sees_a_wrong_beta(pool: Pool, contender: Callable[[str, str], str]) -> None:
    (_, _, small), (_, _, large) = [case for case in check_tasks(1, True) if case[0] == "numpy_batched"][:2]
    answers = our_answers(pool)
    honest = contender("honest", NUMPY.format(change="task"))
    wrong1 = contender("wrong1", NUMPY.format(change="task") + "numpy_batched.BETA1 = 0.0\n")
    wrong2 = contender("wrong2", NUMPY.format(change="replace(task, beta2=.99)"))
    assert with_ours(pool, honest, 1, small, answers).holds
    assert with_ours(pool, honest, 1, large, answers).holds
    assert with_ours(pool, wrong2, 1, small, answers).holds is False
    assert with_ours(pool, wrong1, 1, large, answers).holds is False


@pytest.mark.parametrize(("method", "generator"), [("adam", "threefry"), ("avgrad", "hash"), ("mada", "threefry")])
def test_ours_against_a_recurrence_in_float64(method: str, generator: str) -> None:
    task = Workload(method, 6, 3, 1000, generator=generator)
    mean = ours.prepare(task)(7).mean()
    np.testing.assert_allclose(mean, recurrence(task, 7).mean(), rtol=1e-5)
    assert abs(mean / recurrence(replace(task, beta2=0.998), 7).mean() - 1) > 1e-5


@pytest.mark.needs("numba")
@pytest.mark.parametrize(("method", "B", "d"), [("avgrad", 70, 1), ("mada", 33, 10), ("mada", 5, 256)])
def test_numba_does_the_same_work(method: str, B: int, d: int) -> None:
    from benchmarks.contenders import numba_loop

    task = Workload(method, B, d, 200)
    got, exact = numba_loop.prepare(task)(0), recurrence(task, 0)
    assert got.shape == (B,)
    assert abs(got.mean() - exact.mean()) < 4 * np.hypot(got.std(), exact.std()) / np.sqrt(B - 1)


def test_faster_than_numpy(pool: Pool) -> None:
    task = Workload("adam", 2048, 4, 100, "normal")
    entries = {"ours": ("ours", 1, task), "NumPy": ("numpy_batched", 1, task)}
    got = side_by_side(pool, entries, Effort(3, 0.05), lambda what: None)
    assert not got["ours"].reason
    assert len(got["ours"].wall) == 3
    ours, theirs = (Spread.of(got[label].cpu).median for label in entries)  # CPU time: other tests run beside it
    assert ours > theirs


def test_ratios_are_taken_round_by_round() -> None:
    a, b = Timing("a", 1, SMALL, wall=[10.0, 30.0, 90.0]), Timing("b", 1, SMALL, wall=[10.0, 10.0, 10.0])
    assert ratio(a, b) == Spread(3.0, 1.0, 9.0)


@pytest.mark.parametrize(
    ("unit", "value", "met"),
    [("x", 30, "aim"), ("x", 12, "must"), ("x", 9, "missed"), ("s", 30, "missed"), ("s", 15, "must"), ("s", 5, "aim")],
)
def test_what_is_met(unit: str, value: float, met: str) -> None:
    must, aim = (10, 20) if unit == "x" else (20, 10)
    assert Row("A", "", Spread.of([value]), must, aim, unit).met == met


def results() -> Results:
    timings = [Timing("ours", 1, SMALL, wall=[3e8, 4e8], cpu=[3e8, 4e8], note="madatheory, normal|B|16")]
    rows = [
        Row("A", "fast", Spread(30.0, 20.0, 31.0), 25, 40),
        Row("C", "numba", must=0.75, aim=0.9, note="not measured: numba is missing; install madatheory[bench]"),
    ]
    return Results({"cores": "2"}, False, rows, [], timings, timings, [], [])


def test_the_report_says_what_was_measured_and_what_not(tmp_path: Path) -> None:
    text = markdown(results())
    assert "| A | fast | 30 [20, 31] | 25 | 40 | must met |" in text
    assert "not measured: numba is missing" in text
    assert "- **A**, faster than optax.adam under vmap and scan, normal noise, all cores: holds.\n" in text
    draw(results().sweep, tmp_path)
    assert (tmp_path / "throughput.svg").stat().st_size > 0


def test_a_failure_counts_and_a_missing_library_does_not() -> None:
    found = results()
    assert found.failures == []
    found.rows.append(Row("B", "slow", note="numba_loop: the process ended", failed=True))
    assert found.failures == ["goal B, slow: numba_loop: the process ended"]


def profiled(whole: float) -> list[profiling.Part]:
    """Parts of made-up runs whose floor is 3.25 ns an update."""
    spent = {"whole": whole, "uniform noise": 3.0, "hash": 2.5, "no noise": 2.0}
    parts = [
        profiling.Part("run", what, method, *size, nanoseconds)
        for method in profiling.METHODS
        for size in SIZES
        for what, nanoseconds in spent.items()
    ]
    parts += [
        profiling.Part("alone", what, nanoseconds=time)
        for what, time in zip(profiling.ALONE, (0.5, 1.25, 0.25), strict=True)
    ]
    return parts + [
        profiling.Part("step", f"{lanes} trajectories", method, lanes, 1, 10.0 * lanes, "8 loops")
        for method in profiling.LOOPS
        for lanes in profiling.LANES
    ]


def test_the_profile_adds_up_and_says_what_the_goal_leaves() -> None:
    rival = Timing("optax_plain", 2, Workload("adam", 64, 1000, 100), wall=[1e8])
    text = "\n".join(profiling.sections(profiled(4.0), [rival]))
    # two cores, 6 times 1e8 a second: 2/6e8 s; the floor is the rest and the normals alone
    assert "| adam | 64 x 1000 | 3.33 | 4.00 | 1.00 | 0.50 | 0.50 | 2.00 | 3.25 |" in text
    assert "| mada, all learned | 64 x 1000 |  | 4.00 | 1.00 | 0.50 | 0.50 | 2.00 | 3.25 |" in text  # no rival
    assert "| adam |  | 8 loops | 20 ns | 320 ns | 640 ns | 2560 ns |" in text
    assert "failed: out of memory" in profiling.sections([profiling.Part("run", "failed", note="out of memory")], [])[0]


def bench(quick: bool = False) -> Bench:
    made = Bench(None, Effort(), lambda what: None, quick)  # pyright: ignore[reportArgumentType]
    made.profile, made.costs = profiled(4.0), [FeatureCost(ALL_LEARNED, 1e8, 0.36), FeatureCost("plain", 2e8, 1.0)]
    return made


def test_the_share_of_the_floor_counts_from_100_coordinates_on() -> None:
    rows = list(properties.near_the_limit(bench()))
    assert [row.what for row in rows] == [
        *(f"{method}, {size}, of the floor" for method in profiling.METHODS for size in ("1024 x 100", "64 x 1000")),
        "MADA, all learned, of Adam's speed",
    ]
    assert [row.measured and row.measured.median for row in rows] == [*[3.25 / 4.0] * 6, 0.36]
    assert [row.met for row in rows] == [*["missed"] * 6, "must"]
    failed = bench()
    failed.profile, failed.costs = [profiling.Part("run", "failed", note="gone")], [FeatureCost("costs", 0, 0, "gone")]
    assert [(row.failed, row.note, row.measured) for row in properties.near_the_limit(failed)] == [
        (True, "gone", None)
    ] * 7


def test_commands_are_timed_in_a_store_that_is_kept_for_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, str]] = []

    def timed(command: str, folder: str) -> tuple[float, int | None, str]:
        ran.append((command, folder))
        return float(len(ran)), 2 if "figures" in command else 1, "the last line"

    monkeypatch.setattr(properties, "timed", timed)
    rows = list(properties.commands(bench()))
    assert [row.what for row in rows] == [command.what for command in COMMANDS]
    assert [row.measured and row.measured.median for row in rows] == [2.0, 4.0, 5.0, 6.0]
    assert len({folder for _, folder in ran[:3]}) == 3, "one bound on one problem: an empty store each time"
    assert ran[3] == ran[4], "again: the same store"
    assert [row.failed for row in rows] == [False, False, False, True]
    assert rows[-1].note == "status 2: the last line"
    assert all(row.must is None for row in properties.commands(bench(quick=True))), "small forms have no goal"


def test_a_command_is_timed_as_a_user_runs_it() -> None:
    seconds, status, said = timed("list no-such-kind", "")
    assert seconds > 0.1
    assert wrong(status)
    assert said
    _, status, said = timed("--version", "")
    assert not wrong(status)
    assert mt.__version__ in said


def test_every_feature_has_a_price(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every case is one that the engine takes; nothing is run."""
    plans: list[RunPlan] = []

    def simulate(problem: Any, optimizer: Any, steps: int, num_trajectories: int, **options: Any) -> None:
        plans.append(prepare(problem, optimizer, steps, **options))

    monkeypatch.setattr("madatheory.engine.simulate.simulate", simulate)
    costs.main()
    found = [FeatureCost(**line) for line in json.loads(capsys.readouterr().out)]
    assert [(cost.feature, cost.note) for cost in found] == [(feature, "") for feature in costs.cases()]
    assert all(cost.rate > 0 for cost in found)
    assert len(plans) == 2 * (costs.TURNS + 1) * len(found)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([Row("A", "a", Spread(30.0, 20.0, 31.0), 25, 40)], "holds."),
        ([Row("A", "a", Spread.of([41.0]), 25, 40), Row("A", "b", Spread.of([26.0]), 25, 40)],
         "holds in all 2 cases; the aim is met in 1."),
        ([Row("A", "a", Spread.of([9.0]), 25, 40), Row("A", "b", Spread.of([26.0]), 25, 40)],
         "holds in 1 of 2 cases; missed: a (9, asked 25); docs/performance.md says why."),
        ([Row("A", "a", must=25, note="not measured: no torch")], "not measured: no torch."),
        ([Row("A", "a", Spread.of([3.0])), Row("B", "b", Spread.of([3.0]), 25)], "nothing is asked."),
    ],
)  # fmt: skip
def test_a_goal_has_one_sentence(rows: list[Row], said: str) -> None:
    goal = Goal("A", "faster", "25", "40", "ratio", lambda bench: iter(()))
    assert sentence(goal, rows) == f"**A**, faster: {said}"


def test_the_loops_of_a_step_are_counted() -> None:
    reddi = mt.get_problem("reddi-online")
    few = profiling.loops_of_a_step(reddi, mt.get_optimizer("adam:form=practical"))
    many = profiling.loops_of_a_step(reddi, mt.get_optimizer("mada:learn=all"))
    assert 3 <= few["loops"] < many["loops"]
    assert few["lanes"] == 16


def test_bad_tasks_are_refused() -> None:
    with pytest.raises(UserError, match="unknown optimizer 'adm'; did you mean 'adam'"):
        Workload("adm")
    with pytest.raises(UserError, match="T = 0"):
        Workload(T=0)
    with pytest.raises(UserError, match="unknown goal 'Z'"):
        run(True, lambda done, total, what: None, ["Z"])


@pytest.mark.needs("torch")
def test_the_torch_loop_offers_one_trajectory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_FLAGS", raising=False)  # loading takes it away, and this puts it back
    with pytest.raises(NotOffered):
        serve.load("torch_loop", 1).prepare(SMALL)  # type: ignore[union-attr]


FLOORS = {"A": 1.5, "B": 1.5, "C": 0.05, "D": 50, "I": 0.5}


def assert_above_the_floors(rows: list[dict[str, Any]]) -> None:
    """Far below what is measured on an idle machine: other tests run beside it."""
    for row in rows:
        if row["measured"] is not None and row["goal"] in FLOORS:
            assert row["measured"][0] > FLOORS[row["goal"]], row
        if row["measured"] is not None and row["unit"] == "":
            assert row["measured"][0] == 0, row


def measured(folder: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """What the command writes and prints."""
    file = folder / "found.json"
    ran = CliRunner().invoke(app, ["bench", *arguments, "--quick", "--json", str(file)])
    assert ran.exit_code == 0, ran.output
    return json.loads(file.read_text()), ran.output


def test_some_goals_in_one_command(tmp_path: Path) -> None:
    """Memory, bits, and what cannot be measured here; the quick form has all, with their checks."""
    found, said = measured(tmp_path, *"FGJ")
    assert found["failures"] == []
    assert {row["goal"] for row in found["rows"]} == set("FGJ")
    assert_above_the_floors(found["rows"])
    assert [row["measured"] is not None for row in found["rows"] if row["goal"] != "J"].count(False) == 0
    assert "must met" in said


@pytest.mark.slow  # half a minute of both cores, most of it rivals at work of equal size
def test_the_quick_form(tmp_path: Path) -> None:
    """All goals and checks; what numba and torch are missing for is a row that says so."""
    found, said = measured(tmp_path)
    assert found["failures"] == []
    assert {row["goal"] for row in found["rows"]} == set("ABCDEFGHIJKL")
    assert_above_the_floors(found["rows"])
    assert [row["measured"] is not None for row in found["rows"] if row["goal"] in "ABEFGHI"].count(False) == 0
    assert "must met" in said


@pytest.mark.slow  # a quarter of a minute of rivals at work
@pytest.mark.needs("numba", "torch")
def test_the_goals_against_numba_and_torch(tmp_path: Path) -> None:
    found, _ = measured(tmp_path, "C", "D")
    assert {row["goal"] for row in found["rows"] if row["measured"]} == {"C", "D"}
    assert_above_the_floors(found["rows"])


@pytest.mark.needs("numba", "torch")
def test_numba_and_torch_do_equal_work(pool: Pool) -> None:
    rivals = [case for case in check_tasks(1, True) if case[0] in ("numba_loop", "torch_loop")]
    assert len(rivals) == 8
    for check in all_checks(pool, rivals, [], lambda what: None):
        assert check.holds, check


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--strict"], 1)])
def test_strict_makes_a_missed_goal_a_failure(
    arguments: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = results()
    assert {row.met for row in found.rows} == {"must", ""}
    monkeypatch.setattr("benchmarks.command.run", lambda quick, report, letters: found)
    assert CliRunner().invoke(app, ["bench", "--strict"]).exit_code == 0
    found.rows.append(Row("A", "slow", Spread.of([9.0]), 25, 40))
    assert CliRunner().invoke(app, ["bench", *arguments]).exit_code == status


def test_without_a_clone_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("madatheory.cli.bench.CLONE", tmp_path)
    ran = CliRunner().invoke(app, ["bench"])
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "run this from a clone of the repository" in ran.stderr


CHILD = """
import sys
sys.path.insert(0, {root!r})
import madatheory
sys.path.remove({root!r})
sys.argv[1:] = ["bench", "Z"]
from madatheory.cli import main
main()
"""


def test_the_clone_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    line = [sys.executable, "-c", CHILD.format(root=str(ROOT))]
    ran = subprocess.run(line, capture_output=True, text=True, check=False)
    assert "unknown goal 'Z'" in ran.stderr
    with Contender("numpy_batched", 1) as process:  # a process of its own
        assert process.prepare(SMALL)["updates"] == SMALL.updates
