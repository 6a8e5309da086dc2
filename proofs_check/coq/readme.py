"""The two tables of README.md, generated: what each file is about, and which theorem proves which statement."""

import re

from proofs_check.coq import sources
from proofs_check.coq.build import CHECK
from proofs_check.coq.claims import CLAIMS
from proofs_check.statements import statements

README = sources.FOLDER / "README.md"


def subject(text: str) -> str:
    """The first sentence of the comment that opens a file."""
    opening = text[2 : text.index("*)")]
    first = re.split(r"(?<![\s.])\.\s|\n\s*\n", opening.strip(), maxsplit=1)[0]
    return " ".join(first.split()).rstrip(".:;").replace("|", "\\|")


def files() -> list[str]:
    """One row per file, each after those that it builds on."""
    rows = [f"| `{name}.v` | {subject(text)} |" for name, text in sources.modules().items() if name != CHECK]
    return ["| file | |", "|---|---|", *rows]


def claims() -> list[str]:
    """One row per claim: theorem, label, name of the statement and of the package's object, part or box."""
    rows = statements()
    lines = ["| theorem | label | package's object | which part, for which parameters |", "|---|---|---|---|"]
    for claim in CLAIMS:
        row = rows[claim.statement]
        only = "; ".join(filter(None, [claim.part, claim.box]))
        what = f"{row.kind} `{row.name}`" + (" (its negation)" if row.false else "")
        lines.append(f"| `{claim.name}` | {row.label} | {what} | {only} |")
    return lines


def readme() -> str:
    """README.md with its tables as they should be."""
    text = README.read_text(encoding="utf-8")
    for name, lines in (("files", files()), ("claims", claims())):
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        text = before + "\n".join([start, *lines, end]) + rest.split(end)[1]
    return text
