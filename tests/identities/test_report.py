"""The matrix of verdicts fits its width, and the page shows every finding with its note."""

from pathlib import Path

import pytest

from madatheory.errors import UserError
from madatheory.identities.identity import identities
from madatheory.identities.report import tables as written
from madatheory.identities.report.conformance import NOTES, Note, details, idle, judged, page, read_notes
from madatheory.identities.report.outcome import IdentityOutcome, Report, Request
from madatheory.identities.targets.factory_overrides import FACTORY_OVERRIDES, FactoryOverride
from madatheory.identities.targets.library import Library


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
    notes = read_notes(NOTES)
    assert len(notes) > 10
    assert all(note.why for note in notes)
