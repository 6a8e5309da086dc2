"""The store: what it trusts, what it recomputes, and that killing it at any moment loses only the piece at hand."""

import enum
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import madatheory as mt
from madatheory import sources
from madatheory.engine.backend.blocks import BlockRun
from madatheory.engine.backend.persistent import ExecutionMode
from madatheory.engine.simulate import NonFiniteWarning, RunPlan, simulate
from madatheory.engine.statistic import final_value, iterate, mean_squared_gradient, total
from madatheory.entry import load_file
from madatheory.errors import UserError
from madatheory.files import check_output
from madatheory.optimizers.family import member
from madatheory.problems.problem import Problem
from madatheory.store import Store, StoreWarning, canonical, describe, folder, save_run

FREE = ("alpha", "beta1", "beta2", "eps")
AVGRAD = member("avgrad-t", "", free=FREE, pinned={"rho": 0.0}, schedule="inverse_sqrt", alpha=0.3)
ADAM = member("adam-t", "", free=FREE, schedule="inverse_sqrt", alpha=0.3)
RATIO = mt.list_problems()["ratio"].make({"d": 2})
SMALL = 1e-4  # seconds a piece: as small as pieces get


def run(store: Store, problem: Problem = RATIO, num_trajectories: int | range = 200, **options: object) -> xr.Dataset:
    given: dict = {"settings": {"beta2": (0.9, 0.99)}, "statistics": (mean_squared_gradient, iterate), "save_at": 3}
    return store.simulate(problem, AVGRAD, 30, num_trajectories=num_trajectories, **{**given, **options})


