"""How the bounds and the measured average squared gradient depend on beta2, eps, d and alpha."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.catalogue import list_problems
from madatheory.problems.problem import Problem
from madatheory.statistics.intervals import t_interval
from madatheory.studies.theory.convergence import bounds_at, is_published_constants
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Setting, Theorem
from madatheory.theory.verdict import comparisons_per_setting, judge, statistics_of

METHODS = {"avgrad": "T5", "amsgrad": "T5A"}
CENTRE = {"alpha": 0.1, "beta1": 0.0, "beta2": 0.99, "eps": 1e-4}
DIMENSION = 10
CONFIDENCE = 0.99
AXES: Mapping[str, str] = {
    "beta2": "1 − β2",
    "eps": "ε",
    "d": "dimension d",
    "alpha": "step size α",
}
_STYLES = {"old": "--", "new": "-", "data": ":"}


class _Use(NamedTuple):
    """A method, its theorems, the number of steps, and how many inequalities the figure claims together."""

    optimizer: Optimizer
    theorems: Sequence[Theorem]
    steps: int
    claimed: int


def _grid(profile_points: int) -> dict[str, list[float]]:
    return {
        "beta2": [1 - w for w in np.geomspace(1e-4, 1, profile_points).tolist()],
        "eps": np.geomspace(1e-12, 1, profile_points).tolist(),
        "alpha": np.geomspace(1e-3, 10, profile_points).tolist(),
    }


def compute(run: Run) -> Numbers:
    """For every axis and method: measured mean and bounds at every point, the other quantities at the centre."""
    steps, seeds, points = run.pick((200, 32, 5), (2000, 1536, 9), (30_000, 4096, 25))
    axes = {**_grid(points), "d": list(run.pick((1, 4), (1, 4, 16, 64, 256), (1, 4, 16, 64, 256, 1024)))}
    known = {method: [t for t in list_theorems().values() if t.label == label] for method, label in METHODS.items()}
    per_method = sum(len(values) for values in axes.values())
    claimed = sum(comparisons_per_setting(t, 1) * per_method for ts in known.values() for t in ts)

    def simulated(problem: Problem, settings: Mapping[str, Any], use: _Use) -> xr.Dataset:
        return run.simulate(
            problem,
            use.optimizer,
            steps,
            num_trajectories=seeds,
            seed=run.seed,
            settings=settings,
            statistics=statistics_of(use.theorems),
        )

    curves = []
    for method, statements in known.items():
        optimizer = list_optimizers()[method].make({"schedule": "inverse_sqrt"})

        use = _Use(optimizer, statements, steps, claimed)
        centre = list_problems()["ratio"].make({"d": DIMENSION, "noise": "uniform", "scale": 1.0})
        for axis, values in axes.items():
            run.report(len(curves), len(METHODS) * len(axes), f"{method}: {axis}")
            if axis == "d":
                found = []
                for d in values:
                    problem = list_problems()["ratio"].make({"d": d, "noise": "uniform", "scale": 1.0})
                    found.append(_point(d, problem, CENTRE, use, simulated(problem, CENTRE, use)))
            else:
                data = simulated(centre, {**CENTRE, axis: tuple(values)}, use)
                found = [_point(v, centre, {**CENTRE, axis: v}, use, data.sel({axis: v})) for v in values]
            curves.append({"axis": axis, "method": method, "points": found})
    return {
        "curves": curves,
        "steps": steps,
        "seeds": seeds,
        "confidence": CONFIDENCE,
        "centre": {**CENTRE, "d": DIMENSION},
    }


def _point(
    value: float, problem: Problem, settings: Mapping[str, float], use: _Use, data: xr.Dataset
) -> dict[str, Any]:
    setting = Setting(problem, use.optimizer, use.optimizer.hyper(settings), use.steps)
    times, statements = data["t"].values, use.theorems
    verdicts = [
        judge(
            t,
            problem,
            use.optimizer,
            setting.hyper,
            data,
            steps=use.steps,
            confidence=CONFIDENCE,
            claims=use.claimed,
        )
        for t in statements
    ]
    found = {t.name: bounds_at(t, setting, times, data) for t in statements}
    new = [found[t.name] for t in statements if not is_published_constants(t)]
    old = [found[t.name] for t in statements if is_published_constants(t)]
    mean, low, high = t_interval(data["mean_squared_gradient"].values[:, -1])
    return {
        "value": value,
        "mean": mean,
        "low": low,
        "high": high,
        "new": min((b["prior"][-1] for b in new), default=None),
        "old": min((b["prior"][-1] for b in old), default=None),
        "data": min((b["data"][-1] for b in new if b["data"] is not None), default=None),
        "outcomes": [v.outcome for v in verdicts],
        "reasons": [v.reason for v in verdicts if v.outcome != "holds"],
    }


def _curve(numbers: Numbers, axis: str, method: str) -> list[Mapping[str, Any]]:
    return next(c["points"] for c in numbers["curves"] if (c["axis"], c["method"]) == (axis, method))


def _growth(points: Sequence[Mapping[str, Any]], key: str) -> float:
    """largest/smallest over the axis."""
    values = [p[key] for p in points]
    return max(values) / min(values)


def _slope(points: Sequence[Mapping[str, Any]], key: str) -> float:
    x = np.log([p["value"] for p in points])
    return float(np.polyfit(x, np.log([p[key] for p in points]), 1)[0])


def claims(numbers: Numbers) -> list[Claim]:
    """No bound violated; logarithmic in eps; linear in d; the measured value is flatter in beta2 than the bound."""
    outcomes = [(c, p, o) for c in numbers["curves"] for p in c["points"] for o in p["outcomes"]]
    wrong = [
        f"{c['method']}, {c['axis']} = {p['value']:.3g}: {o}"
        for c, p, o in outcomes
        if o not in ("holds", "inconclusive")
    ]
    counts = ", ".join(f"{sum(o == kind for *_, o in outcomes)} {kind}" for kind in ("holds", "inconclusive"))
    above = [
        bound / p["high"]
        for c in numbers["curves"]
        for p in c["points"]
        for bound in (p["new"], p["old"], p["data"])
        if bound is not None
    ]
    found = [
        Claim(
            f"no bound is violated at any point, with confidence {100 * numbers['confidence']:g} % together",
            bool(outcomes) and not wrong,
            "; ".join(wrong[:3]) or f"{counts} (an interval wider than the bound: more seeds decide)",
        ),
        Claim(
            "every bound lies above the upper end of the measured 95 % t-interval",
            bool(above) and min(above) > 1,
            f"smallest bound/upper end {min(above, default=np.nan):.3g} of {len(above)}",
        ),
    ]
    for method, label in METHODS.items():
        eps, d, beta2 = (_curve(numbers, axis, method) for axis in ("eps", "d", "beta2"))
        small = eps[: (len(eps) + 1) // 2]
        power = _slope(small, "new")
        found.append(
            Claim(
                f"{label} ({method}): as ε goes to 0 the bound grows like a logarithm, slower than ε^(-1/10)",
                -0.1 < power <= 0,
                f"log-log slope {power:.3f} for ε from {small[0]['value']:.0e} to {small[-1]['value']:.0e}, "
                f"bound × {_growth(small, 'new'):.3g}",
            )
        )
        slope = _slope(d, "new")
        flat = [p["mean"] / p["value"] for p in d]
        width = [(p["high"] - p["low"]) / 2 / p["value"] for p in d]
        apart = max(abs(a - flat[0]) / np.hypot(w, width[0]) for a, w in zip(flat[1:], width[1:], strict=True))
        found.append(
            Claim(
                f"{label} ({method}): bound and measurement are linear in d on this separable problem",
                abs(slope - 1) < 1e-3 and apart < 2,
                f"slope of the bound {slope:.4g}, of the measurement {_slope(d, 'mean'):.3g}; measured/d differs from "
                f"d = {d[0]['value']:g} by at most {apart:.2g} half-widths of 95 % t-intervals",
            )
        )
        bound, measured = _growth(beta2, "new"), _growth(beta2, "mean")
        found.append(
            Claim(
                f"{label} ({method}): the bound varies more with β2 than the measurement",
                bound > measured,
                f"largest/smallest: bound {bound:.3g}, measured {measured:.3g}",
            )
        )
    return found


def caption(numbers: Numbers) -> str:
    """What is drawn, and the finding of each panel."""
    centre = numbers["centre"]
    eps = {method: _growth(_curve(numbers, "eps", method), "new") for method in METHODS}
    best = {key: min(_curve(numbers, "alpha", "avgrad"), key=lambda p: p[key])["value"] for key in ("new", "mean")}
    return (
        f"Proved bounds and measured (1/T) Σ E|∇F|² of AVGrad and AMSGrad after T = {numbers['steps']} steps on "
        f"Σ x²/(1+x²) with uniform noise; one quantity moves at a time from β2 = {centre['beta2']:g}, "
        f"ε = {centre['eps']:g}, d = {centre['d']}, α = {centre['alpha']:g} ({numbers['seeds']} seeds, 95 % "
        "t-intervals "
        f"over seeds). Over twelve decades of ε the bounds grow by factors {eps['avgrad']:.2g} (AVGrad) and "
        f"{eps['amsgrad']:.2g} (AMSGrad), bound and measurement are linear in d, and AVGrad's bound is smallest at "
        f"α = {best['new']:.2g}, the measurement at α = {best['mean']:.2g}."
    )


def _panel(axes: Axes, numbers: Numbers, axis: str) -> None:
    for method in METHODS:
        points = _curve(numbers, axis, method)
        x = [1 - p["value"] if axis == "beta2" else p["value"] for p in points]
        tint = colour(method)
        for key, style in _STYLES.items():
            if points[0][key] is not None:
                axes.plot(x, [p[key] for p in points], color=tint, linestyle=style, linewidth=1.2)
        mean = np.array([p["mean"] for p in points])
        error = [mean - [p["low"] for p in points], [p["high"] for p in points] - mean]
        axes.errorbar(x, mean, yerr=error, color=tint, marker="o", markersize=3, linewidth=1.8, capsize=1.5)
    axes.set(xscale="log", yscale="log", xlabel=AXES[axis])
    centre = numbers["centre"][axis]
    axes.axvline(1 - centre if axis == "beta2" else centre, color="#999999", linewidth=0.7, linestyle=(0, (1, 3)))


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """Four panels, one per quantity."""
    canvas.set_size_inches(9.0, 6.4)
    for index, axis in enumerate(AXES):
        axes = canvas.add_subplot(2, 2, index + 1)
        _panel(axes, numbers, axis)
        if index % 2 == 0:
            axes.set_ylabel("(1/T) Σ E|∇F|²")
    handles = [
        Line2D([], [], color=colour(m), linewidth=3, label=n) for m, n in (("avgrad", "AVGrad"), ("amsgrad", "AMSGrad"))
    ]
    handles += [
        Line2D([], [], color="#444444", linestyle="-", marker="o", markersize=3, linewidth=1.8, label="measured"),
        Line2D([], [], color="#444444", linestyle=":", linewidth=1.2, label="data-dependent bound"),
        Line2D([], [], color="#444444", linestyle="-", linewidth=1.2, label="bound (AVGrad: constants (1, 2/5))"),
        Line2D([], [], color="#444444", linestyle="--", linewidth=1.2, label="constants (1/2, 2)"),
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, columnspacing=1.2)
    canvas.suptitle(f"Dependence of bounds and measurement on β2, ε, d and α (T = {numbers['steps']})", fontsize=10.5)


figure = Figure("dependence", "Dependence on beta2, eps, d and alpha", compute, claims, draw, caption)
