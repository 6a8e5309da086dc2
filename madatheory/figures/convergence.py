"""The convergence figures: one panel with all methods measured, and one panel per method with its proved bounds."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from madatheory.engine.statistic import Statistic, final_value, mean_squared_gradient
from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.optimizers.catalogue import get_optimizer, list_optimizers
from madatheory.problems.catalogue import list_problems
from madatheory.statistics.intervals import ratio_interval
from madatheory.studies.theory.convergence import ComparedMethod, ConvergencePlan, compare
from madatheory.theory.catalogue import list_theorems

LABELS = ("T5", "T5A", "T6")  # the rates without momentum, one per method
RHOS = (0.25, 0.5, 0.75)
_MIXED = {0.25: "#DE93BC", 0.5: "#B4528E", 0.75: "#74215A"}  # lighter towards AVGrad
_LINES: Mapping[str, Any] = {"old": ("--", 1.1), "new": ("-", 1.1), "data": (":", 1.5)}


def contenders(settings: Mapping[str, float]) -> list[ComparedMethod]:
    """Adam, AMSGrad, AVGrad and three interpolations in the theory form, alpha_t = alpha/sqrt(t), beta1 = 0."""
    known = [t for t in list_theorems().values() if t.label in LABELS]

    def made(name: str, title: str, **more: float) -> ComparedMethod:
        optimizer = list_optimizers()[name].make({"schedule": "inverse_sqrt"})
        return ComparedMethod(title, optimizer, {"beta1": 0.0, **settings, **more}, tuple(known))

    mixed = get_optimizer("adam-avgrad:schedule=inverse_sqrt")

    def interpolation(title: str, rho: float) -> ComparedMethod:
        hyper = {"beta1": 0.0, **settings, "rho": rho}
        return ComparedMethod(title, mixed, hyper, tuple(t for t in known if t.label == "T6"))

    return [
        interpolation("Adam", 1.0),
        made("amsgrad", "AMSGrad"),
        made("avgrad", "AVGrad"),
        *(interpolation(f"interpolation, ρ = {rho:g}", rho) for rho in RHOS),
    ]


def method_colour(row: Mapping[str, Any]) -> str:
    """The colour of a method of these figures."""
    if row["optimizer"] != "adam-avgrad":
        return colour(row["optimizer"])
    return colour("adam") if row["hyper"]["rho"] == 1 else _MIXED[row["hyper"]["rho"]]


def convergence_figure(
    name: str,
    title: str,
    problem: str,
    options: Mapping[str, Any],
    *,
    beta2: float,
    eps: float,
    alphas: Sequence[float],
    sizes: Mapping[str, tuple[int, int]],
    tuned_for: Statistic = mean_squared_gradient,
) -> Figure:
    """The figure for one problem of the catalogue; `sizes` gives (steps, seeds) for each profile."""

    def compute(run: Run) -> Numbers:
        steps, seeds = run.pick(sizes["smoke"], sizes["default"], sizes["full"])
        made = list_problems()[problem].make(options)
        assert made.constants is not None
        plan = ConvergencePlan(steps, seeds, max(8, seeds // 2), run.pick(8, 25, 40), tuple(alphas), tuned_for)
        rows = compare(
            run.simulate, made, contenders({"beta2": beta2, "eps": eps}), plan, seed=run.seed, report=run.report
        )
        best = min(rows, key=lambda row: row["mean"][-1])
        smallest = best["last"]
        for row in rows:
            row["to_best"] = list(ratio_interval(row.pop("last"), smallest))
        constants = {key: getattr(made.constants, key).value for key in ("L", "G", "F_star")}
        return {
            "problem": {"name": made.name, "summary": made.summary, "d": made.dimension, "D0": made.gap, **constants},
            "noise": made.oracle.name,
            "steps": steps,
            "seeds": seeds,
            "alphas": list(alphas),
            "tuned_for": "F(x_T)" if tuned_for is final_value else "the same average",
            "beta2": beta2,
            "eps": eps,
            "confidence": plan.confidence,
            "best": best["name"],
            "methods": rows,
        }

    return Figure(name, title, compute, claims, _drawer(title), caption)


def _bounds(numbers: Numbers) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return [(row, bound) for row in numbers["methods"] for bound in row["bounds"]]


def claims(numbers: Numbers) -> list[Claim]:
    """Every method has a bound and none is violated; the new constants win everywhere; no mean exceeds a bound."""
    pairs = _bounds(numbers)
    bare = [row["name"] for row in numbers["methods"] if not row["bounds"]]
    wrong = [
        f"{row['name']}: {b['theorem']} {b['outcome']} {b['reason']}" for row, b in pairs if b["outcome"] != "holds"
    ]
    ratios, better = [], []
    for row in numbers["methods"]:
        old = [b["prior"] for b in row["bounds"] if b["published_constants"]]
        new = [b["prior"] for b in row["bounds"] if not b["published_constants"]]
        if old and new:
            quotient = np.min(old, axis=0) / np.min(new, axis=0)
            ratios.append(float(quotient[-1]))
            better.append(bool(np.all(quotient > 1)))
    gaps = [prior / mean for row, b in pairs for prior, mean in zip(b["prior"], row["mean"], strict=True)]
    gaps += [bound / mean for row, b in pairs if b["data"] for bound, mean in zip(b["data"], row["mean"], strict=True)]
    judged = f"{len(pairs)} bounds of {len(numbers['methods'])} methods at {len(numbers['methods'][0]['t'])} times"
    return [
        Claim(
            f"every method has a proved bound, and all hold with confidence {100 * numbers['confidence']:g} % together",
            bool(pairs) and not bare and not wrong,
            "; ".join(wrong + [f"{name}: no bound" for name in bare]) or judged,
        ),
        Claim(
            "the constants (1, 2/5) give a smaller bound than (1/2, 2) at every T, wherever both exist",
            bool(better) and all(better),
            f"old/new at the last T: {min(ratios, default=math.nan):.2f} to {max(ratios, default=math.nan):.2f}",
        ),
        Claim(
            "no measured mean exceeds a bound, a priori or data-dependent, at any recorded T",
            bool(gaps) and min(gaps) >= 1,
            f"smallest bound/measured = {min(gaps, default=math.nan):.3g}",
        ),
    ]


def _ranking(numbers: Numbers) -> str:
    others = [row for row in numbers["methods"] if row["name"] != numbers["best"]]
    tied = [row["name"] for row in others if row["to_best"][1] <= 1]
    apart = [row for row in others if row["to_best"][1] > 1]
    text = f"Smallest at T = {numbers['steps']}: {numbers['best']}"
    if tied:
        text += f", not significantly below {', '.join(tied)}"
    if apart:
        worst = max(apart, key=lambda row: row["to_best"][0])
        text += f"; {worst['name']} is {worst['to_best'][0]:.2f} times larger"
    return text + "."


def caption(numbers: Numbers) -> str:
    """What is drawn and what it says."""
    tightest = min(b["prior"][-1] / row["mean"][-1] for row, b in _bounds(numbers))
    loosest = max(b["prior"][-1] / row["mean"][-1] for row, b in _bounds(numbers))
    return (
        f"Average squared gradient (1/T) Σ E|∇F(x)|² against T on {numbers['problem']['summary']} "
        f"(d = {numbers['problem']['d']}, {numbers['noise']} noise), β2 = {numbers['beta2']:g}, β1 = 0, "
        f"αₜ = α/√t, α of each method tuned for {numbers['tuned_for']} on other seeds; {numbers['seeds']} "
        "seeds, bands are 95 % t-intervals "
        "over seeds. "
        f"Each method's proved bounds hold (distribution-free, {100 * numbers['confidence']:g} % together) and lie "
        f"{tightest:.3g} to {loosest:.3g} times above the measured value at the last T. {_ranking(numbers)}"
    )


def _drawer(title: str) -> Callable[[Canvas, Numbers], None]:
    def draw(canvas: Canvas, numbers: Numbers) -> None:
        canvas.set_size_inches(9.0, 5.4)
        grid = canvas.add_gridspec(2, 4, width_ratios=[1.55, 1, 1, 1])
        overview = canvas.add_subplot(grid[:, 0])
        _measured(overview, numbers)
        first = None
        for index, row in enumerate(numbers["methods"]):
            place = grid[index // 3, 1 + index % 3]
            axes = canvas.add_subplot(place, sharex=first, sharey=first)
            first = first or axes
            _panel(axes, row, numbers)
            axes.tick_params(labelbottom=index >= 3, labelleft=index % 3 == 0)
            if index >= 3:
                axes.set_xlabel("T (steps)")
        lines = [
            Line2D([], [], color="#444444", linestyle=_LINES[kind][0], linewidth=_LINES[kind][1], label=label)
            for kind, label in (
                ("old", "proved bound, constants (1/2, 2)"),
                ("new", "proved bound, new"),
                ("data", "data-dependent form of the new one"),
            )
        ]
        lines.append(Line2D([], [], color="#444444", linewidth=2.2, label="measured, 95 % t-interval"))
        canvas.legend(handles=lines, loc="outside lower center", ncols=4, frameon=False)
        canvas.suptitle(title, fontsize=10.5)

    return draw


def _measured(axes: Axes, numbers: Numbers) -> None:
    for row in numbers["methods"]:
        tint = method_colour(row)
        axes.fill_between(row["t"], row["low"], row["high"], color=tint, alpha=0.25, linewidth=0)
        axes.plot(row["t"], row["mean"], color=tint, label=f"{row['name']}  (α = {row['hyper']['alpha']:g})")
    axes.set(xscale="log", yscale="log", xlabel="T (steps)", ylabel="(1/T) Σ E|∇F|²", title="measured, all methods")
    axes.legend(loc="lower left", frameon=False, handlelength=1.3)


def _panel(axes: Axes, row: Mapping[str, Any], numbers: Numbers) -> None:
    tint = method_colour(row)
    for other in numbers["methods"]:
        axes.plot(other["t"], other["mean"], color="#cccccc", linewidth=0.6)
    axes.fill_between(row["t"], row["low"], row["high"], color=tint, alpha=0.3, linewidth=0)
    axes.plot(row["t"], row["mean"], color=tint, linewidth=2.2)
    for bound in row["bounds"]:
        style, width = _LINES["old" if bound["published_constants"] else "new"]
        axes.plot(row["t"], bound["prior"], color=tint, linestyle=style, linewidth=width)
        if bound["data"] and not bound["published_constants"]:
            axes.plot(row["t"], bound["data"], color=tint, linestyle=_LINES["data"][0], linewidth=_LINES["data"][1])
    labels = sorted({bound["label"] for bound in row["bounds"]})
    outcomes = sorted({bound["outcome"] for bound in row["bounds"]})
    axes.set(xscale="log", yscale="log")
    axes.minorticks_off()
    axes.set_title(row["name"], color=tint, fontsize=9)
    verdict = f"{', '.join(labels)}: {', '.join(outcomes)}" if labels else "no bound"
    axes.text(0.97, 0.97, verdict, transform=axes.transAxes, ha="right", va="top", fontsize=7.5)
