"""The table of proofs: what a status means, what makes a run fail, and that the pages are those of these checks."""

import importlib
import json
import re
import runpy
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import proofs_check
from madatheory.cli import app
from madatheory.errors import Missing, UserError
from madatheory.theory.catalogue import list_lemmas, list_theorems
from proofs_check import run
from proofs_check.evidence import Check, Evidence, Finding, Status, cell, verdict
from proofs_check.methods import METHODS, method
from proofs_check.page import filled, marked
from proofs_check.run import answer, key_of, questions, select
from proofs_check.statements import statements
from proofs_check.table import entry, markdown, of, status_of, wrong

ROOT = Path(__file__).parents[2]
ROWS = statements()


def said(status: Status, method: str = "smt", part: str = "", box: str = "", false: bool = False) -> Evidence:
    check = Check("ratio-sum", lambda: Finding(status), part, box, false)
    return Evidence(method, check, Finding(status), 0.0)


def test_every_lemma_and_theorem_is_a_row() -> None:
    assert {*list_lemmas(), *list_theorems()} <= set(ROWS)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_asks_about_every_statement_or_says_why_not(name: str) -> None:
    asked = {check.statement for check in method(name).checks()}
    assert asked <= set(ROWS)
    for row in ROWS.values():
        assert row.name in asked or len(method(name).not_applicable(row)) > 15, row.name


@pytest.mark.parametrize("name", METHODS)
def test_the_checks_of_a_method_are_told_apart(name: str) -> None:
    keys = [key_of(check) for check in method(name).checks()]
    assert len(keys) == len(set(keys))


def test_a_proof_for_all_values_counts_before_a_box_and_samples() -> None:
    boxed, samples, proof = said(Status.PROVED, box="T <= 3"), said(Status.SUPPORTED, "falsify"), said(Status.PROVED)
    assert cell([boxed]) == (Status.PROVED, "T <= 3")
    assert verdict([samples, boxed]) == (Status.PROVED, "T <= 3")
    assert verdict([samples, boxed, proof]) == (Status.PROVED, "")
    assert verdict([samples]) == (Status.SUPPORTED, "")
    assert verdict([]) == (Status.OPEN, "")


def test_one_counterexample_outweighs_every_proof() -> None:
    assert verdict([said(Status.PROVED, "coq"), said(Status.REFUTED, "falsify")]) == (Status.REFUTED, "")


def test_a_step_or_a_refuted_mistake_proves_nothing() -> None:
    assert verdict([said(Status.PROVED, part="a step"), said(Status.REFUTED, false=True)]) == (Status.OPEN, "")


@pytest.mark.parametrize(
    ("status", "false", "statement", "fails"),
    [
        (Status.REFUTED, False, "ratio-sum", True),
        (Status.PROVED, False, "ratio-sum", False),
        (Status.OPEN, False, "ratio-sum", False),
        (Status.REFUTED, True, "ratio-sum", False),
        (Status.PROVED, True, "ratio-sum", True),
        (Status.SUPPORTED, True, "ratio-sum", True),
        (Status.OPEN, True, "ratio-sum", True),
        (Status.REFUTED, False, "kingma-ba-step-bound", False),
        (Status.SUPPORTED, False, "kingma-ba-step-bound", True),
    ],
)
def test_what_makes_a_run_fail(status: Status, false: bool, statement: str, fails: bool) -> None:
    assert wrong(said(status, false=false), ROWS[statement]) is fails


def test_a_missing_tool_is_said_and_fails_nothing_and_a_check_that_dies_does() -> None:
    def missing() -> Finding:
        raise Missing("coqc is not installed")

    def broken() -> Finding:
        raise ZeroDivisionError("by zero")

    row = ROWS["ratio-sum"]
    for decide, fails, shown in ((missing, False, "no tool"), (broken, True, "error")):
        check = Check("ratio-sum", decide)
        finding, seconds, problem, absent = answer(check)
        found = Evidence("coq", check, finding, seconds, problem, absent)
        assert wrong(found, row) is fails
        assert entry(row, "coq", [found]) == shown
        assert status_of(row, [found]) == "OPEN"
        assert problem


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UserError, match="ratio-sum"):
        select(["ratio-sums"])
    with pytest.raises(UserError, match="smt"):
        select((), ["stm"])
    assert {row.label for row in select(["T5"])[0]} == {"T5"}


