"""What the tests of the store run."""

from pathlib import Path

import xarray as xr

import madatheory as mt
from madatheory.engine.statistic import iterate, mean_squared_gradient
from madatheory.optimizers.family import member
from madatheory.problems.problem import Problem
from madatheory.store import Store

FREE = ("alpha", "beta1", "beta2", "eps")


AVGRAD = member("avgrad-t", "", free=FREE, pinned={"rho": 0.0}, schedule="inverse_sqrt", alpha=0.3)


ADAM = member("adam-t", "", free=FREE, schedule="inverse_sqrt", alpha=0.3)


RATIO = mt.list_problems()["ratio"].make({"d": 2})


SMALL = 1e-4  # seconds a chunk: as small as chunks get


def run(store: Store, problem: Problem = RATIO, num_trajectories: int | range = 200, **options: object) -> xr.Dataset:
    given: dict = {"settings": {"beta2": (0.9, 0.99)}, "statistics": (mean_squared_gradient, iterate), "save_at": 3}
    return store.simulate(problem, AVGRAD, 30, num_trajectories=num_trajectories, **{**given, **options})


def files(store: Store) -> list[Path]:
    return sorted(store.root.glob("*/*.nc"))


def again(store: Store) -> Store:
    return Store(store.root, chunk_seconds=SMALL)


def truncate(path: Path, store: Store) -> None:
    path.write_bytes(path.read_bytes()[:-100])
