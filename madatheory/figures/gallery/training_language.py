"""A character GPT on English text: Adam, some of the family and MADA, tuned and at default rates."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Numbers, Run
from madatheory.figures.style import colour
from madatheory.figures.training import (
    RATES,
    Study,
    draw_curves,
    draw_final,
    grid_ends,
    learning_claims,
    numbers_of,
    outcomes,
    ranked,
    score,
    sentence,
    training_figure,
)
from madatheory.studies.tasks.language import MINI_GPT, Corpus, char_gpt, corpus, gram_losses
from madatheory.studies.training.comparison import ComparisonPlan
from madatheory.studies.training.training_runs import TrainConfig
from madatheory.training.methods import METHODS

_SOME = ("adam", "amsgrad", "avgrad", "lion", "hyperadam", "mada", "mada-rho", "mada-frozen")
_MULTIPLES = (1.0, 3.0, 10.0, 30.0, 100.0)  # in so few steps no method is best below its customary rate


def _text(run: Run) -> Corpus:
    return corpus(run.data.get("text"))


def _config(steps: int, records: int, warmup: int) -> TrainConfig:
    """The published configuration for the mini-GPT but for its length."""
    return TrainConfig(steps, records, shape="cosine", warmup=warmup, clip=1.0, decay=0.1)


def _published(run: Run) -> bool:
    """Whether the mini-GPT is trained: hours on one GPU, months without."""
    return run.profile == "full" and jax.default_backend() != "cpu"


def _sizes(run: Run) -> Mapping[str, Any]:
    if _published(run):
        return MINI_GPT
    return run.pick(
        {"layers": 1, "heads": 2, "width": 16, "context": 16, "batch": 8, "windows": 32},
        {"layers": 2, "heads": 3, "width": 48, "context": 32, "batch": 8, "windows": 64},
        {"layers": 2, "heads": 4, "width": 64, "context": 64, "batch": 16, "windows": 64},
    )


def study(run: Run) -> Study:
    """A small GPT; the published mini-GPT in the full profile where there is an accelerator."""
    task = char_gpt(_text(run), **_sizes(run))
    if _published(run):
        plan = ComparisonPlan(("adam", "hyperadam", "mada", "mada-frozen"), (0.3, 1.0, 3.0), 1, 5)
        return Study(task, _config(5000, 50, 100), plan)
    config = run.pick(_config(80, 4, 8), _config(600, 12, 30), _config(2000, 20, 100))
    few = ("adam", "mada")  # compiling takes longer than the runs
    plan = run.pick(
        ComparisonPlan(few, (3.0, 10.0), 1, 2),
        ComparisonPlan(_SOME, _MULTIPLES, 1, 5),
        ComparisonPlan(tuple(METHODS), _MULTIPLES, 2, 10),
    )
    return Study(task, config, plan)


def check(run: Run) -> None:
    """Refuse early a text that cannot be read or is too short for the model's context."""
    study(run)


def compute(run: Run) -> Numbers:
    """Every method, tuned and at its default rate, beside the models that know one or two characters."""
    made, text = study(run), _text(run)
    unigram, bigram = gram_losses(text)
    return {
        **numbers_of(made, outcomes(run, made), run.seed),
        "text": text.summary(),
        "sizes": _sizes(run),
        "unigram": unigram,
        "bigram": bigram,
        # what a few steps can reach decides which of the two a claim is about
        "reference": run.pick("unigram", "bigram", "bigram"),
    }


def claims(n: Numbers) -> Sequence[Claim]:
    """All methods train, and learn more than the statistics of pairs."""
    name = n["reference"]
    bound = n[name]
    over = [m["label"] for m in n["methods"].values() if not _below(m["tuned"]["last"], bound)]
    kinds = {"unigram": "frequencies of characters", "bigram": "frequencies of pairs of characters"}
    return [
        *learning_claims(n),
        Claim(
            f"at its tuned rate every run of every method ends with a smaller validation loss than the {name} model "
            f"({kinds[name]})",
            not over,
            f"{name} model {bound:.3f}, " + (f"not below: {', '.join(over)}" if over else _range(n)),
        ),
    ]


def _below(last: Sequence[float | None], bound: float) -> bool:
    """Whether all final values are below; those of diverged runs are not numbers in json."""
    return all(value is not None and value < bound for value in last)


def _range(n: Numbers) -> str:
    order = ranked(n)
    return ", ".join(
        f"{word} {n['methods'][name]['label']} {score(n, name, 'tuned'):.3f}"
        for word, name in (("best", order[0]), ("worst", order[-1]))
    )


def draw(canvas: Canvas, n: Numbers) -> None:
    """Left: curves at tuned rates. Right: final validation and training losses."""
    canvas.set_size_inches(9.4, 4.8)
    left, right = canvas.subplots(1, 2)
    draw_curves(left, n, log=False)
    left.set(
        ylabel="validation loss (nats per character)",
        title=f"tuned rates: mean and 95 % t-interval of {n['runs']} runs",
    )
    draw_final(right, n, log=False)
    for row, name in enumerate(ranked(n)):
        interval = n["methods"][name]["tuned"]["measures"]["train_loss"]
        if interval is not None:
            right.plot(interval[0], row - 0.34, "x", ms=5, mew=1.1, color=colour(name))
    right.set(xlabel="final loss (nats per character)")
    right.set_title(
        "tuned rate: ● validation, × training; default rate: ○ validation\n"
        "MADA, validation (default, tuned): ▲ better, ▼ worse, · no difference",
        fontsize=7,
    )
    low, high = left.get_ylim()
    for name in ("unigram", "bigram"):
        if low < n[name] < high:
            left.axhline(n[name], color="#444444", lw=0.9, ls="--")
            left.text(
                n["t"][-1],
                n[name],
                f"{name} model {n[name]:.2f} ",
                ha="right",
                va="bottom",
                fontsize=7,
                color="#444444",
            )
    canvas.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=8)
    canvas.suptitle(f"{n['summary']}, {n['steps']:,} steps", fontsize=10)


def _losses(n: Numbers, name: str) -> str:
    measures: Any = n["methods"][name]["tuned"]["measures"]

    def shown(interval: Sequence[float] | None) -> str:
        return "diverged" if interval is None else f"{interval[0]:.3f} ± {(interval[2] - interval[1]) / 2:.3f}"

    return f"{n['methods'][name]['label']} {shown(measures['train_loss'])} and {shown(measures['valid_loss'])}"


def caption(n: Numbers) -> str:
    """Who wins."""
    named = list(dict.fromkeys([ranked(n)[0], *(name for name in ("adam", "mada") if name in n["methods"])]))
    return (
        f"{n['summary']} ({', '.join(f'{name} {value}' for name, value in n['sizes'].items())}), {n['steps']:,} steps "
        "of the published configuration (warm-up and cosine, clipping, weight decay). "
        f"Final training and validation loss in nats per character at tuned rates (the best first): "
        f"{'; '.join(_losses(n, name) for name in named)}; the bigram model has {n['bigram']:.3f}. "
        + " ".join(sentence(n, which) for which in RATES)
        + f" Rates are tuned on {n['tuning_runs']} other run{'s' * (n['tuning_runs'] > 1)} over "
        f"{len(n['multiples'])} multiples of the default" + grid_ends(n) + f" Text: {n['text']}."
    )


training_language = training_figure(
    "training-language",
    "A character GPT: MADA beside Adam and its kin",
    compute,
    claims,
    draw,
    caption,
    check,
    needs=("equinox",),
)
