"""What others install: the wheel holds all files, with a version; hook and CI step run commands that there are."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import madatheory
from madatheory.cli import app

ROOT = Path(madatheory.__file__).parents[1]
PACKAGES = ("madatheory", "proofs_check")
MINE = '"""An optimizer."""\n\nimport optax\n\n\ndef make(learning_rate=0.1):\n    return optax.sgd(learning_rate)\n'


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.needs("build")
def test_a_wheel_of_a_copy_without_git_is_whole_and_runs(tmp_path: Path) -> None:
    """Neither tags nor history tell the version, no list of tracked files what belongs to the package or was built."""
    copy = tmp_path / "copy"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", ".*", "build"))
    files = {p.relative_to(copy).as_posix() for package in PACKAGES for p in (copy / package).rglob("*") if p.is_file()}
    built = copy / "proofs_check" / "coq" / "build"  # where coqc writes, which is no part of a wheel
    built.mkdir()
    for name in ("dependencies", "Logarithm.vo", "Logarithm.v", "left.py"):
        (built / name).touch()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    line = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(copy)]
    ran = subprocess.run(line, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith(PACKAGES) and ".dist-info" not in name}
        archive.extractall(tmp_path / "there")
    assert inside == files
    fallback = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools_scm"]
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path / 'there')!r}]; sys.argv[1:] = ['--version']\n"
        "from madatheory.__main__ import main; print(sys.modules['madatheory'].__file__); main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    place, version = ran.stdout.splitlines()
    assert place.startswith(str(tmp_path / "there"))
    assert version == f"madatheory {fallback['fallback_version']}"


def test_the_changes_are_told_by_version_and_cited_with_the_last() -> None:
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heads[0] == "Next"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", head) for head in heads[1:])
    cited = read("CITATION.cff")
    assert cited["version"] == heads[1]
    assert {"cff-version", "message", "title", "authors", "license"} <= cited.keys()
    assert (
        cited["license"] == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license"]
    )


@pytest.mark.parametrize("number", [0, 1])
def test_a_hook_runs_a_command_that_there_is(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = read(".pre-commit-hooks.yaml")[number]
    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert hook["pass_filenames"] is False
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    command, *arguments = hook["entry"].split()
    assert command in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    ran = CliRunner().invoke(app, [*arguments, "mine.py:make", "--only", "S1"])
    assert ran.exit_code == 0, ran.output


def test_the_step_of_ci_checks_an_optimizer_and_fails_with_it(tmp_path: Path) -> None:
    steps = {step["name"]: step for step in read("action.yml")["runs"]["steps"]}
    assert list(steps) == ["install", "check"]
    assert all(step["shell"] == "bash" for step in steps.values())
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    inputs = {"${{ inputs.python }}": sys.executable, "${{ inputs.options }}": "--only S1,F1 --profile quick"}
    for file, status in (("mine.py", 0), ("missing.py", 2)):
        given = {**inputs, "${{ inputs.targets }}": f"{file}:make"}
        environment = {name: given[value] for name, value in steps["check"]["env"].items()}
        ran = subprocess.run(
            ["bash", "-c", steps["check"]["run"]],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == status, ran.stdout + ran.stderr
