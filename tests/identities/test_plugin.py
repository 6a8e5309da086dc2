"""The pytest plugin: one test per identity, an xfail file that its owner must keep true, and nothing when unused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from madatheory.errors import UserError
from madatheory.identities import suite
from madatheory.identities.identity import identities
from madatheory.identities.runner.plugin import read_xfail
from madatheory.identities.targets import functions

pytest_plugins = ["pytester"]

# pytester forgets modules that were not there before, and some cannot be loaded twice
assert identities()
assert functions
assert np.fft

MINE = """
import numpy as np


def right(lr=0.1):
    return (lambda x: 0), lambda g, s, x: (x - lr * g, s)


def wrong(lr=0.1):
    def update(g, s, x):
        return x - lr * g - (0.125 if lr == 0 else 0), s
    return (lambda x: 0), update


def nonsense(lr=0.1):
    return (lambda x: 0), lambda g, s, x: None


def needy(lr, model):
    return None
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(mine=MINE)
    pytester.makepyfile(test_other="def test_other():\n    pass\n")
    return pytester


def test_one_test_per_identity(folder: pytest.Pytester) -> None:
    result = folder.runpytest("--madatheory", "mine.py:right", "--madatheory-only", "F1,F4,R2,S1", "-v", "-rs")
    result.assert_outcomes(passed=4, skipped=1)  # the folder's own test among them
    result.stdout.fnmatch_lines(
        ["*collected 5 items", "madatheory::mine.py:right::F4 PASSED*", "*does not apply: yogi squares*"]
    )
    listed = folder.runpytest("--madatheory", "mine.py:right", "--collect-only", "-q").stdout.str()
    for code in identities():
        assert f"madatheory::mine.py:right::{code}\n" in listed
    chosen = folder.runpytest("--madatheory", "mine.py:right", "-k", "F3")
    chosen.assert_outcomes(passed=1, deselected=len(identities()))


def test_a_failure_explains_itself_without_a_traceback(folder: pytest.Pytester) -> None:
    result = folder.runpytest("--madatheory", "mine:wrong", "--madatheory-only", "F4")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "mine:wrong breaks F4, *",
            f"  identity  {identities()['F4'].statement}"[:60] + "*",
            "  found     *",
            "  got       *",
            "  expected  *",
            "optimizer = mine.wrong",
            "run = runs_of(optimizer)",
            "assert np.array_equal(got, expected), 'F4, *",
        ]
    )
    text = result.stdout.str()
    assert "plugin.py" not in text
    assert "Traceback" not in text
    assert "def runtest" not in text


@pytest.mark.parametrize(
    ("lines", "outcomes", "words"),
    [
        ("F4  it drifts", {"xfailed": 1, "passed": 2}, "it drifts ("),
        ("# known\n\n[mine.py:wrong]\nF4 it drifts  # since v1", {"xfailed": 1, "passed": 2}, "it drifts ("),
        (
            "F4 it drifts\nF1 a guess",
            {"xfailed": 1, "failed": 1, "passed": 1},
            "declared to fail (a guess), but it holds",
        ),
    ],
)
def test_an_xfail_file(folder: pytest.Pytester, lines: str, outcomes: dict[str, int], words: str) -> None:
    folder.makefile(".txt", known=lines)
    line = ["--madatheory", "mine.py:wrong", "--madatheory-only", "F1,F4", "--madatheory-xfail", "known.txt", "-rx"]
    result = folder.runpytest(*line)
    result.assert_outcomes(**outcomes)
    assert words in result.stdout.str()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--madatheory", "mine.py:right", "--madatheory-xfail", "known.txt"], "line 2: unknown identity 'F44'"),
        (["--madatheory", "mine.py:right", "--madatheory-xfail", "none.txt"], "none.txt cannot be read"),
        (["--madatheory-xfail", "known.txt"], "--madatheory-xfail needs a target"),
        (["--madatheory", "mine.py:right", "--madatheory-only", "F44"], "unknown identity 'F44'"),
        (["--madatheory", "mine.py:right", "--madatheory-trait", "momentum"], "write name=yes or name=no"),
        (["--madatheory", "mine.py:right", "--madatheory-trait", "momento=yes"], "unknown trait 'momento'"),
        (["--madatheory", "mine.py:right", "--madatheory-profile", "fast"], "unknown profile 'fast'"),
    ],
)
def test_bad_options_are_a_usage_error(folder: pytest.Pytester, options: list[str], words: str) -> None:
    folder.makefile(".txt", known="F4 it drifts\nF44 no such thing\n")
    result = folder.runpytest(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert words in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("mine.py:needy", "needy needs model"),
        ("mine.py:nonsense", "cannot be tested: update returned NoneType"),
        ("none.py:make", "there is no file none.py"),
    ],
)
def test_a_target_that_cannot_be_tested_fails(folder: pytest.Pytester, target: str, words: str) -> None:
    result = folder.runpytest("--madatheory", target, "--madatheory-only", "F1,F4")
    result.assert_outcomes(failed=2, passed=1)
    assert result.stdout.str().count(words) >= 2


def test_a_suite_in_a_test_file(folder: pytest.Pytester) -> None:
    folder.makepyfile(
        test_mine="""
        from madatheory.identities import suite
        from mine import right, wrong

        TestRight = suite(right, only="F1,F4,R2", traits={"momentum": False})
        TestWrong = suite(wrong, only="F1,F4", xfail={"F4": "it drifts"})
        TestFailing = suite(wrong, only="F4")
        """
    )
    result = folder.runpytest("-v", "test_mine.py")
    result.assert_outcomes(passed=3, skipped=1, xfailed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*TestRight::test_F4_step_size_zero PASSED*", "wrong breaks F4, *", "optimizer = mine.wrong"]
    )
    assert "__tracebackhide__" not in result.stdout.str()
    assert "plugin.py:" not in result.stdout.str().replace("SKIPPED", "").split("FAILURES")[1].split("short test")[0]


def test_a_suite_refuses_bad_input(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown identity 'F44'"):
        suite("optax:adam", xfail={"F44": "why"})
    with pytest.raises(UserError, match="unknown trait"):
        suite("optax:adam", traits={"fast": True})
    file = tmp_path / "known.txt"
    file.write_text("F4 it drifts\n")
    assert hasattr(suite("optax:adam", only="F4", xfail=file), "test_F4_step_size_zero")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("F4", "line 1: write `CODE reason`"),
        ("F4 a\nF4 b", "line 2: F4 is given twice"),
        ("F4 a\n[optax:adam]\nF4 b", "line 3: F4 is given twice"),
        ("[optax:lion]\nF4 a", "line 1: 'optax:lion' is not tested; tested: optax:adam, optax:sgd"),
    ],
)
def test_a_wrong_xfail_file_gets_a_message(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "known.txt"
    file.write_text(text)
    with pytest.raises(UserError) as raised:
        read_xfail(file, ["optax:adam", "optax:sgd"])
    assert message in str(raised.value)


def test_sections_are_for_one_target(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    file.write_text("F4 all of them\n[b]\nS1 only b\n")
    assert read_xfail(file, ["a", "b"]) == {"a": {"F4": "all of them"}, "b": {"F4": "all of them", "S1": "only b"}}


def test_unused_it_costs_nothing() -> None:
    heavy = ("jax", "numpy", "madatheory.identities")
    code = f"import sys, madatheory.pytest_plugin; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_it_is_registered(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("madatheory")
