"""What a rotation costs: the loss after some steps at the best step size, on one function turned by several angles.

The step size is chosen on one half of the seeds and the loss measured on the other, so that the choice does not
flatter it. The noise is Gaussian of one variance in all directions: for a method that commutes with rotations the
losses have one law at all angles.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from madatheory.engine.statistic import final_value
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.problems.problem import Problem
from madatheory.statistics.intervals import t_interval

COORDINATES = ("adam:form=practical", "amsgrad:form=practical", "avgrad:form=practical")
INVARIANT = ("sgd", "adagrad-norm")  # they commute with rotations
BETA1, BETA2, EPS = 0.0, 0.99, 1e-8


class Loss(NamedTuple):
    """Mean of F(x_T) - F_star at the step size `alpha`, with its t-interval; `edge`: alpha is at an end of the grid."""

    alpha: float
    mean: float
    low: float
    high: float
    edge: bool


def tuned_loss(
    run: Callable[..., xr.Dataset],
    method: str,
    problem: Problem,
    *,
    alphas: Sequence[float],
    steps: int,
    num_trajectories: int,
    seed: int,
    confidence: float,
) -> Loss:
    """The loss after `steps` steps of a method with constant step size, the best of `alphas`."""
    options = "schedule=constant"
    spec = method if method == "adagrad-norm" else f"{method}{',' if ':' in method else ':'}{options}"
    optimizer = get_optimizer(spec)
    fixed = {"beta1": BETA1, "beta2": BETA2, "eps": EPS}
    settings = {"alpha": tuple(alphas), **{k: v for k, v in fixed.items() if k in optimizer.parameters}}
    value = run(
        problem,
        optimizer,
        steps,
        num_trajectories=num_trajectories,
        seed=seed,
        settings=settings,
        statistics=(final_value,),
        save_at=[steps],
    )["final_value"]
    loss = value.isel(t=0).transpose("alpha", "seed").to_numpy()
    half = num_trajectories // 2
    first = loss[:, :half].mean(axis=1)
    best = int(np.argmin(np.where(np.isfinite(first), first, np.inf)))
    mean, low, high = (float(end) for end in t_interval(loss[best, half:], confidence))
    edge = best in (0, len(alphas) - 1)
    return Loss(float(alphas[best]), mean, low, high, edge)
