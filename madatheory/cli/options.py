"""What is typed on a command line, as values."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from madatheory.cli.console import warn
from madatheory.errors import UserError

if TYPE_CHECKING:
    from madatheory.store import Store

JsonFile = Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write everything there.")]
Load = Annotated[
    list[str] | None,
    typer.Option(
        "--load",
        metavar="FILE.py",
        help="A Python file with your own entries; may be repeated. A function in it may take 60 s, or the seconds in "
        "the environment's MADATHEORY_LIMIT (0: any time); the compute of a figure any time.",
    ),
]
Seed = Annotated[int, typer.Option(help="Base seed of the noise: the same seed gives the same numbers.")]
StoreFolder = Annotated[
    str,
    typer.Option("--store", metavar="DIR", envvar="MADATHEORY_STORE", help="Where finished runs are kept."),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUES", help="Hyper-parameter: one value, or several as a grid (rho=0,0.5,1); repeat."
    ),
]


def settings(given: Sequence[str] | None) -> dict[str, float | tuple[float, ...]]:
    """`name=value` fixes a hyper-parameter, `name=value,value` makes it a grid."""
    found: dict[str, float | tuple[float, ...]] = {}
    for text in given or ():
        name, equals, tail = (part.strip() for part in text.partition("="))
        if not (name and equals and tail):
            raise UserError(f"--set {text!r}: write --set name=value or --set name=value,value")
        if name in found:
            raise UserError(f"--set {name} is given twice: write all its values in one --set, {name}=value,value")
        try:
            values = [float(value) for value in tail.split(",")]
            if not tail.isascii():  # Python reads the digits of every script
                raise ValueError
        except ValueError as error:
            raise UserError(f"--set {text!r}: values must be numbers, separated by commas") from error
        for value in values:
            if not math.isfinite(value):
                raise UserError(f"--set {name} = {value:g} is out of range: give finite numbers")
        found[name] = tuple(values) if len(values) > 1 else values[0]
    return found


def in_words(values: Mapping[str, float]) -> str:
    """`alpha = 0.3, beta2 = 0.99`."""
    return ", ".join(f"{name} = {value:g}" for name, value in values.items())


def open_store(folder: str, *, force: bool = False) -> "Store":
    """The store in `folder`, which says on stderr what it does not trust."""
    from madatheory.store import Store

    return Store(folder, force=force, report=warn)
