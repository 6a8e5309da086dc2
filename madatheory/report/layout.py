"""From a document to its page: blocks as HTML, charts by the plotting library, everything in the one frame."""

import html
import json
import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from madatheory.files import write
from madatheory.report import page
from madatheory.report.charts import DrawnCharts, drawn
from madatheory.report.document import (
    Absent,
    Block,
    Cell,
    Chart,
    DataTable,
    Document,
    Fact,
    Folded,
    Formula,
    Listing,
    Prose,
)
from madatheory.report.mathematics import typeset

_MARKS = {
    "good": ("✓", "good"),
    "bad": ("✗", "bad"),
    "open": ("?", "open"),
    "none": ("", ""),
}
_OUTCOMES = {
    "holds": "good",
    "violated": "bad",
    "inconclusive": "open",
    "FAIL": "bad",
    "error": "bad",
    "pass": "good",
    "PROVED": "good",
    "PROVED (box)": "good",
    "REFUTED": "bad",
    "SUPPORTED": "open",
    "OPEN": "open",
    "yes": "good",
    "missing": "bad",
}
_LONG_CELL = 36


def save(document: Document, file: Path) -> None:
    """The page and, beside it, the json file with the same numbers in full."""
    write(file, html_of(document))
    write(json_beside(file), json.dumps(document.as_data(), indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def json_beside(file: Path) -> Path:
    """Where the numbers of a page go."""
    return file.with_suffix(".json")


def html_of(document: Document) -> str:
    """The whole page."""
    charts = [chart for section in document.sections for chart in _charts(section.blocks)]
    made = drawn(charts)
    elements = iter(made.elements)
    body = [
        f"<h1>{html.escape(document.title)}</h1>",
        f"<p>{typeset(document.subtitle)}</p>",
        _facts(document.facts),
        page.contents([section.title for section in document.sections]),
    ]
    numbers = count()
    for section in document.sections:
        inner = "\n".join(_html(block, elements, numbers) for block in section.blocks)
        body.append(page.section(section.title, inner))
    return page.frame(document.title, "\n".join(body), head=made.head, footer=_footer(document), script=_script(made))


def blocks_html(blocks: Sequence[Block]) -> str:
    """Blocks without charts, for a page that has its own frame."""
    return "\n".join(_html(block, iter(()), count()) for block in blocks)


def _script(made: DrawnCharts) -> str:
    return page.OPEN_ON_PAPER + made.script


def _footer(document: Document) -> str:
    versions = document.about.get("versions", {})
    return html.escape("Written by madatheory report; " + ", ".join(f"{k} {v}" for k, v in versions.items()))


def _charts(blocks: tuple[Block, ...]) -> Iterator[Chart]:
    for block in blocks:
        if isinstance(block, Chart):
            yield block
        elif isinstance(block, Folded):
            yield from _charts(block.blocks)


def _facts(facts: tuple[Fact, ...]) -> str:
    rows = []
    for fact in facts:
        sign, colour = _MARKS[fact.mark]
        mark = f'<span class="mark {colour}">{sign}</span> ' if sign else ""
        rows.append(f"<dt>{html.escape(fact.name)}</dt><dd>{mark}{typeset(fact.text)}</dd>")
    return f'<dl class="facts">{"".join(rows)}</dl>' if rows else ""


def _html(block: Block, elements: Iterator[str], numbers: Iterator[int]) -> str:
    match block:
        case Prose():
            return f'<p class="{block.tone}">{typeset(block.text)}</p>'
        case Formula():
            return _formula(block)
        case DataTable():
            return _table(block)
        case Chart():
            caption = f"<figcaption>{typeset(block.caption)}</figcaption>" if block.caption else ""
            return f"<figure><h3>{typeset(block.title)}</h3>{next(elements)}{caption}</figure>"
        case Listing():
            caption = f"<p>{typeset(block.caption)}</p>" if block.caption else ""
            return f"{caption}<pre><code>{html.escape(block.code)}</code></pre>"
        case Folded():
            inner = "\n".join(_html(one, elements, numbers) for one in block.blocks)
            return f"<details><summary>{html.escape(block.title)}</summary>{inner}</details>"
        case Absent():
            return f'<p class="absent{" failed" if block.failed else ""}">{html.escape(block.why)}</p>'


def _formula(block: Formula) -> str:
    rows = "".join(f"<tr><td>{name.html}</td><td>= {meant.html}</td></tr>" for name, meant in block.where)
    where = f"<p>where</p><table>{rows}</table>" if rows else ""
    return f'<div class="formula">{block.formula.html}{where}</div>'


def _table(block: DataTable) -> str:
    numeric = [
        all(isinstance(row[i], int | float | None) for row in block.rows) and bool(block.rows)
        for i in range(len(block.columns))
    ]
    heads = "".join(
        f'<th scope="col"{" class=number" if number else ""}>{typeset(name)}</th>'
        for name, number in zip(block.columns, numeric, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(_cell(value, name in block.mathematics) for name, value in zip(block.columns, row, strict=True))
        + "</tr>"
        for row in block.rows
    )
    caption = f'<p class="remark">{typeset(block.caption)}</p>' if block.caption else ""
    inner = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="scroll" tabindex="0">{inner}</div>{caption}'


def _cell(value: Cell, mathematics: bool) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int | float):
        return f'<td class="number">{shown(value)}</td>'
    wide = ' class="wide"' if len(value) > _LONG_CELL else ""
    text = typeset(value) if mathematics else re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(value))
    if (mark := _OUTCOMES.get(value)) is not None:
        sign, colour = _MARKS[mark]
        text = f'<span class="mark {colour}">{sign} {text}</span>'
    return f"<td{wide}>{text}</td>"


def shown(value: float) -> str:
    """A number as the page writes it: four digits, whole numbers in full."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e6):
        return str(int(value))
    return f"{value:.4g}"
