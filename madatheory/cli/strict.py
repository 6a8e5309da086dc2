"""What no command takes, whatever the option: one given twice, an empty text, nan."""

import math
from collections import Counter
from typing import Any

from typer.core import TyperCommand

from madatheory.cli.console import warn
from madatheory.deprecated import said
from madatheory.errors import UserError

RENAMED = {"--seeds": "--trajectories", "--record": "--save-at"}
"""Old spellings of options."""


class Strict(TyperCommand):
    """A command whose arguments are looked at before it starts."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer does; `UserError` for what it lets through."""
        options = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        args = [_renamed(word, options) for word in args]
        typed, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = Counter(parameter.name for parameter in order)
        rest = super().parse_args(ctx, args)
        for parameter in self.get_params(ctx):
            name = _shown(parameter)
            if given[parameter.name] > 1 and not isinstance(typed.get(parameter.name), list):
                raise UserError(f"{name} is given {given[parameter.name]} times; give it once")
            _refuse(name, ctx.params.get(parameter.name))
        return rest


def _renamed(word: str, options: set[str]) -> str:
    old, equals, value = word.partition("=")
    new = RENAMED.get(old)
    if new not in options:
        return word
    warn(said(old, new))
    return f"{new}{equals}{value}"


def _shown(parameter: Any) -> str:
    """`--steps`, `PROBLEM`."""
    first = str(parameter.opts[0])
    return first if first.startswith("-") else str(getattr(parameter, "metavar", None) or first.upper())


def _refuse(name: str, value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{name} = {value:g} is out of range: give a finite number")
    for text in map(str, value if isinstance(value, list | tuple) else [value]):
        if not text:
            raise UserError(f"{name} is empty: give a value, or leave it out")
        if "\0" in text:
            raise UserError(f"{name} {text!r} holds a zero byte: leave it out")
