"""All methods beyond deep learning: two data problems of the package, logistic regression, matrix factorization."""

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from threading import Event
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Numbers, Run
from madatheory.figures.style import colour
from madatheory.figures.training import (
    RATES,
    Study,
    counts,
    draw_curves,
    draw_final,
    learning_claims,
    numbers_of,
    outcomes,
    ranked,
    training_figure,
    tuning_claim,
)
from madatheory.problems.catalogue import get_problem, list_problems
from madatheory.studies.tasks.problems import logistic_regression, matrix_factorization, problem_task
from madatheory.studies.training.comparison import MULTIPLES, ComparisonPlan, MethodOutcome
from madatheory.studies.training.training_runs import TrainConfig
from madatheory.training.methods import METHODS

TITLES: Mapping[str, str] = {
    "sigmoid-loss": "sigmoid loss, iris",
    "geman-mcclure": "Geman-McClure, diabetes",
    "logistic": "logistic regression, digits",
    "factorization": "matrix factorization",
}
IRIS: Mapping[str, Any] = {"data": "iris", "n": 144, "batches": 72}
"""As in the figure of the proved bounds: no plane separates it; mini-batches of 2."""


def studies(run: Run) -> tuple[Study, ...]:
    """The four comparisons (two in the smoke profile), all with the same methods and numbers of runs."""
    few = ("adam", "mada")
    config = run.pick(TrainConfig(60, 4), TrainConfig(600, 20), TrainConfig(6000, 40))
    every = tuple(METHODS)
    plan = run.pick(
        ComparisonPlan(few, (1.0, 30.0), 1, 3),
        ComparisonPlan(every, MULTIPLES, 4, 12),
        ComparisonPlan(every, MULTIPLES, 12, 100),
    )
    common = (
        Study(problem_task(get_problem("geman-mcclure")), config, plan),
        Study(logistic_regression(), config, plan),
    )
    if run.profile == "smoke":
        return common
    # this optimum is far: with the grid of the others, 11 of 13 methods were best at its largest rate
    higher = plan._replace(multiples=tuple(10 * multiple for multiple in MULTIPLES))
    first = Study(problem_task(list_problems()["sigmoid-loss"].make(IRIS)), config, higher)
    return first, *common, Study(matrix_factorization(), config, plan)


def _side_by_side(run: Run, made: Sequence[Study]) -> list[Mapping[str, MethodOutcome]]:
    """All studies at once: compiling takes most of the time, and of one study it keeps only one core busy."""
    done, stopped = [0.0] * len(made), Event()

    def one(number: int) -> Mapping[str, MethodOutcome]:
        def report(part: int, total: int, what: str) -> None:
            if stopped.is_set():
                raise CancelledError
            done[number] = part / total
            run.report(round(1000 * sum(done)), 1000 * len(made), what)

        return outcomes(run, made[number], report)

    with ThreadPoolExecutor(len(made)) as pool:
        try:
            return [future.result() for future in [pool.submit(one, number) for number in range(len(made))]]
        except BaseException:
            stopped.set()  # the others end at their next report, and so does Ctrl-C
            raise


def compute(run: Run) -> Numbers:
    """Every method on every task, tuned and at its default rate."""
    made = studies(run)
    found = _side_by_side(run, made)
    return {"tasks": [numbers_of(study, one, run.seed) for study, one in zip(made, found, strict=True)]}


def claims(n: Numbers) -> Sequence[Claim]:
    """All methods learn every task, and tuning transfers to fresh runs."""
    return [claim for task in n["tasks"] for claim in (*learning_claims(task), tuning_claim(task))]


def _wide(n: Numbers) -> bool:
    """Whether the final values spread so far that a logarithmic axis serves."""
    finals = [n["methods"][name][which]["final"] for name in n["methods"] for which in RATES]
    means = [part[0] for part in finals if part is not None]
    return min(means) > 0 and max(means) > 5 * min(means)


