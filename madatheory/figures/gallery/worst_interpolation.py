"""Does interpolation improve the worst case? The worst left side found at every rho, step size as proved and tuned."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from madatheory.arithmetic import NUMPY
from madatheory.figures.figure import Claim, Figure, Numbers, Run, Tolerance
from madatheory.figures.style import colour
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.worst.tuned import TunedPoint, WorstLeftSide

THEOREM = "interpolation-rate"
BETA2, D0 = 0.9, 1.0
BETA2S = (0.001, 0.05, 0.1, 0.2, 0.3, 0.6, 0.9)
ALPHAS = np.geomspace(0.5, 1.8, 60)
KINDS = {
    "proved": f"α least for T6, β2 = {BETA2:g}",
    "alpha": f"α tuned, β2 = {BETA2:g}",
    "both": "α and β2 tuned",
}


def alpha_of_bound(steps: int, rho: float) -> float:
    """The step size at which T6's right side is least, L = G = 1 and beta2 = BETA2."""
    theorem, tried = list_theorems()[THEOREM], np.geomspace(1e-3, 1e2, 4001)
    hyper = {**theorem.optimizer().hyper(theorem.settings), "alpha": tried, "beta2": BETA2, "rho": rho}
    known = {name: value for name, value in hyper.items() if name in Quantities._fields}
    q = Quantities(**{**known, "T": float(steps), "d": 1.0, "L": 1.0, "G": 1.0, "D0": D0})
    return float(tried[np.argmin(theorem.bound(q, NUMPY))])


def compute(run: Run) -> Numbers:
    """For T and rho: the least worst left side found for each kind, certified, with its hyper-parameters.

    `resolved` is the relative difference that repeated searches show.
    """
    times = run.pick((3,), (4,), (3, 4, 6))
    rhos = run.pick((0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0), tuple(np.linspace(0, 1, 11).tolist()))
    beta2s = run.pick((0.001, 0.1, BETA2), BETA2S, BETA2S)
    theorem, panels = list_theorems()[THEOREM], []
    for number, steps in enumerate(times):
        proved = [alpha_of_bound(steps, rho) for rho in rhos]
        grid = {"rho": rhos, "beta2": beta2s, "alpha": np.union1d(ALPHAS, proved)}
        case = WorstLeftSide(theorem, steps, D0, grid, seed=run.seed)

        def report(done: int, total: int, number: int = number, steps: int = steps) -> None:
            run.report(number * total + done, len(times) * total, f"T = {steps}")

        fixed = [{"rho": rho, **more} for more in ({"beta2": BETA2}, {}) for rho in rhos]
        tuned = case.tuned(fixed, report)
        points = [{"rho": rho, "beta2": BETA2, "alpha": alpha} for rho, alpha in zip(rhos, proved, strict=True)]
        found = [*case.worst_at(points), *tuned]
        rows = {kind: _rows(case, found[k * len(rhos) :][: len(rhos)]) for k, kind in enumerate(KINDS)}
        panels.append({"steps": steps, "rho": rhos, **rows})
    known = {"D0": D0, "beta2": BETA2, "beta2s": beta2s, "eps": theorem.settings["eps"]}
    return {**known, "resolved": run.pick(0.03, 0.01, 0.01), "panels": panels}


def _rows(case: WorstLeftSide, found: Sequence[TunedPoint]) -> dict[str, list[float]]:
    rows: dict[str, list[float]] = {"left": [case.certified(one).lower for one in found]}
    return rows | {name: [one.hyper[name] for one in found] for name in ("alpha", "beta2")}


def _spread(panel: Mapping[str, Any], kind: str) -> float:
    """Largest over smallest worst case of all rho."""
    return max(panel[kind]["left"]) / min(panel[kind]["left"])


def _gain(panel: Mapping[str, Any], kind: str) -> float:
    """The better end's worst case over the best one inside: above 1 an interior rho wins."""
    left = panel[kind]["left"]
    return min(left[0], left[-1]) / min(left[1:-1])


