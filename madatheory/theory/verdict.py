"""A theorem against its measured left side: holds, violated, inconclusive or not applicable, at a stated confidence.

What is claimed together shares its failure probability: with confidence 1 - delta every verdict of one call is right,
by a union bound over theorems, settings, recorded times and data-dependent forms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from madatheory.deprecated import respelled
from madatheory.engine.statistic import Statistic, largest_gradient
from madatheory.errors import UserError
from madatheory.hparams import Hyper
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.statistics.confidence import (
    check_level,
    clopper_pearson_lower,
    clopper_pearson_upper,
    cut,
    half_width,
    limits_without_range,
)
from madatheory.store.cache_key import fingerprint
from madatheory.theory.evaluate import evaluate, failure_probability, largest, second_moment
from madatheory.theory.theorem import Level, Setting, Theorem

Outcome = Literal["holds", "violated", "inconclusive", "not applicable"]
ROUNDING = 1e-9
"""Relative slack granted to float64 rounding where a bound may be attained."""
INTERVAL, INTERVAL_OF_CUT = "empirical Bernstein / Hoeffding", "empirical Bernstein / Hoeffding, cut"
"""Methods by the range of the left side, and by its second moment: see `madatheory.statistics.confidence`."""


@dataclass(frozen=True)
class Comparison:
    """One inequality left <= right at the recorded times: means over trajectories and one-sided confidence limits."""

    name: str
    T: np.ndarray
    left: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    right: np.ndarray
    outcome: Outcome
    method: str


@dataclass(frozen=True)
class Verdict:
    """The outcome for one theorem at one setting, and the numbers behind it.

    theorem, label    the statement; problem, optimizer, hyper: where it was measured, for `steps` steps
    outcome           "holds", "violated", "inconclusive" or "not applicable"; `reason` says why
    confidence        with which all verdicts of one call are right, at `num_trajectories` trajectories
    comparisons       left, limits and right of every form of the inequality, at the recorded times
    """

    theorem: str
    label: str
    problem: str
    optimizer: str
    hyper: Mapping[str, float]
    outcome: Outcome
    reason: str = ""
    confidence: float = float("nan")
    num_trajectories: int = 0
    steps: int = 0
    comparisons: tuple[Comparison, ...] = field(default_factory=tuple)

    def __getattr__(self, name: str) -> Any:
        if name != "seeds":
            raise AttributeError(f"Verdict has no {name!r}")
        return getattr(self, respelled("Verdict", name, {"seeds": "num_trajectories"}))

    @property
    def tightness(self) -> float:
        """right/left of the a-priori bound at the last recorded time: 1 is tight; nan where there is no number."""
        if not self.comparisons:
            return float("nan")
        main = self.comparisons[0]
        return float(main.right[-1] / main.left[-1]) if main.left[-1] > 0 else float("inf")

    def as_json(self) -> dict[str, Any]:
        """Plain data for a json file; numbers that are not finite become strings."""

        def plain(value: object) -> Any:
            if isinstance(value, np.ndarray):
                return [plain(v) for v in value.tolist()]
            return value if not isinstance(value, float) or np.isfinite(value) else str(value)

        keys = (
            "theorem",
            "label",
            "problem",
            "optimizer",
            "outcome",
            "reason",
            "confidence",
            "num_trajectories",
            "steps",
        )
        return {
            **{key: plain(getattr(self, key)) for key in keys},
            "hyper": dict(self.hyper),
            "tightness": plain(self.tightness),
            "comparisons": [{k: plain(v) for k, v in vars(c).items()} for c in self.comparisons],
        }


def statistics_of(theorems: Sequence[Theorem], *also: Statistic) -> tuple[Statistic, ...]:
    """What verdicts on `theorems` must measure, each name once, with the largest gradient entry and what is `also`."""
    named: dict[str, Statistic] = {statistic.name: statistic for statistic in (largest_gradient, *also)}
    for theorem in theorems:
        for statistic in (s for level in theorem.measured for s in level.statistics):
            other = named.setdefault(statistic.name, statistic)
            if other is not statistic and fingerprint(other) != fingerprint(statistic):
                raise UserError(
                    f"two statistics that differ are called {statistic.name!r}: {other.formula}, and in {theorem.name} "
                    f"{statistic.formula}: rename one"
                )
    return tuple(named.values())


def deterministic(problem: Problem) -> bool:
    """Whether every trajectory is the same."""
    atoms = problem.oracle.atoms
    return problem.oracle.entries == 0 or (atoms is not None and len(atoms.values) == 1)


def comparisons_per_setting(theorem: Theorem, records: int) -> int:
    """How many inequalities one setting of `theorem` claims: the denominators of the union bound."""
    return len(theorem.judged) * (1 if theorem.at == "final" else records)


class Sample(NamedTuple):
    """What the trajectories are: `weights` of all histories of a noise tree (None: independent draws), whether there is
    no noise at all, and the failure probability of one comparison."""

    weights: np.ndarray | None
    quiet: bool
    delta: float

    @property
    def exact(self) -> str:
        """How an expectation is known exactly, "" where it is estimated."""
        if self.weights is not None:
            return f"exact (noise tree of {len(self.weights)} histories)"
        return "exact (no noise)" if self.quiet else ""

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Expectation over trajectories, axis 0."""
        return np.average(values, axis=0, weights=self.weights)


