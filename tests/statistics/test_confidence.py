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
    cut,
    empirical_bernstein,
    half_width,
    hoeffding,
    limits_without_range,
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


# --- without a range ---


def rare(n: int, p: float) -> list[tuple[float, np.ndarray]]:
    """Samples of the law with E X^2 = 1 that is 1/sqrt(p) with probability p, else 0: (probability, samples)."""
    return [(float(stats.binom.pmf(k, n, p)), np.r_[np.full(k, p**-0.5), np.zeros(n - k)]) for k in range(n + 1)]


def misses(n: int, p: float, delta: float, c: float, moment: float = 1.0) -> tuple[float, float]:
    """P(upper limit < mean) and P(lower limit > mean)."""
    above = below = 0.0
    for chance, x in rare(n, p):
        low, high = (float(v) for v in limits_without_range(x, np.asarray(moment), np.asarray(c), delta))
        above += chance * (high < math.sqrt(p))
        below += chance * (low > math.sqrt(p))
    return above, below


@given(
    n=st.integers(2, 60),
    p=st.floats(1e-6, 0.999),
    delta=st.sampled_from([0.2, 0.05, 0.01]),
    share=st.sampled_from([0.25, 1.0, 4.0]),
)
def test_limits_without_a_range_cover_the_rarest_values(n: int, p: float, delta: float, share: float) -> None:
    """Any cut is honest, not only the one that is narrowest."""
    assert max(misses(n, p, delta, share * float(cut(1.0, n, delta)))) <= delta


def test_without_what_is_cut_off_the_upper_limit_would_not_cover() -> None:
    """The control: X = 2c with probability 1/(2c)^2, so that half of the mean lies above the cut."""
    n, delta = 400, 0.05
    c = float(cut(1.0, n, delta)) / 6
    assert misses(n, (2 * c) ** -2, delta, c)[0] <= delta
    assert misses(n, (2 * c) ** -2, delta, c, moment=0.0)[0] > 10 * delta


def test_limits_cover_a_pareto_mean() -> None:
    """Density 2.5 x^(-3.5) from 1 on: E X = 5/3, E X^2 = 5, no third moment."""
    rng, n, delta, runs = np.random.default_rng(0), 64, 0.1, 2000
    x = rng.pareto(2.5, (n, runs)) + 1
    c = np.full(runs, cut(5.0, n, delta))
    low, high = limits_without_range(x, np.full(runs, 5.0), c, delta)
    assert np.mean(high < 5 / 3) <= delta
    assert np.mean(low > 5 / 3) <= delta
    # with no second moment the lower limit is the same, and there is no upper one
    again, none = limits_without_range(x, np.full(runs, np.inf), c, delta)
    assert np.all(again == low)
    assert np.all(np.isinf(none))


def median_of_means(n: int, delta: float) -> float:
    """The least half-width h over the numbers of blocks k, in units of the root of the variance.

    A block's mean exceeds by h with probability at most p = 1/(1 + m h^2) (Cantelli, m = n/k), and half of the blocks
    do with probability at most P(Bin(k, p) >= k/2).
    """
    found = []
    for k in range(1, n + 1):
        p = clopper_pearson_lower(math.ceil(k / 2), k, delta)
        found.append(math.sqrt((1 / p - 1) / (n // k)))
    return min(found)


@pytest.mark.parametrize("n", [64, 512, 4096])
def test_the_cut_is_narrower_than_the_median_of_means(n: int) -> None:
    """Where the sample's deviation is at most half of the root of E X^2, as along a method's trajectories."""
    delta = 0.01 / 6
    c = float(cut(1.0, n, delta))
    half = float(empirical_bernstein(0.25, n, c, delta / 2)) + 1 / (4 * c)
    assert half < median_of_means(n, delta)
