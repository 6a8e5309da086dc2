"""The guide to training is true: its code runs in order, and its numbers are those of the committed figures."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "training.md").read_text()


def sections() -> dict[str, list[str]]:
    """The code blocks of the page: those of the section on PyTorch, and the others."""
    found: dict[str, list[str]] = {"PyTorch": [], "": []}
    for section in re.split(r"^## ", GUIDE, flags=re.M):
        found["PyTorch" if section.startswith("PyTorch\n") else ""] += re.findall(r"```python\n(.*?)```", section, re.S)
    return found


def run(blocks: list[str]) -> None:
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/training.md", "exec"), names)


def test_the_code_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = sections()[""]
    assert len(blocks) >= 7
    run(blocks)
    printed = capsys.readouterr().out
    assert "rho" in printed
    assert "1.5" in printed  # the refusal names the value


@pytest.mark.needs("torch")
def test_the_code_of_the_guide_for_pytorch_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = sections()["PyTorch"]
    assert len(blocks) == 2
    run(blocks)
    assert "rho" in capsys.readouterr().out


@pytest.mark.parametrize("which", ["default", "tuned"])
def test_the_results_in_the_guide_are_those_of_the_summary(which: str) -> None:
    from madatheory.figures.gallery.training_summary import tally

    numbers = json.loads((ROOT / "figures" / "training-summary.json").read_text())["numbers"]
    for method, words in ((None, "all others"), ("adam", "Adam"), ("mada-frozen", "its own start, frozen")):
        counted = tally(numbers, which, method)
        row = f"| {words}, {which} rates | {counted['win']} | {counted['tie']} | {counted['loss']} |"
        assert row in GUIDE, row


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_reader_types_is_imported_from_the_package_alone(page: Path) -> None:
    blocks = re.findall(r"^```(?:python|text)[^\n]*\n(.*?)^```", page.read_text(), re.S | re.M)
    inner = re.findall(r"^\s*(?:from|import) madatheory\.(?!torch import).*", "\n".join(blocks), re.M)
    assert inner == []


def test_what_the_guide_says_of_frozen_coefficients_is_in_the_figure() -> None:
    from madatheory.figures.gallery.training_frozen import tally

    numbers = json.loads((ROOT / "figures" / "training-frozen.json").read_text())["numbers"]
    others = ("mada", "mada-frozen", "adam")
    mada, start, adam = ({k: len(v) for k, v in tally(numbers, other).items()} for other in others)
    assert {mada["loss"], start["loss"], adam["loss"]} == {0}
    said = (
        f"Against MADA that learns it is better in {mada['win']} of {sum(mada.values())} comparisons and worse in "
        f"none, against its own start {start['win']} and none, against Adam {adam['win']} and none"
    )
    assert said in " ".join(GUIDE.split())
    digits, _, sigmoid = (case["pairs"] for case in numbers["cases"])
    assert {pair[4] for which in sigmoid.values() for pair in which.values()} == {"win"}
    assert {pair[4] for pair in digits["tuned"].values()} == {"tie"}
    finals = {m: part["tuned"]["final"][0] for m, part in numbers["cases"][2]["methods"].items() if m != "mada-kept"}
    best = max(100 * sigmoid["tuned"][other][0] / final for other, final in finals.items())
    assert f"at most {best:.1f} %" in GUIDE
