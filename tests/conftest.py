"""Settings of the test run: the native loop before JAX starts, hypothesis profiles, what a test needs, fixtures."""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from madatheory.engine.flags import enable_native_loop

enable_native_loop()  # XLA reads the flag when its CPU backend starts, so before any test computes

# a shell that starts the tests in the background makes them ignore Ctrl-C; tests of it, and their children, need it
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=20, **_common)
settings.register_profile("ci", max_examples=30, derandomize=True, **_common)
settings.register_profile("nightly", max_examples=500, **_common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "dev"))


# what `make test` does not install: the marker needs("torch") names one of these, which are all that a test may lack
REMEDIES = {
    "torch": "pip install 'madatheory[torch]'",
    "keras": "pip install 'madatheory[keras]'",
    "numba": "pip install 'madatheory[bench]'",
    "pytorch_optimizer": "pip install 'madatheory[conformance]'",
    "coqc": "apt-get install coq",
}


@cache
def missing(name: str) -> bool:
    """Whether it is not here; `KeyError` for a name that has no remedy."""
    return (shutil.which(name) if REMEDIES[name].startswith("apt-get") else find_spec(name)) is None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nothing-missing", action="store_true", help="A test whose needs are not here fails.")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test that needs what is not here, with the remedy; fails it under --nothing-missing."""
    absent = [name for mark in item.iter_markers("needs") for name in mark.args if missing(name)]
    if absent:
        item.user_properties.append(("missing", absent[0]))
        end: Any = pytest.fail if item.config.getoption("nothing_missing") else pytest.skip
        end(f"needs {absent[0]}, which is not installed: {REMEDIES[absent[0]]}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped because it is not here; make test-extras runs exactly these tests."""
    properties = (p for report in terminalreporter.stats.get("skipped", ()) for p in report.user_properties)
    counts = Counter(value for key, value in properties if key == "missing")
    if counts:
        each = ", ".join(f"{count} need {name}" for name, count in counts.most_common())
        terminalreporter.section("not installed here")
        terminalreporter.line(f"{counts.total()} tests skipped: {each}. `make test-extras` installs it and runs them.")


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that all processes of the tests share: the figures of training ask for the same pieces."""
    root = tmp_path_factory.getbasetemp()
    return (root.parent if root.name.startswith("popen-") else root) / "store"


@pytest.fixture(scope="module")
def quick_compilation() -> Iterator[None]:
    """For files whose programs run a few steps: XLA leaves out the passes that only long runs pay for."""
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def float64() -> Iterator[None]:
    """Run the test in double precision."""
    import jax

    with jax.enable_x64(True):
        yield
