"""The numbers that a folder already has: another processor's rounding does not rewrite them.

The last bit of a sum differs between processors (fused multiply-add, width of vectors), and a chaotic run makes it
grow. Fresh numbers that agree with those in the folder within the figure's stated tolerance, with the same claims, are
therefore dropped: the files are drawn again from the numbers that are there, so that they are the same to the byte.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from madatheory.figures.figure import Claim, Figure, Numbers, Run

ABSOLUTE = 1e-12  # a number below is a residue of rounding, not a result
Where = tuple[str | int, ...]


class Difference(NamedTuple):
    """The relative difference of one entry, inf where it is no pair of numbers, and the tolerance stated for it."""

    relative: float
    tolerance: float
    where: Where

    @property
    def excess(self) -> float:
        """Difference in units of the tolerance: above 1 it is too large."""
        return self.relative / self.tolerance

    def __str__(self) -> str:
        at = "/".join(map(str, self.where))
        if math.isinf(self.relative):
            return f"{at or 'their kind'} is another one"
        return f"by up to {self.relative:.2g} (stated tolerance {self.tolerance:g}) at {at}"


def _is_number(x: object) -> TypeGuard[int | float]:
    return type(x) in (int, float)


def _largest(numbers: Iterable[object]) -> float:
    return max((abs(x) for x in numbers if _is_number(x)), default=0.0)


def _differences(figure: Figure, a: Any, b: Any, where: Where, beside: float = 0.0) -> Iterator[Difference]:
    """`beside` is the largest number of the list or mapping in which a and b stand."""
    tolerance = figure.tolerance.at(where)
    if isinstance(a, Mapping) and isinstance(b, Mapping) and a.keys() == b.keys():
        beside = _largest((*a.values(), *b.values()))
        for key in a:
            yield from _differences(figure, a[key], b[key], (*where, key), beside)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        beside = _largest((*a, *b))
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differences(figure, x, y, (*where, i), beside)
    elif not _is_number(a) or not _is_number(b):
        if (type(a), a) != (type(b), b):
            yield Difference(math.inf, tolerance.relative, where)
    elif abs(a - b) > ABSOLUTE:
        counts = isinstance(a, int) and isinstance(b, int)
        extent = beside if tolerance.beside and not counts else max(abs(a), abs(b))
        yield Difference(abs(a - b) / extent, tolerance.relative, where)


def largest_difference(figure: Figure, a: Numbers, b: Numbers) -> Difference:
    """The entry in which two sets of numbers of a figure differ most, in units of its tolerance; 0 where none does."""
    found = _differences(figure, a, b, ())
    return max(found, key=lambda d: (d.excess, d.relative), default=Difference(0.0, figure.tolerance.relative, ()))


def _earlier(figure: Figure, run: Run, out: Path) -> dict[str, Any] | None:
    """The record of the same figure, profile and seed in the folder, None where there is none that can be read."""
    try:
        record = json.loads((out / f"{figure.name}.json").read_text(encoding="utf-8"))
        same = [record[key] for key in ("name", "profile", "seed")] == [figure.name, run.profile, run.seed]
        return record if same and isinstance(record["numbers"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _judgements(claims: list[Claim]) -> list[tuple[str, bool]]:
    return [(claim.text, bool(claim.holds)) for claim in claims]


class Chosen(NamedTuple):
    """The numbers that are drawn, the versions that made them, and what is to be said about it ("": nothing)."""

    numbers: Numbers
    versions: Mapping[str, str]
    said: str


def choose(figure: Figure, run: Run, out: Path, fresh: Numbers, versions: Mapping[str, str]) -> Chosen:
    """The numbers in the folder if the fresh ones are the same within the figure's tolerance, else the fresh ones."""
    record = _earlier(figure, run, out)
    if record is None:
        return Chosen(fresh, versions, "")
    kept, difference = record["numbers"], largest_difference(figure, fresh, record["numbers"])
    if difference.excess > 1:
        return Chosen(fresh, versions, f"numbers differ from those in {out}: {difference}")
    # only numbers of one structure are given to the figure's own functions
    if _judgements(list(figure.claims(fresh))) != _judgements(list(figure.claims(kept))):
        return Chosen(fresh, versions, f"numbers as in {out}, but other claims: {difference}")
    said = f"same within the tolerance, files kept: numbers differ {difference}" if difference.relative else ""
    return Chosen(kept, record.get("versions", versions), said)
