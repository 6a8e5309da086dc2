"""What identifies a computation: its data, and the code that it reaches.

Two computations may share a stored result only if nothing that enters the numbers differs. Objects hold functions, so a
function is described by its code, by what its closure holds, and by the source file it is from together with all files
of the package or of the user that this file imports. `joblib.hash` takes a function by its name: edited, it would find
the old result.
"""

import functools
import hashlib
import inspect
import io
import os
import pickle
import platform
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from madatheory.engine.flags import native_loop_enabled
from madatheory.errors import UserError
from madatheory.sources import closure_of_imports, in_package, is_library, is_users, version_of
from madatheory.store.code import canonical, code_identity, content, digest, names
from madatheory.store.outside import Outside, of_value, outside, reached


def environment() -> dict[str, Any]:
    """Versions and device on which the bits of a result depend."""
    device = jax.devices()[0]
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{name: version_of(name) for name in ("jax", "jaxlib", "numpy")},
        "platform": device.platform,
        "device": device.device_kind,
        "native_loop": native_loop_enabled(),
        "xla_flags": sorted(os.environ.get("XLA_FLAGS", "").split()),
    }


class CacheKey(NamedTuple):
    """What identifies a value, and why that may not be all.

    `data` is plain, `sources` has a hash of every file that the code comes from; `outside` says what functions of the
    user take from elsewhere when they run, and `users` whether there are any.
    """

    data: Any
    sources: dict[str, str]
    outside: dict[str, Outside]
    users: bool


class Description:
    """Describes values as plain data, and collects what else a `CacheKey` has."""

    def __init__(self) -> None:
        self.outside: dict[str, Outside] = {}
        self.users = False
        self._known: dict[int, Any] = {}  # descriptions by id; None while one is being made
        self._alive: list[Any] = []
        self._files: set[Path] = set()

    def of(self, value: object) -> Any:
        """`value` as plain data; equal only for values that compute the same. Raises `UserError` if it cannot."""
        if value is None or isinstance(value, bool | int | float | str):
            users = type(value) not in (bool, int, float, str) and is_users(sys.modules.get(type(value).__module__))
            return {"is": self.of(type(value)), "value": str(value)} if users else value
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
            self._judge(value, value.__name__)
            owner = value.__self__
            bound = {} if owner is None or isinstance(owner, types.ModuleType) else {"of": self.of(owner)}
            return {"builtin": f"{value.__module__}.{value.__qualname__}", **bound}
        if isinstance(value, type):
            return self._class(value)
        kind = type(value)
        if hasattr(value, "__wrapped__") and is_library(sys.modules.get(kind.__module__)):  # jax.jit and its kin
            rules = [self.of(getattr(value, name, None)) for name in ("jvp", "fwd", "bwd")]  # of jax.custom_jvp
            return {"wrapped": kind.__qualname__, "function": self.of(value.__wrapped__), "rules": rules}
        if kind.__module__.startswith("madatheory.store"):
            return {"of the store": kind.__qualname__}  # enters no number
        if is_dataclass(value):
            return {"is": self.of(kind), **{f.name: self.of(getattr(value, f.name)) for f in fields(value)}}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return {"is": self.of(kind), "items": [self.of(v) for v in value]}
        if is_users(sys.modules.get(kind.__module__)) and isinstance(value, Mapping | Set | list | tuple):
            plain = dict(value) if isinstance(value, Mapping) else list(value)
            held = sorted(canonical(self.of(v)) for v in plain) if isinstance(value, Set) else self.of(plain)
            return {"is": self.of(kind), "items": held, "fields": self.of(_fields(value))}
        if isinstance(value, Mapping):
            items = [(canonical(self.of(key)), self.of(item)) for key, item in value.items()]
            return {"mapping": [[key, item] for key, item in sorted(items, key=lambda pair: pair[0])]}
        if isinstance(value, Set):
            return {"set": sorted(canonical(self.of(v)) for v in value)}
        if isinstance(value, list | tuple):
            return [self.of(v) for v in value]
        name = f"{kind.__module__}.{kind.__qualname__}"
        if not is_library(sys.modules.get(kind.__module__)):
            return {"is": self.of(kind), "fields": self.of(_fields(value))}
        self._judge(value, name)
        # a function object of a library, e.g. jax.numpy.minimum
        home, called = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if called and getattr(sys.modules.get(home or ""), called, None) is value:
            return {"named": f"{home}.{called}"}
        try:
            pickled, referred = _pickled(value)
            return {"object": name, "pickle": hashlib.sha256(pickled).hexdigest(), "of": [self.of(r) for r in referred]}
        except UserError:
            raise
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
        if not is_library(module) and not (module and in_package(module)):
            held = {name: _unwrapped(v) for name, v in vars(kind).items() if _is_of_use(name, v)}
            described["held"] = [[name, self.of(v)] for name, v in sorted(held.items())]
            described["bases"] = [self.of(base) for base in kind.__bases__]
        return described

    def _function(self, function: types.FunctionType) -> Any:
        module = sys.modules.get(function.__module__)
        name = f"{function.__module__}.{function.__qualname__}"
        if is_library(module) and "<locals>" not in name:
            self._judge(function, function.__name__)
            return {"function": name}
        described: dict[str, Any] = {"function": name, "code": code_identity(function)}
        described["cells"] = [self.of(content(cell)) for cell in function.__closure__ or ()]
        described["defaults"] = self.of([function.__defaults__ or (), function.__kwdefaults__ or {}])
        return described | self.code_of(function)

    def code_of(self, function: types.FunctionType) -> dict[str, Any]:
        """Of a user's function what may differ although its file is the same: globals it names, its attributes."""
        self._module(function.__module__)
        if not is_users(sys.modules.get(function.__module__)):
            return {}
        try:
            file = inspect.getsourcefile(function)
        except TypeError:
            file = None
        if file and Path(file).is_file():
            self._file(Path(file))
        self.users = True
        code, known = function.__code__, function.__globals__
        for found in outside(function):
            where = f"{code.co_qualname} ({Path(code.co_filename).name}, line {code.co_firstlineno})"
            self.outside[f"{where} uses {found.what}"] = found
        return {
            "globals": {n: self.of(known[n]) for n in sorted(names(code)) if n in known},
            "reached": [self.of(value) for value in reached(function)],
            "attributes": self.of(vars(function)),
        }

    def _judge(self, value: object, words: str) -> None:
        for found in of_value(value, words):
            self.outside[f"a function is given {found.what}"] = found

    def _module(self, name: str) -> None:
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if module is not None and file and not is_library(module) and Path(file).is_file():
            self._file(Path(file))

    def _file(self, path: Path) -> None:
        self._files.add(path)

    def key(self, data: Any) -> CacheKey:
        """The identity of what `data` describes."""
        return CacheKey(data, closure_of_imports(self._files), self.outside, self.users)