def test_a_check_of_no_statement_and_one_made_twice_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [Check("no-such-lemma", lambda: Finding(Status.OPEN))]
    monkeypatch.setattr(method("smt"), "checks", lambda: checks)
    with pytest.raises(UserError, match="no-such-lemma"):
        questions(list(ROWS.values()), ["smt"])
    checks[:] = [Check("ratio-sum", lambda: Finding(Status.OPEN))] * 2
    with pytest.raises(UserError, match="two checks"):
        questions(list(ROWS.values()), ["smt"])


def test_several_processes_say_what_one_says() -> None:
    rows, methods = select(["L7"], ["smt", "falsify"])

    def told(workers: int) -> set[tuple[str, str, str, str]]:
        found = run.evidence(rows, methods, workers)
        return {(e.method, e.check.statement, e.check.part, e.finding.status if e.finding else "") for e in found}

    assert told(0) == told(2)


@pytest.mark.parametrize("page", ["docs/theory.md", "README.md"])
def test_a_page_has_a_row_or_a_number_for_every_statement(page: str) -> None:
    """That the statuses are those of the present checks is compared in CI, by `make prove`, which takes minutes."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert marked(text)
    if "status" in marked(text):
        table = text[text.index("<!-- status: begin") : text.index("<!-- status: end")]
        written = re.findall(r"^\| \S+ \| (\S+) \| \w+", table, re.MULTILINE)
        assert written == list(ROWS)
        assert " | ".join(METHODS) in text
    else:
        counted = re.findall(r"^\| (\w+)s \| (\d+) \|", text, re.MULTILINE)
        kinds = [row.kind for row in ROWS.values()]
        assert {kind: int(number) for kind, number in counted} == {kind: kinds.count(kind) for kind in kinds}


def test_a_page_is_filled_between_its_marks() -> None:
    rows = [ROWS["ratio-sum"]]
    page = "a\n<!-- status: begin (x) -->\nold\n<!-- status: end -->\nb\n"
    new = filled(page, rows, [said(Status.PROVED)])
    table = markdown(rows, [said(Status.PROVED)])
    assert new == f"a\n<!-- status: begin (x) -->\n\n{table}\n\n<!-- status: end -->\nb\n"
    assert filled(new, rows, [said(Status.PROVED)]) == new
    assert "PROVED" in new


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command decides in this process, and starts no others, which would import everything again."""
    decided = run._decided
    monkeypatch.setattr(run, "_decided", lambda asked, workers: decided(asked, 0))


def test_the_command_shows_table_checks_and_json(here: None, tmp_path: Path) -> None:
    file = tmp_path / "proofs.json"
    ran = CliRunner().invoke(app, ["prove", "harmonic-split", "--method", "symbolic", "--json", str(file)])
    assert ran.exit_code == 0, ran.output
    assert "PROVED" in ran.output
    (row,) = json.loads(file.read_text())
    assert (row["statement"], row["status"]) == ("harmonic-split", "PROVED")
    assert row["evidence"][0]["seconds"] >= 0


def test_a_broken_formula_makes_the_command_fail(here: None) -> None:
    """Psi with a wrong constant is refuted where it is used, and the exit status says so."""
    terms = importlib.import_module("madatheory.theory.lemmas.psi_integral")
    right = terms.psi_integral.right
    object.__setattr__(terms.psi_integral, "right", lambda v, xp: right(v, xp) * xp.rational(9, 10))
    try:
        ran = CliRunner().invoke(app, ["prove", "psi-integral", "--method", "falsify"])
    finally:
        object.__setattr__(terms.psi_integral, "right", right)
    assert ran.exit_code == 1, ran.output
    assert "REFUTED" in ran.output


def test_proofs_check_is_the_same_command(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr(sys, "argv", ["proofs_check", "no-such-statement"])
    monkeypatch.setattr("madatheory.__main__.main", lambda: told.append(sys.argv[1:]))
    runpy.run_path(str(Path(proofs_check.__file__).with_name("__main__.py")), run_name="__main__")
    assert told == [["prove", "no-such-statement"]]
    ran = CliRunner().invoke(app, told[0])
    assert ran.exit_code == 2
    assert "no-such-statement" in ran.stderr


@pytest.mark.slow
def test_the_pages_are_those_of_the_present_checks() -> None:
    """All of it; CI compares the same after `make prove`."""
    rows, methods = select()
    found = list(run.evidence(rows, methods))
    if any(e.missing for e in found):
        pytest.skip("a tool of the proofs is missing: " + next(e.problem for e in found if e.missing))
    assert not [e for row in rows for e in of(row, found) if wrong(e, row)]
    for page in ("docs/theory.md", "README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert filled(text, rows, found) == text, f"{page} is stale: make prove"
