"""How much the final loss depends on the initial decays: a grid of (beta1, beta2), every cell trained."""

from collections.abc import Mapping, Sequence
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


# fmt: off
PUBLISHED_GRID = (
    (0.01, 0.05, 0.1, 0.125, 0.175, 0.225, 0.25, 0.3, 0.35, 0.375, 0.425, 0.475, 0.5, 0.55, 0.6, 0.625, 0.675, 0.725,
     0.75, 0.8, 0.85, 0.875, 0.925, 0.975, 0.99),
    (0.501, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99),
)
# fmt: on
"""The initial beta1 and beta2 of the published contour plots, read off the logs of the published code."""


class PublishedRatio(NamedTuple):
    """A method against Adam over that grid: geometric mean of the ratios of final losses, and cells that are better."""

    ratio: float
    better: int


PUBLISHED: Mapping[str, Mapping[str, PublishedRatio]] = {
    "train_loss": {"hyperadam": PublishedRatio(0.878, 242), "mada": PublishedRatio(0.860, 269)},
    "valid_loss": {"hyperadam": PublishedRatio(1.025, 38), "mada": PublishedRatio(1.038, 7)},
}
"""The published mini-GPT, 5000 steps, one run a cell: computed from the logs of the published code."""


def final_over_grid(
    task: Task,
    config: TrainConfig,
    contender: VariedMethod,
    rate: float,
    beta1: Sequence[float] | np.ndarray,
    beta2: Sequence[float] | np.ndarray,
    runs: Sequence[int],
    *,
    measures: Sequence[str] = ("train_loss", "valid_loss"),
    seed: int = 0,
    cached: Cached = nothing_cached,
    report: Report = no_report,
    workers: int | None = None,
) -> dict[str, np.ndarray]:
    """Final measures, shape (beta1, beta2, run); a diverged run is +-inf. One program trains all cells."""
    axes: dict[str, Any] = {"rate": [rate], "b1": list(beta1), "b2": list(beta2)}
    if contender.scale is not None:
        axes["scale"] = [contender.scale]
    method, plan = METHODS[contender.method], {"seed": seed, "cached": cached, "report": report, "workers": workers}
    found = train(task, method, config, axes, runs, **plan)
    return {name: final(task, found, name).reshape(len(beta1), len(beta2), len(runs)) for name in measures}


def tuned_rate(
    task: Task,
    config: TrainConfig,
    rates: Sequence[float],
    runs: Sequence[int],
    *,
    seed: int = 0,
    cached: Cached,
    workers: int | None = None,
) -> float:
    """Adam's best rate at its customary decays: the one that all contenders use."""
    found = train(task, METHODS["adam"], config, {"rate": list(rates)}, runs, seed=seed, cached=cached, workers=workers)
    means = [final(task, found.isel(setting=i)).mean() for i in range(len(rates))]
    return float(rates[int(np.argmin(means) if task.better == "lower" else np.argmax(means))])
