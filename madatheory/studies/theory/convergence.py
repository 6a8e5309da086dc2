"""Measured average squared gradients of several methods on one problem, each with its proved bounds and verdicts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from madatheory.engine.arguments import record_times
from madatheory.engine.statistic import Statistic, mean_squared_gradient
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.statistics.intervals import t_interval
from madatheory.studies.theory.step_sizes import Simulate, best_alpha
from madatheory.theory.evaluate import evaluate, right_side
from madatheory.theory.theorem import Setting, Theorem
from madatheory.theory.verdict import Verdict, comparisons_per_setting, judge, statistics_of


class ComparedMethod(NamedTuple):
    """A method under comparison: its name in legends, the optimizer, hyper-parameters without alpha, its theorems."""

    name: str
    optimizer: Optimizer
    settings: Mapping[str, float]
    theorems: tuple[Theorem, ...]


class ConvergencePlan(NamedTuple):
    """Steps, seeds, seeds of the tuning, number of recorded times, candidates for alpha, what alpha is tuned for."""

    steps: int
    num_trajectories: int
    tuning_seeds: int
    records: int
    alphas: tuple[float, ...]
    tuned_for: Statistic = mean_squared_gradient
    confidence: float = 0.99


def is_published_constants(theorem: Theorem) -> bool:
    """Whether a theorem is the variant with the published pair of constants of L1, (1/2, 2)."""
    return theorem.name.endswith("published-constants")


def bounds_at(theorem: Theorem, setting: Setting, times: np.ndarray, data: xr.Dataset | None = None) -> dict[str, Any]:
    """The a-priori bound at `times`, and with `data` (seed, t) the mean of each data-dependent form; None if absent."""
    found: dict[str, Any] = {"prior": right_side(theorem, setting, times), "data": None}
    if data is not None:
        for values in evaluate(theorem, setting, data, theorem.judged[1:]).values():
            found["data"] = values.mean(axis=0)
    return found


def compare(
    simulate: Simulate,
    problem: Problem,
    contenders: Sequence[ComparedMethod],
    plan: ConvergencePlan,
    *,
    seed: int = 0,
    report: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> list[dict[str, Any]]:
    """One record per contender: tuned alpha, mean and 95 % t-interval over seeds at every time, bounds, verdicts.

    alpha has the smallest mean of `plan.tuned_for` on `plan.tuning_seeds` further trajectories, unless a contender's
    settings name it; all contenders meet the same noise. The verdicts hold together with probability `plan.confidence`.
    """
    times = record_times(plan.steps, plan.records)
    checked = [
        [t for t in c.theorems if t.at == "any" and not t.reasons(_setting(problem, c, c.settings, plan.steps))]
        for c in contenders
    ]
    claims = sum(comparisons_per_setting(t, len(times)) for theorems in checked for t in theorems)
    rows = []
    for done, (contender, theorems) in enumerate(zip(contenders, checked, strict=True)):
        named = {s.name: s for s in (mean_squared_gradient, *statistics_of(theorems), plan.tuned_for)}
        # the tuning measures and records the same as the run, so that one compilation serves both
        same: dict[str, Any] = {"seed": seed, "statistics": tuple(named.values()), "save_at": times}
        hyper = dict(contender.settings)
        if "alpha" not in hyper:
            report(2 * done, 2 * len(contenders), f"tune {contender.name}")
            fresh = range(plan.num_trajectories, plan.num_trajectories + plan.tuning_seeds)
            about = (simulate, problem, contender.optimizer, plan.steps, plan.alphas)
            hyper["alpha"] = best_alpha(*about, plan.tuned_for, settings=hyper, num_trajectories=fresh, **same)
        report(2 * done + 1, 2 * len(contenders), f"run {contender.name}")
        data = simulate(
            problem, contender.optimizer, plan.steps, num_trajectories=plan.num_trajectories, settings=hyper, **same
        )
        rows.append(_row(problem, contender, hyper, theorems, data, times, plan, claims))
    return rows


def _setting(problem: Problem, contender: ComparedMethod, hyper: Mapping[str, float], steps: int) -> Setting:
    return Setting(problem, contender.optimizer, contender.optimizer.hyper(hyper), steps)


def _row(
    problem: Problem,
    contender: ComparedMethod,
    hyper: Mapping[str, float],
    theorems: Sequence[Theorem],
    data: xr.Dataset,
    times: np.ndarray,
    plan: ConvergencePlan,
    claims: int,
) -> dict[str, Any]:
    setting = _setting(problem, contender, hyper, plan.steps)
    samples = data["mean_squared_gradient"].values
    mean, low, high = t_interval(samples)
    verdicts: list[Verdict] = [
        judge(
            theorem,
            problem,
            contender.optimizer,
            setting.hyper,
            data,
            steps=plan.steps,
            confidence=plan.confidence,
            claims=claims,
        )
        for theorem in theorems
    ]
    return {
        "name": contender.name,
        "optimizer": contender.optimizer.name,
        "hyper": dict(setting.hyper),
        "t": times,
        "mean": mean,
        "low": low,
        "high": high,
        "last": samples[:, -1],
        "bounds": [
            {
                "theorem": theorem.name,
                "label": theorem.label,
                "published_constants": is_published_constants(theorem),
                "outcome": verdict.outcome,
                "reason": verdict.reason,
                "upper": [c.upper[-1] for c in verdict.comparisons][:1],
                **bounds_at(theorem, setting, times, data),
            }
            for theorem, verdict in zip(theorems, verdicts, strict=True)
        ],
    }
