"""Options that several commands have."""

from typing import TYPE_CHECKING, Annotated

import typer

from madatheory.cli.console import warn

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


_process: list[str] = []


def own_process() -> None:
    """Say that this process does nothing but a command, which may then set what holds for the whole process."""
    _process.append("own")


def open_store(folder: str, *, force: bool = False, computes: bool = True) -> "Store":
    """The store in `folder`, which says on stderr what it does not trust; what a command compiles is kept in it too."""
    from madatheory.store import Store
    from madatheory.store.folder import PROGRAMS
    from madatheory.xla import keep_programs

    store = Store(folder, force=force, report=warn)
    if computes and _process:
        keep_programs(store.root / PROGRAMS)
    return store
