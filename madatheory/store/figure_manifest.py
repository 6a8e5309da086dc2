"""Which figures of a folder are up to date, and not touched since they were made.

That is: by this code and what it imports, from these values and files, with this profile and seed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import madatheory
from madatheory.errors import UserError
from madatheory.files import check_output, write
from madatheory.store import canonical
from madatheory.store.cache_key import cache_key_of
from madatheory.store.folder import FIGURES
from madatheory.store.reads import Reads, watched

_KINDS = ("svg", "png", "json")


def _digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def code_fingerprint() -> str:
    """Digest of the package's source, the command line left out: it changes no number."""
    root = Path(madatheory.__file__).parent
    files = sorted(file for file in root.rglob("*.py") if file.relative_to(root).parts[0] != "cli")
    return _digest(*(part for file in files for part in (str(file.relative_to(root)).encode(), file.read_bytes())))


def _contents(path: Path) -> list[list[str]]:
    """What is at a path: names and contents."""
    files = sorted(file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
    return [[str(file.resolve()), _digest(file.read_bytes())] for file in files]


class Named(Protocol):
    """What the store reads of a figure; the rest is described as it is."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Ledger:
    """One small file per figure and output folder, kept in the store."""

    store: Path
    out: Path
    profile: str
    seed: int
    versions: Mapping[str, str]
    data: Mapping[str, Path] = field(default_factory=dict)

    def _file(self, name: str) -> Path:
        return self.store / FIGURES / f"{name[:60]}-{_digest(f'{self.out.resolve()}/{name}'.encode())[:12]}.json"

    def check(self, names: Iterable[str]) -> None:
        """`UserError` unless the notes about these figures can be written."""
        for name in names:
            check_output(self._file(name))

    def _key(self, figure: Named) -> str:
        identity = cache_key_of(figure)
        data = {kind: _contents(path) for kind, path in self.data.items()}
        request = [figure.name, self.profile, self.seed, dict(self.versions), data, identity.data, identity.sources]
        return _digest(code_fingerprint().encode(), canonical(request).encode())

    def why_not(self, figure: Named) -> str:
        """Why it cannot be told whether a figure is up to date: it takes what Python does not tell; "" if it can."""
        try:
            unseen = [words for words, found in cache_key_of(figure).outside.items() if not found.seen]
        except UserError as error:
            return str(error)
        return ", ".join(unseen)

    def watch(self, figure: Named) -> AbstractContextManager[Reads | None]:
        """Notes the files that a user's figure reads; those of the package read what `data` names."""
        with suppress(UserError):
            if cache_key_of(figure).users:
                return watched(self.store, self.out)
        return nullcontext()

    def _files(self, name: str) -> dict[str, str] | None:
        files = {kind: self.out / f"{name}.{kind}" for kind in _KINDS}
        if not all(file.is_file() for file in files.values()):
            return None
        return {kind: _digest(file.read_bytes()) for kind, file in files.items()}

    def up_to_date(self, figure: Named) -> list[tuple[str, bool, str]] | None:
        """The claims of a figure that need not be drawn again, else None; anything unreadable means: draw it."""
        try:
            entry = json.loads(self._file(figure.name).read_text(encoding="utf-8"))
            same = entry["key"] == self._key(figure) and entry["files"] == self._files(figure.name)
            if not same or entry["read"] != {file: _digest(Path(file).read_bytes()) for file in entry["read"]}:
                return None
            record = json.loads((self.out / f"{figure.name}.json").read_text(encoding="utf-8"))
            return [(c["text"], c["holds"], c["detail"]) for c in record["claims"]]
        except (OSError, ValueError, KeyError, TypeError, UserError):
            return None

    def enter(self, figure: Named, reads: Reads | None) -> str:
        """Note that the figure's files are as they should be, or say why that cannot be told later."""
        why = self.why_not(figure) or (", ".join(f"it uses {what}" for what in sorted(reads.other)) if reads else "")
        if not why:
            read = {str(file): _digest(file.read_bytes()) for file in (reads.files if reads else ()) if file.is_file()}
            entry = {"key": self._key(figure), "files": self._files(figure.name), "read": read}
            write(self._file(figure.name), json.dumps(entry))
        return why
