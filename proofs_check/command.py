"""`madatheory prove`, which is also `python -m proofs_check`: what is proved, and by what.

The package finds it by the entry point `prove` of the group `madatheory.commands`.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT, progress
from madatheory.cli.options import JsonFile, Load
from madatheory.cli.registry import registry
from madatheory.errors import UserError
from madatheory.files import check_output, write

if TYPE_CHECKING:
    from proofs_check.evidence import Evidence
    from proofs_check.own import Own
    from proofs_check.statements import Statement

_STYLE = {"PROVED": "green", "REFUTED": "bold red", "SUPPORTED": "yellow", "OPEN": "bold", "error": "bold red"}
_WIDE = 118
_LONG = {"PROVED (box)": "box", "SUPPORTED": "samples", "SUPPORTED (box)": "samples"}


def prove(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="STATEMENT", help="Names or labels; without: all.")
    ] = None,
    methods: Annotated[
        list[str] | None, typer.Option("--method", metavar="NAME", help="Only this method; repeat.")
    ] = None,
    json_file: JsonFile = None,
    pages: Annotated[
        list[Path] | None, typer.Option("--page", metavar="FILE", help="Write table or summary into it. Repeat.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every check, with its finding and time.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Processes; without: one per core, at most 4.")
    ] = None,
    load: Load = None,
) -> None:
    """Decide every statement of the theory, by every method: proved, refuted, supported by samples, or open.

    With --load the theorems and lemmas of your file are rows too, alone unless you name others. A theorem is searched
    for a counterexample on exact noise trees: hostile problems, small instances of all others and yours, many
    hyper-parameters. A lemma by draws and climbs. What is not refuted is supported by samples, never proved.

    Status 1 if a true statement is refuted, a false one or a planted mistake is not, or a check fails.

    \b
    madatheory prove
    madatheory prove L1 T5 --verbose
    madatheory prove --method smt --json proofs.json
    madatheory prove --load my_bound.py
    """
    from proofs_check import own
    from proofs_check.page import filled, read
    from proofs_check.run import evidence, select
    from proofs_check.statements import statements
    from proofs_check.table import as_data, of, summary, untested, wrong

    if json_file is not None:
        check_output(json_file)
    texts = {page: read(page) for page in pages or ()}
    for page in texts:
        check_output(page)
    if texts and (names or methods or load):
        raise UserError("--page needs all statements and methods of the package; leave the others out")
    mine = _own(load)
    rows, chosen = select(names or (), methods or (), mine.rows())
    began = time.monotonic()
    with progress("prove") as report:
        found = list(own.evidence(mine.checks(rows, chosen), report))
        if package := [row for row in rows if row.name in statements()]:
            found += evidence(package, chosen, workers, report)
    if json_file is not None:
        write(json_file, json.dumps(as_data(rows, found), indent=1) + "\n")
    complete = all(e.finding is not None for e in found)
    changed = {page: new for page, text in texts.items() if complete and (new := filled(text, rows, found)) != text}
    for page, new in changed.items():
        write(page, new)
    _print_table(rows, chosen, found)
    if verbose or names or load:
        _print_checks(rows, chosen, found)
    if said := untested(rows):
        OUT.print(Text(said))
    bad = [e for row in rows for e in of(row, found) if wrong(e, row)]
    _print_problems(bad, found)
    counted = ", ".join(f"{count} {status}" for status, count in summary(rows, found).items())
    OUT.print(f"{len(rows)} statements: {counted}. {len(found)} checks in {time.monotonic() - began:.0f} s.")
    for page in changed if complete else texts:
        words = f"changed: {page}" if complete else f"not written, because something was not checked: {page}"
        OUT.print(Text(words, "" if complete else "yellow"))
    raise typer.Exit(1 if bad else 0)


def _own(files: list[str] | None) -> "Own":
    from proofs_check.own import Own

    brought = registry(files).own
    mine = Own(*(tuple(brought[kind].values()) for kind in ("theorems", "lemmas", "problems")))
    if files and not (mine.theorems or mine.lemmas):
        raise UserError(f"--load {files[0]}: nothing to decide; it needs a module-level Theorem or Lemma")
    return mine


def _style(text: str) -> str:
    return _STYLE.get(text.split(" ")[0], "dim")


def _print_table(rows: Sequence["Statement"], chosen: Sequence[str], found: Sequence["Evidence"]) -> None:
    from proofs_check.table import entry, status_of

    wide = OUT.width >= _WIDE
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    for title, width in (("", 6), ("statement", 38 if wide else 28), ("status", 15)):
        table.add_column(title, width=width, no_wrap=True, overflow="ellipsis")
    for name in chosen:
        table.add_column(name if wide else name[:3], no_wrap=True, min_width=3)
    for row in rows:
        cells = [entry(row, name, found) for name in chosen]
        status = status_of(row, found)
        shown = [Text(_LONG.get(cell, cell) if wide else _short(cell), _style(cell)) for cell in cells]
        table.add_row(row.label, row.name, Text(status, _style(status)), *shown)
    OUT.print(table)
    OUT.print()
    if wide:
        OUT.print("box: proved for the parameters of a box; samples: no counterexample found", style="dim")
    else:
        OUT.print("P proved, B proved on a box, R refuted, s samples, o open, . does not apply,", style="dim")
        OUT.print("a number: steps of the proof that are proved, ? no tool, ! error", style="dim")


def _short(cell: str) -> str:
    if "step" in cell:
        return cell.split()[0]
    if cell == "PROVED (box)":
        return "B"
    first = cell.split()[0]
    return {"PROVED": "P", "REFUTED": "R", "SUPPORTED": "s", "OPEN": "o", "n.a.": ".", "no": "?", "error": "!"}[first]


def _print_checks(rows: Sequence["Statement"], chosen: Sequence[str], found: Sequence["Evidence"]) -> None:
    from proofs_check.methods import METHODS, method
    from proofs_check.statements import statements
    from proofs_check.table import entry, of

    for row in rows:
        OUT.print(Text(f"{row.label} {row.name}", "bold"))
        OUT.print(Text(f"  {row.words}"))
        for e in sorted(of(row, found), key=lambda e: list(METHODS).index(e.method)):
            status = str(e.finding.status) if e.finding else ("no tool" if e.missing else "error")
            what = " ".join(filter(None, ["planted mistake:" if e.check.false else "", e.check.part]))
            detail = e.finding.detail if e.finding else e.problem
            words = [what, f"[{e.check.box}]" if e.check.box else "", detail]
            if e.finding and e.finding.residual is not None:
                words.append(f"residual {e.finding.residual:.1e}")
            if e.finding and e.finding.witness:
                words.append(f"witness {e.finding.witness}")
            line = Text(f"  {e.method:9}").append(f"{status:10}", _style(status))
            OUT.print(line.append("; ".join(filter(None, words))).append(f" ({e.seconds:.1f} s)", "dim"))
        for name in chosen if row.name in statements() else ():
            why = method(name).not_applicable(row)
            if why and entry(row, name, found) == "n.a.":
                OUT.print(Text(f"  {name:9}n.a.      {why}", "dim"))
        OUT.print()


def _print_problems(bad: Sequence["Evidence"], found: Sequence["Evidence"]) -> None:
    same: dict[str, list[Evidence]] = {}
    for e in bad:
        what = "a planted mistake was not found" if e.check.false else "contradicts the statement"
        said = f"{what}: {e.finding.status} {e.finding.witness}" if e.finding else f"failed: {e.problem}"
        same.setdefault(f"{e.method}, {said}", []).append(e)
    for said, those in same.items():
        names = [" ".join(filter(None, [e.check.statement, e.check.part])) for e in those]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        OUT.print(Text(f"{', '.join(names[:3])}{more}: {said}", "bold red"))
    for problem in dict.fromkeys(e.problem for e in found if e.missing):
        OUT.print(Text(f"not checked: {problem}", "yellow"))
