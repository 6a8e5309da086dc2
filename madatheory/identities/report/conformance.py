"""Judgements of what other people's optimizers break: mistake, convention or by design, written by hand in a file."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from madatheory.errors import UserError, unknown
from madatheory.identities.report.outcome import check_codes
from madatheory.identities.targets.built_in import XFAIL

NOTES = Path(__file__).with_name("conformance_notes.toml")
"""The judgements of other people's optimizers."""
VERDICTS = ("mistake", "convention", "by design")


@dataclass(frozen=True)
class Note:
    """A judgement of findings: `targets` are names with * and ?, `identities` codes, `upstream` what is known there.

    `report` is a section of docs/reports that can be sent to the authors, `file.md#heading`.
    """

    targets: tuple[str, ...]
    identities: tuple[str, ...]
    verdict: str
    why: str
    upstream: str = ""
    report: str = ""

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
    words = {key: " ".join(str(table.get(key, "")).split()) for key in ("verdict", "why", "upstream", "report")}
    return Note(tuple(table["targets"]), tuple(table["identities"]), **words)


def declared() -> list[Note]:
    """What our own optimizers break on purpose, as notes: it is declared where they are defined."""
    notes = []
    for name, reasons in XFAIL.items():
        for why in dict.fromkeys(reasons.values()):
            codes = tuple(code for code, reason in reasons.items() if reason == why)
            notes.append(Note((f"madatheory:{name}",), codes, "by design", why))
    return notes


def about(notes: Iterable[Note], target: str, code: str) -> Note | None:
    """The note that judges a cell; `UserError` if two do."""
    found = [note for note in notes if note.about(target, code)]
    if len(found) > 1:
        raise UserError(f"{target} {code} is judged by two notes: {found[0].why} | {found[1].why}")
    return found[0] if found else None


@cache
def known() -> tuple[Note, ...]:
    """All judgements: the committed notes, and what our own optimizers declare."""
    return (*read_notes(NOTES), *declared())


def judgement(target: str, code: str) -> Note | None:
    """What is known about an optimizer of a library that breaks an identity; None if it was not judged."""
    return next((note for note in known() if note.about(target, code)), None)
