"""The pictures in figures/: complete, every claim held, and regenerating gives the same numbers."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from madatheory.engine.simulate import simulate
from madatheory.figures.catalogue import list_figures
from madatheory.figures.committed import choose, largest_difference
from madatheory.figures.figure import SIX_DIGITS, Claim, Figure, Run, Tolerance
from madatheory.figures.render import plain, render, save

FOLDER = Path(__file__).parents[2] / "figures"
QUICK = ("interior-rho-exact",)  # seconds in the default profile; the others are compared by `make figures` itself
CHAOTIC = ("interior-rho-stochastic",)  # half a minute: its numbers differ between processors, within its tolerance


@pytest.mark.parametrize("name", list(list_figures()))
def test_every_figure_is_committed_and_its_claims_held(name: str) -> None:
    record = json.loads((FOLDER / f"{name}.json").read_text())
    assert record["profile"] == "default"
    assert record["claims"]
    assert all(claim["holds"] for claim in record["claims"])
    assert (FOLDER / f"{name}.svg").stat().st_size > 1000
    assert f"({name}.svg)" in (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("name", list(list_figures()))
def test_the_claims_follow_from_the_committed_numbers(name: str) -> None:
    record, figure = json.loads((FOLDER / f"{name}.json").read_text()), list_figures()[name]
    assert [claim.text for claim in figure.claims(record["numbers"])] == [c["text"] for c in record["claims"]]
    assert all(claim.holds for claim in figure.claims(record["numbers"]))
    assert figure.caption(record["numbers"]) == record["caption"]


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in CHAOTIC)])
def test_regenerating_gives_the_committed_numbers(name: str) -> None:
    record, figure = json.loads((FOLDER / f"{name}.json").read_text()), list_figures()[name]
    run = Run("default", record["seed"], simulate)
    assert choose(figure, run, FOLDER, plain(figure.compute(run)), {}).numbers == record["numbers"]


# drawing all takes half a minute, and `make figures` draws them too
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in (*QUICK, *CHAOTIC) else pytest.mark.slow) for name in list_figures()],
)
def test_committed_pictures_are_drawn_from_the_committed_numbers(name: str, tmp_path: Path) -> None:
    record = json.loads((FOLDER / f"{name}.json").read_text())
    save(list_figures()[name], record["numbers"], tmp_path)
    assert (tmp_path / f"{name}.svg").read_bytes() == (FOLDER / f"{name}.svg").read_bytes()
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_of_two_pictures_git_keeps_the_vector_graphics() -> None:
    ignored = (FOLDER.parent / ".gitignore").read_text().split()
    assert "figures/*.png" in ignored
    assert "figures/*.svg" not in ignored
    for page in ("README.md", "figures/README.md", "figures/index.html", "benchmarks/RESULTS.md"):
        assert ".png" not in (FOLDER.parent / page).read_text(), page


VALUE = 0.123456


def line(canvas: Any, n: Any) -> None:
    canvas.subplots().plot([0, 1], [0, n["alpha"]["best"]])


def another(change: Callable[[float], Any], tolerance: Tolerance = SIX_DIGITS) -> Figure:
    """A figure whose numbers are changed as another processor would."""
    return Figure(
        "one",
        "One",
        lambda run: {"curve": [1.0, VALUE, None], "alpha": {"best": change(VALUE)}, "count": 3},
        lambda n: [Claim("the curve starts at 1", n["curve"][0] == 1, ""), Claim("a share", n["count"] < 4, "")],
        line,
        lambda n: f"Down to {n['alpha']['best']}",
        tolerance=tolerance,
    )


Drawn = Callable[[Tolerance, Path], None]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Puts the files of a figure that was drawn before into a folder; it is drawn once."""
    known: dict[str, Path] = {}

    def put(tolerance: Tolerance, folder: Path) -> None:
        if tolerance.in_words not in known:
            known[tolerance.in_words], said = tmp_path_factory.mktemp("drawn"), []
            render(another(lambda x: x, tolerance), RUN, known[tolerance.in_words], {"jax": "1"}, said.append)
            assert said == []
        shutil.copytree(known[tolerance.in_words], folder, dirs_exist_ok=True)

    return put


RUN = Run("smoke", 0, simulate)
LOOSE = Tolerance(0.02, "it is chaotic", ("alpha",))


