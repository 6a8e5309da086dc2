"""Problems outside the assumptions: they run, and a theorem that needs one of these answers why it does not apply."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from madatheory.problems.coordinatewise import coordinatewise, moments, unbounded
from madatheory.problems.noise_laws import NoiseLaw
from madatheory.problems.problem import Array, Constant, Constants, Oracle, Problem


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
    certified: tuple[Constant, Constant] | None = None,
) -> Problem:
    """A problem without G; `reasons` maps the assumptions that fail to why. Unbounded noise is added.

    `certified` are L and F_star; without them the problem has no constants at all.
    """
    chosen, law = oracle or coordinatewise(noise, scale, start.size)
    not_covered = dict(reasons)
    if np.isinf(law.bound):
        not_covered["A2"] = (
            f"{law.name} noise is unbounded, and {reasons['A2']}"
            if "A2" in reasons
            else (f"{law.name} noise is unbounded")
        )
    constants = None
    if certified is not None:
        no_G, no_S = unbounded(not_covered["A2"]), unbounded(reasons["A2"])
        constants = Constants(certified[0], no_G, certified[1], None, no_S, *moments(law, start.size))
    return Problem(
        name, summary, start.size, start, value, chosen, constants, gradient, not_covered, parameters=parameters
    )
