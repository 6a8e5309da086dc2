"""The paths of MADA's coefficients, the member of the family that they are nearest to, and what the step size does."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Numbers, Run
from madatheory.figures.gallery import training_control, training_language, training_vision
from madatheory.figures.gallery.training_summary import check
from madatheory.figures.style import colour
from madatheory.figures.training import Study, outcomes, shares, training_figure
from madatheory.optimizers.presets import PRESETS
from madatheory.statistics.intervals import t_interval
from madatheory.studies.training.comparison import final
from madatheory.studies.training.training_runs import train
from madatheory.studies.training.trajectories import coefficients_of, distances, nearest
from madatheory.training.methods import METHODS

NAMES = {"beta1": "β₁", "beta2": "β₂", "beta3": "β₃", "rho": "ρ", "c": "c", "gamma": "γ"}
_COLOURS = dict(zip(NAMES, ("#0072B2", "#56B4E9", "#882255", "#CC3311", "#E69F00", "#117733"), strict=True))
_TITLES = {"adam": "Adam", "avgrad": "AVGrad", "yogi": "Yogi", "adan": "Adan", "lion": "Lion"}


def studies(run: Run) -> list[tuple[Study, bool]]:
    """The tasks, and whether the step size is varied too (not where a run takes long)."""
    modules = ((training_vision, True), (training_language, False), (training_control, run.profile != "smoke"))
    return [(module.study(run), varied) for module, varied in modules]


def compute(run: Run) -> Numbers:
    """MADA at its tuned rate: the runs of the figures of the tasks, taken from the store if they are there."""
    made = studies(run)
    part, cases = shares(run, 2 * len(made)), []
    for number, (study, varied) in enumerate(made):
        only = study.plan._replace(methods=("mada",))
        tell, more = part(2 * number), part(2 * number + 1)
        outcome = outcomes(run, study._replace(plan=only), tell)["mada"]
        found = coefficients_of(outcome.tuned)
        members = nearest(found)
        case: dict[str, Any] = {
            "task": study.task.name,
            "summary": study.task.summary,
            "judged": study.task.judged,
            "unit": study.task.unit,
            "better": study.task.better,
            "rate": outcome.rate,
            "runs": only.runs,
            "t": study.config.times(),
            "coefficients": {name: _band(found[name]) for name in NAMES},
            "distances": {name: _band(values) for name, values in distances(found).items()},
            "nearest": {name: np.mean(members == name, axis=0) for name in _TITLES},
            "scales": None,
        }
        if varied:
            scales = run.pick((1.0, 100.0), (0.0, 0.1, 1.0, 10.0, 100.0), (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0))
            data = train(
                study.task, METHODS["mada"], study.config, {"rate": [outcome.rate], "scale": list(scales)},
                range(only.runs), seed=run.seed, cached=run.cached, report=more, workers=run.workers,
            )  # fmt: skip
            values = np.array([final(study.task, data.isel(setting=i)) for i in range(len(scales))])
            case["scales"] = scales
            case["final"] = [list(t_interval(row)) if np.isfinite(row).all() else None for row in values]
        cases.append(case)
    return {"cases": cases, "start": dict(PRESETS["train_ddp"].initial)}


def _band(values: np.ndarray) -> Numbers:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9], axis=0)
    return {"low": low, "middle": middle, "high": high}


def _moved(n: Numbers, case: Numbers) -> dict[str, float]:
    return {name: case["coefficients"][name]["middle"][-1] - n["start"][name] for name in NAMES}


def claims(n: Numbers) -> Sequence[Claim]:
    """Coefficients move, and stay where they must."""
    found = []
    for case in n["cases"]:
        moved = _moved(n, case)
        most = max(moved, key=lambda name: abs(moved[name]))
        found.append(
            Claim(
                f"{case['task']}: every coefficient stays in its box in every run, and at least one moves",
                all(band["low"][i] >= 0 and band["high"][i] <= 1 for band in case["coefficients"].values()
                    for i in range(len(case["t"]))) and abs(moved[most]) > 0,
                f"{NAMES[most]} moves most, by {moved[most]:+.2g}",
            )
        )  # fmt: skip
    return found


def draw(canvas: Canvas, n: Numbers) -> None:
    """Rows: tasks. Columns: coefficients, distances to the members, final value over the hyper step size."""
    canvas.set_size_inches(10.2, 2.5 * len(n["cases"]) + 0.6)
    axes = canvas.subplots(len(n["cases"]), 3, squeeze=False)
    for (left, middle, right), case in zip(axes, n["cases"], strict=True):
        t = case["t"]
        for name, band in case["coefficients"].items():
            left.plot(t, band["middle"], color=_COLOURS[name], label=NAMES[name])
            left.fill_between(t, band["low"], band["high"], color=_COLOURS[name], alpha=0.2, lw=0)
        left.set(xlabel=f"step, at rate {case['rate']:g}", ylabel="coefficient", ylim=(-0.03, 1.03))
        left.set_title(textwrap.fill(case["summary"], 48), fontsize=8)
        for name, band in case["distances"].items():
            middle.plot(t, band["middle"], color=colour(name), label=_TITLES[name])
            middle.fill_between(t, band["low"], band["high"], color=colour(name), alpha=0.2, lw=0)
        middle.set(xlabel="step", ylabel="distance to member", ylim=(0, None))
        last = {name: share[-1] for name, share in case["nearest"].items() if share[-1] > 0}
        middle.set_title(
            "nearest at the end: " + ", ".join(f"{_TITLES[name]} {100 * share:.0f} %" for name, share in last.items()),
            fontsize=8,
        )
        if case["scales"] is None:
            right.set_axis_off()
            right.text(
                0.5, 0.5, "hyper learning rates not varied here:\na run takes long", ha="center", color=colour("other")
            )
            continue
        places = range(len(case["scales"]))
        for place, interval in zip(places, case["final"], strict=True):
            if interval is None:
                right.annotate("diverged", (place, 0.5), xycoords=("data", "axes fraction"), ha="center", fontsize=7)
                continue
            mean, low, high = interval
            right.errorbar(place, mean, yerr=[[mean - low], [high - mean]], fmt="o", color=colour("mada"), capsize=3)
        right.set_xticks(places, [f"{scale:g}" for scale in case["scales"]])
        right.set(xlabel="hyper learning rates, times the preset", ylabel=f"{case['judged'].replace('_', ' ')}")
        right.set_title(f"final value ({case['unit']}), 95 % t-interval", fontsize=8)
    handles = [axes[0, i].get_legend_handles_labels() for i in (0, 1)]
    canvas.legend(*map(sum, zip(*handles, strict=True), ([], [])), loc="outside lower center", ncols=11)


def caption(n: Numbers) -> str:
    """What moved, and what it is near to."""
    parts = []
    for case in n["cases"]:
        moved = sorted(_moved(n, case).items(), key=lambda pair: -abs(pair[1]))[:3]
        changes = ", ".join(f"{NAMES[name]} by {change:+.2g}" for name, change in moved)
        near = max(case["nearest"], key=lambda name: case["nearest"][name][-1])
        parts.append(
            f"{case['summary']}: {changes}; nearest to {_TITLES[near]} in {100 * case['nearest'][near][-1]:.0f} % of "
            f"{case['runs']} runs"
        )
    return (
        "Where MADA's coefficients go at its tuned rate in the preset train_ddp (median and 10 % to 90 % of runs), "
        "from β₁ = .9, β₂ = .95, β₃ = 0, ρ = .6, c = γ = 1. Largest changes of the median: "
        f"{'. '.join(parts)}. Distance: Euclidean in (β₃, ρ, c, γ), each in units of its range; Lion is γ = 0 whatever "
        "the others are."
    )


training_trajectories = training_figure(
    "training-trajectories",
    "Paths of MADA's coefficients, and the nearest member of the family",
    compute,
    claims,
    draw,
    caption,
    check,
    needs=("equinox", "gymnax"),
)
