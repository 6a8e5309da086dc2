"""A report is made part by part: one that fails says why on the page, and the others are kept.

The page is written as parts come, so that an interruption, also a hard one, loses little of it; runs are in the store.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from madatheory.errors import UserError
from madatheory.report.document import Absent, Block, Document, Fact, ReportSection

Tell = Callable[[float, float, str], None]
"""tell(done, of, what) within one part."""
WAITING = "Not computed yet: the command is at work, or was ended before it came here."
INTERRUPTED = "Not computed: the command was interrupted. The same command goes on from what is kept."


class Made(NamedTuple):
    """What a part gives: blocks for its section, lines for the summary."""

    blocks: tuple[Block, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class ReportPart:
    """A section to be made; `weight` is about how long it takes, beside the others."""

    title: str
    make: Callable[[Tell], Made]
    weight: float = 1.0


class Failure(NamedTuple):
    """A part that could not be made."""

    title: str
    error: BaseException


def compose(
    document: Document, parts: Sequence[ReportPart], save: Callable[[Document], None], tell: Tell
) -> tuple[Document, list[Failure]]:
    """The document with every part made in turn, saved as they come and at the end; and what failed.

    An error of one part is told on the page and the next part is made. `KeyboardInterrupt` marks the rest as
    interrupted, saves, and goes on to the caller.
    """
    sections = [ReportSection(part.title, (Absent(WAITING, failed=True),)) for part in parts]
    facts: list[Fact] = list(document.facts)
    failures: list[Failure] = []
    total, done = sum(part.weight for part in parts), 0.0

    due = [0.0]

    def now() -> Document:
        return replace(document, facts=tuple(facts), sections=tuple(sections))

    def keep() -> None:
        """Save, unless saving would take more than a fifth of the time."""
        if (began := time.monotonic()) >= due[0]:
            save(now())
            due[0] = time.monotonic() + 4 * (time.monotonic() - began)

    for number, part in enumerate(parts):

        def within(at: float, of: float, what: str, part: ReportPart = part, done: float = done) -> None:
            tell(done + part.weight * min(at / max(of, 1e-9), 1.0), total, f"{part.title}: {what}".removesuffix(": "))

        within(0, 1, "")
        try:
            made = part.make(within)
        except KeyboardInterrupt:
            for later in range(number, len(parts)):
                sections[later] = ReportSection(parts[later].title, (Absent(INTERRUPTED, failed=True),))
            save(now())
            raise
        except Exception as error:
            failures.append(Failure(part.title, error))
            made = Made((Absent(f"This part is missing: {in_words(error)}", failed=True),))
        sections[number] = ReportSection(part.title, made.blocks)
        facts += made.facts
        done += part.weight
        keep()
    save(now())
    tell(total, total, "")
    return now(), failures


def in_words(error: BaseException) -> str:
    """An error as the page tells it."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def request_of(**about: Any) -> dict[str, Any]:
    """What identifies a report; empty entries are left out."""
    return {name: value for name, value in about.items() if value not in (None, "", {}, [], ())}
