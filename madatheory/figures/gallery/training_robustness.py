"""Final loss over a grid of initial (beta1, beta2) for Adam, HyperAdam and MADA."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Numbers, Run
from madatheory.figures.style import colour
from madatheory.figures.training import shares, training_figure
from madatheory.studies.tasks.digits import digits_mlp
from madatheory.studies.tasks.language import MINI_GPT, char_gpt, corpus
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.comparison import corrected, paired
from madatheory.studies.training.robustness import (
    PUBLISHED,
    PUBLISHED_GRID,
    VariedMethod,
    final_over_grid,
    grid,
    tuned_rate,
)
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
JUDGED, TRAINING = "valid_loss", "train_loss"
MEASURES = {JUDGED: "validation loss", TRAINING: "training loss"}


def _study(run: Run) -> tuple[Task, TrainConfig, int]:
    """Task, configuration and runs; in the full profile the character GPT, the published one where a GPU trains it."""
    if run.profile == "full":
        text = corpus(run.data.get("text"))
        if jax.default_backend() != "cpu":
            return char_gpt(text, **MINI_GPT), TrainConfig(5000, 50, "cosine", 100, 1.0, 0.1), 2
        sizes = {"layers": 2, "heads": 3, "width": 48, "context": 32, "batch": 8, "windows": 64}
        return char_gpt(text, **sizes), TrainConfig(600, 12, "cosine", 30, 1.0, 0.1), 3
    task = run.pick(digits_mlp(8, 16), digits_mlp(), digits_mlp())
    return task, run.pick(TrainConfig(20, 2), TrainConfig(300, 5), TrainConfig(300, 5)), run.pick(2, 5, 5)


def check(run: Run) -> None:
    """Refuse early a text that cannot be read or is too short for the model's context."""
    _study(run)


def compute(run: Run) -> Numbers:
    """Every cell with every contender, all on the same mini-batches."""
    task, config, runs = _study(run)
    chosen = run.pick((0, 4), range(len(CONTENDERS)), (0, 1, 3, 4))
    beta1, beta2 = run.pick(grid(3), grid(11), PUBLISHED_GRID)
    tuning = range(runs, runs + 3)
    # the published runs all have this rate
    rates = run.pick(RATES, RATES, (1e-3,))
    plan: dict[str, Any] = {"seed": run.seed, "cached": run.cached, "workers": run.workers}
    rate = tuned_rate(task, config, rates, tuning, **plan) if len(rates) > 1 else rates[0]
    part, rows = shares(run, len(chosen)), []
    for number, index in enumerate(chosen):
        contender = CONTENDERS[index]
        found = final_over_grid(task, config, contender, rate, beta1, beta2, range(runs), report=part(number), **plan)
        finite = {name: np.isfinite(values) for name, values in found.items()}
        # a diverged run counts as the worst finite one of its contender; how many there are is said
        values = {name: np.where(finite[name], found[name], found[name][finite[name]].max()) for name in MEASURES}
        rows.append(
            {
                "method": contender.method,
                "label": contender.label,
                "scale": contender.scale,
                "mean": {name: values[name].mean(axis=2) for name in MEASURES},
                "average": {name: np.log(values[name]).mean(axis=(0, 1)) for name in MEASURES},
                "worst": np.log(values[JUDGED]).reshape(-1, runs).max(axis=0),
                "diverged": int(np.sum(~finite[JUDGED])),
            }
        )
    return {
        "task": task.summary,
        "unit": task.unit,
        "steps": config.steps,
        "runs": runs,
        "rate": rate,
        "rates": rates,
        "beta1": beta1,
        "beta2": beta2,
        "rows": rows,
        "tests": _tests(rows),
    }