@pytest.mark.parametrize(
    ("change", "tolerance", "kept", "words"),
    [
        (lambda x: x, SIX_DIGITS, True, ""),
        (lambda x: x * (1 + 1e-15), SIX_DIGITS, True, ""),
        (lambda x: x + 1e-6, SIX_DIGITS, True, "files kept: numbers differ by up to 8.1e-06"),
        (lambda x: x + 2e-6, SIX_DIGITS, False, "by up to 1.6e-05 (stated tolerance 1e-05) at alpha/best"),
        (lambda x: 1.01 * x, LOOSE, True, "by up to 0.0099 (stated tolerance 0.02) at alpha/best"),
        (lambda x: 1.03 * x, LOOSE, False, "by up to 0.029 (stated tolerance 0.02) at alpha/best"),
        (lambda x: None, LOOSE, False, "alpha/best is another one"),
        (lambda x: True, LOOSE, False, "alpha/best is another one"),
    ],
)
def test_files_are_kept_where_the_numbers_agree(
    change: Callable[[float], Any], tolerance: Tolerance, kept: bool, words: str, tmp_path: Path, drawn: Drawn
) -> None:
    """Also with newer versions: the record says which ones made the numbers."""
    said: list[str] = []
    drawn(tolerance, tmp_path)
    before = files(tmp_path)
    render(another(change, tolerance), RUN, tmp_path, {"jax": "2"}, said.append)
    assert (files(tmp_path) == before) is kept
    assert words in " ".join(said)
    assert bool(said) is bool(words)


def test_a_tolerance_is_about_its_keys_alone(tmp_path: Path) -> None:
    figure = another(lambda x: x, LOOSE)
    numbers = plain(figure.compute(RUN))
    assert largest_difference(figure, numbers, {**numbers, "count": 3.01}).excess > 1
    assert largest_difference(figure, numbers, {**numbers, "alpha": {"best": 1.01 * VALUE}}).excess < 1


def test_differences_near_0_are_compared_with_what_stands_beside_them() -> None:
    """A paired difference with its interval and p-value; counts are compared by themselves."""
    figure = another(lambda x: x, Tolerance(0.05, "trained", beside=True))
    pair = {"pair": [0.001, -0.2, 0.202, 0.9, "tie"], "steps": 1000, "diverged": 3, "loss": 0.5}
    close = {**pair, "pair": [0.011, -0.19, 0.21, 0.93, "tie"], "loss": 0.51}
    assert largest_difference(figure, pair, close).excess < 1
    assert largest_difference(replace(figure, tolerance=Tolerance(0.05, "trained")), pair, close).excess > 1
    for changed in (
        {"diverged": 4},
        {"pair": [0.001, -0.2, 0.202, 0.9, "win"]},
        {"pair": [0.1, -0.1, 0.3, 0.9, "tie"]},
    ):
        assert largest_difference(figure, pair, {**pair, **changed}).excess > 1


@pytest.mark.parametrize("field", ["profile", "seed", "claims", "json", "numbers"])
def test_files_are_written_anew_where_something_else_changed(field: str, tmp_path: Path, drawn: Drawn) -> None:
    drawn(SIX_DIGITS, tmp_path)
    figure, run = another(lambda x: x + 1e-6), RUN
    if field == "profile":
        run = replace(run, profile="full")
    elif field == "seed":
        run = replace(run, seed=1)
    elif field == "claims":
        figure = replace(figure, claims=lambda n: [Claim("small", n["alpha"]["best"] < VALUE + 5e-7, "")])
    elif field == "json":
        (tmp_path / "one.json").write_text('{"name": ')
    else:
        (tmp_path / "one.json").write_text('{"name": "one", "profile": "smoke", "seed": 0, "numbers": 3}')
    before = files(tmp_path)
    render(figure, run, tmp_path, {"jax": "2"})
    assert json.loads((tmp_path / "one.json").read_text())["versions"] == {"jax": "2"}
    assert files(tmp_path)["one.svg"] != before["one.svg"]


@pytest.mark.parametrize("difference", [0.0, 1e-14, 1e-3])
def test_last_bits_of_the_layout_leave_no_trace(difference: float, tmp_path: Path) -> None:
    """The solver of the layout gives other last bits when its variables lie elsewhere in memory."""

    def at(left: float) -> bytes:
        def draw(canvas: Any, n: Any) -> None:
            canvas.set_layout_engine("none")
            canvas.add_axes((left, 0.1, 0.7, 0.8)).plot([0, 1], [0, 1])

        save(replace(another(lambda x: x), draw=draw), {}, tmp_path)
        return (tmp_path / "one.svg").read_bytes()

    assert (at(0.123456) == at(0.123456 + difference)) is (difference < 1e-9)
