"""The command line as a user types it, in an empty folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from users_files import Load

from madatheory.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("verify --steps 10")` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MADATHEORY_STORE", raising=False)
    return lambda line, **more: CliRunner().invoke(app, line.split(), **more)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load(text of mine.py, "verify --steps 10")` in an empty folder, with `--load mine.py`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MADATHEORY_STORE", raising=False)

    def command(text: str, line: str) -> Result:
        Path("mine.py").write_text(text)
        return CliRunner().invoke(app, [*line.split(), "--load", "mine.py"])

    return command
