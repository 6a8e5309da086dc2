"""What each inequality of four proofs gives away, on a problem and on the worst instance found for the theorem."""

import math
import textwrap
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullLocator

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.problems.catalogue import list_problems
from madatheory.studies.theory.slack import waterfall
from madatheory.theory.catalogue import list_theorems
from madatheory.worst.instance_file import worst_of

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
    """The waterfalls of the four chains, on the problem and on the gallery's instance, which has no noise."""
    steps, seeds = run.pick((300, 64), (10_000, 2048), (100_000, 8192))
    name, options = PROBLEM
    problem = list_problems()[name].make(options)
    chains, worst = [], []
    for done, (theorem, settings) in enumerate(PANELS):
        run.report(2 * done, 2 * len(PANELS), theorem)
        statement, instance = list_theorems()[theorem], worst_of(theorem)
        assert instance is not None
        plan = {"steps": steps, "num_trajectories": seeds, "seed": run.seed}
        chains.append(waterfall(run.simulate, statement, problem, statement.method(), {**SETTING, **settings}, **plan))
        run.report(2 * done + 1, 2 * len(PANELS), f"{theorem}: {instance.name}")
        plan = {"steps": instance.steps, "num_trajectories": 2}
        worst.append(waterfall(run.simulate, statement, instance.make(), statement.method(), instance.settings, **plan))
    return {
        "chains": chains,
        "worst": worst,
        "confidence": 0.99,
        "steps": steps,
        "seeds": seeds,
        "summary": problem.summary,
    }


def _links(chain: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return chain["levels"][1:]


def _largest(chain: Mapping[str, Any]) -> Mapping[str, Any]:
    return max(_links(chain), key=lambda row: row["factor"][0])


def _label_of(chain: Mapping[str, Any]) -> str:
    return f"{chain['label']} ({TITLES[chain['optimizer']]})"


def claims(numbers: Numbers) -> list[Claim]:
    """No link is refuted, and one link stands out in every chain; on the worst instance far less is lost."""
    found = []
    for chain in numbers["chains"]:
        refuted = [f"{row['name']} ({row['by']})" for row in _links(chain) if not row["ordered"]]
        unclear = [row["name"] for row in _links(chain) if row["ordered"] and not row["significant"]]
        detail = "refuted: " + "; ".join(refuted) if refuted else f"{len(_links(chain))} links"
        if unclear and not refuted:
            detail += f", not significantly strict: {', '.join(unclear)}"
        label = _label_of(chain)
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
    for chain, worst in zip(numbers["chains"], numbers["worst"], strict=True):
        refuted = [row["name"] for row in _links(worst) if not row["ordered"]]
        link, total = _largest(worst), worst["total"][0]
        share = math.log(link["factor"][0]) / math.log(total)
        found.append(
            Claim(
                f"{_label_of(worst)} on its worst instance: every inequality holds, and all together give away less "
                "than a tenth of what they do on the problem",
                not refuted and 1 < total < chain["total"][0] / 10,
                ", ".join(refuted)
                or f"in all {total:.4g}, most at '{link['name']}', factor {link['factor'][0]:.3g}: "
                f"{100 * share:.0f} % of the logarithm",
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
    tight = "; ".join(
        f"{chain['label']} × {_largest(chain)['factor'][0]:.3g} of {chain['total'][0]:.3g} "
        f"at '{_largest(chain)['name']}'"
        for chain in numbers["worst"]
    )
    return (
        f"From the measured average squared gradient to the proved bound: every inequality of a proof, measured on the "
        f"same {numbers['seeds']} trajectories of {numbers['steps']} steps ({numbers['summary']}). A bar spans "
        "what one "
        f"inequality gives away, with its factor. {losses}. Right: the same on the worst instance found for the "
        f"theorem, at T = {numbers['worst'][0]['steps']} and its own hyper-parameters, where most is lost as follows: "
        f"{tight}."
    )


def _label(row: Mapping[str, Any]) -> str:
    """The level's name, and below it the lemma or inequality that leads to it."""
    by = textwrap.shorten(row["by"].split(": ")[0], 40, placeholder=" ...")
    return f"{row['name']}\n{by}" if by else row["name"]


def shortest(value: float) -> str:
    """Three digits, or six where these would make a 1 of what is below it."""
    return f"{value:.3g}" if value >= 1 or float(f"{value:.3g}") < 1 else f"{value:.6g}"


def _panel(axes: Axes, chain: Mapping[str, Any], *, worst: bool = False) -> None:
    rows, tint = chain["levels"], colour(chain["optimizer"])
    largest = _largest(chain)
    means = [row["mean"] for row in rows]
    margin = max(means) / min(means)
    low, high = min(means) / margin**0.2, max(means) * margin**0.3
    for k, row in enumerate(rows):
        before = rows[k - 1]["mean"] if k else low
        left, right = min(before, row["mean"]), max(before, row["mean"])
        right = max(right, left * margin**0.004)  # a link that loses nothing stays visible
        shade = "#bbbbbb" if k == 0 else tint
        axes.barh(k, right - left, left=left, height=0.6, color=shade, alpha=1 if row is largest or k == 0 else 0.5)
        text = f"{row['mean']:.3g}" if k == 0 else f"× {row['factor'][0]:.3g}"
        weight = "bold" if row is largest else "normal"
        axes.text(right * margin**0.02, k, text, va="center", fontsize=7, fontweight=weight)
        if k:
            axes.plot([before, before], [k - 1.3, k + 0.3], color="#555555", linewidth=0.6)
    axes.set_yticks(range(len(rows)), [] if worst else [_label(row) for row in rows], fontsize=6.3)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    if worst:  # less than a decade: plain numbers, few enough to be read
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 4, 5, 6, 8) if margin > 1.4 else (1, 2.5, 3, 3.5, 4)))
        axes.xaxis.set_major_formatter("{x:.2g}")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    hyper = chain["hyper"]
    names = {"alpha": "α", "beta1": "β1", "beta2": "β2", "rho": "ρ", "eps": "ε"}
    own = [f"{sign} = {shortest(hyper[name])}" for name, sign in names.items() if hyper.get(name, 0) > 1e-6]
    title = f"{chain['label']}, {TITLES[chain['optimizer']]}"
    axes.set_title(f"{title}: × {chain['total'][0]:.3g}\n{', '.join(own)}", color=tint, fontsize=8)


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """One row per chain: on the problem, and on the worst instance."""
    canvas.set_size_inches(9.0, 12.5)
    canvas.set_layout_engine("none")  # long labels on the left: margins by hand
    grid = canvas.add_gridspec(4, 2, left=0.25, right=0.985, top=0.925, bottom=0.04, wspace=0.06, hspace=0.34)
    for index, (chain, worst) in enumerate(zip(numbers["chains"], numbers["worst"], strict=True)):
        for column, one in enumerate((chain, worst)):
            axes = canvas.add_subplot(grid[index, column])
            _panel(axes, one, worst=bool(column))
            if index == len(numbers["chains"]) - 1:
                axes.set_xlabel("value in units of (1/T) Σ E|∇F|²", fontsize=8)
    canvas.suptitle("What each inequality of the proof gives away", fontsize=10.5, y=0.992)
    heads = (
        (0.43, f"problem '{numbers['chains'][0]['problem']}', T = {numbers['steps']}, {numbers['seeds']} seeds"),
        (0.81, f"worst instance found, T = {numbers['worst'][0]['steps']}"),
    )
    for place, text in heads:
        canvas.text(place, 0.962, text, ha="center", fontsize=9)


figure = Figure("slack-waterfall", "What each inequality of four proofs gives away", compute, claims, draw, caption)
