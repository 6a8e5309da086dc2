"""The status table and its summary in pages: what stands between two marker lines is written by the command."""

import re
from collections.abc import Sequence
from pathlib import Path

from madatheory.errors import UserError
from proofs_check.evidence import Evidence
from proofs_check.statements import Statement
from proofs_check.table import markdown, summary

_MARKED = re.compile(r"(<!-- (status|summary): begin[^\n]*-->\n)(.*?)(<!-- \2: end -->)", re.DOTALL)


def in_words(rows: Sequence[Statement], evidence: Sequence[Evidence]) -> str:
    """The summary: a count for each status, by kind of statement."""
    kinds = dict.fromkeys(row.kind for row in rows)
    lines = ["| statements | number | " + " | ".join(statuses := list(summary(rows, evidence))) + " |"]
    lines.append("|---" + "|---:" * (len(statuses) + 1) + "|")
    for kind in kinds:
        same = [row for row in rows if row.kind == kind]
        counted = summary(same, evidence)
        cells = [str(counted.get(status, 0)) for status in statuses]
        lines.append(f"| {kind}s | {len(same)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def marked(text: str) -> set[str]:
    """Which of status and summary a page has marks for."""
    return {found[2] for found in _MARKED.finditer(text)}


def filled(text: str, rows: Sequence[Statement], evidence: Sequence[Evidence]) -> str:
    """The page with table and summary as they are now."""
    made = {"status": markdown, "summary": in_words}
    return _MARKED.sub(lambda m: f"{m[1]}\n{made[m[2]](rows, evidence)}\n\n{m[4]}", text)


def read(page: Path) -> str:
    """The text of a page that has marks; `UserError` if it cannot be read or has none."""
    if page.exists() and not page.is_file():
        raise UserError(f"--page {page}: no text file")  # a pipe would be waited for
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"--page {page}: {error.strerror}") from None
    if not marked(text):
        raise UserError(f"--page {page}: no lines <!-- status: begin --> and <!-- status: end -->; add them")
    return text
