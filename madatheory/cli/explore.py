"""`madatheory explore`: the right sides of theorems as live functions in one page."""

from typing import Annotated

import typer
from rich.text import Text

from madatheory.cli.console import OUT, note
from madatheory.cli.options import Load
from madatheory.cli.registry import registry
from madatheory.files import check_output, write


def explore(
    theorems: Annotated[
        list[str] | None,
        typer.Argument(metavar="[THEOREM]..", help="Names or labels (T5) of those that the page shows at first."),
    ] = None,
    out: Annotated[str, typer.Option(metavar="FILE.html", help="Where the page is written.")] = "explorer.html",
    load: Load = None,
) -> None:
    """Write a page with the right sides of all theorems as live functions, for any browser, without a network.

    Choose theorems, move T, alpha, beta1, beta2, eps, d, L, G, D0, and see where one bound overtakes another and which
    alpha and beta2 are best. With --load your own bounds are in it and come first. The functions are made from the
    package's formulas; a theorem whose formula does more than arithmetic is left out, with the reason.

    \b
    madatheory explore
    madatheory explore T5 T5A "T1'" --out bounds.html
    madatheory explore --load my_bound.py
    """
    entries = registry(load)
    named = [theorem.name for theorem in entries.choose("theorems", theorems)] if theorems else []
    target = check_output(out)

    from madatheory.report.explorer import explorer

    own = list(entries.own["theorems"])
    made = explorer(entries.all("theorems").values(), named, own)
    for one in made.left_out:
        note(f"left out: {one.why}")
    write(target, made.page)
    OUT.print(Text(f"{len(made.shown)} theorems written to {target}; open it in a browser"), soft_wrap=True)
