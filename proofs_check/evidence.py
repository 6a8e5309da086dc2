"""What a check claims, and what it found out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """PROVED is said only by a method that decides for all values (of the box); samples give SUPPORTED at most."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    SUPPORTED = "SUPPORTED"
    OPEN = "OPEN"


@dataclass(frozen=True)
class Finding:
    """The answer of one check.

    detail    what was done, in a line: how many cases, which theorem of which file
    witness   what refutes the claim, to be computed again by hand
    residual  the largest error of what was computed: (left - right)/size for samples, a width for enclosures
    """

    status: Status
    detail: str = ""
    witness: str = ""
    residual: float | None = None


@dataclass(frozen=True)
class Check:
    """One question to one method.

    statement  a row of the table
    decide     gives the finding; `Missing` if a tool is not there
    part       which step or special case of the statement this is, "" if it is the whole statement
    box        the parameters for which it decides, "" if for all that the statement admits
    false      a planted mistake, which must be refuted (or fail to check): it says that the method can tell
    """

    statement: str
    decide: Callable[[], Finding]
    part: str = ""
    box: str = ""
    false: bool = False


@dataclass(frozen=True)
class Evidence:
    """A check, the method that it belongs to, and what came of it; `problem` where nothing did."""

    method: str
    check: Check
    finding: Finding | None
    seconds: float
    problem: str = ""
    missing: bool = False


_RANK = (Status.REFUTED, Status.PROVED, Status.SUPPORTED, Status.OPEN)


def whole(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Those about the whole statement, without planted mistakes."""
    return [e for e in evidence if not e.check.false and not e.check.part]


def cell(evidence: Iterable[Evidence]) -> tuple[Status | None, str]:
    """The status that a method gives a statement, and its box; None where no check of the whole statement answered.

    A proof for all values counts before a proof on a box, and several checks on boxes count as the first of them.
    """
    answered = [(e.finding, e.check.box) for e in whole(evidence) if e.finding]
    if not answered:
        return None, ""
    finding, box = min(answered, key=lambda pair: (_RANK.index(pair[0].status), pair[1] != ""))
    return finding.status, box


def verdict(evidence: Iterable[Evidence]) -> tuple[Status, str]:
    """The statement's status over all methods, and its box."""
    by_method: dict[str, list[Evidence]] = {}
    for e in evidence:
        by_method.setdefault(e.method, []).append(e)
    found = [pair for pair in map(cell, by_method.values()) if pair[0] is not None]
    if not found:
        return Status.OPEN, ""
    status, box = min(found, key=lambda pair: (_RANK.index(pair[0]), pair[1] != ""))  # type: ignore[arg-type]
    assert status is not None
    return status, box
