"""`madatheory identify`: what an optimizer follows."""

import json
from typing import Annotated

import typer
from rich.text import Text

from madatheory.cli.console import OUT
from madatheory.cli.options import JsonFile
from madatheory.defaults import SEARCH
from madatheory.files import check_output, write


def identify(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="optax:adam, torch.optim:Adam, file.py:make, ..")],
    limit: Annotated[float, typer.Option(metavar="SECONDS", help="Time for the search.")] = SEARCH,
    json_file: JsonFile = None,
) -> None:
    """Say which published recurrence an optimizer follows, with every convention, and where it first deviates.

    On vectors and on matrices. Where none agrees, the nearest are shown if they are near.

    \b
    madatheory identify optax:nadam
    madatheory identify path/to/file.py:make
    """
    from madatheory.identities.recognition.identify import identify as follow
    from madatheory.identities.targets.lookup import find

    if json_file is not None:
        check_output(json_file)
    found = follow(find(target), limit=limit)
    if json_file is not None:
        write(json_file, json.dumps(found.as_dict(), indent=1, default=str) + "\n")
    OUT.print(Text(found.text()), soft_wrap=True)
