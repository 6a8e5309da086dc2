"""Equal seeds give equal bits: for any batch, block width, worker count, number of devices and place of a pause."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import xarray as xr
from tolerances import DOUBLE

import madatheory as mt
from madatheory.engine import noise
from madatheory.engine.backend import blocks, compiled
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import (
    final_value,
    iterate,
    largest_gradient,
    mean_squared_gradient,
    squared_gradient_over_root_t,
)

pytestmark = pytest.mark.usefixtures("full_compilation")

STATISTICS = (mean_squared_gradient, squared_gradient_over_root_t, largest_gradient, final_value, iterate)
AVGRAD = mt.get_optimizer("avgrad")


def at_width(width: int, monkeypatch: pytest.MonkeyPatch, *args: object, **kwargs: object) -> xr.Dataset:
    monkeypatch.setattr(blocks, "block_width", lambda *_: width)
    return simulate(*args, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize(("d", "dtype"), [(1, "float64"), (3, "float32"), (70, "float64"), (200, "float32")])
def test_same_bits_for_any_batch_and_worker_count(d, dtype):
    problem, times = mt.get_problem(f"ratio:d={d}"), [1, 7, 50]
    whole = simulate(
        problem,
        AVGRAD,
        50,
        num_trajectories=150,
        statistics=STATISTICS,
        settings={"beta2": (0.9, 0.99)},
        save_at=times,
        dtype=dtype,
    )
    for seeds, workers in ((range(150), 1), (range(63, 66), 2), (range(149, 150), 3), (range(10, 100, 7), 3)):
        part = simulate(
            problem,
            AVGRAD,
            50,
            num_trajectories=seeds,
            statistics=STATISTICS,
            settings={"beta2": 0.99},
            save_at=times,
            dtype=dtype,
            workers=workers,
        )
        xr.testing.assert_identical(part.drop_attrs(), whole.sel(beta2=0.99, seed=list(seeds), drop=True).drop_attrs())


TOGETHER, BY_PAIRS = (16, 64, 256), (2, 64)  # widths


@pytest.mark.parametrize(
    ("problem", "optimizer", "dtype", "widths"),
    [  # what is computed in its own way in each dtype, such as a logarithm or a cosine, is there in both
        ("ratio:d=1,noise=gaussian", "adam:form=practical", "float32", TOGETHER),
        ("ratio:d=10,noise=uniform", "mada:learn=rho", "float64", TOGETHER),
        ("ratio:d=200,noise=gaussian", "adam-avgrad", "float64", BY_PAIRS),
        ("ratio:d=201,noise=student-t", "mada-family", "float32", BY_PAIRS),
        ("rastrigin:d=5,noise=rare-large", "yogi:form=practical", "float32", TOGETHER),
        ("rastrigin:d=5,noise=student-t", "yogi:form=practical", "float64", TOGETHER),
        ("reddi-online", "adan:form=practical", "float64", TOGETHER),
        ("rosenbrock", "lion:form=practical", "float32", TOGETHER),
    ],
)
def test_same_bits_for_any_block_width(problem, optimizer, dtype, widths, monkeypatch):
    run = (mt.get_problem(problem), mt.get_optimizer(optimizer), 30)
    first, *others = (
        at_width(w, monkeypatch, *run, num_trajectories=20, statistics=STATISTICS, dtype=dtype) for w in widths
    )
    for other in others:
        xr.testing.assert_identical(first, other)


def test_the_noise_of_a_pair_is_chosen_in_many_lanes_only(monkeypatch):
    lanes, chosen = [], noise._chosen

    def seen(even, odd):
        lanes.append(2 * even.shape[-1])
        return chosen(even, odd)

    monkeypatch.setattr(noise, "_chosen", seen)
    fresh = replace(mt.get_problem("ratio:d=3,noise=gaussian"), name="not traced before")
    for width in (16, 32, 64):
        at_width(width, monkeypatch, fresh, AVGRAD, 2, num_trajectories=60)
    assert set(lanes) == {64}


@pytest.mark.parametrize(
    ("noise", "settings"),  # a law of pairs, one without, no words at all
    [("gaussian", {"beta2": (0.9, 0.99)}), ("student-t", {}), ("none", {"beta2": (0.9, 0.99)})],
)
def test_pair_by_pair_is_the_same_loop(noise, settings, monkeypatch):
    """The order in which lanes are computed changes the rounding of sums over coordinates and nothing else."""
    run = (mt.get_problem(f"ratio:d=160,noise={noise}"), AVGRAD, 40)
    options = {"num_trajectories": range(3, 10), "statistics": STATISTICS, "settings": settings, "save_at": [1, 40]}
    paired = simulate(*run, **options)
    monkeypatch.setattr(compiled, "_PAIRS_FROM", 10**9)
    compiled._programs.cache_clear()
    together = simulate(*run, **options)
    compiled._programs.cache_clear()
    xr.testing.assert_allclose(paired, together, rtol=DOUBLE.hundreds)


@pytest.mark.parametrize("name", ["ridge-sum", "ridge-sum:d=24", "ridge-sum:d=160", "sigmoid-loss"])
def test_same_bits_with_matrix_products(name):
    problem = mt.get_problem(name)
    whole = simulate(problem, AVGRAD, 12, num_trajectories=70, statistics=STATISTICS, workers=2)
    part = simulate(problem, AVGRAD, 12, num_trajectories=range(61, 67), statistics=STATISTICS, workers=1)
    xr.testing.assert_identical(part, whole.sel(seed=slice(61, 66)))


def test_numbers_do_not_depend_on_where_the_host_pauses(monkeypatch):
    problem = mt.get_problem("ratio:d=3")
    reference = simulate(problem, AVGRAD, 3000, num_trajectories=5, statistics=STATISTICS, save_at=7)
    monkeypatch.setattr(blocks, "_SPAN_SECONDS", 1e-9)  # a pause after almost every step
    short = simulate(problem, AVGRAD, 3000, num_trajectories=5, statistics=STATISTICS, save_at=7)
    xr.testing.assert_identical(short, reference)


_ON_DEVICES = """
from madatheory.engine import flags
flags.enable_native_loop()
import jax
import madatheory as mt
from madatheory.engine.backend import blocks
from madatheory.engine.simulate import simulate
used, get = set(), blocks.Programs.get
def noted(self, device, *rest):
    used.add((device, jax.numpy.zeros(1).device))  # the block's device, and where a thread's computations go
    return get(self, device, *rest)
