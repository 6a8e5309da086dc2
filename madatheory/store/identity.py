"""What identifies a computation: its data, and the code that it reaches.

Two computations may share a stored result only if nothing that enters the numbers differs. Objects hold functions, so a
function is described by its code, by what its closure holds, and by the source file it is from together with all files
of the package or of the user that this file imports.
"""

import ast
import functools
import hashlib
import inspect
import json
import pickle
import platform
import secrets
import sys
import sysconfig
import threading
import time
import types
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import numpy as np

from madatheory.engine.flags import native_loop_enabled
from madatheory.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent
_LIBRARIES = tuple(
    {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_PARSING = threading.Lock()  # ast.parse in two threads at once fails now and then in CPython 3.11
# messages, look-up and the store itself do not enter any number
_NOT_NUMBERS = ("madatheory", "madatheory.errors", "madatheory.files", "madatheory.catalogue")


def canonical(value: Any) -> str:
    """The one JSON text of plain data: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def environment() -> dict[str, Any]:
    """Versions and device on which the bits of a result depend."""
    device = jax.devices()[0]
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{name: metadata.version(name) for name in ("jax", "jaxlib", "numpy")},
        "platform": device.platform,
        "device": device.device_kind,
        "native_loop": native_loop_enabled(),
    }


_LOADED, _PROCESS = time.time(), secrets.token_hex(8)


class Description:
    """Describes values as plain data and collects, in `sources`, a hash of every file that their code comes from."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self._known: dict[int, Any] = {}  # descriptions by id; None while one is being made
        self._alive: list[Any] = []
        self._files: set[Path] = set()

    def of(self, value: Any) -> Any:
        """`value` as plain data; equal only for values that compute the same. Raises `UserError` if it cannot."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, np.generic):
            return self.of(value.item())
        if isinstance(value, np.ndarray | jax.Array):
            return _array(np.asarray(value))
        if isinstance(value, bytes):
            return {"bytes": hashlib.sha256(value).hexdigest()}
        if isinstance(value, range | slice | complex | np.dtype | Path):
            return {type(value).__name__: str(value)}
        if isinstance(value, types.ModuleType):
            self._module(value.__name__)
            return {"module": value.__name__}
        if id(value) not in self._known:
            self._known[id(value)] = None
            self._alive.append(value)  # else its id could be given to another object
            described = self._compound(value)
            text = canonical(described)
            # what is shared or deep is kept short, so that the size stays linear
            self._known[id(value)] = described if len(text) < 2000 else {"digest": digest(text)}
        described = self._known[id(value)]
        return {"cycle": type(value).__name__} if described is None else described

    def _compound(self, value: Any) -> Any:
        if isinstance(value, functools.partial):
            return {"partial": [self.of(value.func), self.of(value.args), self.of(value.keywords)]}
        if isinstance(value, types.MethodType):
            return {"method": value.__name__, "of": self.of(value.__self__), "code": self.of(value.__func__)}
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.BuiltinFunctionType):
            return {"builtin": f"{value.__module__}.{value.__qualname__}"}
        if isinstance(value, type):
            return self._class(value)
        kind = type(value)
        if hasattr(value, "__wrapped__") and _is_library(sys.modules.get(kind.__module__)):  # jax.jit and its kin
            rules = [self.of(getattr(value, name, None)) for name in ("jvp", "fwd", "bwd")]  # of jax.custom_jvp
            return {"wrapped": kind.__qualname__, "function": self.of(value.__wrapped__), "rules": rules}
        if is_dataclass(value):
            return {"is": self.of(kind), **{f.name: self.of(getattr(value, f.name)) for f in fields(value)}}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return {"is": self.of(kind), "items": [self.of(v) for v in value]}
        if isinstance(value, Mapping):
            items = [(canonical(self.of(key)), self.of(item)) for key, item in value.items()]
            return {"mapping": [[key, item] for key, item in sorted(items, key=lambda pair: pair[0])]}
        if isinstance(value, Set):
            return {"set": sorted(canonical(self.of(v)) for v in value)}
        if isinstance(value, list | tuple):
            return [self.of(v) for v in value]
        name = f"{kind.__module__}.{kind.__qualname__}"
        if not _is_library(sys.modules.get(kind.__module__)) and hasattr(value, "__dict__"):
            return {"is": self.of(kind), "fields": self.of(vars(value))}
        # a function object of a library, e.g. jax.numpy.minimum
        home, called = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if called and getattr(sys.modules.get(home or ""), called, None) is value:
            return {"named": f"{home}.{called}"}
        try:
            return {"object": name, "pickle": hashlib.sha256(pickle.dumps(value, protocol=4)).hexdigest()}
        except Exception:
            pass
        if callable(value) and hasattr(value, "__qualname__"):  # a library's compiled function, e.g. a NumPy ufunc
            return {"callable": f"{getattr(value, '__module__', '')}.{value.__qualname__}"}
        raise UserError(f"the store cannot tell one {name} from another; build it from functions, arrays and numbers")

    def _class(self, kind: type) -> Any:
        """Name of a class and, where it is the user's, its methods and what else it holds."""
        self._module(kind.__module__)
        described: dict[str, Any] = {"class": f"{kind.__module__}.{kind.__qualname__}"}
        module = sys.modules.get(kind.__module__)
        if not _is_library(module) and not (module and _in_package(module)):
            held = {name: _unwrapped(v) for name, v in vars(kind).items() if _is_of_use(name, v)}
            described["held"] = [[name, self.of(v)] for name, v in sorted(held.items())]
            described["bases"] = [self.of(base) for base in kind.__bases__]
        return described

    def _function(self, function: types.FunctionType) -> Any:
        module = sys.modules.get(function.__module__)
        name = f"{function.__module__}.{function.__qualname__}"
        if _is_library(module) and "<locals>" not in name:
            return {"function": name}
        described: dict[str, Any] = {"function": name, "code": _identity(function)}
        described["cells"] = [self.of(_content(cell)) for cell in function.__closure__ or ()]
        described["defaults"] = self.of([function.__defaults__ or (), function.__kwdefaults__ or {}])
        self._module(function.__module__)
        if module is None or (not _is_library(module) and not _in_package(module)):
            # a user's function: the values of the globals it names may differ although the file is the same
            known = function.__globals__
            described["globals"] = {n: self.of(known[n]) for n in sorted(_names(function.__code__)) if n in known}
            try:
                file = inspect.getsourcefile(function)
            except TypeError:
                file = None
            if file and Path(file).is_file():
                self._file(Path(file))
        return described

    def _module(self, name: str) -> None:
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if module is not None and file and not _is_library(module) and Path(file).is_file():
            self._file(Path(file))

    def _file(self, path: Path) -> None:
        if path not in self._files:
            self._files.add(path)
            self.sources |= closure_of_imports([path])


def describe(value: Any) -> tuple[Any, dict[str, str]]:
    """Plain data that identifies `value`, and the hashes of the source files its code comes from."""
    description = Description()
    data = description.of(value)
    return data, description.sources


def fingerprint(value: Any) -> str:
    """One text for values that compute the same; a text of this very object where it cannot be told from others."""
    try:
        return canonical(describe(value))
    except UserError:
        return f"object {id(value)}"


def _array(value: np.ndarray) -> Any:
    if value.dtype.kind == "O":
        raise UserError("the store cannot identify an array of objects; use numbers")
    raw = np.ascontiguousarray(value).tobytes()
    return {"array": [str(value.dtype), list(value.shape), hashlib.sha256(raw).hexdigest()]}


def _is_of_use(name: str, value: Any) -> bool:
    """Whether an entry of a class may change what it computes: not what Python itself writes there."""
    written = name.startswith("__") or name == "_abc_impl" or isinstance(value, types.MemberDescriptorType)
    return isinstance(value, types.FunctionType) or not written


def _unwrapped(value: Any) -> Any:
    """The functions behind a property."""
    if isinstance(value, property):
        return (value.fget, value.fset)
    return value.func if isinstance(value, functools.cached_property) else value


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return "(empty)"


def _names(code: types.CodeType) -> set[str]:
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*(_names(c) for c in inner))


def _identity(function: types.FunctionType) -> Any:
    """What tells a function's code from another's: its place in a file of the package, else a hash of the code.

    The hash of the package's file is among the sources, and compiled code need not be that of the file: pytest and
    coverage tools rewrite it.
    """
    code, module = function.__code__, sys.modules.get(function.__module__)
    if module is None or not _in_package(module):
        return _code(code)
    place: list[Any] = [code.co_qualname, code.co_firstlineno]
    if code.co_name == "<lambda>":  # several may share a line
        place.append([list(position) for position in code.co_positions()])
    return place


def _code(code: types.CodeType) -> str:
    """Hash of compiled code without file names and line numbers."""

    def constant(value: Any) -> Any:
        if isinstance(value, types.CodeType):
            return _code(value)
        if isinstance(value, tuple):
            return [constant(v) for v in value]
        if isinstance(value, frozenset):
            return sorted(repr(v) for v in value)
        return f"{type(value).__name__} {value!r}"

    names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    return digest(canonical([code.co_code.hex(), [constant(c) for c in code.co_consts], names]))


def _in_package(module: types.ModuleType) -> bool:
    return module.__name__.partition(".")[0] == "madatheory"


def _is_library(module: types.ModuleType | None) -> bool:
    """Whether a module is the interpreter's or an installed distribution's; those are identified by their versions."""
    if module is None or _in_package(module) or module.__name__ == "__main__":
        return False
    file = getattr(module, "__file__", None)
    return file is None or _in_libraries(file)


@cache
def _in_libraries(file: str) -> bool:
    return any(Path(file).resolve().is_relative_to(folder) for folder in _LIBRARIES)


def closure_of_imports(paths: Iterable[Path]) -> dict[str, str]:
    """Hashes of these files and of all files of the package and of the user that they import, by name."""
    hashes: dict[str, str] = {}
    todo, met = [path.resolve() for path in paths], set()
    while todo:
        path = todo.pop()
        name = _name_of(path)
        if path in met or name in _NOT_NUMBERS or name.startswith("madatheory.store"):
            continue
        met.add(path)
        stat = path.stat()
        found, imports = _parsed(path, stat.st_mtime_ns, stat.st_size)
        if name.startswith("madatheory") and stat.st_mtime > _LOADED:
            # the file may not be what this process runs, so no other process may find what this one stores
            found = f"{found}, changed under process {_PROCESS}"
        hashes[name if name.startswith("madatheory") else f"{name} {found[:8]}"] = found
        todo += filter(None, map(_file_of, imports))
    return hashes


def _name_of(path: Path) -> str:
    """The module's name for a file of the package, the file's name for another."""
    if path.is_relative_to(_PACKAGE):
        parts = ("madatheory", *path.relative_to(_PACKAGE).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return f"file {path.name}"


@cache
def _parsed(path: Path, modified: int, size: int) -> tuple[str, tuple[str, ...]]:
    """Hash of a source file and the names it may import."""
    source = path.read_bytes()
    names: set[str] = set()
    try:
        with _PARSING:
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return hashlib.sha256(source).hexdigest(), tuple(sorted(names))


def _file_of(name: str) -> Path | None:
    """The source file of a module of the package, or of a loaded module of the user; None for anything else."""
    head, *rest = name.split(".")
    if head == "madatheory":
        base = _PACKAGE.joinpath(*rest)
        return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)
    module = sys.modules.get(name)
    if module is None or _is_library(module):
        return None
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file and Path(file).is_file() else None


def code_of(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """Identity of a function's code alone, without what its closure holds."""
    inner = inspect.unwrap(function)
    inner = inner.func if isinstance(inner, functools.partial) else getattr(inner, "__func__", inner)
    description = Description()
    if not isinstance(inner, types.FunctionType):
        return canonical(description.of(inner)), description.sources
    file = inspect.getsourcefile(inner)
    sources = closure_of_imports([Path(file)]) if file and Path(file).is_file() else {}
    return canonical(_identity(inner)), sources
