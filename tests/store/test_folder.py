"""Which folders are stores, what is theirs to remove, and folders that cannot be."""

import os
import shutil

import pytest
import xarray as xr
from store_cases import SMALL, again, files, run, truncate

from madatheory.errors import UserError
from madatheory.files import check_output
from madatheory.store import Store, StoreWarning, folder


@pytest.mark.usefixtures("instant")
def test_clear_and_prune_remove_only_what_is_theirs(store, tmp_path):
    run(store)
    (store.root / "keep.txt").write_text("mine")
    truncate(files(store)[0], store)
    with pytest.warns(StoreWarning):
        run(again(store))
    assert store.prune() > 0
    assert not list(store.root.glob("*/*.rejected"))
    assert store.entries()[0].chunks == len(files(store))
    os.utime(store.entries()[0].path, (0, 0))
    assert store.prune(days=365) > 0
    assert not store.entries()
    run(store)
    assert store.clear() > 0
    assert not store.entries()
    assert sorted(p.name for p in store.root.iterdir()) == ["keep.txt", folder.MARK]


def test_clear_removes_compiled_programs_and_nothing_else_there(tmp_path):
    place = tmp_path / "store" / folder.PROGRAMS / "a-processor"
    place.mkdir(parents=True)
    for name in ("jit_f-0-cache", "jit_f-0-atime", "mine.txt"):
        (place / name).write_bytes(b"12345")
    store = Store(tmp_path / "store")  # it is a store's, also where the mark is lost
    assert store.clear() == 10
    assert [file.name for file in place.iterdir()] == ["mine.txt"]
    (place / "mine.txt").unlink()
    store.clear()
    assert not (store.root / folder.PROGRAMS).exists()


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
    chunk = files(store)[0]
    for path in (f"{name}/thesis.tex", "figures/plot.svg", f"mine-{'0' * 20}/thesis.tex"):
        (store.root / path).parent.mkdir(exist_ok=True)
        (store.root / path).write_text("mine")
    note = store.root / "figures" / f"plot-{'0' * 12}.json"
    note.write_text("{}")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / chunk.name).write_bytes(chunk.read_bytes())
    (store.root / f"link-{'0' * 20}").symlink_to(outside)
    assert store.clear() > 0
    assert [entry.path.name for entry in store.entries()] == []
    assert not chunk.exists()
    assert not note.exists()
    kept = sorted(str(p.relative_to(store.root)) for p in store.root.rglob("*") if p.is_file())
    assert kept == sorted(["figures/plot.svg", folder.MARK, f"mine-{'0' * 20}/thesis.tex", f"{name}/thesis.tex"])
    assert (outside / chunk.name).exists()


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
    store = Store(tmp_path / "kept", chunk_seconds=SMALL, report=lines.append)
    reference = run(Store(tmp_path / "other", chunk_seconds=SMALL), num_trajectories=300)

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
    chunk = files(store)[0]
    os.mkfifo(chunk.with_name(f"{chunk.name[:22]}{'0' * 64}.nc"))  # is not waited for
    with pytest.warns(StoreWarning, match="foreign"):
        run(again(store))
    shutil.rmtree(chunk.parent)
    chunk.parent.write_text("a file")
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
