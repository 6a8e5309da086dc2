"""An inequality gap > 0 decided on a whole box of its parameters by branch and bound in ball arithmetic.

A box is done when the plain enclosure of the gap or the centred one, gap(c) + sum_i slope_i (x_i - c_i), is positive.
A coordinate in which the gap is monotone is first moved to its worse end. Any point where the gap is certainly negative
ends the search: it refutes the inequality.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flint import arb  # python-flint

from madatheory.arithmetic import Arithmetic, arithmetic
from proofs_check.balls.branch import precision
from proofs_check.balls.slopes import SLOPES, Sloped

Ball = Any
Side = tuple[Ball, Ball]
BITS = 64
LIMIT = 40_000  # boxes


@dataclass(frozen=True)
class Box:
    """`gap` (coordinates, arithmetic) -> number, claimed positive for all coordinates in `ranges`."""

    gap: Callable[[list[Any], Arithmetic], Any]
    ranges: Sequence[tuple[float, float]]
    limit: int = LIMIT


class Covered(NamedTuple):
    """Whether the claim is proved; the number of boxes; a point that refutes it; the least lower bound of the gap."""

    proved: bool
    boxes: int
    witness: tuple[float, ...] | None
    least: Ball


def _ball(side: Side) -> Ball:
    low, high = side
    return low if low == high else (low + high) / 2 + arb(0, (high - low) / 2)


def _evaluate(box: Box, sides: Sequence[Side]) -> Ball:
    """An enclosure of the gap; not finite where the box is too wide for the formula."""
    try:
        return arb(box.gap([_ball(side) for side in sides], arithmetic("balls")))
    except (ValueError, ZeroDivisionError):
        return arb("nan")


def _sloped(box: Box, sides: Sequence[Side]) -> Sloped | None:
    n = len(sides)
    unit = [tuple(arb(int(i == j)) for j in range(n)) for i in range(n)]
    try:
        found = box.gap([Sloped(_ball(side), unit[i]) for i, side in enumerate(sides)], SLOPES)
    except (ValueError, ZeroDivisionError):
        return None
    return found if isinstance(found, Sloped) else Sloped(arb(found), tuple(arb(0) for _ in sides))


def _moved(sides: Sequence[Side], slopes: Sequence[Ball]) -> list[Side]:
    """The face on which the gap is least, in the coordinates where it is monotone."""
    ends = []
    for (low, high), slope in zip(sides, slopes, strict=True):
        ends.append((low, low) if slope >= 0 else (high, high) if slope <= 0 else (low, high))
    return ends


def _widest(sides: Sequence[Side], slopes: Sequence[Ball] | None, whole: Sequence[tuple[float, float]]) -> int:
    """The coordinate to halve: the largest slope times width, else the widest for what it was at first."""
    widths = [float(high - low) for low, high in sides]
    if slopes is not None:
        steep = [float(abs(s).upper()) * width for s, width in zip(slopes, widths, strict=True)]
        if all(math.isfinite(x) for x in steep):
            return max(range(len(sides)), key=steep.__getitem__)
    shares = [width / ((high - low) or 1.0) for width, (low, high) in zip(widths, whole, strict=True)]
    return max(range(len(sides)), key=shares.__getitem__)


def cover(box: Box) -> Covered:
    """Decide `box`; neither proved nor refuted after `box.limit` boxes."""
    with precision(BITS):
        stack: list[list[Side]] = [[(arb(low), arb(high)) for low, high in box.ranges]]
        count, least = 0, arb("inf")
        while stack:
            sides = stack.pop()
            count += 1
            bound = _evaluate(box, sides).lower()
            slopes = None
            if not bound > 0:
                sides, slopes, bound = _refined(box, sides)
            if bound > 0:
                least = least.min(bound)
                continue
            middle = [((low + high) / 2,) * 2 for low, high in sides]
            here = _evaluate(box, middle)
            if here < 0:
                return Covered(False, count, tuple(float(x) for x, _ in middle), here)
            if count >= box.limit:
                return Covered(False, count, None, bound)
            axis = _widest(sides, slopes, box.ranges)
            low, high = sides[axis]
            halves = (low, middle[axis][0]), (middle[axis][0], high)
            stack += [[half if i == axis else side for i, side in enumerate(sides)] for half in halves]
        return Covered(True, count, None, least)


def _refined(box: Box, sides: list[Side]) -> tuple[list[Side], tuple[Ball, ...] | None, Ball]:
    """The face that matters, the slopes there, and the best lower bound of the gap."""
    found = _sloped(box, sides)
    if found is None:
        return sides, None, arb("nan")
    face = _moved(sides, found.slopes)
    if face != sides:
        found = _sloped(box, face) or found
    middle = [((low + high) / 2,) * 2 for low, high in face]
    centred = _evaluate(box, middle)
    for slope, (low, high) in zip(found.slopes, face, strict=True):
        centred += slope * arb(0, (high - low) / 2)
    ends = [x for x in (found.value.lower(), centred.lower()) if x.is_finite()]
    return face, found.slopes, max(ends) if ends else arb("nan")
