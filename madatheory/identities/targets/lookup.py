"""From what an author writes to a `Target`: an object, or a name such as "optax:adam" or "path/to/file.py:make"."""

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from madatheory.entry import spec_of_file
from madatheory.errors import EXTRAS, UserError, remedy
from madatheory.identities.targets.factory_overrides import factory_override
from madatheory.identities.targets.signature import PARAMETERS, takes_model
from madatheory.identities.targets.target import Target

OptimizerLike = Target | str | Callable[..., Any] | tuple[Callable[..., Any], Callable[..., Any]]
"""A target, a name, a factory, or (init, update)."""


def find(what: OptimizerLike) -> Target:
    """The target of an object or name; `UserError` says what to give instead."""
    if isinstance(what, Target):
        return what
    if isinstance(what, str):
        return named(what)
    refuse_instance(what, f"a {type(what).__name__}")
    if isinstance(what, tuple) and len(what) == 2 and all(map(callable, what)):
        return _of(lambda: what, "functions", "optimizer", _code(what))
    if not callable(what):
        raise UserError(
            f"{what!r} is no optimizer factory: give optax.adam, torch.optim.Adam, a function that returns "
            "(init, update), or a name such as 'optax:adam'"
        )
    return _of(what, framework(what), getattr(what, "__name__", "optimizer"), _code(what))


def named(spec: str) -> Target:
    """`module:attribute`, `file.py:attribute`, or `madatheory:name:option=value` for the package's own optimizers."""
    override = factory_override(spec)
    if override is not None:
        space: dict[str, Any] = {"__name__": "prepared"}
        _guarded(spec.partition(":")[0], lambda: exec(override.code, space))
        made = space["optimizer"]
        return _of(made, framework(made), spec, override.code)
    if spec.startswith("madatheory:"):
        from madatheory.identities.targets.built_in import factory

        text = spec.partition(":")[2]
        code = f"from madatheory.identities.targets.built_in import factory\noptimizer = factory({text!r})"
        return _of(factory(text), "optax", spec, code)
    place, colon, attribute = spec.rpartition(":")
    if not colon or not place or not attribute:
        raise UserError(f"{spec!r} names no optimizer: give module:name, such as optax:adam, or path/to/file.py:name")
    found: Any = load_module(place)
    for part in attribute.split("."):
        if not hasattr(found, part):
            names = [name for name, value in vars(found).items() if name[0] != "_" and callable(value)]
            near = difflib.get_close_matches(part, names, n=5, cutoff=0.4) or sorted(names)[:5]
            raise UserError(f"{place} has no {attribute!r}; it has {', '.join(near) or 'nothing to call'}")
        found = getattr(found, part)
    if isinstance(found, Target):
        return found
    refuse_instance(found, spec)
    if place.endswith(".py"):
        code = f"import runpy\noptimizer = runpy.run_path({place!r})[{attribute!r}]"
        folder = os.path.dirname(place)
        if folder:  # as `python file.py` finds the file's neighbours
            code = f"import sys\nsys.path.insert(0, {folder!r})\n{code}"
    else:
        code = f"import {place}\noptimizer = {place}.{attribute}"
    if isinstance(found, tuple) and len(found) == 2 and all(map(callable, found)):
        return _of(lambda: found, "functions", spec, code)
    if not callable(found):
        raise UserError(f"{spec}: {found!r:.80} cannot be called; name a factory")
    return _of(found, framework(found), spec, code)


def refuse_instance(what: Any, name: str) -> None:
    """`UserError` for an optimizer that is built already: it has its tensors, its state or its settings."""
    if inspect.isclass(what) or inspect.isfunction(what) or inspect.ismethod(what):
        return
    if hasattr(what, "init") and hasattr(what, "update"):
        how = "def make(learning_rate): return optax.adam(learning_rate), or optax.adam itself"
    elif hasattr(what, "stateless_apply"):
        how = f"the class {type(what).__name__}, or def make(learning_rate): return an optimizer"
    elif callable(getattr(what, "step", None)):
        how = f"the class {type(what).__name__}, or def make(params, lr): return an optimizer of params"
    else:
        return
    raise UserError(f"{name} is an optimizer that is built already, and new ones are needed: give the factory: {how}")


