"""The conformance page: whole libraries against all identities, as a file of marks and a page of what is a mistake."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from madatheory.errors import UserError
from madatheory.identities.identity import identities
from madatheory.identities.report.conformance import VERDICTS, Note, about, judgement
from madatheory.identities.report.outcome import IdentityOutcome, Report, Request
from madatheory.identities.report.tables import one_line, versions
from madatheory.identities.targets.factory_overrides import factory_override
from madatheory.identities.targets.library import Library

LIBRARIES = ("optax", "torch.optim", "keras.optimizers", "pytorch_optimizer", "heavyball", "madatheory")
JUDGED: Mapping[str, str] = {"mistake": "M", "convention": "C", "by design": "D"}
UNJUDGED, BY_LAW, NOT_ASKED = "X", "c", "?"
LEGEND: Mapping[str, str] = {
    "+": "holds",
    "M": "fails: a mistake",
    "C": "fails: a convention",
    BY_LAW: "fails: a convention or a limit of the number format, as the identity itself says",
    "D": "fails by design",
    UNJUDGED: "fails and is not judged yet",
    "!": "no answer in time, or the process died",
    ".": "does not apply",
    NOT_ASKED: "was not asked",
}
"""One character per optimizer and identity."""
_STATUS: Mapping[str, str] = {
    "pass": "+",
    "n.a.": ".",
    "xfail": "D",
    "convention": BY_LAW,
    "error": "!",
    "FAIL": UNJUDGED,
}
_NAMES = 3  # targets that a line of the page names


@dataclass
class Section:
    """A library: `marks` of each target by code, and the reasons why others were not tested."""

    name: str
    version: str
    profile: str
    marks: dict[str, dict[str, str]] = field(default_factory=dict)
    untested: dict[str, str] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)


def section(library: Library, reports: Sequence[Report], request: Request, before: Section | None = None) -> Section:
    """What a run found; cells that it did not ask for are kept from `before`, if that is the same version."""
    if before is None or before.version != library.version:
        before = Section(library.name, library.version, request.profile)
    marks, untested = dict(before.marks), dict(before.untested)
    for report in reports:
        marks.pop(report.target, None)
        untested.pop(report.target, None)
        if report.problem:
            untested[report.target] = one_line(report.problem)
            continue
        asked = {outcome.code: _mark(report.target, outcome) for outcome in report.outcomes}
        marks[report.target] = {**before.marks.get(report.target, {}), **asked}
    overrides = {name: factory_override(name) for name in (*marks, *untested)}
    filled = {name: override.why for name, override in overrides.items() if override is not None}
    order = [name for name in library.optimizers if name in marks]
    return Section(
        library.name, library.version, request.profile, {name: marks[name] for name in order}, untested, filled
    )


def _mark(target: str, outcome: IdentityOutcome) -> str:
    """Of a cell before it is judged; `check` knows the notes of the package already."""
    known = outcome.status == "convention" and judgement(target, outcome.code) is not None
    return UNJUDGED if known else _STATUS[outcome.status]


def judged(sections: Iterable[Section], notes: Sequence[Note]) -> dict[tuple[str, str], Note | None]:
    """The note of every finding, None where there is none; marks are set to its verdict."""
    found: dict[tuple[str, str], Note | None] = {}
    for part in sections:
        for target, marks in part.marks.items():
            for code, mark in marks.items():
                if mark in ("+", ".", NOT_ASKED):
                    continue
                note = about(notes, target, code)
                if note is None and mark == BY_LAW:
                    continue
                found[target, code] = note
                if note is not None:
                    marks[code] = JUDGED[note.verdict]
                elif mark in JUDGED.values():
                    marks[code] = UNJUDGED
    return found


def idle(notes: Sequence[Note], cells: Iterable[tuple[str, str]]) -> list[str]:
    """Parts of notes that no finding needs: `pattern code`."""
    failing = list(cells)
    parts = [
        (Note((pattern,), (code,), note.verdict, note.why), f"{pattern} {code}")
        for note in notes
        for pattern in note.targets
        for code in note.identities
    ]
    return [name for part, name in parts if not any(part.about(*cell) for cell in failing)]


def as_json(sections: Sequence[Section]) -> str:
    """All marks: one string per optimizer, one character per identity."""
    codes = list(identities())
    record: dict[str, Any] = {"legend": dict(LEGEND), "codes": " ".join(codes), "libraries": {}}
    for part in sections:
        rows = {name: "".join(marks.get(code, NOT_ASKED) for code in codes) for name, marks in part.marks.items()}
        kept = {"version": part.version, "profile": part.profile, "marks": rows, "untested": part.untested}
        record["libraries"][part.name] = {**kept, "filled": part.filled}
    return json.dumps(record, indent=1) + "\n"


def read_json(file: Path) -> dict[str, Section]:
    """What `as_json` wrote, by library; empty if there is no such file."""
    if not file.exists():
        return {}
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        codes, found = record["codes"].split(), {}
        for name, part in record["libraries"].items():
            rows = {target: dict(zip(codes, row, strict=True)) for target, row in part["marks"].items()}
            marks = {
                t: {c: m for c, m in row.items() if c in identities() and m in LEGEND and m != NOT_ASKED}
                for t, row in rows.items()
            }
            found[name] = Section(name, part["version"], part["profile"], marks, part["untested"], part["filled"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file} is no file of marks ({error}): remove it, or give another --page") from None
    return found


def page(sections: Sequence[Section], notes: Sequence[Note], marks_file: str) -> str:
    """Counts, what is a mistake with its cause, and how to read it, in markdown; `UserError` where two notes judge."""
    verdict = judged(sections, notes)
    numbers = versions([target for part in sections for target in part.marks])
    lines = [
        "# Conformance",
        "",
        "Whole libraries against all identities (`madatheory identities`). `make conformance` writes this page and",
        f"[{marks_file}]({marks_file}), with a mark for every optimizer and identity; only the judgements are written",
        "by hand, in [conformance_notes.toml](../madatheory/identities/report/conformance_notes.toml), each with its",
        "reason. What is a mistake upstream may not know is in [reports](reports), ready to be sent.",
        "",
        ", ".join(f"{name} {number}" for name, number in numbers.items()) + ".",
        "",
        *_counts(sections),
        "- `madatheory check TARGET --only CODE` shows a finding with its numbers and a program; without `--only` it",
        "  says of every convention why it is one. `madatheory identities CODE` says what an identity states.",
        "- A run writes all its findings, with numbers and programs, to details.md in the folder of its results",
        "  (`--results`).",
        f"- Marks: {', '.join(f'`{mark}` {what}' for mark, what in LEGEND.items())}.",
        "- `madatheory conformance LIBRARY --only CODES` runs a part and keeps the other marks. What is not run",
        "  was never asked of this version.",
        "",
    ]
    for part in sections:
        lines += _mistakes(part, verdict)
    return "\n".join(lines).rstrip() + "\n"


def _counts(sections: Sequence[Section]) -> list[str]:
    titles = ["library", "profile", "optimizers", "hold", "mistake", "convention", "by design", "not judged", "n.a."]
    titles += ["not run"]
    lines = [f"| {' | '.join(titles)} |", f"|---|---|{'---:|' * (len(titles) - 2)}"]
    for part in sections:
        marks = [mark for row in part.marks.values() for mark in row.values()]
        columns = ("+", "M", f"C{BY_LAW}", "D", f"{UNJUDGED}!", ".")
        left = len(identities()) * len(part.marks) - sum(mark != NOT_ASKED for mark in marks)
        numbers = [len(part.marks), *(sum(mark in column for mark in marks) for column in columns), left]
        lines.append(f"| {part.name} {part.version} | {part.profile} | {' | '.join(map(str, numbers))} |")
    return [*lines, ""]


def _mistakes(part: Section, verdict: Mapping[tuple[str, str], Note | None]) -> list[str]:
    """Each cause of mistakes once, with where it is found; and what is not judged."""
    causes: dict[str, tuple[Note, list[tuple[str, str]]]] = {}
    loose: list[tuple[str, str]] = []
    for (target, code), note in verdict.items():
        if target not in part.marks:
            continue
        if note is not None and note.verdict == "mistake":
            causes.setdefault(note.why, (note, []))[1].append((target, code))
        elif part.marks[target][code] in (UNJUDGED, "!"):
            loose.append((target, code))
    lines = [f"## {part.name}", ""] if causes or loose else []
    for why, (note, cells) in causes.items():
        upstream = f" Upstream: {note.upstream}" if note.upstream else ""
        report = f" [Report](reports/{note.report})" if note.report else ""
        lines.append(f"- {_places(cells)}: {why}{upstream}{report}")
    if loose:
        lines.append(f"- not judged yet: {_places(loose)}")
    return [*lines, ""] if lines else []


def _places(cells: Sequence[tuple[str, str]]) -> str:
    """`CODES in TARGETS`, the first few of each."""
    targets, codes = (list(dict.fromkeys(cell[i] for cell in cells)) for i in (0, 1))
    more = f" and {len(targets) - _NAMES} more" if len(targets) > _NAMES else ""
    return f"{' '.join(codes)} in {', '.join(targets[:_NAMES])}{more}"


def details(parts: Sequence[tuple[Library, Sequence[Report]]], notes: Sequence[Note]) -> str:
    """Every finding of a run with its numbers and, for each judgement, a program that shows it, in markdown."""
    lines = ["# Conformance, finding by finding", ""]
    order = list(identities())
    for library, reports in parts:
        lines += [f"## {library.name} {library.version}", ""]
        found = [(r, o) for r in reports for o in (*r.failures, *r.conventions)]
        found.sort(key=lambda cell: order.index(cell[1].code))
        for code, same in groupby(found, key=lambda cell: cell[1].code):
            lines += _identity(code, list(same), notes)
        lines += _listed("Public names that are no optimizers to be tested", library.excluded)
    return "\n".join(lines).rstrip() + "\n"


def _identity(code: str, cells: Sequence[tuple[Report, IdentityOutcome]], notes: Sequence[Note]) -> list[str]:
    item = identities()[code]
    lines = [f"### {code} {item.name}", "", item.statement, ""]
    by_note: dict[Note | None, list[tuple[Report, IdentityOutcome]]] = {}
    for report, outcome in cells:
        by_note.setdefault(about(notes, report.target, code), []).append((report, outcome))
    for note, same in by_note.items():
        by_law = all(outcome.status == "convention" for _, outcome in same)
        words = f"**{note.verdict}**: {note.why}" if note else f"**{VERDICTS[1] if by_law else 'not judged yet'}**"
        lines += [words, ""]
        lines += [f"Upstream: {note.upstream}", ""] if note and note.upstream else []
        lines += [f"- {report.target}: {one_line(outcome.detail)}" for report, outcome in same]
        shown = [outcome.snippet for _, outcome in same if outcome.snippet]
        if shown:
            lines += ["", "```python", min(shown, key=len), "```"]
        lines.append("")
    return lines


def _listed(title: str, reasons: Mapping[str, str]) -> list[str]:
    """A folded list of names by their reason."""
    if not reasons:
        return []
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    rows = [f"- {reason}: {', '.join(found)}" for reason, found in names.items()]
    return ["<details>", f"<summary>{title} ({len(reasons)})</summary>", "", *rows, "", "</details>", ""]
