"""Intervals of a mean, a ratio and a slope: they cover as often as they say, and find a known exponent."""

import numpy as np
import pytest

from madatheory.statistics.intervals import ratio_interval, slope_interval, t_interval


def test_slopes_of_a_known_power_law():
    rng = np.random.default_rng(0)
    times = np.geomspace(10, 1000, 9)
    samples = times**-0.5 * (1 + 0.1 * rng.standard_normal((200, 9)))
    slope = slope_interval(times, samples)
    assert slope.low < -0.5 < slope.high
    assert slope.high - slope.low < 0.03
    assert slope_interval(times, samples) == slope


def test_intervals_cover_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    samples = rng.normal(3.0, 1.0, (24, 4000))
    inside = t_interval(samples)
    assert np.mean((inside.low <= 3) & (inside.high >= 3)) == pytest.approx(0.95, abs=0.015)
    other = samples * 0.5 + rng.normal(0, 0.2, samples.shape)
    ratio = ratio_interval(samples, other)
    assert np.mean((ratio.low <= 2) & (ratio.high >= 2)) == pytest.approx(0.95, abs=0.02)
