"""How near to their bounds the worst instances come, against T: hyper-parameters free, the theorem's own, a problem."""

import re
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run, Tolerance
from madatheory.figures.gallery.summary_matrix import hardest
from madatheory.figures.style import colour
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.conditions import VARIANCE
from madatheory.theory.theorem import Theorem
from madatheory.worst.instance_file import worst_of
from madatheory.worst.over_time import over_time

KINDS = {"free": None, "own": ()}


def compute(run: Run) -> Numbers:
    """For each theorem and T the certified left/right of the worst found, of both kinds, and the gallery's; measured
    left/right on the problem of summary-matrix that comes nearest to the bound."""
    every = [t.name for t in sorted(list_theorems().values(), key=_order) if worst_of(t.name)]
    chosen = run.pick(["avgrad-rate"], every, every)
    times = run.pick((8, 60), (8, 60, 400), (8, 30, 100, 300, 1000))
    fixed = hardest(run)
    panels = []
    for done, name in enumerate(chosen):
        run.report(done, len(chosen), name)
        theorem, entry = list_theorems()[name], worst_of(name)
        assert entry is not None
        curves = {}
        for kind, free in KINDS.items():
            found = list(over_time(theorem, times, free, run.seed))
            curves[kind] = {"T": [i.steps for i, _ in found], "ratio": [c.lower for _, c in found]}
        gallery = {"T": entry.steps, "ratio": entry.ratio}
        optimizer = theorem.optimizer().name
        named = {
            "theorem": name,
            "label": theorem.label,
            "optimizer": optimizer,
            "sigma": VARIANCE in theorem.conditions,
        }
        panels.append({**named, **curves, "gallery": gallery, "problem": _problem(fixed.sel(theorem=name))})
    return {"panels": panels}


def _order(theorem: Theorem) -> tuple[int, str, str]:
    """By label, T1, T1', .., T8log, then those without a number."""
    number = re.match(r"T(\d+)", theorem.label)
    return int(number[1]) if number else sys.maxsize, theorem.label, theorem.name


def _problem(row: xr.Dataset) -> dict[str, Any]:
    """Name, times and measured left/right."""
    kept = row.isel(time=np.isfinite(row["T"].values))
    return {
        "name": row["problem"].item(),
        "T": kept["T"].values.astype(int).tolist(),
        "ratio": kept["ratio"].values.tolist(),
    }


def _all(panel: Mapping[str, Any]) -> list[tuple[int, float]]:
    """(T, ratio) with hyper-parameters free, the gallery's last."""
    return [*zip(panel["free"]["T"], panel["free"]["ratio"], strict=True), (panel["gallery"]["T"], _last(panel))]


def _last(panel: Mapping[str, Any]) -> float:
    return panel["gallery"]["ratio"]


def _named(panel: Mapping[str, Any]) -> str:
    return f"{panel['label']} {panel['theorem']}"


def claims(numbers: Numbers) -> list[Claim]:
    """No bound is refuted; free hyper-parameters come nearer than the theorem's own; the ratio grows with T."""
    panels = numbers["panels"]
    highest = max(ratio for p in panels for ratio in (*p["own"]["ratio"], *(r for _, r in _all(p))))
    own = [max(p["own"]["ratio"], default=0.0) for p in panels]
    problem = [p["problem"]["ratio"][-1] for p in panels]
    falls = [p for p in panels if _last(p) < max(r for _, r in _all(p))]
    named = [f"{_named(p)} {max(r for _, r in _all(p)):.4f}, then {_last(p):.4f}" for p in falls]
    gain = min(range(len(panels)), key=lambda k: _last(panels[k]) / max(own[k], 1e-300))
    # the search has sigma = G, where a problem certifies its own
    same = [k for k, panel in enumerate(panels) if not panel["sigma"]]
    near = max(same, key=lambda k: problem[k] / max(own[k], 1e-300))
    return [
        Claim("no certified left/right is above 1", highest <= 1, f"largest {highest:.4f} of {len(panels)} theorems"),
        Claim(
            "with hyper-parameters free an instance nearer to the bound is found than at the theorem's own, for each",
            all(_last(p) > ratio for p, ratio in zip(panels, own, strict=True)),
            f"least for {_named(panels[gain])}: {_last(panels[gain]):.3f} > {own[gain]:.3f}",
        ),
        Claim(
            "the instance nearest to the bound is that of the largest T, for each that is not within 1 % of its bound",
            all(_last(p) >= 0.99 for p in falls),
            ", ".join(named) or f"T = {panels[0]['gallery']['T']}",
        ),
        Claim(
            "no fixed problem comes as near to a bound by L and G as the worst instance at its own hyper-parameters",
            all(problem[k] < own[k] for k in same),
            f"nearest for {_named(panels[near])}: {problem[near]:.3f} on {panels[near]['problem']['name']} < "
            f"{own[near]:.3f}",
        ),
    ]


