"""The conformance page: whole libraries against all identities, each finding judged by hand in a file of notes."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from madatheory.errors import UserError, unknown
from madatheory.identities.identity import identities
from madatheory.identities.report.outcome import IdentityOutcome, Report, Request, check_codes
from madatheory.identities.report.tables import matrix, one_line, versions
from madatheory.identities.targets.built_in import XFAIL
from madatheory.identities.targets.factory_overrides import FACTORY_OVERRIDES
from madatheory.identities.targets.library import Library

NOTES = Path(__file__).with_name("conformance_notes.toml")
"""The judgements of other people's optimizers."""
LIBRARIES = ("optax", "torch.optim", "pytorch_optimizer", "madatheory")
VERDICTS: Mapping[str, str] = {"mistake": "M", "convention": "C", "by design": "D"}
UNJUDGED = "not judged yet"
LEGEND = (
    "+ holds, M fails: a mistake, C fails: a convention, D fails by design, X fails and is not judged yet, "
    "! no answer in time or the process died, . does not apply (the command says why)"
)


@dataclass(frozen=True)
class Note:
    """A judgement of findings: `targets` are names with * and ?, `identities` codes, `upstream` what is known there."""

    targets: tuple[str, ...]
    identities: tuple[str, ...]
    verdict: str
    why: str
    upstream: str = ""

    def about(self, target: str, code: str) -> bool:
        """Whether it judges this cell."""
        return code in self.identities and any(fnmatchcase(target, pattern) for pattern in self.targets)


