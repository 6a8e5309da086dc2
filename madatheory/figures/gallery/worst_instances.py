"""The worst functions that were found, and the runs on them: which inequality of a proof is tight, and why."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.engine.statistic import latest, mean_squared_gradient, total
from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.theory.catalogue import list_theorems
from madatheory.worst.instance_file import worst_of

THEOREMS = (
    "adam-published-rate",
    "avgrad-rate",
    "avgrad-horizon-rate",
    "amsgrad-monotone-rate",
    "adam-constant-step-rate",
)
STEEP = 0.99  # a slope of this share of the steepest is called full
POSITION = latest("position", "x_{t-1}", lambda e: e.x[0])
SLOPE = latest("slope", "F'(x_{t-1})", lambda e: e.grad[0])


def compute(run: Run) -> Numbers:
    """F' and F of the gallery's instances in units L = G = 1, and the run on each."""
    cases = []
    chosen = run.pick(THEOREMS[2:3], THEOREMS, THEOREMS)
    for done, name in enumerate(chosen):
        run.report(done, len(chosen), name)
        theorem, entry = list_theorems()[name], worst_of(name)
        assert entry is not None
        problem, method = entry.make(), theorem.optimizer()
        assert problem.constants is not None
        L, G = problem.constants.L.value, problem.constants.G.value
        full = total(
            "on_full_slope",
            f"squared gradient of steps with |F'| >= {STEEP} G",
            lambda e, G=G: jnp.where(jnp.abs(e.grad[0]) >= STEEP * G, e.grad[0] ** 2, 0.0),
            mean=True,
        )
        data = run.simulate(
            problem,
            method,
            entry.steps,
            num_trajectories=2,
            settings=dict(entry.settings),
            statistics=(POSITION, SLOPE, full, mean_squared_gradient),
            save_at=np.unique(np.geomspace(1, entry.steps, run.pick(40, 160, 400)).round().astype(int)),
        )
        measured = {key: data[key].values[0] for key in data.data_vars}
        x = measured["position"]
        margin = 0.1 * (x.max() - x.min()) + 0.3 * G / L
        at = np.linspace(x.min() - margin, x.max() + margin, 201)
        cases.append(
            {
                "theorem": name,
                "label": theorem.label,
                "optimizer": method.name,
                "hyper": dict(entry.settings),
                "steps": entry.steps,
                "ratio": entry.ratio,
                "gap": problem.gap * L / G**2,
                "on_full_slope": measured["on_full_slope"][-1] / measured["mean_squared_gradient"][-1],
                "curve": _curve(problem, at, L, G),
                "run": {"t": data["t"].values, **_curve(problem, x, L, G)},
            }
        )
    return {"cases": cases}


def _curve(problem: Any, x: np.ndarray, L: float, G: float) -> dict[str, np.ndarray]:
    """F above its infimum and F' at points, in units."""
    value, slope = np.asarray(problem.value(x[None])), np.asarray(problem.full_gradient(x[None]))[0]
    return {"x": x * L / G, "F": (value + problem.gap) * L / G**2, "slope": slope / G}


def _left_over(case: Mapping[str, Any]) -> float:
    """(F(x) - inf F)/D0 at the last step."""
    return case["run"]["F"][-1] / case["gap"]


def claims(numbers: Numbers) -> list[Claim]:
    """The left side is made on the slope, the run ends at the bottom, and on the way there x never turns back."""
    cases = numbers["cases"]
    steep = ", ".join(f"{c['label']} {100 * c['on_full_slope']:.3g} %" for c in cases)
    ends = ", ".join(f"{c['label']} {100 * _left_over(c):.2g} %" for c in cases)
    turned = [c["label"] for c in cases if not _one_way(c)]
    return [
        Claim(
            "most of every left side, seven tenths or more, is made where |F'| is as large as G allows",
            min(c["on_full_slope"] for c in cases) >= 0.7,
            steep,
        ),
        Claim(
            "F >= inf F is nearly an equality: at the last step at most a twentieth of F(x_0) - inf F is left",
            max(map(_left_over, cases)) <= 0.05,
            f"left: {ends}",
        ),
        Claim(
            "no run turns back before it has passed the minimum",
            not turned,
            ", ".join(turned) or f"{len(cases)} runs",
        ),
    ]


