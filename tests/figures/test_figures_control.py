"""The figures on CartPole and on problems beyond deep learning: smoke renders, and claims that can fail."""

from pathlib import Path
from typing import Any

import pytest
from figure_cases import committed, smoke_run

from madatheory.engine.simulate import simulate
from madatheory.figures.catalogue import list_figures
from madatheory.figures.figure import Figure, Run
from madatheory.figures.gallery import training_control, training_problems
from madatheory.figures.render import render
from madatheory.store.cache_key import canonical, describe

NAMES = ("training-control", "training-problems")


# training-problems: a quarter of a minute of compilation, for comparisons that training-control makes too
@pytest.mark.parametrize("name", [NAMES[0], pytest.param(NAMES[1], marks=pytest.mark.slow)])
def test_every_claim_holds_in_the_smoke_profile(name: str, rendered: Any) -> None:
    folder, record = rendered(name)
    assert all(claim["holds"] for claim in record["claims"]), record["claims"]
    for kind in ("svg", "png"):
        assert (folder / f"{record['name']}.{kind}").stat().st_size > 10_000
    assert len(record["caption"]) > 300
    assert "nan" not in record["caption"]


def test_the_committed_numbers_are_drawn(tmp_path: Path) -> None:
    numbers = committed("training-problems")
    shown = Figure("shown", "", lambda run: numbers, training_problems.claims, training_problems.draw, lambda n: "")
    assert all(claim.holds for claim in render(shown, smoke_run(), tmp_path, {}))
    assert (tmp_path / "shown.svg").stat().st_size > 10_000
    caption = training_problems.caption(numbers)
    assert len(caption) > 300
    assert "nan" not in caption


def panels(numbers: Any) -> list[Any]:
    return numbers.get("tasks", [numbers])


@pytest.mark.parametrize("name", NAMES)
def test_a_method_that_does_not_learn_breaks_the_first_claim(name: str) -> None:
    doctored = committed(name)
    part = panels(doctored)[-1]["methods"]["adam"]["tuned"]
    part["curve"]["mean"][0] = part["final"][0]
    failed = [i for i, claim in enumerate(list_figures()[name].claims(doctored)) if not claim.holds]
    assert failed == [2 * len(panels(doctored)) - 2]


@pytest.mark.parametrize("name", NAMES)
def test_tuning_that_harms_breaks_the_second_claim(name: str) -> None:
    doctored = committed(name)
    method, sign = panels(doctored)[0]["methods"]["mada"], 1 if name == "training-problems" else -1
    method["tuned"]["last"] = [value + sign * (1 + 0.01 * i) for i, value in enumerate(method["default"]["last"])]
    claims = list_figures()[name].claims(doctored)
    assert [i for i, claim in enumerate(claims) if not claim.holds] == [1]
    assert "worse: mada" in claims[1].detail


def test_a_diverged_method_breaks_the_claim_and_is_still_drawn(tmp_path: Path) -> None:
    doctored = committed("training-control")
    runs = len(doctored["methods"]["adam"]["tuned"]["last"])
    doctored["methods"]["adam"]["tuned"] |= {"last": [None] * runs, "final": None, "diverged": runs}
    for measure in doctored["differences"].values():
        measure["tuned"]["adam"] = [None, None, None, 0.01, "win"]
    shown = Figure("shown", "", lambda run: doctored, training_control.claims, training_control.draw, lambda n: "")
    assert not render(shown, smoke_run(), tmp_path, {})[0].holds
    assert "diverged" in training_control.caption(doctored)


@pytest.mark.parametrize("profile", ["smoke", "default"])
def test_a_study_made_again_is_the_same_to_the_store(profile: Any) -> None:
    run = Run(profile, 0, simulate)
    for made in (lambda: (training_control.study(run),), lambda: training_problems.studies(run)):
        first, second = ([canonical(describe(study)[0]) for study in made()] for _ in range(2))
        assert first == second
        assert len(set(first)) == len(first)


def test_a_failing_study_ends_the_others() -> None:
    """The first failure is the one that is seen, and no study goes on until its end."""
    asked: list[str] = []

    def failing(name: str, config: Any, compute: Any, **_: Any) -> Any:
        asked.append(name)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        training_problems.compute(Run("smoke", 0, simulate, failing))
    assert len(asked) <= 2
