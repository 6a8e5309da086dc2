"""Which folders are stores, and which files in them are the store's: nothing else is ever removed.

A store is marked by a file that is written when its folder is made. A folder without that mark becomes a store only if
it is empty or holds nothing but what a store holds, as those of earlier versions do.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from madatheory.errors import UserError
from madatheory.files import check_folder, is_temporary, write

MARK = "madatheory-store.txt"
WORDS = """This folder is a store of madatheory: finished computations, which are found again by what they compute.
`madatheory store list` shows them and `madatheory store clear` removes them; other files here are left alone.
"""
DEFAULT = ".madatheory"
FIGURES = "figures"  # the notes about which figures are up to date
PROGRAMS = "xla"  # what commands have compiled, kept by JAX
_OTHERS = ("coq", "conformance", "reports")  # what proofs, conformance and reports keep in the default folder
REJECTED = ".rejected"
CHUNK = re.compile(r"(?P<label>[a-z0-9-]+)\.(?P<hash>[0-9a-f]{64})\.nc")
ENTRY = re.compile(r"[a-z0-9-]+-[0-9a-f]{20}")
_PROGRAM = re.compile(r".*-(cache|atime)")
_NOTE = re.compile(r"[a-z0-9-]+-[0-9a-f]{12}\.json")


class StoredRun(NamedTuple):
    """One computation of a store: its folder, number of chunks, bytes on the disk."""

    path: Path
    chunks: int
    bytes: int


def claim(root: str | Path) -> Path:
    """The folder of a store, made and marked if need be; `UserError` if it cannot be written or is another's."""
    folder = check_folder(root)
    if (folder / MARK).is_file():
        return folder
    others = [] if folder.name == DEFAULT else [path.name for path in sorted(folder.iterdir()) if not _ours(path)]
    if others:
        shown = ", ".join(others[:3]) + (", .." if len(others) > 3 else "")
        raise UserError(f"{root} is no store and holds other files ({shown}); name a folder of its own for the store")
    write(folder / MARK, WORDS)
    return folder


def entries(root: Path) -> list[StoredRun]:
    """The computations in a store, each a folder with the store's files; a folder with other files only is none."""
    found = []
    for path in sorted(root.iterdir()):
        if _is_folder(path) and ENTRY.fullmatch(path.name):
            files = list(_files(path))
            if files or not any(path.iterdir()):
                found.append(
                    StoredRun(path, sum(f.suffix == ".nc" for f in files), sum(f.stat().st_size for f in files))
                )
    return found


def remove(path: Path) -> int:
    """Remove the store's files in the folder of a computation or of notes, and it if that is all; the bytes freed."""
    freed = sum(discard(file) for file in _files(path))
    with contextlib.suppress(OSError):  # it holds other files
        path.rmdir()
    return freed


def remove_programs(root: Path) -> int:
    """Remove the compiled programs of a store; the bytes freed."""
    folder = root / PROGRAMS
    if not _is_folder(folder):
        return 0
    freed = 0
    for place in (path for path in folder.iterdir() if _is_folder(path)):
        freed += sum(discard(file) for file in place.iterdir() if _PROGRAM.fullmatch(file.name) and file.is_file())
        with contextlib.suppress(OSError):  # it holds other files
            place.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()
    return freed


def discard(file: Path) -> int:
    """Remove one file; the bytes freed, 0 if it could not be."""
    try:
        size = file.stat().st_size
        file.unlink()
    except OSError:
        return 0
    return size


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder that a store writes there."""
    names = _NOTE if folder.name == FIGURES else CHUNK
    for path in sorted(folder.iterdir()) if _is_folder(folder) else ():
        ours = names.fullmatch(path.name.removesuffix(REJECTED)) or is_temporary(path)
        if ours and path.is_file() and not path.is_symlink():
            yield path


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _ours(path: Path) -> bool:
    """Whether a store would have made this, by name and content."""
    if not _is_folder(path):
        return is_temporary(path)
    if path.name in (*_OTHERS, PROGRAMS):
        return True
    known = path.name == FIGURES or ENTRY.fullmatch(path.name) is not None
    return known and len(os.listdir(path)) == sum(1 for _ in _files(path))
