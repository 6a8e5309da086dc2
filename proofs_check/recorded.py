"""What is known of one theorem's proof, for reports: the entry point `recorded` of the group `madatheory.proofs`.

Of the package's theorems the table that `make prove` last wrote, which is installed with this package; a user's theorem
is searched for a counterexample now.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from madatheory.theory.theorem import Theorem
from proofs_check import own
from proofs_check.methods import METHODS, method
from proofs_check.run import Report
from proofs_check.statements import Statement, statements
from proofs_check.table import as_data, untested

PAGE = Path(__file__).with_name("status.md")
_NONE = "n.a."


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """The rows of the recorded table by statement: column -> cell."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    titles, rows = cells[0], cells[2:]
    return {row[1]: dict(zip(titles, row, strict=True)) for row in rows}


def of_theorem(theorem: Theorem, users: bool, report: Report) -> dict[str, Any]:
    """status, and for each method what it is, its status, its part or box and how; `remark` and `source` in words."""
    if users:
        return _searched(theorem, report)
    row = table().get(theorem.name)
    if row is None:
        return {"status": "OPEN", "methods": [], "source": "It is no row of the table of proofs."}
    statement = statements()[theorem.name]
    found = [one for name in METHODS for one in _method(name, row[name], statement)]
    source = "As make prove last recorded it; madatheory prove NAME --verbose asks every method again."
    tenth = f"A tenth of its right side is refuted by: {row['1/10 refuted by']}. {untested([statement])}".strip()
    return {"status": row["status"], "methods": found, "remark": tenth, "source": source.replace("NAME", theorem.name)}


def _method(name: str, cell: str, statement: Statement) -> list[dict[str, str]]:
    """What a method decides: the whole, or its parts; the reason where it is nothing."""
    about = {"method": name, "what": METHODS[name]}
    if cell == _NONE:
        return [{**about, "status": _NONE, "detail": method(name).not_applicable(statement)}]
    asked = [c for c in method(name).checks() if c.statement == statement.name and not c.false]
    whole = [c for c in asked if not c.part]
    rows = [{**about, "status": cell, "box": c.box, "detail": _coq(statement) if name == "coq" else ""} for c in whole]
    parts = [c.part for c in asked if c.part]
    if not whole:  # the cell says how many of them are proved
        rows = [{**about, "status": f"PROVED: {cell}", "part": "; ".join(parts)}]
    return rows[:1]


def _coq(statement: Statement) -> str:
    from proofs_check.coq.claims import CLAIMS

    return "; ".join(
        f"{c.module}.v, Theorem {c.theorem}" for c in CLAIMS if c.statement == statement.name and not c.part
    )


def _searched(theorem: Theorem, report: Report) -> dict[str, Any]:
    mine = own.Own((theorem,))
    rows = mine.rows()
    (data,) = as_data(rows, list(own.evidence(mine.checks(rows, list(METHODS)), report)))
    found = [
        {
            "method": e["method"],
            "what": METHODS[e["method"]],
            "status": e["status"],
            "part": e["part"],
            "box": e["box"],
            "detail": "; ".join(filter(None, [e["detail"], e["witness"] and f"witness {e['witness']}"])),
        }
        for e in data["evidence"]
    ]
    return {
        "status": data["status"],
        "methods": found,
        "source": "A theorem of your own is searched for a counterexample; nothing proves it.",
    }
