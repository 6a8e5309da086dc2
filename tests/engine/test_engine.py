"""The engine: same bits for any batch and worker count, checked arguments, folds, memory, warnings and interrupts."""

import _thread
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from tolerances import DOUBLE

import madatheory as mt
from madatheory.engine import flags
from madatheory.engine.arguments import record_times
from madatheory.engine.backend import blocks
from madatheory.engine.backend.blocks import SlowEngineWarning
from madatheory.engine.backend.loop import Batch, loop, started
from madatheory.engine.backend.persistent import launch_width
from madatheory.engine.noise import counter_noise, words
from madatheory.engine.simulate import NonFiniteWarning, prepare, simulate
from madatheory.engine.statistic import (
    Event,
    Statistic,
    final_value,
    iterate,
    largest_gradient,
    largest_step,
    last_squared_gradient,
    mean_iterate,
    mean_squared_gradient,
    mean_value,
    min_squared_gradient,
    min_value,
    squared_gradient_over_root_t,
    squared_norm,
    total,
)
from madatheory.errors import UserError
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

pytestmark = pytest.mark.usefixtures("full_compilation")

FREE = ("alpha", "beta1", "beta2", "eps")
AVGRAD = member("avgrad-t", "", free=FREE, pinned={"rho": 0.0}, schedule="inverse_sqrt", alpha=0.3)
ADAM = member("adam-t", "", free=FREE, schedule="inverse_sqrt", alpha=0.3)
ALL = (
    mean_squared_gradient,
    squared_gradient_over_root_t,
    min_squared_gradient,
    last_squared_gradient,
    largest_gradient,
    largest_step,
    final_value,
    mean_value,
    min_value,
    iterate,
    mean_iterate,
)


def ratio(d: int = 3, **options: object) -> Problem:
    return mt.list_problems()["ratio"].make({"d": d, **options})


RATIO = ratio()


def test_values_do_not_depend_on_the_record_times():
    often = simulate(RATIO, AVGRAD, 40, num_trajectories=4, statistics=ALL, save_at=list(range(1, 41)))
    seldom = simulate(RATIO, AVGRAD, 40, num_trajectories=4, statistics=ALL, save_at=[40])
    xr.testing.assert_identical(often.isel(t=[-1]), seldom)


def test_same_noise_for_every_optimizer_and_grid_point():
    """On a linear function the gradients are the noise plus a constant, so their fold shows the noise alone."""
    noise = total("noise", "sum_s s xi_s", lambda e: jnp.sum(e.clock.t * (e.g - e.grad), axis=0))
    linear = replace(RATIO, value=lambda x: jnp.sum(x, axis=0), gradient=jnp.ones_like, name="linear")
    a = simulate(linear, AVGRAD, 20, num_trajectories=30, statistics=(noise,), settings={"alpha": (0.1, 2.0)})
    b = simulate(linear, ADAM, 20, num_trajectories=30, statistics=(noise,))
    other = simulate(linear, ADAM, 20, num_trajectories=30, seed=1, statistics=(noise,))
    assert np.array_equal(a.noise[0], a.noise[1])
    assert np.array_equal(a.noise[0], b.noise)
    assert np.std(b.noise) > 0
    assert not np.any(b.noise.to_numpy() == other.noise.to_numpy())


