"""The report on a theorem: what needs no run, what a failure leaves, and the whole of it once."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_page import check_alone, check_numbers
from typer.testing import CliRunner, Result

from madatheory.cli import app
from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.problems.catalogue import get_problem
from madatheory.report import dependence
from madatheory.report.document import Absent, DataTable, Document, Formula
from madatheory.report.parts import compose
from madatheory.report.request import TheoremRequest
from madatheory.report.theorem import document_of, parts_of, refuse_nothing
from madatheory.theory.catalogue import get_theorem
from madatheory.worst.instance_file import list_worst
from proofs_check.recorded import of_theorem, table

PROBLEMS = ("ratio:d=2", "quadratic")


def no_run(*args: Any, **more: Any) -> Any:
    raise UserError("the store is on fire: put it out")


def request(name: str = "avgrad-rate", problems: tuple[str, ...] = PROBLEMS) -> TheoremRequest:
    theorem = get_theorem(name)
    instances = tuple(one for one in list_worst().values() if one.theorem == theorem.name)
    return TheoremRequest(theorem, tuple(map(get_problem, problems)), instances, 50, 8, 0, no_run)


@pytest.fixture(scope="module")
def without_runs() -> Document:
    """Every part of T5's report, where nothing can be simulated."""
    asked = request()
    made, failures = compose(
        document_of(asked, {"madatheory": "1"}),
        parts_of(asked, of_theorem, ["madatheory report"], own=False),
        lambda found: None,
        lambda done, of, what: None,
    )
    assert all(isinstance(f.error, UserError) for f in failures)
    return made


def section(document: Document, title: str) -> tuple[Any, ...]:
    return next(s.blocks for s in document.sections if s.title == title)


def test_what_needs_no_run_is_there_and_what_fails_says_why(without_runs: Document) -> None:
    lost = {"Verdicts", "Measured left side under the bound", "Slack of every link of the proof", "Fitted rate"}
    assert set(without_runs.incomplete) == {*lost, "Dependence on hyper-parameters"}
    for title in without_runs.incomplete:
        (block,) = section(without_runs, title)
        assert isinstance(block, Absent)
        assert "the store is on fire: put it out" in block.why
    formula = next(b for b in section(without_runs, "Statement") if isinstance(b, Formula))
    assert "<= R*(D_0 + " in formula.formula.text


def test_assumptions_name_the_problems_on_which_they_fail(without_runs: Document) -> None:
    rows = dict(section(without_runs, "Assumptions")[0].rows)
    assert rows["A2 (gradients bounded by G)"] == "quadratic"
    assert rows["beta1 = 0"] == "none of the problems"


def test_proofs_are_those_of_the_recorded_table(without_runs: Document) -> None:
    rows = section(without_runs, "What is proved")[0].rows
    assert {row[0].split(":")[0]: row[1] for row in rows} == {
        "falsify": "n.a.",
        "symbolic": "PROVED: 6 steps",
        "smt": "n.a.",
        "balls": "n.a.",
        "coq": "PROVED (box)",
        "bridge": "SUPPORTED",
    }
    assert "AVGradRate.v" in next(row[2] for row in rows if row[0].startswith("coq"))
    assert next(fact.text for fact in without_runs.facts if fact.name == "proved") == "PROVED (box)"


def test_the_recorded_table_is_that_of_the_theory() -> None:
    root = Path(__file__).parents[2]
    both = [
        (root / name).read_text().split("<!-- status: begin")[1].split("<!-- status: end")[0]
        for name in (
            "docs/theory.md",
            "proofs_check/status.md",
        )
    ]
    assert both[0] == both[1]
    assert table()["avgrad-rate"]["coq"] == "PROVED (box)"


def test_the_neighbours_bound_the_same_and_come_in_order(without_runs: Document) -> None:
    tables = [b for b in section(without_runs, "Beside other bounds for the same method") if isinstance(b, DataTable)]
    rows = tables[0].rows
    names, values = [row[1] for row in rows], [float(str(row[3])) for row in rows]
    assert "avgrad-rate" in names
    assert "avgrad-rate-published-constants" in names
    assert "avgrad-weighted-rate" not in names  # a sum, not an average
    assert values == sorted(values)
    assert "avgrad-weighted-rate" in [row[1] for row in tables[1].rows]


