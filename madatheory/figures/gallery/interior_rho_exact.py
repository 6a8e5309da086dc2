"""An exact instance on which an interior rho is best for every choice of the step size."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.studies.theory.two_steps import best_value, start, value_after_two

BETA2 = 0.9
TARGETS = (0.25, 0.5, 0.75)
SHOWN = 0.5  # the target whose dependence on alpha is drawn


def compute(run: Run) -> Numbers:
    """For each target rho*: min over alpha of F(x_2) at every rho; for one of them F(x_2) against alpha."""
    rho = np.union1d(np.linspace(0, 1, run.pick(21, 201, 1001)), TARGETS)
    points = run.pick(301, 1001, 2001)
    instances = []
    for number, target in enumerate(TARGETS):
        x0 = start(target, BETA2)
        value, _ = best_value(x0, BETA2, rho, points=points)
        at_target = float(value[np.searchsorted(rho, target)])
        instances.append({"target": target, "start": x0, "value": value, "value_at_target": at_target})
        run.report(number + 1, len(TARGETS), f"rho* = {target:g}")
    alphas = np.sqrt(1 - BETA2) * np.geomspace(0.2, 5, run.pick(101, 401, 1601))
    ends = np.array([0.0, SHOWN, 1.0])
    value = value_after_two(start(SHOWN, BETA2), BETA2, ends[:, None], alphas)
    shown = {f"{r:g}": row for r, row in zip(ends, value, strict=True)}
    return {
        "beta2": BETA2,
        "rho": rho,
        "instances": instances,
        "against_alpha": {"target": SHOWN, "alpha": alphas, "value": shown},
    }


def claims(n: Numbers) -> Sequence[Claim]:
    """Zero at the target; positive at both ends for every step size."""
    found = []
    for case in n["instances"]:
        ends = (case["value"][0], case["value"][-1])
        found.append(
            Claim(
                f"with the start made for rho* = {case['target']:g}, two steps reach the minimum at rho* and not at "
                "rho = 0 "
                "or 1, whatever the step size",
                case["value_at_target"] == 0 and min(ends) > 1e-6,
                f"min over alpha of F(x_2): {case['value_at_target']:.1g} at rho*, {ends[0]:.2g} at 0, {ends[1]:.2g} "
                "at 1",
            )
        )
    return found


def draw(canvas: Canvas, n: Numbers) -> None:
    """Left: the best value over rho. Right: the value over alpha at the ends and at rho*."""
    canvas.set_size_inches(8.6, 3.4)
    left, right = canvas.subplots(1, 2)
    floor = 1e-8
    colours = (colour("adagrad"), colour("adam-avgrad"), colour("adam-amsgrad"))
    for case, shade in zip(n["instances"], colours, strict=True):
        left.plot(
            n["rho"], np.maximum(case["value"], floor), color=shade, label=f"start made for ρ* = {case['target']:g}"
        )
        left.plot(case["target"], floor, "v", color=shade, ms=7, clip_on=False, zorder=5)
    left.plot([], [], "v", color=colour("bound"), ls="none", label="0 (up to rounding) at ρ*")
    left.set(
        yscale="log", ylim=(floor, 3e-1), xlim=(0, 1), xlabel="ρ  (0: AVGrad, 1: Adam)", ylabel="min over α of $F(x_2)$"
    )
    left.set_title("best value after two steps, α tuned for every ρ")
    left.legend(loc="upper center", ncols=2)

    shown = n["against_alpha"]
    scale = np.sqrt(1 - n["beta2"])
    styles = {"0": ("avgrad", "ρ = 0 (AVGrad)"), "1": ("adam", "ρ = 1 (Adam)")}
    for key, value in shown["value"].items():
        method, label = styles.get(key, ("adam-avgrad", f"ρ = ρ* = {key}"))
        right.plot(np.array(shown["alpha"]) / scale, np.maximum(value, floor), color=colour(method), label=label)
    right.set(xscale="log", yscale="log", ylim=(floor, 3), xlabel="α / √(1−β₂)", ylabel="$F(x_2)$")
    right.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    right.minorticks_off()
    right.set_title(f"value after two steps, start made for ρ* = {shown['target']:g}")
    right.legend(loc="lower left")


def caption(n: Numbers) -> str:
    """The claim with its numbers."""
    case = next(c for c in n["instances"] if c["target"] == n["against_alpha"]["target"])
    return (
        "An interior ρ can be better than both end points for every step size: F(x) = |x|²/2 in two dimensions, exact "
        f"gradients, ε = 0, β₁ = 0, β₂ = {n['beta2']:g}, αₜ = α/√t, two steps. From the start made for "
        f"ρ* = {case['target']:g}, ρ* reaches F(x₂) = 0, while the best α leaves {case['value'][0]:.2g} at ρ = 0 "
        "(AVGrad) and "
        f"{case['value'][-1]:.2g} at ρ = 1 (Adam). Values below the axis are drawn on it; where a curve dips a "
        "second time, another ρ does as well at another α. The start is chosen for ρ*: this "
        "shows that interpolation can win, not that it usually does."
    )


interior_rho_exact = Figure(
    "interior-rho-exact",
    "An instance where an interior rho wins for every step size",
    compute,
    claims,
    draw,
    caption,
)
