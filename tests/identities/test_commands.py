"""`madatheory check`, `identities`, `conformance`: results, files, exit status, and snippets that run."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted_optimizers import unshrunk  # noqa: F401
from typer.testing import CliRunner, Result

from madatheory.cli import app
from madatheory.errors import UserError
from madatheory.identities.check import check, select
from madatheory.identities.identity import Violation, identities
from madatheory.identities.report import tables as written
from madatheory.identities.report.conformance import Note, details, idle, judged, page, read_notes
from madatheory.identities.report.example import example
from madatheory.identities.report.outcome import IdentityOutcome, Report, Request, report_from
from madatheory.identities.runner import isolated
from madatheory.identities.strategies import plain
from madatheory.identities.targets.factory_overrides import FACTORY_OVERRIDES, FactoryOverride
from madatheory.identities.targets.library import Library, library
from madatheory.identities.targets.lookup import find

Run = Callable[..., Result]

MINE = """
import numpy as np


def right(lr=0.1, momentum=0.5):
    def update(g, m, x):
        m = momentum * m + g
        return x - lr * m, m
    return np.zeros_like, update


def wrong(lr=0.1, momentum=0.5):
    '''Steps also when lr = 0, and writes into the gradient.'''
    def update(g, m, x):
        g *= 2
        return x - lr * g - (0.125 if lr == 0 else 0), m
    return np.zeros_like, update


def nonsense(lr=0.1):
    return np.zeros_like, lambda g, m, x: None


def needy(lr, model):
    return None
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE)
    return lambda *words: CliRunner().invoke(app, list(words))


def words(text: str) -> str:
    return " ".join(text.split())


# ---- check


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


@pytest.mark.parametrize("command", ["check", "identify", "identities", "conformance"])
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


# ---- snippets


