"""Confidence bounds: exact coverage on laws where it can be computed, and their formulas by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from madatheory.errors import UserError
from madatheory.statistics.confidence import (
    clopper_pearson_lower,
    clopper_pearson_upper,
    empirical_bernstein,
    half_width,
    hoeffding,
)


@given(n=st.integers(2, 60), p=st.floats(0.001, 0.999), delta=st.sampled_from([0.2, 0.05, 0.01]))
def test_the_upper_limit_covers_a_bernoulli_mean(n: int, p: float, delta: float) -> None:
    """P(mean + half-width < p) <= delta, summed exactly over the binomial law; the same below by symmetry."""
    missed = 0.0
    for k in range(n + 1):
        samples = np.r_[np.ones(k), np.zeros(n - k)]
        if samples.mean() + half_width(samples, 1.0, delta) < p:
            missed += stats.binom.pmf(k, n, p)
    assert missed <= delta


def test_a_bound_without_its_range_term_would_not_cover() -> None:
    """The control: plain Bernstein without 7 r ln(2/delta)/(3(n-1)) misses far more often than delta on rare events."""
    n, p, delta = 50, 0.01, 0.05
    missed = 0.0
    for k in range(n + 1):
        samples = np.r_[np.ones(k), np.zeros(n - k)]
        if samples.mean() + math.sqrt(2 * samples.var(ddof=1) * math.log(2 / delta) / n) < p:
            missed += stats.binom.pmf(k, n, p)
    assert missed > 10 * delta


def test_formulas() -> None:
    assert hoeffding(100, 2.0, 0.01) == pytest.approx(2 * math.sqrt(math.log(100) / 200))
    expected = math.sqrt(2 * 0.25 * math.log(200) / 100) + 7 * 2 * math.log(200) / (3 * 99)
    assert empirical_bernstein(0.25, 100, 2.0, 0.01) == pytest.approx(expected)


# SciPy's binomial law overflows where p is smaller
@given(n=st.integers(1, 80), p=st.just(0.0) | st.floats(1e-300, 1.0), delta=st.sampled_from([0.2, 0.01]))
def test_clopper_pearson_covers(n: int, p: float, delta: float) -> None:
    law = [(k, stats.binom.pmf(k, n, p)) for k in range(n + 1)]
    assert sum(w for k, w in law if clopper_pearson_upper(k, n, delta) < p) <= delta + 1e-12
    assert sum(w for k, w in law if clopper_pearson_lower(k, n, delta) > p) <= delta + 1e-12


def test_clopper_pearson_at_the_ends() -> None:
    assert clopper_pearson_upper(0, 100, 0.05) == pytest.approx(1 - 0.05**0.01)
    assert clopper_pearson_lower(0, 100, 0.05) == 0.0
    assert clopper_pearson_upper(7, 7, 0.05) == 1.0


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1, float("nan")])
def test_levels_outside_the_open_interval_are_refused(delta: float) -> None:
    with pytest.raises(UserError, match="confidence"):
        half_width(np.zeros(5), 1.0, delta)


def test_one_sample_gives_no_confidence() -> None:
    with pytest.raises(UserError, match="at least 2"):
        half_width(np.zeros(1), 1.0, 0.01)
