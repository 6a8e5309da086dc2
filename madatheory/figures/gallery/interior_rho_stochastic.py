"""A stochastic instance, constructed on purpose: an interior rho beats both end points, a moving rho beats all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run, Tolerance
from madatheory.figures.style import colour
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.problems.catalogue import get_problem
from madatheory.statistics.intervals import t_interval
from madatheory.studies.theory.tuning import Tuned, tune

BETA2, EPS, STEPS, SWITCH, CONFIDENCE = 0.99, 1e-8, 2000, 0.9, 0.999


def _summary(tuned: Tuned) -> dict[str, Any]:
    interval = t_interval(tuned.errors, CONFIDENCE)
    return {
        "alpha": tuned.alpha,
        "interior": tuned.interior,
        "candidates": tuned.candidates,
        "mean": float(interval.mean),
        "low": float(interval.low),
        "high": float(interval.high),
    }


def _advantage(worse: Tuned, better: Tuned) -> list[float]:
    """Interval of the mean paired difference: positive when `better` has the smaller error."""
    interval = t_interval(worse.errors - better.errors, CONFIDENCE)
    return [float(interval.low), float(interval.high)]


def compute(run: Run) -> Numbers:
    """alpha tuned for every rho and for the switch; F(x_T) on fresh seeds; paired differences."""
    problem = get_problem("cliff-noise-steep")
    rhos = run.pick(
        (0.0, 0.9, 1.0),
        (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.98, 1.0),
        (*(i / 20 for i in range(18)), 0.88, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 1.0),
    )
    alphas = np.geomspace(0.3, 3.0, run.pick(10, 24, 64))
    common: dict[str, Any] = {
        "steps": STEPS,
        "alphas": alphas,
        "tuning_seeds": run.pick(64, 512, 1024),
        "fresh_seeds": run.pick(512, 16384, 65536),
        "seed": run.seed,
    }
    settings = {"beta1": 0.0, "beta2": BETA2, "eps": EPS}
    run.report(0, 2, "constant rho")
    constant = get_optimizer("adam-avgrad:schedule=inverse_sqrt")
    by_rho = {
        key[0]: t
        for key, t in tune(run.simulate, problem, constant, settings=settings, over={"rho": rhos}, **common).items()
    }
    run.report(1, 2, "switched rho")
    moving = get_optimizer("adam-avgrad-switch:schedule=inverse_sqrt")
    switched = tune(run.simulate, problem, moving, settings={**settings, "switch": SWITCH}, **common)[()]
    run.report(2, 2, "done")
    # chosen on the tuning seeds, so that the fresh ones judge it without bias
    best = min((r for r in rhos if 0 < r < 1), key=lambda r: float(np.min(by_rho[r].candidates)))
    return {
        "beta2": BETA2,
        "steps": STEPS,
        "switch": SWITCH,
        "confidence": CONFIDENCE,
        "tuning_seeds": common["tuning_seeds"],
        "fresh_seeds": common["fresh_seeds"],
        "noise": dict(problem.parameters),
        "alphas": alphas,
        "rho": rhos,
        "constant": [_summary(by_rho[r]) for r in rhos],
        "switched": _summary(switched),
        "best_rho": best,
        "best_against_ends": {f"{r:g}": _advantage(by_rho[r], by_rho[best]) for r in (0.0, 1.0)},
        "switch_against": [_advantage(by_rho[r], switched) for r in rhos],
    }


def claims(n: Numbers) -> Sequence[Claim]:
    """The interior rho beats both ends, the switch every constant rho; no tuned alpha sits at an end of its grid."""
    best, level = n["best_rho"], f"{100 * n['confidence']:g} %"
    mean = dict(zip(n["rho"], n["constant"], strict=True))
    ends = n["best_against_ends"]
    least = min(low for low, _ in n["switch_against"])
    tuned = [*n["constant"], n["switched"]]
    return [
        Claim(
            f"with alpha tuned for every rho, rho = {best:g} has a smaller E F(x_T) than rho = 0 and than rho = 1 "
            f"({level} t-intervals of the paired differences on fresh seeds)",
            all(low > 0 for low, _ in ends.values()),
            f"E F(x_T) = {mean[best]['mean']:.3g} against {mean[0.0]['mean']:.3g} and {mean[1.0]['mean']:.3g}; "
            "differences " + ", ".join(f"[{low:.3g}, {high:.3g}]" for low, high in ends.values()),
        ),
        Claim(
            f"rho_t = 1 until {n['switch']:g} T, then 0, has a smaller E F(x_T) than every constant rho of the grid",
            least > 0,
            f"E F(x_T) = {n['switched']['mean']:.3g}; the smallest lower limit of the paired differences is "
            f"{least:.3g}",
        ),
        Claim(
            "every tuned step size lies inside its grid",
            all(t["interior"] for t in tuned),
            f"alpha from {min(t['alpha'] for t in tuned):.3g} to {max(t['alpha'] for t in tuned):.3g} "
            f"in [{n['alphas'][0]:.3g}, {n['alphas'][-1]:.3g}]",
        ),
    ]


def draw(canvas: Canvas, n: Numbers) -> None:
    """Left: E F(x_T) on fresh seeds over rho, with the switch. Right: the tuning curves."""
    canvas.set_size_inches(8.8, 3.5)
    left, right = canvas.subplots(1, 2)
    rho, best = np.array(n["rho"]), n["best_rho"]
    mean, low, high = (np.array([c[key] for c in n["constant"]]) for key in ("mean", "low", "high"))
    left.fill_between(rho, low, high, color=colour("adam-avgrad"), alpha=0.3, lw=0)
    left.plot(rho, mean, color=colour("adam-avgrad"), marker="o", ms=4, label="constant ρ")
    for at, method, label in ((0.0, "avgrad", "ρ = 0: AVGrad"), (1.0, "adam", "ρ = 1: Adam")):
        left.plot(at, mean[rho == at], "o", ms=7, color=colour(method), label=label, clip_on=False, zorder=4)
    switched = n["switched"]
    shade = colour("adagrad")
    left.axhspan(switched["low"], switched["high"], color=shade, alpha=0.3, lw=0)
    left.axhline(switched["mean"], color=shade, ls="--", label=f"ρₜ: 1 until {n['switch']:g} T, then 0")
    left.set(yscale="log", xlim=(-0.02, 1.02), xlabel="ρ", ylabel="mean of $F(x_T)$ over fresh seeds")
    left.set_ylim(0.6 * switched["low"], 1.6 * high.max())
    left.set_title(f"α tuned for every ρ; bands: {100 * n['confidence']:g} % t-intervals over seeds")
    left.legend(loc="upper left")

    chosen = [(0.0, "avgrad", "ρ = 0"), (best, "adam-avgrad", f"ρ = {best:g}"), (1.0, "adam", "ρ = 1")]
    for value, method, label in chosen:
        case = n["constant"][n["rho"].index(value)]
        right.plot(n["alphas"], case["candidates"], color=colour(method), label=label)
        right.plot(case["alpha"], min(case["candidates"]), "o", ms=5, color=colour(method))
    right.plot(n["alphas"], switched["candidates"], color=shade, ls="--", label="switch")
    right.plot(switched["alpha"], min(switched["candidates"]), "o", ms=5, color=shade)
    right.set(
        xscale="log", yscale="log", xlabel="step size α  (αₜ = α/√t)", ylabel="mean of $F(x_T)$ over tuning seeds"
    )
    right.set_xticks([0.3, 0.5, 1, 2, 3], ["0.3", "0.5", "1", "2", "3"])
    right.minorticks_off()
    right.set_title("the tuning: dots are the chosen step sizes")
    right.set_ylim(top=60)
    right.legend(loc="upper right", ncols=4)


def caption(n: Numbers) -> str:
    """The claim with its numbers, and that the instance was constructed."""
    mean = {r: c["mean"] for r, c in zip(n["rho"], n["constant"], strict=True)}
    return (
        "An instance constructed on purpose, one failure mode per coordinate (a cliff followed by a plateau; noise "
        "around a "
        "minimum; a steep direction almost without noise), on which neither end point is best: with the step size "
        "tuned for "
        f"every ρ on {n['tuning_seeds']} seeds and judged on {n['fresh_seeds']} fresh ones, E F(x_T) at T = "
        f"{n['steps']} is "
        f"{mean[0.0]:.3g} for AVGrad, {mean[1.0]:.3g} for Adam, {mean[n['best_rho']]:.3g} for ρ = {n['best_rho']:g} "
        "and "
        f"{n['switched']['mean']:.3g} for the moving ρₜ (Adam until {n['switch']:g} T, then AVGrad); β₁ = 0, "
        f"β₂ = {n['beta2']:g}. It shows that interior and moving ρ can win, not that they usually do."
    )


interior_rho_stochastic = Figure(
    "interior-rho-stochastic",
    "A constructed instance where an interior and a moving rho win",
    compute,
    claims,
    draw,
    caption,
    tolerance=Tolerance(
        5e-3,
        "at large step sizes the runs are chaotic, so that another rounding moves these means over the tuning seeds by "
        "part of their standard error (0.1 to 0.6 % where rho = 1)",
        ("candidates",),
    ),
)