blocks.Programs.get = noted
run = mt.get_problem("ratio:d=3,noise=gaussian"), mt.get_optimizer("adam:form=practical"), 200
for workers in (1, None):
    used.clear()
    data = simulate(*run, num_trajectories=200, settings={"beta2": (0.9, 0.99)}, dtype="float32", workers=workers)
    assert all(block == own for block, own in used), used
    print(len(jax.local_devices()), len(used), data.mean_squared_gradient.values.tobytes().hex())
"""


def test_same_bits_on_any_number_of_devices():
    """Blocks are dealt out to all local devices, one worker each; a CPU can be made to look like several."""
    wanted = {"XLA_FLAGS": "--xla_force_host_platform_device_count=3", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", _ON_DEVICES], env={**os.environ, **wanted}, capture_output=True, text=True, check=True
    )
    one, three = (line.split() for line in done.stdout.splitlines())
    assert (one[:2], three[:2]) == (["3", "1"], ["3", "3"])
    run = mt.get_problem("ratio:d=3,noise=gaussian"), mt.get_optimizer("adam:form=practical"), 200
    here = simulate(*run, num_trajectories=200, settings={"beta2": (0.9, 0.99)}, dtype="float32")  # with one device
    assert one[2] == three[2] == here.mean_squared_gradient.values.tobytes().hex()


_HASHES = """
import hashlib, os, sys
from madatheory.engine import flags
flags.LLVM = tuple(option for option in flags.LLVM if option != flags.SCHEDULE or "with" in sys.argv)
flags.TESTED = {flags.version("jaxlib")}
flags.enable_native_loop()
print(flags.SCHEDULE in os.environ["XLA_FLAGS"])
import madatheory as mt
from madatheory.engine.simulate import simulate
for name in ("adam", "mada:learn=all"):
    for d, dtype in ((1, "float64"), (100, "float32")):
        run = mt.get_problem(f"ratio:d={d},noise=gaussian"), mt.get_optimizer(name), 50
        data = simulate(*run, num_trajectories=100, dtype=dtype, workers=1)
        print(name, d, hashlib.sha256(data.mean_squared_gradient.values.tobytes()).hexdigest())
"""


def test_the_order_of_instructions_changes_no_bit():
    """Other options of LLVM do, so it is not for granted."""
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    outputs = [
        subprocess.run(
            [sys.executable, "-c", _HASHES, given], env=environment, capture_output=True, text=True, check=True
        ).stdout.split("\n", 1)
        for given in ("with", "without")
    ]
    assert [with_it for with_it, _ in outputs] == ["True", "False"]
    assert len(outputs[0][1].splitlines()) == 4
    assert outputs[0][1] == outputs[1][1]
