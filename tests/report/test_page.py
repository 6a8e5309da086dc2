"""Pages need no network and say the same as their json; parts that fail are named and the others kept."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from devtools import browser

from madatheory.errors import UserError
from madatheory.report import page
from madatheory.report.document import (
    Absent,
    Chart,
    DataTable,
    Document,
    Fact,
    Folded,
    Formula,
    Listing,
    Notation,
    Prose,
    ReportSection,
    Series,
    numbers,
    plain,
)
from madatheory.report.parts import Made, ReportPart, compose

CHART = Chart("a chart", "T", "value", (Series("left", (1.0, 2.0), (0.5, 0.25), (0.4, 0.2), (0.6, 0.3)),), "said")
BARS = Chart("bars", "x", "factor", (Series("f", (), (2.0,), (1.0,), (2.0,)),), categories=("a link",))
TABLE = DataTable(("name", "number"), (("a<b", 0.123456789), ("holds", 3), ("nothing", None), ("far", float("inf"))))


def document(*blocks: Any) -> Document:
    return Document(
        "A title", "sqrt(T) <= 1", (Fact("measured", "well", "good"),), (ReportSection("One", blocks),), {"seed": 3}
    )


class Loads(HTMLParser):
    """What a browser would fetch, and the ids that links may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            elif tag == "a" and name == "href":
                self.links.append(str(value))
            elif name in ("src", "href", "srcset", "data", "poster", "action"):
                self.loads.append(str(value))


def in_data(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        for value in data.values():
            yield from in_data(value)
    elif isinstance(data, list):
        for value in data:
            yield from in_data(value)
    else:
        yield data


def check_alone(text: str) -> None:
    """No address is fetched, every link leads somewhere on the page, and the page is below 3 MB."""
    seen = Loads(text)
    assert seen.loads == []
    assert {link.removeprefix("#") for link in seen.links} <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.S))
    assert "url(" not in style
    assert "@import" not in style
    assert len(text.encode()) < 3e6


def numbers_of_tables(text: str) -> list[str]:
    return re.findall(r'<td class="number">([^<]*)</td>', text)


def check_numbers(text: str, data: Any) -> None:
    """Every number in a table of the page is one of the json file, rounded."""
    from madatheory.report.layout import shown

    known = {shown(v) for v in in_data(data) if isinstance(v, int | float) and not isinstance(v, bool)}
    known |= {v for v in in_data(data) if isinstance(v, str)}
    missing = [number for number in numbers_of_tables(text) if number not in known]
    assert missing == []


def with_every_block(file: Path) -> None:
    from madatheory.report.layout import save

    formula = Formula(Notation("x", "<math><mi>x</mi></math>"), ((Notation("R", "R"), Notation("1", "1")),))
    inner = Folded("more", (TABLE, Prose("beta1^2", "warning")))
    whole = document(Prose("p & q"), formula, TABLE, CHART, BARS, Listing("a < b", "run"), inner, Absent("why not"))
    save(whole, file)