def judge(
    theorem: Theorem,
    problem: Problem,
    optimizer: Optimizer,
    hyper: Hyper,
    data: xr.Dataset,
    *,
    steps: int,
    confidence: float = 0.99,
    claims: int = 1,
    broken: str = "",
) -> Verdict:
    """The verdict from measured `data` at one setting: dimensions (seed, t), or (path, t) of an enumerated noise tree.

    A tree (with its coordinate `probability`) gives exact expectations and needs no confidence. `claims` is the number
    of inequalities that are claimed together, this one's included; each gets delta/claims. `broken` says which promise
    of the problem does not hold: then nothing that follows from it is judged, and the verdict is "violated".
    """
    check_level(1 - confidence)
    setting, weights = Setting(problem, optimizer, hyper, steps), _weights(problem, data)
    number = data.sizes.get("seed" if weights is None else "path", 0)
    common = (theorem.name, theorem.label, problem.name, optimizer.name, dict(hyper))
    reasons = theorem.reasons(setting)
    if reasons:
        return Verdict(*common, "not applicable", "; ".join(reasons), confidence, number, steps)
    reason = broken or _broken_promise(problem, data)
    if reason:
        return Verdict(*common, "violated", reason, confidence, number, steps)

    if theorem.at == "final":
        data = data.isel(t=[-1])
    times = data["t"].values
    sample = Sample(weights, deterministic(problem), (1 - confidence) / max(claims, 1))
    levels = evaluate(theorem, setting, data, (*theorem.measured, theorem.right))
    left, right = levels[theorem.left.name], levels[theorem.right.name][0]
    if not np.all(np.isfinite(left)):
        reason = f"the left side {_not_finite(left)}"
        return Verdict(*common, "inconclusive", reason, confidence, number, steps)
    reason = _broken_range(theorem, setting, times, levels)
    if reason:
        return Verdict(*common, "violated", reason, confidence, number, steps)
    found = [_compare(theorem, level, setting, levels, times, sample) for level in theorem.judged]
    outcome, reason = _overall(found)
    if outcome != "violated" and np.any(np.isinf(right)):
        listed = ", ".join(str(T) for T in times[np.isinf(right)])
        reason = f"vacuous: the right side is inf at T = {listed}, where it says nothing"
        return Verdict(*common, "not applicable", reason, confidence, number, steps)
    return Verdict(*common, outcome, reason, confidence, number, steps, tuple(found))


def _weights(problem: Problem, data: xr.Dataset) -> np.ndarray | None:
    """Probabilities of the histories of a noise tree, None for independent draws."""
    if "probability" not in data.coords:
        return None
    weights = data["probability"].values
    if not (np.all(weights >= 0) and abs(weights.sum() - 1) <= ROUNDING):
        raise UserError(
            f"{problem.name}: the probabilities of its noise histories add up to {weights.sum():g} with least "
            f"{weights.min():g}: give its atoms probabilities that add up to 1"
        )
    return weights


def _not_finite(values: np.ndarray) -> str:
    return f"is not finite on {int(np.sum(~np.isfinite(values).all(axis=1)))} of {len(values)} paths"


def _broken_range(theorem: Theorem, setting: Setting, times: np.ndarray, levels: Mapping[str, np.ndarray]) -> str:
    """The assertion 0 <= value <= highest along every trajectory, on which intervals rest, in words when it fails."""
    for level in theorem.measured:
        if level.highest is None:
            continue
        top, values = largest(theorem, level, setting, times), levels[level.name]
        least = np.where(np.isfinite(top), -ROUNDING * top, 0.0)
        outside = np.isfinite(values) & ~((values >= least) & (values <= top * (1 + ROUNDING)))
        if outside.any():
            path, at = np.argwhere(outside)[0]
            return (
                f"the almost sure bound of {level.name!r} is broken: its value {values[path, at]:.6g} is not within "
                f"[0, {top[at]:.6g}] at T = {times[at]}"
            )
    return ""


def _broken_promise(problem: Problem, data: xr.Dataset) -> str:
    """The assertion |g| <= G along every trajectory, in words when it fails."""
    if problem.constants is None or largest_gradient.name not in data:
        return ""
    largest, G = float(data[largest_gradient.name].max()), problem.constants.G.value
    if largest <= G * (1 + 1e-12):
        return ""
    return f"the certificate G = {G:.6g} is broken: |g| = {largest:.6g} was met"


