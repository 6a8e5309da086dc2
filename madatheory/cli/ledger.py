"""Which figures of a folder are up to date: made by this code, with this profile and seed, and not touched since."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import madatheory
from madatheory.files import check_output, write
from madatheory.store.folder import FIGURES

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


def _contents(path: Path) -> list[list[Any]]:
    """What is at a path, without reading it: names, sizes and times of change."""
    files = sorted(file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
    return [[str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns] for file in files]


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

    def _key(self, figure: Any) -> str:
        source = Path(figure.compute.__code__.co_filename)
        code = source.read_bytes() if source.is_file() else b""
        data = {kind: _contents(path) for kind, path in self.data.items()}
        request = json.dumps([self.profile, self.seed, dict(self.versions), data], sort_keys=True)
        return _digest(code_fingerprint().encode(), code, figure.name.encode(), request.encode())

    def _files(self, name: str) -> dict[str, str] | None:
        files = {kind: self.out / f"{name}.{kind}" for kind in _KINDS}
        if not all(file.is_file() for file in files.values()):
            return None
        return {kind: _digest(file.read_bytes()) for kind, file in files.items()}

    def up_to_date(self, figure: Any) -> list[tuple[str, bool, str]] | None:
        """The claims of a figure that need not be drawn again, else None; anything unreadable means: draw it."""
        try:
            entry = json.loads(self._file(figure.name).read_text(encoding="utf-8"))
            if entry["key"] != self._key(figure) or entry["files"] != self._files(figure.name):
                return None
            record = json.loads((self.out / f"{figure.name}.json").read_text(encoding="utf-8"))
            return [(c["text"], c["holds"], c["detail"]) for c in record["claims"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def enter(self, figure: Any) -> None:
        """Note that the figure's files are as they should be."""
        write(self._file(figure.name), json.dumps({"key": self._key(figure), "files": self._files(figure.name)}))
