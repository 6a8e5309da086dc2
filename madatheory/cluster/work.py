"""What a worker does: one task is one chunk of the store."""

import pickle
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import xarray as xr

from madatheory.cluster.sameness import compare, sameness


@lru_cache(maxsize=64)
def _loaded(data: bytes) -> Any:
    """One object per plan and worker, so that its chunks share what they compile."""
    return pickle.loads(data)


def chunk(plan: bytes, first: int, stop: int, client: Mapping[str, str], where: str = "") -> xr.Dataset:
    """The trajectories `first` .. `stop`-1 of a plan, on one thread: a worker has as many tasks as threads."""
    compare(where or _address(), sameness(), client)
    return _loaded(plan).trajectories(range(first, stop), workers=1)


def called(function: bytes, client: Mapping[str, str]) -> Any:
    """The result of a function without arguments."""
    compare(_address(), sameness(), client)
    return _loaded(function)()


def _address() -> str:
    from distributed import get_worker

    return get_worker().address