def _compare(
    theorem: Theorem,
    level: Level,
    setting: Setting,
    levels: Mapping[str, np.ndarray],
    times: np.ndarray,
    sample: Sample,
) -> Comparison:
    left, right = levels[theorem.left.name], levels[level.name]
    mean, limit = sample.mean(left), sample.mean(right)
    if not np.all(np.isfinite(right)) and level.data_bound:
        return Comparison(level.name, times, mean, mean, mean, limit, "inconclusive", _not_finite(right))
    gap = left - right if level.data_bound else left
    threshold = np.zeros(len(times)) if level.data_bound else limit

    if theorem.kind == "every-path":
        outcome = "holds" if np.all(left <= right + ROUNDING * np.abs(right)) else "violated"
        return Comparison(level.name, times, mean, mean, mean, limit, outcome, "every path")
    if theorem.kind == "probability":
        return _probability(level, left, right, failure_probability(theorem, setting), times, sample)
    if sample.exact:
        below, above, method = sample.mean(gap), sample.mean(gap), sample.exact
    else:
        width = largest(theorem, theorem.left, setting, times)
        if level.data_bound:
            width = width + largest(theorem, level, setting, times)
        if level.data_bound or theorem.left.second_moment is None:
            half = half_width(gap, width, sample.delta, axis=0)
            below, above, method = gap.mean(axis=0) - half, gap.mean(axis=0) + half, INTERVAL
        else:
            below, above, method = _cut_limits(theorem, setting, times, left, width, limit, sample.delta)
    slack = ROUNDING * np.abs(limit)
    if np.any(below > threshold + slack):
        outcome: Outcome = "violated"
    elif np.all(above <= threshold + slack):
        outcome = "holds"
    else:
        outcome = "inconclusive"
    shift = limit if level.data_bound else 0.0
    return Comparison(level.name, times, mean, below + shift, above + shift, limit, outcome, method)


def _cut_limits(
    theorem: Theorem,
    setting: Setting,
    times: np.ndarray,
    left: np.ndarray,
    width: np.ndarray,
    limit: np.ndarray,
    delta: float,
) -> tuple[np.ndarray, np.ndarray, str]:
    """Limits from the range or from the second moment, at each time from what constants say is the narrower."""
    moment = second_moment(theorem, theorem.left, setting, times)
    # without a moment only a violation can be seen: then the cut is for a left side about as large as the bound
    c = cut(np.where(np.isfinite(moment), moment, limit**2), len(left), delta)
    whole = width <= np.where(np.isfinite(moment), 2 * c, np.inf)
    whole &= np.isfinite(width)
    below, above = limits_without_range(left, np.where(whole, 0.0, moment), np.where(whole, width, c), delta)
    return below, above, INTERVAL if np.all(whole) else INTERVAL_OF_CUT


def _probability(
    level: Level, left: np.ndarray, right: np.ndarray, p: float, times: np.ndarray, sample: Sample
) -> Comparison:
    n = left.shape[0]
    failed = ~(left <= right + ROUNDING * np.abs(right))
    share, method = sample.mean(failed), "Clopper-Pearson on failures"
    if sample.exact:
        lower, upper, method = share, share, sample.exact
    else:
        counts = np.sum(failed, axis=0)
        lower = np.array([clopper_pearson_lower(int(k), n, sample.delta) for k in counts])
        upper = np.array([clopper_pearson_upper(int(k), n, sample.delta) for k in counts])
    if np.any(lower > p):
        outcome: Outcome = "violated"
    else:
        outcome = "holds" if np.all(upper <= p) else "inconclusive"
    return Comparison(level.name, times, share, lower, upper, np.full(len(times), p), outcome, method)


def _overall(found: Sequence[Comparison]) -> tuple[Outcome, str]:
    """The a-priori bound decides, but a violated data-dependent form violates the whole, and so does one that is no
    number leave it open."""
    for comparison in found:
        if comparison.outcome == "violated":
            excess = comparison.lower / np.where(comparison.right > 0, comparison.right, np.nan)
            worst = int(np.nanargmax(excess)) if np.any(np.isfinite(excess)) else -1
            T = int(comparison.T[worst])
            left, right = comparison.lower[worst], comparison.right[worst]
            return "violated", f"{comparison.name}: left >= {left:.4g} > right = {right:.4g} at T = {T}"
    for comparison in found:
        if not np.all(np.isfinite(comparison.right)) and comparison is not found[0]:
            return "inconclusive", f"{comparison.name} {comparison.method}"
    main = found[0]
    if main.outcome == "inconclusive":
        if np.any(np.isinf(main.upper)):
            why = "the left side has neither a certified range nor a second moment: its mean has no upper limit"
            return "inconclusive", f"{main.name}: {why}, and the lower one is below the bound"
        return "inconclusive", f"{main.name}: the confidence interval reaches beyond the bound; use more seeds"
    return main.outcome, ""
