"""`madatheory figures`: every picture with its numbers and its checked claims."""

import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.table import Table
from rich.text import Text

from madatheory.blame import blame
from madatheory.cli.console import ERR, OUT, complain, note, progress
from madatheory.cli.options import Load, OnCluster, Seed, StoreFolder, open_store, workers
from madatheory.cli.registry import registry
from madatheory.defaults import SEED
from madatheory.errors import LostWork, UserError, remedy, unknown
from madatheory.files import check_folder

if TYPE_CHECKING:
    from madatheory.figures.figure import Figure

GROUPS = ("theory", "training", "all")


class Drawn(NamedTuple):
    """One finished figure: (text, holds, detail) of its claims, and the seconds it took (None: nothing was to do)."""

    name: str
    claims: Sequence[tuple[str, bool, str]]
    seconds: float | None


def figures(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Figures; without: all.")] = None,
    group: Annotated[str, typer.Option(help="theory (minutes), training (twenty minutes) or all.")] = "all",
    profile: Annotated[str, typer.Option(help="smoke (seconds), default (minutes) or full (publication).")] = "default",
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder for svg, png, json and the index page.")] = "figures",
    seed: Seed = SEED,
    force: Annotated[bool, typer.Option("--force", help="Compute again what is up to date.")] = False,
    text: Annotated[str | None, typer.Option(metavar="FILE", help="Text for the language model to train on.")] = None,
    images: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder of CIFAR-10, for the full profile of training-vision.")
    ] = None,
    load: Load = None,
    store: StoreFolder = ".madatheory",
    cluster: OnCluster = None,
) -> None:
    """Compute and draw the figures, check what each claims, and write an index page.

    Finished simulations are kept: an interrupted command goes on where it was, and a figure that is up to date is left
    alone. Numbers that are in the folder and agree with the new ones within the figure's tolerance are kept, so that
    another processor changes no file; remove NAME.json to renew them. Status 1 if a claim fails.

    \b
    madatheory figures
    madatheory figures --profile smoke --out /tmp/figures
    madatheory figures training-language --text my_text.txt
    madatheory list figures
    madatheory figures --load my_figure.py
    madatheory figures --cluster tcp://scheduler:8786
    """
    from madatheory.figures.figure import PROFILES, Run
    from madatheory.figures.render import prepare_folder, render, write_index

    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES)
    if group not in GROUPS:
        raise unknown("group", group, GROUPS)
    entries = registry(load)
    asked = [f for f in entries.choose("figures", names) if names or group in ("all", f.group)]
    chosen = _possible(asked, named=bool(names))
    data = {kind: Path(path) for kind, path in (("text", text), ("images", images)) if path is not None}
    if text is not None and not Path(text).is_file():
        raise UserError(f"--text {text}: no such file; name a text to train on")
    if images is not None and not Path(images).is_dir():
        raise UserError(f"--images {images}: no such folder; name the one with CIFAR-10 in it")
    folder = check_folder(out)
    prepare_folder(folder, [figure.name for figure in chosen])

    from madatheory.cli.environment import versions
    from madatheory.store.figure_manifest import Ledger

    with workers(cluster) as executor:
        kept = open_store(store, force=force, executor=executor)
        ledger = Ledger(kept.root, folder, profile, seed, versions(), data)
        ledger.check(figure.name for figure in chosen)
        for figure in chosen:
            with blame(
                f"figure {figure.name!r}, its check", figure.check, "check(run) refuses a run by raising UserError"
            ):
                figure.check(Run(profile, seed, kept.simulate, kept.cached, data=data))
        done: list[Drawn] = []
        lost: list[str] = []
        try:
            for number, figure in enumerate(chosen):
                known = None if force else ledger.up_to_date(figure)
                if known is not None:
                    done.append(Drawn(figure.name, known, None))
                    continue
                title = f"[{number + 1}/{len(chosen)}] {figure.name}"
                if not ERR.is_terminal:
                    note(title)
                began, said = time.monotonic(), list[str]()
                with progress(title) as report, ledger.watch(figure) as reads:
                    shown = report if executor is None else executor.shown(report)
                    at_once = None if executor is None else executor.slots
                    run = Run(profile, seed, kept.simulate, kept.cached, shown, data, at_once)
                    try:
                        drawn = render(figure, run, folder, versions(), said.append)
                    except LostWork as error:
                        lost.append(f"{figure.name}: {error}")
                        complain(lost[-1])
                        continue
                for words in said:
                    note(f"{figure.name}: {words}")
                claims = [(c.text, bool(c.holds), c.detail) for c in drawn]
                if why := ledger.enter(figure, reads):
                    note(f"{figure.name}: drawn anew by every call, because {why}")
                done.append(Drawn(figure.name, claims, time.monotonic() - began))
        finally:
            if done:
                write_index(folder, [*entries.all("figures")])
    status = _print(done, folder)
    raise typer.Exit(2 if lost else status)


def _possible(figures: "Sequence[Figure]", *, named: bool) -> "list[Figure]":
    """The figures whose modules are installed; those that were not named but need more are reported and left out."""
    possible, lacking = [], {}
    for figure in figures:
        missing = [module for module in figure.needs if find_spec(module) is None]
        if missing:
            lacking[figure.name] = missing
        else:
            possible.append(figure)
    if lacking:
        modules = ", ".join(sorted({module for missing in lacking.values() for module in missing}))
        message = f"{', '.join(lacking)}: {modules} not installed; {remedy('gymnax')}"
        if named:
            raise UserError(message)
        note(f"left out: {message}")
    return possible


def _print(done: Sequence[Drawn], folder: Path) -> int:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("figure", no_wrap=True)
    table.add_column("claims held")
    table.add_column("seconds", justify="right")
    for figure in done:
        held = sum(holds for _, holds, _ in figure.claims)
        style = "green" if held == len(figure.claims) else "bold red"
        seconds = "up to date" if figure.seconds is None else f"{figure.seconds:.1f}"
        table.add_row(figure.name, Text(f"{held} of {len(figure.claims)}", style), seconds)
    OUT.print(table)
    failed = [(figure.name, text, detail) for figure in done for text, holds, detail in figure.claims if not holds]
    for name, text, detail in failed:
        OUT.print(Text("fails  ", "bold red").append(name, "bold").append(f": {text} ({detail})"))
    OUT.print(Text(f"index: {folder / 'index.html'}"))
    return 1 if failed else 0
