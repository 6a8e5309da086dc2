"""Intervals over independent seeds, for drawing and for fitted slopes; verdicts use distribution-free bounds instead.

Student's t-interval assumes that the mean over seeds is close to normal; captions call it "95 % t-interval over seeds".
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from madatheory.errors import UserError

Array = Any


class Interval(NamedTuple):
    """A mean over seeds and its two-sided interval; numbers or arrays over the axes that remain."""

    mean: Array
    low: Array
    high: Array


def t_interval(samples: Array, confidence: float = 0.95, axis: int = 0) -> Interval:
    """mean +- t_{n-1} sd/sqrt(n) along `axis`; fewer than 2 samples: `UserError`."""
    samples = np.asarray(samples, dtype=float)
    n = samples.shape[axis]
    if n < 2:
        raise UserError(f"seeds = {n}: an interval needs at least 2")
    mean = samples.mean(axis=axis)
    half = stdtrit(n - 1, (1 + confidence) / 2) * samples.std(axis=axis, ddof=1) / np.sqrt(n)
    return Interval(mean, mean - half, mean + half)


def ratio_interval(numerator: Array, denominator: Array, confidence: float = 0.95) -> Interval:
    """E numerator/E denominator from pairs (seed on axis 0), by the delta method on its logarithm.

    log(mean a/mean b) has standard error sd(a/mean a - b/mean b)/sqrt(n). Both means must be positive, else nan.
    """
    a, b = np.broadcast_arrays(np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float))
    n = a.shape[0]
    if n < 2:
        raise UserError(f"seeds = {n}: an interval needs at least 2")
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    good = (mean_a > 0) & (mean_b > 0)
    safe_a, safe_b = np.where(good, mean_a, np.nan), np.where(good, mean_b, np.nan)
    error = (a / safe_a - b / safe_b).std(axis=0, ddof=1) / np.sqrt(n)
    half, ratio = stdtrit(n - 1, (1 + confidence) / 2) * error, safe_a / safe_b
    return Interval(ratio, ratio * np.exp(-half), ratio * np.exp(half))


def slope_interval(
    times: Array, samples: Array, *, draws: int = 400, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Least-squares slope of log(mean over seeds) on log(times), with the percentile bootstrap over whole seeds.

    `samples` has shape (seeds, times). One seed's times are dependent, so seeds are redrawn, never single values.
    """
    samples = np.asarray(samples, dtype=float)
    n = samples.shape[0]
    if n < 2:
        raise UserError(f"seeds = {n}: an interval needs at least 2")
    x = np.log(np.asarray(times, dtype=float))
    if len(np.unique(x)) < 2:
        raise UserError("a slope needs at least two different times")
    centred = x - x.mean()
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws) / n

    def slope(means: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(means) @ centred / (centred @ centred)

    low, high = np.quantile(slope(weights @ samples), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(slope(samples.mean(axis=0))), float(low), float(high))
