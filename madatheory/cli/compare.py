"""`madatheory compare`: do two optimizers take the same steps, and if not, why?"""

import json
from typing import Annotated

import typer
from rich.text import Text

from madatheory.cli.console import OUT
from madatheory.cli.options import JsonFile
from madatheory.defaults import SEARCH
from madatheory.errors import UserError
from madatheory.files import check_output, write
from madatheory.hparams import parse_settings


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="optax:adam, torch.optim:Adam, mymodule:make, file.py:make")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one, of any framework.")],
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A hyper-parameter of both: lr=0.01; repeat."),
    ] = None,
    limit: Annotated[
        float, typer.Option(metavar="SECONDS", help="Time for the search for settings that make both the same.")
    ] = SEARCH,
    json_file: JsonFile = None,
) -> None:
    """Say whether two optimizers take the same steps on the same gradients, and what explains it if they do not.

    Both run from the same starts: at their defaults, on small gradients, on matrices, in float32, at settings that hide
    nothing, with weight decay and a changing step size, as far as both have these. Shown are the first step and entry
    that differ, the smallest difference of settings or conventions that explains every run, settings under which both
    are the same, and a program. Status 0 if they are the same, 1 if not, 2 if one cannot be run.

    \b
    madatheory compare torch.optim:Adam optax:adam
    madatheory compare keras.optimizers:Adam path/to/my_port.py:make --set lr=0.01
    """
    from madatheory.identities.comparison.compare import compare as compared

    settings = parse_settings(assignments)
    for name, value in settings.items():
        if isinstance(value, tuple):
            raise UserError(f"--set {name}: one value, not a grid")
    if json_file is not None:
        check_output(json_file)
    found = compared(a, b, settings=settings, limit=limit)
    if json_file is not None:
        write(json_file, json.dumps(found.as_dict(), indent=1) + "\n")
    OUT.print(Text(found.text()), soft_wrap=True)
    raise typer.Exit(0 if found.same else 1)
