"""The figures of training: they render, and their claims can fail."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from figure_cases import committed

from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.figures.catalogue import list_figures
from madatheory.figures.figure import Run
from madatheory.figures.gallery import training_summary, training_trajectories
from madatheory.figures.render import save
from madatheory.store.store import Store
from madatheory.studies.training.comparison import compare_methods

NAMES = ("training-vision", "training-robustness", "training-trajectories", "training-summary")


@pytest.mark.slow  # compilation, convolutions and grids, for comparisons that training-control makes too
@pytest.mark.parametrize("name", NAMES)
def test_smoke_claims_hold(name: str, rendered: Any) -> None:
    folder, record = rendered(name)
    assert [claim["text"] for claim in record["claims"] if not claim["holds"]] == []
    assert (folder / f"{name}.svg").stat().st_size > 5000
    assert len(record["caption"]) > 200
    assert "nan" not in record["caption"].replace("finance", "")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_numbers_are_drawn(name: str, tmp_path: Path) -> None:
    numbers = committed(name)
    save(list_figures()[name], numbers, tmp_path)
    assert (tmp_path / f"{name}.svg").stat().st_size > 5000
    assert all(claim.holds for claim in list_figures()[name].claims(numbers))
    assert len(list_figures()[name].caption(numbers)) > 200
    assert "nan" not in list_figures()[name].caption(numbers).replace("finance", "")


@pytest.mark.parametrize("name", NAMES)
def test_claims_fail_on_doctored_numbers(name: str) -> None:
    """The committed numbers, in which every claim holds, with one of them changed."""
    for index, doctor in DOCTORS[name]:
        numbers = copy.deepcopy(committed(name))
        doctor(numbers)
        assert not list_figures()[name].claims(numbers)[index].holds, index


def _stuck(n: Any) -> None:
    curve = n["methods"]["mada"]["tuned"]["curve"]["mean"]
    curve[0] = n["methods"]["mada"]["tuned"]["final"][0] / 2


def _higher(n: Any) -> None:
    for test in n["tests"]:
        test["result"] = "loss"


def _diverged(n: Any) -> None:
    n["rows"][0]["diverged"] = 1


def _outside(n: Any) -> None:
    n["cases"][0]["coefficients"]["rho"]["high"][-1] = 1.01


def _still(n: Any) -> None:
    for name, band in n["cases"][1]["coefficients"].items():
        band["middle"][-1] = n["start"][name]


def _missing(n: Any) -> None:
    del n["tasks"][0]["results"]["tuned"]["adam"]


def _losing(which: str) -> Callable[[Any], None]:
    def doctor(n: Any) -> None:
        for task in n["tasks"]:
            task["results"][which]["adam"]["result"] = "loss"

    return doctor


DOCTORS: dict[str, list[tuple[int, Callable[[Any], None]]]] = {
    "training-vision": [(0, _stuck)],
    "training-robustness": [(0, _higher), (1, _diverged)],
    "training-trajectories": [(0, _outside), (1, _still)],
    "training-summary": [(0, _missing), (1, _losing("default")), (2, _losing("tuned"))],
}


@pytest.mark.slow  # as above
def test_the_summary_asks_for_what_the_other_figures_have(rendered: Any, store_folder: Path) -> None:
    """Once the figures are there, the summary and the trajectories are read from the store."""
    rendered("training-summary")
    store = Store(store_folder)
    again = Run("smoke", 0, simulate, store.cached)
    assert training_summary.compute(again)["comparisons"] > 0
    assert store.reused > 10
    for study, varied in training_trajectories.studies(again):
        if not varied:
            only = study.plan._replace(methods=("mada",))
            compare_methods(study.task, study.config, only, cached=store.cached)
    assert store.computed == 0


def test_a_folder_without_images_is_refused_before_any_work(tmp_path: Path) -> None:
    run = Run("full", 0, simulate, data={"images": tmp_path / "nowhere"})
    with pytest.raises(UserError, match="nowhere is no folder"):
        list_figures()["training-vision"].check(run)
