"""The marker of tests that need more than `make test` installs: skipped with the remedy and counted, never silently."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ABSENT = '\nREMEDIES |= {"no_such_library": "pip install it", "no_such_tool": "apt-get install it"}\n'
TESTS = """
import pytest

@pytest.fixture
def library():
    import no_such_library

@pytest.mark.needs("pytest", "no_such_library")
def test_library(library): ...

@pytest.mark.needs("no_such_tool")
def test_tool(): ...

@pytest.mark.needs("pytest", "sh")
def test_here(): ...

@pytest.mark.skip(reason="no GPU")
def test_gpu(): ...
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    text = (Path(__file__).parents[1] / "conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(text + ABSENT + 'REMEDIES |= {"pytest": "pip install pytest", "sh": "apt-get install sh"}\n')
    pytester.makeini('[pytest]\nmarkers = needs: what is needed\naddopts = "--strict-markers"')
    pytester.makepyfile(TESTS)
    return pytester


def test_what_is_missing_is_skipped_with_the_remedy_and_counted(folder: pytest.Pytester) -> None:
    result = folder.runpytest("-rs")
    result.assert_outcomes(passed=1, skipped=3)
    result.stdout.fnmatch_lines(
        [
            "2 tests skipped: 1 need no_such_library, 1 need no_such_tool. `make test-extras`*",
            "*needs no_such_library, which is not installed: pip install it",
        ]
    )


def test_nothing_missing_makes_it_an_error(folder: pytest.Pytester) -> None:
    result = folder.runpytest("--nothing-missing", "-m", "needs")
    result.assert_outcomes(passed=1, errors=2, deselected=1)
    result.stdout.fnmatch_lines(["*needs no_such_tool, which is not installed: apt-get install it"])


def test_what_was_skipped_as_missing_is_listed_and_only_that_is_run(folder: pytest.Pytester) -> None:
    folder.runpytest("--list-missing", "list.txt")
    names = (folder.path / "list.txt").read_text().splitlines()
    assert [name.partition("::")[2] for name in names] == ["test_library", "test_tool"]
    folder.runpytest("--only-listed", "list.txt").assert_outcomes(skipped=2, deselected=2)
    (folder.path / "list.txt").write_text("\n".join([*names, "test_gone.py::test_gone"]))
    refused = folder.runpytest("--only-listed", "list.txt")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*names tests that are not there: test_gone.py::test_gone"])


def test_a_need_without_a_remedy_is_an_error(folder: pytest.Pytester) -> None:
    folder.makepyfile("import pytest\n\n@pytest.mark.needs('torhc')\ndef test_typing_error(): ...\n")
    result = folder.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*KeyError: 'torhc'*"])
