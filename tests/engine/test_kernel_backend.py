"""Backends of kernels are asked in order; the first that is here and refuses nothing is taken; the path says why."""

from typing import Any

import jax
import numpy as np
import pytest

from madatheory.engine.backend import kernel_backend
from madatheory.engine.backend.kernel_backend import BACKENDS, KernelBackend, compiled
from madatheory.engine.backend.lift_rules import Unsupported

X = np.arange(3, dtype=np.float32)


def double(x: Any) -> Any:
    return 2 * x


def backend(name: str, missing: str = "", problem: Exception | None = None) -> KernelBackend:
    """One that answers with its name, or raises."""

    def compile(function: Any, *arguments: Any) -> Any:
        if problem is not None:
            raise problem
        return lambda *args: (name, function(*args))

    return KernelBackend(name, lambda: missing, compile)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")


@pytest.mark.usefixtures("gpu")
def test_the_first_backend_that_takes_it_runs_it_and_the_path_says_why_not_those_before():
    asked = [
        backend("A", missing="no package"),
        backend("B", problem=Unsupported("no sorts")),
        backend("C", problem=OSError("no compiler")),
        backend("D"),
        backend("E"),
    ]
    mode, run = compiled(double, X, backends=asked)
    assert mode == (
        "persistent kernel by D",
        "A: no package; B: no sorts; C: the kernel language refuses it: no compiler",
    )
    assert run(X)[0] == "D"
    assert compiled(double, X, backends=asked[3:])[0] == ("persistent kernel by D", "")
    mode, run = compiled(double, X, backends=asked[:2])
    assert mode == ("plain loop", "A: no package; B: no sorts")
    assert np.array_equal(run(X), 2 * X)


def test_without_a_gpu_no_backend_is_asked():
    mode, run = compiled(double, X, backends=[backend("A", problem=AssertionError("asked"))])
    assert mode == ("plain loop", "the persistent kernel needs an NVIDIA GPU; the backend is cpu")
    assert np.array_equal(run(X), 2 * X)


@pytest.mark.usefixtures("gpu")
def test_without_triton_the_plain_loop_runs_and_says_so(monkeypatch: pytest.MonkeyPatch):
    real = kernel_backend.find_spec
    monkeypatch.setattr(kernel_backend, "find_spec", lambda name: None if name.endswith(".triton") else real(name))
    mode, run = compiled(double, X, backends=BACKENDS[:1])
    assert mode == ("plain loop", "Triton: this JAX has no Pallas for Triton")
    assert np.array_equal(run(X), 2 * X)
    monkeypatch.undo()
    assert BACKENDS[0].name == "Triton"
    assert BACKENDS[0].missing() == ""