def test_the_worst_instance_is_the_gallery_s(without_runs: Document) -> None:
    rows = next(b for b in section(without_runs, "Worst instance") if isinstance(b, DataTable)).rows
    assert rows[0][:3] == ("worst-avgrad-rate-2000", "avgrad-rate", 2000)


def test_a_theorem_that_applies_nowhere_is_one_message() -> None:
    nowhere = TheoremRequest(get_theorem("avgrad-rate"), (get_problem("quadratic"),), (), 50, 8, 0, no_run)
    with pytest.raises(UserError, match="nothing was measured: avgrad-rate applies to none"):
        refuse_nothing(nowhere)
    refuse_nothing(request())
    with pytest.raises(UserError, match="applies to none of these problems"):
        _ = nowhere.shown


def test_hyper_parameters_are_tried_within_their_ranges() -> None:
    parameters = get_theorem("interpolation-rate").optimizer().parameters
    for name, parameter in parameters.items():
        found = dependence.values_of(name, parameter, 0.1, 9)
        assert len(found) >= 5
        parameter.refuse(name, found)
    half_open = Parameter(0.5, 0.0, 1.0, open_low=True)
    assert dependence.values_of("share", half_open, 0.5, 3) == pytest.approx([0.5, 1.0])
    assert dependence.values_of("beta2", parameters["beta2"], 0.9, 3) == pytest.approx([0.9999, 0.99, 0.0])


def ran(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MADATHEORY_STORE", raising=False)
    return CliRunner().invoke(app, line.split())


@pytest.mark.needs("bokeh")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("report", "name a theorem (T5), an optimizer (optax:adam), or bring a theorem"),
        ("report T55", "unknown theorem 'T55'"),
        ("report T5 --out T5.pdf", "give FILE.html"),
        ("report T5 --profile fast", "unknown profile 'fast'"),
        ("report optax:adam --problem ratio", "optax:adam is an optimizer"),
        ("report T5 --trait corrected=yes", "--trait and --method are about an optimizer"),
        ("report optax:adamm", "optax has no 'adamm'"),
        ("report optax:adam --trait correct=yes", "unknown trait 'correct'"),
    ],
)
def test_bad_input_is_one_message_before_any_work(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ran(line, tmp_path, monkeypatch)
    assert found.exit_code == 2
    assert said in found.stderr
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.needs("bokeh")
@pytest.mark.slow  # compiles everything once
def test_a_report_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ran("report avgrad-rate --profile smoke --problem ratio:d=2 --out T5.html", tmp_path, monkeypatch)
    assert found.exit_code == 0, found.output
    text, data = (tmp_path / "T5.html").read_text(), json.loads((tmp_path / "T5.json").read_text())
    check_alone(text)
    check_numbers(text, data)
    assert not [b for s in data["sections"] for b in s["blocks"] if b.get("failed")]
    assert data["about"]["commands"][1] == (
        "madatheory verify --theorem avgrad-rate --problem ratio:d=2 --steps 200 --trajectories 64 --seed 0"
    )


BROKEN = '''"""A bound that raises in the middle."""
from dataclasses import replace

from madatheory import Level, get_theorem, terms

sound = get_theorem("adam-constant-step-rate")


def right(measured, q, xp):
    if xp.name == "sympy":
        raise ValueError("no symbols here")
    return sound.bound(q, xp)


mine = replace(sound, name="mine", label="mine", chain=(terms.AVERAGE, Level("right", "a guess", right)))
'''


@pytest.mark.needs("bokeh")
@pytest.mark.slow
def test_a_user_s_theorem_that_fails_in_the_middle_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(BROKEN)
    found = ran("report --load mine.py --profile smoke --problem ratio:d=2 --out mine.html", tmp_path, monkeypatch)
    assert found.exit_code == 2
    assert "Statement is missing: mine.py, line 11" in found.stderr
    data = json.loads((tmp_path / "mine.json").read_text())
    (lost,) = data["sections"][0]["blocks"]
    assert "ValueError: no symbols here" in lost["why"]
    verdicts = data["sections"][2]["blocks"][0]
    assert verdicts["rows"][0][:2] == ["ratio:d=2", "holds"]
