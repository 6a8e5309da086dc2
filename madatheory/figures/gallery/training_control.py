"""Policy gradients on CartPole: MADA and its parts beside Adam, HyperAdam and AVGrad."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Numbers, Run
from madatheory.figures.style import colour
from madatheory.figures.training import (
    RATES,
    Study,
    draw_curves,
    draw_final,
    grid_ends,
    learning_claims,
    numbers_of,
    outcomes,
    score,
    training_figure,
    tuning_claim,
)
from madatheory.studies.tasks.cartpole import CAP, cartpole
from madatheory.studies.training.comparison import (
    MULTIPLES,
    ComparisonPlan,
    MethodOutcome,
    PairedDifference,
    corrected,
    paired,
)
from madatheory.studies.training.training_runs import TrainConfig

METHODS = ("adam", "avgrad", "hyperadam", "mada", "mada-rho", "mada-frozen")
MEASURES = {"final": "final mean return", "average": "mean return over training"}


def study(run: Run) -> Study:
    """CartPole with episodes of at most 500 steps (100 in the smoke profile), two a step of training."""
    config = run.pick(TrainConfig(16, 4), TrainConfig(200, 10), TrainConfig(600, 30))
    few, every = ("adam", "mada"), METHODS
    # returns at large rates are 500 in some runs and tens in others: few tuning runs choose by luck
    plan = run.pick(
        ComparisonPlan(few, (1.0, 10.0), 1, 3),
        ComparisonPlan(every, MULTIPLES, 8, 20),
        ComparisonPlan(every, MULTIPLES, 24, 100),
    )
    task = cartpole(hidden=16, episodes=4, horizon=100, evaluated=8) if run.profile == "smoke" else cartpole()
    return Study(task, config, plan)


def _compared(study: Study, found: Mapping[str, MethodOutcome], which: str, measure: str) -> list[PairedDifference]:
    """MADA against the others in the return after the last step, or in its mean over all records."""

    def returns(name: str) -> np.ndarray:
        every = found[name].data(which)[study.task.judged]
        values = (every.isel(t=-1) if measure == "final" else every.mean("t", skipna=False)).to_numpy().astype(float)
        return np.where(np.isfinite(values), values, -np.inf)

    return [paired("mada", name, returns("mada"), returns(name), "higher") for name in found if name != "mada"]


def compute(run: Run) -> Numbers:
    """Both comparisons, and the differences to MADA in final return and in learning speed."""
    made = study(run)
    found = outcomes(run, made)
    n = numbers_of(made, found, run.seed)
    cells = [(which, measure) for measure in MEASURES for which in RATES]
    groups = [_compared(made, found, *cell) for cell in cells]
    judged = iter(corrected([pair for group in groups for pair in group]))
    n["differences"] = {measure: {which: {} for which in RATES} for measure in MEASURES}
    for (which, measure), group in zip(cells, groups, strict=True):
        for pair in (next(judged) for _ in group):
            found_here = [pair.difference, pair.low, pair.high, pair.corrected, pair.result()]
            n["differences"][measure][which][pair.other] = found_here
    horizon = CAP if run.profile != "smoke" else 100
    return n | {"horizon": horizon}


def claims(n: Numbers) -> Sequence[Claim]:
    """All methods learn, and tuning transfers to fresh runs."""
    return [*learning_claims(n), tuning_claim(n)]


def _draw_differences(axes: Axes, n: Numbers, measure: str) -> None:
    rows = list(n["differences"][measure]["tuned"])
    for row, name in enumerate(rows):
        for which, shift, fill in (("tuned", -0.13, True), ("default", 0.18, False)):
            mean, low, high, _, result = n["differences"][measure][which][name]
            if mean is None:
                continue
            axes.errorbar(
                mean, row + shift, xerr=[[mean - low], [high - mean]], fmt="o", ms=5, color=colour(name),
                mfc=colour(name) if fill else "white", lw=1.2, capsize=2,
            )  # fmt: skip
            if result != "tie":
                axes.annotate(
                    "*", (high, row + shift), xytext=(3, -3), textcoords="offset points", va="center", fontsize=10
                )
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(range(len(rows)), [f"MADA − {n['methods'][name]['label']}" for name in rows])
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel=f"difference of {MEASURES[measure]} (steps)")


def draw(canvas: Canvas, n: Numbers) -> None:
    """Above: learning curves at both rates and final values. Below: paired differences."""
    canvas.set_size_inches(9.4, 6.2)
    grid = canvas.subplots(2, 2)
    for axes, which in zip(grid[0], ("tuned", "default"), strict=True):
        draw_curves(axes, n, which, log=False)
        axes.axhline(n["horizon"], color=colour("other"), lw=0.8, ls=":")
        high = np.array([method[which]["curve"]["high"] for method in n["methods"].values()], dtype=float)
        axes.set_ylim(0, min(1.06 * n["horizon"], 1.15 * np.nanmax(high)))
        axes.set_title(f"{which} rates; mean and 95 % t-interval of {n['runs']} runs")
    draw_final(grid[1][0], n, log=False)
    _draw_differences(grid[1][1], n, "average")
    grid[1][1].set_title(
        "learning speed: paired differences, 95 % t-interval\n● tuned rate, ○ default rate; * significant", fontsize=7.5
    )
    canvas.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=6)


def _against_adam(n: Numbers, measure: str, which: str) -> str:
    mean, low, high, p, result = n["differences"][measure][which]["adam"]
    word = {"win": "significantly better", "loss": "significantly worse", "tie": "no significant difference"}[result]
    if mean is None or low is None:
        return f"{word} (runs have diverged)"
    return f"{mean:+.1f} steps [{low:.1f}, {high:.1f}], {word}, p = {p:.2g}"


def caption(n: Numbers) -> str:
    """MADA against Adam."""
    best = max(n["methods"], key=lambda name: score(n, name, "tuned"))
    limit = "CartPole-v1's own limit" if n["horizon"] == CAP else f"CartPole-v1's own limit is {CAP}"
    return (
        f"REINFORCE on CartPole with at most {n['horizon']} steps an episode ({limit}), {n['steps']} steps of "
        f"training. MADA − Adam in final mean return: at tuned rates "
        f"{_against_adam(n, 'final', 'tuned')}; at default rates {_against_adam(n, 'final', 'default')}. In the mean "
        f"return over training: tuned {_against_adam(n, 'average', 'tuned')}; default "
        f"{_against_adam(n, 'average', 'default')} (paired t-tests over {n['runs']} runs, Holm's correction over all "
        f"methods, rates and both measures). The largest final return at tuned rates has "
        f"{n['methods'][best]['label']}, {score(n, best, 'tuned'):.0f}. Rates are tuned on {n['tuning_runs']} other "
        f"runs over {len(n['multiples'])} multiples of the default for the final return; several rates may reach the "
        "same, so differences over training at tuned rates are also those of the rates chosen" + grid_ends(n)
    )


training_control = training_figure(
    "training-control",
    "Policy gradients on CartPole: MADA beside Adam",
    compute,
    claims,
    draw,
    caption,
    needs=("equinox", "gymnax", "six"),
)
