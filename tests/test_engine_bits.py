"""Equal seeds give equal bits: for any batch, block width, worker count, number of devices and place of a pause."""

import subprocess
import sys

import pytest
import xarray as xr

import madatheory as mt
from madatheory.engine.backend import blocks, compiled
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import (
    final_value,
    iterate,
    largest_gradient,
    mean_squared_gradient,
    squared_gradient_over_root_t,
)

STATISTICS = (mean_squared_gradient, squared_gradient_over_root_t, largest_gradient, final_value, iterate)
AVGRAD = mt.get_optimizer("avgrad")


def at_width(width: int, monkeypatch: pytest.MonkeyPatch, *args: object, **kwargs: object) -> xr.Dataset:
    monkeypatch.setattr(blocks, "block_width", lambda *_: width)
    return simulate(*args, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("d", [1, 3, 70, 200])
def test_same_bits_for_any_batch_and_worker_count(d, dtype):
    problem, times = mt.get_problem(f"ratio:d={d}"), [1, 7, 50]
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
        ("ratio:d=201,noise=student-t", "mada-family"),
        ("rastrigin:d=5,noise=rare-large", "yogi:form=practical"),
        ("reddi-online", "adan:form=practical"),
        ("rosenbrock", "lion:form=practical"),
    ],
)
def test_same_bits_for_any_block_width(problem, optimizer, dtype, monkeypatch):
    run = (mt.get_problem(problem), mt.get_optimizer(optimizer), 30)
    runs = [at_width(w, monkeypatch, *run, seeds=20, statistics=STATISTICS, dtype=dtype) for w in (16, 64, 256)]
    xr.testing.assert_identical(runs[0], runs[1])
    xr.testing.assert_identical(runs[0], runs[2])


@pytest.mark.parametrize("noise", ["gaussian", "student-t", "none"])  # a law of pairs, one without, no words at all
@pytest.mark.parametrize("settings", [{}, {"beta2": (0.9, 0.99)}])
def test_pair_by_pair_is_the_same_loop(noise, settings, monkeypatch):
    """The order in which lanes are computed changes the rounding of sums over coordinates and nothing else."""
    run = (mt.get_problem(f"ratio:d=160,noise={noise}"), AVGRAD, 40)
    options = {"seeds": range(3, 10), "statistics": STATISTICS, "settings": settings, "record": [1, 40]}
    paired = simulate(*run, **options)
    monkeypatch.setattr(compiled, "_PAIRS_FROM", 10**9)
    compiled._programs.cache_clear()
    together = simulate(*run, **options)
    compiled._programs.cache_clear()
    xr.testing.assert_allclose(paired, together, rtol=1e-13)


@pytest.mark.parametrize("name", ["ridge-sum", "ridge-sum:d=24", "ridge-sum:d=160", "sigmoid-loss"])
def test_same_bits_with_matrix_products(name):
    problem = mt.get_problem(name)
    whole = simulate(problem, AVGRAD, 12, seeds=70, statistics=STATISTICS, workers=2)
    part = simulate(problem, AVGRAD, 12, seeds=range(61, 67), statistics=STATISTICS, workers=1)
    xr.testing.assert_identical(part, whole.sel(seed=slice(61, 66)))


def test_numbers_do_not_depend_on_where_the_host_pauses(monkeypatch):
    problem = mt.get_problem("ratio:d=3")
    reference = simulate(problem, AVGRAD, 3000, seeds=5, statistics=STATISTICS, record=7)
    monkeypatch.setattr(blocks, "_SPAN_SECONDS", 1e-9)  # a pause after almost every step
    short = simulate(problem, AVGRAD, 3000, seeds=5, statistics=STATISTICS, record=7)
    xr.testing.assert_identical(short, reference)


_ON_DEVICES = """
import sys
from madatheory.engine import flags
flags.enable_native_loop()
import jax, numpy as np
import madatheory as mt
from madatheory.engine.backend import blocks
from madatheory.engine.simulate import simulate
used, get = set(), blocks.Programs.get
def noted(self, device, *rest):
    used.add((device, jax.numpy.zeros(1).device))  # the block's device, and where a thread's computations go
    return get(self, device, *rest)
blocks.Programs.get = noted
data = simulate(
    mt.get_problem("ratio:d=3,noise=gaussian"), mt.get_optimizer("adam:form=practical"), 200,
    seeds=200, settings={"beta2": (0.9, 0.99)}, dtype="float32",
)
assert all(block == own for block, own in used), used
print(len(jax.local_devices()), len(used), data.mean_squared_gradient.values.tobytes().hex())
"""


def test_same_bits_on_any_number_of_devices():
    """Blocks are dealt out to all local devices, one worker each; a CPU can be made to look like several."""
    outputs = {}
    for devices in (1, 3):
        done = subprocess.run(
            [sys.executable, "-c", _ON_DEVICES],
            env={**_environment(), "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"},
            capture_output=True,
            text=True,
            check=True,
        )
        found, busy, bits = done.stdout.split()
        assert int(found) == int(busy) == devices
        outputs[devices] = bits
    assert outputs[1] == outputs[3]


def _environment() -> dict[str, str]:
    import os

    return {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"} | {"JAX_PLATFORMS": "cpu"}
