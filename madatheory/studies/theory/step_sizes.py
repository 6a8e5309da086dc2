"""The step size with the smallest measured statistic, chosen on seeds that the reported run does not use."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from madatheory.engine.statistic import Statistic
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

Simulate = Callable[..., xr.Dataset]


def best_alpha(
    simulate: Simulate,
    problem: Problem,
    optimizer: Optimizer,
    steps: int,
    alphas: Sequence[float],
    statistic: Statistic,
    *,
    num_trajectories: range,
    settings: Mapping[str, Any],
    **options: Any,
) -> float:
    """The alpha of `alphas` with the smallest mean of `statistic` over `seeds` after `steps` steps.

    A mean that is not finite counts as infinite. Use trajectory indices apart from those of the run that is reported,
    so that the choice does not flatter it. `options` go to `simulate` (its statistics must have this one).
    """
    grid = {**settings, "alpha": tuple(alphas)}
    data = simulate(problem, optimizer, steps, num_trajectories=num_trajectories, settings=grid, **options)
    scores = data[statistic.name].isel(t=-1).mean("seed").to_numpy()
    return float(alphas[int(np.argmin(np.where(np.isfinite(scores), scores, np.inf)))])
