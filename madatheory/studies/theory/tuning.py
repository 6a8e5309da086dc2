"""Step sizes tuned for every method on one set of seeds, and judged on fresh ones."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from madatheory.engine.statistic import iterate
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.studies.theory.step_sizes import Simulate


class Tuned(NamedTuple):
    """One method's step size, chosen among candidates.

    alpha       the one with the smallest mean error on the tuning seeds
    interior    whether it is inside its grid
    candidates  mean of F(x_T) - F_star on the tuning seeds, for every step size of the grid
    errors      F(x_T) - F_star at alpha, on every fresh seed
    """

    alpha: float
    interior: bool
    candidates: np.ndarray
    errors: np.ndarray


def final_errors(problem: Problem, data: xr.Dataset) -> xr.DataArray:
    """F(x_T) - F_star (or its lower bound), from the recorded iterate; dimensions (*grid, seed)."""
    x = data["iterate"].isel(t=-1, drop=True)
    with jax.enable_x64(True):
        value = np.asarray(jax.jit(problem.value)(jnp.asarray(np.moveaxis(x.to_numpy(), -1, 0))))
    floor = problem.constants.F_star.value if problem.constants is not None else 0.0
    last = x.isel(coordinate=0, drop=True)
    return xr.DataArray(value - floor, dims=last.dims, coords=last.coords)


def tune(
    run: Simulate,
    problem: Problem,
    optimizer: Optimizer,
    *,
    steps: int,
    alphas: Sequence[float],
    settings: Mapping[str, float],
    over: Mapping[str, Sequence[float]] | None = None,
    tuning_seeds: int,
    fresh_seeds: int,
    seed: int,
) -> dict[tuple[float, ...], Tuned]:
    """For every point of the grid `over`: alpha with the smallest mean F(x_T) on the tuning seeds, then fresh seeds.

    Trajectories 0..tuning_seeds-1 tune, the next `fresh_seeds` judge. Every point sees the same noise, so differences
    between points are paired. `over` may be empty: one point, the key ().
    """
    axes = {name: tuple(values) for name, values in (over or {}).items()}
    options: dict[str, Any] = {"seed": seed, "statistics": (iterate,)}
    data = run(
        problem,
        optimizer,
        steps,
        num_trajectories=range(tuning_seeds),
        settings={**settings, **axes, "alpha": tuple(alphas)},
        **options,
    )
    mean = final_errors(problem, data).mean("seed").transpose(*axes, "alpha")
    best = mean.argmin("alpha")
    found: dict[tuple[float, ...], Tuned] = {}
    # points with the same best alpha share a simulation
    for index in np.unique(best):
        points = [
            tuple(axes[name][i] for name, i in zip(axes, where, strict=True))
            for where in np.argwhere(best.to_numpy() == index)
        ]
        points = points or [()]
        chosen = {name: tuple(sorted({point[i] for point in points})) for i, name in enumerate(axes)}
        fresh = run(
            problem,
            optimizer,
            steps,
            num_trajectories=range(tuning_seeds, tuning_seeds + fresh_seeds),
            settings={**settings, **chosen, "alpha": float(alphas[index])},
            **options,
        )
        errors = final_errors(problem, fresh)
        for point in points:
            where = dict(zip(axes, point, strict=True))
            found[point] = Tuned(
                float(alphas[index]),
                0 < index < len(alphas) - 1,
                mean.sel(where).to_numpy(),
                errors.sel(where).to_numpy(),
            )
    return found
