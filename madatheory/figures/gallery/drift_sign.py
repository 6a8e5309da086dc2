"""Where the interpolation climbs on the smooth Reddi problem: exact drift against simulation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from scipy.special import stdtrit

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.problems.problem import Problem
from madatheory.studies.theory.drift import (
    TwoPointLaw,
    critical_delta,
    exact_drift,
    far_field,
    simulated_drift,
    sufficient_beta2,
)

C, BETA2, ALPHA, EPS, START = 101.0, 0.99, 1.0, 1e-12, 1e6
FAILURE = 1e-3  # probability that one of all cells' intervals misses, if the seeds' means are normal


def _panel(
    run: Run, problem: Problem, axis: str, values: np.ndarray, steps: int, num_trajectories: int
) -> dict[str, Any]:
    """Exact and simulated drift for every delta of the problem and every value of one hyper-parameter."""
    method = get_optimizer("adam-avgrad:schedule=inverse_sqrt")
    settings = {"alpha": ALPHA, "beta1": 0.0, "beta2": BETA2, "rho": 1.0, "eps": EPS, axis: tuple(values)}
    drift = simulated_drift(
        run.simulate, method, problem, steps=steps, num_trajectories=num_trajectories, seed=run.seed, settings=settings
    )
    drift = drift.transpose(axis, "coordinate", "seed")
    deltas = problem.parameters["deltas"]
    points = [{"rho": 1.0, "beta2": BETA2, axis: value} for value in values]
    exact = [[exact_drift(p["rho"], p["beta2"], TwoPointLaw(C, delta)) for delta in deltas] for p in points]
    return {
        "axis": axis,
        "values": list(values),
        "deltas": list(deltas),
        "exact": exact,
        "simulated": drift.mean("seed").to_numpy(),
        "error": drift.std("seed", ddof=1).to_numpy() / np.sqrt(num_trajectories),
    }


def compute(run: Run) -> Numbers:
    """Two grids: (rho, delta) at one beta2, and (1-beta2, delta) for Adam; with the exact boundaries D = 0."""
    deltas = np.round(np.geomspace(run.pick(0.1, 0.04, 0.04), 1.6, run.pick(4, 13, 25)), 4)
    rhos = np.round(np.linspace(0, 1, run.pick(3, 11, 21)), 4)
    w = np.round(np.geomspace(1e-3, 0.03, run.pick(3, 9, 17)), 6)
    steps, seeds = run.pick(20_000, 300_000, 4_000_000), run.pick(16, 64, 128)
    problem = far_field(C, deltas, START)
    run.report(0, 2, "grid of rho and delta")
    by_rho = _panel(run, problem, "rho", rhos, steps, seeds)
    run.report(1, 2, "grid of beta2 and delta")
    by_beta2 = _panel(run, problem, "beta2", 1 - w, steps, seeds)
    run.report(2, 2, "done")
    curve = np.union1d(np.linspace(0.02, 1, run.pick(11, 99, 197)), [0.99, 0.995])
    fine = np.geomspace(w[0] / 1.3, w[-1] * 1.3, run.pick(7, 41, 81))
    cells = by_rho["error"].size + by_beta2["error"].size
    return {
        "C": C,
        "beta2": BETA2,
        "steps": steps,
        "seeds": seeds,
        "half_widths": float(stdtrit(seeds - 1, 1 - FAILURE / (2 * cells))),
        "panels": [by_rho, by_beta2],
        "adam_edges": [critical_delta(1.0, 1 - v, C) for v in w],
        "boundary_rho": {"rho": curve, "delta": [critical_delta(r, BETA2, C) for r in curve]},
        "boundary_beta2": {
            "w": fine,
            "delta": [critical_delta(1.0, 1 - v, C) for v in fine],
            "limit": fine * C / 2,
        },
    }


def _cells(n: Numbers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(exact, simulated, half-width of the simultaneous interval) of all cells of both panels."""
    stacked = [np.concatenate([np.ravel(p[key]) for p in n["panels"]]) for key in ("exact", "simulated", "error")]
    return stacked[0], stacked[1], stacked[2] * n["half_widths"]


def claims(n: Numbers) -> Sequence[Claim]:
    """Signs agree; AVGrad never climbs; Adam's boundary is (1-beta2) C/2 up to a few per cent."""
    exact, simulated, half = _cells(n)
    wrong = np.sign(exact) != np.sign(simulated)
    decided = np.abs(simulated) > half
    by_rho = n["panels"][0]
    avgrad = np.array(by_rho["simulated"])[by_rho["values"].index(0.0)]
    adam = np.array(
        [
            drift
            for edge, row in zip(n["adam_edges"], n["panels"][1]["simulated"], strict=True)
            for delta, drift in zip(n["panels"][1]["deltas"], row, strict=True)
            if delta <= edge / 2
        ]
    )
    boundary = n["boundary_beta2"]
    ratio = np.array(boundary["delta"]) / np.array(boundary["limit"])
    sure = [
        value
        for p in n["panels"]
        for value, row in zip(p["values"], p["exact"], strict=True)
        for delta, drift in zip(p["deltas"], row, strict=True)
        if (n["beta2"] if p["axis"] == "rho" else value) >= sufficient_beta2(delta, n["C"]) and drift <= 0
    ]
    return [
        Claim(
            "the simulated drift has the sign of the exact formula in every cell where the seeds decide the sign",
            not np.any(wrong & decided) and float(np.mean(decided)) > 0.5,
            f"{int(np.sum(decided))} of {len(exact)} cells decided, {int(np.sum(wrong & decided))} with the wrong "
            "sign; "
            f"over all cells {int(np.sum(~wrong))} signs agree",
        ),
        Claim(
            "AVGrad (rho = 0) went downhill for every delta of the grid",
            bool(np.all(avgrad > 0)),
            f"its smallest simulated drift is {float(avgrad.min()):.2g}",
        ),
        Claim(
            "Adam (rho = 1) went uphill for every delta up to half of its exact boundary",
            bool(adam.size) and bool(np.all(adam < 0)),
            f"{adam.size} cells, the largest simulated drift {float(adam.max(initial=-np.inf)):.2g}",
        ),
        Claim(
            "Adam's exact boundary lies below its scaling limit delta = (1-beta2) C/2 and within 2 % of it at the "
            "smallest 1-beta2",
            bool(np.all(ratio < 1) and ratio[0] > 0.98),
            f"ratio {ratio[0]:.3f} at 1-beta2 = {boundary['w'][0]:.2g}, {ratio[-1]:.3f} at {boundary['w'][-1]:.2g}",
        ),
        Claim(
            "no exact drift is uphill where beta2 >= (1-delta/C)^2, the proved sufficient condition",
            not sure,
            f"{len(sure)} cells contradict it",
        ),
    ]


