"""`madatheory report`: what the package knows about a bound or an optimizer, on one page."""

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from madatheory.cli.check import declared
from madatheory.cli.console import OUT, complain, interrupted, note, progress
from madatheory.cli.options import Load, Seed, StoreFolder, open_store
from madatheory.cli.registry import Registry, registry
from madatheory.defaults import SEED
from madatheory.errors import UserError, choice
from madatheory.files import check_output

if TYPE_CHECKING:
    from madatheory.report.document import Document
    from madatheory.report.parts import Failure, ReportPart
    from madatheory.report.request import TheoremRequest
    from madatheory.theory.theorem import Theorem

PROFILES: Mapping[str, tuple[int, int]] = {"smoke": (200, 64), "quick": (2000, 512), "full": (20_000, 2048)}
"""Steps and trajectories; quick are those of `verify`."""
CHECKS: Mapping[str, str] = {"smoke": "quick", "quick": "quick", "full": "default"}
"""The profile of `check`, for an optimizer."""


def report(
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="WHAT", help="A theorem by name or label (T5), or an optimizer: optax:adam, file.py:make"
        ),
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE.html", help="The page; without: NAME.html. Numbers beside it: FILE.json")
    ] = None,
    profile: Annotated[str, typer.Option(help="smoke (seconds), quick (a minute or two) or full (long).")] = "quick",
    problem: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help="Of a theorem: problem, e.g. ratio:d=3; may be repeated.")
    ] = None,
    load: Load = None,
    trait: Annotated[
        list[str] | None, typer.Option(metavar="NAME=yes|no", help="Of an optimizer: declare a trait; may be repeated.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of an optimizer: what it is meant to be, such as adam.")
    ] = None,
    seed: Seed = SEED,
    store: StoreFolder = ".madatheory",
) -> None:
    """Write one HTML page, which needs no network, about a theorem or an optimizer; and json beside it.

    Of a theorem: statement, assumptions, verdicts, what is measured under the bound, slack, rate, dependence, worst
    instance, proofs, other bounds. Of an optimizer: what it follows, laws, evidence for what breaks, theorems, curves.
    A part that fails is named on the page with its reason, and the others are kept. Finished runs are kept too: a
    second call is quick, and an interrupted one goes on.

    Status 1 if a bound is violated or a law is broken, 2 if a part could not be made.

    \b
    madatheory report T5 --out T5.html
    madatheory report --load my_bound.py
    madatheory report path/to/my_optimizer.py:make --trait corrected=yes
    """
    choice("profile", profile, PROFILES)
    entries = registry(load)
    optimizer = subject is not None and ":" in subject
    if optimizer and (problem or load):
        raise UserError(f"{subject} is an optimizer: --problem and --load are about theorems, leave them out")
    if not optimizer and (trait or method):
        raise UserError("--trait and --method are about an optimizer, such as optax:adam: name one, or leave them out")
    theorem = None if optimizer else _theorem(entries, subject)

    from madatheory.report.charts import library

    library()
    name = subject if theorem is None else theorem.name
    file = check_output(out or f"{_file_name(str(name))}.html")
    if file.suffix not in (".html", ".htm"):
        raise UserError(f"--out {file}: the report is a page and its numbers are FILE.json beside it: give FILE.html")
    check_output(file.with_suffix(".json"))
    from madatheory.cli.environment import versions

    if theorem is None:
        from madatheory.report import optimizer as about

        open_store(store)  # refuses a folder that is another's
        steps = PROFILES[profile][0] // 10
        asked = about.OptimizerRequest(
            str(subject), CHECKS[profile], steps, seed, Path(store), declared(trait), method or ""
        )
        about.refuse(asked)
        document, parts = about.document_of(asked, versions()), about.parts_of(asked)
        _finish(*_made(document, parts, file))
        return
    request = _request(entries, theorem, problem, profile, seed, store)
    from madatheory.report import theorem as statements

    own = theorem.name in entries.own["theorems"]
    commands = _commands(theorem.name, load, problem, request, out, profile)
    document = statements.document_of(request, versions(), profile=profile, commands=commands)
    parts = statements.parts_of(request, _proofs(), commands, own)
    made, failures = _made(document, parts, file)
    if not request.applicable and not request.instances:
        failures = [f for f in failures if not isinstance(f.error, UserError)]
        _finish(made, failures, quiet=True)
        statements.refuse_nothing(request)
    _finish(made, failures)


