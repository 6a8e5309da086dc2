"""Fitted exponents of the average squared gradient in T, against the proved 1/2 (up to logarithms)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.problems.catalogue import list_problems
from madatheory.statistics.intervals import slope_interval
from madatheory.studies.theory.convergence import bounds_at, is_published_constants
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Setting


class FittedMethod(NamedTuple):
    """A row of a group: name in the figure, colour, optimizer, schedule, hyper-parameters, label of its rate."""

    name: str
    colour: str
    optimizer: str
    schedule: str
    settings: Mapping[str, float]
    label: str


METHODS = (
    FittedMethod("AVGrad, α/√t", "avgrad", "avgrad", "inverse_sqrt", {}, "T5"),
    FittedMethod("AMSGrad, α/√t", "amsgrad", "amsgrad", "inverse_sqrt", {}, "T5A"),
    FittedMethod("interpolation ρ = 0.5, α/√t", "adam-avgrad", "adam-avgrad", "inverse_sqrt", {"rho": 0.5}, "T6"),
    FittedMethod("Adam (ρ = 1), α/√t", "adam", "adam-avgrad", "inverse_sqrt", {"rho": 1.0}, "T6"),
    FittedMethod("Adam, constant α", "adam", "adam", "constant", {}, "TA"),
)
RATE_PROVED = ("T5", "T5A")
ADDITIVE = ("uniform", "rare-large")
# title, problem, options, alpha, factor on the number of steps
PROBLEMS: tuple[tuple[str, str, Mapping[str, Any], float, float], ...] = (
    ("x²/(1+x²), d = 10, uniform noise", "ratio", {"d": 10}, 0.1, 1.0),
    (
        "tanh²(aⱼ·x), d = 10, rare large noise",
        "ridge-sum",
        {"phi": "tanh", "d": 10, "noise": "rare-large", "scale": 0.5},
        0.1,
        1.0,
    ),
    ("sigmoid loss, breast cancer, minibatches", "sigmoid-loss", {}, 0.1, 0.2),
    ("pseudo-Huber, d = 10, no noise", "pseudo-huber", {"d": 10, "noise": "none", "start": 3.0}, 0.1, 1.0),
)
HYPER = {"beta1": 0.0, "beta2": 0.99, "eps": 1e-4}
WINDOW = 30  # the fit uses T/WINDOW .. T


def compute(run: Run) -> Numbers:
    """Slopes with bootstrap intervals over seeds, and the slope of the proved bound in the same window."""
    steps, seeds = run.pick((1000, 32), (20_000, 256), (300_000, 1024))
    rows, done = [], 0
    made = {(m.optimizer, m.schedule): list_optimizers()[m.optimizer].make({"schedule": m.schedule}) for m in METHODS}
    chosen = run.pick(PROBLEMS[:1], PROBLEMS, PROBLEMS)
    for title, name, options, alpha, factor in chosen:
        problem = list_problems()[name].make(options)
        horizon = int(steps * factor)
        times = np.unique(np.round(np.geomspace(horizon / WINDOW, horizon, 12)).astype(int))
        for method in METHODS:
            run.report(done, len(chosen) * len(METHODS), f"{method.name} on {problem.name}")
            done += 1
            optimizer = made[method.optimizer, method.schedule]
            settings = {**HYPER, **method.settings, "alpha": alpha}
            setting = Setting(problem, optimizer, optimizer.hyper(settings), horizon)
            data = run.simulate(
                problem, optimizer, horizon, num_trajectories=seeds, seed=run.seed, settings=settings, save_at=times
            )
            slope = slope_interval(times, data["mean_squared_gradient"].values)
            rows.append(
                {
                    "problem": title,
                    "noise": problem.oracle.name,
                    "method": method.name,
                    "colour": method.colour,
                    "label": method.label,
                    "schedule": method.schedule,
                    "steps": horizon,
                    "slope": list(slope),
                    "bound_slope": _bound_slope(method.label, setting, times),
                }
            )
    return {"rows": rows, "seeds": seeds, "window": WINDOW, "steps": steps}


def _bound_slope(label: str, setting: Setting, times: np.ndarray) -> float | None:
    """The log-log slope of the smallest proved bound of that label over the same window; None where none applies."""
    found = [
        bounds_at(t, setting, times)["prior"]
        for t in list_theorems().values()
        if t.label == label and t.at == "any" and not is_published_constants(t) and not t.reasons(setting)
    ]
    if not found:
        return None
    return float(np.polyfit(np.log(times), np.log(np.min(found, axis=0)), 1)[0])


def claims(numbers: Numbers) -> list[Claim]:
    """Nothing with a proved rate is significantly slower than 1/2; constant-step Adam is."""
    rows = numbers["rows"]
    proved = [r for r in rows if r["label"] in RATE_PROVED]
    slow = [r for r in proved if r["slope"][1] > -0.5]
    constant = [r for r in rows if r["schedule"] == "constant" and r["noise"] in ADDITIVE]
    flat = [r for r in constant if r["slope"][1] > -0.5]
    bounds = [r["bound_slope"] for r in proved if r["bound_slope"] is not None]
    return [
        Claim(
            "AVGrad and AMSGrad: no fitted exponent is significantly above -1/2",
            bool(proved) and not slow,
            "; ".join(f"{r['method']} on {r['problem']}: {_text(r)}" for r in slow)
            or f"{len(proved)} fits, the largest {max(r['slope'][0] for r in proved):.3f}",
        ),
        Claim(
            "the proved bounds fall like T^(-1/2) times a logarithm in the same window",
            len(bounds) == len(proved) and all(-0.5 <= b < -0.3 for b in bounds),
            f"slopes of the bounds {min(bounds):.3f} to {max(bounds):.3f}" if bounds else "no bound applies",
        ),
        Claim(
            "Adam with a constant step size falls significantly slower than T^(-1/2) under additive noise",
            len(flat) == len(constant) > 0,
            "; ".join(f"{r['problem']}: {_text(r)}" for r in constant),
        ),
    ]


def _text(row: Mapping[str, Any]) -> str:
    mean, low, high = row["slope"]
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def caption(numbers: Numbers) -> str:
    """What is drawn and the extremes."""
    moving = [r for r in numbers["rows"] if r["schedule"] != "constant"]
    additive = _range([r for r in moving if r["noise"] in ADDITIVE])
    others = _range([r for r in moving if r["noise"] not in ADDITIVE])
    fixed = _range([r for r in numbers["rows"] if r["schedule"] == "constant" and r["noise"] in ADDITIVE])
    return (
        f"Least-squares exponents of (1/T) Σ E|∇F|² in T over the window T/{numbers['window']}..T "
        f"(T = {numbers['steps']}, a fifth of it for the data problem), with 95 % bootstrap intervals over "
        f"{numbers['seeds']} seeds; ticks are the exponents of the proved bounds in the same window, the line is the "
        f"proved -1/2. With α/√t: {additive} under additive noise, {others} where the noise vanishes at the "
        "optimum or is "
        f"absent; Adam with constant α under additive noise: {fixed}. A slope in a finite window is measured, not a "
        "proved rate."
    )


def _range(rows: Sequence[Mapping[str, Any]]) -> str:
    values = [row["slope"][0] for row in rows]
    return f"{min(values):.2f} to {max(values):.2f}" if values else "(not in this profile)"


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """One group of rows per problem."""
    canvas.set_size_inches(9.0, 5.2)
    axes = canvas.add_subplot()
    rows = numbers["rows"]
    titles = list(dict.fromkeys(r["problem"] for r in rows))
    ticks, labels, y = [], [], 0.0
    for title in titles:
        axes.text(
            0.012, y - 0.1, title, transform=axes.get_yaxis_transform(), fontsize=8.5, fontweight="bold", va="center"
        )
        for row in (r for r in rows if r["problem"] == title):
            y += 1
            tint = colour(row["colour"])
            mean, low, high = row["slope"]
            face = "white" if row["schedule"] == "constant" else tint
            axes.plot([low, high], [y, y], color=tint, linewidth=2)
            axes.plot(mean, y, "o", color=tint, markerfacecolor=face, markersize=5)
            if row["bound_slope"] is not None:
                axes.plot(row["bound_slope"], y, "|", color="#222222", markersize=9, markeredgewidth=1.3)
            ticks.append(y)
            labels.append(row["method"])
        y += 1.3
    axes.axvline(-0.5, color="#222222", linewidth=1, linestyle="--")
    axes.set_yticks(ticks, labels, fontsize=7.5)
    axes.set_ylim(y - 0.6, -0.7)
    low = min(r["slope"][1] for r in rows)
    axes.set_xlim(min(-1.1, low - 0.05), max(0.1, *(r["slope"][2] + 0.05 for r in rows)))
    axes.set_xlabel("fitted exponent of T")
    axes.grid(axis="y", visible=False)
    handles = [
        Line2D([], [], color="#444444", marker="o", linewidth=2, label="measured, 95 % bootstrap over seeds"),
        Line2D([], [], color="#444444", marker="o", markerfacecolor="white", linewidth=0, label="the same, constant α"),
        Line2D([], [], color="#222222", marker="|", markersize=9, linestyle="none", label="proved bound, same window"),
        Line2D([], [], color="#222222", linestyle="--", linewidth=1, label="-1/2"),
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    canvas.suptitle("How fast the average squared gradient falls, against the proved 1/2", fontsize=10.5)


figure = Figure("rate-exponents", "Fitted rate exponents against the proved 1/2", compute, claims, draw, caption)