def _marks(axes: Axes, x: np.ndarray, n: Numbers, panel: dict[str, Any]) -> None:
    simulated, half = np.array(panel["simulated"]), n["half_widths"] * np.array(panel["error"])
    across, up = np.broadcast_arrays(x[:, None], np.array(panel["deltas"]))
    for mask, marker, method, label in (
        (simulated < -half, "^", "adam", "simulation: uphill"),
        (simulated > half, "v", "amsgrad", "simulation: downhill"),
        (np.abs(simulated) <= half, "o", "other", "simulation: undecided"),
    ):
        face = "none" if marker == "o" else colour(method)
        axes.scatter(
            across[mask], up[mask], marker=marker, s=16, c=face, edgecolors=colour(method), lw=0.8, label=label
        )


def draw(canvas: Canvas, n: Numbers) -> None:
    """Left and middle: signs on the two grids with the exact boundary. Right: simulated against exact drift."""
    canvas.set_size_inches(9.0, 3.7)
    left, middle, right = canvas.subplots(1, 3)
    by_rho, by_beta2 = n["panels"]
    _marks(left, np.array(by_rho["values"]), n, by_rho)
    curve = n["boundary_rho"]
    left.plot(curve["rho"], curve["delta"], color=colour("bound"), label="exact boundary D = 0")
    left.set(xlim=(-0.05, 1.05), yscale="log", xlabel="ρ  (0: AVGrad, 1: Adam)", ylabel="δ = E ξ")
    left.set_title(f"β₂ = {n['beta2']:g}, C = {n['C']:g}")

    _marks(middle, 1 - np.array(by_beta2["values"]), n, by_beta2)
    edge = n["boundary_beta2"]
    middle.plot(edge["w"], edge["delta"], color=colour("bound"))
    middle.plot(edge["w"], edge["limit"], color=colour("adagrad"), ls=(0, (2, 2)), lw=2.2, label="limit δ = (1−β₂)C/2")
    middle.set(xscale="log", yscale="log", xlabel="1 − β₂", title=f"Adam (ρ = 1), C = {n['C']:g}")
    deltas = by_rho["deltas"]
    for axes in (left, middle):
        axes.set_ylim(deltas[0] / 1.25, deltas[-1] * 1.25)
        axes.set_yticks([0.05, 0.1, 0.2, 0.5, 1], ["0.05", "0.1", "0.2", "0.5", "1"])
        axes.minorticks_off()

    exact, simulated, half = _cells(n)
    span = 1.08 * max(np.abs(exact).max(), np.abs(simulated).max())
    right.axline((0, 0), slope=1, color=colour("bound"), lw=1, label="equality")
    right.errorbar(exact, simulated, half, fmt=".", ms=3, lw=0.7, color=colour("adam-avgrad"), label="all cells")
    right.set(xlim=(-span, span), ylim=(-span, span), xlabel="exact drift D", ylabel="simulated drift")
    right.set_title("positive: downhill")
    right.legend(loc="upper left")
    handles, labels = left.get_legend_handles_labels()
    more = middle.get_legend_handles_labels()
    extra = [(h, text) for h, text in zip(*more, strict=True) if text not in labels]
    canvas.legend(
        [*handles, *(h for h, _ in extra)], [*labels, *(text for _, text in extra)], loc="outside lower center", ncols=5
    )


def caption(n: Numbers) -> str:
    """What is compared, and how the drift is measured."""
    exact, simulated, _ = _cells(n)
    agree = int(np.sum(np.sign(exact) == np.sign(simulated)))
    return (
        "Adam climbs where AVGrad descends: F(x) = δ√(1+x²) with stochastic slope ξ = C (rarely) or −1, E ξ = δ > 0, "
        "far from "
        "the minimum. The sign of the simulated drift matches the exact formula D(ρ) = E[ξ/√((1−ρ)E ξ² + ρv)] in "
        f"{agree} of {len(exact)} cells; Adam's boundary is close to δ = (1−β₂)C/2. The drift is measured from "
        f"x_T − x_(T/10) with T = {n['steps']:,} and {n['seeds']} seeds (the start-up transient is left out); "
        "undecided: a "
        f"t-interval over seeds, simultaneous over all cells at {100 * (1 - FAILURE):g} %, contains 0."
    )


drift_sign = Figure(
    "drift-sign",
    "Where Adam climbs: exact drift and simulation on the smooth Reddi problem",
    compute,
    claims,
    draw,
    caption,
)
