"""What a function takes from outside when it runs: files, the environment, the clock, modules by name.

A description of code and values cannot know these, so a result of such a function is not kept. The compiled code is
searched for names of what is known to do it, looked up through modules and classes. The libraries that keep results
(joblib, diskcache) leave this to the user.
"""

import builtins
import dis
import os
import re
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from madatheory.sources import is_library, is_users, source_of


class Outside(NamedTuple):
    """One thing that a function takes from outside; `seen` if Python tells which file is opened this way."""

    what: str
    seen: bool


_UNKNOWN: Any = object()
# of these modules every function is from outside but those named
_MODULES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("time", "random", "secrets", "uuid", "socket", "subprocess", "urllib", "http", "tempfile"), ()),
    **dict.fromkeys(("shutil", "glob", "platform", "runpy", "ctypes"), ()),
    "os": ("PathLike", "fspath"),
    "posix": ("fspath",),
    "sys": ("getsizeof", "intern"),
    "numpy.random": ("default_rng", "Generator", "SeedSequence", "PCG64", "Philox", "MT19937", "SFC64"),
}
_DATA = {"os": ("environ", "environb"), "sys": ("argv", "modules", "path", "stdin")}
_NAMES = {
    "builtins": ("input", "eval", "exec", "compile", "__import__", "globals", "vars", "locals"),
    "importlib": ("import_module", "reload", "__import__"),
    "datetime": ("now", "today", "utcnow"),
    "pathlib": ("cwd", "home"),
    "h5py": ("File",),
    "netCDF4": ("Dataset",),
    "genericpath": ("exists", "isfile", "isdir", "getmtime", "getsize"),
    "posixpath": ("abspath", "realpath", "expanduser", "expandvars"),
}
_OPENS = {"open", "load", "loadtxt", "genfromtxt", "fromfile", "memmap"}
_SEEN = ("builtins", "io", "_io", "json", "pickle", "_pickle", "numpy", "tomllib")
_READERS = re.compile(r"(read|open|load|fetch)_.*|.*_(open|load)|loadmat|mmread|imread|urlopen")
# attributes of objects that are not known before it runs, such as Path("x").read_text
_ATTRIBUTES = {"read_text", "read_bytes", "open", "environ", "getenv", "import_module", "iterdir", "rglob", "argv"}


def outside(function: types.FunctionType) -> list[Outside]:
    """What the code of a function, and of those defined in it, takes from outside, as far as its names tell."""
    known = _known(function)
    found = (item for chain in _chains(function.__code__, known) for item in _of_chain(chain, known))
    return list(dict.fromkeys(found))


def reached(function: types.FunctionType) -> list[Any]:
    """What a function names as attributes of a user's modules, such as `helper.f` and `helper.TABLE`."""
    known, found = _known(function), []
    for first, *rest in _chains(function.__code__, known):
        value = known.get(first, _UNKNOWN) if isinstance(first, str) else first
        for name in rest:
            if not isinstance(value, types.ModuleType) or not is_users(value):
                break
            value = getattr(value, name, _UNKNOWN)
            if value is not _UNKNOWN:
                found.append(value)
    return found


def of_value(value: object, words: str) -> Iterator[Outside]:
    """Whether a value is itself from outside, such as `open`, or `environ` after `from os import environ`."""
    home, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if value is os.environ:
        yield Outside(words, False)
    elif isinstance(name, str) and callable(value):
        home = home if isinstance(home, str) else type(getattr(value, "__self__", None)).__module__
        yield from _of_name(home, name, words, value)


def _known(function: types.FunctionType) -> dict[str, Any]:
    cells = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:
            cells[name] = _UNKNOWN
    return {**vars(builtins), **function.__globals__, **cells}


def _chains(code: types.CodeType, known: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Names with the attributes that follow them, ("os", "environ"); what is no global name stands for itself."""
    imported: dict[str, Any] = {}  # names that the code binds by importing
    chain: list[Any] = []
    source, pending, head = _UNKNOWN, _UNKNOWN, ""
    for step in dis.get_instructions(code):
        name, value = step.opname, step.argval
        if name in ("LOAD_ATTR", "LOAD_METHOD"):
            chain = [*(chain or [_UNKNOWN]), value]
            continue
        if name in ("PUSH_NULL", "PRECALL", "CACHE", "NOP", "EXTENDED_ARG"):
            continue
        if chain:
            yield chain
        chain = []
        if name == "IMPORT_NAME":
            source = pending = sys.modules.get(value, _UNKNOWN)
            head = value.partition(".")[0]
            if source is _UNKNOWN and source_of(value) is not None:
                yield (_UNKNOWN, f"import {value}")
        elif name == "IMPORT_FROM":
            pending = getattr(source, value, _UNKNOWN)
        elif name.startswith("STORE_") and pending is not _UNKNOWN and isinstance(value, str):
            # `import a.b` binds a
            imported[value] = sys.modules.get(value) if value == head and pending is source else pending
            pending = _UNKNOWN
        elif name.startswith(("LOAD_GLOBAL", "LOAD_NAME")):
            chain = [imported.get(value, value)]
        elif name.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF")):
            last = value[-1] if isinstance(value, tuple) else value
            chain = [imported.get(last, known.get(last, _UNKNOWN) if "DEREF" in name else _UNKNOWN)]
    if chain:
        yield chain
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _chains(inner, {**known, **imported})


def _of_chain(chain: Sequence[Any], known: Mapping[str, Any]) -> Iterator[Outside]:
    first, *rest = chain
    value = known.get(first, _UNKNOWN) if isinstance(first, str) else first
    words = first if isinstance(first, str) else getattr(first, "__name__", "..")
    if value is not _UNKNOWN:
        yield from of_value(value, words)
    for name in rest:
        words = name if name.startswith("import ") else f"{words}.{name}"
        if isinstance(value, types.ModuleType | type):
            owner, value = value, getattr(value, name, _UNKNOWN)
            yield from _of_name(
                owner.__name__ if isinstance(owner, types.ModuleType) else owner.__module__, name, words, value
            )
        else:
            value = _UNKNOWN
            if name in _ATTRIBUTES or name.startswith("import "):
                yield Outside(words, name in ("read_text", "read_bytes", "open"))


def _of_name(home: str, name: str, words: str, value: object) -> Iterator[Outside]:
    """By where something is from and what it is called there."""
    root = "numpy.random" if home.startswith("numpy.random") else home.partition(".")[0]
    if isinstance(value, types.ModuleType):
        return
    whole = root in _MODULES and callable(value) and not isinstance(value, type) and name not in _MODULES[root]
    if whole or name in _DATA.get(root, ()) or name in _NAMES.get(root, ()):
        yield Outside(words, False)
    elif is_library(sys.modules.get(root)) and callable(value) and (name in _OPENS or _READERS.fullmatch(name)):
        yield Outside(words, root in _SEEN and name in _OPENS)
