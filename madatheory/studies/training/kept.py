"""Learned coefficients kept: MADA learns on some runs, and others are trained with what it found, nothing learned."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from madatheory.errors import UserError
from madatheory.store.checkpoint import Cached, nothing_cached
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.comparison import MethodOutcome
from madatheory.studies.training.training_runs import Report, TrainConfig, no_report, train
from madatheory.studies.training.trajectories import coefficients_of
from madatheory.training.arguments import in_optax
from madatheory.training.methods import METHODS, TrainingMethod

KEPT = TrainingMethod(
    "mada-kept",
    "MADA, learned and frozen",
    METHODS["mada-frozen"].make,
    METHODS["mada"].default,
    "nothing learned, at the coefficients that MADA found on other runs",
)


def learned_at(outcome: MethodOutcome, rate: float, records: int) -> dict[str, np.ndarray]:
    """What the runs that tuned at this rate had learned, (run,): means over their last `records` records.

    Coefficients have the papers' names. Raises `UserError` for a rate that tuning did not try, or too few records.
    """
    places = np.flatnonzero(outcome.rates == rate)
    if not places.size:
        raise UserError(
            f"rate = {rate:g} was not tried in tuning: give one of {', '.join(map('{:g}'.format, outcome.rates))}"
        )
    found = coefficients_of(outcome.tried.isel(setting=int(places[0])))
    recorded = outcome.tried.sizes["t"]
    if not 1 <= records <= recorded:
        raise UserError(f"records = {records}: give 1 to {recorded}, which is how many there are")
    return {name: values[:, -records:].astype(float).mean(axis=1) for name, values in found.items()}


def kept(
    task: Task,
    config: TrainConfig,
    outcome: MethodOutcome,
    coefficients: Mapping[str, Mapping[str, float]],
    *,
    seed: int = 0,
    cached: Cached = nothing_cached,
    report: Report = no_report,
    workers: int | None = None,
) -> MethodOutcome:
    """MADA's outcome once more with nothing learned: the same rates and judging runs, at `coefficients`.

    These are by rate, "default" and "tuned", and by the papers' names. No rate is tuned: it is MADA's own.
    """
    rates = {"default": outcome.method.default, "tuned": outcome.rate}
    settings = [{"rate": rates[which], **in_optax(coefficients[which])} for which in rates]
    runs = [int(run) for run in outcome.default["run"]]
    judged: xr.Dataset = train(
        task, KEPT, config, settings, runs, seed=seed, cached=cached, report=report, workers=workers
    )
    return outcome._replace(method=KEPT, default=judged.isel(setting=0), tuned=judged.isel(setting=1))