def read_notes(file: Path) -> list[Note]:
    """The `[[note]]` tables of a TOML file; `UserError` names the one that is incomplete or wrong."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("note", [])
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: {error}") from None
    notes = []
    for number, table in enumerate(tables, 1):
        try:
            notes.append(_note(table))
        except UserError as error:
            raise UserError(f"{file}, note {number}: {error}") from None
    return notes


def _note(table: Mapping[str, Any]) -> Note:
    for key in table:
        if key not in Note.__dataclass_fields__:
            raise unknown("key", key, Note.__dataclass_fields__)
    for key in ("targets", "identities", "verdict", "why"):
        if not table.get(key):
            raise UserError(f"{key} is missing")
        if isinstance(table[key], list) is not (key in ("targets", "identities")):
            raise UserError(f"{key} = {table[key]!r}: targets and identities are lists, the rest is text")
    if table["verdict"] not in VERDICTS:
        raise unknown("verdict", table["verdict"], VERDICTS)
    check_codes(table["identities"])
    words = {key: " ".join(str(table.get(key, "")).split()) for key in ("verdict", "why", "upstream")}
    return Note(tuple(table["targets"]), tuple(table["identities"]), **words)


def declared() -> list[Note]:
    """What our own optimizers break on purpose, as notes: it is declared where they are defined."""
    notes = []
    for name, reasons in XFAIL.items():
        for why in dict.fromkeys(reasons.values()):
            codes = tuple(code for code, reason in reasons.items() if reason == why)
            notes.append(Note((f"madatheory:{name}",), codes, "by design", why))
    return notes


@cache
def known() -> tuple[Note, ...]:
    """All judgements: the committed notes, and what our own optimizers declare."""
    return (*read_notes(NOTES), *declared())


def judgement(target: str, code: str) -> Note | None:
    """What is known about an optimizer of a library that breaks an identity; None if it was not judged."""
    return next((note for note in known() if note.about(target, code)), None)


Cell = tuple[Report, IdentityOutcome]


def findings(reports: Iterable[Report]) -> list[Cell]:
    """Every cell that counts against an optimizer."""
    return [(report, outcome) for report in reports for outcome in (*report.failures, *report.conventions)]


def judged(cells: Iterable[Cell], notes: Sequence[Note]) -> dict[tuple[str, str], Note | None]:
    """The note of every finding, None where there is none yet; `UserError` where two notes judge the same."""
    found: dict[tuple[str, str], Note | None] = {}
    for report, outcome in cells:
        about = [note for note in notes if note.about(report.target, outcome.code)]
        if len(about) > 1:
            raise UserError(f"{report.target} {outcome.code} is judged by two notes: {about[0].why} | {about[1].why}")
        found[report.target, outcome.code] = about[0] if about else None
    return found


def idle(notes: Sequence[Note], cells: Sequence[Cell]) -> list[str]:
    """Parts of notes that no finding needs: `pattern code`."""
    failing = [(report.target, outcome.code) for report, outcome in cells]
    return [
        f"{pattern} {code}"
        for note in notes
        for pattern in note.targets
        for code in note.identities
        if not any(code == c and fnmatchcase(target, pattern) for target, c in failing)
    ]


def page(
    parts: Sequence[tuple[Library, Sequence[Report]]], notes: Sequence[Note], request: Request, details_file: Path
) -> str:
    """The matrices and the judgements in markdown; `UserError` if two notes judge the same finding.

    It says that the `details` are in `details_file`.
    """
    every = [report for _, reports in parts for report in reports]
    verdict = judged(findings(every), notes)
    found = versions([report.target for report in every])
    lines = [
        "# Conformance",
        "",
        "What the identities of `madatheory identities` find in the optimizers of whole libraries. `make conformance`",
        "writes this page; only the judgements are written by hand, in "
        "[conformance_notes.toml](../madatheory/identities/report/conformance_notes.toml).",
        f"It also writes every finding with its numbers, and programs that show them, to {details_file},",
        "which is not committed; `madatheory check TARGET --only CODE` shows one finding, `madatheory identities CODE`",
        "says what an identity states.",
        "",
        ", ".join(f"{name} {number}" for name, number in found.items()) + ".",
        f"Profile {request.profile}, seed {request.seed or 0}, step size 1/8 unless a line says otherwise.",
        "",
        *_summary(parts, verdict),
        f"In the matrices: {LEGEND}.",
        "",
    ]
    for library, reports in parts:
        lines += _judgements(library, reports, verdict)
    return "\n".join(lines).rstrip() + "\n"


def details(parts: Sequence[tuple[Library, Sequence[Report]]], notes: Sequence[Note]) -> str:
    """Every finding with its numbers and, for each judgement, a program that shows it, in markdown."""
    verdict = judged(findings(report for _, reports in parts for report in reports), notes)
    lines = ["# Conformance, finding by finding", ""]
    for library, reports in parts:
        lines += _findings(library, reports, verdict)
    return "\n".join(lines).rstrip() + "\n"


def _summary(
    parts: Sequence[tuple[Library, Sequence[Report]]], verdict: Mapping[tuple[str, str], Note | None]
) -> list[str]:
    titles = ["library", "optimizers tested", "cells that hold", *VERDICTS, UNJUDGED, "does not apply"]
    lines = [f"| {' | '.join(titles)} |", f"|---|{'---:|' * (len(titles) - 1)}"]
    for library, reports in parts:
        outcomes = [o for report in reports for o in report.outcomes]
        names = [
            note.verdict if note else UNJUDGED for r, o in findings(reports) for note in [verdict[r.target, o.code]]
        ]
        numbers = [
            sum(bool(report.outcomes) for report in reports),
            sum(o.status == "pass" for o in outcomes),
            *(names.count(word) for word in (*VERDICTS, UNJUDGED)),
            sum(o.status == "n.a." for o in outcomes),
        ]
        lines.append(f"| {library.name} {library.version} | {' | '.join(map(str, numbers))} |")
    return [*lines, ""]


def _judgements(
    library: Library, reports: Sequence[Report], verdict: Mapping[tuple[str, str], Note | None]
) -> list[str]:
    """The matrix of a library, each judgement once with what it is about, and what was not tested."""
    lines = [f"## {library.name} {library.version}", ""]
    if any(report.outcomes for report in reports):
        letters = {cell: VERDICTS[note.verdict] for cell, note in verdict.items() if note}
        lines += ["```text", *matrix(reports, letters=letters), "```", ""]
    order = list(identities())
    cells = sorted(findings(reports), key=lambda cell: order.index(cell[1].code))
    where: dict[str, dict[str, list[Cell]]] = {word: {} for word in (*VERDICTS, UNJUDGED)}
    for report, outcome in cells:
        note = verdict[report.target, outcome.code]
        why = f": {note.why}" + (f" Upstream: {note.upstream}" if note.upstream else "") if note else ""
        where[note.verdict if note else UNJUDGED].setdefault(why, []).append((report, outcome))
    for word, reasons in where.items():
        if reasons:
            lines += [f"### {word}", "", *(f"- {_places(found)}{why}" for why, found in reasons.items()), ""]
    broken = [report for report in reports if report.problem and not report.unusable]
    if broken:
        lines += ["### Broken on plain data", "", *(f"- {r.target}: {one_line(r.problem)}" for r in broken), ""]
    lines += _listed("Not tested", [(one_line(r.problem), r.target) for r in reports if r.unusable])
    filled = [(FACTORY_OVERRIDES[name].why, name) for name in library.optimizers if name in FACTORY_OVERRIDES]
    return lines + _listed("Called with more than a step size", filled)


def _places(cells: Sequence[Cell]) -> str:
    """The codes of findings and their targets, those with the same codes together."""
    codes: dict[str, list[str]] = {}
    for report, outcome in cells:
        codes.setdefault(report.target, []).append(outcome.code)
    targets: dict[tuple[str, ...], list[str]] = {}
    for target, found in codes.items():
        targets.setdefault(tuple(found), []).append(target)
    return "; ".join(f"{' '.join(found)} in {', '.join(names)}" for found, names in targets.items())


def _findings(library: Library, reports: Sequence[Report], verdict: Mapping[tuple[str, str], Note | None]) -> list[str]:
    lines = [f"## {library.name} {library.version}", ""]
    order = list(identities())
    cells = sorted(findings(reports), key=lambda cell: order.index(cell[1].code))
    for code, same in groupby(cells, key=lambda cell: cell[1].code):
        lines += _identity(code, list(same), verdict)
    named = [(reason, name) for name, reason in library.excluded.items()]
    return lines + _listed("Public names that are no optimizers to be tested", named)


def _identity(code: str, cells: Sequence[Cell], verdict: Mapping[tuple[str, str], Note | None]) -> list[str]:
    item = identities()[code]
    lines = [f"### {code} {item.name}", "", item.statement, ""]
    notes = dict.fromkeys(verdict[report.target, code] for report, _ in cells)
    for note in notes:
        same = [(report, o) for report, o in cells if verdict[report.target, code] is note]
        lines += [f"**{note.verdict if note else UNJUDGED}**" + (f": {note.why}" if note else ""), ""]
        lines += [f"Upstream: {note.upstream}", ""] if note and note.upstream else []
        lines += [f"- {report.target}: {one_line(outcome.detail)}" for report, outcome in same]
        shown = [o.snippet for _, o in same if o.snippet]
        if shown:
            lines += ["", "```python", min(shown, key=len), "```"]
        lines.append("")
    return lines


def _listed(title: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """(reason, name) in a folded list, every reason once."""
    if not pairs:
        return []
    names: dict[str, list[str]] = {}
    for reason, name in pairs:
        names.setdefault(reason, []).append(name)
    rows = [f"- {reason}: {', '.join(found)}" for reason, found in names.items()]
    return ["<details>", f"<summary>{title} ({len(pairs)})</summary>", "", *rows, "", "</details>", ""]
