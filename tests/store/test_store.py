"""The store: what is found again, and what is computed anew."""

import json
from concurrent.futures import ThreadPoolExecutor

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from store_cases import AVGRAD, RATIO, SMALL, again, files, run

from madatheory.engine.simulate import NonFiniteWarning, simulate
from madatheory.engine.statistic import iterate, mean_squared_gradient, total
from madatheory.store import Store, save_run
from madatheory.store.store import even_share


def test_stored_equals_simulated_and_is_found_again(store):
    plain = simulate(
        RATIO,
        AVGRAD,
        30,
        num_trajectories=400,
        settings={"beta2": (0.9, 0.99)},
        statistics=(mean_squared_gradient, iterate),
        save_at=3,
    )
    first = run(store, num_trajectories=400)
    xr.testing.assert_equal(first, plain)
    assert store.computed == len(files(store)) >= 3
    assert plain.attrs.items() <= first.attrs.items()
    second = again(store)
    xr.testing.assert_identical(run(second, num_trajectories=400), first)
    assert (second.computed, second.reused) == (0, store.computed)


def test_more_fewer_and_other_trajectories_use_what_is_there(store):
    run(store, num_trajectories=range(100, 400))
    before = len(files(store))
    part = again(store)
    xr.testing.assert_equal(
        run(part, num_trajectories=range(150, 300, 10)),
        run(store, num_trajectories=range(100, 400)).sel(seed=range(150, 300, 10)),
    )
    assert part.computed == 0
    wide = again(store)
    full = run(wide, num_trajectories=600)
    assert wide.reused == before
    fresh = Store(store.root.parent / "other")
    xr.testing.assert_equal(full, run(fresh, num_trajectories=600))


@pytest.mark.usefixtures("instant")
def test_force_recomputes_once(store):
    run(store)
    forced = Store(store.root, chunk_seconds=SMALL, force=True)
    run(forced)
    assert forced.reused == 0
    run(forced)
    assert forced.reused == forced.computed


@pytest.mark.usefixtures("instant")
def test_several_threads_on_one_store(store):
    reference = [run(Store(store.root.parent / "alone", chunk_seconds=SMALL), seed=s) for s in (0, 1, 2)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda s: run(store, seed=s), [0, 1, 2, 0, 1, 2]))
    for data, expected in zip(found, reference * 2, strict=True):
        xr.testing.assert_identical(data, expected)
    assert store.computed + store.reused >= 2 * len(files(store))


def test_cached_computation(store):
    calls = []

    def compute() -> xr.Dataset:
        calls.append(1)
        return xr.Dataset({"y": ("x", np.array([0.1, np.nan, np.inf]))}, {"x": ["a", "b", "c"]}, {"note": "hello"})

    first = store.cached("tuned steps", {"alpha": [0.1, 0.2], "data": np.arange(5)}, compute)
    second = store.cached("tuned steps", {"alpha": [0.1, 0.2], "data": np.arange(5)}, compute)
    xr.testing.assert_identical(first, second)
    assert len(calls) == 1
    assert first.attrs["note"] == "hello"
    store.cached("tuned steps", {"alpha": [0.1, 0.3], "data": np.arange(5)}, compute)
    store.cached("tuned steps", {"alpha": [0.1, 0.2], "data": np.arange(6)}, compute)
    store.cached("other name", {"alpha": [0.1, 0.2], "data": np.arange(5)}, compute)
    assert len(calls) == 4
    store.cached("long", {"values": list(map(str, range(20_000)))}, compute)
    store.cached("long", {"values": list(map(str, range(20_000)))}, compute)
    assert len(calls) == 5


def test_divergence_is_reported_from_the_store_too(store):
    diverging = total("s", "1/0", lambda e: jnp.sum(e.x, axis=0) / 0)
    for _ in range(2):
        with pytest.warns(NonFiniteWarning, match="s "):
            store.simulate(RATIO, AVGRAD, 5, num_trajectories=3, statistics=(diverging,))
    assert store.reused == 1


def test_saved_runs_carry_their_provenance(store, tmp_path):
    data = run(store, num_trajectories=3)
    path = tmp_path / "new" / "run.nc"
    save_run(data, path, {"note": 1})
    found = xr.load_dataset(path)
    xr.testing.assert_equal(found, data)
    assert found.attrs.keys() >= {
        "madatheory",
        "jax",
        "jaxlib",
        "numpy",
        "python",
        "platform",
        "device",
        "seed",
        "fixed",
    }
    assert json.loads(found.attrs["configuration"]) == {"note": 1}
    assert json.loads(data.attrs["configuration"])["steps"] == 30
    save_run(data, path)
    assert [p.name for p in path.parent.iterdir()] == ["run.nc"]


@pytest.mark.parametrize(
    ("count", "slots", "most", "size"),
    [(512, 2, 1e9, 256), (16384, 2, 2500.0, 2048), (1000, 3, 100.0, 84), (7, 16, 0.01, 1), (1, 1, 5.0, 1)],
)
def test_chunks_for_many_end_together(count: int, slots: int, most: float, size: int) -> None:
    """Of at most the wanted size, and a multiple of the slots where there is work for all."""
    assert even_share(count, slots, most) == size <= max(1.0, most)
    chunks = -(-count // size)
    assert chunks % slots == 0 or chunks < slots
