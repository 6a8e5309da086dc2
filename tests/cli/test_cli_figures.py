"""`madatheory figures`: what is drawn once, what again, and failed claims."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]


FIGURE = """
from pathlib import Path

from madatheory import Claim, Figure


def compute(run):
    with Path("computed").open("a") as file:
        file.write("x")
    run.report(1, 1, "")
    return {"value": run.pick(1, 2, 3) + run.seed}


def draw(canvas, numbers):
    canvas.subplots().plot([0, numbers["value"]])


mine = Figure(
    "mine",
    "A figure of my own",
    compute,
    lambda n: [Claim("the value is below 3", n["value"] < 3, f"{n['value']}"), Claim("true", True, "")],
    draw,
    lambda n: "caption",
)
"""


@pytest.fixture
def figure() -> Callable[[], int]:
    """Write the figure; the result tells how often it was computed."""
    Path("mine.py").write_text(FIGURE)
    return lambda: len(Path("computed").read_text())


def test_a_figure_is_drawn_once(run: Run, figure: Callable[[], int]) -> None:
    line = "figures --load mine.py --profile smoke"
    first = run(line)
    assert first.exit_code == 0, first.output
    assert "2 of 2" in first.output
    assert {p.name for p in Path("figures").iterdir()} == {
        "mine.svg",
        "mine.png",
        "mine.json",
        "index.html",
        "README.md",
    }
    assert "A figure of my own" in Path("figures/index.html").read_text()
    assert "up to date" in run(line).output
    assert figure() == 1


@pytest.mark.parametrize(
    "change",
    [
        "--force",
        "--seed 1",
        "--profile default",
        "--out elsewhere",
        "code",
        "figures/mine.svg",
        "figures/mine.json",
        ".madatheory/figures",
    ],
)
def test_a_figure_is_drawn_again_when_something_changed(run: Run, figure: Callable[[], int], change: str) -> None:
    line = "figures --load mine.py --profile smoke"
    run(line)
    if change.startswith("--profile"):
        line = f"figures --load mine.py {change}"
    elif change.startswith("--"):
        line += f" {change}"
    elif change == "code":
        Path("mine.py").write_text(FIGURE.replace("below 3", "less than 3"))
    elif Path(change).is_dir():
        for entry in Path(change).iterdir():
            entry.write_text("damaged")
    else:
        Path(change).write_text(Path(change).read_text() + " ")
    result = run(line)
    assert result.exit_code == 0, result.output
    assert "up to date" not in result.output
    assert figure() == 2


READS = """    numbers = Path("data").read_text()
    return {"value": run.pick(1, 2, 3) + run.seed + (helper.ONE + len(numbers)) / 10}
"""


@pytest.mark.parametrize("change", ["data", "helper.py", "text"])
def test_a_figure_is_drawn_again_when_what_it_reads_or_imports_changed(
    run: Run, figure: Callable[[], int], change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path.cwd()))
    text = FIGURE.replace('    return {"value": run.pick(1, 2, 3) + run.seed}\n', READS)
    Path("mine.py").write_text(f"import helper\n{text}")
    for name, content in {"data": "ab", "helper.py": "ONE = 1\n", "text": "once"}.items():
        Path(name).write_text(content)
    line = "figures --load mine.py --profile smoke --text text"
    run(line)
    again = run(line)
    assert "up to date" in again.output, again.output
    assert figure() == 1
    status = os.stat(change)
    Path(change).write_text({"data": "cd", "helper.py": "ONE = 2\n", "text": "upon"}[change])
    if change != "helper.py":  # as some programs that copy do; Python itself knows modules by their times
        os.utime(change, ns=(status.st_atime_ns, status.st_mtime_ns))
    result = run(line)
    assert result.exit_code == 0, result.output
    assert "up to date" not in result.output
    assert figure() == 2
    assert "up to date" in run(line).output
    del sys.modules["helper"]


def test_a_figure_that_uses_what_cannot_be_seen_is_drawn_every_time(run: Run, figure: Callable[[], int]) -> None:
    Path("mine.py").write_text("import os\n" + FIGURE.replace("+ run.seed", "+ len(os.environ) * 0"))
    for count in (1, 2):
        result = run("figures --load mine.py --profile smoke")
        assert result.exit_code == 0
        assert "mine: drawn anew by every call, because compute (mine.py, line 8) uses os.environ" in result.stderr
        assert figure() == count


def test_a_failed_claim_is_status_1(run: Run, figure: Callable[[], int]) -> None:
    for _ in range(2):  # also when it is up to date
        result = run("figures --load mine.py --profile full")
        assert result.exit_code == 1
        assert "1 of 2" in result.output
        assert "fails  mine: the value is below 3 (3)" in result.output
    assert figure() == 1
