"""Old spellings, which keep working for one release."""

import inspect
import os
import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

from madatheory.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")
_PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def renamed(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Arguments by their old names too, `old="new"`, with a DeprecationWarning; `UserError` beside the new one.

    The signature has the new names; the old ones can be read as `function.renamed`.
    """

    def accepting(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*given: P.args, **named: P.kwargs) -> R:
            for old in names.keys() & named.keys():
                if names[old] in named:
                    raise UserError(f"{old} is the old name of {names[old]}: give {names[old]} alone")
                warnings.warn(said(old, names[old]), DeprecationWarning, 2)
                named[names[old]] = named.pop(old)
            return function(*given, **named)

        call.__dict__["renamed"] = names
        return call

    return accepting


def respelled(what: str, name: str, names: Mapping[str, str]) -> str:
    """The new spelling of `name`, with a DeprecationWarning if it has one; `what` says where, as in "mada: learn"."""
    if not isinstance(name, str) or name not in names:
        return name
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):  # whoever called the package
        level, frame = level + 1, frame.f_back
    warnings.warn(f"{what}: {said(name, names[name])}", DeprecationWarning, level)
    return names[name]


def said(old: str, new: str) -> str:
    """What the user of an old spelling is told."""
    return f"{old} is now called {new}; the old name goes with the next release"