def as_program(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_a_snippet_runs_and_shows_the_failure(run: Run, tmp_path: Path) -> None:
    (still,) = check("mine.py:wrong", only="F4").outcomes
    ran = as_program(written.program(still), tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "hypothesis" not in still.snippet
    shown = [float(number) for number in re.findall(r"-?\d+\.\d*", ran.stdout)]
    assert shown
    assert any(number % 0.125 == 0 for number in shown)  # a step size of 0 moved it


@pytest.mark.usefixtures("unshrunk")
def test_a_snippet_without_runs_tries_the_identity_itself(run: Run, tmp_path: Path) -> None:
    (changed,) = check("mine.py:wrong", only="K2").outcomes
    assert "example(optimizer, 'K2'" in changed.snippet
    ran = as_program(changed.snippet, tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].endswith(f"Violation: {changed.detail}")
    assert example("mine.py:right", "S1", plain()) == "S1 holds here"


@pytest.mark.parametrize("spec", ["madatheory:adam:form=practical", "optax.contrib:schedule_free", "mine.py:right"])
def test_the_code_of_a_target_makes_it_again(run: Run, spec: str) -> None:
    space: dict[str, Any] = {}
    exec(find(spec).code, space)
    assert find(space["optimizer"]).settable == find(spec).settable


# ---- libraries


def test_nothing_of_optax_is_dropped_silently() -> None:
    import optax

    found = library("optax")
    for place, module in (("optax", optax), ("optax.contrib", optax.contrib)):
        public = {f"{place}:{name}" for name in dir(module) if not name.startswith("_")}
        assert public <= {*found.optimizers, *found.excluded}
    assert not {*found.optimizers} & {*found.excluded}
    assert {"optax:adam", "optax:optimistic_adam", "optax.contrib:schedule_free"} <= {*found.optimizers}
    assert found.excluded["optax:scale_by_adam"] == "a part of optimizers, not one"
    assert all(found.excluded.values())


@pytest.mark.needs("torch")
def test_all_classes_of_torch_optim() -> None:
    import torch

    found = library("torch.optim")
    for name, value in vars(torch.optim).items():
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and name[0] != "_":
            assert (f"torch.optim:{name}" in found.optimizers) is (name != "Optimizer")


@pytest.mark.needs("torch", "pytorch_optimizer")
def test_pytorch_optimizer_is_covered() -> None:
    from pytorch_optimizer.optimizer import OPTIMIZERS

    found = library("pytorch_optimizer")
    classes = {type_.__name__ for type_ in OPTIMIZERS.values() if isinstance(type_, type)}
    known = {name.partition(":")[2] for name in (*found.optimizers, *found.excluded)}
    assert classes <= known
    assert len(found.optimizers) > 100
    assert found.excluded["pytorch_optimizer:SAM"] == "takes a second gradient at a point of its own choice"
    for spec in FACTORY_OVERRIDES:
        if spec.startswith("pytorch_optimizer:"):
            assert spec in found.optimizers
            stepper = find(spec).begin([np.ones(3)], {"lr": 0.125})
            if spec != "pytorch_optimizer:BSAM":  # wants a closure
                stepper.step([np.ones(3)])
                assert np.isfinite(stepper.parameters()[0]).all()


def test_our_own_optimizers_are_a_library() -> None:
    found = library("madatheory")
    assert "madatheory:adam:form=practical" in found.optimizers
    assert find("madatheory:lion:form=practical").settable >= {"lr", "beta1", "beta2"}
    with pytest.raises(UserError, match="unknown optimizer"):
        find("madatheory:adma")


# ---- the matrix and the page


def outcome(code: str, status: str) -> IdentityOutcome:
    return IdentityOutcome(code, identities()[code].name, status, "because", "statement", "print(1)")


def report(target: str, *statuses: tuple[str, str]) -> Report:
    return Report(target, "", {}, tuple(outcome(code, status) for code, status in statuses))


def test_a_matrix_of_everything_fits() -> None:
    every = tuple((code, "pass") for code in identities())
    reports = [report(f"library:an_optimizer_with_a_long_name_{i}" * (1 + i % 2), *every) for i in range(3)]
    for width in (60, 80, 100):
        lines = written.matrix(reports, width)
        assert max(map(len, lines)) <= width
        assert sum(line.count("+") for line in lines) == 3 * len(every)


def test_the_header_names_its_columns() -> None:
    codes = ("S1", "S10", "F2", "K12b")
    lines = written.matrix([report("a", *((code, "pass") for code in codes))])
    *header, row = [line.ljust(12)[2:] for line in lines]
    columns = [i for i, sign in enumerate(row) if sign == "+"]
    assert ["".join(line[i] for line in header).replace(" ", "") for i in columns] == ["S1", "10", "F2", "K12b"]


NOTE = """
[[note]]
targets = ["lib:adam*"]
identities = ["F2"]
verdict = "convention"
why = "eps is 0 in float16"
upstream = "issue 1"
"""


def test_the_page_shows_every_finding_with_its_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "notes.toml"
    file.write_text(NOTE)
    notes = read_notes(file)
    reports = [
        report("lib:adam", ("S1", "pass"), ("F2", "FAIL")),
        report("lib:adamw", ("S1", "FAIL"), ("F2", "FAIL")),
        Report("lib:lbfgs", "", {}, (), "needs a closure", unusable=True),
        Report("lib:none", "", {}, (), "raised ValueError: no"),
    ]
    monkeypatch.setitem(FACTORY_OVERRIDES, "lib:adam", FactoryOverride("", "wraps lib:sgd"))  # type: ignore[arg-type]
    found = Library("lib", "1.2", ("lib:adam", "lib:adamw"), {"lib:clip": "a part of optimizers, not one"})
    text = page([(found, reports)], notes, Request(), Path("there.md"))
    for part in (
        "to there.md,",
        "| lib 1.2 | 2 | 1 | 0 | 2 | 0 | 1 | 0 |",
        "adam  + C",
        "adamw X C",
        "### convention\n\n- F2 in lib:adam, lib:adamw: eps is 0 in float16 Upstream: issue 1\n",
        "### not judged yet\n\n- S1 in lib:adamw\n",
        "needs a closure: lib:lbfgs",
        "- lib:none: raised ValueError: no",
        "wraps lib:sgd: lib:adam",
    ):
        assert part in text, part
    assert "print(1)" not in text  # programs and numbers are among the details
    text = details([(found, reports)], notes)
    for part in (
        "### F2 a coordinate without gradient",
        "**convention**: eps is 0 in float16",
        "Upstream: issue 1",
        "- lib:adamw: because",
        "**not judged yet**",
        "```python\nprint(1)\n```",
        "a part of optimizers, not one: lib:clip",
    ):
        assert part in text, part
    cells = [(r, o) for r in reports for o in r.failures]
    assert idle(notes, cells) == []
    assert idle([Note(("lib:sgd", "lib:adam"), ("F2", "S1"), "mistake", "?")], cells) == [
        "lib:sgd F2",
        "lib:sgd S1",
        "lib:adam S1",
    ]
    with pytest.raises(UserError, match="lib:adam F2 is judged by two notes"):
        judged(cells, [*notes, *notes])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NOTE.replace("F2", "F99"), "note 1: unknown identity 'F99'"),
        (NOTE.replace("convention", "habit"), "note 1: unknown verdict 'habit'"),
        (NOTE.replace("why", "because"), "note 1: unknown key 'because'"),
        (NOTE.replace('why = "eps is 0 in float16"', ""), "note 1: why is missing"),
        (NOTE.replace('["F2"]', '"F2"'), "note 1: identities = 'F2'"),
        ("[[note]", "notes.toml: "),
    ],
)
def test_a_wrong_note_gets_a_message(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "notes.toml"
    file.write_text(text)
    with pytest.raises(UserError) as raised:
        read_notes(file)
    assert message in str(raised.value)


def test_the_committed_notes_can_be_read() -> None:
    notes = read_notes(Path(__file__).parents[2] / "docs" / "conformance_notes.toml")
    assert len(notes) > 10
    assert all(note.why for note in notes)


def test_conformance_writes_a_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "select", lambda only: select("F1,F4,R2"))
    Path("notes.toml").write_text("")
    line = "conformance madatheory --target madatheory:sgd --page p.md --notes notes.toml --profile quick"
    result = run(*line.split())
    assert result.exit_code == 0, result.output
    text = Path("p.md").read_text()
    assert re.search(r"\| madatheory [\d.]+ \| 1 \| 1 \| 0 \| 0 \| 0 \| 0 \| 2 \|", text)
    assert "madatheory:sgd" in text
    assert Path(".madatheory/conformance/details.md").read_text().startswith("# Conformance, finding by finding")


def test_a_violation_is_raised_by_example() -> None:
    def lopsided(lr: float = 0.1) -> object:
        return (lambda x: 0), lambda g, s, x: (x - lr * abs(g), s)

    with pytest.raises(Violation):
        example(lopsided, "S1", plain())
    with pytest.raises(UserError, match="unknown identity 'S99'"):
        example(lopsided, "S99")
