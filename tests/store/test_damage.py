"""Files of a store that cannot be trusted: reported, and computed anew."""

from pathlib import Path

import pytest
import xarray as xr
from store_cases import SMALL, again, files, run, truncate

from madatheory.store import Store, StoreWarning


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
    """A good file in another chunk's place: its name would claim trajectories that it does not hold."""
    _, checksum, _ = path.name.split(".")
    path.rename(path.with_name(f"{0:010d}-{9999:010d}.{checksum}.nc"))


def foreign(path: Path, store: Store) -> None:
    """A good file of another computation, with another base seed."""
    elsewhere = Store(store.root.parent / "elsewhere", chunk_seconds=SMALL)
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
    run(Store(store.root, chunk_seconds=SMALL, report=lines.append))
    assert len(lines) == 1
    assert "notes.txt" in lines[0]
    assert stray.read_text() == "mine"
