"""The figure of frozen coefficients: it renders, its claims can fail, and its runs are those of the other figures."""

from pathlib import Path
from typing import Any

import pytest
from figure_cases import committed, put, smoke_run

from madatheory.engine.simulate import simulate
from madatheory.figures.figure import Run
from madatheory.figures.gallery import training_frozen, training_language, training_problems, training_vision
from madatheory.figures.gallery.training_frozen import claims, studies, tally
from madatheory.figures.render import save
from madatheory.figures.training import RATES
from madatheory.store.cache_key import canonical, describe
from madatheory.studies.training.kept import KEPT

NAME = "training-frozen"
FIGURE = training_frozen.training_frozen


@pytest.mark.slow  # a minute of compilation and convolutions
def test_every_claim_holds_in_the_smoke_profile(rendered: Any) -> None:
    folder, record = rendered(NAME)
    assert all(claim["holds"] for claim in record["claims"]), record["claims"]
    for kind in ("svg", "png"):
        assert (folder / f"{NAME}.{kind}").stat().st_size > 10_000
    assert len(record["caption"]) > 300
    assert "nan" not in record["caption"]


def test_the_committed_numbers_are_drawn(tmp_path: Path) -> None:
    numbers = committed(NAME)
    save(FIGURE, numbers, tmp_path)
    assert (tmp_path / f"{NAME}.svg").stat().st_size > 10_000
    assert all(claim.holds for claim in claims(numbers))
    assert "nan" not in FIGURE.caption(numbers)


def test_a_diverged_run_is_said_and_not_drawn(tmp_path: Path) -> None:
    numbers = put(committed(NAME), ("cases", 0, "pairs", "tuned", "mada-frozen"), [None, None, None, 1.0, "tie"])
    numbers = put(numbers, ("cases", 0, "methods", "mada-frozen", "tuned", "final"), None)
    save(FIGURE, numbers, tmp_path)
    assert "digits-cnn diverged (tie)" in FIGURE.caption(numbers)


DOCTORS: list[tuple[int, tuple[Any, ...], Any]] = [
    (0, ("cases", 0, "methods", KEPT.name, "tuned", "curve", "mean", 0), 0.0),
    (1, ("cases", 1, "methods", "mada", "tuned", "curve", "mean", 0), 0.0),
    (2, ("cases", 2, "methods", "mada-frozen", "tuned", "curve", "mean", 0), 0.0),
    (3, ("comparisons",), lambda number: number - 1),
    (4, ("cases", 1, "pairs", "tuned", "mada", 4), "loss"),
    (5, ("cases", 2, "pairs", "default", "mada-frozen", 4), "loss"),
]


@pytest.mark.parametrize(("index", "path", "value"), DOCTORS)
def test_claims_fail_on_doctored_numbers(index: int, path: tuple[Any, ...], value: Any) -> None:
    """One of the committed numbers is changed, and the claim about it fails alone."""
    found = claims(put(committed(NAME), path, value))
    assert [place for place, claim in enumerate(found) if not claim.holds] == [index]


def test_the_pairs_are_of_the_method_that_is_frozen_and_corrected_together() -> None:
    numbers = committed(NAME)
    p = []
    for case in numbers["cases"]:
        for which in RATES:
            ours = case["methods"][KEPT.name][which]["last"]
            for other, (difference, low, high, corrected, result) in case["pairs"][which].items():
                theirs = case["methods"][other][which]["last"]
                mean = sum(b - a for a, b in zip(ours, theirs, strict=True)) / len(ours)
                assert difference == pytest.approx(mean, rel=1e-3, abs=1e-5)
                assert low <= difference <= high
                assert result == ("tie" if corrected >= 0.05 else "win" if difference > 0 else "loss")
                p.append(corrected)
    assert len(p) == numbers["comparisons"] == 18
    counted = [sum(map(len, tally(numbers, other).values())) for other in training_frozen.OTHERS]
    assert counted == [6, 6, 6]


@pytest.mark.parametrize("profile", ["smoke", "default"])
def test_its_runs_are_those_of_the_other_figures(profile: Any) -> None:
    """Same tasks, configurations, rates tried and runs, so that a store has them; the default rate is tried in each."""
    run = smoke_run() if profile == "smoke" else Run(profile, 0, simulate)
    others = training_vision.study(run), training_language.study(run), training_problems.studies(run)[0]
    for ours, theirs in zip(studies(run), others, strict=True):
        first, second = (canonical(describe((study.task, study.config))[0]) for study in (ours, theirs))
        assert first == second
        assert 1.0 in ours.plan.multiples
        if profile == "default":
            assert ours.plan._replace(methods=()) == theirs.plan._replace(methods=())
            assert set(ours.plan.methods) <= set(theirs.plan.methods)
