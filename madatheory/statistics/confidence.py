"""Distribution-free one-sided confidence bounds on a mean, valid for every sample size.

For independent X_1..X_n in [low, high] with range r = high - low:
Hoeffding            E X <= mean + r sqrt(ln(1/delta)/(2n))                               (Hoeffding 1963)
empirical Bernstein  E X <= mean + sqrt(2 V ln(2/delta)/n) + 7 r ln(2/delta)/(3(n-1))     (Maurer, Pontil 2009, Thm 4)
with V the unbiased sample variance; the lower limits by symmetry. `half_width` takes the better of the two. Where the
laws of the X_i differ, E X is the average of their means: both rest on inequalities for independent variables, and E V
is then at least the average of the variances, so that the second errs on the safe side.

Without a range, for X >= 0: Y = min(X, c) has range c, E Y <= E X, and E X <= E Y + E X^2/(4c) because
(x-c)_+ <= x^2/(4c), that is (x-2c)^2 >= 0. So `half_width` for Y gives a lower limit with no assumption at all, and an
upper limit where a bound on E X^2 is known; c is fixed before X is seen.
"""

from numbers import Real
from typing import Any

import numpy as np
from scipy.special import betaincinv

from madatheory.errors import UserError

Array = Any


def check_level(delta: float) -> None:
    """Refuse a failure probability outside (0, 1)."""
    if not 0 < delta < 1:
        raise UserError(f"confidence = {1 - delta:g} is out of range: give a value in (0, 1), such as 0.99")


def check_confidence(confidence: Any) -> None:
    """Refuse a confidence that is no number inside (0, 1)."""
    if isinstance(confidence, bool) or not isinstance(confidence, Real):
        raise UserError(f"confidence = {confidence!r:.60}: give a number in (0, 1), such as 0.99")
    check_level(1 - float(confidence))


def hoeffding(n: int, width: Array, delta: float) -> Array:
    """Half-width of Hoeffding's one-sided bound."""
    return width * np.sqrt(np.log(1 / delta) / (2 * n))


def empirical_bernstein(variance: Array, n: int, width: Array, delta: float) -> Array:
    """Half-width of the one-sided empirical Bernstein bound of Maurer and Pontil."""
    log = np.log(2 / delta)
    return np.sqrt(2 * variance * log / n) + 7 * width * log / (3 * (n - 1))


def half_width(samples: Array, width: Array, delta: float, axis: int = -1) -> Array:
    """The smaller of the two half-widths, each at delta/2 (so that choosing costs nothing extra)."""
    check_level(delta)
    samples = np.asarray(samples)
    n = samples.shape[axis]
    if n < 2:
        raise UserError(f"seeds = {n}: a confidence statement needs at least 2")
    return half_width_of(samples.var(axis=axis, ddof=1), n, width, delta)


def half_width_of(variance: Array, n: int, width: Array, delta: float) -> Array:
    """`half_width` from the unbiased sample variance of n samples."""
    return np.minimum(hoeffding(n, width, delta / 2), empirical_bernstein(variance, n, width, delta / 2))


def cut(second_moment: Array, n: int, delta: float) -> Array:
    """The c at which c (7/3) ln(4/delta)/(n-1) and E X^2/(4c), the terms that it moves, are least together."""
    check_level(delta)
    return np.sqrt(3 * (n - 1) * np.asarray(second_moment) / (28 * np.log(4 / delta)))


def limits_without_range(samples: Array, second_moment: Array, c: Array, delta: float) -> tuple[Array, Array]:
    """Lower and upper limit, each at `delta`, of the mean of X >= 0 with E X^2 <= `second_moment`, axis 0.

    `c` must not depend on the samples. Where `second_moment` is inf so is the upper limit; 0 says that X <= `c`.
    """
    kept = np.minimum(samples, c)
    half = half_width(kept, c, delta, axis=0)
    return kept.mean(axis=0) - half, kept.mean(axis=0) + half + second_moment / (4 * c)


def clopper_pearson_upper(successes: int, n: int, delta: float) -> float:
    """Upper confidence bound on a probability from `successes` among `n` independent trials (Clopper-Pearson)."""
    return 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - delta))


def clopper_pearson_lower(successes: int, n: int, delta: float) -> float:
    """Lower confidence bound on a probability from `successes` among `n` independent trials (Clopper-Pearson)."""
    return 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, delta))