def _one_way(case: Mapping[str, Any]) -> bool:
    """Whether x is monotone while the slope has the sign that it has at the start."""
    x, slope = np.array(case["run"]["x"]), np.array(case["run"]["slope"])
    ahead = x[slope * slope[0] > 0]
    return bool(np.all(np.diff(ahead) * slope[0] < 0))


def caption(numbers: Numbers) -> str:
    """What the functions have in common, and what is tight on them."""
    cases = numbers["cases"]
    flat = [
        f"{c['label']} at |F'| = {abs(c['run']['slope'][0]):.1g} G" for c in cases if abs(c["run"]["slope"][0]) < 0.1
    ]
    start = (
        " Where α/√t makes the first steps the longest, it begins on a flat maximum, which wastes them "
        f"({', '.join(flat)})."
        if flat
        else ""
    )
    return (
        "The worst instances found, certified, and the runs on them: F' and F (grey), the points of the run "
        "(coloured, thinned; ring: start), and |F'| along it; L = G = 1. Each function is a slope of the steepest F' "
        f"that A2 allows, {min(c['gap'] for c in cases):.3g} to {max(c['gap'] for c in cases):.3g} high, that bends "
        f"with L into the minimum.{start} {100 * min(c['on_full_slope'] for c in cases):.0f} % and more of the left "
        "side come from the slope, and the run arrives when its steps are used up: "
        f"{100 * max(map(_left_over, cases)):.2g} % or less of F(x₀) − inf F are left. So |F'| ≤ G and F ≥ inf F are "
        "nearly equalities; where the rest is lost shows slack-waterfall."
    )


def _panels(axes: list[Axes], case: Mapping[str, Any]) -> None:
    tint = colour(case["optimizer"])
    curve, run = case["curve"], case["run"]
    for panel, key in zip(axes, ("slope", "F"), strict=False):
        panel.plot(curve["x"], curve[key], color="#888888", linewidth=1.1)
        panel.plot(run["x"], run[key], ".", color=tint, markersize=3.5)
        panel.plot(run["x"][0], run[key][0], "o", color=tint, markersize=6, markerfacecolor="white")
    axes[2].semilogx(run["t"], np.abs(run["slope"]), color=tint)
    axes[0].set_ylim(-1.15, 1.15)
    axes[1].set_xlabel("x (in units G/L)")
    axes[2].set(ylim=(-0.05, 1.15), xlabel="t (steps)")
    axes[0].sharex(axes[1])
    axes[0].tick_params(labelbottom=False)
    hyper = case["hyper"]
    signs = {"alpha": "α", "eps": "ε", "beta1": "β1", "beta2": "β2"}
    own = [f"{sign} = {hyper[name]:.3g}" for name, sign in signs.items() if hyper.get(name, 0) > 1e-6]
    head = f"{case['label']}, {case['optimizer'].split(':')[0]}: {case['ratio']:.3f}"
    axes[0].set_title("\n".join([head, ", ".join(own[:2]), ", ".join(own[2:])]), fontsize=7.5, color=tint)


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """A column per theorem: F', F with the run, and |F'| along it."""
    canvas.set_size_inches(10.0, 6.2)
    grid = canvas.subplots(3, len(numbers["cases"]), squeeze=False)
    for column, case in enumerate(numbers["cases"]):
        _panels([grid[row][column] for row in range(3)], case)
    for row, text in enumerate(("F' / G", "(F − inf F) L/G²", "|F'(x)| / G along the run")):
        grid[row][0].set_ylabel(text)
    steps = numbers["cases"][0]["steps"]
    canvas.suptitle(
        f"The worst instances found at T = {steps} and the runs on them (left/right behind the name)", fontsize=10
    )


figure = Figure("worst-instances", "The worst functions that were found", compute, claims, draw, caption)
