"""What a worker does: one task is one chunk of the store, or one call."""

import multiprocessing
import pickle
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
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


def parts_of(function: Callable[[], Any]) -> tuple[list[Any], dict[str, Any]]:
    """What `called` makes a function without arguments of again: what is kept on a worker, and what is not.

    Of a `partial` its function and positional arguments are kept, each on its own; keywords are this call's.
    """
    if isinstance(function, partial):
        return [function.func, *function.args], function.keywords
    return [function], {}


def called(kept: Sequence[bytes], own: bytes, client: Mapping[str, str]) -> Any:
    """The result of a function without arguments."""
    compare(_address(), sameness(), client)
    multiprocessing.current_process().daemon = False  # Dask's workers may have no children; who checks a target has one
    function, *arguments = map(_loaded, kept)
    return function(*arguments, **pickle.loads(own))


def _address() -> str:
    from distributed import get_worker

    return get_worker().address
