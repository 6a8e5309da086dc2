"""Bounds of a function and its first two derivatives on a ray [X, inf), from the formula of the function itself.

With x = 1/u a formula in x becomes u^-k S(u) + l ln u + (what is flat or oscillates), S analytic on [0, 1/X]. S is kept
as two power series: about 0, and about the ball [0, 1/X] of all u, whose n-th coefficient is Lagrange's remainder for
the first. The rest is kept as enclosures of its value and two derivatives in x. Nothing is said of the function by
hand, so this decides what a stated majorant only claims.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flint import arb, arb_series, ctx  # python-flint

from madatheory.problems.scalar import Elementary

Ball = Any
Series = Any
ORDER = 8  # of the Taylor models
KEPT = ORDER + 3  # coefficients, so that two derivatives of the remainder exist


class Unbounded(Exception):
    """The formula leaves what can be enclosed on a whole ray."""


class Limits(NamedTuple):
    """Lower and upper bound, possibly infinite."""

    lower: Ball
    upper: Ball

    def __add__(self, other: Any) -> "Limits":
        return Limits((self.lower + other.lower).lower(), (self.upper + other.upper).upper())


def limits(x: Ball) -> Limits:
    """The ends of a ball."""
    return Limits(x.lower(), x.upper())


class Jet(NamedTuple):
    """Enclosures of f, f' and f'' (derivatives in x) on the ray."""

    value: Ball
    first: Ball
    second: Ball


class Model(NamedTuple):
    """S about 0 and about [0, 1/X]."""

    near: Series
    over: Series

    def each(self, function: Callable[..., Series], *others: "Model") -> "Model":
        """The same operation on both series."""
        return Model(*(function(*parts) for parts in zip(self, *others, strict=True)))

    @property
    def everywhere(self) -> Ball:
        """An enclosure of S on [0, 1/X]."""
        return self.over[0]

    @property
    def is_constant(self) -> bool:
        """Whether S is a number."""
        return all(self.near[j] == 0 and self.over[j] == 0 for j in range(1, KEPT))


