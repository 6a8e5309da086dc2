"""What a worker does: one task is one chunk of the store."""

import pickle
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import xarray as xr

from madatheory.cluster.sameness import compare, sameness
from madatheory.engine.simulate import RunPlan


@lru_cache(maxsize=64)
def _loaded(data: bytes) -> Any:
    """One object per worker and bytes: what is compiled is kept with the problem, the optimizer and the statistics."""
    return pickle.loads(data)


def chunk(what: bytes, how: bytes, first: int, stop: int, client: Mapping[str, str], where: str = "") -> xr.Dataset:
    """The trajectories `first` .. `stop`-1 of a plan, on one thread: a worker has as many tasks as threads.

    `what` has the first three parts of the plan, `how` the others.
    """
    compare(where or _address(), sameness(), client)
    return RunPlan(*_loaded(what), *_loaded(how)).trajectories(range(first, stop), workers=1)


def called(function: bytes, client: Mapping[str, str]) -> Any:
    """The result of a function without arguments."""
    compare(_address(), sameness(), client)
    return _loaded(function)()


def _address() -> str:
    from distributed import get_worker

    return get_worker().address
