"""The report on one optimizer: what it follows, its laws, what breaks them, its theorems, its curves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from madatheory.errors import UserError
from madatheory.identities.identity import identities
from madatheory.identities.recognition.identification import Deviation, Identification
from madatheory.identities.recognition.identify import identify
from madatheory.identities.report.outcome import FailureGroup, IdentityOutcome, Report
from madatheory.identities.report.outcome import Request as CheckRequest
from madatheory.identities.report.tables import conventions, counts
from madatheory.identities.runner.isolated import check_all
from madatheory.identities.targets.lookup import find
from madatheory.identities.targets.target import Target
from madatheory.report.document import Absent, Block, DataTable, Document, Fact, Folded, Listing, Prose
from madatheory.report.methods import curves, theorems_of_steps
from madatheory.report.parts import Made, ReportPart, Tell, request_of

KEPT = "reports"
"""The folder of the store where the outcomes of laws are kept as they come."""


@dataclass(frozen=True)
class OptimizerRequest:
    """Which optimizer, by name; the profile of `check`, steps of the curves, seed, and the folder of the store."""

    spec: str
    profile: str
    steps: int
    seed: int
    store: Path
    traits: Mapping[str, bool] = field(default_factory=dict)
    method: str = ""

    @cached_property
    def target(self) -> Target:
        """The optimizer; `UserError` for a name that means none."""
        return find(self.spec)


def _asked(request: OptimizerRequest) -> CheckRequest:
    """What `check` is asked; `UserError` for a trait or a method that is unknown."""
    return CheckRequest(request.traits, profile=request.profile, seed=request.seed or None, method=request.method)


def refuse(request: OptimizerRequest) -> None:
    """`UserError` before any work for an optimizer that is not found, or what `check` would refuse."""
    _asked(request)
    _ = request.target


def document_of(request: OptimizerRequest, versions: Mapping[str, str]) -> Document:
    """The report without its parts."""
    target = request.target
    subtitle = f"An optimizer of {target.framework}, seen from outside: as the map from gradients to steps."
    about = request_of(
        kind="optimizer",
        target=request.spec,
        framework=target.framework,
        profile=request.profile,
        steps=request.steps,
        seed=request.seed,
        traits=dict(request.traits),
        method=request.method,
        defaults={name: value for name, value in target.defaults.items() if isinstance(value, int | float)},
        versions=dict(versions),
    )
    return Document(request.spec, subtitle, (), (), about)


def parts_of(request: OptimizerRequest) -> list[ReportPart]:
    """The sections in their order."""
    return [
        ReportPart("What it follows", partial(_follows, request), 2),
        ReportPart("Laws", partial(_laws, request), 6),
        ReportPart("Evidence for what breaks", partial(_evidence, request), 0.1),
        ReportPart("Theorems that apply", lambda tell: theorems_of_steps(request.target, tell), 1),
        ReportPart("Curves beside its nearest relatives", partial(_curves, request), 3),
        ReportPart("Every number again", partial(_again, request), 0.1),
    ]


def _follows(request: OptimizerRequest, tell: Tell) -> Made:
    found = identify(request.target)
    if found.problem:
        return Made((Absent(found.problem, failed=True),), (Fact("follows", found.problem, "open"),))
    blocks: list[Block] = []
    if found.family:
        blocks.append(Prose(f"It follows {found.family} [{found.source}], to the rounding of {found.precision}."))
        text, mark = f"{found.family} [{found.source}]", "good" if found.ok else "open"
    else:
        blocks.append(Prose("It follows none of the references, with none of their known conventions.", "warning"))
        text, mark = "none of the published recurrences that are known here", "open"
    if found.conventions:
        rows = tuple((item.name, item.text()) for item in found.conventions)
        blocks.append(DataTable(("convention", "what it does"), rows))
    if found.estimated:
        rows = tuple((name, float(value)) for name, value in found.estimated.items())
        blocks.append(DataTable(("hyper-parameter", "estimated"), rows, "Neither readable nor settable, so estimated."))
    if found.others:
        blocks.append(Prose(f"The same updates as {'; '.join(found.others)}."))
    blocks += [Prose(note) for note in found.notes]
    blocks += _deviations(found)
    blocks.append(Folded("The runs that were compared", tuple(Prose(run) for run in found.runs)))
    return Made(tuple(blocks), (Fact("follows", text, mark),))  # type: ignore[arg-type]


def _deviations(found: Identification) -> list[Block]:
    blocks: list[Block] = []
    if found.parts:
        caption = "One switch set otherwise, and the first update that would show it."
        blocks.append(Folded("Conventions that it does not follow", (_table(found.parts, "switch", caption),)))
    if found.nearest:
        caption = "Where it first leaves them. The distance is the mean of |a-b|/(|a|+|b|) over all updates."
        blocks.append(_table(found.nearest, "nearest other method" if found.family else "nearest method", caption))
    return blocks


def _table(parts: tuple[Deviation, ...], first: str, caption: str) -> DataTable:
    rows = []
    for one in parts:
        at = one.at
        where = "" if at is None else f"run {at.run}, {at.sequence}"
        rows.append(
            (
                one.what,
                float(one.distance),
                where,
                None if at is None else at.step,
                "" if at is None else f"{at.got:.6g}",
                "" if at is None else f"{at.expected:.6g}",
            )
        )
    return DataTable((first, "distance", "first seen in", "step", "its update", "would be"), tuple(rows), caption)


def _report(request: OptimizerRequest, tell: Tell) -> Report:
    """What the laws say; kept as it comes, so that asking again costs nothing."""
    (found,) = check_all([request.spec], _asked(request), out=request.store / KEPT, progress=tell)
    if found.unusable:
        raise UserError(f"{request.spec}: {found.problem}")
    return found


def _laws(request: OptimizerRequest, tell: Tell) -> Made:
    found = _report(request, tell)
    if found.problem:
        return Made((Prose(found.problem, "warning"),), (Fact("laws", found.problem, "bad"),))
    mark = "bad" if found.failures else "good" if found.ok else "open"
    blocks: list[Block] = [
        Prose(
            f"{counts(found)}. Profile {request.profile}: {len(found.outcomes)} of {len(identities())} laws were tried."
        )
    ]
    if found.failures:
        blocks.append(_outcomes(found.failures, "What fails; a program that shows it is in the next section."))
    if found.conventions:
        lines = tuple(Prose(line) for line in conventions(found))
        blocks.append(Folded("Conventions and limits of the number format, no mistakes", lines))
    held = [o for o in found.outcomes if o.status == "pass"]
    rest = [o for o in found.outcomes if o.status == "n.a."]
    blocks.append(Folded(f"What holds: {len(held)} laws", (_statements(held),)))
    blocks.append(Folded(f"What does not apply, and why: {len(rest)} laws", (_outcomes(rest, ""),)))
    rows = tuple((name, "yes" if trait.present else "no", trait.why) for name, trait in found.traits.items())
    blocks.append(Folded("Traits, by which it is decided what applies", (DataTable(("trait", "", "because"), rows),)))
    return Made(tuple(blocks), (Fact("laws", counts(found), mark),))


def _outcomes(outcomes: list[IdentityOutcome], caption: str) -> DataTable:
    rows = tuple((o.code, o.name, o.status, o.detail.split("\n")[0]) for o in outcomes)
    return DataTable(("law", "about", "outcome", "found"), rows, caption)


def _statements(outcomes: list[IdentityOutcome]) -> DataTable:
    return DataTable(("law", "about", "statement"), tuple((o.code, o.name, o.statement) for o in outcomes))


def _evidence(request: OptimizerRequest, tell: Tell) -> Made:
    found = _report(request, tell)
    if not found.findings:
        return Made((Absent("No law that was tried is broken."),))
    blocks: list[Block] = []
    facts = []
    for number, group in enumerate(found.findings, 1):
        blocks += _finding(group, number)
        facts.append(Fact(f"fault {number}", group.likely or "`{0.code}` {0.name}".format(group.outcomes[0]), "bad"))
    return Made(tuple(blocks), tuple(facts))


def _finding(group: FailureGroup, number: int) -> list[Block]:
    """One cause: the likely mistake, the shortest failure in full with its program, the others in a line each."""
    first, *others = group.outcomes
    blocks: list[Block] = [Prose(f"Fault {number}: {group.likely or first.name}", "warning")]
    rows = [("law", f"{first.code} {first.name}"), ("statement", first.statement), ("found", first.detail)]
    rows += [(name, value) for name, value in (("got", first.got), ("expected", first.expected)) if value]
    rows += [("as well", f"{o.code} {o.name}: {o.detail.split(chr(10))[0]}") for o in others]
    blocks.append(DataTable(("", "evidence"), tuple(rows)))
    if first.snippet:
        blocks.append(Listing(first.snippet, "A program that shows it:"))
    return blocks


def _curves(request: OptimizerRequest, tell: Tell) -> Made:
    return curves(request.target, steps=request.steps, seed=request.seed, tell=tell)


def _again(request: OptimizerRequest, tell: Tell) -> Made:
    declared = "".join(f" --trait {name}={'yes' if value else 'no'}" for name, value in request.traits.items())
    declared += f" --method {request.method}" if request.method else ""
    seed = f" --seed {request.seed}" if request.seed else ""
    commands = [
        f"madatheory report {request.spec}{declared}{seed}",
        f"madatheory identify {request.spec}",
        f"madatheory check {request.spec} --profile {request.profile}{declared}{seed}",
    ]
    return Made(
        (
            Listing("\n".join(commands)),
            Prose("Versions are at the end of the page. The json file beside this page has every number in full."),
        )
    )
