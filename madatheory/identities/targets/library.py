"""All optimizers of a library: what is public, which of it can be tested, and why the rest is not."""

import inspect
import warnings
from importlib.metadata import version
from types import ModuleType
from typing import NamedTuple

from madatheory.errors import UserError
from madatheory.identities.targets import built_in
from madatheory.identities.targets.factory_overrides import EXCLUDED, FACTORY_OVERRIDES
from madatheory.identities.targets.lookup import load_module
from madatheory.sources import version_of


class Library(NamedTuple):
    """`optimizers` are names for `find`; `excluded` maps every other public name to the reason why it is no target."""

    name: str
    version: str
    optimizers: tuple[str, ...]
    excluded: dict[str, str]


def library(name: str) -> Library:
    """The optimizers of "optax" (contrib included), "torch.optim", "keras.optimizers", "madatheory" or any module.

    An optimizer is a public subclass of torch's or keras's Optimizer, or a function that takes a learning rate and
    returns an optax transformation. `UserError` if the module cannot be imported or has none.
    """
    if name == "madatheory":
        return Library(name, version(name), tuple(built_in.specs()), {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are deprecated
        chosen, excluded = _sorted_out(name)
    if not chosen:
        raise UserError(f"{name} has no public optimizer: name a module with optax or torch optimizers, or a target")
    return Library(name, version_of(name), tuple(chosen), excluded)


def _sorted_out(name: str) -> tuple[list[str], dict[str, str]]:
    chosen: list[str] = []
    excluded: dict[str, str] = {}
    for place in (name, f"{name}.contrib") if name == "optax" else (name,):
        module = load_module(place)
        for attribute in _public(module):
            spec = f"{place}:{attribute}"
            why = EXCLUDED.get(spec) or (
                "" if spec in FACTORY_OVERRIDES else _why_not(getattr(module, attribute), attribute, name)
            )
            if why:
                excluded[spec] = why
            else:
                chosen.append(spec)
    return chosen, excluded


def _public(module: ModuleType) -> list[str]:
    names = {*getattr(module, "__all__", ()), *(n for n in dir(module) if not n.startswith("_"))}
    return sorted(n for n in names if hasattr(module, n))


def _why_not(value: object, name: str, library_name: str) -> str:
    """Why a public value is no optimizer of this library; "" if it is one."""
    if inspect.ismodule(value):
        return "a module"
    if not callable(value):
        return "a value"
    if inspect.isclass(value):
        return _why_not_class(value, library_name)
    if name.startswith("scale_by_"):
        return "a part of optimizers, not one"
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return "a type"
    transforms = "Gradient" in str(signature.return_annotation)
    unsaid = signature.return_annotation is inspect.Signature.empty
    if "learning_rate" in signature.parameters and (transforms or unsaid):
        return ""
    return "a part of optimizers, not one" if transforms else "a function that makes no optimizer"


def _why_not_class(value: type, library_name: str) -> str:
    bases = {(base.__module__.partition(".")[0], base.__name__) for base in value.__mro__}
    if not bases & {("torch", "Optimizer"), ("keras", "Optimizer")}:
        return "a class, no optimizer"
    if value.__name__ == "Optimizer" or inspect.isabstract(value):
        return "the base class"
    home, root = value.__module__, library_name.partition(".")[0]
    if home.partition(".")[0] != root:
        return f"it is {home.rpartition('.')[0]}'s"
    needed = [
        key
        for key, p in list(inspect.signature(value).parameters.items())[1:]
        if p.default is p.empty and key != "lr" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    return f"needs {', '.join(needed)}" if needed else ""
