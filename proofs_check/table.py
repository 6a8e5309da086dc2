"""The table statement x method, as lines of text, markdown and plain data."""

from collections.abc import Sequence
from typing import Any

from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.worst.instance_file import worst_of
from proofs_check.evidence import Evidence, Status, cell, verdict
from proofs_check.methods import METHODS, method
from proofs_check.statements import Statement
from proofs_check.tenth import NO_CONSTANT, TENTH, UNTESTED

ERROR, NO_TOOL, NOT_APPLICABLE = "error", "no tool", "n.a."


def of(row: Statement, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence about one statement."""
    return [e for e in evidence if e.check.statement == row.name]


def entry(row: Statement, name: str, evidence: Sequence[Evidence]) -> str:
    """One cell: what the method says of the whole statement, else how many of its parts it decided."""
    mine = [e for e in of(row, evidence) if e.method == name]
    if any(e.finding is None and not e.missing for e in mine):
        return ERROR
    if any(e.missing for e in mine):
        return NO_TOOL
    status, box = cell(mine)
    if status is not None:
        return str(status) + (" (box)" if box else "")
    proved = [e for e in mine if e.check.part and not e.check.false and e.finding and e.finding.status is Status.PROVED]
    if proved:
        return f"{len(proved)} steps" if len(proved) > 1 else "1 step"
    return NOT_APPLICABLE if method(name).not_applicable(row) else str(Status.OPEN)


def status_of(row: Statement, evidence: Sequence[Evidence]) -> str:
    """The statement's status over all methods."""
    status, box = verdict(of(row, evidence))
    return str(status) + (" (box)" if box else "")


def refuted_tenth(row: Statement, evidence: Sequence[Evidence]) -> str:
    """Which methods refute a tenth of the right side: by name, or "nothing"."""
    if row.name not in {*list_lemmas(), *list_theorems()} or row.name in NO_CONSTANT:
        return NOT_APPLICABLE
    planted = [e for e in of(row, evidence) if e.check.false and e.check.part == TENTH]
    found = {e.method for e in planted if e.finding and e.finding.status is Status.REFUTED}
    return ", ".join(name for name in METHODS if name in found) or "nothing"


def worst_found(row: Statement) -> str:
    """left/right on the worst instance that the gallery has for a theorem."""
    entry = worst_of(row.name)
    return NOT_APPLICABLE if entry is None else f"{entry.ratio:.3f}"


def untested(rows: Sequence[Statement]) -> str:
    """The constants that no method tests, in a sentence; "" where there are none."""
    named = [f"{row.label} {row.name} ({', '.join(UNTESTED[row.name])})" for row in rows if row.name in UNTESTED]
    return f"Constants that no method tests, because this passes every check: {'; '.join(named)}." if named else ""


def markdown(rows: Sequence[Statement], evidence: Sequence[Evidence], methods: Sequence[str] = tuple(METHODS)) -> str:
    """The table without times, so that it is the same on every machine."""
    titles = ["", "statement", "status", *methods, "1/10 refuted by", "worst found"]
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for row in rows:
        cells = [*(entry(row, name, evidence) for name in methods), refuted_tenth(row, evidence), worst_found(row)]
        lines.append(f"| {row.label} | {row.name} | {status_of(row, evidence)} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", said]) if (said := untested(rows)) else "\n".join(lines)


def summary(rows: Sequence[Statement], evidence: Sequence[Evidence]) -> dict[str, int]:
    """How many statements have each status."""
    counted: dict[str, int] = {}
    for row in rows:
        status = status_of(row, evidence)
        counted[status] = counted.get(status, 0) + 1
    return dict(sorted(counted.items(), key=lambda pair: -pair[1]))


def wrong(e: Evidence, row: Statement) -> bool:
    """Whether it makes the run fail: a true statement refuted, a false one or a mistake not, a check that died."""
    if e.finding is None:
        return not e.missing
    refuted = e.finding.status is Status.REFUTED
    if e.check.false:
        return not refuted
    if row.false:
        return not refuted and not e.check.part
    return refuted


def as_data(rows: Sequence[Statement], evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Everything, for the json file."""
    return [
        {
            "statement": row.name,
            "label": row.label,
            "words": row.words,
            "origin": row.origin,
            "status": status_of(row, evidence),
            "untested": list(UNTESTED.get(row.name, ())),
            "not_applicable": {name: why for name in METHODS if (why := method(name).not_applicable(row))},
            "evidence": [
                {
                    "method": e.method,
                    "part": e.check.part,
                    "box": e.check.box,
                    "planted_mistake": e.check.false,
                    "status": str(e.finding.status) if e.finding else "",
                    "detail": e.finding.detail if e.finding else e.problem,
                    "witness": e.finding.witness if e.finding else "",
                    "residual": e.finding.residual if e.finding else None,
                    "seconds": round(e.seconds, 3),
                }
                for e in of(row, evidence)
            ],
        }
        for row in rows
    ]
