"""Ball arithmetic as the algebra of a traced step: a ball holds every value that its formula can take, rounding too."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from typing import Any

from madatheory.arithmetic import arithmetic
from madatheory.engine.traced import Algebra

Ball = Any
_ONE = threading.RLock()
_CERTAIN: dict[str, Callable[[Ball, Ball], tuple[bool, bool]]] = {
    "lt": lambda a, b: (a < b, a >= b),
    "le": lambda a, b: (a <= b, a > b),
    "gt": lambda a, b: (a > b, a <= b),
    "ge": lambda a, b: (a >= b, a < b),
    "eq": lambda a, b: (a == b, a != b),
    "ne": lambda a, b: (a != b, a == b),
}
"""Whether a comparison of all numbers in two balls is certainly true, and certainly false."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls with midpoints of `bits` bits inside, where one thread is at a time: python-flint has one for all."""
    from flint import ctx

    with _ONE, ctx.workprec(bits):
        yield


def ball(value: Fraction | float) -> Ball:
    """An enclosure of a fraction; a float is the number that it is."""
    from flint import arb, fmpq

    fraction = Fraction(value)
    return arb(fmpq(fraction.numerator, fraction.denominator))


def _compare(name: str, a: Ball, b: Ball) -> bool | None:
    """True or False where all numbers of the balls agree, else None."""
    true, false = _CERTAIN[name](a, b)
    return True if true else False if false else None


def _choose(condition: bool | None, yes: Ball, no: Ball) -> Ball:
    if condition is None:
        return yes.union(no)
    return yes if condition else no


def _both(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _not(a: bool | None) -> bool | None:
    return None if a is None else not a


def _round(x: Ball) -> Ball:
    """The nearest integer; both where x may lie halfway."""
    up = x + ball(Fraction(1, 2))
    return up.floor().union(up.floor() - 1) if up.contains_integer() else up.floor()


def _power(a: Ball, b: Ball) -> Ball:
    return a**b


@cache
def balls() -> Algebra:
    """What a traced step may do with balls; needs python-flint."""
    xp = arithmetic("balls")
    return Algebra(
        ball,
        lambda x: x.sqrt(),
        lambda a, b: a.max(b),
        lambda a, b: a.min(b),
        lambda x: x.sgn(),
        _compare,
        _choose,
        {
            "log": xp.log,
            "log1p": xp.log1p,
            "exp": xp.exp,
            "expm1": lambda x: x.expm1(),
            "tanh": lambda x: x.tanh(),
            "pow": _power,
            "floor": lambda x: x.floor(),
            "ceil": lambda x: x.ceil(),
            "round": _round,
            "and": _both,
            "or": lambda a, b: _not(_both(_not(a), _not(b))),
            "not": _not,
            "is_finite": lambda x: True if x.is_finite() else None,
        },
    )
