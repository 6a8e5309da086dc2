"""The command line as a user types it, in an empty folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from madatheory.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("verify --steps 10")` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MADATHEORY_STORE", raising=False)
    return lambda line, **more: CliRunner().invoke(app, line.split(), **more)
