"""What every inequality of a proof gives away, all levels measured on the same trajectories."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import stdtrit

from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.statistics.intervals import ratio_interval, t_interval
from madatheory.theory.evaluate import evaluate
from madatheory.theory.theorem import Setting, Theorem


def waterfall(
    simulate: Callable[..., xr.Dataset],
    theorem: Theorem,
    problem: Problem,
    optimizer: Optimizer,
    settings: Mapping[str, float],
    *,
    steps: int,
    num_trajectories: int,
    seed: int = 0,
    confidence: float = 0.99,
) -> dict[str, Any]:
    """Means of all levels, the factor that each link gives away, and whether each link holds.

    A link q_k <= q_{k+1} between means is refuted when the one-sided t-test on the paired differences rejects it at
    (1-confidence)/links, and its factor E q_{k+1}/E q_k has a 95 % interval by the delta method.
    """
    hyper = optimizer.hyper(settings)
    setting = Setting(problem, optimizer, hyper, steps)
    reasons = theorem.reasons(setting)
    if reasons:
        raise ValueError(f"{theorem.name} does not apply to {problem.name}: {'; '.join(reasons)}")
    data = simulate(
        problem,
        optimizer,
        steps,
        num_trajectories=num_trajectories,
        seed=seed,
        settings=dict(settings),
        statistics=theorem.statistics,
    )
    values = [level[:, 0] for level in evaluate(theorem, setting, data.isel(t=[-1])).values()]
    links = len(values) - 1
    quantile = float(stdtrit(num_trajectories - 1, 1 - (1 - confidence) / links))
    rows = []
    for k, (level, value) in enumerate(zip(theorem.chain, values, strict=True)):
        mean, low, high = t_interval(value)
        row: dict[str, Any] = {"name": level.name, "by": level.by, "mean": mean, "low": low, "high": high}
        if k:
            gap = value - values[k - 1]
            error = float(gap.std(ddof=1)) / np.sqrt(num_trajectories)
            slack = 1e-9 * abs(mean)
            row |= {
                "factor": list(ratio_interval(value, values[k - 1])),
                "gap_upper": float(gap.mean()) + quantile * error,
                "ordered": bool(gap.mean() + quantile * error >= -slack),
                "significant": bool(gap.mean() - quantile * error > slack),
            }
        rows.append(row)
    return {
        "theorem": theorem.name,
        "label": theorem.label,
        "problem": problem.name,
        "optimizer": optimizer.name,
        "hyper": dict(hyper),
        "steps": steps,
        "seeds": num_trajectories,
        "levels": rows,
        "total": list(ratio_interval(values[-1], values[0])),
    }
