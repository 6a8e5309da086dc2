"""What `madatheory bench` does: measure, print and write."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from benchmarks.goals import Row
from benchmarks.report import FILES, amount, measured, save
from benchmarks.run import Results, run
from madatheory.cli.console import OUT, note, progress
from madatheory.files import check_output, write

STYLES = {"aim": "green", "must": "green", "missed": "bold red", "": "dim"}
WORDS = {"aim": "aim met", "must": "must met", "missed": "missed", "": "-"}


def measure(goals: Sequence[str], quick: bool, json_file: str | None, out: str | None, strict: bool) -> int:
    """The command's exit status."""
    if json_file is not None:
        check_output(json_file)
    if out is not None:
        for name in FILES:
            check_output(Path(out) / name)
    with progress("bench") as report:
        results = run(quick, report, [letter.upper() for letter in goals])
    if json_file is not None:
        write(json_file, json.dumps(results.as_dict(), indent=1) + "\n")
    if out is not None:
        save(results, Path(out))
    _print(results)
    if out is not None:
        note(f"written: {Path(out) / 'RESULTS.md'}")
    missed = any(row.met == "missed" for row in results.rows)
    return 1 if results.failures or (strict and missed) else 0


def _print(results: Results) -> None:
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


def _why(row: Row) -> str:
    return "failed" if row.failed else "not measured" if row.note.startswith("not measured") else row.note
