"""What MADA has learned, frozen and run again: is it the values that help, or that they move?"""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Numbers, Run
from madatheory.figures.gallery import training_language, training_problems, training_vision
from madatheory.figures.style import colour
from madatheory.figures.training import (
    MARKS,
    RATES,
    Study,
    draw_curves,
    learning_claims,
    numbers_of,
    outcomes,
    shares,
    training_figure,
)
from madatheory.optimizers.presets import PRESETS
from madatheory.studies.training.comparison import PairedDifference, against, corrected
from madatheory.studies.training.kept import KEPT, kept, learned_at

COMPARED = ("adam", "mada", "mada-frozen")
OTHERS = {"mada": "MADA,\nlearning", "mada-frozen": "its start,\nfrozen", "adam": "Adam"}
NAMES = {"beta1": "β₁", "beta2": "β₂", "beta3": "β₃", "rho": "ρ", "c": "c", "gamma": "γ"}


def studies(run: Run) -> list[Study]:
    """Three of the tasks of the other figures, with their plans: these runs are taken from the store if they are there.

    MADA must learn at its default rate on the tuning runs too, so this rate is among those tried.
    """
    made = training_vision.study(run), training_language.study(run), training_problems.studies(run)[0]
    return [
        study._replace(
            plan=study.plan._replace(methods=COMPARED, multiples=tuple(sorted({1.0, *study.plan.multiples})))
        )
        for study in made
    ]


def check(run: Run) -> None:
    """Refuse early what the figures of the tasks refuse."""
    training_vision.check(run)
    training_language.check(run)