def cache_key_of(value: object) -> CacheKey:
    """The identity of a value; `UserError` if it cannot be told from others."""
    description = Description()
    return description.key(description.of(value))


def merged(parts: Iterable[CacheKey]) -> CacheKey:
    """The identity of several values together."""
    found, sources, taken = list(parts), dict[str, str](), dict[str, Outside]()
    for part in found:
        sources |= part.sources
        taken |= part.outside
    return CacheKey([part.data for part in found], sources, taken, any(part.users for part in found))


def describe(value: object) -> tuple[Any, dict[str, str]]:
    """Plain data that identifies `value`, and the hashes of the source files its code comes from."""
    return cache_key_of(value)[:2]


def _fields(value: object) -> dict[str, Any]:
    """The attributes of an object, those in slots too."""
    slots = [slot for kind in type(value).__mro__ for slot in _listed(vars(kind).get("__slots__", ()))]
    return {**{s: getattr(value, s) for s in slots if hasattr(value, s)}, **getattr(value, "__dict__", {})}


def _listed(slots: str | Iterable[str]) -> Iterable[str]:
    names = (slots,) if isinstance(slots, str) else slots
    return [name for name in names if name not in ("__dict__", "__weakref__")]


def _pickled(value: object) -> tuple[bytes, list[Any]]:
    """A library's object as bytes, and the functions and classes of others to which these only refer by name."""
    referred: list[Any] = []

    class Pickler(pickle.Pickler):
        def reducer_override(self, obj: object) -> Any:
            if isinstance(obj, types.FunctionType | type) and not is_library(sys.modules.get(obj.__module__)):
                referred.append(obj)
            return NotImplemented

    memory = io.BytesIO()
    Pickler(memory, protocol=4).dump(value)
    return memory.getvalue(), referred


def fingerprint(value: object) -> str:
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


def _is_of_use(name: str, value: object) -> bool:
    """Whether an entry of a class may change what it computes: not what Python itself writes there."""
    written = name.startswith("__") or name == "_abc_impl" or isinstance(value, types.MemberDescriptorType)
    return isinstance(value, types.FunctionType) or not written


def _unwrapped(value: object) -> Any:
    """The functions behind a property."""
    if isinstance(value, property):
        return (value.fget, value.fset)
    return value.func if isinstance(value, functools.cached_property) else value


def code_of(function: Callable[..., Any]) -> CacheKey:
    """Identity of a function's code without what its closure holds; of a user's function with the globals it names."""
    inner = inspect.unwrap(function)
    inner = inner.func if isinstance(inner, functools.partial) else getattr(inner, "__func__", inner)
    if not isinstance(inner, types.FunctionType):
        return cache_key_of(inner)
    description = Description()
    return description.key([code_identity(inner), description.code_of(inner)])