def load_module(place: str) -> Any:
    if not place.endswith(".py"):
        return _guarded(place, lambda: _imported(place))
    path = Path(place)
    if not path.is_file():
        raise UserError(f"there is no file {place}")
    spec = spec_of_file(f"madatheory_target_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)  # first, as `python file.py` has it; afterwards last, for imports inside functions
    try:
        _guarded(place, lambda: spec.loader and spec.loader.exec_module(module))
    finally:
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)
    return module


def _imported(place: str) -> Any:
    if place.partition(".")[0] == "keras":
        from madatheory.identities.targets.keras import choose_backend

        choose_backend()
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name != place.partition(".")[0] or os.getcwd() in sys.path:
            raise
    sys.path.append(os.getcwd())  # as python -m does; an installed command leaves the current folder out
    importlib.invalidate_caches()
    return importlib.import_module(place)


def _guarded(place: str, load: Callable[[], Any]) -> Any:
    """`load()`; whatever it raises becomes one message."""
    try:
        return load()
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        how = remedy(name) if name in EXTRAS else "install it"
        raise UserError(f"{place} cannot be imported: {error}; {how}, or give path/to/file.py:name") from None
    except (Exception, SystemExit) as error:
        raise UserError(f"{place} cannot be imported: {type(error).__name__}: {error}") from error


def _code(what: object) -> str:
    """Code that makes `optimizer` again, for snippets; a place to fill in where an object does not know its name."""
    module, name = getattr(what, "__module__", None), getattr(what, "__qualname__", "")
    if name and module and "<" not in name and module not in ("__main__", "builtins"):
        return f"import {module}\noptimizer = {module}.{name}"
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if name and module == "__main__" and file and "." not in name and "<" not in name:
        return f"import runpy\noptimizer = runpy.run_path({file!r})[{name!r}]"
    return f"optimizer = ...  # put {name or type(what).__name__} here"


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
    from madatheory.identities.targets.signature import NAMES, parameters, settings_of

    first = next(iter(parameters(factory).values()), None)
    if first is not None and (first.name in PARAMETERS or (takes_model(factory) and "torch" in sys.modules)):
        return "torch"

    known, _ = settings_of(factory, NAMES, {})
    try:
        made = factory(**({known["lr"]: 0.125} if "lr" in known else {}))
    except (Exception, SystemExit) as error:
        raise UserError(
            f"calling {getattr(factory, '__name__', factory)} raised {type(error).__name__}: {error}"
        ) from error
    if isinstance(made, tuple) and len(made) == 2 and not hasattr(made, "update"):
        return "functions"
    if hasattr(made, "init") and hasattr(made, "update"):
        return "optax"
    if hasattr(made, "stateless_apply"):
        return "keras"
    name, kind = getattr(factory, "__name__", str(factory)), type(made).__name__
    how = "give a factory of optax transformations, of torch optimizers (first parameter `params`), of keras "
    how += "optimizers, or of (init, update)"
    if callable(getattr(made, "step", None)):
        pair = f"(lambda x: {name}(lr), lambda g, own, x: (own.step(x, g), own))"
        how += f"; where step(x, g) returns x, that is lambda lr: {pair}"
    raise UserError(f"{name} returned {'an object' if kind == name else kind}: {how}")


def _of(factory: Callable[..., Any], kind: str, name: str, code: str) -> Target:
    if kind not in ("optax", "torch", "functions", "keras"):
        raise UserError(f"no adapter for {kind}")
    adapter = importlib.import_module(f"madatheory.identities.targets.{kind}")
    return adapter.target(factory, name, code)
