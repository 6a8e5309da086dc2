"""`madatheory check`: is an optimizer right?"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT, complain, interrupted, note, progress, symbol, warn
from madatheory.cli.options import JsonFile
from madatheory.defaults import PROFILE, SECONDS
from madatheory.deprecated import said
from madatheory.errors import UserError
from madatheory.files import check_output, write
from madatheory.hparams import parse_settings

if TYPE_CHECKING:
    from madatheory.identities.report.outcome import Report

WIDTH = 100
_PRETTY = {
    "+": ("✓", "green"),
    "X": ("✗", "bold red"),
    "~": ("≈", "cyan"),
    "e": ("e", "yellow"),
    ".": ("·", "dim"),
    "!": ("!", "bold red"),
}

Targets = Annotated[
    list[str] | None, typer.Argument(metavar="TARGET", help="optax:adam, torch.optim:Adam, mymodule:make, file.py:make")
]
Only = Annotated[str | None, typer.Option(metavar="CODES", help="Codes or groups: S,K3. Without: all.")]


def check(
    targets: Targets = None,
    libraries: Annotated[
        list[str] | None,
        typer.Option("--all", metavar="LIBRARY", help="All of optax, torch.optim, .. or any module; may be repeated."),
    ] = None,
    only: Only = None,
    profile: Annotated[
        str, typer.Option(help="quick (for an editor: few examples, and not all identities), default or thorough.")
    ] = PROFILE,
    seed: Annotated[int | None, typer.Option(help="Other examples than those of every ordinary run.")] = None,
    limit: Annotated[float, typer.Option(metavar="SECONDS", help="Processor time for one identity.")] = SECONDS,
    workers: Annotated[
        int | None,
        typer.Option(help="Targets at once, each in a process of its own; without: one per core, at most 4."),
    ] = None,
    trait: Annotated[
        list[str] | None, typer.Option(metavar="NAME=yes|no", help="Declare a trait; may be repeated.")
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A hyper-parameter: momentum=0.9; repeat.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What it is meant to be: adam, adafactor, ..; without: what its name says."),
    ] = None,
    xfail: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE=REASON", help="An identity that is expected to fail; may be repeated."),
    ] = None,
    by_design: Annotated[list[str] | None, typer.Option(metavar="CODE=REASON", hidden=True)] = None,
    json_file: JsonFile = None,
    markdown_file: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Write matrix and failures there.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Keep results as they come; the same command goes on from them.")
    ] = None,
    snippets: Annotated[bool, typer.Option("--snippets", help="A program for every failure, also of many.")] = False,
    traits: Annotated[bool, typer.Option("--traits", help="Show the traits and how they are known.")] = False,
) -> None:
    """Test optimizers against the identities that apply to them.

    One target shows its failures in full, several a matrix. Which identities apply follows from traits, detected on
    plain data or declared, and from the published method that its name or --method says. What does not hold by a
    convention or by a limit of the number format is listed apart and is no failure. Every target runs in a process of
    its own with a time limit for each identity. Status 1 if an identity fails that was not declared to, 2 if a target
    named here cannot be tested; targets that --all brings and that cannot be tested are listed with the reason.

    \b
    madatheory check optax:adam
    madatheory check torch.optim:Adam optax:lion
    madatheory check path/to/file.py:make --only S,F --trait elementwise=yes
    madatheory check mymodule:make --xfail "F2=eps is inside the root"
    madatheory check --all optax --workers 2 --markdown optax.md
    """
    from madatheory.identities.report.outcome import LEFT_OUT, Request
    from madatheory.identities.report.tables import as_json, markdown
    from madatheory.identities.runner.isolated import check_all

    hyper = parse_settings(assignments)
    for name, value in hyper.items():
        if isinstance(value, tuple):
            raise UserError(f"--set {name}: one value, not a grid")
    reasons = _reasons("--xfail", xfail) | _reasons("--by-design", by_design)
    request = Request(declared(trait), hyper, reasons, only, profile, seed, limit, method or "")
    specs, left = _specs(targets or [], libraries or [])
    for path in (json_file, markdown_file):
        if path is not None:
            check_output(path)
    if workers is None:
        workers = min(os.cpu_count() or 1, 4)
    try:
        with progress("check") as tell:
            reports = check_all(specs, request, workers=workers, out=Path(out) if out else None, progress=tell)
    except KeyboardInterrupt:
        kept = (
            f"what is finished is in {out}, and the same command goes on from it" if out else "--out DIR keeps results"
        )
        raise interrupted(kept) from None
    if json_file is not None:
        write(json_file, as_json(reports, request))
    if markdown_file is not None:
        write(markdown_file, markdown(reports, request))
    if len(reports) == 1:
        _print_one(reports[0], traits)
    else:
        _print_many(reports, left, traits, snippets)
    left_out = LEFT_OUT.get(profile, "").split() if only is None else []
    if left_out:
        note(f"profile {profile} leaves {len(left_out)} identities out, derivatives and execution modes among them")
    raise typer.Exit(_status(reports, targets or []))


def _status(reports: "Sequence[Report]", named: Sequence[str]) -> int:
    """2 if what was named cannot be tested, 1 if something fails."""
    refused = [r for r in reports if r.unusable and (r.target in named or len(reports) == 1)]
    for report in refused:
        complain(f"{report.target}: {report.problem}")
    failed = any(r.failures or (r.problem and not r.unusable) for r in reports)
    empty = not any(o.status in ("pass", "xfail", "convention") for r in reports for o in r.outcomes)
    if not refused and not failed and empty:
        complain("nothing was tested: no identity that was asked for applies")
    return 2 if refused else 1 if failed or empty else 0


def _specs(targets: Sequence[str], libraries: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The targets, each once, and what the libraries have besides optimizers."""
    if not targets and not libraries:
        raise UserError("name a target, such as optax:adam, or a library: --all optax")
    specs, left = list(targets), {}
    for name in libraries:
        from madatheory.identities.targets.library import library

        found = library(name)
        specs += found.optimizers
        left |= found.excluded
    return list(dict.fromkeys(specs)), left