@pytest.mark.needs("bokeh")
def test_a_page_with_every_block_stands_alone(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    with_every_block(file)
    text, data = file.read_text(), json.loads((tmp_path / "page.json").read_text())
    check_alone(text)
    check_numbers(text, data)
    assert "0.1235" in numbers_of_tables(text)
    for part in ("p &amp; q", "a &lt; b", "β<sub>1</sub><sup>2</sup>", "√(T) ≤ 1", "why not", "a chart", "said"):
        assert part in text
    (section,) = data["sections"]
    kinds = ["prose", "formula", "datatable", "chart", "chart", "listing", "folded", "absent"]
    assert [block["kind"] for block in section["blocks"]] == kinds
    assert section["blocks"][2]["rows"][0] == ["a<b", 0.123456789]
    assert data["about"] == {"seed": 3}


DRAWN = """new Promise(done => { const look = n => {
    const found = [...document.querySelectorAll('[id^=chart-]')].map(at => {
        const host = at.firstElementChild?.shadowRoot?.querySelector('.bk-Canvas');
        const canvas = host?.shadowRoot?.querySelector('canvas');
        if (!canvas || !canvas.width) return null;
        const context = canvas.getContext('2d'), { width, height } = canvas;
        const edge = [...context.getImageData(0, 0, 1, 1).data];
        return { edge, colours: new Set(new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)).size };
    });
    found.every(one => one && one.colours > 9) || n > 200 ? done(found) : setTimeout(look, 50, n + 1) }; look(0) })"""
"""Of each chart, once drawn: the corner of its canvas (red, green, blue, opacity), and how many colours there are."""


@pytest.mark.needs("bokeh")
@pytest.mark.needs("chromium")
def test_a_page_in_a_browser_is_drawn_on_its_paper_and_fits_a_phone(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    with_every_block(file)
    with browser(tmp_path / "chromium") as opened:
        for width, dark, paper in ((390, True, [22, 24, 28]), (1280, False, [255, 255, 255])):
            opened.size(width, dark=dark)
            assert opened.open(file.as_uri()) == ([], [])
            assert opened.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
            charts = opened.evaluate(DRAWN)
            for *edge, opaque in (chart["edge"] for chart in charts):  # it covers a part of a pixel
                over = [(one * opaque + under * (255 - opaque)) / 255 for one, under in zip(edge, paper, strict=True)]
                assert over == pytest.approx(paper, abs=2)
            assert min(chart["colours"] for chart in charts) > 9


def test_what_checks_a_page_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_alone('<script src="https://cdn.example/x.js"></script>')
    with pytest.raises(AssertionError):
        check_alone('<a href="#nowhere">x</a>')
    with pytest.raises(AssertionError):
        check_numbers('<td class="number">0.5</td>', {"rows": [0.25]})


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot((0.2126, 0.7152, 0.0722), linear))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def schemes() -> list[dict[str, str]]:
    """The colours of the page in light and in dark."""
    return [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rule))
        for rule in re.findall(r":root \{(.*?)\}", page.STYLE, re.S)[:2]
    ]


def test_text_has_the_contrast_of_aa_in_light_and_dark() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    for colours in schemes():
        for ink in ("ink", "muted", "link", "good", "bad", "open"):
            for paper in ("paper", "panel"):
                assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def test_lines_of_charts_are_seen_on_light_and_dark_paper() -> None:
    from madatheory.report.charts import COLOURS, IN_THE_DARK, INK, PAPER

    assert [IN_THE_DARK[PAPER], IN_THE_DARK[INK]] == [schemes()[1]["paper"], schemes()[1]["ink"]]
    for colour in COLOURS:
        assert contrast(colour, PAPER) >= 3
        assert contrast(IN_THE_DARK[colour], IN_THE_DARK[PAPER]) >= 3
    assert len(set(IN_THE_DARK.values())) == len(IN_THE_DARK)  # so that the way back is known


def part(title: str, error: BaseException | None = None) -> ReportPart:
    def make(tell: Any) -> Made:
        tell(1, 2, "half")
        if error is not None:
            raise error
        return Made((Prose(f"{title} is here"),), (Fact(title, "made"),))

    return ReportPart(title, make)


def test_a_part_that_fails_is_named_and_the_others_are_kept() -> None:
    saved: list[Document] = []
    parts = [
        part("first"),
        part("second", UserError("beta1 = 2: give less")),
        part("third", KeyError("x")),
        part("last"),
    ]
    told: list[float] = []
    made, failures = compose(document(), parts, saved.append, lambda done, of, what: told.append(done / of))
    assert [f.title for f in failures] == ["second", "third"]
    assert made.incomplete == ("second", "third")
    assert [fact.name for fact in made.facts] == ["measured", "first", "last"]
    assert "beta1 = 2: give less" in str(made.sections[1].blocks[0])
    assert "KeyError" in str(made.sections[2].blocks[0])
    assert saved[0].incomplete == ("second", "third", "last")
    assert saved[-1] == made
    assert told == sorted(told)
    assert told[-1] == 1


def test_an_interruption_keeps_what_is_made() -> None:
    saved: list[Document] = []
    parts = [part("first"), part("second", KeyboardInterrupt()), part("last")]
    with pytest.raises(KeyboardInterrupt):
        compose(document(), parts, saved.append, lambda done, of, what: None)
    assert saved[-1].incomplete == ("second", "last")
    assert "interrupted" in str(saved[-1].sections[2].blocks[0])
    assert "first is here" in str(saved[-1].sections[0].blocks[0])


def test_numbers_are_plain() -> None:
    assert numbers(np.array([1, 2.5])) == (1.0, 2.5)
    assert plain({"a": np.float64(1), "b": [np.inf, float("nan")], "c": np.arange(2)}) == {
        "a": 1.0,
        "b": ["inf", "nan"],
        "c": [0, 1],
    }