def compute(run: Run) -> Numbers:
    """Learn on the tuning runs, freeze the means over the last quarter of the records, judge on the other runs."""
    made = studies(run)
    part, cases = shares(run, 2 * len(made)), []
    pairs: list[PairedDifference] = []
    for number, study in enumerate(made):
        found = outcomes(run, study, part(2 * number))
        ours, averaged = found["mada"], max(1, study.config.records // 4)
        rates = {"default": ours.method.default, "tuned": ours.rate}
        learned = {which: learned_at(ours, rate, averaged) for which, rate in rates.items()}
        means = {which: {name: float(v.mean()) for name, v in values.items()} for which, values in learned.items()}
        found[KEPT.name] = kept(
            study.task,
            study.config,
            ours,
            means,
            seed=run.seed,
            cached=run.cached,
            report=part(2 * number + 1),
            workers=run.workers,
        )
        for which in RATES:
            pairs += against(study.task, found, which, KEPT.name)
        cases.append({**numbers_of(study, found, run.seed), "averaged": averaged, "coefficients": learned})
    for place, pair in enumerate(corrected(pairs)):
        case, within = divmod(place, len(RATES) * len(COMPARED))
        which = RATES[within // len(COMPARED)]
        if within == 0:
            cases[case]["pairs"] = {which: {} for which in RATES}
        cases[case]["pairs"][which][pair.other] = [pair.difference, pair.low, pair.high, pair.corrected, pair.result()]
    return {"cases": cases, "comparisons": len(pairs), "start": dict(PRESETS["train_ddp"].initial)}


def tally(n: Numbers, other: str, rates: Sequence[str] = RATES) -> dict[str, list[str]]:
    """The tasks and rates on which the frozen method beats another one, ties with it and loses to it."""
    found: dict[str, list[str]] = {"win": [], "tie": [], "loss": []}
    for case in n["cases"]:
        for which in rates:
            found[case["pairs"][which][other][4]].append(f"{case['task']} ({which})")
    return found


def _counted(found: dict[str, list[str]]) -> str:
    return f"{len(found['win'])} wins, {len(found['tie'])} ties, {len(found['loss'])} losses"


def claims(n: Numbers) -> Sequence[Claim]:
    """All methods learn, the correction counts every test, and freezing loses nothing to what it is compared with."""
    total = sum(len(case["pairs"][which]) for case in n["cases"] for which in RATES)
    found = [claim for case in n["cases"] for claim in learning_claims(case)]
    found.append(
        Claim(
            "every comparison that is shown is one of those that the correction counts",
            total == n["comparisons"] and total > 0,
            f"{total} comparisons on {len(n['cases'])} tasks",
        )
    )
    for other, words in (("mada", "MADA, which goes on learning,"), ("mada-frozen", "the frozen start")):
        results = tally(n, other)
        found.append(
            Claim(
                f"frozen at what other runs learned, MADA is nowhere significantly worse than {words} on fresh runs "
                "(paired t-tests, Holm's correction, level 5 %)",
                not results["loss"],
                _counted(results) + (f"; worse: {', '.join(results['loss'])}" if results["loss"] else ""),
            )
        )
    return found


def draw(canvas: Canvas, n: Numbers) -> None:
    """Rows: tasks. Columns: curves at the default and at the tuned rate, differences of final values."""
    canvas.set_size_inches(10.2, 2.9 * len(n["cases"]) + 0.9)
    axes = canvas.subplots(len(n["cases"]), 3, squeeze=False)
    for row, case in zip(axes, n["cases"], strict=True):
        for one, which in zip(row, RATES, strict=False):
            draw_curves(one, case, which, log=_wide(case, which))
            rate = case["methods"]["mada"][f"{which}_rate"]
            one.set_title(f"{which} rates (MADA's: {rate:g})\nfrozen at {_moved(n, case, which)}", fontsize=8)
        row[0].set_ylabel(f"{textwrap.fill(case['summary'], 36)}\n{row[0].get_ylabel()}", fontsize=7.5)
        row[1].set_ylabel("")
        _differences(row[2], case)
    canvas.suptitle(
        "left, middle: mean and 95 % t-interval of runs; right: final values, the frozen run against each, in pairs\n"
        "(● tuned, ○ default rate; ▲ significantly better, ▼ worse, · no difference)",
        fontsize=8,
    )
    canvas.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)


def _wide(case: Numbers, which: str) -> bool:
    """Whether the curves spread so far that a logarithmic axis serves."""
    means = np.array([method[which]["curve"]["mean"] for method in case["methods"].values()], dtype=float)
    return bool(np.nanmin(means) > 0 and np.nanmax(means) > 5 * np.nanmin(means))


def _moved(n: Numbers, case: Numbers, which: str, most: int = 2) -> str:
    """The coefficients that were frozen furthest from their start."""
    means = {name: float(np.mean(values)) for name, values in case["coefficients"][which].items()}
    order = sorted(means, key=lambda name: -abs(means[name] - n["start"][name]))[:most]
    return ", ".join(f"{NAMES[name]} {n['start'][name]:.2g} → {means[name]:.3g}" for name in order)


def _percent(case: Numbers, which: str, other: str) -> list[float] | None:
    """The mean difference and its interval in per cent of the other's final value; None where runs have diverged."""
    final, pair = case["methods"][other][which]["final"], case["pairs"][which][other]
    if final is None or any(v is None or not np.isfinite(v) for v in pair[:3]):
        return None
    return [100 * value / abs(final[0]) for value in pair[:3]]


def _differences(axes: Axes, case: Numbers) -> None:
    for row, other in enumerate(OTHERS):
        for which, shift, fill in (("tuned", -0.15, True), ("default", 0.18, False)):
            interval = _percent(case, which, other)
            mark: Any = MARKS[case["pairs"][which][other][4]]
            if interval is None:
                axes.annotate(f"{which}: diverged", (0.5, row + shift), xycoords=("axes fraction", "data"), fontsize=7)
                continue
            mean, low, high = interval
            axes.errorbar(
                mean, row + shift, xerr=[[mean - low], [high - mean]], fmt="o", ms=5, color=colour(other), lw=1.2,
                mfc=colour(other) if fill else "white", capsize=2,
            )  # fmt: skip
            axes.annotate(mark, (1.01, row + shift), xycoords=("axes fraction", "data"), va="center", fontsize=7)
    axes.axvline(0, color=colour("other"), lw=0.8)
    axes.set_yticks(range(len(OTHERS)), list(OTHERS.values()))
    axes.set(ylim=(len(OTHERS) - 0.5, -0.5), xlabel="% better than")


def _said(n: Numbers, other: str) -> str:
    parts = []
    for which in RATES:
        shown = []
        for case in n["cases"]:
            interval, result = _percent(case, which, other), case["pairs"][which][other][4]
            word = {"win": "better", "loss": "worse", "tie": "tie"}[result]
            shown.append(f"{case['task']} {'diverged' if interval is None else f'{interval[0]:+.2g} %'} ({word})")
        parts.append(f"at {which} rates by {', '.join(shown)}")
    return "; ".join(parts)


def caption(n: Numbers) -> str:
    """What freezing gains and loses."""
    found = {other: tally(n, other) for other in OTHERS}
    runs = "; ".join(f"{case['task']} {case['runs']} runs, {case['tuning_runs']} to learn on" for case in n["cases"])
    return (
        "MADA's coefficients, learned on the tuning runs (mean over these and the last quarter of their records), "
        "frozen, and run again on fresh runs with nothing learned, at MADA's rates. "
        f"Wins, ties and losses on {len(n['cases'])} tasks at 2 rates: against MADA that learns "
        f"{_slashed(found['mada'])}, against its start with nothing learned {_slashed(found['mada-frozen'])}, against "
        f"Adam {_slashed(found['adam'])} (paired t-tests over runs, Holm's correction over all {n['comparisons']} "
        f"comparisons, level 5 %; {runs}). Final value better than that of MADA {_said(n, 'mada')}, and than the "
        f"frozen start's {_said(n, 'mada-frozen')}. Bands and bars: 95 % t-intervals, uncorrected; a tie is a "
        "difference that is not significant."
    )


def _slashed(found: dict[str, list[str]]) -> str:
    return "/".join(str(len(found[result])) for result in ("win", "tie", "loss"))


training_frozen = training_figure(
    "training-frozen",
    "What MADA has learned, frozen and run again",
    compute,
    claims,
    draw,
    caption,
    check,
    needs=("equinox",),
)
