"""`madatheory store`: what is kept, and how to be rid of it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT
from madatheory.cli.options import StoreFolder, open_store
from madatheory.cli.strict import Strict
from madatheory.errors import UserError

app = typer.Typer(no_args_is_help=True, help="Show or clear the finished runs that are kept.", rich_markup_mode="rich")


@app.command("list", cls=Strict)
def list_runs(store: StoreFolder = ".madatheory") -> None:
    """Show every computation that is kept, with its size.

    \b
    madatheory store list
    """
    entries = open_store(_existing(store), computes=False).entries()
    table = Table(box=None, header_style="bold")
    table.add_column("computation", overflow="fold")
    table.add_column("chunks", justify="right")
    table.add_column("size", justify="right")
    for entry in entries:
        table.add_row(Text(entry.path.name), str(entry.chunks), _size(entry.bytes))
    OUT.print(table)
    OUT.print(Text(f"{len(entries)} computations, {_size(sum(entry.bytes for entry in entries))} in {store}"))


@app.command(cls=Strict)
def clear(
    store: StoreFolder = ".madatheory",
    days: Annotated[
        float | None, typer.Option(metavar="N", help="Only what has not been used for N days.", min=0)
    ] = None,
) -> None:
    """Remove what is kept; the next run computes again.

    \b
    madatheory store clear
    madatheory store clear --days 30
    """
    kept = open_store(_existing(store), computes=False)
    freed = kept.clear() if days is None else kept.prune(days)
    OUT.print(Text(f"{_size(freed)} freed in {store}"))


def _existing(store: str) -> str:
    if "://" not in store and not Path(store).is_dir():
        raise UserError(f"--store {store}: there is no such folder; nothing is kept there")
    return store


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 2**10:.1f} KiB"
