"""One function, turned: what methods that work by coordinate lose, and those that commute with rotations do not."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullFormatter

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.problems.catalogue import get_problem
from madatheory.studies.theory.rotation import COORDINATES, INVARIANT, tuned_loss

TURNED = ((0.0, 0), (0.1, 0), (0.3, 0), (1.0, 0), (1.0, 1), (1.0, 2))  # (angle, seed of the rotation)
CONFIDENCE = 0.9999  # of one interval: together 0.997
SHADES = {"sgd": "bound", "adagrad-norm": "adagrad"}


def compute(run: Run) -> Numbers:
    """The tuned loss of every method at every rotation, and the norms of the Hessian."""
    steps, seeds = run.pick((100, 64), (300, 256), (1000, 1024))
    turned = run.pick((TURNED[0], TURNED[3]), TURNED, TURNED)
    names = run.pick((COORDINATES[0], INVARIANT[0]), (*COORDINATES, *INVARIANT), (*COORDINATES, *INVARIANT))
    problems, losses = [], {name: [] for name in names}
    for number, (angle, seed) in enumerate(turned):
        run.report(number, len(turned), f"angle {angle:g}")
        problem = get_problem(f"rotated:angle={angle:g},rotation_seed={seed}")
        assert problem.constants is not None
        assert problem.constants.N is not None
        problems.append(
            {"angle": angle, "seed": seed, "norm": problem.constants.N.value, "L": problem.constants.L.value}
        )
        for name in names:
            low, high = (0.05, 5.0) if name in INVARIANT else (1e-3, 0.3)
            found = tuned_loss(
                run.simulate,
                name,
                problem,
                alphas=np.geomspace(low, high, 12).round(6).tolist(),
                steps=steps,
                num_trajectories=seeds,
                seed=run.seed,
                confidence=CONFIDENCE,
            )
            losses[name].append(found._asdict())
    return {"steps": steps, "seeds": seeds, "problems": problems, "losses": losses}


def _ends(n: Numbers, name: str) -> tuple[Numbers, list[Numbers]]:
    """Unturned, and turned by an angle of 1."""
    cells = n["losses"][name]
    return cells[0], [c for c, p in zip(cells, n["problems"], strict=True) if p["angle"] == 1]


def claims(n: Numbers) -> Sequence[Claim]:
    """Coordinatewise methods lose, the others do not, and the spectral norm says nothing about it."""
    least, ratios, same = {}, {}, []
    for name in n["losses"]:
        straight, turned = _ends(n, name)
        ratios[name] = [c["mean"] / straight["mean"] for c in turned]
        if name in COORDINATES:
            least[name] = min(c["low"] for c in turned) / straight["high"]
        else:
            same += [c["low"] <= straight["high"] and straight["low"] <= c["high"] for c in n["losses"][name]]
    norms, L = ([p[key] for p in n["problems"]] for key in ("norm", "L"))

    def shown(values: dict[str, float]) -> str:
        return ", ".join(f"{_short(name)} {value:.2f}" for name, value in values.items())

    means = {name: float(np.mean(r)) for name, r in ratios.items()}
    return [
        Claim(
            "every coordinatewise method is worse on the turned function, at all three rotations, with confidence",
            min(least.values()) > 1,
            f"by a factor of at least: {shown(least)}",
        ),
        Claim(
            "SGD and AdaGrad-Norm are the same on all, within their intervals",
            all(same),
            f"turned/unturned: {shown({k: v for k, v in means.items() if k in INVARIANT})}",
        ),
        Claim(
            "L is the same for all and the (1,1)-norm is not",
            max(L) / min(L) - 1 < 1e-9 and norms[-1] > 3 * norms[0],
            f"L = {L[0]:.6g}, (1,1)-norm {norms[0]:.2f} to {max(norms):.2f}",
        ),
        Claim(
            "no tuned step size is at an end of its grid",
            not any(c["edge"] for cells in n["losses"].values() for c in cells),
            f"turned/unturned, mean: {shown(means)}",
        ),
    ]


def _short(name: str) -> str:
    return name.partition(":")[0]


def draw(canvas: Canvas, n: Numbers) -> None:
    """The loss over the (1,1)-norm; a line joins the angles of one rotation."""
    canvas.set_size_inches(6.2, 3.8)
    axes = canvas.subplots()
    norms = np.array([p["norm"] for p in n["problems"]])
    one = np.array([p["seed"] == n["problems"][0]["seed"] for p in n["problems"]])
    for number, (name, cells) in enumerate(n["losses"].items()):
        mean, low, high = (np.array([c[key] for c in cells]) for key in ("mean", "low", "high"))
        shade, beside = colour(SHADES.get(name, _short(name))), 1 + 0.012 * (number - 2)
        bars = [mean - low, high - mean]
        axes.errorbar(norms * beside, mean, bars, fmt=".", color=shade, label=_short(name))
        axes.plot(norms[one] * beside, mean[one], color=shade)
    axes.set(xscale="log", yscale="log", ylabel=f"F(x_T) − F*, T = {n['steps']}, α tuned")
    axes.set_xlabel("(1,1)-norm of the Hessian, Σ|H(0)ᵢⱼ|")
    axes.set_xticks([2, 3, 5, 10, 15], ["2", "3", "5", "10", "15"])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_title("one spectrum, turned: lines join the angles of one rotation")
    axes.legend(loc="upper left", ncols=2)


def caption(n: Numbers) -> str:
    """What is compared."""
    L, norms = n["problems"][0]["L"], [p["norm"] for p in n["problems"]]
    return (
        "What a rotation costs: one function with the eigenvalues j^-1.5, d = 16, turned by several angles (problem "
        f"rotated), Gaussian noise, {n['steps']} steps with constant α, β₁ = 0, β₂ = 0.99. L = {L:.3g} at all angles, "
        f"Σ|H(0)ᵢⱼ| grows from {norms[0]:.2f} to {max(norms):.2f}. α is the best of 12 on half of {n['seeds']} seeds, "
        f"the loss is measured on the other half (bars: t-intervals at {100 * CONFIDENCE:g} %)."
    )


rotation = Figure(
    "rotation",
    "One function, turned: Adam, AVGrad and AMSGrad lose, SGD and AdaGrad-Norm do not",
    compute,
    claims,
    draw,
    caption,
)
