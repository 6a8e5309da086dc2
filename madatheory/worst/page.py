"""The tables of worst instances in a page: what stands between two marker lines is written by a command."""

import re
from collections.abc import Sequence
from pathlib import Path

from madatheory.errors import UserError
from madatheory.worst.search import WorstFound

WORST = "worst"
"""The mark of the table that `madatheory worst --page` writes."""


def _marked(mark: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {mark}: begin[^\n]*-->\n)(.*?)(<!-- {mark}: end -->)", re.DOTALL)


def read(page: str | Path, mark: str = WORST) -> str:
    """The text of a page that has these marks; `UserError` if it cannot be read or has none."""
    file = Path(page)
    if not file.is_file():
        raise UserError(f"--page {page}: no such text file")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--page {page}: {error}") from None
    if not _marked(mark).search(text):
        raise UserError(f"--page {page}: no lines <!-- {mark}: begin --> and <!-- {mark}: end -->; add them")
    return text


def filled(text: str, written: str, mark: str = WORST) -> str:
    """The page with `written` between its marks."""
    return _marked(mark).sub(lambda m: f"{m[1]}\n{written}\n\n{m[3]}", text)


def table(answers: Sequence[WorstFound]) -> str:
    """One row per theorem, in markdown, of two answers for each: with nothing free, and with something."""
    steps = answers[0].instance.steps
    rows = [
        f"| | theorem, T = {steps} | at its hyper-parameters | free | with these free | D0 there |",
        "|---|---|---:|---|---:|---:|",
    ]
    names = dict.fromkeys(answer.instance.theorem.name for answer in answers)
    for name in names:
        given, free = (_best(answers, name, bool(number)) for number in (0, 1))
        theorem = (given or free or answers[0]).instance.theorem
        cells = [theorem.label, name, "" if given is None else f"{given.ratio:.4f}"]
        cells += (
            ["", "", ""] if free is None else [", ".join(free.free), f"{free.ratio:.4f}", f"{free.instance.D0:.4g}"]
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _best(answers: Sequence[WorstFound], theorem: str, free: bool) -> WorstFound | None:
    found = [answer for answer in answers if answer.instance.theorem.name == theorem and bool(answer.free) == free]
    return max(found, key=lambda answer: answer.ratio, default=None)
