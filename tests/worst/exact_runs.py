"""Runs of three methods with 60 digits, typed from their papers: nothing here knows the package's step or balls."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath

Number = Any


def number(value: float | Fraction) -> Number:
    """A float or fraction as the number that it is."""
    exact = Fraction(value)
    return mpmath.mpf(exact.numerator) / exact.denominator


def line(knots: Sequence[float], values: Sequence[float], x: Number) -> Number:
    """`values` at the knots, linear between and constant outside."""
    points = [(number(k), number(v)) for k, v in zip(knots, values, strict=True)]
    if x <= points[0][0]:
        return points[0][1]
    for (a, u), (b, v) in pairwise(points):
        if x <= b:
            return u + (v - u) * (x - a) / (b - a)
    return points[-1][1]


def avgrad(h: Mapping[str, Number], t: int, T: int, state: Any, g: Number, horizon: bool = False) -> Any:
    """x_t - x_{t-1} and the state (m, v, sum of v) of AVGrad with alpha_t = alpha/sqrt(t), or alpha/sqrt(T)."""
    m, v, total = state
    m, v = h["beta1"] * m + (1 - h["beta1"]) * g, h["beta2"] * v + (1 - h["beta2"]) * g**2
    rate = h["alpha"] / mpmath.sqrt(T if horizon else t)
    return -rate * m / mpmath.sqrt(h["eps"] + (total + v) / t), (m, v, total + v)


def amsgrad(h: Mapping[str, Number], t: int, T: int, state: Any, g: Number) -> Any:
    """The same for AMSGrad, with the largest v in the place of the sum."""
    m, v, most = state
    m, v = h["beta1"] * m + (1 - h["beta1"]) * g, h["beta2"] * v + (1 - h["beta2"]) * g**2
    return -h["alpha"] / mpmath.sqrt(t) * m / mpmath.sqrt(h["eps"] + max(most, v)), (m, v, max(most, v))


def adam(h: Mapping[str, Number], t: int, T: int, state: Any, g: Number) -> Any:
    """Adam as Defossez et al. have it, beta1 = 0: v_t = beta2 v_{t-1} + g_t^2, alpha_t = alpha sqrt(sum beta2^j)."""
    _, v, _ = state
    v = h["beta2"] * v + g**2
    rate = h["alpha"] * mpmath.sqrt(sum(h["beta2"] ** j for j in range(t)))
    return -rate * g / mpmath.sqrt(h["eps"] + v), (g, v, 0)


def average(method: Callable[..., Any], shape: Any, hyper: Mapping[str, float], T: int, **more: Any) -> Number:
    """E (1/T) sum_t F'(x_{t-1})^2 over all histories of the noise."""
    h = {name: number(value) for name, value in hyper.items()}
    atoms = shape.atoms or ((0.0, 1.0),)
    zero = mpmath.mpf(0)
    histories = [(mpmath.mpf(1), number(shape.start), (zero, zero, zero))]
    total = zero
    for t in range(1, T + 1):
        after = []
        for chance, x, state in histories:
            slope = line(shape.knots, shape.slopes, x)
            total += chance * slope**2 / T
            scale = line(shape.knots, shape.scales, x) if shape.atoms else zero
            for value, p in atoms:
                move, new = method(h, t, T, state, slope + scale * number(value), **more)
                after.append((chance * number(p), x + move, new))
        histories = after
    return total
