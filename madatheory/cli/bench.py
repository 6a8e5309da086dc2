"""`madatheory bench`: how fast the engine is, side by side with what one would write instead."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT, note, progress
from madatheory.files import check_output, write

if TYPE_CHECKING:
    from madatheory.bench.goals import Row
    from madatheory.bench.run import Results

STYLES = {"aim": "green", "must": "green", "missed": "bold red", "": "dim"}
WORDS = {"aim": "aim met", "must": "must met", "missed": "missed", "": "-"}


def bench(
    goals: Annotated[list[str] | None, typer.Argument(metavar="GOAL", help="Letters A to J; without: all.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, two rounds: a minute.")] = False,
    json_file: Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write all numbers there.")] = None,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder for RESULTS.md, results.json and the picture.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Status 1 also if a measured goal is missed.")] = False,
) -> None:
    """Measure the engine's speed against optax, JAX, numba, NumPy and torch doing the same work.

    Each contender runs in a process of its own, all alive, one repetition each in turn; a figure is the median over
    rounds of the ratio of speeds, with least and greatest. That all do the same work is checked first. Status 1 if
    something failed to run or did other work; a missing library is a line of the table.

    \b
    madatheory bench --quick
    madatheory bench A C
    madatheory bench --out benchmarks
    """
    from madatheory.bench.report import FILES, save
    from madatheory.bench.run import run

    if json_file is not None:
        check_output(json_file)
    if out is not None:
        for name in FILES:
            check_output(Path(out) / name)
    with progress("bench") as report:
        results = run(quick, report, [letter.upper() for letter in goals or []])
    if json_file is not None:
        write(json_file, json.dumps(results.as_dict(), indent=1) + "\n")
    if out is not None:
        save(results, Path(out))
    _print(results)
    if out is not None:
        note(f"written: {Path(out) / 'RESULTS.md'}")
    missed = any(row.met == "missed" for row in results.rows)
    raise typer.Exit(1 if results.failures or (strict and missed) else 0)


def _print(results: "Results") -> None:
    from madatheory.bench.report import amount, measured

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", width=100)
    for title, right, wrap in (("", False, False), ("goal", False, True), ("measured [min, max]", True, False)):
        table.add_column(title, justify="right" if right else "left", no_wrap=not wrap)
    for title in ("must", "aim"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in results.rows:
        table.add_row(
            row.goal,
            Text(row.what),
            measured(row) if row.measured else Text(_why(row), "dim"),
            amount(row.must, row.unit),
            amount(row.aim, row.unit),
            Text(WORDS[row.met], STYLES[row.met]),
        )
    OUT.print(table, width=max(100, OUT.width), crop=False, soft_wrap=True)
    held = [check for check in results.checks if check.holds]
    asked = [check for check in results.checks if check.holds is not None]
    if results.checks:
        OUT.print(
            Text(
                f"equal work: {len(held)} of {len(asked)} checks hold",
                "green" if len(held) == len(asked) else "bold red",
            )
        )
    for failure in results.failures:
        OUT.print(Text("failed  ", "bold red").append(failure, "default not bold"), soft_wrap=True)
    for reason in sorted({row.note for row in results.rows if row.note.startswith("not measured")}):
        OUT.print(Text(reason, "dim"))


def _why(row: "Row") -> str:
    return "failed" if row.failed else "not measured" if row.note.startswith("not measured") else row.note
