"""Reports for people and machines: a matrix optimizer x identity, JSON, markdown, and a failure in full.

Written by hand: no library of tables has headers that run downwards or cuts columns into blocks by group, and the rest
is a few lines of markdown.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any

from madatheory.identities.identity import Identity, identities
from madatheory.identities.report.outcome import NOT_FINITE, FailureGroup, IdentityOutcome, Report, Request
from madatheory.sources import version_of

MARKS = {"pass": "+", "FAIL": "X", "convention": "~", "xfail": "e", "n.a.": ".", "error": "!"}
"""One character per status."""
LEGEND = "+ holds, X fails, ~ convention or number format, e expected, . does not apply, ! no answer or error"
WIDTH = 100


def versions(targets: Sequence[str] = ()) -> dict[str, str]:
    """Versions of what the results depend on: the packages of the targets (module names) and ours."""
    roots = ["madatheory", "numpy", "hypothesis", "jax", *(t.partition(":")[0].partition(".")[0] for t in targets)]
    found = {root: version_of(root) for root in dict.fromkeys(roots)}
    return {root: version for root, version in found.items() if version}


def header(columns: Sequence[Identity]) -> list[str]:
    """The codes written downwards, one column each, a gap between groups; a letter is written where it begins."""
    numbers = [item.code.removeprefix(item.group) for item in columns]
    height = max((len(number) for number in numbers), default=0)
    rows = [[_first(columns, i) for i in range(len(columns))]]
    rows += [[number.rjust(height)[row] for number in numbers] for row in range(height)]
    return ["".join(_spaced(columns, row)) for row in rows]


def _first(columns: Sequence[Identity], i: int) -> str:
    return columns[i].group if not i or columns[i - 1].group != columns[i].group else " "


def _spaced(columns: Sequence[Identity], cells: Sequence[str]) -> list[str]:
    gaps = [bool(i) and columns[i - 1].group != columns[i].group for i in range(len(columns))]
    return [f"{' ' if gap else ''}{cell[:1]}" for gap, cell in zip(gaps, cells, strict=True)]


def marks(report: Report, columns: Sequence[Identity]) -> str:
    """One character per identity, spaced like `header`."""
    found = {o.code: MARKS[o.status] for o in report.outcomes}
    return "".join(_spaced(columns, [found.get(item.code, " ") for item in columns]))


def matrix(reports: Sequence[Report], width: int = WIDTH) -> list[str]:
    """Lines of the matrix, at most `width` wide; identities that nobody was asked about have no column.

    What does not fit beside the names is cut into blocks, each with its own header.
    """
    asked = {outcome.code for report in reports for outcome in report.outcomes}
    columns = [item for code, item in identities().items() if code in asked]
    tested = [report for report in reports if report.outcomes]
    if not columns:
        return []
    names = shown_names([report.target for report in tested])
    room = min(max(map(len, names)), max(12, width // 3))
    lines: list[str] = []
    for block in _blocks(columns, width - room - 1):
        lines += [""] if lines else []
        lines += [f"{'':{room}} {line}".rstrip() for line in header(block)]
        for name, report in zip(names, tested, strict=True):
            short = name if len(name) <= room else f"{name[: room - 2]}.."
            lines.append(f"{short:{room}} {marks(report, block)}".rstrip())
    return lines


def shown_names(targets: Sequence[str]) -> list[str]:
    """Names without the part before the colon where all share it."""
    heads = {target.partition(":")[0] for target in targets}
    if len(heads) > 1 or len(targets) < 2:
        return list(targets)
    return [target.partition(":")[2] for target in targets]


def _blocks(columns: Sequence[Identity], room: int) -> list[list[Identity]]:
    """Columns in blocks at most `room` wide; a group is cut only if it does not fit into one."""
    blocks: list[list[Identity]] = []
    for _, items in groupby(columns, key=lambda item: item.group):
        group = list(items)
        if blocks and len(blocks[-1]) + len(group) + len({item.group for item in blocks[-1]}) <= room:
            blocks[-1] += group
        else:
            blocks += [group[i : i + room] for i in range(0, len(group), room)]
    return blocks


def counts(report: Report) -> str:
    """`41 hold, 2 fail, 1 xfail, 20 do not apply`; what is zero is left out, failures never."""
    number = {status: sum(o.status == status for o in report.outcomes) for status in MARKS}
    parts = [f"{number['pass']} hold", f"{number['FAIL']} fail"]
    words = {
        "convention": "differ by convention or number format",
        "xfail": "xfail",
        "n.a.": "do not apply",
        "error": "without answer",
    }
    return ", ".join(parts + [f"{number[s]} {word}" for s, word in words.items() if number[s]])


CONVENTIONS = "Conventions and limits of the number format, no mistakes"


def conventions(report: Report) -> list[str]:
    """One line for each convention or limit of the number format that identities do not hold by."""
    grouped: dict[str, list[IdentityOutcome]] = {}
    for o in report.conventions:
        grouped.setdefault(o.cause if o.cause.startswith(f"{NOT_FINITE}, ") else o.code, []).append(o)
    return [f"{', '.join(f'{o.code} {o.name}' for o in same)}: {one_line(same[0].detail)}" for same in grouped.values()]


def failure(outcome: IdentityOutcome, target: str = "", snippet: bool = True) -> str:
    """All about one failure: likely mistake, identity in words, got and expected, and a program that shows it."""
    lines = [f"{target} breaks {outcome.code}, {outcome.name}".strip()]
    lines += [f"  likely    {outcome.likely}"] if outcome.likely else []
    lines += [f"  identity  {outcome.statement}", f"  found     {_indented(outcome.detail)}"]
    if outcome.got:
        lines.append(f"  got       {_indented(outcome.got)}")
    if outcome.expected:
        lines.append(f"  expected  {_indented(outcome.expected)}")
    if snippet and outcome.snippet:
        lines += ["", outcome.snippet]
    return "\n".join(lines)


def finding(found: FailureGroup, target: str = "") -> str:
    """All about failures of one cause: the likely mistake, the shortest in full, the others in a line each."""
    first, *others = found.outcomes
    lines = [failure(replace(first, likely=found.likely), target, snippet=False)]
    if others:
        each = [f"{o.code} {o.name}: {one_line(o.detail)}" for o in others]
        lines.append("  as well   " + _indented("\n".join(each)))
    return "\n".join([*lines, *(["", first.snippet] if first.snippet else [])])


def _indented(text: str) -> str:
    return text.replace("\n", "\n            ")


def as_json(reports: Sequence[Report], request: Request) -> str:
    """Versions, the request and every report."""
    record: dict[str, Any] = {
        "versions": versions([report.target for report in reports]),
        "request": asdict(request),
        "identities": {code: item.name for code, item in identities().items()},
        "reports": [report.as_dict() for report in reports],
    }
    return json.dumps(record, indent=1) + "\n"


def markdown(reports: Sequence[Report], request: Request, snippets: bool = True) -> str:
    """The matrix, and every failure with its program."""
    found = versions([report.target for report in reports])
    lines = ["# Identities", "", ", ".join(f"{name} {version}" for name, version in found.items()), ""]
    lines += [f"Profile {request.profile}, seed {request.seed or 0}.", ""]
    if any(report.outcomes for report in reports):
        lines += ["```text", *matrix(reports), "```", "", f"{LEGEND}.", ""]
    for report in reports:
        lines += _section(report, snippets)
    return "\n".join(lines).rstrip() + "\n"


def _section(report: Report, snippets: bool) -> list[str]:
    if report.problem:
        return [f"## {report.target}", "", f"Not tested: {report.problem}", ""]
    shown = [o for o in report.outcomes if o.status not in ("pass", "n.a.", "convention")]
    if not shown and not report.conventions:
        return []
    lines = [f"## {report.target}", "", f"{counts(report)}.", ""]
    for outcome in shown:
        lines += entry(outcome, snippets)
    if report.conventions:
        lines += [f"### {CONVENTIONS}", "", *(f"- {line}" for line in conventions(report)), ""]
    return lines


def entry(outcome: IdentityOutcome, snippet: bool = True) -> list[str]:
    """Markdown of one finding."""
    title = f"**{outcome.code} {outcome.name}** ({'fails' if outcome.status == 'FAIL' else outcome.status})"
    lines = [f"{title}: {outcome.statement}", "", f"Found: {one_line(outcome.detail)}", ""]
    lines += [f"Likely: {outcome.likely}", ""] if outcome.likely else []
    if snippet and outcome.snippet:
        lines += ["```python", outcome.snippet, "```", ""]
    return lines


def one_line(text: str) -> str:
    """Without line breaks, for an item of a list."""
    return " ".join(text.split())