def _tests(rows: Sequence[Numbers]) -> list[Numbers]:
    """Every contender against Adam: the mean over the grid of the log of a loss, and the largest validation loss."""
    logs = [{**row["average"], "worst": row["worst"]} for row in rows]
    pairs = [
        paired(row["label"], measure, log[measure], logs[0][measure], "lower")
        for measure in (*MEASURES, "worst")
        for row, log in zip(rows[1:], logs[1:], strict=True)
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


def _cells_better(n: Numbers, row: Numbers, measure: str) -> int:
    return int(np.sum(np.array(row["mean"][measure]) < np.array(n["rows"][0]["mean"][measure])))


def claims(n: Numbers) -> Sequence[Claim]:
    """What the boldest contender does to the average over the grid."""
    last = n["rows"][-1]["label"]
    test = _test(n, last, JUDGED)
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
    """A contour plot per contender on one scale, and the sorted cells of all for either loss."""
    canvas.set_size_inches(11.0, 5.6)
    rows, axes = n["rows"], canvas.subplots(2, 4)
    plots, sorted_cells = axes[:, :3].ravel(), axes[:, 3]
    means = [np.array(row["mean"][JUDGED]) for row in rows]
    levels = _levels(np.concatenate([mean.ravel() for mean in means]))
    filled: Any = None
    for row, mean, one in zip(rows, means, plots, strict=False):
        filled = one.contourf(
            n["beta1"], n["beta2"], mean.T, levels=levels, norm=LogNorm(levels[0], levels[-1]), cmap="viridis_r",
            extend="max",
        )  # fmt: skip
        i, j = np.unravel_index(mean.argmin(), mean.shape)
        one.plot(n["beta1"][i], n["beta2"][j], "*", color="white", mec="black", ms=9, clip_on=False)
        one.set_title(f"{row['label']}: {mean.min():.2g} to {mean.max():.2g}")
        one.set(xlabel="initial β₁", ylabel="initial β₂")
        one.grid(False)
    for one in plots[len(rows) :]:
        one.set_axis_off()
    for measure, one in zip((JUDGED, TRAINING), sorted_cells, strict=True):
        cells = [np.array(row["mean"][measure]).ravel() for row in rows]
        for row, values in zip(rows, cells, strict=True):
            share = (np.arange(values.size) + 1) / values.size
            style = "--" if row["scale"] not in (None, 1.0) else ":" if row["method"] == "mada-frozen" else "-"
            one.step(
                np.sort(values), share, where="post", color=colour(row["method"]), ls=style, label=row["label"]
            )  # fmt: skip
        ticks = _levels(np.concatenate(cells))[[0, 6, 12]]
        one.set(xscale="log", xlim=(0.95 * ticks[0], 2 * ticks[2]), ylim=(0, 1.02))
        one.set(xlabel=f"final {MEASURES[measure]} ({n['unit']})", ylabel="share of cells at or below")
        one.set_xticks(ticks.tolist(), [f"{level:.2g}" for level in ticks])
        one.minorticks_off()
        one.set_title(f"all cells, sorted: {MEASURES[measure]}")
    canvas.legend(*sorted_cells[0].get_legend_handles_labels(), loc="outside lower right", ncols=len(rows))
    bar = canvas.colorbar(
        filled, ax=plots.tolist(), location="bottom", aspect=60, pad=0.02, format="{x:.2g}",
        label=f"final {MEASURES[JUDGED]} ({n['unit']}), colours of the contour plots",
    )  # fmt: skip
    bar.set_ticks(levels[[0, 6, 12]].tolist())
    bar.minorticks_off()


def _levels(cells: np.ndarray) -> np.ndarray:
    """Thirteen levels; a few cells can be worse than all others by orders of magnitude: they lie beyond the last."""
    low, high = cells.min(), max(min(cells.max(), 3 * np.median(cells)), 1.01 * cells.min())
    return np.geomspace(low * 0.999, high, 13)


def caption(n: Numbers) -> str:
    """How much the grid matters to each, for either loss, beside what the published logs say."""
    words = {"win": "lower", "loss": "higher", "tie": "not significantly different"}
    cells, said, published = len(n["beta1"]) * len(n["beta2"]), [], []
    for measure, word in MEASURES.items():
        tests = []
        for row in n["rows"][1:]:
            test = _test(n, row["label"], measure)
            better = _cells_better(n, row, measure)
            tests.append(f"{row['label']} {test['ratio'][0]:.3g} ({words[test['result']]}; {better} cells better)")
        said.append(f"{word}: {', '.join(tests)}")
        mada, hyperadam = PUBLISHED[measure]["mada"], PUBLISHED[measure]["hyperadam"]
        published.append(
            f"{word} MADA {mada.ratio:.3f} ({mada.better} of 275 cells better), HyperAdam {hyperadam.ratio:.3f} "
            f"({hyperadam.better})"
        )
    rate = f"Adam's best of {len(n['rates'])} at its customary decays" if len(n["rates"]) > 1 else "the published one"
    return (
        f"{n['task']}, {n['steps']} steps at rate {n['rate']:g} ({rate}, for all), {len(n['beta1'])} x "
        f"{len(n['beta2'])} initial (β₁, β₂), mean of {n['runs']} runs; MADA: the preset train_ddp, κ its hyper "
        "learning rates; frozen: its start with ρ = .6, nothing learned. "
        f"Geometric mean of the final loss over the {cells} cells divided by Adam's, {'; '.join(said)} (paired t-tests "
        "over runs, Holm's correction). The published logs of the mini-GPT (5000 steps, one run a cell) say: "
        f"{'; '.join(published)}. There the gain is in how far the model overfits, and validation got worse. Star: the "
        "best cell."
    )


training_robustness = training_figure(
    "training-robustness",
    "How much the initial decays matter to Adam, HyperAdam and MADA",
    compute,
    claims,
    draw,
    caption,
    check,
    needs=("equinox",),
)
