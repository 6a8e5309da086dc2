"""sup |phi'|, sup |phi''| and inf phi of a scalar function on the whole real line, enclosed without being told them.

Best-first branch and bound on [-X, X] with derivatives from power series of phi; the rays beyond by `infinity`.
"""

import heapq
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from flint import arb  # python-flint

from madatheory.problems.scalar import Elementary, Scalar
from proofs_check.balls.branch import derivatives, precision
from proofs_check.balls.infinity import on_ray

Ball = Any
Phi = Callable[[Any, Elementary], Any]
X = 64  # the rays begin here
WIDTH = 1e-10  # relative, of what is enclosed; absolute where that is below 1
BOXES = 200_000


class Enclosure(NamedTuple):
    """lower <= the supremum <= upper; `at` is where the lower bound is taken, `tail` bounds the rays."""

    lower: Ball
    upper: Ball
    at: Ball
    tail: Ball
    boxes: int

    @property
    def width(self) -> float:
        """Relative width, absolute where the value is below 1e-3."""
        extent = max(abs(float(self.lower)), abs(float(self.upper)))
        return float(self.upper - self.lower) / (extent if extent > 1e-3 else 1.0)


def _measure(jet: list[Ball], order: int) -> Ball:
    """What is maximised: -phi, |phi'| or |phi''|."""
    return -jet[0] if order == 0 else abs(jet[order])


def _upper(phi: Phi, order: int, middle: Ball, radius: Ball) -> Ball:
    """An upper bound on a box: the smaller of the plain and the centred enclosure."""
    try:
        jet = derivatives(phi, middle + arb(0, radius), order + 1)
    except ValueError:  # a denominator that contains 0: the box is too wide
        return arb("inf")
    centred = derivatives(phi, middle, order)
    centred[order] += jet[order + 1] * arb(0, radius)
    ends = [_measure(values, order).upper() for values in (jet, centred)]
    finite = [end for end in ends if end.is_finite()]
    return min(finite) if finite else arb("inf")


def _far(phi: Phi, order: int) -> Ball:
    """An upper bound on both rays |x| >= X."""
    ends = []
    for sign in (1, -1):
        low, high = on_ray(phi, sign, X)[order]
        ends.append(-low if order == 0 else (-low).max(high))
    return max(ends)


def enclose(scalar: Scalar, order: int) -> Enclosure:
    """sup |phi^(order)| on the real line, or sup (-phi) = -inf phi for order 0."""
    return _enclose(scalar.phi, order)


@cache
def _enclose(phi: Phi, order: int) -> Enclosure:
    with precision(128):
        tail = _far(phi, order)
        best, at = arb("-inf"), arb(0)
        for k in range(40):  # what is only approached far away
            for x in (arb(2) ** k, -(arb(2) ** k)):
                here = _measure(derivatives(phi, x, order), order).lower()
                best, at = (here, x) if here > best else (best, at)
        heap: list[tuple[float, int, Ball, Ball]] = []
        boxes = 0

        def push(middle: Ball, radius: Ball) -> None:
            nonlocal best, at, boxes
            boxes += 1
            here = _measure(derivatives(phi, middle, order), order).lower()
            best, at = (here, middle) if here > best else (best, at)
            upper = _upper(phi, order, middle, radius)
            heapq.heappush(heap, (-float(upper) * (1 + 1e-15 if upper > 0 else 1 - 1e-15), boxes, middle, radius))

        push(arb(0), arb(X))
        while boxes < BOXES:
            top = arb(-heap[0][0])
            if top <= best + WIDTH * max(abs(float(best)), 1e-3):
                break
            _, _, middle, radius = heapq.heappop(heap)
            for side in (-1, 1):
                push(middle + side * radius / 2, radius / 2)
        return Enclosure(best, arb(-heap[0][0]).max(tail), at, tail, boxes)
