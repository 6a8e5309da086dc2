"""Where code comes from: which files are a user's, which of the package, which an installed library's.

A file of the package or of a user stands for itself and for every file that it imports, found without importing
anything (`modulefinder` follows the libraries too); a library stands for its version.
"""

import ast
import hashlib
import os
import re
import secrets
import sys
import sysconfig
import threading
import time
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent
LIBRARIES = tuple({Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")})
# messages, look-up and the store itself do not enter any number
_NOT_NUMBERS = (
    "madatheory",
    *(f"madatheory.{name}" for name in ("errors", "files", "entry", "sources")),
    *(f"madatheory.{name}.catalogue" for name in ("optimizers", "problems", "theory", "figures")),
)
_PARSING = threading.Lock()  # ast.parse in two threads at once fails now and then in CPython 3.11
_LOADED, _PROCESS = time.time(), secrets.token_hex(8)
_CLOSURES: dict[tuple[frozenset[Path], float], tuple[dict[str, str], dict[str, tuple[int, int] | None]]] = {}
"""Of the package's files: what `closure_of_imports` found, and every file that it looked at, as it was then."""


class Parsed(NamedTuple):
    """A source file: its hash, the names it may import, and the files that are found without asking what is loaded.

    These are of relative imports and, in a file of the package, all that it imports of the package: no names are left.
    """

    hash: str
    names: tuple[str, ...]
    files: tuple[Path, ...]


def in_package(module: ModuleType) -> bool:
    """Whether a module is this package's."""
    return module.__name__.partition(".")[0] == "madatheory"


def is_library(module: ModuleType | None) -> bool:
    """Whether a module is the interpreter's or an installed distribution's; those are identified by their versions."""
    if module is None or in_package(module) or module.__name__ == "__main__":
        return False
    file = getattr(module, "__file__", None)
    return file is None or _is_librarys(file, module.__name__)


def is_users(module: ModuleType | None) -> bool:
    """Whether a module is neither the package's nor a library's; so is what has no module."""
    return module is None or not (is_library(module) or in_package(module))


@cache
def in_libraries(file: str) -> bool:
    """Whether a file lies where libraries are installed."""
    return any(Path(file).resolve().is_relative_to(folder) for folder in LIBRARIES)


def _is_librarys(file: str, name: str) -> bool:
    root = name.partition(".")[0]
    return in_libraries(file) and (root in sys.stdlib_module_names or version_of(root) != "")


@cache
def version_of(name: str) -> str:
    """The version of the distribution that brings a module; "" if it is none."""
    root = name.partition(".")[0]
    try:
        return version(root)  # most are called like their distribution
    except (PackageNotFoundError, ValueError):  # a name that none can have
        return next((distribution.version for distribution in distributions() if _brings(distribution, root)), "")


def _brings(distribution: Distribution, root: str) -> bool:
    """Whether a top-level module is of this distribution; `packages_distributions` of the standard library reads ten
    times as much."""
    if listed := distribution.read_text("top_level.txt"):
        return root in listed.split()
    record = distribution.read_text("RECORD") or ""
    return re.search(rf"^{re.escape(root)}(/.*)?\.(py|so|pyd|[\w-]+\.so)\b", record, re.MULTILINE) is not None


def closure_of_imports(paths: Iterable[Path]) -> dict[str, str]:
    """Hashes of these files and of all files of the package and of the user that they import, by name.

    Of libraries that a user's file imports the version is there.
    """
    start = frozenset(path.resolve() for path in paths)
    known = _CLOSURES.get((start, _LOADED))
    if known is not None and all(_stamp(file) == stamp for file, stamp in known[1].items()):
        return dict(known[0])
    hashes: dict[str, str] = {}
    todo, met, unchanged = list(start), dict[str, tuple[int, int] | None](), True
    while todo:
        path = todo.pop()
        if str(path) in met:
            continue
        name = _name_of(path)
        if name in _NOT_NUMBERS or name.startswith("madatheory.store"):
            continue
        stamp = met[str(path)] = _stamp(str(path))
        if stamp is None:  # removed meanwhile
            continue
        parsed = _parsed(path, *stamp)
        found, ours = parsed.hash, name.startswith("madatheory")
        unchanged &= ours  # what a user's file imports depends on what is loaded
        if ours and stamp[0] > _LOADED * 1e9:
            # the file may not be what this process runs, so no other process may find what this one stores
            found, unchanged = f"{found}, changed under process {_PROCESS}", False
        hashes[name if ours else f"{name} {found[:8]}"] = found
        todo += parsed.files
        for imported in parsed.names:
            source = source_of(imported)
            if source is not None:
                todo.append(source)
            elif not ours and (number := _library_version(imported)):
                hashes[f"library {imported.partition('.')[0]}"] = number
    if unchanged:
        _CLOSURES[start, _LOADED] = dict(hashes), met
    return hashes


def _stamp(file: str) -> tuple[int, int] | None:
    """When a file was changed, in nanoseconds, and its size; None where there is none."""
    try:
        stat = os.stat(file)
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


def source_of(name: str) -> Path | None:
    """The source file of a module of the package or of the user, loaded or not; None for anything else."""
    head, *rest = name.split(".")
    if head == "madatheory":
        base = PACKAGE.joinpath(*rest)
        return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None) if module is not None else _file_of_unloaded(name)
    library = is_library(module) if module is not None else file is not None and _is_librarys(file, name)
    return Path(file).resolve() if file and not library and Path(file).is_file() else None


def _file_of_unloaded(name: str) -> str | None:
    """Where a module would be loaded from, without loading it or what it is in."""
    head, *rest = name.split(".")
    if head in sys.stdlib_module_names:
        return None
    try:
        spec = find_spec(head) or PathFinder.find_spec(head, [""])
        for place in range(1, len(rest) + 1):
            if spec is None or spec.submodule_search_locations is None:
                return None
            spec = PathFinder.find_spec(".".join((head, *rest[:place])), list(spec.submodule_search_locations))
    except (ImportError, ValueError, AttributeError):
        return None
    return spec.origin if spec and spec.origin and spec.origin.endswith(".py") else None


def _library_version(name: str) -> str:
    root = name.partition(".")[0]
    return "" if root in sys.stdlib_module_names else version_of(root)


@cache
def _name_of(path: Path) -> str:
    """The module's name for a file of the package, the file's name for another."""
    if path.is_relative_to(PACKAGE):
        parts = ("madatheory", *path.relative_to(PACKAGE).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return f"file {path.name}"


@cache
def _parsed(path: Path, modified: int, size: int) -> Parsed:
    source = path.read_bytes()
    try:
        with _PARSING:
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        tree = ast.Module([], [])
    names, files = set[str](), set[Path]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.update(_with_packages(alias.name))
        elif isinstance(node, ast.ImportFrom) and 0 < node.level <= len(path.parents):
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            files.update(_modules([base, *(base / alias.name for alias in node.names)]))
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(_with_packages(node.module))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    if path.is_relative_to(PACKAGE):
        ours = (name for name in names if name.partition(".")[0] == "madatheory")
        files = {file for name in ours if (file := source_of(name))}
        return Parsed(hashlib.sha256(source).hexdigest(), (), tuple(sorted(files)))
    files.update(_modules([path.parent]))  # a package is run before what is in it
    return Parsed(hashlib.sha256(source).hexdigest(), tuple(sorted(names)), tuple(sorted(files)))


def _with_packages(name: str) -> Iterator[str]:
    """a.b.c, and a and a.b, which are run before it."""
    parts = name.split(".")
    return (".".join(parts[: count + 1]) for count in range(len(parts)))


def _modules(places: Iterable[Path]) -> list[Path]:
    candidates = (file for place in places for file in (place.with_name(place.name + ".py"), place / "__init__.py"))
    return [file.resolve() for file in candidates if file.is_file()]
