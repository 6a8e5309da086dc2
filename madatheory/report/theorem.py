"""The report on one theorem: statement, assumptions, measurements, worst instance, proofs, neighbours, commands."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from madatheory.errors import UserError
from madatheory.hparams import in_words
from madatheory.report import dependence, links, measured
from madatheory.report.document import (
    Absent,
    Block,
    Chart,
    DataTable,
    Document,
    Fact,
    Folded,
    Listing,
    Prose,
    Series,
    numbers,
)
from madatheory.report.mathematics import level, right_side, symbols_of
from madatheory.report.parts import Made, ReportPart, Tell, request_of
from madatheory.report.request import TheoremRequest
from madatheory.report.worst import worst
from madatheory.store.cache_key import fingerprint
from madatheory.theory import evaluate
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Theorem

KIND = {
    "expectation": "in expectation",
    "every-path": "on every path",
    "probability": "with high probability, at all T at once",
}
Proofs = Callable[[Theorem, bool, Tell], Mapping[str, Any]]
"""proofs(theorem, whether it is the user's, tell): what is known of its proof, see `proofs_of`."""


def document_of(request: TheoremRequest, versions: Mapping[str, str], **asked: Any) -> Document:
    """The report without its parts."""
    theorem = request.theorem
    return Document(
        f"{theorem.label}: {theorem.name}",
        f"{theorem.statement}",
        (
            Fact(
                "statement",
                f"{KIND[theorem.kind]}{', at the last step' if theorem.at == 'final' else ''}; {_source(theorem)}",
            ),
        ),
        (),
        request_of(
            kind="theorem",
            theorem=theorem.name,
            problems=[p.name for p in request.problems],
            steps=request.steps,
            num_trajectories=request.num_trajectories,
            seed=request.seed,
            confidence=request.confidence,
            settings=request.hyper,
            versions=dict(versions),
            **asked,
        ),
    )


def _source(theorem: Theorem) -> str:
    return theorem.source if theorem.source.startswith(theorem.origin) else f"{theorem.origin}: {theorem.source}"


def parts_of(request: TheoremRequest, proofs: Proofs | None, commands: Sequence[str], own: bool) -> list[ReportPart]:
    """The sections in their order."""
    return [
        ReportPart("Statement", partial(_statement, request.theorem), 0.5),
        ReportPart("Assumptions", partial(_assumptions, request), 0.1),
        ReportPart("Verdicts", partial(measured.verdicts, request), 8),
        ReportPart("Measured left side under the bound", partial(measured.under_the_bound, request), 1.5),
        ReportPart("Slack of every link of the proof", partial(links.slack, request), 1),
        ReportPart("Fitted rate", partial(measured.rate, request), 0.1),
        ReportPart("Dependence on hyper-parameters", partial(dependence.dependence, request), 2),
        ReportPart("Worst instance", partial(worst, request, own), 2),
        ReportPart("What is proved", partial(_proved, request.theorem, proofs, own), 1 + 3 * own),
        ReportPart("Beside other bounds for the same method", partial(_beside, request), 0.2),
        ReportPart("Every number again", partial(_again, request, commands), 0.1),
    ]


def _statement(theorem: Theorem, tell: Tell) -> Made:
    symbols = DataTable(
        ("symbol", "in code", "what it is"),
        tuple((name, name, meaning) for name, _, meaning in symbols_of(theorem)),
        mathematics=("symbol", "what it is"),
    )
    blocks: list[Block] = [
        Prose("As the package computes it, from the code that is run, drawn and proved:"),
        right_side(theorem),
        symbols,
    ]
    steps: list[Block] = []
    for one in theorem.chain:
        by = f"by {one.by}" if one.by else "the left side, as it is measured"
        steps += [Prose(f"{one.name}: {by}"), level(theorem, one)]
    blocks.append(
        Folded(f"The proof, level by level: {len(theorem.chain)} quantities, each at most the next", tuple(steps))
    )
    return Made(tuple(blocks))


def _assumptions(request: TheoremRequest, tell: Tell) -> Made:
    theorem = request.theorem
    rows = []
    for condition in theorem.conditions:
        fails = [p.name for p in request.problems if condition.reason(request.at(p)) is not None]
        rows.append((condition.name, ", ".join(fails) or "none of the problems"))
    return Made(
        (
            DataTable(("assumption", "fails on"), tuple(rows), mathematics=("assumption",)),
            Prose(
                f"The method is {request.optimizer.name}: {request.optimizer.summary}. At {in_words(request.hyper)}."
            ),
        )
    )


def _proved(theorem: Theorem, proofs: Proofs | None, own: bool, tell: Tell) -> Made:
    if proofs is None:
        return Made((Absent("The package that decides statements is not installed beside this one."),))
    found = proofs(theorem, own, tell)
    status = str(found.get("status", "OPEN"))
    rows = tuple(
        (
            f"{one['method']}: {one['what']}",
            one["status"],
            "; ".join(filter(None, (one.get(k) for k in ("part", "box", "detail")))),
        )
        for one in found["methods"]
    )
    table = DataTable(
        ("method", "status", "for what, and how"),
        rows,
        "PROVED means for all values, PROVED (box) for those of a stated box, SUPPORTED that no sample refuted it. "
        f"{found.get('source', '')}",
    )
    blocks: list[Block] = [table]
    if found.get("remark"):
        blocks.append(Prose(str(found["remark"])))
    mark = "good" if status.startswith("PROVED") else "bad" if status.startswith("REFUTED") else "open"
    return Made(tuple(blocks), (Fact("proved", status, mark),))


def _beside(request: TheoremRequest, tell: Tell) -> Made:
    theorem = request.theorem
    problem = request.shown
    setting = request.at(problem)
    same, method = {s.name for s in theorem.left.statistics}, fingerprint(request.optimizer)
    # conditions may read what other methods do not have, so first those about the same method
    alike = [t for t in list_theorems().values() if t.name != theorem.name and fingerprint(t.optimizer()) == method]
    others = [t for t in alike if not t.reasons(setting)]
    comparable = [t for t in others if {s.name for s in t.left.statistics} == same and t.kind == theorem.kind]
    if not others:
        return Made((Absent("The package has no other bound that applies to this method at these hyper-parameters."),))
    times = np.unique(np.round(np.geomspace(1, request.steps, 25)).astype(int))
    series, rows = [], []
    for t in (theorem, *comparable):
        values = evaluate.right_side(t, setting, times)
        if t.at == "any":
            series.append(Series(f"{t.label} {t.name}", numbers(times), numbers(values), role="bound"))
        rows.append((t.label, t.name, t.at == "any", float(values[-1])))
    rows.sort(key=lambda row: row[3])
    blocks: list[Block] = []
    if len(series) > 1:
        about = f"On {problem.name}, at {in_words(request.hyper)}."
        blocks.append(Chart("Right sides of the same left side", "T", "right side", tuple(series), about))
    if comparable:
        caption = "The smallest first. A bound that holds at the last step alone is no line of the chart."
        blocks.append(
            DataTable(("", "theorem", "at every T", f"right side at T = {request.steps}"), tuple(rows), caption)
        )
    rest = [t for t in others if t not in comparable]
    if rest:
        listed = tuple((t.label, t.name, t.left.name) for t in rest)
        blocks.append(DataTable(("", "applies too, but bounds something else", "namely"), listed))
    place = [row[1] for row in rows].index(theorem.name) + 1
    fact = (
        Fact(
            "among bounds", f"number {place} of {len(rows)}, smallest first, at T = {request.steps} on {problem.name}"
        ),
    )
    return Made(tuple(blocks), fact if comparable else ())


def _again(request: TheoremRequest, commands: Sequence[str], tell: Tell) -> Made:
    return Made(
        (
            Listing("\n".join(commands)),
            Prose(
                f"Seed {request.seed}; noise is counted from it and from the number of the trajectory, so the same "
                "command gives the same numbers on the same versions. Versions are at the end of the page. The json "
                "file beside this page has every number in full."
            ),
        )
    )


def refuse_nothing(request: TheoremRequest) -> None:
    """`UserError` where the theorem applies to no problem; asked when the page is written."""
    if not request.applicable and not request.instances:
        raise UserError(
            f"nothing was measured: {request.theorem.name} applies to none of the problems, for the reasons on the "
            "page; name others with --problem, or change its conditions"
        )
