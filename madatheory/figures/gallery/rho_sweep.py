"""Error bounds and measured error of the Adam-AVGrad interpolation, rho from 0 to 1."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from madatheory.engine.statistic import largest_gradient
from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.problems.catalogue import list_problems
from madatheory.statistics.intervals import t_interval
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.evaluate import evaluate, right_side
from madatheory.theory.theorem import Setting
from madatheory.theory.verdict import comparisons_per_setting, judge

PROBLEMS = (
    ("pseudo-huber", {"d": 10, "noise": "rademacher", "scale": 1.0}),
    ("ratio", {"d": 10, "noise": "rare-large", "scale": 0.5}),
)
SETTINGS = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.9, "eps": 1e-4}
CONFIDENCE = 0.99


def _sweep(run: Run, name: str, options: dict[str, Any], rhos: np.ndarray, times: np.ndarray) -> dict[str, Any]:
    """Measured average, both forms of T6's bound and the verdict for every rho on one problem."""
    theorem, problem = list_theorems()["interpolation-rate"], list_problems()[name].make(options)
    method, steps, seeds = theorem.method(), int(times[-1]), run.pick(256, 2048, 8192)
    # the last data-dependent level is the tightest one that still starts from constants
    data_bound = theorem.measured[-1]
    statistics = {s.name: s for level in theorem.measured for s in level.statistics}
    statistics |= {largest_gradient.name: largest_gradient}
    data = run.simulate(
        problem,
        method,
        steps,
        num_trajectories=seeds,
        seed=run.seed,
        settings={**SETTINGS, "rho": tuple(rhos)},
        statistics=tuple(statistics.values()),
        save_at=times,
    )
    claimed = len(PROBLEMS) * len(rhos) * comparisons_per_setting(theorem, len(times))
    rows: dict[str, list[Any]] = {"mean": [], "low": [], "high": [], "data": [], "outcome": []}
    for rho in rhos:
        part = data.sel(rho=rho).transpose("seed", "t", ...)
        hyper = method.hyper({**SETTINGS, "rho": float(rho)})
        verdict = judge(theorem, problem, method, hyper, part, steps=steps, confidence=CONFIDENCE, claims=claimed)
        levels = evaluate(theorem, Setting(problem, method, hyper, steps), part, (theorem.left, data_bound))
        interval = t_interval(levels[theorem.left.name])
        rows["mean"].append(interval.mean)
        rows["low"].append(interval.low)
        rows["high"].append(interval.high)
        rows["data"].append(np.mean(levels[data_bound.name], axis=0))
        rows["outcome"].append(verdict.outcome)
    fine = np.linspace(0, 1, run.pick(51, 201, 401))
    prior = [right_side(theorem, Setting(problem, method, {**SETTINGS, "rho": float(r)}, steps), times) for r in fine]
    outcome = rows.pop("outcome")
    return {
        "problem": name,
        "summary": problem.summary,
        "noise": f"{options['noise']} noise {options['scale']:g}, d = {options['d']}",
        "seeds": seeds,
        "fine": fine,
        "prior": np.array(prior).T,
        "outcome": outcome,
        **{key: np.array(value).T for key, value in rows.items()},
    }


def compute(run: Run) -> Numbers:
    """Two problems, two horizons."""
    rhos = run.pick(np.linspace(0, 1, 3), np.linspace(0, 1, 11), np.linspace(0, 1, 21)).round(4)
    times = np.array(run.pick((30, 100), (300, 3000), (300, 10_000)))
    cases = []
    for number, (name, options) in enumerate(PROBLEMS):
        run.report(number, len(PROBLEMS), name)
        cases.append(_sweep(run, name, options, rhos, times))
    run.report(len(PROBLEMS), len(PROBLEMS), "done")
    return {**SETTINGS, "rho": rhos, "T": times, "confidence": CONFIDENCE, "cases": cases}


def _lowest(n: Numbers, case: Numbers) -> list[float]:
    """The rho at which the a-priori bound is smallest, for every T."""
    return [case["fine"][int(np.argmin(row))] for row in case["prior"]]


