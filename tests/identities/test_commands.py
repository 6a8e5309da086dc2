"""`madatheory check`, `identities`, `conformance`: results, files, exit status and messages."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from madatheory.identities.check import select
from madatheory.identities.identity import identities
from madatheory.identities.report.outcome import report_from
from madatheory.identities.runner import isolated

Run = Callable[..., Result]


def words(text: str) -> str:
    return " ".join(text.split())


def test_one_target_that_is_right(run: Run) -> None:
    result = run("check", "mine.py:right", "--only", "F1,F4", "--traits")
    assert result.exit_code == 0, result.output
    assert "mine.py:right: 2 hold, 0 fail" in result.stdout
    assert "elementwise" in result.stdout
    assert "other coordinates ignore" in words(result.stdout)


def test_one_target_that_is_wrong_is_shown_in_full(run: Run) -> None:
    result = run("check", "mine.py:wrong", "--only", "F1,F4,K2", "--json", "found.json", "--markdown", "found.md")
    assert result.exit_code == 1, result.output
    for text in ("breaks F4, ", "breaks K2, ", identities()["F4"].statement, "found  ", "got  ", "expected  "):
        assert text in result.stdout
    record = json.loads(Path("found.json").read_text())
    (report,) = map(report_from, record["reports"])
    assert {o.code: o.status for o in report.outcomes} == {"F1": "pass", "F4": "FAIL", "K2": "FAIL"}
    assert record["request"]["only"] == "F1,F4,K2"
    assert record["versions"]["madatheory"]
    page = Path("found.md").read_text()
    for outcome in report.failures:
        assert f"**{outcome.code} {outcome.name}** (fails)" in page
        assert outcome.snippet in page
        assert outcome.snippet in result.stdout


def test_declarations(run: Run) -> None:
    line = ("check", "mine.py:wrong", "--only", "F4")
    for option in ("--xfail", "--by-design"):  # the old name
        result = run(*line, option, "F4=it drifts", "--trait", "elementwise=no", "--traits")
        assert result.exit_code == 0, result.output
        assert re.search(r"xfail  F4 .*: it drifts \(", result.stdout)
        assert re.search(r"elementwise +no +declared", result.stdout), result.stdout
        assert ("--by-design is now called --xfail" in result.stderr) is (option == "--by-design")
    result = run("check", "mine.py:right", "--only", "F4", "--xfail", "F4=it drifts")
    assert result.exit_code == 1
    assert "declared to fail (it drifts), but it holds" in words(result.stdout)


def test_several_targets_are_a_matrix(run: Run) -> None:
    result = run("check", "mine.py:right", "mine.py:wrong", "mine.py:nonsense", "--only", "F1,F4", "--snippets")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.rstrip() for line in lines[:4]] == ["      F", "      14", "right ✓✓", "wrong ✓✗"]
    text = words(result.stdout)
    assert "fails F4" in text
    assert "broken update returned NoneType, not (x, state) mine.py:nonsense" in text
    assert "run = runs_of(optimizer)" in result.stdout
    assert max(map(len, result.stdout.splitlines()[:8])) <= 100


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("check", "name a target"),
        ("check mine.py:needy", "needy needs model"),
        ("check mine.py:nothing", "mine.py has no 'nothing'; it has"),
        ("check none.py:make", "there is no file none.py"),
        ("check mine.py", "'mine.py' names no optimizer"),
        ("check mine.py:right --only Q7", "unknown identity 'Q7'"),
        ("check mine.py:right --profile fast", "unknown profile 'fast'"),
        ("check mine.py:right --trait elementwise", "write --trait name=yes"),
        ("check mine.py:right --trait elmentwise=yes", "did you mean 'elementwise'"),
        ("check mine.py:right --xfail F4", "write --xfail CODE=reason"),
        ("check mine.py:right --xfail Z4=why", "unknown identity 'Z4'"),
        ("check mine.py:right --only F4 --set momentum=1,2", "one value, not a grid"),
        ("check mine.py:right --only F4 --set beta7=1", "no setting 'beta7'"),
        ("check mine.py:right --limit 0", "limit = 0"),
        ("check mine.py:right --workers 0", "workers = 0"),
        ("check mine.py:right --json mine.py/such.json", "cannot write to mine.py/such.json"),
        ("check mine.py:right --out mine.py/kept", "cannot write to"),
        ("check --all json", "has no public optimizer"),
        ("check --all no_such_library", "cannot be imported"),
        ("identities Q7", "unknown identity 'Q7'"),
        ("identify none.py:make", "there is no file none.py"),
        ("conformance --notes none.toml --page p.md", "none.toml cannot be read"),
        ("conformance --page mine.py/such.md", "cannot write to mine.py/such.md"),
    ],
)
def test_a_mistake_gets_one_clear_message(run: Run, line: str, message: str) -> None:
    result = run(*line.split())
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    said = [line for line in result.stderr.splitlines() if " % " not in line]  # a slow machine tells its progress
    assert len(said) == 1
    assert said[0].startswith("error: ")
    assert result.stdout == ""


def test_nothing_tested_is_a_failure(run: Run) -> None:
    result = run("check", "mine.py:right", "--only", "R2")
    assert result.exit_code == 1
    assert "nothing was tested" in result.stderr


@pytest.mark.parametrize("command", ["check", "identify", "compare", "identities", "conformance"])
def test_help_teaches_by_example(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"madatheory {command}" in result.output.replace("Usage: madatheory " + command, "")


def test_the_catalogue_is_listed(run: Run) -> None:
    result = run("identities")
    assert result.exit_code == 0
    text = words(result.stdout)
    for code, item in identities().items():
        assert re.search(rf"^{code}\s", result.stdout, re.M), code
        assert item.name.split()[0] in text
    one = words(run("identities", "S1").stdout)
    for part in (identities()["S1"].statement, identities()["S1"].holds):
        assert words(part) in one


def test_conformance_writes_a_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "select", lambda *_: select("F1,F4,R2"))
    Path("notes.toml").write_text("")
    line = "conformance madatheory --target madatheory:sgd --page p.md --notes notes.toml --profile quick"
    result = run(*line.split())
    assert result.exit_code == 0, result.output
    row = r"\| madatheory \S+ \| quick \| 1 \| 1 \| 0 \| 0 \| 0 \| 0 \| 2 \|"
    assert re.search(row, Path("p.md").read_text())
    marks = json.loads(Path("p.json").read_text())
    kept = dict(zip(marks["codes"].split(), marks["libraries"]["madatheory"]["marks"]["madatheory:sgd"], strict=True))
    assert (kept["F1"], kept["F4"], kept["R2"], kept["S1"]) == ("+", ".", ".", "?")
    assert Path(".madatheory/conformance/details.md").read_text().startswith("# Conformance, finding by finding")
