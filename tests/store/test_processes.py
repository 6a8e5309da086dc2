"""Killing a store at any moment loses only the chunk at hand; two processes share one."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import xarray as xr
from store_cases import SMALL, again, files, run

from madatheory.store import Store

SCRIPT = """
import sys, warnings
warnings.simplefilter("error")
from madatheory.engine.flags import enable_native_loop
enable_native_loop()
import store_cases
from madatheory.store import Store
store = Store(sys.argv[1], chunk_seconds=store_cases.SMALL)
print("ready", flush=True)
data = store_cases.run(store, num_trajectories=int(sys.argv[2]), progress=lambda done, of: None)
print(store.computed, store.reused, float(data.mean_squared_gradient.sum()), flush=True)
"""


def start(root: Path, num_trajectories: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(root), str(num_trajectories)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_kill_at_random_moments_then_resume(tmp_path):
    """SIGKILL while chunks are being written; the survivors are used, the result is that of an undisturbed run."""
    root, seeds, kept = tmp_path / "killed", 1000, set()
    rng = random.Random(5)
    for round_ in range(2):  # from nothing, and from what a killed one left
        process = start(root, seeds)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        deadline, before = time.monotonic() + 60, len(kept)
        while len(list(root.glob("*/*.nc"))) <= before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.08))
        process.kill()
        process.communicate()
        now = {path.name for path in root.glob("*/*.nc")}
        assert kept <= now, round_  # a finished chunk is never computed again
        kept = now
    assert kept
    resumed = Store(root, chunk_seconds=SMALL)
    undisturbed = Store(tmp_path / "undisturbed")
    data = run(resumed, num_trajectories=seeds)
    xr.testing.assert_identical(data, run(undisturbed, num_trajectories=seeds))
    assert resumed.reused == len(kept)
    assert resumed.computed + resumed.reused == len(files(resumed))
    assert not list(root.glob("*/.*.tmp"))  # what the killed processes left is gone


def test_two_processes_on_one_store(tmp_path, monkeypatch):
    """The other one starts while this one has its first chunk in hand, which waits for the other one's first."""
    alone, here = run(Store(tmp_path / "alone"), num_trajectories=500), Store(tmp_path / "shared", chunk_seconds=SMALL)
    others: list[subprocess.Popen[str]] = []
    keep = here._keep

    def keep_later(chunk: xr.Dataset, folder: Path) -> bytes:
        if not others:
            others.append(start(here.root, 500))
            while not files(here) and others[0].poll() is None:
                time.sleep(0.002)
        return keep(chunk, folder)

    monkeypatch.setattr(here, "_keep", keep_later)
    xr.testing.assert_identical(run(here, num_trajectories=500), alone)
    _, computed, reused, total = others[0].communicate(timeout=120)[0].split()
    assert others[0].returncode == 0
    assert (here.reused, int(reused)) == (0, 0)
    assert here.computed > 1 < int(computed)
    assert float(total) == float(alone.mean_squared_gradient.sum())
    quiet = again(here)
    xr.testing.assert_identical(run(quiet, num_trajectories=500), alone)  # every file left behind is good: no warning
    assert quiet.computed == 0
