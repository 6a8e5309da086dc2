"""Equal seeds give equal bits: for any batch, block width, worker count, number of devices and place of a pause."""

import subprocess
import sys

import jax
import numpy as np
import pytest
import xarray as xr

from madatheory import catalogue
from madatheory.engine import blocks
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import (
    final_value,
    iterate,
    largest_gradient,
    mean_squared_gradient,
    squared_gradient_over_root_t,
)

STATISTICS = (mean_squared_gradient, squared_gradient_over_root_t, largest_gradient, final_value, iterate)
AVGRAD = catalogue.optimizer("avgrad")


def at_width(width: int, monkeypatch: pytest.MonkeyPatch, *args: object, **kwargs: object) -> xr.Dataset:
    monkeypatch.setattr(blocks, "block_width", lambda *_: width)
    return simulate(*args, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("d", [1, 3, 70])
def test_same_bits_for_any_batch_and_worker_count(d, dtype):
    problem, times = catalogue.problem(f"ratio:d={d}"), [1, 7, 50]
    whole = simulate(
        problem,
        AVGRAD,
        50,
        seeds=150,
        statistics=STATISTICS,
        settings={"beta2": (0.9, 0.99)},
        record=times,
        dtype=dtype,
    )
    for seeds, workers in ((range(150), 1), (range(63, 66), 2), (range(149, 150), 3), (range(10, 100, 7), 3)):
        part = simulate(
            problem,
            AVGRAD,
            50,
            seeds=seeds,
            statistics=STATISTICS,
            settings={"beta2": 0.99},
            record=times,
            dtype=dtype,
            workers=workers,
        )
        xr.testing.assert_identical(part.drop_attrs(), whole.sel(beta2=0.99, seed=list(seeds), drop=True).drop_attrs())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("problem", "optimizer"),
    [
        ("ratio:d=1,noise=gaussian", "adam:form=practical"),
        ("ratio:d=10,noise=uniform", "mada:learn=rho"),
        ("ratio:d=200,noise=gaussian", "adam-avgrad"),
        ("rastrigin:d=5,noise=rare-large", "yogi:form=practical"),
        ("reddi-online", "adan:form=practical"),
        ("rosenbrock", "lion:form=practical"),
    ],
)
def test_same_bits_for_any_block_width(problem, optimizer, dtype, monkeypatch):
    run = (catalogue.problem(problem), catalogue.optimizer(optimizer), 30)
    runs = [at_width(w, monkeypatch, *run, seeds=20, statistics=STATISTICS, dtype=dtype) for w in (16, 64, 256)]
    xr.testing.assert_identical(runs[0], runs[1])
    xr.testing.assert_identical(runs[0], runs[2])


@pytest.mark.parametrize("name", ["ridge-sum", "sigmoid-loss"])
def test_same_bits_with_matrix_products(name):
    problem = catalogue.problem(name)
    whole = simulate(problem, AVGRAD, 12, seeds=70, statistics=STATISTICS, workers=2)
    part = simulate(problem, AVGRAD, 12, seeds=range(61, 67), statistics=STATISTICS, workers=1)
    xr.testing.assert_identical(part, whole.sel(seed=slice(61, 66)))


def test_numbers_do_not_depend_on_where_the_host_pauses(monkeypatch):
    problem = catalogue.problem("ratio:d=3")
    reference = simulate(problem, AVGRAD, 3000, seeds=5, statistics=STATISTICS, record=7)
    monkeypatch.setattr(blocks, "_SPAN_SECONDS", 1e-9)  # a pause after almost every step
    short = simulate(problem, AVGRAD, 3000, seeds=5, statistics=STATISTICS, record=7)
    xr.testing.assert_identical(short, reference)


_ON_DEVICES = """
import sys
from madatheory.engine import flags
flags.enable_native_loop()
import jax, numpy as np
from madatheory import catalogue
from madatheory.engine.simulate import simulate
data = simulate(
    catalogue.problem("ratio:d=3,noise=gaussian"), catalogue.optimizer("adam:form=practical"), 200,
    seeds=200, settings={"beta2": (0.9, 0.99)}, dtype="float32",
)
print(len(jax.local_devices()), data.mean_squared_gradient.values.tobytes().hex())
"""


def test_same_bits_on_any_number_of_devices():
    """Blocks are dealt out to all local devices; a CPU can be made to look like several."""
    outputs = {}
    for devices in (1, 3):
        done = subprocess.run(
            [sys.executable, "-c", _ON_DEVICES],
            env={**_environment(), "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"},
            capture_output=True,
            text=True,
            check=True,
        )
        found, bits = done.stdout.split()
        assert int(found) == devices
        outputs[devices] = bits
    assert outputs[1] == outputs[3]


def _environment() -> dict[str, str]:
    import os

    return {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"} | {"JAX_PLATFORMS": "cpu"}


def test_every_device_gets_blocks(monkeypatch):
    """With as many devices as workers each runs on its own."""
    used = []
    original = blocks.Programs.get

    def get(self, device, *args):
        used.append(device)
        return original(self, device, *args)

    monkeypatch.setattr(blocks.Programs, "get", get)
    one = jax.local_devices()[0]
    monkeypatch.setattr(blocks.jax, "local_devices", lambda: [one, one, one])
    simulate(catalogue.problem("ratio:d=3"), AVGRAD, 5, seeds=200)
    assert len(used) == 3
    assert np.all([device is one for device in used])
