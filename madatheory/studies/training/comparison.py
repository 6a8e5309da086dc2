"""Methods compared on a task: rates tuned on some runs, judged on fresh ones, differences tested in pairs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from madatheory.errors import UserError, unknown
from madatheory.statistics.intervals import t_interval
from madatheory.store.checkpoint import Cached, nothing_cached
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.training_runs import Report, TrainConfig, no_report, train
from madatheory.training.methods import METHODS, TrainingMethod

MULTIPLES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""What the customary rate of every method is multiplied by in tuning: the same budget for all."""


class ComparisonPlan(NamedTuple):
    """`methods` by name, multiples of their default rates that tuning tries, and the numbers of runs of either part.

    Runs 0 .. runs-1 judge, the next `tuning_runs` tune.
    """

    methods: tuple[str, ...]
    multiples: tuple[float, ...] = MULTIPLES
    tuning_runs: int = 2
    runs: int = 10


class MethodOutcome(NamedTuple):
    """One method: rates tried with their mean final values, the tuned rate, and (run, t) at default and tuned rate.

    `interior`: whether the tuned rate is inside the tried ones, so that the grid did not decide. `tried` has the runs
    that tuned, (setting, run, t) with a setting for each rate: other runs than those that judge.
    """

    method: TrainingMethod
    rates: np.ndarray
    candidates: np.ndarray
    rate: float
    interior: bool
    default: xr.Dataset
    tuned: xr.Dataset
    tried: xr.Dataset

    def data(self, which: str) -> xr.Dataset:
        """The runs at the "default" or the "tuned" rate."""
        return {"default": self.default, "tuned": self.tuned}[which]


def final(task: Task, data: xr.Dataset, measure: str = "") -> np.ndarray:
    """A measure (the judged one) after the last step for every run; worst (+-inf) where a run has diverged."""
    values = data[measure or task.judged].isel(t=-1).to_numpy().astype(float)
    return np.where(np.isfinite(values), values, np.inf if task.better == "lower" else -np.inf)


def compare_methods(
    task: Task,
    config: TrainConfig,
    plan: ComparisonPlan,
    *,
    seed: int = 0,
    cached: Cached = nothing_cached,
    report: Report = no_report,
    workers: int | None = None,
) -> dict[str, MethodOutcome]:
    """Every method of the plan, tuned and at its default rate. Raises `UserError` for plans without methods or runs."""
    for name in plan.methods:
        if name not in METHODS:
            raise unknown("method", name, METHODS)
    if not plan.methods or plan.runs < 2 or plan.tuning_runs < 1 or not plan.multiples:
        raise UserError(f"{plan}: give methods, multiples, 2 runs or more to judge by and one or more to tune by")
    found: dict[str, MethodOutcome] = {}
    total = 2 * len(plan.methods) * 1000
    for number, name in enumerate(plan.methods):
        method = METHODS[name]

        def tell(part: int, label: str = method.label, number: int = number) -> Report:
            begun = (2 * number + part) * 1000
            return lambda done, of, what: report(begun + round(1000 * done / of), total, f"{task.name}: {label}")

        common: dict[str, Any] = {"seed": seed, "cached": cached, "workers": workers}
        rates = np.array([method.default * multiple for multiple in plan.multiples])
        fresh = range(plan.runs, plan.runs + plan.tuning_runs)
        tried = train(task, method, config, {"rate": list(rates)}, fresh, report=tell(0), **common)
        candidates = np.array([final(task, tried.isel(setting=i)).mean() for i in range(len(rates))])
        best = int(np.argmin(candidates) if task.better == "lower" else np.argmax(candidates))
        rate = float(rates[best])
        asked = list(dict.fromkeys((method.default, rate)))
        judged = train(task, method, config, {"rate": asked}, range(plan.runs), report=tell(1), **common)
        found[name] = MethodOutcome(
            method,
            rates,
            candidates,
            rate,
            0 < best < len(rates) - 1,
            judged.isel(setting=0),
            judged.isel(setting=-1),
            tried,
        )
    report(total, total, task.name)
    return found


class PairedDifference(NamedTuple):
    """Ours against one other method, paired by run.

    The mean difference, positive where ours is better, its 95 % t-interval, the p-value of "no difference" (two-sided
    paired t-test; the sign test where runs have diverged), and that p-value after a correction for all comparisons.
    """

    ours: str
    other: str
    difference: float
    low: float
    high: float
    p: float
    corrected: float = 1.0

    def result(self, level: float = 0.05) -> str:
        """win, loss or tie of ours; a tie is a difference that is not significant."""
        if not self.corrected < level:
            return "tie"
        return "win" if self.difference > 0 else "loss"


def paired(ours: str, other: str, values: np.ndarray, others: np.ndarray, better: str) -> PairedDifference:
    """The uncorrected pair; `values` and `others` are final values by run."""
    from scipy import stats  # half a second, which those who draw no training do not wait for

    sign = -1.0 if better == "lower" else 1.0
    broken, failed = ~np.isfinite(values), ~np.isfinite(others)
    if broken.any() or failed.any():
        # a diverged run is worse than any other; two diverged ones do not differ
        signs = np.where(broken & failed, 0.0, np.where(broken, -1.0, np.where(failed, 1.0, 0.0)))
        both = ~broken & ~failed
        signs[both] = np.sign(sign * (values[both] - others[both]))
        wins, losses = int(np.sum(signs > 0)), int(np.sum(signs < 0))
        p = float(stats.binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0
        return PairedDifference(
            ours, other, float(np.sign(wins - losses)) * np.inf if wins != losses else 0.0, -np.inf, np.inf, p
        )
    difference = sign * (values - others)
    if np.ptp(difference) == 0:
        same = difference[0] == 0
        return PairedDifference(
            ours, other, float(difference[0]), float(difference[0]), float(difference[0]), 1.0 if same else 0.0
        )
    mean, low, high = t_interval(difference)
    p = stats.ttest_rel(sign * values, sign * others)[1]  # the t-test of the differences
    return PairedDifference(ours, other, float(mean), float(low), float(high), float(np.asarray(p)))


def corrected(pairs: Sequence[PairedDifference]) -> list[PairedDifference]:
    """The pairs with Holm's correction: the chance of any false difference among all of them is at most the level."""
    order = np.argsort([pair.p for pair in pairs], kind="stable")
    adjusted, largest = np.ones(len(pairs)), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(pairs) - rank) * pairs[i].p))
        adjusted[i] = largest
    return [pair._replace(corrected=float(value)) for pair, value in zip(pairs, adjusted, strict=True)]


def against(
    task: Task, outcomes: Mapping[str, MethodOutcome], which: str, ours: str = "mada"
) -> list[PairedDifference]:
    """Ours against every other method at the "default" or "tuned" rates, not yet corrected."""
    values = final(task, outcomes[ours].data(which))
    return [
        paired(ours, name, values, final(task, outcome.data(which)), task.better)
        for name, outcome in outcomes.items()
        if name != ours
    ]
