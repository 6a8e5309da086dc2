"""A small convolutional network on digits (CIFAR-10 in the full profile): all methods, tuned and at default rates."""

from collections.abc import Sequence

from matplotlib.figure import Figure as Canvas

from madatheory.errors import UserError
from madatheory.figures.figure import Claim, Numbers, Run
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
from madatheory.studies.tasks.cifar import cifar_cnn, refuse_missing
from madatheory.studies.tasks.digits import digits_cnn
from madatheory.studies.training.comparison import MULTIPLES, ComparisonPlan
from madatheory.studies.training.training_runs import TrainConfig
from madatheory.training.methods import METHODS


def study(run: Run) -> Study:
    """Digits in the smoke and default profiles; CIFAR-10 in the full one if its folder is given."""
    every = tuple(METHODS)
    if run.profile == "full" and "images" in run.data:
        return Study(cifar_cnn(run.data["images"]), TrainConfig(20_000, 40), ComparisonPlan(every, MULTIPLES, 2, 5))
    few = ("adam", "mada")
    config = run.pick(TrainConfig(40, 4), TrainConfig(400, 20), TrainConfig(2000, 40))
    plan = run.pick(
        ComparisonPlan(few, (1.0, 10.0), 1, 2),
        ComparisonPlan(every, MULTIPLES, 2, 10),
        ComparisonPlan(every, MULTIPLES, 5, 50),
    )
    return Study(run.pick(digits_cnn(4, 16), digits_cnn(), digits_cnn(16)), config, plan)


def check(run: Run) -> None:
    """Refuse early a folder without CIFAR-10, and one that would not be used."""
    if "images" in run.data:
        if run.profile != "full":
            raise UserError(f"images: the {run.profile} profile trains on digits; give --profile full with --images")
        refuse_missing(run.data["images"])


def compute(run: Run) -> Numbers:
    """Every method, tuned and at its default rate."""
    made = study(run)
    return numbers_of(made, outcomes(run, made), run.seed)


def claims(n: Numbers) -> Sequence[Claim]:
    """All methods train."""
    return learning_claims(n)


def draw(canvas: Canvas, n: Numbers) -> None:
    """Left: curves at tuned rates. Right: final values at both."""
    canvas.set_size_inches(9.4, 4.8)
    left, right = canvas.subplots(1, 2)
    draw_curves(left, n)
    canvas.suptitle(f"{n['summary']}, {n['steps']} steps", fontsize=10)
    left.set_title(f"tuned rates; mean and 95 % t-interval of {n['runs']} runs")
    draw_final(right, n)
    canvas.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=7)


def caption(n: Numbers) -> str:
    """Who wins."""
    best = ranked(n)[0]
    ours = "" if best == "mada" else f"; MADA {score(n, 'mada', 'tuned'):.3g}"
    return (
        f"{n['summary']}, {n['steps']:,} steps: the smallest final validation loss at tuned rates has "
        f"{n['methods'][best]['label']} ({score(n, best, 'tuned'):.3g} nats{ours}). "
        + " ".join(sentence(n, which) for which in RATES)
        + f" Rates are tuned on {n['tuning_runs']} other runs over {len(n['multiples'])} multiples of the default"
        + grid_ends(n)
    )


training_vision = training_figure(
    "training-vision",
    "A small convolutional network: MADA beside twelve methods",
    compute,
    claims,
    draw,
    caption,
    check,
    needs=("equinox",),
)
