"""A computation that keeps its state on the way goes on from there, and leaves nothing behind."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from madatheory.store import Store, StoreWarning
from madatheory.store.checkpoint import Checkpoint


def count_to(last: int, begun: list[int], dies: int | None = None) -> Callable[[Checkpoint], xr.Dataset]:
    def compute(checkpoint: Checkpoint) -> xr.Dataset:
        now = 0 if checkpoint.last is None else int(checkpoint.last["now"])
        begun.append(now)
        while now < last:
            now += 1
            checkpoint.keep(partial(xr.Dataset, {"now": np.int64(now)}))
            if now == dies:
                raise KeyboardInterrupt
        return xr.Dataset({"now": np.int64(now)})

    return compute


def ask(root: Path, compute: Callable[[Checkpoint], xr.Dataset], seconds: float = 0.0) -> int:
    store = Store(root, checkpoint_seconds=seconds)
    return int(store.cached("counting", {"to": 5}, compute, resumable=True)["now"])


def states(root: Path) -> list[Path]:
    return sorted(root.glob("*/state-*.nc"))


def test_it_goes_on_from_the_last_state_and_leaves_none(tmp_path: Path) -> None:
    begun: list[int] = []
    for dies in (2, 4):
        with pytest.raises(KeyboardInterrupt):
            ask(tmp_path, count_to(5, begun, dies))
        assert len(states(tmp_path)) == 1
    assert ask(tmp_path, count_to(5, begun)) == 5
    assert (begun, states(tmp_path)) == ([0, 2, 4], [])
    assert ask(tmp_path, count_to(5, begun)) == 5
    assert begun == [0, 2, 4]


def test_a_damaged_state_is_not_used(tmp_path: Path) -> None:
    begun: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        ask(tmp_path, count_to(5, begun, 3))
    (state,) = states(tmp_path)
    state.write_bytes(state.read_bytes()[:-1])
    with pytest.warns(StoreWarning, match="damaged"):
        assert ask(tmp_path, count_to(5, begun)) == 5
    assert begun == [0, 0]


def test_states_that_come_too_soon_are_passed_over(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(tmp_path, count_to(5, [], 3), seconds=600.0)
    assert states(tmp_path) == []


def test_force_begins_anew(tmp_path: Path) -> None:
    begun: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        ask(tmp_path, count_to(5, begun, 3))
    store = Store(tmp_path, force=True)
    store.cached("counting", {"to": 5}, count_to(5, begun), resumable=True)
    assert begun == [0, 0]


def test_elsewhere_it_is_computed_in_turns_whose_states_are_kept(tmp_path: Path) -> None:
    turns: list[str] = []

    class Elsewhere:
        def call(self, key: str, name: str, compute: Callable[[], Any], alive: Callable[[], None]) -> Any:
            alive()
            turns.append(name)
            if len(turns) == 4:
                raise KeyboardInterrupt
            return compute()

    begun: list[int] = []
    for end in (False, True):
        executor: Any = Elsewhere()
        store = Store(tmp_path, checkpoint_seconds=0.0, executor=executor)
        if end:
            found = store.cached("counting", {"to": 5}, count_to(5, begun), resumable=True)
            assert int(found["now"]) == 5
        else:
            with pytest.raises(KeyboardInterrupt):
                store.cached("counting", {"to": 5}, count_to(5, begun), resumable=True)
            assert len(states(tmp_path)) == 1
    assert (begun, states(tmp_path)) == ([0, 1, 2, 3, 4, 5], [])
