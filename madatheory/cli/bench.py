"""`madatheory bench`: the benchmark of a clone, which is no part of the installed package."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

import madatheory
from madatheory.errors import UserError

CLONE = Path(madatheory.__file__).resolve().parents[1]


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
    if not (CLONE / "benchmarks" / "contenders").is_dir():
        raise UserError("the benchmark is no part of the installed package: run this from a clone of the repository")
    if str(CLONE) not in sys.path:
        sys.path.insert(0, str(CLONE))
    raise typer.Exit(import_module("benchmarks.command").measure(goals or [], quick, json_file, out, strict))
