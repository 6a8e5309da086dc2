"""What the training figures share: a comparison as plain numbers, and its drawing."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from madatheory.figures.figure import Claim, Figure, Numbers, Run, Tolerance
from madatheory.figures.style import colour
from madatheory.statistics.intervals import t_interval
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.comparison import (
    ComparisonPlan,
    MethodOutcome,
    against,
    compare_methods,
    corrected,
    final,
    paired,
)
from madatheory.studies.training.training_runs import TrainConfig

RATES = ("default", "tuned")
TRAINED = Tolerance(
    0.05,
    "training in float32 amplifies another rounding from step to step; the claims compare means over runs, whose "
    "intervals are wider",
    beside=True,
)
training_figure = partial(Figure, group="training", tolerance=TRAINED)
_DASHES: Mapping[str, Any] = {
    "mada": "-",
    "mada-rho": (0, (4, 1.5)),
    "mada-frozen": (0, (1, 1)),
    "mada-kept": (0, (5, 1)),
}
MARKS = {"win": "▲", "tie": "·", "loss": "▼"}


class Study(NamedTuple):
    """A comparison to be made: what a figure draws, and the summary of all tasks asks for again."""

    task: Task
    config: TrainConfig
    plan: ComparisonPlan


def outcomes(run: Run, study: Study, report: Callable[[int, int, str], None] | None = None) -> dict[str, MethodOutcome]:
    """The study's outcomes, with finished chunks taken from the run's store."""
    return compare_methods(
        study.task,
        study.config,
        study.plan,
        seed=run.seed,
        cached=run.cached,
        report=report or run.report,
        workers=run.workers,
    )


def shares(run: Run, parts: int) -> Callable[[int], Callable[[int, int, str], None]]:
    """Progress of the given part of several that are about as long."""

    def part(number: int) -> Callable[[int, int, str], None]:
        return lambda done, total, what: run.report(round(1000 * (number + done / total)), 1000 * parts, what)

    return part


def numbers_of(study: Study, found: Mapping[str, MethodOutcome], seed: int) -> Numbers:
    """A comparison as plain data: curves and final values with 95 % t-intervals over runs, tuned rates, pairs."""
    task, config, plan = study
    methods: dict[str, Any] = {}
    for name, outcome in found.items():
        methods[name] = {
            "label": outcome.method.label,
            "default_rate": outcome.method.default,
            "tuned_rate": outcome.rate,
            "interior": outcome.interior,
            "rates": outcome.rates,
            "candidates": outcome.candidates,
            **{which: _part(task, outcome.data(which)) for which in RATES},
        }
    pairs = {}
    for which in RATES:
        if "mada" in found:
            pairs[which] = {
                pair.other: [pair.difference, pair.low, pair.high, pair.corrected, pair.result()]
                for pair in corrected(against(task, found, which))
            }
    return {
        "task": task.name,
        "summary": task.summary,
        "judged": task.judged,
        "unit": task.unit,
        "better": task.better,
        "steps": config.steps,
        "recipe": [str(part) for part in config],
        "runs": plan.runs,
        "tuning_runs": plan.tuning_runs,
        "multiples": plan.multiples,
        "seed": seed,
        "t": config.times(),
        "methods": methods,
        "pairs": pairs,
    }


def _part(task: Task, data: xr.Dataset) -> Numbers:
    values = final(task, data)
    known = data[task.judged].to_numpy().astype(float)
    measures = {}
    for name in data.data_vars:
        if not str(name).startswith(("coefficient_", "hypergradient_")):
            last = data[name].isel(t=-1).to_numpy().astype(float)
            measures[str(name)] = list(t_interval(last)) if np.isfinite(last).all() else None
    return {
        "curve": t_interval(known)._asdict(),
        "last": values,
        "final": list(t_interval(values)) if np.isfinite(values).all() else None,
        "diverged": int(np.sum(~np.isfinite(values))),
        "measures": measures,
    }


def score(n: Numbers, name: str, which: str) -> float:
    """The mean final value; worst where a run has diverged."""
    part = n["methods"][name][which]["final"]
    return part[0] if part is not None else (np.inf if n["better"] == "lower" else -np.inf)


def ranked(n: Numbers, which: str = "tuned") -> list[str]:
    """The methods from best to worst mean final value."""
    return sorted(n["methods"], key=lambda name: score(n, name, which), reverse=n["better"] == "higher")


def draw_curves(axes: Axes, n: Numbers, which: str = "tuned", *, log: bool = True) -> None:
    """The judged measure over steps, mean and 95 % t-interval over runs."""
    t = np.array(n["t"])
    for name, method in n["methods"].items():
        mean, low, high = (np.array(method[which]["curve"][key], dtype=float) for key in ("mean", "low", "high"))
        style: dict[str, Any] = {
            "color": colour(name),
            "ls": _DASHES.get(name, "-"),
            "zorder": 3 if "mada" in name else 2,
        }
        axes.plot(t, mean, label=method["label"], lw=2.2 if name == "mada" else 1.3, **style)
        floor = np.nanmin(mean[mean > 0]) / 3 if log and (mean > 0).any() else -np.inf
        axes.fill_between(t, np.maximum(low, floor), high, color=colour(name), alpha=0.13, lw=0)
    axes.set(xlabel="step", ylabel=f"{n['judged'].replace('_', ' ')} ({n['unit']})", xlim=(t[0], t[-1]))
    if log:
        axes.set_yscale("log")


def draw_final(axes: Axes, n: Numbers, *, log: bool = True) -> None:
    """Final values, best first: filled at the tuned rate, hollow at the default one; whether MADA differs from each."""
    order = ranked(n)
    worst = []
    for row, name in enumerate(order):
        method = n["methods"][name]
        for which, shift, fill in (("tuned", -0.13, True), ("default", 0.18, False)):
            part = method[which]["final"]
            if part is None:
                axes.annotate(
                    f"{which}: {method[which]['diverged']} runs diverged", (0.99, row + shift),
                    xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=6.5, color=colour(name),
                )  # fmt: skip
                continue
            mean, low, high = part
            worst.append(mean)
            bars = np.maximum([[mean - (max(low, mean / 10) if log else low)], [high - mean]], 0)
            axes.errorbar(
                mean, row + shift, xerr=bars, fmt="o", ms=5, color=colour(name), mfc=colour(name) if fill else "white",
                lw=1.2, capsize=2,
            )  # fmt: skip
    labels = []
    for name in order:
        marks = "".join(MARKS[n["pairs"][which][name][4]] for which in RATES) if name != "mada" else ""
        labels.append(f"{n['methods'][name]['label']}  {marks}")
    axes.set_yticks(range(len(order)), labels)
    for tick, name in zip(axes.get_yticklabels(), order, strict=True):
        tick.set_fontweight("bold" if name == "mada" else "normal")
    axes.set(xlabel=f"final {n['judged'].replace('_', ' ')} ({n['unit']})", ylim=(len(order) - 0.4, -0.6))
    if log:
        axes.set_xscale("log")
    axes.set_title(
        "● tuned rate, ○ default rate; ▲ MADA better, ▼ worse, · no difference\n(default, tuned)", fontsize=7.5
    )


def learning_claims(n: Numbers, which: str = "tuned") -> list[Claim]:
    """What any such comparison must show before it says anything: all methods train."""
    first_last = {
        name: (method[which]["curve"]["mean"][0], score(n, name, which)) for name, method in n["methods"].items()
    }
    sign = -1 if n["better"] == "lower" else 1
    stuck = [name for name, (first, last) in first_last.items() if first is None or not sign * (last - first) > 0]
    return [
        Claim(
            f"{n['task']}: at its {which} rate every method ends better than at the first record",
            not stuck,
            f"{len(first_last) - len(stuck)} of {len(first_last)}" + (f"; not {', '.join(stuck)}" if stuck else ""),
        )
    ]


def counts(n: Numbers, which: str) -> dict[str, list[str]]:
    """Labels of the methods that MADA beats, ties with and loses to."""
    found: dict[str, list[str]] = {"win": [], "tie": [], "loss": []}
    for name, pair in n["pairs"][which].items():
        found[pair[4]].append(n["methods"][name]["label"])
    return found


def sentence(n: Numbers, which: str) -> str:
    """MADA's wins, ties and losses in words."""
    found = counts(n, which)

    def named(words: Sequence[str]) -> str:
        return ", ".join(words) if words else "none"

    return (
        f"At {which} rates MADA is better than {named(found['win'])}; worse than {named(found['loss'])}; not "
        f"significantly different from {named(found['tie'])} (paired t-tests over {n['runs']} runs, Holm's correction, "
        "level 5 %)."
    )


