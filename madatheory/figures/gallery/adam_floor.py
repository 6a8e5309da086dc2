"""At a fixed beta2 the bounds of Adam have a floor, AVGrad's has none; whether Adam itself stalls depends on F."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.problems.catalogue import list_problems
from madatheory.studies.theory.convergence import ComparedMethod, ConvergencePlan, compare
from madatheory.theory.catalogue import list_theorems

BETA2 = 0.9
HYPER = {"beta1": 0.0, "beta2": BETA2, "eps": 1e-4}
# key, title, problem, options, alpha of the methods with alpha/sqrt(t), alpha of Adam with a constant step
PROBLEMS: tuple[tuple[str, str, str, Mapping[str, Any], float, float], ...] = (
    ("ordinary", "Σ x²/(1+x²), d = 2, uniform noise", "ratio", {"d": 2}, 0.1, 0.01),
    (
        "hard",
        "Reddi's problem, smooth: Adam climbs",
        "reddi-smooth",
        {"C": 20.0, "delta": 0.5, "start": 5.0},
        1.0,
        0.01,
    ),
)
STYLES = {"Adam, constant α": "#8C3B00", "Adam, α/√t": colour("adam"), "AVGrad, α/√t": colour("avgrad")}
LABELS = {"Adam, constant α": "TA", "Adam, α/√t": "T6", "AVGrad, α/√t": "T5"}


def _contenders(alpha: float, constant: float) -> list[ComparedMethod]:
    def made(name: str, optimizer: str, schedule: str, **more: float) -> ComparedMethod:
        return ComparedMethod(
            name,
            list_optimizers()[optimizer].make({"schedule": schedule}),
            {**HYPER, **more},
            tuple(t for t in list_theorems().values() if t.label == LABELS[name]),
        )

    return [
        made("Adam, constant α", "adam", "constant", alpha=constant),
        made("Adam, α/√t", "adam-avgrad", "inverse_sqrt", alpha=alpha, rho=1.0),
        made("AVGrad, α/√t", "avgrad", "inverse_sqrt", alpha=alpha),
    ]


def compute(run: Run) -> Numbers:
    """Measured averages and bounds far out, on an ordinary problem and on one where Adam climbs."""
    steps, seeds = run.pick((30_000, 16), (1_000_000, 128), (10_000_000, 256))
    panels = []
    for key, title, name, options, alpha, constant in PROBLEMS:
        problem = list_problems()[name].make(options)
        rows = compare(
            run.simulate,
            problem,
            _contenders(alpha, constant),
            ConvergencePlan(steps, seeds, 0, run.pick(12, 31, 36), ()),
            seed=run.seed,
            report=run.report,
        )
        for row in rows:
            del row["last"]
        panels.append({"key": key, "title": title, "summary": problem.summary, "methods": rows})
    delta = float(PROBLEMS[1][3]["delta"])
    return {"panels": panels, "steps": steps, "seeds": seeds, "beta2": BETA2, "stall": delta**2}


def _methods(numbers: Numbers, key: str) -> dict[str, Mapping[str, Any]]:
    panel = next(p for p in numbers["panels"] if p["key"] == key)
    return {row["name"]: row for row in panel["methods"]}


def _smallest(row: Mapping[str, Any]) -> np.ndarray:
    return np.min([b["prior"] for b in row["bounds"]], axis=0)


def _slope(at: Sequence[float], measured: Sequence[float] | np.ndarray) -> float:
    """Log-log slope over the last decade."""
    times, values = np.asarray(at, dtype=float), np.asarray(measured, dtype=float)
    late = times >= times[-1] / 10
    return float(np.polyfit(np.log(times[late]), np.log(values[late]), 1)[0])


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def claims(numbers: Numbers) -> list[Claim]:
    """Floors of the bounds; AVGrad's has none; Adam stalls on one problem and not on the other."""
    found = []
    rows = [(panel["key"], row) for panel in numbers["panels"] for row in panel["methods"]]
    bad = [f"{row['name']} ({key}): {b['theorem']} {b['outcome']}" for key, row in rows for b in row["bounds"]]
    bad = [text for text in bad if not text.endswith(("holds", "inconclusive"))]
    covered = all(row["bounds"] for _, row in rows)
    found.append(Claim("no bound is violated", covered and not bad, "; ".join(bad) or f"{len(rows)} runs"))
    slopes = {(key, row["name"]): _slope(row["t"], _smallest(row)) for key, row in rows}
    adam = {k: v for k, v in slopes.items() if k[1] == "Adam, α/√t"}
    avgrad = {k: v for k, v in slopes.items() if k[1].startswith("AVGrad")}
    found.append(
        Claim(
            "over the last decade of T the bound of Adam with α/√t is flatter than T^(-1/4), "
            "that of AVGrad steeper than T^(-0.4)",
            all(v > -0.25 for v in adam.values()) and all(v < -0.4 for v in avgrad.values()),
            f"slopes: Adam {_listed(adam.values())}; AVGrad {_listed(avgrad.values())}",
        )
    )
    hard, ordinary = _methods(numbers, "hard"), _methods(numbers, "ordinary")
    stuck, free = hard["Adam, α/√t"], hard["AVGrad, α/√t"]
    found.append(
        Claim(
            "where Adam climbs it stalls: its average stays above 0.9 δ², AVGrad's falls below 0.5 δ²",
            stuck["low"][-1] > 0.9 * numbers["stall"] and free["high"][-1] < 0.5 * numbers["stall"],
            f"δ² = {numbers['stall']:.3g}: Adam {stuck['mean'][-1]:.3g}, AVGrad {free['mean'][-1]:.3g}, by t-intervals",
        )
    )
    measured = _slope(ordinary["Adam, α/√t"]["t"], ordinary["Adam, α/√t"]["mean"])
    found.append(
        Claim(
            "on the ordinary problem Adam with α/√t keeps falling: the floor there is the bound's, not the method's",
            measured < -0.4,
            f"slope of the measured average over the last decade {measured:.3f}",
        )
    )
    return found


