"""Settings of the test run: the native loop before JAX starts, hypothesis profiles, and a float64 fixture."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that all processes of the tests share: the figures of training ask for the same pieces."""
    root = tmp_path_factory.getbasetemp()
    return (root.parent if root.name.startswith("popen-") else root) / "store"


@pytest.fixture
def float64() -> Iterator[None]:
    """Run the test in double precision."""
    import jax

    with jax.enable_x64(True):
        yield
