"""Proofs, by ball arithmetic, that a scalar function's derivatives stay below a number on an interval.

Derivatives come from power series of phi itself, so the proof is about the formula that the simulator runs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flint import arb, arb_series, ctx  # python-flint

from madatheory.problems.scalar import Elementary

Ball = Any
PRECISION = 256  # bits
FINEST = 2.0**-10  # a box that is still undecided at this width belongs to a peak
PIECES = 64  # of a peak, each of which must be concave
SLACK = arb(10) ** -30  # what "at most the target" may be missed by: far below the spacing of floats


class NotProved(Exception):
    """The claim is false, or could not be decided: the message says where."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Ball arithmetic with so many bits."""
    before = ctx.prec, ctx.cap
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec, ctx.cap = before


def _tanh(x: Ball) -> Ball:
    e = (x * -2).exp()
    return (1 - e) / (1 + e)


BALLS = Elementary(
    lambda x: x.exp(), lambda x: x.log(), lambda x: x.sqrt(), lambda x: x.sin(), lambda x: x.cos(), _tanh
)


def derivatives(phi: Callable[[Ball, Elementary], Ball], x: Ball, order: int) -> list[Ball]:
    """Enclosures of phi, phi', .., phi^(order) on the ball x."""
    ctx.cap = order + 1
    series = phi(arb_series([x, 1], order + 1), BALLS)
    values, factorial = [], 1
    for k in range(order + 1):
        factorial *= max(k, 1)
        values.append(series[k] * factorial)
    return values


def _box_upper(phi: Callable[..., Ball], order: int, sign: int, middle: Ball, radius: Ball) -> Ball:
    """An upper bound of sign phi^(order) on a box: the smaller of the plain enclosure and the centred form."""
    box = middle + arb(0, radius)
    try:
        jet = derivatives(phi, box, order + 1)
    except ValueError:  # a denominator that contains 0: the box is too wide
        return arb("inf")
    centred = derivatives(phi, middle, order)[order] + jet[order + 1] * arb(0, radius)
    uppers = [(sign * enclosure).upper() for enclosure in (jet[order], centred)]
    finite = [u for u in uppers if u.is_finite()]
    return min(finite) if finite else arb("inf")


def _peak_upper(phi: Callable[..., Ball], order: int, sign: int, low: Ball, high: Ball) -> tuple[Ball, Ball]:
    """Lower and upper bound of the maximum of h = sign phi^(order) on [low, high], where h must be concave.

    For concave h and any c, h(x) <= h(c) + |h'(c)| (high - low); bisection of h' makes h'(c) tiny.
    """
    radius = (high - low) / (2 * PIECES)
    for piece in range(PIECES):
        box = low + (2 * piece + 1) * radius + arb(0, radius)
        if not sign * derivatives(phi, box, order + 2)[order + 2] < 0:
            raise NotProved(f"order {order}, sign {sign}: undecided and not concave on {box}")
    a, b = low, high
    for _ in range(PRECISION - 60):
        c = (a + b) / 2
        slope = sign * derivatives(phi, c, order + 1)[order + 1]
        if slope > 0:
            a = c
        elif slope < 0:
            b = c
        else:
            break
    c = (a + b) / 2
    jet = derivatives(phi, c, order + 1)
    value, slope = sign * jet[order], abs(jet[order + 1])
    return value.lower(), (value + slope * (high - low)).upper()


def prove_at_most(phi: Callable[[Ball, Elementary], Ball], order: int, sign: int, target: float, beyond: int) -> float:
    """Prove sign phi^(order)(x) <= target for |x| <= beyond (up to 1e-30); return the largest value met.

    Branch and bound: a box is dropped once its upper bound is below the target; what is left at width 2^-10 must be a
    concave peak, whose maximum is enclosed to 1e-30. Raises `NotProved` with the place otherwise.
    """
    with precision(PRECISION):
        goal, best = arb(target), arb("-inf")
        stack, left = [(arb(-beyond), arb(beyond))], []
        while stack:
            low, high = stack.pop()
            middle, radius = (low + high) / 2, (high - low) / 2
            here = sign * derivatives(phi, middle, order)[order]
            best = best.max(here.lower())
            if here > goal + SLACK:
                raise NotProved(f"order {order}, sign {sign}: {here} at {middle} exceeds {target!r}")
            if _box_upper(phi, order, sign, middle, radius) <= goal:
                continue
            if radius <= FINEST:
                left.append((low, high))
                if len(left) > 1000:
                    raise NotProved(f"order {order}, sign {sign}: undecided near {middle}")
            else:
                stack += [(low, middle), (middle, high)]
        for low, high in _clusters(left):
            lower, upper = _peak_upper(phi, order, sign, low, high)
            best = best.max(lower)
            if not upper <= goal + SLACK:
                raise NotProved(f"order {order}, sign {sign}: a peak of height {upper} exceeds {target!r}")
        for k in range(16):  # what is only approached far away
            for x in (arb(2) ** k, -(arb(2) ** k)):
                best = best.max((sign * derivatives(phi, x, order)[order]).lower())
        return float(best)


def _clusters(boxes: list[tuple[Ball, Ball]]) -> list[tuple[Ball, Ball]]:
    merged: list[tuple[Ball, Ball]] = []
    for low, high in sorted(boxes, key=lambda box: float(box[0])):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return merged
