"""Final loss over a grid of initial (beta1, beta2) for Adam, HyperAdam and MADA."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.figures.training import TRAINED, shares
from madatheory.studies.tasks.digits import digits_mlp
from madatheory.studies.training.comparison import corrected, paired
from madatheory.studies.training.robustness import VariedMethod, final_over_grid, grid, tuned_rate
from madatheory.studies.training.training_runs import TrainConfig

CONTENDERS = (
    VariedMethod("adam", None, "Adam"),
    VariedMethod("hyperadam", 1.0, "HyperAdam"),
    VariedMethod("hyperadam", 100.0, "HyperAdam, 100 κ"),
    VariedMethod("mada-frozen", None, "MADA, frozen"),
    VariedMethod("mada", 1.0, "MADA"),
    VariedMethod("mada", 100.0, "MADA, 100 κ"),
)
RATES = (1e-3, 3e-3, 1e-2, 3e-2)


def compute(run: Run) -> Numbers:
    """Every cell with every contender, all on the same mini-batches."""
    task = run.pick(digits_mlp(8, 16), digits_mlp(), digits_mlp(128))
    recipe = run.pick(TrainConfig(20, 2), TrainConfig(300, 5), TrainConfig(3000, 10))
    points, runs = run.pick(3, 11, 21), run.pick(2, 5, 20)
    chosen = run.pick((0, 4), range(len(CONTENDERS)), range(len(CONTENDERS)))
    beta1, beta2 = grid(points)
    tuning = range(runs, runs + 3)
    rate = tuned_rate(task, recipe, RATES, tuning, seed=run.seed, cached=run.cached)
    part, rows = shares(run, len(chosen)), []
    for number, index in enumerate(chosen):
        contender = CONTENDERS[index]
        values = final_over_grid(
            task, recipe, contender, rate, beta1, beta2, range(runs), seed=run.seed, cached=run.cached,
            report=part(number),
        )  # fmt: skip
        finite = np.isfinite(values)
        # a diverged run counts as the worst finite one of its contender; how many there are is said
        values = np.where(finite, values, values[finite].max())
        rows.append(
            {
                "method": contender.method,
                "label": contender.label,
                "scale": contender.scale,
                "mean": values.mean(axis=2),
                "average": np.log(values).mean(axis=(0, 1)),
                "worst": np.log(values).reshape(-1, runs).max(axis=0),
                "diverged": int(np.sum(~finite)),
            }
        )
    return {
        "task": task.summary,
        "steps": recipe.steps,
        "runs": runs,
        "rate": rate,
        "rates": RATES,
        "beta1": beta1,
        "beta2": beta2,
        "rows": rows,
        "tests": _tests(rows),
    }


def _tests(rows: Sequence[Numbers]) -> list[Numbers]:
    """Every contender against Adam: the mean over the grid of the log of the loss, and its largest value."""
    pairs = [
        paired(row["label"], measure, row[measure], rows[0][measure], "lower")
        for measure in ("average", "worst")
        for row in rows[1:]
    ]
    return [
        {
            "label": pair.ours,
            "measure": pair.other,
            "ratio": np.exp(-np.array([pair.difference, pair.high, pair.low])),
            "p": pair.corrected,
            "result": pair.result(),
        }
        for pair in corrected(pairs)
    ]


def _test(n: Numbers, label: str, measure: str) -> Numbers:
    return next(test for test in n["tests"] if test["label"] == label and test["measure"] == measure)


def claims(n: Numbers) -> Sequence[Claim]:
    """What the boldest contender does to the average over the grid."""
    last = n["rows"][-1]["label"]
    test = _test(n, last, "average")
    ratio, low, high = test["ratio"]
    return [
        Claim(
            f"{last} does not end higher than Adam on average over the grid (geometric mean of the final loss; paired "
            "t-test over runs, Holm's correction, level 5 %)",
            test["result"] != "loss",
            f"ratio to Adam's {ratio:.3g} in [{low:.3g}, {high:.3g}], corrected p = {test['p']:.2g}",
        ),
        Claim(
            "no run of the grid diverges",
            all(row["diverged"] == 0 for row in n["rows"]),
            ", ".join(f"{row['label']}: {row['diverged']}" for row in n["rows"]),
        ),
    ]


def draw(canvas: Canvas, n: Numbers) -> None:
    """A contour plot per contender on one scale, and the sorted cells of all."""
    canvas.set_size_inches(11.0, 5.2)
    rows, axes = n["rows"], canvas.subplots(2, 4)
    plots, (last, corner) = axes[:, :3].ravel(), axes[:, 3]
    means = [np.array(row["mean"]) for row in rows]
    cells = np.concatenate([mean.ravel() for mean in means])
    # a few cells can be worse than all others by orders of magnitude: they get the last colour
    low, high = cells.min(), max(min(cells.max(), 3 * np.median(cells)), 1.01 * cells.min())
    levels = np.geomspace(low * 0.999, high, 13)
    filled: Any = None
    for row, mean, one in zip(rows, means, plots, strict=False):
        filled = one.contourf(
            n["beta1"], n["beta2"], mean.T, levels=levels, norm=LogNorm(levels[0], high), cmap="viridis_r", extend="max"
        )
        i, j = np.unravel_index(mean.argmin(), mean.shape)
        one.plot(n["beta1"][i], n["beta2"][j], "*", color="white", mec="black", ms=9, clip_on=False)
        one.set_title(f"{row['label']}: {mean.min():.2g} to {mean.max():.2g}")
        one.set(xlabel="initial β₁", ylabel="initial β₂")
        one.grid(False)
    for one in plots[len(rows) :]:
        one.set_axis_off()
    for row, mean in zip(rows, means, strict=True):
        share = (np.arange(mean.size) + 1) / mean.size
        style = "--" if row["scale"] not in (None, 1.0) else ":" if row["method"] == "mada-frozen" else "-"
        last.step(np.sort(mean.ravel()), share, where="post", color=colour(row["method"]), ls=style, label=row["label"])
    last.set(xscale="log", xlim=(0.95 * low, 2 * high), ylim=(0, 1.02))
    last.set(xlabel="final validation loss (nats)", ylabel="share of cells at or below")
    last.set_xticks(levels[[0, 6, 12]], [f"{level:.2g}" for level in levels[[0, 6, 12]]])
    last.minorticks_off()
    last.set_title("all cells, sorted")
    corner.set_axis_off()
    corner.legend(*last.get_legend_handles_labels(), loc="lower center", bbox_to_anchor=(0.5, 0.0))
    bar = canvas.colorbar(
        filled, cax=corner.inset_axes((0.0, 0.78, 1.0, 0.09)), orientation="horizontal", format="{x:.2g}",
        label="final validation loss (nats)",
    )  # fmt: skip
    bar.set_ticks(levels[[0, 6, 12]])
    bar.minorticks_off()


def caption(n: Numbers) -> str:
    """How much the grid matters to each."""
    tests = []
    for row in n["rows"][1:]:
        test = _test(n, row["label"], "average")
        verdict = {"win": "lower", "loss": "higher", "tie": "not significantly different"}[test["result"]]
        tests.append(f"{row['label']} {test['ratio'][0]:.3g} ({verdict})")
    return (
        f"{n['task']}, {n['steps']} steps at rate {n['rate']:g} (Adam's best of {len(n['rates'])} at its customary "
        f"decays, for all), {len(n['beta1'])} x {len(n['beta2'])} initial (β₁, β₂), mean of {n['runs']} runs; κ: the "
        "hyper step sizes of the published training code; frozen: MADA's start with ρ = .6, nothing learned. "
        f"Geometric mean of the final loss over the grid divided by Adam's: {', '.join(tests)} (paired t-tests over "
        "runs, Holm's correction). Star: the best cell."
    )


training_robustness = Figure(
    "training-robustness",
    "How much the initial decays matter to Adam, HyperAdam and MADA",
    compute,
    claims,
    draw,
    caption,
    needs=("equinox",),
    group="training",
    tolerance=TRAINED,
)
