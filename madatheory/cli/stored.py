"""`madatheory store`: what finished runs take, and how to be rid of them."""

import typer

app = typer.Typer(no_args_is_help=True, help="Show or clear the finished runs that are kept.", rich_markup_mode="rich")


@app.command("list")
def list_runs() -> None:
    """x"""


@app.command()
def clear() -> None:
    """x"""