def claims(numbers: Numbers) -> list[Claim]:
    """Alike at tuned alpha; no interior rho wins by more than a trifle; tuning alpha is worth far more than rho."""
    found, resolved = [], numbers["resolved"]
    for panel in numbers["panels"]:
        head = f"T = {panel['steps']}"
        both, ends = panel["both"]["left"], (panel["both"]["left"][0], panel["both"]["left"][-1])
        found += [
            Claim(
                f"{head}: with α tuned against the worst case all ρ have the same one, up to {100 * resolved:g} %",
                _spread(panel, "alpha") <= 1 + resolved,
                f"{min(panel['alpha']['left']):.5f} to {max(panel['alpha']['left']):.5f}",
            ),
            Claim(
                f"{head}: with α and β2 tuned no ρ inside beats the better end by more than {100 * resolved:g} %",
                _gain(panel, "both") <= 1 + resolved,
                f"ends {ends[0]:.5f} (AVGrad), {ends[1]:.5f} (Adam), least inside {min(both[1:-1]):.5f}",
            ),
            Claim(
                f"{head}: at the α that is best for T6 no ρ inside beats the better end",
                _gain(panel, "proved") <= 1,
                f"AVGrad {panel['proved']['left'][0]:.5f}, Adam {panel['proved']['left'][-1]:.5f}, least inside "
                f"{min(panel['proved']['left'][1:-1]):.5f}",
            ),
        ]
    return found


def caption(numbers: Numbers) -> str:
    """What is compared and what comes out."""
    parts = [
        f"T = {p['steps']}: α tuned {min(p['alpha']['left']):.4f} to {max(p['alpha']['left']):.4f}, both tuned "
        f"{p['both']['left'][0]:.4f} (AVGrad), {min(p['both']['left'][1:-1]):.4f} (least inside), "
        f"{p['both']['left'][-1]:.4f} (Adam)"
        for p in numbers["panels"]
    ]
    return (
        "The worst (1/T) Σ |F'(x)|² found over all functions of one dimension with L = G = 1 and F(x₀) − inf F ≤ "
        f"{numbers['D0']:g}, exact gradients, αₜ = α/√t, ε = {numbers['eps']:g}, β1 = 0, for every ρ between AVGrad "
        f"(0) and Adam (1); each value is certified on its function. {'; '.join(parts)}. Tuned against the worst case, "
        "α makes all ρ alike; with β2 tuned too the worst case falls towards Adam, and no ρ inside is better than the "
        f"better end by more than the {100 * numbers['resolved']:g} % that the search resolves."
    )


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """A panel per T, the worst case against rho."""
    panels = numbers["panels"]
    canvas.set_size_inches(max(6.0, 4.4 * len(panels)), 4.2)
    tints = {"proved": colour("bound"), "alpha": colour("adam-avgrad"), "both": colour("amsgrad")}
    for index, panel in enumerate(panels):
        axes = canvas.add_subplot(1, len(panels), index + 1)
        for kind, label in KINDS.items():
            left = panel[kind]["left"]
            axes.plot(panel["rho"], left, "o-", color=tints[kind], markersize=4, label=label)
            for place in (0, -1):
                axes.annotate(
                    f"{left[place]:.3f}", (panel["rho"][place], left[place]), (0, -11 if kind == "both" else 5),
                    textcoords="offset points", ha="left" if place == 0 else "right", fontsize=7, color=tints[kind],
                )  # fmt: skip
        axes.set(xlabel="ρ  (0: AVGrad, 1: Adam)", title=f"T = {panel['steps']}")
        axes.margins(y=0.15)
        if index == 0:
            axes.set_ylabel("worst (1/T) Σ |F'(x)|² found (units G²)")
    axes = canvas.axes[0]
    canvas.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    canvas.suptitle("Does interpolation improve the worst case?", fontsize=10.5)


figure = Figure(
    "worst-interpolation",
    "Does interpolation improve the worst case?",
    compute,
    claims,
    draw,
    caption,
    tolerance=Tolerance(
        0.01,
        "another rounding leads the search through other functions",
        ("panels",),
    ),
)
