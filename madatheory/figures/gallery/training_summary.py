"""All tasks in one table: where MADA wins, ties and loses against every other method."""

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from madatheory.figures.figure import Claim, Numbers, Run
from madatheory.figures.gallery import training_control, training_language, training_problems, training_vision
from madatheory.figures.training import RATES, Study, outcomes, shares, training_figure
from madatheory.studies.training.comparison import PairedDifference, against, corrected
from madatheory.training.methods import METHODS

_COLOURS = {"win": "#9BD3A8", "tie": "#EEEEEE", "loss": "#F2A58E"}
_WORDS = {"win": "better", "tie": "=", "loss": "worse"}


def studies(run: Run) -> list[Study]:
    """Every comparison of the other figures: their runs are taken from the store if they are there."""
    return [
        training_vision.study(run),
        training_language.study(run),
        training_control.study(run),
        *training_problems.studies(run),
    ]


def check(run: Run) -> None:
    """Refuse early what the figures of the tasks refuse."""
    training_vision.check(run)
    training_language.check(run)


def compute(run: Run) -> Numbers:
    """Pairs of MADA with every method on every task at both rates, one correction for all of them."""
    made = studies(run)
    part = shares(run, len(made))
    pairs: list[PairedDifference] = []
    places: list[tuple[int, str]] = []
    tasks: list[Numbers] = []
    for number, study in enumerate(made):
        found = outcomes(run, study, part(number))
        for which in RATES:
            more = against(study.task, found, which)
            pairs += more
            places += [(number, which)] * len(more)
        tasks.append(
            {"name": study.task.name, "summary": study.task.summary, "judged": study.task.judged,
             "unit": study.task.unit, "runs": study.plan.runs, "results": {which: {} for which in RATES}}
        )  # fmt: skip
    for pair, (number, which) in zip(corrected(pairs), places, strict=True):
        tasks[number]["results"][which][pair.other] = {
            "result": pair.result(),
            "difference": pair.difference,
            "low": pair.low,
            "high": pair.high,
            "p": pair.p,
            "corrected": pair.corrected,
        }
    return {"tasks": tasks, "comparisons": len(pairs), "methods": [name for name in METHODS if name != "mada"]}


def tally(n: Numbers, which: str, method: str | None = None) -> dict[str, int]:
    """Numbers of wins, ties and losses, against one method or all."""
    counted = {"win": 0, "tie": 0, "loss": 0}
    for task in n["tasks"]:
        for name, entry in task["results"][which].items():
            if method in (None, name):
                counted[entry["result"]] += 1
    return counted


def _in_words(counted: Mapping[str, int]) -> str:
    plural = {"win": "wins", "tie": "ties", "loss": "losses"}
    return ", ".join(f"{number} {name if number == 1 else plural[name]}" for name, number in counted.items())


def claims(n: Numbers) -> Sequence[Claim]:
    """The table is whole, and what the default rates and the tuned ones say about Adam."""
    found = []
    total = sum(len(task["results"][which]) for task in n["tasks"] for which in RATES)
    found.append(
        Claim(
            "every comparison of the table is one of those that the correction counts",
            total == n["comparisons"] and total > 0,
            f"{total} comparisons on {len(n['tasks'])} tasks",
        )
    )
    for which in RATES:
        counted = tally(n, which, "adam")
        found.append(
            Claim(
                f"at {which} rates MADA loses to Adam on no more tasks than it wins",
                counted["loss"] <= counted["win"],
                _in_words(counted),
            )
        )
    return found


def draw(canvas: Canvas, n: Numbers) -> None:
    """Two tables: default rates above, tuned rates below; one row a task, one column a method."""
    methods = [name for name in n["methods"] if any(name in task["results"]["tuned"] for task in n["tasks"])]
    canvas.set_size_inches(2.6 + 0.78 * len(methods), 0.4 * 2 * (len(n["tasks"]) + 1) + 1.9)
    for axes, which in zip(canvas.subplots(2, 1), RATES, strict=True):
        axes.grid(False)
        for i, task in enumerate(n["tasks"]):
            for j, name in enumerate(methods):
                entry = task["results"][which].get(name)
                if entry is None:
                    continue
                axes.add_patch(_rectangle(j, i, _COLOURS[entry["result"]]))
                text = f"{_WORDS[entry['result']]}\np {_p(entry['corrected'])}"
                axes.text(j, i, text, ha="center", va="center", fontsize=6.5, linespacing=1.1)
        for j, name in enumerate(methods):
            counted = tally(n, which, name)
            text = f"{counted['win']} / {counted['tie']} / {counted['loss']}"
            axes.text(j, len(n["tasks"]), text, ha="center", va="center", fontsize=7.5, weight="bold")
        axes.set(xlim=(-0.5, len(methods) - 0.5), ylim=(len(n["tasks"]) + 0.5, -0.5))
        axes.set_xticks(
            range(len(methods)), [METHODS[name].label.replace(", ", ",\n") for name in methods], fontsize=7.5
        )
        axes.xaxis.set_ticks_position("top")
        rows = [textwrap.fill(f"{task['summary']} ({task['runs']} runs)", 40) for task in n["tasks"]]
        axes.set_yticks(range(len(rows) + 1), [*rows, "wins / ties / losses of MADA"], fontsize=7)
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        counted = tally(n, which)
        axes.set_title(
            f"MADA against each method at {which} rates: {_in_words(counted)}",
            fontsize=9,
        )


def _rectangle(column: int, row: int, face: str) -> Rectangle:
    return Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, facecolor=face, edgecolor="none")


def _p(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}".replace("0.", ".") if p < 0.9995 else "1"


def caption(n: Numbers) -> str:
    """The count, and how it came about."""
    words = []
    for which in RATES:
        counted, frozen = tally(n, which), tally(n, which, "mada-frozen")
        words.append(
            f"at {which} rates {_in_words(counted)} (against its own start with nothing "
            f"learned: {frozen['win']}, {frozen['tie']}, {frozen['loss']})"
        )
    return (
        f"MADA (preset train_ddp) against every other method on {len(n['tasks'])} tasks: "
        f"{'; '.join(words)}. Paired t-tests of the final judged measure over runs, Holm's correction over all "
        f"{n['comparisons']} comparisons, level 5 %; a tie is a difference that is not significant. Rates were tuned "
        "for every method over equally many multiples of its default on other runs; no other setting of any method was."
    )


training_summary = training_figure(
    "training-summary",
    "Wins, ties and losses of MADA on all tasks",
    compute,
    claims,
    draw,
    caption,
    check,
    needs=("equinox", "gymnax"),
)
