"""Which files a user's functions open while they run, as Python's audit events tell."""

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import jax

from madatheory.sources import PACKAGE, in_libraries
from madatheory.store.checkpoint import Checkpoint

_OTHER = {
    "socket.connect": "the network",
    "urllib.Request": "the network",
    "subprocess.Popen": "another process",
    "os.system": "another process",
    "os.listdir": "the files of a folder",
    "os.scandir": "the files of a folder",
}
_CODE = {".py", ".pyc", ".so", ".pyd"}  # is hashed as code
_KEEPS = Checkpoint.keep.__code__.co_filename
_TYPED = ("<stdin", "<ipython", "<python-input", "<console")


@dataclass
class Reads:
    """What was opened for reading, and what else was asked, by functions of the user."""

    entry: FrameType
    ignored: Sequence[Path]
    files: set[Path] = field(default_factory=set)
    other: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.files or self.other)

    def in_words(self) -> str:
        """For a message."""
        return ", ".join([*sorted(map(str, self.files)), *sorted(self.other)])


_watching: list[Reads] = []
_lock = threading.Lock()
_installed = False  # a hook cannot be taken out again


@contextmanager
def watched(*ignored: Path) -> Iterator[Reads]:
    """Notes what functions of the user, called inside, read from outside; files below the folders `ignored` are left.

    Which function opens a file is read off the stack: one that is neither of a library nor of the package.
    """
    global _installed
    cache = getattr(jax.config, "jax_compilation_cache_dir", None)
    folders = [Path(os.path.realpath(folder)) for folder in (*ignored, *([cache] if cache else []))]
    reads = Reads(sys._getframe(2), folders)
    with _lock:
        if not _installed:
            sys.addaudithook(_heard)
            _installed = True
        _watching.append(reads)
    try:
        yield reads
    finally:
        with _lock:
            _watching[:] = [other for other in _watching if other is not reads]


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching or not (event == "open" or event in _OTHER):
        return
    with suppress(Exception):  # whatever a name may be, the work goes on
        for reads in _watching:
            if not _by_user(reads.entry):
                continue
            if event in _OTHER:
                reads.other.add(_OTHER[event])
            elif (file := _read(*arguments)) and not any(file.is_relative_to(folder) for folder in reads.ignored):
                reads.files.add(file)


def _by_user(entry: FrameType) -> bool:
    """Whether a function of the user is on the stack, inside the frame `entry` if that is on it.

    What the store does for a function that keeps its state is not the function's doing.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame is not entry:
        name = frame.f_code.co_filename
        if name == _KEEPS:
            return False
        if name.startswith(_TYPED) or not (name.startswith(("<", str(PACKAGE))) or in_libraries(name)):
            return True
        frame = frame.f_back
    return False


def _read(path: Any, mode: str | None, flags: int) -> Path | None:
    """The file of an event if it is opened for reading and is no code."""
    if isinstance(path, int):
        return None
    reading = not set(mode) & set("wax") or "+" in mode if mode else flags & os.O_ACCMODE != os.O_WRONLY
    file = Path(os.path.realpath(os.fsdecode(path)))
    known = file.suffix in _CODE or file.is_relative_to(PACKAGE) or in_libraries(str(file)) or file.is_dir()
    return file if reading and not known else None
