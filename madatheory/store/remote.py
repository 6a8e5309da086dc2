"""A store that lies at a URL: fsspec knows the protocol, and this process a folder with what it has fetched or made.

Files have their checksum in their name and are checked when they are read, so one that another process is still
writing, or that the network has cut, is not used. What is fetched is forgotten when the process ends.
"""

import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from madatheory.errors import UserError, needs
from madatheory.files import write
from madatheory.store.folder import CHUNK, ENTRY, MARK, WORDS


def is_url(root: object) -> bool:
    """Whether a store lies at a URL and not in a folder."""
    return isinstance(root, str) and "://" in root


class Remote:
    """The far side of a store. `UserError` if it cannot be read and written, or is no store but holds other files."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        with needs(f"a store at {url.partition('://')[0]}://"):
            import fsspec
        with self._explained():
            self._files, self._root = fsspec.core.url_to_fs(self.url)
        self.folder = Path(tempfile.mkdtemp(prefix="madatheory-store-"))
        self._end = weakref.finalize(self, rmtree, self.folder, ignore_errors=True)
        with self._explained():
            names = self._names(self._root)
            others = sorted(name for name in names if name != MARK and not ENTRY.fullmatch(name))
            if others and MARK not in names:
                raise UserError(
                    f"{url} is no store and holds other files ({', '.join(others[:3])}); name a place of its own"
                )
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(f"{self._root}/{MARK}", WORDS.encode())

    def fetch(self, folder: Path) -> None:
        """Bring the files of a computation that are not here."""
        with self._explained():
            for name in self._names(f"{self._root}/{folder.name}"):
                if CHUNK.fullmatch(name) and not (folder / name).exists():
                    folder.mkdir(exist_ok=True)
                    write(folder / name, self._files.cat_file(f"{self._root}/{folder.name}/{name}"))

    def fetch_all(self) -> None:
        """Bring every computation."""
        with self._explained():
            names = [name for name in self._names(self._root) if ENTRY.fullmatch(name)]
        for name in names:
            self.fetch(self.folder / name)

    def send(self, file: Path) -> None:
        """Put a file of a computation there."""
        with self._explained():
            place = f"{self._root}/{file.parent.name}"
            self._files.makedirs(place, exist_ok=True)
            self._files.pipe_file(f"{place}/{file.name}", file.read_bytes())

    def remove(self, file: Path) -> None:
        """Remove a file there, if it is there."""
        with self._explained():
            place = f"{self._root}/{file.parent.name}/{file.name}"
            if self._files.exists(place):
                self._files.rm_file(place)

    def clear(self) -> None:
        """Remove the files of all computations, and nothing else."""
        with self._explained():
            for folder in [name for name in self._names(self._root) if ENTRY.fullmatch(name)]:
                for name in self._names(f"{self._root}/{folder}"):
                    if CHUNK.fullmatch(name):
                        self._files.rm_file(f"{self._root}/{folder}/{name}")

    def _names(self, place: str) -> list[str]:
        self._files.invalidate_cache()
        try:
            found: list[Any] = self._files.ls(place, detail=False)
        except FileNotFoundError:
            return []
        return [str(path).rstrip("/").rpartition("/")[2] for path in found]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except ImportError as error:  # the protocol's package
            raise UserError(f"--store {self.url}: {error}") from error
        except Exception as error:  # every protocol has its own
            reason = " ".join(str(error).split()) or "no reason given"
            raise UserError(
                f"--store {self.url}: {type(error).__name__}: {reason:.300}; give the credentials and the address that "
                "this protocol reads from its environment or configuration, or name another place"
            ) from error
