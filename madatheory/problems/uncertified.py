"""Problems outside the assumptions: they run, and a theorem answers why it does not apply."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from madatheory.problems.coordinatewise import coordinatewise
from madatheory.problems.noise_laws import NoiseLaw
from madatheory.problems.problem import Array, Oracle, Problem


def uncertified(
    name: str,
    summary: str,
    value: Callable[[Array], Array],
    gradient: Callable[[Array], Array],
    *,
    start: np.ndarray,
    noise: str,
    scale: float,
    reasons: Mapping[str, str],
    parameters: Mapping[str, Any],
    oracle: tuple[Oracle, NoiseLaw] | None = None,
) -> Problem:
    """A problem without constants; `reasons` maps the assumptions that fail to why. Unbounded noise is added."""
    chosen, law = oracle or coordinatewise(noise, scale, start.size)
    not_covered = dict(reasons)
    if np.isinf(law.bound):
        not_covered["A2"] = (
            f"{law.name} noise is unbounded, and {reasons['A2']}"
            if "A2" in reasons
            else (f"{law.name} noise is unbounded")
        )
    return Problem(name, summary, start.size, start, value, chosen, None, gradient, not_covered, parameters=parameters)
