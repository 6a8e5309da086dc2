"""Old spellings, which keep working for one release."""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from madatheory.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")


def renamed(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Arguments by their old names too, `old="new"`, with a DeprecationWarning; `UserError` beside the new one."""

    def accepting(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*given: P.args, **named: P.kwargs) -> R:
            for old in names.keys() & named.keys():
                if names[old] in named:
                    raise UserError(f"{old} is the old name of {names[old]}: give {names[old]} alone")
                warnings.warn(said(old, names[old]), DeprecationWarning, 2)
                named[names[old]] = named.pop(old)
            return function(*given, **named)

        return call

    return accepting


def said(old: str, new: str) -> str:
    """What the user of an old spelling is told."""
    return f"{old} is now called {new}; the old name goes with the next release"