def caption(numbers: Numbers) -> str:
    """What is drawn, and how near they come."""
    panels = sorted(numbers["panels"], key=_last)
    least, most = panels[0], panels[-1]
    return (
        "Certified left/right of the worst instance found, against T: with α, ε, β2 and β1 free where the theorem "
        "leaves them open (circles; the diamond is the gallery's, from a longer search), and at the theorem's own "
        "hyper-parameters (squares). The family that is searched is a flat maximum, a slope and a landing in one "
        f"dimension. At T = {most['gallery']['T']} from {_last(least):.3f} ({_named(least)}) to {_last(most):.3f} "
        f"({_named(most)}). Dots: measured on the fixed problem that comes nearest to the bound, one of those of "
        "summary-matrix."
    )


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """A panel per theorem."""
    panels = numbers["panels"]
    columns = min(5, len(panels))
    rows = -(-len(panels) // columns)
    height = 1.25 + 1.75 * rows
    canvas.set_size_inches(10.0, height)
    # places in inches: to find them for so many panels takes longer than to draw them
    canvas.set_layout_engine("none")
    grid = canvas.add_gridspec(
        rows, columns, left=0.055, right=0.99, bottom=0.8 / height, top=1 - 0.75 / height, wspace=0.08, hspace=0.6
    )
    first = None
    for index, panel in enumerate(panels):
        axes = canvas.add_subplot(grid[index], sharex=first, sharey=first)
        first = first or axes
        _draw_panel(axes, panel)
        last = index >= len(panels) - columns
        axes.tick_params(labelbottom=last, labelleft=index % columns == 0)
        if index % columns == 0:
            axes.set_ylabel("left/right")
        if last:
            axes.set_xlabel("T (steps)")
    handles = canvas.axes[0].get_legend_handles_labels()
    canvas.legend(*handles, loc="lower center", ncols=4, frameon=False)
    title = "The worst instance found against T; at 1 the bound is attained"
    canvas.suptitle(title, y=1 - 0.1 / height, va="top", fontsize=10.5)


def _draw_panel(axes: Axes, panel: Mapping[str, Any]) -> None:
    tint, own, measured = colour(panel["optimizer"]), panel["own"], panel["problem"]
    steps, ratio = zip(*_all(panel), strict=True)
    axes.plot(steps, ratio, "o-", color=tint, markersize=4, label="hyper-parameters free")
    axes.plot(*steps[-1:], *ratio[-1:], "D", color=tint, markersize=6, label="the gallery's")
    axes.plot(own["T"], own["ratio"], "s--", color="#555555", markersize=3.5, label="the theorem's own")
    axes.plot(measured["T"], measured["ratio"], "k.:", markersize=4, label="hardest fixed problem")
    axes.axhline(1, color=colour("bound"), linewidth=0.8)
    high = ratio[-1] > 0.8
    axes.annotate(
        f"{ratio[-1]:.3f}",
        (steps[-1], ratio[-1]),
        (3, -9) if high else (3, 7),
        textcoords="offset points",
        ha="right",
        va="top" if high else "bottom",
        fontsize=8,
    )
    axes.set(xscale="log", ylim=(0, 1.08))
    axes.minorticks_off()
    axes.set_title(f"{panel['label']}\n{textwrap.fill(panel['theorem'], 34)}", fontsize=6.8)


figure = Figure(
    "worst-ratio",
    "How near to their bounds the worst instances come",
    compute,
    claims,
    draw,
    caption,
    tolerance=Tolerance(0.02, "another rounding leads the search another way", ("panels",)),
)
