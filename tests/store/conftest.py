"""Fixtures of the store's tests."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from store_cases import SMALL

from madatheory.engine.backend.blocks import BlockRun
from madatheory.engine.backend.kernel_backend import ExecutionMode
from madatheory.engine.simulate import RunPlan
from madatheory.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept", chunk_seconds=SMALL)


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks without computing, for tests of what is found again: values that tell trajectories and seeds apart."""

    def made_up(plan: RunPlan, num_trajectories: range, **_: object) -> xr.Dataset:
        values = np.tile(np.array(num_trajectories) + 0.1 + 1e6 * plan.seed, plan.grid.points)
        shapes = [(len(values), len(plan.times), *(2 for _ in s.dims)) for s in plan.statistics]
        filled = [np.broadcast_to(values.reshape(-1, *(1,) * (len(s) - 1)), s).astype(plan.dtype) for s in shapes]
        return plan.dataset(BlockRun(filled, ExecutionMode("made up", "")), "seed", np.array(num_trajectories))

    monkeypatch.setattr(RunPlan, "trajectories", made_up)
    monkeypatch.setattr(RunPlan, "check_memory", lambda plan, seeds: None)
