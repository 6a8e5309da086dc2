"""How much the final loss depends on the initial decays: a grid of (beta1, beta2), every cell trained."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from madatheory.store.checkpoint import Cached, nothing_cached
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.comparison import final
from madatheory.studies.training.training_runs import Report, TrainConfig, no_report, train
from madatheory.training.methods import METHODS


class VariedMethod(NamedTuple):
    """A method whose initial beta1 and beta2 are varied; `scale` multiplies its hyper learning rates, if any."""

    method: str
    scale: float | None
    label: str


def grid(points: int) -> tuple[np.ndarray, np.ndarray]:
    """`points` values of beta1 in [.01, .99] and of beta2 in [.501, .99], evenly spaced: the bounds of MADA."""
    return np.linspace(0.01, 0.99, points), np.linspace(0.501, 0.99, points)


def final_over_grid(
    task: Task,
    config: TrainConfig,
    contender: VariedMethod,
    rate: float,
    beta1: Sequence[float] | np.ndarray,
    beta2: Sequence[float] | np.ndarray,
    runs: Sequence[int],
    *,
    seed: int = 0,
    cached: Cached = nothing_cached,
    report: Report = no_report,
) -> np.ndarray:
    """Final judged measure, shape (beta1, beta2, run); a diverged run is +-inf. One program trains all cells."""
    axes: dict[str, Any] = {"rate": [rate], "b1": list(beta1), "b2": list(beta2)}
    if contender.scale is not None:
        axes["scale"] = [contender.scale]
    found = train(task, METHODS[contender.method], config, axes, runs, seed=seed, cached=cached, report=report)
    return final(task, found).reshape(len(beta1), len(beta2), len(runs))


def tuned_rate(
    task: Task, config: TrainConfig, rates: Sequence[float], runs: Sequence[int], *, seed: int = 0, cached: Cached
) -> float:
    """Adam's best rate at its customary decays: the one that all contenders use."""
    found = train(task, METHODS["adam"], config, {"rate": list(rates)}, runs, seed=seed, cached=cached)
    means = [final(task, found.isel(setting=i)).mean() for i in range(len(rates))]
    return float(rates[int(np.argmin(means) if task.better == "lower" else np.argmax(means))])
