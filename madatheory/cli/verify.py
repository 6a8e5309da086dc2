"""`madatheory verify`: every theorem on every problem, measured."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from madatheory.cli.console import OUT, complain, progress
from madatheory.cli.options import Load, OnCluster, Seed, Set, StoreFolder, open_store, workers
from madatheory.cli.registry import Registry, registry
from madatheory.defaults import CONFIDENCE, SEED, STEPS, TRAJECTORIES
from madatheory.errors import UserError
from madatheory.files import check_output, write
from madatheory.hparams import parse_settings

_WORST = "worst found"
"""The column of the worst instances."""

if TYPE_CHECKING:
    from madatheory.problems.problem import Problem
    from madatheory.theory.theorem import Theorem
    from madatheory.theory.verdict import Verdict
    from madatheory.worst.instance_file import WorstInstance


def verify(
    theorem: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Theorem by name or label (T5); may be repeated.")
    ] = None,
    problem: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help="Problem, e.g. ratio:d=3; may be repeated.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Number of steps T.")] = STEPS,
    num_trajectories: Annotated[int, typer.Option("--trajectories", help="How many, independent.")] = TRAJECTORIES,
    confidence: Annotated[
        float, typer.Option(help="All verdicts together are right with this probability.")
    ] = CONFIDENCE,
    assignments: Set = None,
    load: Load = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Also write every number to this file.")
    ] = None,
    seed: Seed = SEED,
    store: StoreFolder = ".madatheory",
    cluster: OnCluster = None,
) -> None:
    """Check every theorem on every problem by simulation, and print the matrix of verdicts.

    With --load the theorems (problems) of your file are checked instead of the package's, unless you name some. Where
    no problem is named, theorems also meet the worst instances found of their method, each at its own T and
    hyper-parameters; a file of `madatheory worst --out` is run alone.

    Status 1 if a bound is violated; an inconclusive verdict is reported, but is no failure. Status 2 if no theorem
    applies to any problem, so that nothing was checked, or if workers of --cluster died again and again on a chunk.

    \b
    madatheory verify
    madatheory verify --theorem T5 --problem ratio:d=3,noise=rademacher
    madatheory verify --theorem avgrad-rate --set beta2=0.9,0.99
    madatheory verify --steps 10000 --json verdicts.json
    madatheory verify --load my_theorem.py
    madatheory verify --cluster local:4
    """
    entries, settings = registry(load), parse_settings(assignments)
    instances = instances_of(entries, problem)
    theorems, problems = _theorems(entries, theorem, instances), problems_of(entries, problem)

    from madatheory.theory.verify import verify as check
    from madatheory.worst.verdicts import verify_on_worst

    file = None if json_file is None else check_output(json_file)
    verdicts: list[Verdict] = []
    with workers(cluster) as executor, progress("verify") as report:
        kept = open_store(store, executor=executor)
        shown = report if executor is None else executor.shown(report)
        if problems:
            verdicts = check(
                theorems,
                problems,
                steps=steps,
                num_trajectories=num_trajectories,
                seed=seed,
                confidence=confidence,
                settings=settings,
                run=kept.simulate,
                keeper=kept,
                at_once=None if executor is None else executor.slots,
                progress=shown,
            )
        on_worst = verify_on_worst(
            theorems, instances, confidence=confidence, run=kept.simulate, keeper=kept, progress=shown
        )
    if file is not None:
        write(
            file,
            _as_json(
                [*verdicts, *on_worst], steps=steps, num_trajectories=num_trajectories, seed=seed, confidence=confidence
            ),
        )
    status = _print(
        verdicts,
        on_worst,
        theorems,
        [p.name for p in problems],
        f"T = {steps}, {num_trajectories} trajectories, confidence {confidence:g}" if problems else "worst found",
    )
    for lost in executor.lost if executor is not None else ():
        complain(lost)
        status = 2
    raise typer.Exit(status)


def _print(
    verdicts: "Sequence[Verdict]",
    on_worst: "Sequence[Verdict]",
    theorems: "Sequence[Theorem]",
    names: list[str],
    what: str,
) -> int:
    from madatheory.cli import matrix

    shown = list(verdicts)
    if on_worst:
        names = [*names, _WORST]
        shown += [replace(v, problem=_WORST) for v in on_worst]
        met = {v.theorem for v in on_worst}
        shown += [_unmet(theorem) for theorem in theorems if theorem.name not in met]
    matrix.print_matrix(shown, {t.name: t.label for t in theorems}, names)
    matrix.print_reasons(shown, names)
    everything = [*verdicts, *on_worst]
    matrix.print_findings(everything, "inconclusive")
    matrix.print_findings(everything, "violated")
    count = {
        outcome: sum(v.outcome == outcome for v in everything) for outcome in ("holds", "violated", "inconclusive")
    }
    line = Text(f"\n{what}: ").append(f"{count['holds']} hold", "green")
    line.append(", ").append(f"{count['violated']} violated", "bold red" if count["violated"] else "")
    line.append(", ").append(f"{count['inconclusive']} inconclusive", "yellow" if count["inconclusive"] else "")
    OUT.print(line.append(f", {len(everything) - sum(count.values())} not applicable"))
    if not any(count.values()):
        raise UserError(
            "nothing was checked: no theorem applies to any of these problems, for the reasons above; name others with "
            "--theorem and --problem, or other hyper-parameters with --set"
        )
    return 1 if count["violated"] else 0


def _unmet(theorem: "Theorem") -> "Verdict":
    from madatheory.theory.verdict import Verdict
    from madatheory.worst.verdicts import NONE

    return Verdict(theorem.name, theorem.label, _WORST, "", {}, "not applicable", NONE)


def instances_of(entries: Registry, named: Sequence[str] | None) -> "list[WorstInstance]":
    """The user's worst instances; the gallery's where the user brought no problem; none where problems are named."""
    from madatheory.worst.instance_file import WorstInstance, list_worst

    own = list(entries.own["problems"].values())
    if named:
        return []
    return [entry for entry in own if isinstance(entry, WorstInstance)] if own else list(list_worst().values())


def _theorems(entries: Registry, named: Sequence[str] | None, instances: "Sequence[WorstInstance]") -> "list[Theorem]":
    """Those named or brought; where the user brought instances alone, those that these were found for."""
    own = {entry.name for entry in entries.own["problems"].values()}
    if named or entries.own["theorems"] or not instances or {one.name for one in instances} != own:
        return entries.choose("theorems", named)
    for one in instances:
        if one.theorem not in entries.all("theorems"):
            raise UserError(f"{one.name} was found for theorem {one.theorem!r}, which is not here: --load its file too")
    return entries.choose("theorems", list(dict.fromkeys(one.theorem for one in instances)))


def problems_of(entries: Registry, specs: Sequence[str] | None) -> "list[Problem]":
    """Built problems; one with options is called as it was typed, so that two of them can be told apart."""
    from madatheory.entry import parse

    if not specs:
        from madatheory.worst.instance_file import WorstInstance

        chosen = entries.choose("problems", None)
        return [entry.make() for entry in chosen if not isinstance(entry, WorstInstance)]
    built = {spec: parse(spec, entries.all("problems"), "problem") for spec in dict.fromkeys(specs)}
    return [replace(problem, name=spec) for spec, problem in built.items()]


def _as_json(verdicts: "Sequence[Verdict]", **request: float) -> str:
    from madatheory.cli.environment import versions

    record = {**request, "versions": versions(), "verdicts": [v.as_json() for v in verdicts]}
    try:
        return json.dumps(record, indent=1, allow_nan=False) + "\n"
    except ValueError as error:
        raise UserError(f"--json: a verdict holds a number that json cannot write: {error}") from error
