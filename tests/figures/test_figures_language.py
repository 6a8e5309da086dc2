"""The figure of the character GPT: it renders in the smoke profile, its claims can fail, it refuses texts early."""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.figures.catalogue import list_figures
from madatheory.figures.figure import Run
from madatheory.figures.gallery.training_language import study
from madatheory.figures.render import render, save
from madatheory.store.checkpoint import nothing_cached
from madatheory.store.store import Store
from madatheory.studies.tasks.language import gram_losses, manual

NAME = "training-language"


def run_of(profile: Any, data: Mapping[str, Path] | None = None, cached: Any = None) -> Run:
    return Run(profile, 0, simulate, cached or nothing_cached, data=data or {})


@pytest.fixture(scope="module")
def rendered(store_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("figures")
    render(list_figures()[NAME], run_of("smoke", cached=Store(store_folder).cached), folder, {})
    return json.loads((folder / f"{NAME}.json").read_text()), folder


def test_smoke_claims_hold_and_the_files_are_there(rendered: tuple[dict[str, Any], Path]) -> None:
    record, folder = rendered
    assert [claim["text"] for claim in record["claims"] if not claim["holds"]] == []
    for kind in ("svg", "png"):
        assert (folder / f"{NAME}.{kind}").stat().st_size > 10_000


def test_the_caption_names_text_losses_and_runs(rendered: tuple[dict[str, Any], Path]) -> None:
    record, _ = rendered
    numbers, caption = record["numbers"], record["caption"]
    assert manual().summary() in caption
    assert numbers["text"] == manual().summary()
    assert f"over {numbers['runs']} runs" in caption
    assert "layers 1, heads 2, width 16, context 16, batch 8" in caption
    assert numbers["sizes"]["context"] == 16
    for name in ("adam", "mada"):
        measures = numbers["methods"][name]["tuned"]["measures"]
        for measure in ("train_loss", "valid_loss"):
            assert f"{measures[measure][0]:.3f} ±" in caption
    assert [numbers["unigram"], numbers["bigram"]] == pytest.approx(gram_losses(manual()), rel=1e-5)


def _stuck(n: Any) -> None:
    method = n["methods"]["adam"]["tuned"]
    method["curve"]["mean"][0] = method["final"][0] / 2


def _one_run_above(n: Any) -> None:
    n["methods"]["mada"]["tuned"]["last"][-1] = n["unigram"] + 1e-3


def _one_run_diverged(n: Any) -> None:
    n["methods"]["adam"]["tuned"]["last"][0] = None


def _harder(n: Any) -> None:
    n["reference"] = "bigram"


@pytest.mark.parametrize(("index", "doctor"), [(0, _stuck), (1, _one_run_above), (1, _one_run_diverged), (1, _harder)])
def test_claims_can_fail(index: int, doctor: Callable[[Any], None], rendered: tuple[dict[str, Any], Path]) -> None:
    numbers = copy.deepcopy(rendered[0]["numbers"])
    doctor(numbers)
    assert [claim.holds for claim in list_figures()[NAME].claims(numbers)] == [number != index for number in range(2)]


def test_diverged_runs_are_drawn_and_told(rendered: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    numbers = copy.deepcopy(rendered[0]["numbers"])
    part = numbers["methods"]["adam"]["tuned"]
    part["final"], part["diverged"], part["last"][0] = None, 1, None
    part["measures"] = dict.fromkeys(part["measures"])
    save(list_figures()[NAME], numbers, tmp_path)
    assert (tmp_path / f"{NAME}.png").is_file()
    assert "Adam diverged and diverged" in list_figures()[NAME].caption(numbers)


@pytest.mark.parametrize("profile", ["smoke", "default", "full"])
def test_texts_are_refused_before_any_work(profile: str, tmp_path: Path) -> None:
    check = list_figures()[NAME].check
    check(run_of(profile))
    with pytest.raises(UserError, match="there is no file"):
        check(run_of(profile, {"text": tmp_path / "nowhere.txt"}))
    short = tmp_path / "short.txt"
    short.write_text("To be, or not to be" * 8)
    with pytest.raises(UserError, match=r"short\.txt has 152 characters, 16 of them to judge by"):
        check(run_of(profile, {"text": short}))


def test_the_users_text_is_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("the quick brown fox jumps over the lazy dog. " * 40)
    made = study(run_of("smoke", {"text": file}))
    assert "mine.txt" in made.task.summary
    assert jax.eval_shape(made.task.init, jax.random.key(0))["embedding"][0].weight.shape[0] == 28


def test_an_accelerator_trains_the_published_model(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = study(run_of("full"))
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    made = study(run_of("full"))
    sizes = [
        sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(jax.eval_shape(each.task.init, jax.random.key(0))))
        for each in (plain, made)
    ]
    assert sizes[0] < 200_000
    assert sizes[1] > 10_000_000
    assert made.config == (5000, 50, "cosine", 100, 1.0, 0.1)
    assert {"adam", "mada"} <= set(made.plan.methods)
    assert study(run_of("default")).config.steps < 1000
