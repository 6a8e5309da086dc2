"""How near to their bounds the worst instances come, against T: hyper-parameters free, the theorem's own, a problem."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run, Tolerance
from madatheory.figures.gallery.summary_matrix import hardest
from madatheory.figures.style import colour
from madatheory.theory.catalogue import list_theorems
from madatheory.worst.instance_file import worst_of
from madatheory.worst.over_time import over_time

THEOREMS = (
    "adagrad-rate",
    "adam-published-rate",
    "adam-constant-step-rate",
    "avgrad-rate",
    "amsgrad-rate",
    "avgrad-horizon-rate",
    "interpolation-rate",
    "amsgrad-monotone-rate",
)
KINDS = {"free": None, "own": ()}


def compute(run: Run) -> Numbers:
    """For each theorem and T the certified left/right of the worst found, of both kinds, and the gallery's; measured
    left/right on the problem of summary-matrix that comes nearest to the bound."""
    chosen = run.pick(THEOREMS[3:4], THEOREMS, [t.name for t in list_theorems().values() if worst_of(t.name)])
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
        named = {"theorem": name, "label": theorem.label, "optimizer": optimizer}
        panels.append({**named, **curves, "gallery": gallery, "problem": _problem(fixed.sel(theorem=name))})
    return {"panels": panels}


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


def claims(numbers: Numbers) -> list[Claim]:
    """No bound is refuted; free hyper-parameters come nearer than the theorem's own; the ratio grows with T."""
    panels = numbers["panels"]
    highest = max(ratio for p in panels for ratio in (*p["own"]["ratio"], *(r for _, r in _all(p))))
    own = {p["label"]: max(p["own"]["ratio"], default=0.0) for p in panels}
    falls = [p["label"] for p in panels if _last(p) < max(r for _, r in _all(p))]
    return [
        Claim("no certified left/right is above 1", highest <= 1, f"largest {highest:.4f} of {len(panels)} theorems"),
        Claim(
            "with hyper-parameters free an instance nearer to the bound is found than at the theorem's own, for each",
            all(_last(p) > own[p["label"]] for p in panels),
            ", ".join(f"{p['label']} {_last(p):.3f} > {own[p['label']]:.3f}" for p in panels),
        ),
        Claim(
            "the instance nearest to the bound is that of the largest T, for each",
            not falls,
            ", ".join(falls) or f"T = {panels[0]['gallery']['T']}",
        ),
        Claim(
            "no fixed problem comes as near to a bound as the worst instance at the theorem's own hyper-parameters",
            all(p["problem"]["ratio"][-1] < own[p["label"]] for p in panels),
            ", ".join(f"{p['label']} {p['problem']['ratio'][-1]:.3f} on {p['problem']['name']}" for p in panels),
        ),
    ]


def caption(numbers: Numbers) -> str:
    """What is drawn, and how near they come."""
    panels = numbers["panels"]
    ratios = ", ".join(f"{p['label']} {_last(p):.3f}" for p in panels)
    return (
        "Certified left/right of the worst instance found, against T: with α, ε, β2 and β1 free where the theorem "
        "leaves them open (circles; the diamond is the gallery's, from a longer search), and at the theorem's own "
        "hyper-parameters (squares). The family that is searched is a flat maximum, a slope and a landing in one "
        f"dimension. At T = {panels[0]['gallery']['T']}: {ratios}. Dots: measured on the fixed problem that comes "
        "nearest to the bound, one of those of summary-matrix."
    )


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """A panel per theorem."""
    panels = numbers["panels"]
    columns = min(4, len(panels))
    rows = -(-len(panels) // columns)
    canvas.set_size_inches(9.0, 1.2 + 1.9 * rows)
    first = None
    for index, panel in enumerate(panels):
        axes = canvas.add_subplot(rows, columns, index + 1, sharex=first, sharey=first)
        first = first or axes
        tint = colour(panel["optimizer"])
        steps, ratio = zip(*_all(panel), strict=True)
        axes.plot(steps, ratio, "o-", color=tint, markersize=4, label="hyper-parameters free")
        axes.plot(*steps[-1:], *ratio[-1:], "D", color=tint, markersize=6, label="the gallery's")
        axes.plot(
            panel["own"]["T"], panel["own"]["ratio"], "s--", color="#555555", markersize=3.5, label="the theorem's own"
        )
        measured = panel["problem"]
        axes.plot(measured["T"], measured["ratio"], "k.:", markersize=4, label="hardest fixed problem")
        axes.axhline(1, color=colour("bound"), linewidth=0.8)
        below = "top" if ratio[-1] > 0.9 else "bottom"
        place = (steps[-1], ratio[-1])
        shift = (3, -9) if ratio[-1] > 0.9 else (3, 7)
        axes.annotate(f"{ratio[-1]:.3f}", place, shift, textcoords="offset points", ha="right", va=below, fontsize=8)
        axes.set(xscale="log", ylim=(0, 1.08))
        axes.set_title(f"{panel['label']}  {panel['theorem']}", fontsize=8)
        axes.tick_params(labelbottom=index >= len(panels) - columns, labelleft=index % columns == 0)
        if index % columns == 0:
            axes.set_ylabel("left/right")
        if index >= len(panels) - columns:
            axes.set_xlabel("T (steps)")
    handles = canvas.axes[0].get_legend_handles_labels()
    canvas.legend(*handles, loc="outside lower center", ncols=4, frameon=False)
    canvas.suptitle("The worst instance found against T; at 1 the bound is attained", fontsize=10.5)


figure = Figure(
    "worst-ratio",
    "How near to their bounds the worst instances come",
    compute,
    claims,
    draw,
    caption,
    tolerance=Tolerance(0.02, "another rounding leads the search another way", ("panels",)),
)
