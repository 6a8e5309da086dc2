"""Balls that carry their slopes in the coordinates of a box, as an arithmetic for the package's formulas."""

from collections.abc import Callable
from functools import reduce
from typing import Any

from flint import arb, fmpq  # python-flint

from madatheory.arithmetic import Arithmetic

Ball = Any


class Sloped:
    """An enclosure of f over a box, and of its partial derivatives over the same box."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: Ball, slopes: tuple[Ball, ...]) -> None:
        self.value, self.slopes = value, slopes

    def chained(self, value: Ball, factor: Ball) -> "Sloped":
        """A function of f: its value, and its derivative there as a factor."""
        return Sloped(value, tuple(factor * s for s in self.slopes))

    def __add__(self, other: Any) -> "Sloped":
        if isinstance(other, Sloped):
            return Sloped(self.value + other.value, tuple(map(_plus, self.slopes, other.slopes)))
        return Sloped(self.value + other, self.slopes)

    def __mul__(self, other: Any) -> "Sloped":
        if isinstance(other, Sloped):
            a, b = self.value, other.value
            return Sloped(a * b, tuple(s * b + a * t for s, t in zip(self.slopes, other.slopes, strict=True)))
        return self.chained(self.value * other, other)

    def __truediv__(self, other: Any) -> "Sloped":
        if isinstance(other, Sloped):
            ratio, inverse = self.value / other.value, 1 / other.value
            slopes = ((s - ratio * t) * inverse for s, t in zip(self.slopes, other.slopes, strict=True))
            return Sloped(ratio, tuple(slopes))
        return Sloped(self.value / other, tuple(s / other for s in self.slopes))

    def __pow__(self, n: int) -> "Sloped":
        if n == 0:
            return Sloped(arb(1), tuple(arb(0) for _ in self.slopes))
        return self.chained(self.value**n, n * self.value ** (n - 1))

    def __neg__(self) -> "Sloped":
        return Sloped(-self.value, tuple(-s for s in self.slopes))

    def __sub__(self, other: Any) -> "Sloped":
        return self + -other

    def __rsub__(self, other: Any) -> "Sloped":
        return -self + other

    def __rtruediv__(self, other: Any) -> "Sloped":
        value = other / self.value
        return self.chained(value, -value / self.value)

    __radd__ = __add__
    __rmul__ = __mul__


def _plus(a: Ball, b: Ball) -> Ball:
    return a + b


def _sqrt(x: Any) -> Any:
    if not isinstance(x, Sloped):
        return arb(x).sqrt()
    root = x.value.sqrt()
    return x.chained(root, 1 / (2 * root))


def _log(x: Any) -> Any:
    return x.chained(x.value.log(), 1 / x.value) if isinstance(x, Sloped) else arb(x).log()


def _exp(x: Any) -> Any:
    if not isinstance(x, Sloped):
        return arb(x).exp()
    value = x.value.exp()
    return x.chained(value, value)


def _larger(a: Any, b: Any) -> Any:
    """max(a, b); where either may be the larger one, its slopes lie in the hull of theirs."""
    x, y = (z.value if isinstance(z, Sloped) else arb(z) for z in (a, b))
    if x >= y:
        return a
    if x <= y:
        return b
    like = a if isinstance(a, Sloped) else b
    if not isinstance(like, Sloped):
        return x.max(y)
    left, right = (z.slopes if isinstance(z, Sloped) else [arb(0)] * len(like.slopes) for z in (a, b))
    return Sloped(x.max(y), tuple(s.union(t) for s, t in zip(left, right, strict=True)))


def _folded(two: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *values: reduce(two, values)


SLOPES = Arithmetic(
    "ball slopes",
    _sqrt,
    _log,
    _exp,
    _folded(_larger),
    _folded(lambda a, b: -_larger(-a, -b)),
    lambda p, q: arb(fmpq(p, q)),
    arb.pi(),
    lambda x: _log(1 + x),
)
