"""Entries are found, not registered: one file in a folder adds an optimizer, problem, theorem, lemma or figure.

A file of such a folder defines module-level objects of the folder's kind. A file without one fails at import, and so
does a name that is taken. A user's own file, given with `--load`, is read the same way. This is the mechanism; what
there is, each package's `catalogue` knows.
"""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from madatheory.blame import LOADED, Misuse, blame
from madatheory.deprecated import respelled
from madatheory.errors import UserError, unknown
from madatheory.structure import conform, kind

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Entry:
    """A named family of objects: `build(**options)` gives one; options and their types are read from its signature."""

    name: str
    summary: str
    build: Callable[..., Any]

    @property
    def makes(self) -> type:
        """The class of what `build` returns."""
        return object

    @property
    def _words(self) -> str:
        return f"{type(self).__name__.removesuffix('Entry').lower() or 'entry'} {self.name!r}, its build"

    @property
    def options(self) -> dict[str, Any]:
        """Option names and defaults; `UserError` where `build` has an argument that is no option."""
        with blame(self._words, self.build):
            try:
                parameters = inspect.signature(self.build).parameters
            except (TypeError, ValueError):
                raise Misuse("is no function whose arguments Python can tell; write a function around it") from None
            for name, p in parameters.items():
                if p.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) or p.default is p.empty:
                    raise Misuse(f"needs the argument {str(p)!r}; give every argument a name and a default: {name}=1.0")
        return {name: p.default for name, p in parameters.items()}

    def make(self, options: Mapping[str, Any] | None = None) -> Any:
        """Build with `options`; strings are converted to the type of the option's default.

        Equal options give the same object, so that all who ask for it share what is compiled for it.
        """
        chosen = self.options
        for key, value in (options or {}).items():
            key = respelled(self.name, key, getattr(self.build, "renamed", {}))
            if key not in chosen:
                raise unknown(f"option of {self.name}", key, self.options)
            chosen[key] = _convert(self.name, key, value, self.options[key])
        if all(isinstance(value, bool | int | float | str | None) for value in chosen.values()):
            return _built(self, tuple((key, type(value), str(value), value) for key, value in chosen.items()))
        return self._build(chosen)

    def _build(self, options: Mapping[str, Any]) -> Any:
        with blame(self._words, self.build, f"a build returns the {self.makes.__name__}"):
            built = self.build(**options)
            if not isinstance(built, self.makes):
                raise Misuse(f"returns {kind(built)}")
            conform(built, f"the {self.makes.__name__} that it returns")
        return built


@lru_cache(maxsize=256)
def _built(entry: Entry, options: tuple[tuple[str, type, str, Any], ...]) -> Any:
    """One object per entry and options; as text too, since 1 == 1.0 and 0.0 == -0.0."""
    return entry._build({name: value for name, _, _, value in options})


def _convert(owner: str, key: str, value: Any, default: Any) -> Any:
    if not isinstance(value, str) or isinstance(default, str):
        return value
    wanted = type(default)
    try:
        if not value.isascii():  # Python reads the digits of every script
            raise ValueError
        if isinstance(default, bool):
            return {"true": True, "false": False}[value.lower()]
        return wanted(value)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{owner}: {key} = {value!r} is not a {wanted.__name__}") from error


def collect(module: ModuleType, kind: type) -> list[Any]:
    """Module-level objects of `kind` defined in `module`, each once."""
    found = {id(value): value for key, value in vars(module).items() if isinstance(value, kind) and key[0] != "_"}
    return list(found.values())


def checked(entries: Iterable[Any], kind: str, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Entries by name; a malformed or repeated name raises `UserError`."""
    named = dict(known or {})
    for entry in entries:
        if not _NAME.fullmatch(entry.name):
            raise UserError(f"{kind} name {entry.name!r}: use lower-case letters, digits and single hyphens")
        if entry.name in named:
            raise UserError(f"{kind} name {entry.name!r} is taken; choose another")
        named[entry.name] = entry
    return named


def discover(package: str, kind: type) -> dict[str, Any]:
    """All entries of `kind` in the modules of `package`, by name, in the order of the files' names."""
    root = importlib.import_module(package)
    entries = []
    for module in sorted(pkgutil.iter_modules(root.__path__), key=lambda m: m.name):
        loaded = importlib.import_module(f"{package}.{module.name}")
        found = collect(loaded, kind)
        if not found:
            raise UserError(f"{package}.{module.name} defines no {kind.__name__}; every file of this folder must")
        entries += found
    return checked(entries, kind.__name__)


class _AsItStands(SourceFileLoader):
    """Leaves bytecode aside, which Python takes for a file's if it is of the same second and length."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def spec_of_file(name: str, file: Path) -> ModuleSpec:
    """From which `file`, a user's, is imported as the module `name`, as it stands at this moment."""
    spec = importlib.util.spec_from_file_location(name, file, loader=_AsItStands(name, str(file)))
    assert spec is not None, "there is a loader"
    return spec


def load_file(path: str | Path) -> ModuleType:
    """Import a user's Python file; whatever it raises becomes one `UserError` that names the line."""
    file = Path(path)
    if not file.is_file():
        raise UserError(f"--load {file}: no such file")
    if file.suffix != ".py":
        raise UserError(f"--load {file}: not a Python file (it must end in .py)")
    spec = spec_of_file(f"madatheory_user_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    LOADED.add(str(spec.origin))
    try:
        with blame("", None):
            assert spec.loader is not None
            spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[spec.name]
        if not isinstance(error, Exception) or isinstance(error, UserError):
            raise
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        words = error.msg if isinstance(error, SyntaxError) else error  # no line of it has run
        raise UserError(f"--load {file}{line}: {type(error).__name__}: {words}") from error
    return module


def line_where(module: ModuleType, value: Any) -> str:
    """`, line N` of the assignment at the top of a user's file that made `value`, "" where there is no such line."""
    names = {name for name, found in vars(module).items() if found is value}
    for node in ast.parse(inspect.getsource(module)).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            return f", line {node.lineno}"
    return ""


def parse(spec: str, entries: Mapping[str, Entry], kind: str) -> Any:
    """Build from the command line's `name[:key=value,...]`."""
    if not isinstance(spec, str):
        raise UserError(f"{kind} {spec!r:.60}: give a name as text, such as {next(iter(entries))!r}")
    name, _, tail = spec.partition(":")
    if name not in entries:
        raise unknown(kind, name, entries)
    options = {}
    for part in filter(None, tail.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise UserError(f"{kind} {spec!r}: write options as {name}:key=value,key=value")
        if key.strip() in options:
            raise UserError(f"{kind} {spec!r}: {key.strip()} is given twice")
        options[key.strip()] = value.strip()
    return entries[name].make(options)


def named(kind: str, name: str, entries: Mapping[str, Any]) -> list[Any]:
    """The entries called `name`: one by its name, or all that have this label, such as T5."""
    if not isinstance(name, str):
        raise UserError(f"{kind} {name!r:.60}: give a name as text, such as {next(iter(entries))!r}")
    found = [entry for entry in entries.values() if getattr(entry, "label", None) == name]
    if not found and name not in entries:
        labels = {entry.label for entry in entries.values() if hasattr(entry, "label")}
        raise unknown(kind, name, [*entries, *labels])
    return found or [entries[name]]
