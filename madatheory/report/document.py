"""What a report says, as plain data: the page is drawn from it, and the json file beside the page is it.

So the json file carries every number of the page, in full where the page rounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

Cell = str | float | int | bool | None
"""Of a table: a number is rounded by the page, a text is set in mathematics where it says so."""


@dataclass(frozen=True)
class Prose:
    """A paragraph; `tone` "remark" for what a reader may skip, "warning" for what is wrong."""

    text: str
    tone: Literal["plain", "remark", "warning"] = "plain"


class Notation(NamedTuple):
    """Mathematics twice: as text for the json file, and as HTML or MathML for the page."""

    text: str
    html: str


@dataclass(frozen=True)
class Formula:
    """A displayed formula; `where` are the abbreviations that it uses, each with what it stands for."""

    formula: Notation
    where: tuple[tuple[Notation, Notation], ...] = ()


@dataclass(frozen=True)
class DataTable:
    """Named columns and rows of cells; `mathematics` are columns whose texts are formulas in words."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    mathematics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """Points of a chart: a line through (x, y), a band from `low` to `high`, both, or points with bars."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    role: Literal["measured", "bound", "other", "limit"] = "measured"


@dataclass(frozen=True)
class Chart:
    """Series over an axis, or bars from `low` to `high` one below the other where the axis has `categories`."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    caption: str = ""
    log_x: bool = True
    log_y: bool = True
    categories: tuple[str, ...] = ()
    height: int = 340


@dataclass(frozen=True)
class Listing:
    """Code or commands, to be copied."""

    code: str
    caption: str = ""


@dataclass(frozen=True)
class Folded:
    """Blocks behind a line that opens them; on paper they are open."""

    title: str
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True)
class Absent:
    """What is not there, and why: it does not apply, it failed, or the command was interrupted."""

    why: str
    failed: bool = False


Block = Prose | Formula | DataTable | Chart | Listing | Folded | Absent


@dataclass(frozen=True)
class Fact:
    """One line of the summary: what, the answer in a few words, and whether it is good news."""

    name: str
    text: str
    mark: Literal["good", "bad", "open", "none"] = "none"


@dataclass(frozen=True)
class ReportSection:
    """A titled part of the report."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report; `about` is plain data that identifies what was asked, with versions and seeds."""

    title: str
    subtitle: str
    facts: tuple[Fact, ...]
    sections: tuple[ReportSection, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Titles of the sections that failed or were not reached."""
        return tuple(s.title for s in self.sections if any(isinstance(b, Absent) and b.failed for b in s.blocks))

    def as_data(self) -> dict[str, Any]:
        """For the json file: every text and every number of the page."""
        return {
            "title": self.title,
            "subtitle": self.subtitle,
            "about": plain(self.about),
            "facts": [plain(asdict(fact)) for fact in self.facts],
            "sections": [{"title": s.title, "blocks": [_block(b) for b in s.blocks]} for s in self.sections],
        }


def numbers(values: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    """Any sequence of numbers as plain floats."""
    return tuple(float(value) for value in np.asarray(values, dtype=float).ravel())


def plain(value: Any) -> Any:
    """JSON data; a number that is not finite becomes a text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def _block(block: Block) -> dict[str, Any]:
    kind = type(block).__name__.lower()
    if isinstance(block, Folded):
        return {"kind": kind, "title": block.title, "blocks": [_block(inner) for inner in block.blocks]}
    return {"kind": kind, **plain(asdict(block))}