@dataclass(frozen=True)
class Far:
    """u^-k S(u) + slope ln u + rest for 0 < u <= 1/X; `rest` is None where there is none."""

    X: int
    k: int
    S: Model
    slope: Ball
    rest: Jet | None

    def lift(self, other: Any) -> "Far":
        """A number as a function on the same ray."""
        if isinstance(other, Far):
            return other
        series = arb_series([arb(other)], KEPT)
        return Far(self.X, 0, Model(series, series), arb(0), None)

    @property
    def is_algebraic(self) -> bool:
        """Whether it is u^-k S(u)."""
        return self.rest is None and self.slope == 0

    @property
    def is_constant(self) -> bool:
        """Whether it is a number."""
        return self.is_algebraic and self.k == 0 and self.S.is_constant

    def __add__(self, other: Any) -> "Far":
        other = self.lift(other)
        high, low = (self, other) if self.k >= other.k else (other, self)
        shift = _power(self.u, high.k - low.k)
        S = high.S.each(lambda a, b, c: a + b * c, shift, low.S)
        rests = [far.rest for far in (self, other) if far.rest is not None]
        rest = Jet(*(sum(parts) for parts in zip(*rests, strict=True))) if rests else None
        return Far(self.X, high.k, S, self.slope + other.slope, rest)

    def __mul__(self, other: Any) -> "Far":
        other = self.lift(other)
        for factor, far in ((self, other), (other, self)):
            if factor.is_constant:
                c = factor.S.everywhere
                rest = None if far.rest is None else Jet(*(c * part for part in far.rest))
                return Far(self.X, far.k, far.S.each(lambda a, c=c: c * a), c * far.slope, rest)
        if self.is_algebraic and other.is_algebraic:
            return self._algebraic(self.k + other.k, self.S.each(lambda a, b: a * b, other.S))
        f, g = self.jet(), other.jet()
        second = f.second * g.value + 2 * f.first * g.first + f.value * g.second
        return self.flat(Jet(f.value * g.value, f.first * g.value + f.value * g.first, second))

    def __truediv__(self, other: Any) -> "Far":
        other = self.lift(other)
        if other.is_algebraic:
            if other.S.everywhere.contains(0):
                raise Unbounded("a denominator may vanish")
            return self * self._algebraic(-other.k, other.S.each(lambda a: 1 / a))
        f, g = self.jet(), other.jet()
        if g.value.contains(0):
            raise Unbounded("a denominator may vanish")
        value = f.value / g.value
        first = (f.first - value * g.first) / g.value
        return self.flat(Jet(value, first, (f.second - 2 * first * g.first - value * g.second) / g.value))

    def __neg__(self) -> "Far":
        return self * -1

    def __sub__(self, other: Any) -> "Far":
        return self + -self.lift(other)

    def __rsub__(self, other: Any) -> "Far":
        return self.lift(other) - self

    def __rtruediv__(self, other: Any) -> "Far":
        return self.lift(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    @property
    def u(self) -> Model:
        """u = 1/x."""
        return Model(arb_series([0, 1], KEPT), arb_series([arb(0).union(arb(1) / self.X), 1], KEPT))

    def _algebraic(self, k: int, S: Model) -> "Far":
        return Far(self.X, k, S, arb(0), None)

    def flat(self, jet: Jet) -> "Far":
        """What is known by its enclosures alone."""
        zero = arb_series([0], KEPT)
        return Far(self.X, 0, Model(zero, zero), arb(0), jet)

    def pure(self) -> "Far":
        """Itself, if it is u^-k S(u); else `Unbounded`."""
        if not self.is_algebraic:
            raise Unbounded("a function of a function that is not algebraic")
        return self

    def parts(self) -> tuple[tuple[int, Model], tuple[int, Model], tuple[int, Model]]:
        """(k, S), (k-1, P), (k-2, Q): u^-k S has the derivatives u^(1-k) P and u^(2-k) Q in x = 1/u.

        P = k S - u S' and Q = (k-1) P - u P', because d/dx = -u^2 d/du.
        """
        k = self.k
        P = self.S.each(lambda s, u: k * s - u * s.derivative(), self.u)
        Q = P.each(lambda p, u: (k - 1) * p - u * p.derivative(), self.u)
        return (k, self.S), (k - 1, P), (k - 2, Q)

    def jet(self) -> Jet:
        """Enclosures on the whole ray, where everything is bounded; else `Unbounded`."""
        if self.slope != 0:
            raise Unbounded("a logarithm")
        values = []
        for power, S in self.parts():
            low, high = _scaled(limits(S.everywhere), power, self.X)
            if not (low.is_finite() and high.is_finite()):
                raise Unbounded(f"a term grows like x^{power}")
            values.append(low.union(high))
        return Jet(*values) if self.rest is None else Jet(*(a + b for a, b in zip(values, self.rest, strict=True)))

    def bounds(self) -> tuple[Limits, Limits, Limits]:
        """Bounds of the function and of its first two derivatives."""
        found = []
        for order, (power, S) in enumerate(self.parts()):
            sides = _scaled(_taylor(S, self.X), power, self.X) + self._logarithm(order)
            found.append(sides if self.rest is None else sides + limits(self.rest[order]))
        return found[0], found[1], found[2]

    def _logarithm(self, order: int) -> Limits:
        """Bounds of slope ln u and its derivatives -slope u and slope u^2."""
        if order == 0:
            low, high = (arb(0) if self.slope == 0 else arb(end) for end in ("-inf", "inf"))
            if self.slope < 0:
                low = -self.slope * arb(self.X).log()
            return Limits(low, high)
        return _scaled(limits(-self.slope if order == 1 else self.slope), -order, self.X)


def _power(u: Model, n: int) -> Model:
    product = u.each(lambda _: arb_series([1], KEPT))
    for _ in range(n):
        product = product.each(lambda a, b: a * b, u)
    return product


def _scaled(x: Limits, power: int, X: int) -> Limits:
    """Bounds of u^-power y for y in x and 0 < u <= 1/X."""
    low, high = x
    if power <= 0:
        shrink = arb(X) ** power
        return Limits(
            (low * shrink).lower().min(arb(0)) if power else low, (high * shrink).upper().max(arb(0)) if power else high
        )
    grow = arb(X) ** power
    low = low * grow if low > 0 else arb(0) if low == 0 else arb("-inf")
    high = high * grow if high < 0 else arb(0) if high == 0 else arb("inf")
    return Limits(low, high)


def _taylor(S: Model, X: int) -> Limits:
    """Bounds of S on [0, 1/X]: Horner's rule on the series about 0, starting from Lagrange's remainder."""
    total = limits(S.over[ORDER])
    for j in reversed(range(ORDER)):
        total = limits(S.near[j]) + _scaled(total, -1, X)
    return total


def _sqrt(y: Far) -> Far:
    if y.pure().k % 2 or not y.S.everywhere > 0:
        raise Unbounded("the root of an odd power")
    return Far(y.X, y.k // 2, y.S.each(lambda s: s.sqrt()), arb(0), None)


def _log(y: Far) -> Far:
    if not y.pure().S.everywhere > 0:
        raise Unbounded("the logarithm of what may be negative")
    return Far(y.X, 0, y.S.each(lambda s: s.log()), arb(-y.k), None)


def _damped(n: int, c: Ball, k: int, X: int) -> Ball:
    """sup over x >= X of x^n exp(-c x^k): at X, since it decreases once n <= c k x^k."""
    if not n <= c * k * arb(X) ** k:
        raise Unbounded(f"x^{n} exp(-{c} x^{k}) need not decrease")
    return arb(X) ** n * (-c * arb(X) ** k).exp()


def _exp(y: Far) -> Far:
    """exp(y) for y <= -c x^k, k >= 1: flat at infinity."""
    k, c = y.pure().k, -y.S.everywhere.upper()
    if k < 1 or not c > 0:
        raise Unbounded("the exponential of what need not tend to -inf")
    A, B = (abs(S.everywhere).upper() for _, S in y.parts()[1:])
    both = arb(0, 1)
    first = both * A * _damped(k - 1, c, k, y.X)
    second = both * (A * A * _damped(2 * k - 2, c, k, y.X) + B * _damped(k - 2, c, k, y.X))
    return y.flat(Jet(arb(0).union(_damped(0, c, k, y.X)), first, second))


def _wave(y: Far) -> Far:
    """sin or cos of x or -x: it stays in [-1, 1] with its derivatives."""
    if y.pure().k != 1 or not y.S.is_constant or abs(y.S.everywhere) != 1:
        raise Unbounded("a wave of another frequency")
    both = arb(0, 1)
    return y.flat(Jet(both, both, both))


def _tanh(y: Far) -> Far:
    if y.pure().S.everywhere < 0:
        return -_tanh(-y)
    e = _exp(y * -2)
    return (1 - e) / (1 + e)


FAR = Elementary(_exp, _log, _sqrt, _wave, _wave, _tanh)


def on_ray(phi: Callable[[Any, Elementary], Any], sign: int, X: int) -> tuple[Limits, Limits, Limits]:
    """Bounds of phi, phi' and phi'' over sign x >= X (derivatives along the ray); raises `Unbounded`."""
    before, ctx.cap = ctx.cap, KEPT
    try:
        series = arb_series([sign], KEPT)
        return phi(Far(X, 1, Model(series, series), arb(0), None), FAR).bounds()
    finally:
        ctx.cap = before
