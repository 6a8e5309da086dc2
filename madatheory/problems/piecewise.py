"""Functions on the line whose derivative is piecewise linear: their constants are rational numbers, computed exactly.

F' is interpolated linearly between knots and constant outside. Floats are fractions, so smoothness, sup |F'| and
F(x_0) - inf F of the function that is written down are known without an error; only their rounding to floats, upwards,
remains.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.hparams import ANY, reals
from madatheory.problems.coordinatewise import exact_oracle
from madatheory.problems.noise_laws import bernoulli
from madatheory.problems.problem import Array, Atoms, Constant, Constants, DType, Oracle, Problem, Words

CHECK = "tests/problems/test_piecewise.py"


def float_above(value: Fraction) -> float:
    """The least float >= value."""
    found = float(value)
    return found if Fraction(found) >= value else math.nextafter(found, math.inf)


class Bounds(NamedTuple):
    """L, G and D0 = F(x_0) - inf F of an instance."""

    L: Fraction
    G: Fraction
    D0: Fraction


@dataclass(frozen=True)
class Piecewise:
    """F' through the points (knots, slopes), constant outside; F starts at `start`. All numbers are taken exactly.

    The stochastic gradient is F'(x) + s(x) xi with s through (knots, scales) and xi one of two `atoms` (value,
    probability); without atoms there is no noise. `UserError` for knots that do not increase, a negative scale, and
    atoms whose mean is not exactly 0 or whose probabilities do not add up to exactly 1.
    """

    knots: tuple[float, ...]
    slopes: tuple[float, ...]
    start: float
    scales: tuple[float, ...] = ()
    atoms: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for name in ("knots", "slopes", "scales"):
            values = reals(getattr(self, name))
            if values is None or values.ndim != 1 or not np.all(np.isfinite(values)):
                raise UserError(f"{name} = {getattr(self, name)!r:.60}: give a flat list of finite numbers")
        ANY.refuse("start", self.start)
        if len(self.knots) < 2 or len(self.slopes) != len(self.knots):
            raise UserError(f"{len(self.knots)} knots and {len(self.slopes)} slopes: give as many, at least two")
        for a, b in pairwise(self.knots):
            if not a < b:
                raise UserError(f"the knots {a!r} and {b!r} do not increase: give them in order, each once")
        self._check_noise()

    def _check_noise(self) -> None:
        if not self.atoms:
            if self.scales:
                raise UserError(f"{len(self.scales)} noise scales without atoms: give the law of the noise")
            return
        if len(self.scales) != len(self.knots) or min(self.scales) < 0:
            raise UserError(
                f"scales = {self.scales!r:.60}: give one for each of {len(self.knots)} knots, none negative"
            )
        atoms = [(Fraction(float(v)), Fraction(float(p))) for v, p in self.atoms]
        if len(atoms) != 2 or min(p for _, p in atoms) <= 0 or sum(p for _, p in atoms) != 1:
            raise UserError(f"atoms = {self.atoms!r}: give two, with probabilities > 0 that add up to exactly 1")
        mean = sum((v * p for v, p in atoms), Fraction(0))
        if mean != 0:
            raise UserError(
                f"atoms = {self.atoms!r}: the oracle is not centred, its noise has mean {float(mean):g}, not 0"
            )

    @cached_property
    def _points(self) -> list[tuple[Fraction, Fraction]]:
        return [(Fraction(float(x)), Fraction(float(m))) for x, m in zip(self.knots, self.slopes, strict=True)]

    def _line(self, values: Sequence[float], x: Fraction) -> Fraction:
        """`values` at the knots, interpolated at x."""
        points = [(a, Fraction(float(v))) for (a, _), v in zip(self._points, values, strict=True)]
        if x <= points[0][0]:
            return points[0][1]
        for (a, u), (b, v) in pairwise(points):
            if x <= b:
                return u + (v - u) * (x - a) / (b - a)
        return points[-1][1]

    @cached_property
    def steepest(self) -> Fraction:
        """sup |F'|."""
        return max(abs(m) for _, m in self._points)

    @cached_property
    def bounds(self) -> Bounds:
        """The least L and G, and D0, exactly; `UserError` where F is not bounded below."""
        points = self._points
        if points[0][1] > 0 or points[-1][1] < 0:
            end, slope = ("left", points[0][1]) if points[0][1] > 0 else ("right", points[-1][1])
            raise UserError(f"F is unbounded below: its slope stays {float(slope):g} on the {end} of all knots")
        L = max(abs(n - m) / (b - a) for (a, m), (b, n) in pairwise(points))
        # |F' + s xi| is convex in (F', s), and both are linear between knots: the largest is at a knot
        noisy = [
            abs(m + Fraction(float(s)) * Fraction(float(v)))
            for (_, m), s in zip(points, self.scales, strict=bool(self.atoms))
            for v, _ in self.atoms
        ]
        return Bounds(L, max([self.steepest, *noisy]), self._gap())

    def _gap(self) -> Fraction:
        """F(x_0) - inf F: F is least at a knot, or where F' is 0 between two."""
        points, start, value = self._points, Fraction(float(self.start)), Fraction(0)
        least = at = value
        if start < points[0][0]:
            at = points[0][1] * (start - points[0][0])
        for (a, m), (b, n) in pairwise(points):
            if m < 0 < n:
                least = min(least, value - m * m * (b - a) / (2 * (n - m)))
            if a <= start <= b:
                at = value + (m + self._line(self.slopes, start)) * (start - a) / 2
            value += (m + n) * (b - a) / 2
            least = min(least, value)
        if start > points[-1][0]:
            at = value + points[-1][1] * (start - points[-1][0])
        return at - least


