"""Training runs: equal numbers however they are cut, resumable, and what optax does step by step."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import xarray as xr

from madatheory.errors import UserError
from madatheory.store.store import Store
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.training_runs import TrainConfig, train
from madatheory.training.methods import METHODS, PRESET
from madatheory.training.transformation import mada

SHIFT = jnp.array([1.0, -2.0, 0.5])


@cache  # programs are kept by task
def quadratic(cpu_batch: int = 1) -> Task:
    """|x - shift - noise|^2 / 2 from a random start."""
    return Task(
        "quadratic",
        "a noisy quadratic",
        lambda key: {"x": jax.random.normal(key, (3,))},
        lambda x, key: 0.5 * jnp.sum((x["x"] - SHIFT - 0.1 * jax.random.normal(key, (3,))) ** 2),
        lambda x: {"error": jnp.sum((x["x"] - SHIFT) ** 2)},
        "error",
        "squared distance",
        cpu_batch=cpu_batch,
    )


RECIPE = TrainConfig(12, 3)
SETTINGS = [{"rate": 0.1, "scale": 0.0}, {"rate": 0.3, "scale": 1.0}]


@pytest.mark.parametrize("cpu_batch", [1, 4])
def test_a_run_is_what_optax_does_step_by_step(cpu_batch: int) -> None:
    task = quadratic(cpu_batch)
    data = train(task, METHODS["mada"], RECIPE, SETTINGS, [4, 7], seed=5)
    start, steps = jax.random.split(jax.random.fold_in(jax.random.key(5), 7))
    x, tx = task.init(start), mada(0.3, preset=PRESET)
    state: Any = tx.init(x)
    losses, errors, slopes = [], [], []
    differentiated, update = jax.jit(jax.value_and_grad(task.loss)), jax.jit(tx.update)
    for t in range(12):
        loss, g = differentiated(x, jax.random.fold_in(steps, t))
        moves, state = update(g, state, x)
        x = optax.apply_updates(x, moves)
        losses.append(float(loss))
        errors.append(float(task.measures(x)["error"]))
        slopes.append(float(state.hypergradients["rho"]))
    ours = data.isel(setting=1).sel(run=7)
    np.testing.assert_allclose(ours["loss"], np.reshape(losses, (3, 4)).mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(ours["error"], errors[3::4], rtol=1e-5)
    np.testing.assert_allclose(ours["hypergradient_rho"], np.reshape(slopes, (3, 4)).mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(ours["coefficient_rho"][-1], state.coefficients["rho"], rtol=1e-5)
    assert list(data["setting_rate"].values) == [0.1, 0.3]


@pytest.mark.parametrize("cpu_batch", [1, 4])
def test_numbers_do_not_depend_on_the_other_runs_nor_on_workers(cpu_batch: int) -> None:
    task = quadratic(cpu_batch)
    whole = train(task, METHODS["mada"], RECIPE, SETTINGS, range(11), workers=2)
    alone = train(task, METHODS["mada"], RECIPE, SETTINGS[1:], [9], workers=1)
    xr.testing.assert_identical(whole.isel(setting=[1]).sel(run=[9]), alone)


def test_an_interrupted_call_goes_on_where_it_was(tmp_path: Path) -> None:
    store, calls = Store(tmp_path), []

    def dying(name: str, config: Mapping[str, Any], compute: Callable[..., xr.Dataset], **options: Any) -> xr.Dataset:
        calls.append(name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return store.cached(name, config, compute, **options)

    ask: tuple[Any, ...] = (quadratic(), METHODS["adam"], RECIPE, {"rate": [0.1]}, range(20))
    with pytest.raises(KeyboardInterrupt):
        train(*ask, cached=dying, workers=1)
    assert store.computed == 2
    again = Store(tmp_path)
    data = train(*ask, cached=again.cached, workers=1)
    assert (again.reused, again.computed) == (2, 1)
    xr.testing.assert_equal(data, train(*ask))


@pytest.mark.parametrize("method", ["mada", "adam"])
def test_a_run_that_dies_goes_on_from_its_last_record(method: str, tmp_path: Path) -> None:
    ask: tuple[Any, ...] = (quadratic(), METHODS[method], RECIPE, {"rate": [0.1]}, range(3))
    seen: list[int] = []

    def dying(done: int, total: int, what: str) -> None:
        seen.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*ask, cached=Store(tmp_path, checkpoint_seconds=0.0).cached, report=dying, workers=1)
    assert seen == [1, 2]
    seen.clear()
    data = train(*ask, cached=Store(tmp_path).cached, report=lambda done, *_: seen.append(done), workers=1)
    assert seen == [3, 3]
    xr.testing.assert_identical(data, train(*ask, workers=1))


def test_progress_ends_at_the_end() -> None:
    seen: list[tuple[int, int]] = []
    train(quadratic(), METHODS["sgd"], RECIPE, {"rate": [0.1]}, range(9), report=lambda d, n, _: seen.append((d, n)))
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) >= 6


def test_a_diverged_run_is_recorded_and_spoils_no_other() -> None:
    data = train(quadratic(), METHODS["sgd"], TrainConfig(200, 2), {"rate": [0.1, 50.0]}, range(2))
    assert not np.isfinite(data["error"][1]).any()
    assert np.isfinite(data["error"][0]).all()


def test_the_rate_warms_up_and_decays_and_matrices_shrink() -> None:
    factor = TrainConfig(100, 1, "cosine", 10).factor()
    values = [float(factor(jnp.asarray(t))) for t in range(100)]
    np.testing.assert_allclose(values[:10], np.arange(1, 11) / 10, rtol=1e-6)
    assert values[-1] == pytest.approx(0.1, abs=1e-3)
    assert np.all(np.diff(values[10:]) < 0)
    matrix = Task(
        "matrix",
        "no gradient at all",
        lambda key: {"matrix": jnp.ones((2, 2)), "vector": jnp.ones(2)},
        lambda x, key: 0.0 * (jnp.sum(x["matrix"]) + jnp.sum(x["vector"])),
        lambda x: {"matrix": x["matrix"][0, 0], "vector": x["vector"][0]},
        "matrix",
        "",
    )
    data = train(matrix, METHODS["sgd"], TrainConfig(3, 1, decay=0.5), {"rate": [0.1]}, [0])
    assert float(data["matrix"].squeeze()) == pytest.approx(0.95**3, rel=1e-6)
    assert float(data["vector"].squeeze()) == 1.0


def test_the_gradient_is_clipped() -> None:
    data = train(quadratic(), METHODS["sgd"], TrainConfig(1, 1, clip=1e-3), {"rate": [1.0]}, [0])
    free = train(quadratic(), METHODS["sgd"], TrainConfig(1, 1), {"rate": [0.0]}, [0])
    assert abs(float(data["error"].squeeze()) ** 0.5 - float(free["error"].squeeze()) ** 0.5) <= 1.001e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": {"b1": [0.9]}}, "rate"),
        ({"settings": []}, "at least one"),
        ({"settings": [{"rate": 0.1}, {"rate": 0.1, "b1": 0.9}]}, "same names"),
        ({"runs": []}, "at least one run"),
        ({"config": TrainConfig(10, 3)}, "no multiple"),
        ({"config": TrainConfig(0, 1)}, "0 steps"),
        ({"config": TrainConfig(10, 5, "linear")}, "'linear'"),
        ({"config": TrainConfig(10, 5, "cosine", 10)}, "warmup = 10"),
    ],
)
def test_what_cannot_be_run_is_refused(change: dict[str, Any], message: str) -> None:
    ask = {"config": RECIPE, "settings": {"rate": [0.1]}, "runs": [0], **change}
    with pytest.raises(UserError, match=message):
        train(quadratic(), METHODS["sgd"], ask["config"], ask["settings"], ask["runs"])


@cache
def trained(name: str) -> xr.Dataset:
    method = METHODS[name]
    return train(quadratic(), method, TrainConfig(60, 60, "cosine", 2), {"rate": [20 * method.default]}, range(2))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_and_takes_a_schedule(name: str) -> None:
    error = trained(name)["error"][0]
    assert np.isfinite(error).all()
    assert (error[:, 59] < error[:, 29]).all()


@pytest.mark.parametrize("name", METHODS)
def test_methods_start_alike_and_see_the_same_batches(name: str) -> None:
    first = trained(name)["loss"][0, :, 0]
    np.testing.assert_array_equal(first, trained("sgd")["loss"][0, :, 0])
    assert len(np.unique(first)) == 2


def test_frozen_mada_is_mada_with_no_hyper_step() -> None:
    still = train(quadratic(), METHODS["mada"], RECIPE, SETTINGS[:1], range(2))
    frozen = train(quadratic(), METHODS["mada-frozen"], RECIPE, {"rate": [0.1]}, range(2))
    np.testing.assert_allclose(still["error"], frozen["error"], rtol=1e-5)
