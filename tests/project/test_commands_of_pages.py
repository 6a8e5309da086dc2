"""Every command that a page shows is one that the program takes, and every block of Python is run by a test."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from madatheory.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "proofs_check/coq/README.md")),
    *(ROOT / name for name in ("benchmarks/RESULTS.md", "figures/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
RUN_BY = {
    "README.md": "project/test_contributing.py",
    "CONTRIBUTING.md": "project/test_contributing.py",
    "docs/training.md": "project/test_guide.py",
    "docs/identities.md": "identities/test_findings.py",
    "docs/reports/": "project/test_reports.py",
}
"""Page, or folder of pages, with blocks of Python -> the test that runs them."""
ELSEWHERE = {
    "make ": "by .ci/run, or it takes hours",
    "pip install": "by .ci/run, from where it installs",
    "madatheory prove": "by .ci/run, all of it at once",
    "tcp://": "with a scheduler of their own, in tests/cluster",
    "path/to/": "as my_optimizer.py",
}
"""In a line that is not run here -> where it is."""
NEEDS = {"torch": "torch", "ports.py": "torch", "keras": "keras", "report": "bokeh"}
BREAKS = ("my_bound.py", "my_adam.py", "my_torch_adam.py", "plain_adam.py", "compare", "adagrad_bound.py", "--all")
"""Lines with these show something that is wrong or differs, so they may end with status 1."""


def lines() -> list[tuple[str, str]]:
    """(page, line) of what the pages show to be typed, without remarks, and our commands in scripts that they show."""
    found = []
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        blocks = re.findall(r"^```(sh|bash)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
        for kind, block in blocks:
            shown = [
                line.partition("  #")[0].strip() for line in block.replace("\\\n", " ").splitlines() if line.strip()
            ]
            ours = [match[0] for line in shown if (match := re.search(r"(?<!\S)madatheory .*", line))]
            found += [(name, line) for line in (shown if kind == "sh" else ours)]
    return found


def takes(line: str) -> None:
    """An error unless the command line is one that can be typed."""
    words = shlex.split(line)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.M), line
    elif words[:2] == ["pip", "install"]:
        known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert set(re.findall(r"\[(.*?)\]", line)[0].split(",")) <= set(known), line
    else:
        assert words[0] == "madatheory", f"{line}: say in {__name__} how to test it"
        group = typer.main.get_command(app)
        with group.make_context("madatheory", words[1:], resilient_parsing=True) as context:
            _, command, rest = group.resolve_command(context, words[1:])  # type: ignore[attr-defined]
            assert command is not None, f"{line}: no such command"
            command.make_context(command.name, rest, parent=context).close()


@pytest.mark.parametrize(("page", "line"), lines())
def test_the_command_is_one_that_can_be_typed(page: str, line: str) -> None:
    takes(line)


@pytest.mark.parametrize("line", ["make nonsense", "pip install 'madatheory[nothing]'", "ls"])
def test_what_is_none_is_seen(line: str) -> None:
    with pytest.raises(AssertionError):
        takes(line)


@pytest.mark.parametrize("line", ["madatheory nonsense", "madatheory report T5 --nonsense"])
def test_what_the_program_does_not_take_is_seen(line: str) -> None:
    with pytest.raises(Exception, match="nonsense"):
        takes(line)


def test_every_block_of_python_is_run_by_a_test() -> None:
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        if "```python" in page.read_text(encoding="utf-8"):
            (by,) = [test for start, test in RUN_BY.items() if name.startswith(start)]
            words = Path(name).name if "reports" not in name else "reports"
            assert words in (ROOT / "tests" / by).read_text(encoding="utf-8"), name


def runs() -> list[Any]:
    """Each line that can be run here, once."""
    found = []
    for line in dict.fromkeys(line for _, line in lines()):
        if not any(part in line for part in ELSEWHERE):
            extras = {extra for part, extra in NEEDS.items() if part in line}
            found.append(pytest.param(line, marks=[pytest.mark.needs(extra) for extra in sorted(extras)], id=line))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the pages show, and those that they only name; a store that the commands share."""
    found = tmp_path_factory.mktemp("reader")
    for page in PAGES:
        for name, code in re.findall(r'```python title="(\w+\.py)"\n(.*?)```', page.read_text(encoding="utf-8"), re.S):
            (found / name).write_text(code, encoding="utf-8")
    amsgrad = "amsgrad = functools.partial(torch.optim.Adam, amsgrad=True)"  # docs/compare.md has it in a sentence
    (found / "ports.py").write_text(f"import functools\n\nimport torch\n\n{amsgrad}\n")
    for name in ("my_port.py", "my_optimizer.py"):
        (found / name).write_text("import optax\n\ndef make(lr):\n    return optax.adam(lr)\n")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("line", runs())
def test_the_command_does_what_the_page_says(line: str, folder: Path) -> None:
    words = shlex.split(line.replace("$(hostname)", "localhost"))
    if words[0] == "pytest":
        words = [sys.executable, "-m", *words]
    else:
        words[0] = shutil.which(words[0], path=str(Path(sys.executable).parent)) or words[0]
    ran = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=1500, env=os.environ | {"COLUMNS": "100"}
    )
    assert "Traceback" not in ran.stderr
    assert ran.returncode in ((0, 1) if any(part in line for part in BREAKS) else (0,)), (
        ran.stdout[-2000:] + ran.stderr[-2000:]
    )
    assert ran.stdout or ran.stderr
    for option, name in re.findall(r"(--out|--json) (\S+)", line):
        assert (folder / name).exists(), option