def piecewise(
    name: str,
    summary: str,
    shape: Piecewise,
    *,
    L: float | None = None,
    G: float | None = None,
    D0: float | None = None,
) -> Problem:
    """The problem min F in one dimension with the exact constants of `shape`, rounded up to floats.

    Constants may be declared; `UserError` for one that is smaller than what the function has.
    """
    declared: list[float] = []
    for symbol, given, least in zip(["L", "G", "D0"], (L, G, D0), shape.bounds, strict=True):
        if given is not None and not Fraction(float(given)) >= least:
            raise UserError(f"{name}: {symbol} = {given!r} is declared, but it is {float_above(least)!r} or more")
        declared.append(float_above(least) if given is None else float(given))
    how = "all numbers of the function are dyadic fractions; rational arithmetic, rounded up"
    return Problem(
        name=name,
        summary=summary,
        dimension=1,
        start=np.array([shape.start]),
        value=lambda x: jnp.sum(_integral(shape, x), axis=0),
        oracle=_oracle(shape),
        constants=Constants(
            Constant(declared[0], "upper", f"largest |change of F'| between knots over their distance; {how}", CHECK),
            Constant(declared[1], "upper", f"largest |F' + s xi| at a knot; {how}", CHECK),
            Constant(-declared[2], "lower", f"F(x_0) = 0, least value at a knot or a zero of F'; {how}", CHECK),
        ),
        gradient=lambda x: _ramps(shape, shape.slopes, x),
    )


def _segments(shape: Piecewise, values: Sequence[float]) -> list[tuple[float, float, float]]:
    """(a, b, slope) of `values` on each interval between knots, cut at the start; slopes rounded to floats."""
    start = float(shape.start)
    found = []
    for (a, b), (u, v) in zip(pairwise(shape.knots), pairwise(values), strict=True):
        slope = float((Fraction(float(v)) - Fraction(float(u))) / (Fraction(float(b)) - Fraction(float(a))))
        ends = [a, start, b] if a < start < b else [a, b]
        found += [(low, high, slope) for low, high in pairwise(ends) if slope]
    return found


def _ramps(shape: Piecewise, values: Sequence[float], x: Array) -> Array:
    """`values` interpolated: the value at the start, plus what every interval adds on the way from there to x."""
    start = Fraction(float(shape.start))
    y = jnp.full_like(x, float(shape._line(values, start)))
    for a, b, slope in _segments(shape, values):
        along = jnp.clip(x, a, b)
        y = y + slope * (along - a if a >= shape.start else along - b)
    return y


def _integral(shape: Piecewise, x: Array) -> Array:
    """F with F(x_0) = 0, exactly so in floats."""
    F = float(shape._line(shape.slopes, Fraction(float(shape.start)))) * (x - shape.start)
    for a, b, slope in _segments(shape, shape.slopes):
        along = jnp.clip(x, a, b)
        if a >= shape.start:
            y, beyond = along - a, jnp.maximum(x - b, 0)
        else:
            y, beyond = b - along, jnp.maximum(a - x, 0)
        F = F + slope * (0.5 * y * y + y * beyond)
    return F


def _oracle(shape: Piecewise) -> Oracle:
    if not shape.atoms:
        return exact_oracle()
    (first, p), (second, q) = shape.atoms
    variance = first * first * p + second * second * q

    def sample(words: Words, dtype: DType) -> Array:
        return jnp.where(bernoulli(words, p), dtype(first), dtype(second))

    return Oracle(
        "two-point",
        1,
        sample,
        lambda x, grad, xi, t: grad + _ramps(shape, shape.scales, x) * xi,
        lambda x, grad, t: grad * grad + _ramps(shape, shape.scales, x) ** 2 * variance,
        Atoms(np.array([first, second]), np.array([p, q])),
    )
