"""The matrix of verdicts fits its width, and the page shows every finding with its note."""

import re
from pathlib import Path

import pytest

from madatheory.errors import UserError
from madatheory.identities.identity import identities
from madatheory.identities.report import tables as written
from madatheory.identities.report.conformance import NOTES, Note, read_notes
from madatheory.identities.report.library_page import Section, as_json, details, idle, judged, page, read_json, section
from madatheory.identities.report.outcome import IdentityOutcome, Report, Request
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


LIBRARY = Library("lib", "1.2", ("lib:adam", "lib:adamw", "lib:sgd"), {"lib:clip": "a part of optimizers, not one"})
REPORTS = [
    report("lib:adam", ("S1", "pass"), ("F2", "FAIL"), ("F6", "convention")),
    report("lib:adamw", ("S1", "FAIL"), ("F2", "FAIL"), ("F6", "n.a.")),
    Report("lib:lbfgs", "", {}, (), "needs a closure", unusable=True),
]


def noted(tmp_path: Path, text: str = NOTE) -> list[Note]:
    file = tmp_path / "notes.toml"
    file.write_text(text)
    return read_notes(file)


def row(found: Section, target: str) -> str:
    return "".join(found.marks[target].get(code, "?") for code in ("S1", "F2", "F6", "F4"))


def test_marks_follow_the_notes_and_are_kept(tmp_path: Path) -> None:
    notes = noted(tmp_path)
    found = section(LIBRARY, REPORTS, Request())
    verdicts = judged([found], notes)
    assert (row(found, "lib:adam"), row(found, "lib:adamw")) == ("+Cc?", "XC.?")
    assert {cell for cell, note in verdicts.items() if note} == {("lib:adam", "F2"), ("lib:adamw", "F2")}
    assert ("lib:adam", "F6") not in verdicts  # the identity itself says that it is a convention
    file = tmp_path / "page.json"
    file.write_text(as_json([found]))
    again = read_json(file)["lib"]
    assert (again.marks, again.untested) == (found.marks, {"lib:lbfgs": "needs a closure"})
    # a part that is run again replaces its own cells; another version replaces all
    part = [report("lib:adam", ("F2", "pass"), ("F4", "FAIL"))]
    assert row(section(LIBRARY, part, Request(), again), "lib:adam") == "++cX"
    newer = section(LIBRARY._replace(version="1.3"), part, Request(), again)
    assert list(newer.marks) == ["lib:adam"]
    assert row(newer, "lib:adam") == "?+?X"
    # a judgement that is taken back
    judged([again], [])
    assert row(again, "lib:adam") == "+Xc?"


@pytest.mark.parametrize("text", ["{", "[]", '{"codes": "S1", "libraries": {"lib": {"marks": {"lib:adam": "++"}}}}'])
def test_a_wrong_file_of_marks_gets_a_message(tmp_path: Path, text: str) -> None:
    file = tmp_path / "page.json"
    file.write_text(text)
    with pytest.raises(UserError, match=r"page.json is no file of marks"):
        read_json(file)


def test_the_page_has_counts_and_mistakes(tmp_path: Path) -> None:
    mistake = NOTE.replace("convention", "mistake") + 'report = "lib.md#eps"\n'
    found = section(LIBRARY, REPORTS, Request())
    text = page([found], noted(tmp_path, mistake), "page.json")
    for part in (
        "[page.json](page.json)",
        "to details.md in the folder of its results",
        f"| lib 1.2 | default | 2 | 1 | 2 | 1 | 0 | 1 | 1 | {2 * len(identities()) - 6} |",
        "## lib\n\n- F2 in lib:adam, lib:adamw: eps is 0 in float16 Upstream: issue 1 [Report](reports/lib.md#eps)\n",
        "- not judged yet: S1 in lib:adamw",
    ):
        assert part in text, part
    text = page([found], noted(tmp_path), "page.json")
    assert "eps is 0" not in text  # conventions are counted there, and shown by check
    many = [report(f"lib:a{i}", ("F2", "FAIL")) for i in range(5)]
    library = LIBRARY._replace(optimizers=tuple(r.target for r in many))
    text = page([section(library, many, Request())], [], "page.json")
    assert "F2 in lib:a0, lib:a1, lib:a2 and 2 more" in text


def test_the_details_have_every_finding(tmp_path: Path) -> None:
    notes = noted(tmp_path)
    text = details([(LIBRARY, REPORTS)], notes)
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
    cells = [("lib:adam", "F2"), ("lib:adamw", "S1"), ("lib:adamw", "F2")]
    assert idle(notes, cells) == []
    assert idle([Note(("lib:sgd", "lib:adam"), ("F2", "S1"), "mistake", "?")], cells) == [
        "lib:sgd F2",
        "lib:sgd S1",
        "lib:adam S1",
    ]
    with pytest.raises(UserError, match="lib:adam F2 is judged by two notes"):
        judged([section(LIBRARY, REPORTS, Request())], [*notes, *notes])


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


def test_every_report_that_a_note_names_is_there() -> None:
    folder = NOTES.parents[3] / "docs" / "reports"
    for note in read_notes(NOTES):
        if note.report:
            file, _, heading = note.report.partition("#")
            titles = re.findall(r"^## (.*)$", (folder / file).read_text(), re.M)
            anchors = [re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles]
            assert heading in anchors, note.report
