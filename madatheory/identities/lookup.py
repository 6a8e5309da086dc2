"""From what an author writes to a `Target`: an object, or a name such as "optax:adam" or "path/to/file.py:make"."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from madatheory.errors import UserError
from madatheory.identities.target import Target


def find(what: Any) -> Target:
    """The target of an object or name; `UserError` says what to give instead."""
    if isinstance(what, Target):
        return what
    if isinstance(what, str):
        return named(what)
    if isinstance(what, tuple) and len(what) == 2 and all(map(callable, what)):
        return _of(lambda: what, "functions", "optimizer", "")
    if not callable(what):
        raise UserError(
            f"{what!r} is no optimizer factory: give optax.adam, torch.optim.Adam, a function that returns "
            "(init, update), or a name such as 'optax:adam'"
        )
    return _of(what, framework(what), getattr(what, "__name__", "optimizer"), "")


def named(spec: str) -> Target:
    """`module:attribute` or `file.py:attribute`."""
    place, colon, attribute = spec.rpartition(":")
    if not colon or not place or not attribute:
        raise UserError(f"{spec!r} names no optimizer: give module:name, such as optax:adam, or path/to/file.py:name")
    module = _module(place)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            near = ", ".join(sorted(n for n in vars(module) if n.lower().startswith(part[:3].lower()))[:8])
            raise UserError(f"{place} has no {attribute!r}" + (f"; near: {near}" if near else ""))
        found = getattr(found, part)
    if isinstance(found, Target):
        return found
    if place.endswith(".py"):
        code = f"import runpy\noptimizer = runpy.run_path({place!r})[{attribute!r}]"
    else:
        code = f"import {place}\noptimizer = {place}.{attribute}"
    if not callable(found):
        raise UserError(f"{spec}: {found!r} cannot be called; name a factory")
    return _of(found, framework(found), spec, code)


def _module(place: str) -> Any:
    if place.endswith(".py"):
        path = Path(place)
        if not path.is_file():
            raise UserError(f"there is no file {place}")
        spec = importlib.util.spec_from_file_location(f"madatheory_target_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise UserError(f"{place} cannot be imported: {type(error).__name__}: {error}") from error
        return module
    try:
        return importlib.import_module(place)
    except ImportError as error:
        raise UserError(f"{place} cannot be imported: {error}; install it, or give path/to/file.py:name") from None


def framework(factory: Callable[..., Any]) -> str:
    """Which adapter: by base class, by the module's root, else by what a trial call returns."""
    if inspect.isclass(factory):
        roots = {base.__module__.split(".")[0] for base in inspect.getmro(factory)}
        if "torch" in roots:
            return "torch"
        if "keras" in roots:
            return "keras"
    root = (getattr(factory, "__module__", "") or "").split(".")[0]
    if root in ("optax", "torch"):
        return root
    names = list(inspect.signature(factory).parameters) if not inspect.isclass(factory) else []
    if names and names[0] in ("params", "parameters"):
        return "torch"
    from madatheory.identities.adapters.optax import NAMES
    from madatheory.identities.adapters.signature import settings_of

    known, _ = settings_of(factory, NAMES, {})
    try:
        made = factory(**({known["lr"]: 0.125} if "lr" in known else {}))
    except Exception as error:
        raise UserError(
            f"calling {getattr(factory, '__name__', factory)} raised {type(error).__name__}: {error}"
        ) from error
    if isinstance(made, tuple) and len(made) == 2 and not hasattr(made, "update"):
        return "functions"
    if hasattr(made, "init") and hasattr(made, "update"):
        return "optax"
    raise UserError(
        f"{getattr(factory, '__name__', factory)} returned {type(made).__name__}: "
        "give a factory of optax transformations, of torch optimizers (first parameter `params`), or of (init, update)"
    )


def _of(factory: Callable[..., Any], kind: str, name: str, code: str) -> Target:
    if kind not in ("optax", "torch", "functions", "keras"):
        raise UserError(f"no adapter for {kind}")
    adapter = importlib.import_module(f"madatheory.identities.adapters.{kind}")
    return adapter.target(factory, name, code)
