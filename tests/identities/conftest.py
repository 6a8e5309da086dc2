"""The command line beside a file of a user's optimizers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from madatheory.cli import app

Run = Callable[..., Result]


MINE = """
import numpy as np


def right(lr=0.1, momentum=0.5):
    def update(g, m, x):
        m = momentum * m + g
        return x - lr * m, m
    return np.zeros_like, update


def wrong(lr=0.1, momentum=0.5):
    '''Steps also when lr = 0, and writes into the gradient.'''
    def update(g, m, x):
        g *= 2
        return x - lr * g - (0.125 if lr == 0 else 0), m
    return np.zeros_like, update


def nonsense(lr=0.1):
    return np.zeros_like, lambda g, m, x: None


def needy(lr, model):
    return None
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE)
    return lambda *words: CliRunner().invoke(app, list(words))
