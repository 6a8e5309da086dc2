"""Options that several commands have."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from madatheory.cli.console import note, warn

if TYPE_CHECKING:
    from madatheory.cluster.connect import Cluster
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
    typer.Option(
        "--store", metavar="DIR", envvar="MADATHEORY_STORE", help="Where finished runs are kept: a folder, or a URL."
    ),
]
OnCluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS|local:N",
        help="Compute on the workers of this Dask scheduler (tcp://host:8786), or of N processes here.",
    ),
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


@contextmanager
def workers(address: str | None) -> "Iterator[Cluster | None]":
    """The cluster of --cluster while it is used; None without, and nothing of Dask is imported."""
    if address is None:
        yield None
        return
    from madatheory.cluster import cluster

    with cluster(address, report=note) as connected:
        note(f"{connected.workers} workers, {connected.slots} tasks at a time")
        yield connected


def open_store(
    folder: str, *, force: bool = False, computes: bool = True, executor: "Cluster | None" = None
) -> "Store":
    """The store in `folder`, which says on stderr what it does not trust; what a command compiles is kept in it too."""
    from madatheory.store import Store
    from madatheory.store.folder import PROGRAMS
    from madatheory.xla import keep_programs

    store = Store(folder, force=force, report=warn, executor=executor)
    if computes and _process and store.remote is None:
        keep_programs(store.root / PROGRAMS)
    return store
