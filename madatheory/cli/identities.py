"""`madatheory identities`: what the identities say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from madatheory.cli.check import WIDTH
from madatheory.cli.console import OUT

if TYPE_CHECKING:
    from madatheory.identities.identity import Identity


def list_identities(
    codes: Annotated[list[str] | None, typer.Argument(metavar="CODE", help="Codes or groups; without: all.")] = None,
) -> None:
    """Show the identities: what each says, who satisfies it and why, and what it needs.

    \b
    madatheory identities
    madatheory identities S1 K
    """
    from madatheory.identities.check import select

    if not codes:
        return _print_catalogue(select(None))
    for item in select(",".join(codes)):
        OUT.print(Text(f"{item.code}  {item.name}", "bold"))
        for words in (item.statement, item.holds, f"needs {', '.join(item.needs)}" if item.needs else ""):
            if words:
                OUT.print(Padding(Text(words), (0, 0, 0, 4), expand=False), width=min(WIDTH, OUT.width))
        OUT.print()
    return None


def _print_catalogue(items: "Sequence[Identity]") -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", width=min(WIDTH, OUT.width))
    for title in ("code", "identity", "statement"):
        table.add_column(title)
    for item in items:
        table.add_row(item.code, item.name, Text(item.statement))
    OUT.print(table)
    OUT.print(Text(f"{len(items)} identities; who satisfies one and why: madatheory identities CODE", "dim"))