def _begin(axes: Axes, n: Numbers) -> None:
    """Show what lies between the first records and the best, not where bands or some method jump to."""
    curves = np.array([method["tuned"]["curve"]["mean"] for method in n["methods"].values()], dtype=float)
    highest, lowest = np.nanmax(curves[:, 0]), np.nanmin(curves)
    margin = 0.05 * (highest - lowest)
    axes.set_ylim(lowest - margin, highest + margin)


def _near(axes: Axes, n: Numbers) -> None:
    """Show the range of the tuned rates; a default rate beyond it is an arrow at the edge."""
    tuned = np.array([m["tuned"]["final"] for m in n["methods"].values() if m["tuned"]["final"] is not None])
    lowest, highest = tuned.min(), tuned.max()
    edge = highest + 0.2 * (highest - lowest)
    axes.set_xlim(lowest - 0.1 * (highest - lowest), edge)
    for row, name in enumerate(ranked(n)):
        part = n["methods"][name]["default"]["final"]
        if part is not None and part[0] > edge:
            axes.plot(edge, row + 0.18, ">", ms=5, color=colour(name), mfc="white", clip_on=False)


def draw(canvas: Canvas, n: Numbers) -> None:
    """Above: curves at tuned rates. Below: final values at both rates."""
    count = len(n["tasks"])
    canvas.set_size_inches(3.0 * max(count, 2), 6.4)
    grid = canvas.subplots(2, count, squeeze=False, height_ratios=(2, 3))
    for number, task in enumerate(n["tasks"]):
        above, below = grid[0][number], grid[1][number]
        wide = _wide(task)
        draw_curves(above, task, log=wide)
        above.set_title(TITLES[task["task"]])
        draw_final(below, task, log=wide)
        below.set_title("")
        if not wide:
            _begin(above, task)
            _near(below, task)
    canvas.suptitle(
        f"above: tuned rates, mean and 95 % t-interval of {n['tasks'][0]['runs']} runs; below: ● tuned rate, ○ default "
        "rate (▷ beyond the axis)\n▲ MADA better, ▼ worse, · no difference (default, tuned)",
        fontsize=8,
    )
    canvas.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=7)


def _tally(n: Numbers, which: str) -> str:
    found = [counts(task, which) for task in n["tasks"]]
    return ", ".join(
        f"{TITLES[task['task']]} {len(c['win'])}/{len(c['tie'])}/{len(c['loss'])}"
        for task, c in zip(n["tasks"], found, strict=True)
    )


def _first(n: Numbers) -> str:
    best = ranked(n)[0]
    place = ranked(n).index("mada") + 1
    return f"{TITLES[n['task']]}: {n['methods'][best]['label']}" + ("" if place == 1 else f" (MADA {_ordinal(place)})")


def _ordinal(place: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(place, f"{place}th")


def caption(n: Numbers) -> str:
    """Who is best where, and how often MADA wins."""
    first = n["tasks"][0]
    edges = []
    for task in n["tasks"]:
        labels = [m["label"] for m in task["methods"].values() if not m["interior"]]
        if labels:
            edges.append(f"{TITLES[task['task']]} ({', '.join(labels)})")
    best = "; ".join(map(_first, n["tasks"]))
    shifted = " (ten times larger ones on iris)" if len(n["tasks"]) > 2 else ""
    return (
        f"{len(n['tasks'])} problems outside deep learning, {first['steps']:,} steps at constant rates. MADA's "
        f"wins/ties/losses against the other {len(first['methods']) - 1} methods at tuned rates: "
        f"{_tally(n, 'tuned')}; at default rates: {_tally(n, 'default')} (paired t-tests over {first['runs']} runs, "
        f"Holm's correction within a panel, level 5 %). Best mean at tuned rates: {best}. Rates are tuned on "
        f"{first['tuning_runs']} other runs over {len(first['multiples'])} multiples of the default{shifted}"
        + (f"; the best one is at the end of its grid on {'; '.join(edges)}." if edges else ", all inside the grid.")
    )


training_problems = training_figure(
    "training-problems",
    "Beyond deep learning: MADA beside twelve methods on four problems",
    compute,
    claims,
    draw,
    caption,
)