def files(store: Store) -> list[Path]:
    return sorted(store.root.glob("*/*.nc"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept", piece_seconds=SMALL)


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces without computing, for tests of what is found again: values that tell trajectories and seeds apart."""

    def made_up(plan: RunPlan, num_trajectories: range, **_: object) -> xr.Dataset:
        values = np.tile(np.array(num_trajectories) + 0.1 + 1e6 * plan.seed, plan.grid.points)
        shapes = [(len(values), len(plan.times), *(2 for _ in s.dims)) for s in plan.statistics]
        filled = [np.broadcast_to(values.reshape(-1, *(1,) * (len(s) - 1)), s).astype(plan.dtype) for s in shapes]
        return plan.dataset(BlockRun(filled, ExecutionMode("made up", "")), "seed", np.array(num_trajectories))

    monkeypatch.setattr(RunPlan, "trajectories", made_up)
    monkeypatch.setattr(RunPlan, "check_memory", lambda plan, seeds: None)


def again(store: Store) -> Store:
    return Store(store.root, piece_seconds=SMALL)


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


CHANGES = {
    "steps": lambda s: s.simulate(RATIO, AVGRAD, 31, num_trajectories=5),
    "seed": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, seed=1),
    "setting": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, settings={"beta2": 0.9}),
    "grid of one": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, settings={"beta2": (0.99,)}),
    "start": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, start=(1.0, 2.0)),
    "dtype": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, dtype="float32"),
    "generator": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, generator="hash"),
    "record": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, save_at=2),
    "statistic": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, statistics=(final_value,)),
    "optimizer": lambda s: s.simulate(RATIO, replace(ADAM, name="avgrad-t"), 30, num_trajectories=5),
    "observe": lambda s: s.simulate(RATIO, replace(AVGRAD, observe=lambda state, x: state), 30, num_trajectories=5),
    "noise scale": lambda s: s.simulate(
        mt.list_problems()["ratio"].make({"d": 2, "scale": 0.5}), AVGRAD, 30, num_trajectories=5
    ),
    "same names, other function": lambda s: s.simulate(
        replace(RATIO, gradient=lambda x: 2 * x), AVGRAD, 30, num_trajectories=5
    ),
}


@pytest.mark.usefixtures("instant")
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_the_numbers_is_computed_anew(store, change):
    store.simulate(RATIO, AVGRAD, 30, num_trajectories=5)
    assert (store.computed, store.reused) == (1, 0)
    CHANGES[change](store)
    assert (store.computed, store.reused) == (2, 0)
    store.simulate(mt.list_problems()["ratio"].make({"d": 2}), AVGRAD, 30, num_trajectories=5, workers=1)
    assert (store.computed, store.reused) == (2, 1)


USER_FILE = """
import jax.numpy as jnp
import numpy as np
from dataclasses import replace
from madatheory.problems.catalogue import ProblemEntry, list_problems
SLOPE = {slope}
def tilt(x):
    return SLOPE * x
def build():
    return replace(list_problems()["ratio"].make({{"d": 2}}), name="mine", gradient=lambda x: tilt(x))
mine = ProblemEntry("mine", "a user's problem", build)
"""


@pytest.mark.usefixtures("instant")
def test_an_edited_user_file_is_computed_anew(store, tmp_path):
    file = tmp_path / "mine.py"
    counts = []
    for slope in (1.0, 2.0, 1.0):
        file.write_text(USER_FILE.format(slope=slope))
        problem = load_file(file).mine.make()
        store.simulate(problem, AVGRAD, 10, num_trajectories=3)
        counts.append((store.computed, store.reused))
    assert counts == [(1, 0), (2, 0), (2, 1)]


def test_closures_that_differ_only_in_a_captured_value_differ():
    def term(scale: float) -> object:
        return total("s", "the same name", lambda e: jnp.sum(e.g, axis=0) * scale)

    assert describe(term(2.0)) == describe(term(2.0))
    assert describe(term(2.0)) != describe(term(3.0))
    assert describe(np.arange(20.0)) != describe(np.arange(20.0) + 1e-16 * 3)
    assert describe((1, 2)) != describe((1, 3))


def test_classes_made_by_one_function_differ_by_whatever_they_hold():
    def made(kind: str, value: float) -> object:
        class Held:
            if kind == "attribute":
                scale = value
            elif kind == "property":
                scale = property(lambda self: value)
            elif kind == "cached":
                scale = functools.cached_property(lambda self: value)
            elif kind == "static":
                scale = staticmethod(lambda: value)

        return Held()

    for kind in ("attribute", "property", "cached", "static"):
        assert describe(made(kind, 2.0)) == describe(made(kind, 2.0))
        assert describe(made(kind, 2.0)) != describe(made(kind, 3.0)), kind


def test_wrappers_differ_by_what_they_hold_besides_the_wrapped_function():
    def f(x: float) -> float:
        return x

    class Scaled:
        def __init__(self, factor: float) -> None:
            self.__wrapped__ = f
            self.factor = factor

    def ruled(factor: float) -> object:
        g = jax.custom_jvp(f)
        g.defjvp(lambda at, along: (at[0], factor * along[0]))
        return g

    for made in (Scaled, ruled):
        assert describe(made(2.0)) == describe(made(2.0))
        assert describe(made(2.0)) != describe(made(3.0)), made


def test_classes_with_what_python_writes_are_identified():
    class Plain:
        __slots__ = ("x",)

    class Pair(NamedTuple):
        first: float = 1.0

    class Sign(enum.Enum):
        UP = 1.0

    assert len({canonical(describe(kind)) for kind in (Plain, Pair, Sign, Sign.UP)}) == 4


def test_every_catalogue_entry_is_identified_and_none_collide():
    found = {}
    for name, entry in [*mt.list_problems().items(), *mt.list_optimizers().items()]:
        made = entry.make()
        parts = (made.init, made.step, made.traits) if hasattr(made, "init") else replace(made, name="", summary="")
        data, sources = describe(parts)
        found[name] = canonical(data)
        assert sources, name
    assert len(set(found.values())) == len(found)


@pytest.mark.usefixtures("instant")
def test_a_package_file_changed_under_the_process_is_never_shared(store, monkeypatch):
    store.simulate(RATIO, AVGRAD, 10, num_trajectories=3)
    monkeypatch.setattr(sources, "_LOADED", 0.0)
    store.simulate(RATIO, AVGRAD, 10, num_trajectories=3)
    monkeypatch.setattr(sources, "_PROCESS", "another")
    store.simulate(RATIO, AVGRAD, 10, num_trajectories=3)
    assert (store.computed, store.reused) == (3, 0)


def truncate(path: Path, store: Store) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path, store: Store) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def empty(path: Path, store: Store) -> None:
    path.write_bytes(b"")


def wrong_checksum(path: Path, store: Store) -> None:
    label, checksum, _ = path.name.split(".")
    path.rename(path.with_name(f"{label}.{checksum[::-1]}.nc"))


def relabelled(path: Path, store: Store) -> None:
    """A good file in another piece's place: its name would claim trajectories that it does not hold."""
    _, checksum, _ = path.name.split(".")
    path.rename(path.with_name(f"{0:010d}-{9999:010d}.{checksum}.nc"))


def foreign(path: Path, store: Store) -> None:
    """A good file of another computation, with another base seed."""
    elsewhere = Store(store.root.parent / "elsewhere", piece_seconds=SMALL)
    run(elsewhere, seed=77)
    path.unlink()
    source = next(f for f in files(elsewhere) if f.name.split(".")[0] == path.name.split(".")[0])
    source.rename(path.with_name(source.name))


def not_netcdf(path: Path, store: Store) -> None:
    import hashlib

    junk = b"not a NetCDF file"
    path.unlink()
    path.with_name(f"{path.name.split('.')[0]}.{hashlib.sha256(junk).hexdigest()}.nc").write_bytes(junk)


HARM = [
    (truncate, "damaged: its bytes"),
    (flip, "damaged: its bytes"),
    (empty, "damaged: its bytes"),
    (wrong_checksum, "damaged: its bytes"),
    (not_netcdf, "damaged: not readable"),
    (relabelled, "foreign"),
    (foreign, "foreign"),
]


@pytest.mark.usefixtures("instant")
@pytest.mark.parametrize(("harm", "message"), HARM, ids=[h.__name__ for h, _ in HARM])
def test_a_damaged_or_foreign_file_is_reported_and_recomputed(store, harm, message):
    reference = run(store)
    victim = files(store)[1]
    harm(victim, store)
    second = again(store)
    with pytest.warns(StoreWarning, match=message) as caught:
        repaired = run(second)
    xr.testing.assert_identical(repaired, reference)
    assert any(str(victim.parent) in str(w.message) for w in caught)
    assert second.computed >= 1
    assert second.reused == store.computed - 1
    third = again(store)
    xr.testing.assert_identical(run(third), reference)  # and no warning: the file was put aside
    assert third.computed == 0


@pytest.mark.usefixtures("instant")
def test_reports_can_go_elsewhere_and_stray_files_are_left_alone(store):
    run(store)
    stray = files(store)[0].parent / "notes.txt"
    stray.write_text("mine")
    lines: list[str] = []
    run(Store(store.root, piece_seconds=SMALL, report=lines.append))
    assert len(lines) == 1
    assert "notes.txt" in lines[0]
    assert stray.read_text() == "mine"


@pytest.mark.usefixtures("instant")
def test_force_recomputes_once(store):
    run(store)
    forced = Store(store.root, piece_seconds=SMALL, force=True)
    run(forced)
    assert forced.reused == 0
    run(forced)
    assert forced.reused == forced.computed


@pytest.mark.usefixtures("instant")
def test_several_threads_on_one_store(store):
    reference = [run(Store(store.root.parent / "alone", piece_seconds=SMALL), seed=s) for s in (0, 1, 2)]
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


@pytest.mark.usefixtures("instant")
def test_clear_and_prune_remove_only_what_is_theirs(store, tmp_path):
    run(store)
    (store.root / "keep.txt").write_text("mine")
    truncate(files(store)[0], store)
    with pytest.warns(StoreWarning):
        run(again(store))
    assert store.prune() > 0
    assert not list(store.root.glob("*/*.rejected"))
    assert store.entries()[0].pieces == len(files(store))
    os.utime(store.entries()[0].path, (0, 0))
    assert store.prune(days=365) > 0
    assert not store.entries()
    run(store)
    assert store.clear() > 0
    assert not store.entries()
    assert sorted(p.name for p in store.root.iterdir()) == ["keep.txt", folder.MARK]


@pytest.mark.usefixtures("instant")
def test_a_folder_of_other_files_is_no_store_and_loses_nothing(store, tmp_path):
    """`store clear --store .` once removed the committed figures and any folder named like a computation."""
    run(store)
    name = files(store)[0].parent.name
    project = tmp_path / "project"
    (project / "figures").mkdir(parents=True)
    for path in ("figures/plot.svg", f"{name}/thesis.tex", "README.md"):
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text("mine")
        with pytest.raises(UserError, match=r"is no store and holds other files \(.*\); name a folder of its own"):
            Store(project)
    # inside a store, too, only what it has written is removed
    piece = files(store)[0]
    for path in (f"{name}/thesis.tex", "figures/plot.svg", f"mine-{'0' * 20}/thesis.tex"):
        (store.root / path).parent.mkdir(exist_ok=True)
        (store.root / path).write_text("mine")
    note = store.root / "figures" / f"plot-{'0' * 12}.json"
    note.write_text("{}")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / piece.name).write_bytes(piece.read_bytes())
    (store.root / f"link-{'0' * 20}").symlink_to(outside)
    assert store.clear() > 0
    assert [entry.path.name for entry in store.entries()] == []
    assert not piece.exists()
    assert not note.exists()
    kept = sorted(str(p.relative_to(store.root)) for p in store.root.rglob("*") if p.is_file())
    assert kept == sorted(["figures/plot.svg", folder.MARK, f"mine-{'0' * 20}/thesis.tex", f"{name}/thesis.tex"])
    assert (outside / piece.name).exists()


@pytest.mark.usefixtures("instant")
def test_a_store_of_an_earlier_version_is_adopted(store):
    run(store)
    (store.root / folder.MARK).unlink()
    (store.root / "figures").mkdir()
    (store.root / "figures" / f"plot-{'0' * 12}.json").write_text("{}")
    run(old := again(store))
    assert old.computed == 0
    assert (store.root / folder.MARK).is_file()


@pytest.mark.usefixtures("instant")
def test_a_store_removed_while_computing_is_made_anew(tmp_path):
    lines: list[str] = []
    store = Store(tmp_path / "kept", piece_seconds=SMALL, report=lines.append)
    reference = run(Store(tmp_path / "other", piece_seconds=SMALL), num_trajectories=300)

    def remove(done: float, of: float) -> None:
        if done < of:
            shutil.rmtree(store.root)

    xr.testing.assert_equal(run(store, num_trajectories=300, progress=remove), reference)
    assert all("was removed meanwhile; it is made anew" in line for line in lines)
    assert len(lines) == store.computed - 1 >= 2
    assert len(files(store)) == 1
    assert (store.root / folder.MARK).is_file()


@pytest.mark.usefixtures("instant")
def test_what_stands_in_the_way_of_a_store_is_refused_at_once(store, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match=r"cannot write to .*pipe: it is no folder"):
        Store(tmp_path / "pipe")
    run(store)
    piece = files(store)[0]
    os.mkfifo(piece.with_name(f"{piece.name[:22]}{'0' * 64}.nc"))  # is not waited for
    with pytest.warns(StoreWarning, match="foreign"):
        run(again(store))
    shutil.rmtree(piece.parent)
    piece.parent.write_text("a file")
    with pytest.raises(UserError, match="is in the way of the store: Not a directory; remove it"):
        run(again(store))


def test_unwritable_folders_are_refused_early(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(UserError, match=r"cannot write to .*file"):
        Store(occupied)
    with pytest.raises(UserError, match="cannot write to"):
        Store(occupied / "below")
    with pytest.raises(UserError, match="cannot write to"):
        check_output(occupied / "run.nc")
    with pytest.raises(UserError, match="is a folder"):
        check_output(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="cannot write to"):
            Store(tmp_path)
    finally:
        tmp_path.chmod(0o700)


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


SCRIPT = """
import sys, warnings
warnings.simplefilter("error")
from madatheory.engine.flags import enable_native_loop
enable_native_loop()
import test_store
from madatheory.store import Store
store = Store(sys.argv[1], piece_seconds=test_store.SMALL)
print("ready", flush=True)
data = test_store.run(store, num_trajectories=int(sys.argv[2]), progress=lambda done, of: None)
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
    """SIGKILL while pieces are being written; the survivors are used, the result is that of an undisturbed run."""
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
        assert kept <= now, round_  # a finished piece is never computed again
        kept = now
    assert kept
    resumed = Store(root, piece_seconds=SMALL)
    undisturbed = Store(tmp_path / "undisturbed")
    data = run(resumed, num_trajectories=seeds)
    xr.testing.assert_identical(data, run(undisturbed, num_trajectories=seeds))
    assert resumed.reused == len(kept)
    assert resumed.computed + resumed.reused == len(files(resumed))
    assert not list(root.glob("*/.*.tmp"))  # what the killed processes left is gone


def test_two_processes_on_one_store(tmp_path):
    """The other one starts while this one computes its first piece, which waits for the other one's first."""
    alone, here = run(Store(tmp_path / "alone"), num_trajectories=500), Store(tmp_path / "shared", piece_seconds=SMALL)
    others: list[subprocess.Popen[str]] = []

    def join(done: float, of: float) -> None:
        if not others:
            others.append(start(here.root, 500))
            while not files(here) and others[0].poll() is None:
                time.sleep(0.002)

    xr.testing.assert_identical(run(here, num_trajectories=500, progress=join), alone)
    _, computed, reused, total = others[0].communicate(timeout=120)[0].split()
    assert others[0].returncode == 0
    assert (here.reused, int(reused)) == (0, 0)
    assert here.computed > 1 < int(computed)
    assert float(total) == float(alone.mean_squared_gradient.sum())
    quiet = again(here)
    xr.testing.assert_identical(run(quiet, num_trajectories=500), alone)  # every file left behind is good: no warning
    assert quiet.computed == 0