def caption(numbers: Numbers) -> str:
    """The floor of the bound, and what is measured."""
    ordinary, hard = _methods(numbers, "ordinary"), _methods(numbers, "hard")
    adam, avgrad = ordinary["Adam, α/√t"], ordinary["AVGrad, α/√t"]
    stuck, free = (hard[name]["mean"][-1] for name in ("Adam, α/√t", "AVGrad, α/√t"))
    return (
        f"At a fixed β2 = {numbers['beta2']:g} the proved bounds of Adam keep a floor proportional to -ln β2 (at "
        f"T = {numbers['steps']}: {_smallest(adam)[-1]:.3g} with α/√t), AVGrad's falls as ln T/√T "
        f"({_smallest(avgrad)[-1]:.3g}). Left: measured, Adam with α/√t does not stall on this problem "
        f"({adam['mean'][-1]:.2g}, AVGrad {avgrad['mean'][-1]:.2g}); only a constant step does. Right: on "
        "Reddi's problem "
        f"made smooth, Adam drifts uphill and its average squared gradient stays at δ² = {numbers['stall']:g} "
        f"({stuck:.3g}), AVGrad reaches {free:.2g}. {numbers['seeds']} seeds, bands are 95 % t-intervals over seeds."
    )


def _panel(axes: Axes, panel: Mapping[str, Any]) -> None:
    for row in panel["methods"]:
        tint = STYLES[row["name"]]
        axes.plot(row["t"], row["mean"], color=tint, linewidth=2)
        axes.fill_between(row["t"], row["low"], row["high"], color=tint, alpha=0.25, linewidth=0)
        for bound in row["bounds"]:
            style = "--" if bound["published_constants"] else "-"
            axes.plot(row["t"], bound["prior"], color=tint, linestyle=style, linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel="T (steps)", title=panel["title"])


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """Two panels."""
    canvas.set_size_inches(9.0, 4.6)
    for index, panel in enumerate(numbers["panels"]):
        axes = canvas.add_subplot(1, 2, index + 1)
        _panel(axes, panel)
        if index == 0:
            axes.set_ylabel("(1/T) Σ E|∇F|²")
        else:
            axes.axhline(numbers["stall"], color="#999999", linewidth=0.8, linestyle=":")
            axes.text(1, numbers["stall"] * 1.15, "δ²: the slope far out", fontsize=7, color="#666666")
    handles = [Line2D([], [], color=tint, linewidth=3, label=name) for name, tint in STYLES.items()]
    handles += [
        Line2D([], [], color="#444444", linewidth=2, label="measured"),
        Line2D([], [], color="#444444", linewidth=1, label="proved bound"),
        Line2D([], [], color="#444444", linewidth=1, linestyle="--", label="constants (1/2, 2)"),
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, columnspacing=1.4)
    canvas.suptitle(
        f"The floor of Adam's bounds at a fixed β2 = {numbers['beta2']:g}, and where it is real", fontsize=10.5
    )


figure = Figure("adam-floor", "The floor of Adam at a fixed beta2", compute, claims, draw, caption)
