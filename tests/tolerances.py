"""How near is equal, in roundings: a tolerance says how much arithmetic lies between two numbers, and nothing else.

Where the arithmetic is the same there is none: `assert_array_equal`. What no rounding explains (finite differences,
series cut off, printed digits) has its tolerance where it is used.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities.tolerance import unit


class Roundings(NamedTuple):
    """Relative errors, as multiples of the unit roundoff: 1.1e-16 in float64, 6e-8 in float32."""

    few: float
    """8: a step worked by hand, one short formula."""
    tens: float
    """80: one update with all its parts, a mean, the same run in another batch."""
    hundreds: float
    """800: a short recurrence or a long formula typed twice."""
    thousands: float
    """8000: recurrences over hundreds of steps, or compiled differently; sums over a data set."""


def roundings(dtype: DTypeLike) -> Roundings:
    return Roundings(*(8 * unit(dtype) * 10**k for k in range(4)))


DOUBLE = roundings(np.float64)
"""9e-16, 9e-15, 9e-14, 9e-13."""
SINGLE = roundings(np.float32)
"""5e-7, 5e-6, 5e-5, 5e-4."""

SAME_PATH: dict[str, Any] = {"rtol": DOUBLE.thousands, "atol": DOUBLE.hundreds}
"""One recurrence typed twice, in float64: near 0 only the absolute error of iterates of size 1 is small."""

STANDARD_ERRORS = 4
"""Between a mean and what it estimates: exceeded by chance once in 16,000 means."""
STANDARD_ERRORS_OF_MANY = 5
"""The same where hundreds of means are compared at once: once in 1.7 million."""
