"""The audit: which promises of a problem do not hold, where that can be found out.

Before a run at sampled points, after it at the points that methods came to. A search that finds nothing proves
nothing: see docs/theory.md, "What a verdict trusts".
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from madatheory.problems.audit.function import broken_by_function
from madatheory.problems.audit.oracle import QueryPoints, broken_by_oracle
from madatheory.problems.audit.probe import Points, probe_of, sampled_points
from madatheory.problems.problem import Problem

SAMPLED, ASKED = 256, 12  # points at which F is tried, and at which the oracle is
TIMES = (1.0, 2.0, 3.0, 50.0, 1001.0)
VISITED, NUMBERS = 2**12, 2**22  # points that runs came to; fewer where they make more numbers


def broken_at_samples(problem: Problem, delta: float, seed: int = 0) -> list[str]:
    """What is broken at points that do not depend on a run: nothing, with probability 1 - `delta`, if all is true."""
    rng, probe = np.random.default_rng([seed, 0]), probe_of(problem)
    x = sampled_points(problem, _at_most(SAMPLED, problem), rng)
    steep = np.argsort(-np.nan_to_num(np.linalg.norm(probe.field(x).gradient, axis=0)), kind="stable")
    asked = x[:, np.unique(np.concatenate([np.arange(ASKED // 2), steep[: ASKED // 2]]))]
    return [
        *broken_by_function(probe, x, rng, thorough=True),
        *broken_by_oracle(probe, [QueryPoints(t, asked) for t in TIMES], rng, delta),
    ]


def broken_at_visited(problem: Problem, runs: Sequence[xr.Dataset], delta: float, seed: int = 0) -> list[str]:
    """What is broken at the points x_t that the runs on the problem recorded, as `iterate`."""
    rng, probe = np.random.default_rng([seed, 1]), probe_of(problem)
    places = _places(runs, _at_most(VISITED, problem), rng)
    if not places:
        return []
    whole = np.concatenate([x for _, x in places], axis=1)
    few = [places[k] for k in sorted({round(k) for k in np.linspace(0, len(places) - 1, len(TIMES))})]
    asked = [QueryPoints(t, _some(x, ASKED, rng)) for t, x in few]
    return [
        *broken_by_function(probe, _some(whole, _at_most(VISITED, problem), rng), rng, thorough=False),
        *broken_by_oracle(probe, asked, rng, delta),
    ]


def _places(runs: Sequence[xr.Dataset], count: int, rng: np.random.Generator) -> list[QueryPoints]:
    """The finite points after t steps, some of each run, where the next gradient is that of step t+1."""
    found: dict[int, list[Points]] = {}
    for run in runs:
        if "iterate" not in run:
            continue
        for t, at in zip(run["t"].values, run["iterate"].transpose("t", "coordinate", ...).values, strict=True):
            x = at.astype(float).reshape(len(at), -1)
            found.setdefault(int(t), []).append(_some(x[:, np.all(np.isfinite(x), axis=0)], count, rng))
    places = [QueryPoints(t + 1.0, np.concatenate(points, axis=1)) for t, points in sorted(found.items())]
    return [place for place in places if place.x.shape[1]]


def _at_most(count: int, problem: Problem) -> int:
    return int(np.clip(NUMBERS // problem.dimension, 2 * ASKED, count))


def _some(x: Points, count: int, rng: np.random.Generator) -> Points:
    n = x.shape[1]
    return x if n <= count else x[:, np.sort(rng.choice(n, count, replace=False))]
