"""The command line. This file only puts the commands together; each has a file and imports what it needs late.

A package beside this one brings a command, a function for typer, by an entry point of the group `madatheory.commands`,
and a line about a theorem in lists by one of `madatheory.remarks`: name -> (title, text).

Exit status: 0 when every claim held and no bound was violated, 1 when one did not, 2 for a mistake of the user's (one
message, no traceback), 130 after Ctrl-C and 143 after SIGTERM (`madatheory.stopping`), 141 where the reader of stdout
has left.
"""

import os
import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from madatheory import stopping
from madatheory.blame import line_of, said
from madatheory.cli import (
    bench,
    check,
    compare,
    conformance,
    explore,
    figures,
    identify,
    identities,
    listing,
    report,
    simulate,
    store,
    verify,
    worst,
)
from madatheory.cli.console import complain, interrupted, lasting_streams, warn_in_one_line
from madatheory.cli.options import own_process
from madatheory.cli.strict import Strict
from madatheory.errors import UserError, needs

ORDER = (
    "list",
    "verify",
    "worst",
    "explore",
    "prove",
    "report",
    "simulate",
    "figures",
    "check",
    "identify",
    "compare",
    "identities",
    "conformance",
    "bench",
    "store",
)
"""Of the commands in the list; others come last."""


@cache
def _brought() -> dict[str, EntryPoint]:
    """The commands of other packages."""
    return {point.name: point for point in entry_points(group="madatheory.commands")}


class _Commands(TyperGroup):
    """The group of commands; what a user can mend ends with one message and status 2."""

    def list_commands(self, ctx: Any) -> list[str]:
        known = {**self.commands, **_brought()}
        return sorted(known, key=lambda name: (*ORDER, name).index(name))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in _brought():
            alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
            alone.command(cmd_name, cls=Strict)(_brought()[cmd_name].load())
            found = typer.main.get_command(alone)
        return found

    def invoke(self, ctx: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = warn_in_one_line
            try:
                _refuse_lost_folder()
                with stopping.unwinding(), needs("this command"):
                    return super().invoke(ctx)
            except UserError as error:
                complain(str(error))
                raise typer.Exit(2) from None
            except KeyboardInterrupt:
                raise interrupted() from None
            except typer.Exit:
                raise
            except (Exception, SystemExit) as error:  # of a user's function that was called outside `blame`
                place = line_of(error)
                if place is None:
                    raise
                complain(f"{place}: {said(error)}")
                raise typer.Exit(2) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("list", cls=Strict)(listing.list_entries)
app.command("verify", cls=Strict)(verify.verify)
app.command("worst", cls=Strict)(worst.worst)
app.command("explore", cls=Strict)(explore.explore)
app.command("report", cls=Strict)(report.report)
app.command("simulate", cls=Strict)(simulate.simulate)
app.command("figures", cls=Strict)(figures.figures)
app.command("check", cls=Strict)(check.check)
app.command("identify", cls=Strict)(identify.identify)
app.command("compare", cls=Strict)(compare.compare)
app.command("identities", cls=Strict)(identities.list_identities)
app.command("conformance", cls=Strict)(conformance.conformance)
app.command("bench", cls=Strict)(bench.bench)
app.add_typer(store.app, name="store")


def _refuse_lost_folder() -> None:
    try:
        os.getcwd()
    except OSError as error:
        raise UserError(f"the working folder cannot be used: {error.strerror}; change to another one") from error


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"madatheory {version('madatheory')}")
        raise typer.Exit


@app.callback()
def _settings(
    context: typer.Context,
    shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Convergence theory of MADA's optimizer family, checked by simulation and by proof.

    \b
    madatheory list                                  see what there is
    madatheory verify                                check every theorem by simulation
    madatheory prove                                 decide every statement by machine
    madatheory verify --load my_theorem.py           check your own bound
    madatheory worst T5 --steps 4                    search the worst case of a bound
    madatheory explore                               the bounds as live functions in a page
    madatheory report T5                             all that is known of it, on one page
    madatheory simulate ratio avgrad --steps 5000    run an optimizer
    madatheory figures                               draw all pictures
    madatheory check optax:adam                      test anyone's optimizer
    madatheory compare optax:adam torch.optim:Adam   do two take the same steps?
    madatheory bench --quick                         measure the speed
    """
    if context.invoked_subcommand == "store":
        return  # computes nothing
    # other people's optimizers run as their users run them
    others = context.invoked_subcommand in ("check", "identify", "compare", "identities", "conformance")
    from madatheory.cli.environment import prepare

    prepare(native_loop=not others)


def main() -> None:
    """Run the command that the arguments name; `madatheory.__main__` calls it, listening for signals."""
    if os.environ.get("COLUMNS", "1").strip("0") == "":
        del os.environ["COLUMNS"]  # nothing is known of the width
    own_process()
    with lasting_streams():
        app(prog_name="madatheory")
