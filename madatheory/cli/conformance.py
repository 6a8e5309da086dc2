"""`madatheory conformance`: the page about whole libraries, from runs and from judgements written by hand."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from madatheory.cli.console import OUT, complain, progress
from madatheory.cli.options import OnCluster
from madatheory.cli.options import workers as on_cluster
from madatheory.defaults import PROFILE
from madatheory.errors import UserError
from madatheory.files import check_output, write


def conformance(
    libraries: Annotated[
        list[str] | None,
        typer.Argument(metavar="LIBRARY", help="Without: all six of the page, ours among them."),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only these targets; notes are then not checked. Repeat.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="CODES", help="Only these identities or groups, as S,K3; the rest is kept.")
    ] = None,
    page_file: Annotated[
        str, typer.Option("--page", metavar="FILE", help="The page; all marks go to a json file beside it.")
    ] = "docs/conformance.md",
    notes_file: Annotated[
        str | None, typer.Option("--notes", metavar="FILE", help="The judgements; without: those of the package.")
    ] = None,
    results: Annotated[
        str, typer.Option(metavar="DIR", help="Results as they come; the same command goes on from them.")
    ] = ".madatheory/conformance",
    profile: Annotated[str, typer.Option(help="quick, default or thorough.")] = PROFILE,
    limit: Annotated[float, typer.Option(metavar="SECONDS", help="Time for one identity.")] = 60.0,
    workers: Annotated[int | None, typer.Option(help="Targets at once; without: one per core, at most 4.")] = None,
    cluster: OnCluster = None,
) -> None:
    """Run whole libraries against all identities; write a mark for each cell and the page with every mistake.

    A part is run again, and the other marks are kept, with LIBRARY, --target or --only.
    Every finding with its numbers and programs is written to details.md in the folder of the results.
    Status 1 if one of our own optimizers fails otherwise than declared, or a note judges what is no finding. Status 2,
    and no page is written, if workers of --cluster died again and again on a target.

    \b
    madatheory conformance
    madatheory conformance --cluster tcp://scheduler:8786
    madatheory conformance optax --target optax:adam --target optax:lion --page /tmp/page.md
    """
    from madatheory.identities.report.conformance import NOTES, declared, read_notes
    from madatheory.identities.report.library_page import (
        LIBRARIES,
        as_json,
        details,
        idle,
        judged,
        page,
        read_json,
        section,
    )
    from madatheory.identities.report.outcome import Request
    from madatheory.identities.runner.isolated import check_all
    from madatheory.identities.targets.library import library

    check_output(page_file)
    marks_file = Path(page_file).with_suffix(".json")
    notes_file = notes_file or str(NOTES)
    notes = [*read_notes(Path(notes_file)), *declared()]
    before = read_json(marks_file)
    chosen = [library(name) for name in libraries or LIBRARIES]
    request = Request(only=only, profile=profile, limit=limit)
    specs = [spec for part in chosen for spec in part.optimizers if not target or spec in target]
    unknown = [name for name in target or () if name not in specs]
    if unknown:
        raise UserError(f"--target {', '.join(unknown)}: not among the optimizers of the libraries")
    if workers is not None and cluster is not None:
        raise UserError("--workers is about processes of this machine: leave it out beside --cluster")
    flags = os.environ.get("XLA_FLAGS", "")  # of optimizers as their users run them; workers have the engine's
    with on_cluster(cluster) as executor, progress("conformance") as report:
        reports = check_all(
            specs,
            request,
            workers=min(os.cpu_count() or 1, 4) if workers is None else workers,
            out=Path(results),
            progress=report if executor is None else executor.shown(report),
            elsewhere=None if executor is None else executor.calls,
            flags=flags,
        )
    by_name = dict(zip(specs, reports, strict=True))
    parts = [(part, [by_name[spec] for spec in part.optimizers if spec in by_name]) for part in chosen]
    sections = before | {part.name: section(part, found, request, before.get(part.name)) for part, found in parts}
    sections = [sections[name] for name in dict.fromkeys([*LIBRARIES, *sections]) if name in sections]
    details_file = Path(results) / "details.md"
    write(page_file, page(sections, notes, marks_file.name))
    write(marks_file, as_json(sections))
    write(details_file, details(parts, notes))
    OUT.print(Text(f"written: {page_file}, {marks_file}, {details_file}"))
    verdicts = judged(sections, notes)
    whole = {part.name for part in sections if part.profile != "quick"} >= set(LIBRARIES)
    superfluous = idle(notes, verdicts) if whole else []
    for part in superfluous:
        complain(f"{notes_file}: {part} is judged, but is no finding; remove it")
    ours = [f"{name} {code}" for (name, code), note in verdicts.items() if name.startswith("madatheory:") and not note]
    ours += [f"{r.target}: {r.problem}" for r in reports if r.problem and r.target.startswith("madatheory:")]
    for cell in ours:
        complain(f"our own {cell} fails")
    raise typer.Exit(1 if superfluous or ours else 0)
