"""The examples in CONTRIBUTING.md and README.md run as they stand there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from madatheory.cli import app

ROOT = Path(__file__).parents[2]
FILE = re.compile(
    r'```python title="(?P<name>[a-z_]+\.py)"\n(?P<code>.*?)```\s*```sh\n(?P<command>madatheory .*?)\n```'
    r"(\s*```text\n(?P<output>.*?)```)?",
    re.S,
)
# what the examples of CONTRIBUTING.md print, with fewer steps and seeds: they show how, not how well
SMALL = {
    "verify": ["--steps", "100", "--trajectories", "64"],
    "simulate": ["--steps", "50", "--trajectories", "4"],
    "figures": [],
}
EXPECTED = {
    "sign_momentum.py": "sign-momentum on ratio",
    "soft_step.py": "1 soft-step",
    "adagrad_bound.py": "1 hold, 0 violated, 0 inconclusive, 1 not applicable",
    "two_methods.py": "1 of 1",
}
Example = re.Match[str]


def examples(name: str) -> list[Example]:
    return list(FILE.finditer((ROOT / name).read_text()))


README = {example["name"]: example for example in examples("README.md")}


def run(example: Example, folder: Path, monkeypatch: pytest.MonkeyPatch, small: bool) -> Result:
    monkeypatch.chdir(folder)
    Path(example["name"]).write_text(example["code"])
    _, command, *rest = shlex.split(example["command"])
    return CliRunner().invoke(app, [command, *rest, *(SMALL[command] if small else [])])


def test_there_is_an_example_of_every_kind() -> None:
    assert [example["name"] for example in examples("CONTRIBUTING.md")] == list(EXPECTED)
    assert list(README) == ["my_bound.py", "my_adam.py", "my_torch_adam.py"]


@pytest.mark.parametrize("example", examples("CONTRIBUTING.md"), ids=lambda m: m["name"])
def test_one_file_is_enough(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(example, tmp_path, monkeypatch, small=True)
    assert result.exit_code == 0, result.output
    assert EXPECTED[example["name"]] in " ".join(result.output.split())
    assert "violated " not in result.output.replace("0 violated", "").replace("✗ violated", "")
    if example["name"] == "two_methods.py":
        assert {"two-methods.svg", "two-methods.png", "two-methods.json"} <= {
            p.name for p in Path("pictures").iterdir()
        }


def shape(text: str) -> list[str]:
    """A printed text without its numbers and without the spaces at the ends of lines."""
    return [re.sub(r"\d+(\.\d+)?(e-?\d+)?", "#", line).rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.parametrize("name", ["my_bound.py", "my_adam.py"])
def test_the_readme_shows_what_its_examples_print(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(README[name], tmp_path, monkeypatch, small=False)
    assert result.exit_code == 1
    assert shape(result.stdout) == shape(README[name]["output"])


@pytest.mark.needs("torch")
def test_the_torch_example_of_the_readme_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(README["my_torch_adam.py"], tmp_path, monkeypatch, small=False)
    assert result.exit_code == 1
    for code in ("S3", "C4"):
        assert f"breaks {code}, " in result.stdout


def test_the_tests_of_the_readme_run(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    for name in ("my_adam.py", "test_my_adam.py", "known_failures.txt"):
        (found,) = re.findall(rf'```[a-z]+ title="{name}"\n(.*?)```', text, re.S)
        (tmp_path / name).write_text(found)
    line = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-k",
        "C1",
        "-p",
        "no:cacheprovider",
        "--rootdir=.",
        "test_my_adam.py",
    ]
    ran = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 xfailed" in ran.stdout, ran.stdout + ran.stderr
    assert ran.returncode == 0


def run_python_of_the_readme(torch: bool) -> None:
    codes = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    codes = [code for code in codes if ("import torch" in code) == torch]
    assert len(codes) == (1 if torch else 2)
    for code in codes:
        exec(compile(code, "README.md", "exec"), {})


def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    run_python_of_the_readme(torch=False)
    printed = capsys.readouterr().out
    assert "'rho': " in printed
    assert "(rho: 3, t: 10)" in printed
    assert printed.splitlines()[-1].startswith("holds ")


@pytest.mark.needs("torch")
def test_the_torch_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    run_python_of_the_readme(torch=True)
    assert "'rho': " in capsys.readouterr().out


def test_the_readme_names_what_exists() -> None:
    text = (ROOT / "README.md").read_text()
    for path in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / path).exists() or path.startswith("figures/"), path
    for target in re.findall(r"`make (\w+)`", text):
        assert f"\n{target}:" in (ROOT / "Makefile").read_text()