def grid_ends(n: Numbers) -> str:
    """The end of a sentence about tuning: for which methods the grid of rates may have decided."""
    edge = [method["label"] for method in n["methods"].values() if not method["interior"]]
    return f"; the best one is at the end of its grid for {', '.join(edge)}." if edge else ", all inside the grid."


def _last(n: Numbers, name: str, which: str) -> np.ndarray:
    """Final values by run, worst where a run has diverged."""
    worst = np.inf if n["better"] == "lower" else -np.inf
    return np.array([worst if v is None else v for v in n["methods"][name][which]["last"]], dtype=float)


def tuning_claim(n: Numbers) -> Claim:
    """The rate that tuning chose on other runs must not be worse on the fresh ones than the default rate."""
    pairs = corrected(
        [paired(m, "default", _last(n, m, "tuned"), _last(n, m, "default"), n["better"]) for m in n["methods"]]
    )
    worse = [pair.ours for pair in pairs if pair.result() == "loss"]
    better = sum(pair.result() == "win" for pair in pairs)
    return Claim(
        f"{n['task']}: no method is significantly worse on fresh runs at its tuned rate than at its default rate "
        "(paired t-tests, Holm's correction, level 5 %)",
        not worse,
        f"{better} of {len(pairs)} better" + (f"; worse: {', '.join(worse)}" if worse else ""),
    )
