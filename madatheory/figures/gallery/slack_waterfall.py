"""What each inequality of four proofs gives away, measured on the same trajectories."""

import textwrap
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.problems.catalogue import list_problems
from madatheory.studies.theory.slack import waterfall
from madatheory.theory.catalogue import list_theorems

# theorem, and the hyper-parameters of its run
PANELS: tuple[tuple[str, Mapping[str, float]], ...] = (
    ("avgrad-rate", {"beta1": 0.0}),
    ("interpolation-rate", {"beta1": 0.0, "rho": 0.5}),
    ("amsgrad-rate", {"beta1": 0.0}),
    ("amsgrad-monotone-rate", {"beta1": 0.5}),
)
SETTING = {"alpha": 0.1, "beta2": 0.99, "eps": 1e-2}
TITLES = {"avgrad": "AVGrad", "amsgrad": "AMSGrad", "adam-avgrad": "Adam-AVGrad"}
PROBLEM = ("ratio", {"d": 10, "noise": "uniform", "scale": 1.0})


def compute(run: Run) -> Numbers:
    """The waterfalls of the four chains."""
    steps, seeds = run.pick((300, 64), (10_000, 2048), (100_000, 8192))
    name, options = PROBLEM
    problem = list_problems()[name].make(options)
    chains = []
    for done, (theorem, settings) in enumerate(PANELS):
        run.report(done, len(PANELS), theorem)
        statement = list_theorems()[theorem]
        chains.append(
            waterfall(
                run.simulate,
                statement,
                problem,
                statement.method(),
                {**SETTING, **settings},
                steps=steps,
                num_trajectories=seeds,
                seed=run.seed,
            )
        )
    return {"chains": chains, "confidence": 0.99, "steps": steps, "seeds": seeds, "summary": problem.summary}


def _links(chain: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return chain["levels"][1:]


def _largest(chain: Mapping[str, Any]) -> Mapping[str, Any]:
    return max(_links(chain), key=lambda row: row["factor"][0])


def claims(numbers: Numbers) -> list[Claim]:
    """No link is refuted, the factors multiply to the whole slack, and one link stands out in every chain."""
    found = []
    for chain in numbers["chains"]:
        refuted = [f"{row['name']} ({row['by']})" for row in _links(chain) if not row["ordered"]]
        unclear = [row["name"] for row in _links(chain) if row["ordered"] and not row["significant"]]
        detail = "refuted: " + "; ".join(refuted) if refuted else f"{len(_links(chain))} links"
        if unclear and not refuted:
            detail += f", not significantly strict: {', '.join(unclear)}"
        label = f"{chain['label']} ({TITLES[chain['optimizer']]})"
        found.append(Claim(f"{label}: no inequality of the proof is refuted at 99 %", not refuted, detail))
        worst = _largest(chain)
        others = [row["factor"][2] for row in _links(chain) if row is not worst]
        found.append(
            Claim(
                f"{label}: most is lost at '{worst['name']}' ({worst['by']}), its 95 % interval above all others'",
                worst["factor"][1] > max(others),
                f"factor {worst['factor'][0]:.3g} [{worst['factor'][1]:.3g}, {worst['factor'][2]:.3g}], "
                f"next {max(others):.3g} at most, in all {chain['total'][0]:.4g}",
            )
        )
    return found


def caption(numbers: Numbers) -> str:
    """What is drawn and where most is lost."""
    losses = "; ".join(
        f"{chain['label']} loses a factor {_largest(chain)['factor'][0]:.3g} of {chain['total'][0]:.3g} at "
        f"{_largest(chain)['by']}"
        for chain in numbers["chains"]
    )
    return (
        f"From the measured average squared gradient to the proved bound: every inequality of a proof, measured on the "
        f"same {numbers['seeds']} trajectories of {numbers['steps']} steps ({numbers['summary']}). A bar spans "
        "what one "
        f"inequality gives away, with its factor. {losses}."
    )


def _label(row: Mapping[str, Any]) -> str:
    """The level's name, and below it the lemma or inequality that leads to it."""
    by = textwrap.shorten(row["by"].split(": ")[0], 40, placeholder=" ...")
    return f"{row['name']}\n{by}" if by else row["name"]


def _panel(axes: Axes, chain: Mapping[str, Any]) -> None:
    rows, tint = chain["levels"], colour(chain["optimizer"])
    worst = _largest(chain)
    low, high = min(row["mean"] for row in rows) / 4, max(row["mean"] for row in rows) * 12
    for k, row in enumerate(rows):
        before = rows[k - 1]["mean"] if k else low
        left, right = min(before, row["mean"]), max(before, row["mean"])
        right = max(right, left * 1.02)  # a link that loses nothing stays visible
        shade = "#bbbbbb" if k == 0 else tint
        axes.barh(k, right - left, left=left, height=0.6, color=shade, alpha=1 if row is worst or k == 0 else 0.5)
        text = f"{row['mean']:.3g}" if k == 0 else f"× {row['factor'][0]:.3g}"
        axes.text(right * 1.25, k, text, va="center", fontsize=7, fontweight="bold" if row is worst else "normal")
        if k:
            axes.plot([before, before], [k - 1.3, k + 0.3], color="#555555", linewidth=0.6)
    axes.set_yticks(range(len(rows)), [_label(row) for row in rows], fontsize=6.3)
    axes.set(xscale="log", xlim=(low, high))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    hyper = chain["hyper"]
    extra = f", ρ = {hyper['rho']:g}" if "rho" in hyper else f", β1 = {hyper['beta1']:g}" if hyper["beta1"] else ""
    total = f"{chain['total'][0]:.0f}"
    title = f"{chain['label']}: {TITLES[chain['optimizer']]}{extra}, in all × {total}"
    axes.set_title(title, color=tint, fontsize=9)


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """One panel per chain."""
    canvas.set_size_inches(9.0, 8.0)
    canvas.set_layout_engine("none")  # long labels on the left of both columns: margins by hand
    grid = canvas.add_gridspec(2, 2, left=0.24, right=0.985, top=0.92, bottom=0.06, wspace=0.72, hspace=0.2)
    for index, chain in enumerate(numbers["chains"]):
        axes = canvas.add_subplot(grid[index])
        _panel(axes, chain)
        if index >= 2:
            axes.set_xlabel("value in units of (1/T) Σ E|∇F|²", fontsize=8)
    first = numbers["chains"][0]["hyper"]
    canvas.suptitle(
        f"What each inequality of the proof gives away (T = {numbers['steps']}, {numbers['seeds']} seeds, "
        f"α = {first['alpha']:g}, β2 = {first['beta2']:g}, ε = {first['eps']:g})",
        fontsize=10.5,
    )


figure = Figure("slack-waterfall", "What each inequality of four proofs gives away", compute, claims, draw, caption)