def _made(document: "Document", parts: "Sequence[ReportPart]", file: Path) -> "tuple[Document, list[Failure]]":
    """The page, written after each part."""
    from madatheory.report.layout import json_beside, save
    from madatheory.report.parts import compose

    try:
        with progress("report") as tell:
            made = compose(document, parts, lambda found: save(found, file), tell)
    except KeyboardInterrupt:
        kept = f"{file} has the parts that were finished and names the others; the same command goes on from kept runs"
        raise interrupted(kept) from None
    size = file.stat().st_size / 2**20 if file.is_file() else 0.0
    OUT.print(Text(f"{file} ({size:.1f} MiB), {json_beside(file)}"), soft_wrap=True)
    return made


def _finish(made: "Document", failures: "Sequence[Failure]", *, quiet: bool = False) -> None:
    """The summary and what is missing; the status, unless all is well."""
    for fact in made.facts:
        OUT.print(
            Text(f"{fact.name}: ", "dim").append(fact.text, "bold red" if fact.mark == "bad" else ""), soft_wrap=True
        )
    unexpected = None
    for failure in failures:
        if isinstance(failure.error, UserError):
            complain(f"{failure.title} is missing: {failure.error}")
        else:
            unexpected = unexpected or failure.error
    if unexpected is not None:
        raise unexpected
    if quiet:
        return
    if failures:
        raise typer.Exit(2)
    raise typer.Exit(1 if any(fact.mark == "bad" for fact in made.facts) else 0)


def _theorem(entries: Registry, subject: str | None) -> "Theorem":
    """The one theorem that is meant."""
    if subject is None and not entries.own["theorems"]:
        raise UserError("name a theorem (T5), an optimizer (optax:adam), or bring a theorem of yours: --load FILE.py")
    found = entries.choose("theorems", None if subject is None else [subject])
    if len(found) > 1:
        names = ", ".join(theorem.name for theorem in found)
        if subject is None:
            raise UserError(f"--load brings {len(found)} theorems: name one of {names}")
        note(f"{subject}: several theorems have this label ({names}); this is about {found[0].name}")
    return found[0]


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name.rsplit("/", 1)[-1]).strip("-") or "report"


def _request(
    entries: Registry, theorem: "Theorem", problem: Sequence[str] | None, profile: str, seed: int, store: str
) -> "TheoremRequest":
    from madatheory.cli.verify import instances_of, problems_of
    from madatheory.report.request import TheoremRequest
    from madatheory.worst.instance_file import Methods

    steps, trajectories = PROFILES[profile]
    methods = Methods()
    instances = [one for one in instances_of(entries, problem) if one.about(theorem, methods)]
    return TheoremRequest(
        theorem,
        tuple(problems_of(entries, problem)),
        tuple(instances),
        steps,
        trajectories,
        seed,
        open_store(store).simulate,
    )


def _proofs() -> Any:
    """What the package beside this one knows of proofs, None where it is not installed."""
    return next((point.load() for point in entry_points(group="madatheory.proofs")), None)


def _commands(
    name: str,
    load: Sequence[str] | None,
    problem: Sequence[str] | None,
    request: "TheoremRequest",
    out: str | None,
    profile: str,
) -> list[str]:
    brought = "".join(f" --load {file}" for file in load or ())
    named = "".join(f" --problem {one}" for one in problem or ())
    sizes = f" --steps {request.steps} --trajectories {request.num_trajectories} --seed {request.seed}"
    asked = f" --profile {profile} --seed {request.seed}" + (f" --out {out}" if out else "")
    theorem = "" if load else f" --theorem {name}"
    found = [f"madatheory report {name}{brought}{named}{asked}", f"madatheory verify{theorem}{brought}{named}{sizes}"]
    found += [f"madatheory worst{'' if load else ' ' + name}{brought}"]
    found += [f"madatheory prove{'' if load else ' ' + name}{brought} --verbose"]
    return found
