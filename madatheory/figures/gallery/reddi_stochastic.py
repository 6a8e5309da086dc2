"""The stochastic problem of Reddi, Kale and Kumar, with the regret bounds on every path."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.problems.catalogue import get_problem
from madatheory.statistics.intervals import t_interval
from madatheory.studies.theory.regret import METHODS, regret_curves

TITLES = {"adam": "Adam", "amsgrad": "AMSGrad", "avgrad": "AVGrad"}
EPS, BETA2, ALPHA, MOMENTUM, CONFIDENCE = 1e-8, 0.99, 1.0, 0.9, 0.99
FIRST = 1000  # before, every method is anywhere in the box


def _band(values: np.ndarray) -> dict[str, np.ndarray]:
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    return {"mean": values.mean(axis=0), "low": low, "high": high}


def compute(run: Run) -> Numbers:
    """Iterates and average regret of the three methods on the same noise, with and without momentum."""
    problem = get_problem("reddi-stochastic")
    steps, seeds = run.pick(200_000, 3_000_000, 30_000_000), run.pick(64, 256, 1024)
    times = np.unique(np.round(np.geomspace(FIRST, steps, run.pick(12, 40, 80))).astype(int))
    methods: dict[str, Any] = {}
    for number, method in enumerate(METHODS):
        run.report(number, len(METHODS), TITLES[method])
        found = regret_curves(
            run.simulate,
            problem,
            method,
            times=times,
            settings={"alpha": ALPHA, "beta2": BETA2, "eps": EPS},
            momenta=(0.0, MOMENTUM),
            num_trajectories=seeds,
            seed=run.seed,
        )
        methods[method] = {}
        for beta1, c in found.items():
            last = t_interval(c.x[:, -1], CONFIDENCE)
            methods[method][f"{beta1:g}"] = {
                "x": _band(c.x),
                "average_regret": _band(c.average_regret),
                "last_x": [float(last.mean), float(last.low), float(last.high)],
                "bound": None if c.bound is None else c.bound.mean(axis=0),
                "worst": None if c.bound is None else float(np.max(c.average_regret / c.bound)),
            }
    run.report(len(METHODS), len(METHODS), "done")
    mean = -problem.constants.F_star.value if problem.constants is not None else float("nan")
    return {"summary": problem.summary, "t": times, "seeds": seeds, "stuck": 2 * mean, "methods": methods}


def claims(n: Numbers) -> Sequence[Claim]:
    """Adam's mean iterate on the wrong side, the others' on the right one with less regret; T9 on every path."""
    level = f"{100 * CONFIDENCE:g} % t-interval over {n['seeds']} seeds"
    adam = n["methods"]["adam"]["0"]
    found = [
        Claim(
            f"Adam (beta1 = 0): the mean of x_T is on the wrong side of 0 ({level})",
            adam["last_x"][1] > 0,
            f"mean {adam['last_x'][0]:.2f} in [{adam['last_x'][1]:.2f}, {adam['last_x'][2]:.2f}]",
        )
    ]
    for method in ("amsgrad", "avgrad"):
        curve = n["methods"][method]["0"]
        ours, theirs = curve["average_regret"]["mean"][-1], adam["average_regret"]["mean"][-1]
        found += [
            Claim(
                f"{TITLES[method]} (beta1 = 0): the mean of x_T is on the right side of 0 ({level}) and the mean "
                "average "
                "regret is less than Adam's",
                curve["last_x"][2] < 0 and ours < theirs,
                f"mean {curve['last_x'][0]:.2f} in [{curve['last_x'][1]:.2f}, {curve['last_x'][2]:.2f}]; regret/t "
                f"{ours:.3g}, "
                f"Adam's {theirs:.3g}",
            ),
            Claim(
                f"{TITLES[method]} (beta1 = 0): the regret is below T9's bound on every path at every recorded time",
                curve["worst"] <= 1,
                f"largest regret/bound over {n['seeds']} paths {curve['worst']:.3g}",
            ),
        ]
    return found


def draw(canvas: Canvas, n: Numbers) -> None:
    """Left: iterate. Right: average regret with T9's bounds. Bands: 5 % to 95 % of the seeds."""
    canvas.set_size_inches(8.8, 4.0)
    left, right = canvas.subplots(1, 2)
    t = np.array(n["t"])
    for method, curves in n["methods"].items():
        for beta1, curve in curves.items():
            momentum = beta1 != "0"
            style = {"color": colour(method), "ls": ":" if momentum else "-"}
            label = f"{TITLES[method]}, β₁ = {beta1}"
            for axes, key in ((left, "x"), (right, "average_regret")):
                mean, low, high = (np.array(curve[key][k]) for k in ("mean", "low", "high"))
                positive = mean > 0 if axes is right else np.isfinite(mean)
                axes.plot(t, np.where(positive, mean, np.nan), label=label, **style)
                if not momentum:
                    floor = 1e-12 if axes is right else -np.inf
                    axes.fill_between(t, np.maximum(low, floor), high, color=colour(method), alpha=0.1, lw=0)
                    for edge in (low, high):
                        axes.plot(t, np.maximum(edge, floor), color=colour(method), lw=0.6, alpha=0.7)
    for method, curves in n["methods"].items():
        bound = curves["0"]["bound"]
        if bound is not None:
            label = f"bound T9, {TITLES[method]}"
            right.plot(t, bound, color=colour(method), ls="--", lw=1.1, label=label)
    right.axhline(n["stuck"], color=colour("other"), lw=0.9, ls="-.", label="staying at +1")
    left.set(xscale="log", xlim=(t[0], t[-1]), ylim=(-1.08, 1.08), xlabel="t", ylabel="$x_t$   (−1 is best)")
    left.set_title(n["summary"])
    right.set(
        xscale="log",
        xlim=(t[0], t[-1]),
        yscale="log",
        xlabel="t",
        ylabel="average regret, regret / t",
        ylim=(n["stuck"] / 50, None),
    )
    right.set_title(f"αₜ = {ALPHA:g}/√t, β₂ = {BETA2:g}; mean, 5 to 95 % of {n['seeds']} seeds")
    handles, labels = right.get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside lower center", ncols=5)


def caption(n: Numbers) -> str:
    """What goes where."""
    last = {m: c["0"]["last_x"][0] for m, c in n["methods"].items()}
    return (
        "The stochastic problem of Reddi, Kale and Kumar (2018), slope 1010 with probability 0.01 and −10 otherwise, "
        "so −1 is "
        f"best: at t = {n['t'][-1]:,} the mean of x_t over {n['seeds']} seeds is {last['adam']:.2f} for Adam, "
        f"{last['amsgrad']:.2f} for AMSGrad and {last['avgrad']:.2f} for AVGrad (β₁ = 0). The regret against the "
        "best point "
        f"in hindsight stays below T9's bound on every path (dashed: mean of the bound). Dotted: β₁ = {MOMENTUM}, "
        "which T9 "
        "does not cover."
    )


reddi_stochastic = Figure(
    "reddi-stochastic",
    "Adam fails on a stochastic problem, AMSGrad and AVGrad do not",
    compute,
    claims,
    draw,
    caption,
)