def declared(given: Sequence[str] | None) -> dict[str, bool]:
    """What `--trait name=yes` declares."""
    found = {}
    for text in given or ():
        name, _, value = (part.strip() for part in text.partition("="))
        if value not in ("yes", "no"):
            raise UserError(f"--trait {text!r}: write --trait name=yes or --trait name=no")
        found[name] = value == "yes"
    return found


def _reasons(option: str, given: Sequence[str] | None) -> dict[str, str]:
    found = {}
    for text in given or ():
        code, _, reason = (part.strip() for part in text.partition("="))
        if not code or not reason:
            raise UserError(f"{option} {text!r}: write {option} CODE=reason")
        found[code] = reason
    if found and option != "--xfail":
        warn(said(option, "--xfail"))
    return found


def _print_one(report: "Report", traits: bool) -> None:
    from madatheory.identities.report.tables import counts, finding

    if report.problem:
        if not report.unusable:
            OUT.print(Text("fails  ", "bold red").append(f"{report.target}: {report.problem}", "default not bold"))
        return
    for found in report.findings:
        OUT.print(Text(finding(found, report.target)), soft_wrap=True)
        OUT.print()
    _print_declared(report)
    _print_conventions(report)
    if traits:
        _print_traits(report)
    style = "green" if report.ok else "bold red" if report.failures else "yellow"
    OUT.print(Text(f"{report.target}: ").append(counts(report), style))
    if not report.ok:
        return
    OUT.print(Text("what an identity says: madatheory identities CODE", "dim"))


def _print_declared(report: "Report") -> None:
    for outcome in report.outcomes:
        if outcome.status == "xfail":
            OUT.print(Text("xfail  ", "yellow").append(f"{outcome.code} {outcome.name}: {outcome.detail}"))


def _print_conventions(report: "Report") -> None:
    from madatheory.identities.report.tables import CONVENTIONS, conventions

    if report.conventions:
        OUT.print(Text(f"{CONVENTIONS}:", "cyan"))
        for line in conventions(report):
            OUT.print(Text(f"  {line}"), no_wrap=True, overflow="ellipsis", crop=True, width=min(WIDTH, OUT.width))
        OUT.print()


def _print_many(reports: "Sequence[Report]", left: dict[str, str], traits: bool, snippets: bool) -> None:
    from madatheory.identities.report.tables import CONVENTIONS, LEGEND, counts, failure, matrix

    for line in matrix(reports, min(WIDTH, max(OUT.width, 40))):
        OUT.print(_coloured(line), soft_wrap=True)
    OUT.print()
    OUT.print(Text(_decoded(LEGEND), "dim"), soft_wrap=True)
    failing = [(report, outcome) for report in reports for outcome in report.failures]
    _print_grouped("\nfails", [(f"{o.code} {o.name}", r.target) for r, o in failing])
    for report in reports:
        _print_declared(report)
    _print_grouped(f"\n{CONVENTIONS}", [(f"{o.code} {o.name}", r.target) for r in reports for o in r.conventions])
    _print_grouped("\nbroken", [(r.problem, r.target) for r in reports if r.problem and not r.unusable])
    _print_grouped("\nnot tested", [(r.problem, r.target) for r in reports if r.unusable])
    if left:
        _print_grouped("\nno optimizers", [(why, spec) for spec, why in left.items()])
    if snippets:
        for report, outcome in failing:
            OUT.print()
            OUT.print(Text(failure(outcome, report.target)), soft_wrap=True)
    if traits:
        for report in reports:
            OUT.print()
            _print_traits(report)
    OUT.print()
    for report in reports:
        if report.outcomes:
            OUT.print(Text(f"{report.target}: {counts(report)}"), soft_wrap=True)
    if failing and not snippets:
        note("a failure in full: madatheory check TARGET, or --snippets")


def _print_grouped(title: str, pairs: Sequence[tuple[str, str]]) -> None:
    """(what, where): every `what` once, with all its places."""
    if not pairs:
        return
    OUT.print(Text(title, "bold"))
    grouped: dict[str, list[str]] = {}
    for what, where in pairs:
        grouped.setdefault(what, []).append(where)
    for what, where in grouped.items():
        OUT.print(Text(f"  {what}"), width=min(WIDTH, OUT.width))
        OUT.print(Padding(Text(", ".join(where), "dim"), (0, 0, 0, 6), expand=False), width=min(WIDTH, OUT.width))


def _print_traits(report: "Report") -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", width=min(WIDTH, OUT.width))
    for title in (f"traits of {report.target}", "", "because"):
        table.add_column(title)
    for name, trait in report.traits.items():
        table.add_row(name, Text("yes", "green") if trait.present else Text("no", "dim"), Text(trait.why))
    OUT.print(table)
    OUT.print()


def _coloured(line: str) -> Text:
    """A line of the matrix with its marks as signs of the terminal; names and headers are left alone."""
    name, space, rest = line.partition(" ")
    body = rest.strip()
    if not body or set(body) - {*_PRETTY, " "}:
        return Text(line)
    text = Text(f"{name}{space}")
    for sign in rest:
        pretty, style = _PRETTY.get(sign, (sign, ""))
        text.append(symbol(pretty, sign), style)
    return text


def _decoded(legend: str) -> str:
    parts = [part.split(" ", 1) for part in legend.split(", ")]
    return ", ".join(f"{symbol(_PRETTY[sign][0], sign)} {words}" for sign, words in parts)
