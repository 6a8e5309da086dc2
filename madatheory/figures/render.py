"""From a figure to its files: name.svg, name.png, name.json, and the index of all, in the frame of every page."""

import html
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context, style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from madatheory.blame import Misuse, blame
from madatheory.figures.committed import choose
from madatheory.figures.figure import SIX_DIGITS, Claim, Figure, Numbers, Run
from madatheory.figures.style import SETTINGS
from madatheory.files import check_folder, check_output, write
from madatheory.report import page
from madatheory.structure import conform, kind

KINDS = ("svg", "png", "json")
_PAGES = ("README.md", "index.html")


def plain(value: object) -> Any:
    """JSON data: arrays become lists, floats keep 6 significant digits, nan and infinities become null."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"figure numbers must be plain data, got {type(value).__name__}")


def prepare_folder(out: Path, names: Sequence[str]) -> None:
    """Create the output folder; refuse one where the files of these figures cannot be written, before any work."""
    check_folder(out)
    for file in (*(f"{name}.{ending}" for name in names for ending in KINDS), *_PAGES):
        check_output(out / file)


def render(
    figure: Figure,
    run: Run,
    out: Path,
    versions: Mapping[str, str],
    said: Callable[[str], None] = lambda words: None,
) -> list[Claim]:
    """Compute, judge and draw one figure into `out`; returns its claims.

    Numbers of the same profile and seed that are there already are kept if the new ones agree within the figure's
    tolerance; `said` gets what came of the comparison, where anything differs.
    """
    numbers, made_by, words = choose(figure, run, out, _computed(figure, run), versions)
    if words:
        said(words)
    claims, caption = _claimed(figure, numbers), _caption(figure, numbers)
    save(figure, numbers, out)
    record = {
        "name": figure.name,
        "title": figure.title,
        "caption": caption,
        "claims": [{"text": c.text, "holds": c.holds, "detail": c.detail} for c in claims],
        "profile": run.profile,
        "seed": run.seed,
        "versions": dict(made_by),
        **({} if figure.tolerance is SIX_DIGITS else {"tolerance": figure.tolerance.in_words}),
        "numbers": numbers,
    }
    write(out / f"{figure.name}.json", json.dumps(record, indent=1, allow_nan=False) + "\n")
    return claims


def _computed(figure: Figure, run: Run) -> Numbers:
    remedy = "compute(run) returns a dict of plain data: numbers, texts, lists, arrays, dicts"
    with blame(f"figure {figure.name!r}, its compute", figure.compute, remedy, endless=True):
        found = plain(figure.compute(run))
        if not isinstance(found, dict):
            raise Misuse(f"returns {kind(found)}")
        return found


def _claimed(figure: Figure, numbers: Numbers) -> list[Claim]:
    with blame(f"figure {figure.name!r}, its claims", figure.claims, "claims(numbers) returns a list of Claims"):
        claims = list(figure.claims(numbers))
        if not claims:
            raise Misuse("claims nothing")
        for number, claim in enumerate(claims):
            if not isinstance(claim, Claim):
                raise Misuse(f"returns {kind(claim)} among its claims")
            conform(claim, f"claim {number + 1}")
        return claims


def _caption(figure: Figure, numbers: Numbers) -> str:
    with blame(f"figure {figure.name!r}, its caption", figure.caption, "caption(numbers) returns a text"):
        caption = figure.caption(numbers)
        if not isinstance(caption, str):
            raise Misuse(f"returns {kind(caption)}")
        return caption


def save(figure: Figure, numbers: Numbers, out: Path) -> None:
    """Draw `numbers` into svg and png; equal numbers give equal files."""
    with style.context(dict(SETTINGS), after_reset=True):
        canvas = Canvas()
        FigureCanvasAgg(canvas)
        with blame(f"figure {figure.name!r}, its draw", figure.draw, "draw(canvas, numbers) draws on an empty figure"):
            figure.draw(canvas, numbers)
            canvas.draw_without_rendering()
        # one layout for both files, made at the resolution of the picture; an engine that is left, also one that does
        # nothing, would have each file drawn twice
        with rc_context({"figure.constrained_layout.use": False}):
            canvas.set_layout_engine(None)
            # the layout's solver orders its variables by address: last bits differ from run to run, and names of clip
            # paths
            for axes in canvas.axes:
                axes.set_position(tuple(np.round(axes.get_position(original=True).bounds, 9)))
            for ending, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
                write(out / f"{figure.name}.{ending}", partial(canvas.savefig, format=ending, metadata=metadata))


_INTRODUCTION = (
    "Written by `madatheory figures`. Every picture comes with its numbers and with claims that are checked."
)


def write_index(out: Path, order: Sequence[str]) -> None:
    """index.html and README.md of the folder: every figure with title, caption and claims, from the json files."""
    files = [out / f"{name}.json" for name in order]
    records = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
    write(out / "README.md", f"# Figures\n\n{_INTRODUCTION}\n\n" + "\n".join(map(_markdown, records)))
    body = "\n".join(
        [
            f"<h1>madatheory figures</h1>\n<p>{_INTRODUCTION.replace('`', '')}</p>",
            _contents(records),
            *map(_section, records),
        ]
    )
    write(out / "index.html", page.frame("madatheory figures", body))


def _marks(record: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [("holds" if c["holds"] else "FAILS", c["text"], c["detail"]) for c in record["claims"]]


def _markdown(record: Mapping[str, Any]) -> str:
    name, title = record["name"], record["title"]
    marks = "\n".join(f"- **{mark}**: {text} ({detail})" for mark, text, detail in _marks(record))
    numbers = f"Numbers: [{name}.json]({name}.json), profile {record['profile']}, seed {record['seed']}."
    if "tolerance" in record:
        numbers += f" On another processor: {record['tolerance']}."
    return f"## {title}\n\n![{title}]({name}.svg)\n\n{record['caption']}\n\n{marks}\n\n{numbers}\n"


def _contents(records: Sequence[Mapping[str, Any]]) -> str:
    items = "".join(f'<li><a href="#{r["name"]}">{html.escape(r["title"])}</a></li>' for r in records)
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


def _section(record: Mapping[str, Any]) -> str:
    name, title = record["name"], html.escape(record["title"])
    items = "".join(
        f'<li><b class="{"good" if mark == "holds" else "bad"}">{mark}</b>: {html.escape(text)} '
        f"<small>({html.escape(detail)})</small></li>"
        for mark, text, detail in _marks(record)
    )
    links = f'<a href="{name}.json">numbers</a>, <a href="{name}.svg">svg</a>'
    caption = html.escape(record["caption"])
    inner = (
        f'<p><img class="picture" src="{name}.svg" alt="{title}"></p><p>{caption}</p><ul>{items}</ul>'
        f"<p>{links}, profile {record['profile']}, seed {record['seed']}</p>"
    )
    return page.section(record["title"], inner, name)
