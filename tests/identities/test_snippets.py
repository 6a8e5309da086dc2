"""Programs that a report shows run as they stand, and show the failure."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted_optimizers import unshrunk  # noqa: F401
from typer.testing import Result

from madatheory.errors import UserError
from madatheory.identities.check import check
from madatheory.identities.report.example import example
from madatheory.identities.strategies import plain
from madatheory.identities.targets.lookup import find

Run = Callable[..., Result]


def as_program(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_a_snippet_runs_and_shows_the_failure(run: Run, tmp_path: Path) -> None:
    (still,) = check("mine.py:wrong", only="F4").outcomes
    ran = as_program(still.snippet, tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == f"AssertionError: F4, {still.name}"
    assert "hypothesis" not in still.snippet
    assert ran.stdout.splitlines() == ["got      [[-0.125]]", "expected [[0.]]"]  # a step size of 0 moved it


@pytest.mark.usefixtures("unshrunk")
def test_a_snippet_without_runs_tries_the_identity_itself(run: Run, tmp_path: Path) -> None:
    (changed,) = check("mine.py:wrong", only="K2").outcomes
    assert "example(optimizer, 'K2'" in changed.snippet
    ran = as_program(changed.snippet, tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == f"AssertionError: K2, {changed.name}: {changed.detail}"
    assert example("mine.py:right", "S1", plain()).holds


@pytest.mark.parametrize("spec", ["madatheory:adam:form=practical", "optax.contrib:schedule_free", "mine.py:right"])
def test_the_code_of_a_target_makes_it_again(run: Run, spec: str) -> None:
    space: dict[str, Any] = {}
    exec(find(spec).code, space)
    assert find(space["optimizer"]).settable == find(spec).settable


def test_example_says_what_is_wrong() -> None:
    def lopsided(lr: float = 0.1) -> object:
        return (lambda x: 0), lambda g, s, x: (x - lr * abs(g), s)

    tried = example(lopsided, "S1", plain())
    assert not tried.holds
    assert "-run(x0, g): at step 1" in tried.detail
    assert tried.runs.startswith("path = run(")
    assert (np.asarray(tried.got) != np.asarray(tried.expected)).any()
    with pytest.raises(UserError, match="unknown identity 'S99'"):
        example(lopsided, "S99")