def reference_path(T: int, d: int, seed: int, s: int, alpha: float, beta2: float, eps: float) -> dict[str, np.ndarray]:
    """AVGrad in float64 NumPy on sum x^2/(1+x^2) with uniform noise of the generator's words."""
    pair = np.array([s // 2], np.uint32)  # an even trajectory has the first word of its pair, an odd one the second
    u = [np.asarray(words(np.uint32(seed), pair, np.uint32(t), d)[s % 2]) for t in range(1, T + 1)]
    xi = 2 * (np.stack(u)[..., 0].astype(float) + 0.5) / 2**32 - 1
    x, v, bar = np.ones(d), np.zeros(d), np.zeros(d)
    xs, grads, gs = [x], [], []
    for t in range(1, T + 1):
        grad = 2 * x / (1 + x * x) ** 2
        g = grad + xi[t - 1]
        v = beta2 * v + (1 - beta2) * g * g
        bar = ((t - 1) * bar + v) / t
        x = x - alpha / np.sqrt(t) * g / np.sqrt(eps + bar)
        xs, grads, gs = [*xs, x], [*grads, grad], [*gs, g]
    return {"x": np.array(xs), "grad": np.array(grads), "g": np.array(gs)}


def test_every_statistic_against_numpy():
    T, d = 30, 3
    data = simulate(
        RATIO, AVGRAD, T, num_trajectories=range(5, 7), seed=9, statistics=ALL, settings={"beta2": 0.9, "eps": 1e-3}
    )
    for s in (5, 6):
        path = reference_path(T, d, 9, s, 0.3, 0.9, 1e-3)
        x, grad, g = path["x"], path["grad"], path["g"]
        squares, values = np.sum(grad**2, axis=1), np.sum(x**2 / (1 + x**2), axis=1)[1:]
        expected = {
            "mean_squared_gradient": squares.mean(),
            "squared_gradient_over_root_t": np.sum(squares / np.sqrt(np.arange(1, T + 1))),
            "min_squared_gradient": squares.min(),
            "last_squared_gradient": squares[-1],
            "largest_gradient": np.abs(g).max(),
            "largest_step": np.abs(np.diff(x, axis=0)).max(),
            "final_value": values[-1],
            "mean_value": values.mean(),
            "min_value": values.min(),
            "iterate": x[-1],
            "mean_iterate": x[1:].mean(axis=0),
        }
        assert set(expected) == {statistic.name for statistic in ALL}
        for name, value in expected.items():
            np.testing.assert_allclose(data[name].sel(seed=s)[0], value, rtol=DOUBLE.thousands, err_msg=name)


def test_weighted_means_use_clock_and_hyper_parameters():
    """The weights 1 - beta1^{T-j}, j = 0..T-1, of the random index in the momentum theorems."""

    def weight_of(e: Event) -> jax.Array:
        return 1 - e.hyper["beta1"] ** (e.clock.T - e.clock.t + 1)

    below = total("below", "sum_s w_s", weight_of)
    above = total("above", "sum_s w_s |grad|^2", lambda e: weight_of(e) * squared_norm(e.grad))
    each = list(range(1, 11))
    data = simulate(
        RATIO,
        AVGRAD,
        10,
        num_trajectories=2,
        statistics=(above, below, last_squared_gradient),
        save_at=each,
        settings={"beta1": 0.5},
    )
    weight = 1 - 0.5 ** (10 - np.arange(10))
    expected = np.average(data.last_squared_gradient, axis=1, weights=weight)
    np.testing.assert_allclose((data.above / data.below)[:, -1], expected, rtol=DOUBLE.thousands)


def test_long_float32_sums_do_not_drift():
    """0.1 and t/T summed a million times; a plain float32 sum is off by 1e-2."""
    equal = total("equal", "sum 0.1", lambda e: jnp.full(e.x.shape[1:], 0.1, e.x.dtype))
    growing = total("growing", "mean of t/T", lambda e: jnp.full(e.x.shape[1:], e.clock.t / e.clock.T), mean=True)
    T = 1_000_000
    data = simulate(ratio(1), AVGRAD, T, num_trajectories=1, statistics=(equal, growing), dtype="float32")
    np.testing.assert_allclose(data.equal.item(), T * float(np.float32(0.1)), rtol=3e-7)
    np.testing.assert_allclose(data.growing.item(), (T + 1) / (2 * T), rtol=3e-7)


@pytest.mark.parametrize("name", sorted({"ratio", "log", "tanh"} & set(mt.list_problems())))
def test_gradients_stay_within_the_certified_bound(name):
    problem = mt.list_problems()[name].make({"d": 2})
    assert problem.constants is not None
    data = simulate(
        problem, ADAM, 500, num_trajectories=64, statistics=(largest_gradient,), settings={"alpha": (0.1, 3.0)}
    )
    assert float(data.largest_gradient.max()) <= problem.constants.G.value * (1 + 1e-12)


def test_memory_of_the_loop_does_not_depend_on_the_steps():
    begin, advance = loop(RATIO, AVGRAD, ALL, counter_noise(RATIO, "threefry2x32-20"))
    h = AVGRAD.hyper()

    @jax.jit
    def whole(batch: Batch, ends: jax.Array, horizon: float) -> tuple[jax.Array, ...]:
        carry = started(begin(batch, horizon), advance, batch, ends, horizon)
        return advance(batch, carry, jnp.zeros((), ends.dtype), ends, horizon)[1]

    def bytes_for(T: int) -> tuple[int, int]:
        with jax.enable_x64(True):
            batch = Batch(
                jnp.ones((3, 64)),
                {name: jnp.full(64, value) for name, value in h.items()},
                (jnp.uint32(0), jnp.arange(32, dtype=jnp.uint32)),
            )
            found = whole.lower(batch, jnp.asarray([T // 2, T], jnp.int32), float(T)).compile().memory_analysis()
        assert found is not None
        return found.temp_size_in_bytes, found.output_size_in_bytes

    assert bytes_for(1000) == bytes_for(10_000_000)


def test_no_recompilation_for_new_steps_seeds_and_grids():
    compiled: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: compiled.append(event))
    try:
        first, second = {"beta2": (0.9, 0.99)}, {"beta2": (0.5, 0.6, 0.7), "alpha": 0.2}
        simulate(RATIO, ADAM, 20, num_trajectories=200, statistics=(final_value, iterate), settings=first)
        count = sum("backend_compile" in event for event in compiled)
        simulate(RATIO, ADAM, 35, num_trajectories=160, seed=4, statistics=(final_value, iterate), settings=second)
        assert count > 0
        assert sum("backend_compile" in event for event in compiled) == count
    finally:
        jax.monitoring.clear_event_listeners()


REFUSED = [
    ({"steps": 0}, "steps = 0 is out of range"),
    ({"steps": 2.5}, r"steps = 2\.5 is not an integer"),
    ({"steps": 2**40}, "out of range"),
    ({"num_trajectories": 0}, "num_trajectories = 0"),
    ({"num_trajectories": range(5, 5)}, "non-empty"),
    ({"num_trajectories": range(5, 2, -1)}, "increasing"),
    ({"num_trajectories": range(2**32, 2**32 + 1)}, "within"),
    ({"seed": -1}, "seed = -1 is out of range"),
    ({"settings": {"beta3": 0.1}}, r"unknown hyper-parameter of avgrad-t 'beta3'; did you mean"),
    ({"settings": {"beta2": 1.0}}, "beta2 = 1 is out of range"),
    ({"settings": {"eps": 0.0}}, "eps = 0 is out of range"),
    ({"settings": {"beta2": (0.5, 1.5)}}, r"beta2 = 1\.5 is out of range"),
    ({"settings": {"beta2": (0.5, 0.5)}}, "repeats a value"),
    ({"settings": {"beta2": ()}}, "beta2 has no values"),
    ({"settings": {"beta2": [[0.5]]}}, r"beta2 = \[\[0.5\]\] has shape \(1, 1\): give a number or a flat list"),
    ({"settings": {"beta2": "0.5"}}, "not a number"),
    ({"settings": {"alpha": float("nan")}}, "alpha = nan is out of range"),
    ({"start": (1.0, np.inf, 1.0)}, "non-finite entry: inf"),
    ({"start": (1.0,)}, r"start has shape \(1,\); ratio needs \(3,\)"),
    ({"save_at": "last"}, "save_at = 'last' is unknown"),
    ({"save_at": 0}, "out of range"),
    ({"save_at": [0, 5]}, r"must lie in 1\.\.10"),
    ({"save_at": [5, 11]}, r"must lie in 1\.\.10"),
    ({"save_at": [1.5]}, "give a list of step counts"),
    ({"save_at": []}, "give a list of step counts"),
    ({"dtype": "float16"}, "dtype = 'float16' is not supported"),
    ({"statistics": (iterate, iterate)}, "repeat a name"),
    ({"statistics": ()}, "no statistics"),
    ({"statistics": (replace(iterate, name="seed"),)}, "name of a dimension"),
    ({"workers": 0}, "workers = 0"),
    ({"num_trajectories": 2**32, "save_at": 10}, "GiB are free: lower the number of trajectories"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=[str(given)[:40] for given, _ in REFUSED])
def test_bad_input_is_refused_before_any_work(given, message):
    def never(done: int, of: int) -> None:
        raise AssertionError("work started")

    with pytest.raises(UserError, match=message):
        simulate(
            RATIO, AVGRAD, given.get("steps", 10), progress=never, **{k: v for k, v in given.items() if k != "steps"}
        )


def test_no_coordinates_are_refused():
    with pytest.raises(UserError, match="dimension 0"):
        simulate(replace(RATIO, dimension=0, start=np.zeros(0)), AVGRAD, 10)


def test_a_statistic_of_the_wrong_shape_is_named():
    scalar = Statistic("bad", "1", lambda c: (), lambda s, e: s, lambda s, clock: jnp.ones((3, 2)))
    with pytest.raises(UserError, match=r"statistic bad: its value has shape \(3, 2\)"):
        simulate(RATIO, AVGRAD, 10, statistics=(scalar,))


def test_record_times():
    assert list(record_times(100, "final")) == [100]
    assert list(record_times(100, 3)) == [1, 10, 100]
    assert list(record_times(4, 50)) == [1, 2, 3, 4]
    assert list(record_times(100, 1)) == [100]
    assert list(record_times(100, [7, 3, 7])) == [3, 7]


def test_diverged_runs_are_kept_and_reported():
    quadratic = replace(RATIO, name="quadratic", value=lambda x: jnp.sum(x**4, axis=0), gradient=lambda x: 4 * x**3)
    descent = Optimizer(
        "descent",
        "",
        AVGRAD.parameters,
        lambda h, x: {},
        lambda h, s, g, clock: (ADAM.step(h, ADAM.init(h, g), g, clock)[0]._replace(delta=h["alpha"] * g), {}),
    )
    with pytest.warns(NonFiniteWarning, match=r"descent on quadratic: not finite: final_value .*alpha = 9"):
        data = simulate(
            quadratic, descent, 60, num_trajectories=3, settings={"alpha": (0.01, 9.0)}, statistics=(final_value,)
        )
    assert np.all(np.isfinite(data.final_value.sel(alpha=0.01)))
    assert not np.any(np.isfinite(data.final_value.sel(alpha=9.0)))


def test_large_jobs_without_the_flag_warn(monkeypatch):
    monkeypatch.setattr(blocks, "_LARGE_JOB", 10)
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    with pytest.warns(SlowEngineWarning, match="enable_native_loop"):
        simulate(RATIO, AVGRAD, 10, num_trajectories=2)
    flags.enable_native_loop()
    simulate(RATIO, AVGRAD, 10, num_trajectories=2)


@pytest.mark.parametrize(
    "before", ["", "--xla_foo=1", "--xla_backend_extra_options=a=1", "--xla_a --xla_backend_extra_options=a=1 --xla_b"]
)
def test_the_flag_joins_what_is_there(monkeypatch, before):
    monkeypatch.setenv("XLA_FLAGS", before)
    assert not flags.native_loop_enabled()
    flags.enable_native_loop()
    flags.enable_native_loop()
    after = os.environ["XLA_FLAGS"].split()
    assert flags.native_loop_enabled()
    assert sum(flags.KERNEL_LOOP in flag for flag in after) == 1
    assert sum(flag.startswith("--xla_backend_extra_options=") for flag in after) == 1
    for flag in before.split():
        assert any(kept.startswith(flag) for kept in after)


@pytest.mark.parametrize(
    ("dimension", "total", "workers", "width"),
    [
        (1, 1024, 1, 1024),
        (10, 1024, 1, 256),  # more would not stay in the cache
        (10, 1024, 2, 256),  # a worker each, and room for other runs beside
        (10, 128, 1, 64),  # 256 would be half empty
        (10, 200, 1, 256),
        (10, 600, 2, 64),  # of 256 one worker would have two
        (10, 768, 2, 256),  # as well, but little would be gained
        (1, 300, 1, 64),
        (1, 1, 2, 16),
        (100, 8, 1, 2),
        (100, 20, 1, 16),
        (100, 1000, 2, 64),
    ],
)
def test_blocks_are_wide_and_not_empty(dimension: int, total: int, workers: int, width: int) -> None:
    assert flags.native_loop_enabled()
    assert blocks.block_width(dimension, total, workers) == width


def test_one_block_fills_an_accelerator_and_each_of_two_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert blocks.block_width(10, 5000, 1) == 2**14
    assert blocks.block_width(10, 8192, 2) == 2**12
    most = blocks.block_width(10, 10**8, 1)
    assert most <= launch_width(10) < 4 * most


def test_progress_ends_at_the_whole_work_and_its_exceptions_stop_the_run():
    seen: list[tuple[int, int]] = []
    simulate(RATIO, AVGRAD, 100, num_trajectories=200, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (200 * 100 * 3, 200 * 100 * 3)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def full(done: int, of: int) -> None:
        raise RuntimeError("no more room on the screen")

    with pytest.raises(RuntimeError, match="no more room"):
        simulate(RATIO, AVGRAD, 100, num_trajectories=200, progress=full)


class AtOnce(ThreadPoolExecutor):
    """Work that is done before the thread that asked for it looks again: what a short run can be."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        wait([future])
        return future


def test_progress_is_told_of_a_run_that_is_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ThreadPoolExecutor", AtOnce)
    seen: list[tuple[int, int]] = []
    simulate(RATIO, AVGRAD, 100, num_trajectories=200, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(200 * 100 * 3, 200 * 100 * 3)]


def test_what_a_worker_raises_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(blocks, "started", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        simulate(RATIO, AVGRAD, 100, num_trajectories=200)


def test_interrupt_stops_a_long_run_soon():
    plan = prepare(RATIO, AVGRAD, 500_000_000)
    simulate(RATIO, AVGRAD, 10, num_trajectories=1)  # compiled beforehand, so that the time below is the loop's
    threads = threading.active_count()
    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        plan.trajectories(range(200))
    assert time.perf_counter() - began < 8
    timer.join()
    assert threading.active_count() <= threads