def claims(n: Numbers) -> Sequence[Claim]:
    """The a-priori bound is smallest at an end point; both forms hold at every rho."""
    found = []
    for case in n["cases"]:
        lowest, outcome = _lowest(n, case), case["outcome"]
        held = sum(o == "holds" for o in outcome)
        found += [
            Claim(
                f"{case['problem']}: among constant rho the a-priori bound is smallest at an end point, at every T "
                "drawn",
                all(rho in (0.0, 1.0) for rho in lowest),
                "smallest at "
                + ", ".join(f"rho = {rho:g} for T = {T:,}" for rho, T in zip(lowest, n["T"], strict=True)),
            ),
            Claim(
                f"{case['problem']}: the a-priori bound holds at every rho of the grid, and so does the "
                "data-dependent one "
                f"(distribution-free, all together with confidence {100 * n['confidence']:g} %)",
                held == len(outcome),
                f"{held} of {len(outcome)} hold; " + ", ".join(sorted(set(outcome))),
            ),
        ]
    return found


def draw(canvas: Canvas, n: Numbers) -> None:
    """Rows: horizons. Columns: problems."""
    canvas.set_size_inches(8.6, 5.4)
    axes = canvas.subplots(len(n["T"]), len(n["cases"]), sharex=True, sharey="row", squeeze=False)
    for j, case in enumerate(n["cases"]):
        for i, T in enumerate(n["T"]):
            one = axes[i, j]
            one.plot(case["fine"], case["prior"][i], color=colour("bound"), ls="--", label="a-priori bound T6")
            one.plot(
                n["rho"],
                case["data"][i],
                color=colour("adagrad"),
                marker="s",
                ms=3,
                label="data-dependent bound T6 (mean)",
            )
            one.plot(
                n["rho"], case["mean"][i], color=colour("adam-avgrad"), marker="o", ms=3, label="measured (1/T) Σ |∇F|²"
            )
            one.fill_between(n["rho"], case["low"][i], case["high"][i], color=colour("adam-avgrad"), alpha=0.3, lw=0)
            lowest = int(np.argmin(case["prior"][i]))
            one.plot(
                case["fine"][lowest],
                case["prior"][i][lowest],
                "v",
                color=colour("bound"),
                ms=7,
                label="smallest a-priori bound",
                clip_on=False,
            )
            one.set(yscale="log", xlim=(0, 1))
            one.set_title(f"T = {T:,}" if i else f"{case['summary']}\n{case['noise']}\nT = {T:,}")
        axes[-1, j].set_xlabel("ρ  (0: AVGrad, 1: Adam)")
    for row in axes:
        row[0].set_ylabel("average squared gradient")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside lower center", ncols=4)


def _best(n: Numbers) -> str:
    """Where the error is smallest at the last T, per problem."""
    parts = []
    for case in n["cases"]:
        last = case["mean"][-1]
        rho = n["rho"][int(np.argmin(last))]
        parts.append(f"ρ = {rho:g} on {case['problem']}, {max(last) / min(last):.2g} times below the largest")
    return f" (at T = {n['T'][-1]:,}: " + "; ".join(parts) + ")"


def _bump(n: Numbers, key: str) -> float:
    """The largest value over rho, divided by the larger of those at the ends; the largest over problems and T."""
    return max(max(row) / max(row[0], row[-1]) for case in n["cases"] for row in case[key])


def caption(n: Numbers) -> str:
    """What interpolation does to the bound and to the error."""
    case = n["cases"][0]
    ends = sorted({rho for c in n["cases"] for rho in _lowest(n, c)})
    where = " and ".join({0.0: "ρ = 0 (AVGrad)", 1.0: "ρ = 1 (Adam)"}.get(r, f"ρ = {r:g}") for r in ends)
    return (
        "What a constant ρ does to the bound T6 and to the error: among constant ρ the a-priori bound is smallest at "
        "an end "
        f"point (here {where}); the bump inside, up to {_bump(n, 'prior'):.2g} times the larger end, is the proof's "
        "and not the "
        f"method's: for the data-dependent bound it is {_bump(n, 'data'):.2g}, for the error {_bump(n, 'mean'):.2g}. "
        f"Which ρ has the smallest error depends on the problem{_best(n)}. Bands (mostly thinner than "
        "the lines): 95 % t-interval over "
        f"{case['seeds']} seeds; β₁ = 0, β₂ = {n['beta2']:g}, α = {n['alpha']:g}, ε = {n['eps']:g}."
    )


rho_sweep = Figure(
    "rho-sweep",
    "Bounds and error of the interpolation from AVGrad to Adam",
    compute,
    claims,
    draw,
    caption,
)
