"""The results as text: the cells of the table, RESULTS.md, results.json."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import profiling
from benchmarks.goals import Goal, Row
from benchmarks.picture import KINDS, draw
from benchmarks.properties import GOALS
from benchmarks.run import Results
from benchmarks.sweep import SECONDS
from madatheory.files import write

FILES = ("RESULTS.md", "results.json", *(f"throughput.{kind}" for kind in KINDS))
CAPTION = (
    "Coordinate updates per second, one run a point; along B and d a run has as many steps as last about "
    f"{SECONDS:g} s, along T the number shown. The engine is ahead of the batched rivals wherever a run is long enough "
    "to outweigh what every call and every block of trajectories costs at its start: the falling left end along T, and "
    "the right end along B, where there are only a few steps for each of hundreds of blocks. numba, on one core and "
    "with weaker noise, is compared in goal C."
)
VERSIONS = (
    "Millions of coordinate updates per second of CPU time, normal noise, float32, one worker each, taken in turns; in "
    "brackets the ratio to the first row (`benchmarks/versions.py`)."
)
WHY = "docs/performance.md says why"
VERDICTS = {"aim": "aim met", "must": "must met", "missed": "**missed**", "": ""}


def amount(value: float | None, unit: str) -> str:
    """A number with its unit, "" for None."""
    if value is None:
        return ""
    if unit == "x":
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:.3g} {unit}".strip()


def measured(row: Row) -> str:
    """Median [least, greatest]."""
    if row.measured is None:
        return row.note
    median, low, high = row.measured
    if low == high:
        return amount(median, row.unit)
    return f"{amount(median, row.unit)} [{amount(low, row.unit)}, {amount(high, row.unit)}]"


def sentence(goal: Goal, rows: Sequence[Row]) -> str:
    """One sentence on what holds of a goal."""
    mine = [row for row in rows if row.goal == goal.letter]
    asked = [row for row in mine if row.met]
    missed = [
        f"{row.what} ({measured(row)}, asked {amount(row.must, row.unit)})" for row in asked if row.met == "missed"
    ]
    silent = sorted({row.note for row in mine if row.measured is None and row.note})
    start = f"**{goal.letter}**, {goal.statement}: "
    if not asked:
        return start + ("; ".join(silent) or "nothing is asked") + "."
    aimed = sum(row.met == "aim" for row in asked)
    if missed:
        held = f"holds in {len(asked) - len(missed)} of {len(asked)} cases; missed: {', '.join(missed)}; {WHY}"
    else:
        held = "holds" + (f" in all {len(asked)} cases" if len(asked) > 1 else "")
    if aimed:
        held += f"; the aim is met in {aimed}"
    return start + held + (f"; not measured: {'; '.join(silent)}" if silent else "") + "."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def markdown(results: Results) -> str:
    """RESULTS.md."""
    parts = ["# Speed of the engine, measured", "Written by `make bench`; change nothing here by hand."]
    if results.quick:
        parts += ["Quick form: small sizes, two short rounds. The figures say that it runs, not how fast it is."]
    parts += [_table(("", ""), [(key, value) for key, value in results.machine.items()])]
    parts += [
        "A coordinate update is one step of one coordinate of one trajectory: gradient of F, one noise draw, the "
        "optimizer's update, the running statistic. F(x) = sum_j x_j^2/(1+x_j^2), start 1, float32. Every contender "
        "has a process of its own; all are alive and take turns, and a figure is the median over rounds of the ratio "
        "of speeds, with least and greatest. Compilation is not in these times.",
        "## Goals",
        _table(("", "goal", "must", "aim", "how"), [(g.letter, g.statement, g.must, g.aim, g.how) for g in GOALS]),
        _table(
            ("", "what", "measured [min, max]", "must", "aim", "", "note"),
            [
                (r.goal, r.what, measured(r) if r.measured else "", amount(r.must, r.unit), amount(r.aim, r.unit),
                 VERDICTS[r.met], r.note)
                for r in results.rows
            ],
        ),
    ]  # fmt: skip
    letters = [goal for goal in GOALS if any(row.goal == goal.letter for row in results.rows)]
    parts += ["## What holds", "\n".join(f"- {sentence(goal, results.rows)}" for goal in letters)]
    if results.checks:
        parts += ["## Equal work", _table(("contender", "task", "apart", "allowed", ""), map(_check, results.checks))]
    parts += [
        "## Every contender",
        "Coordinate updates per second, in millions: wall time, and per second of CPU time.",
    ]
    head = ("contender", "cores", "optimizer", "B x d", "noise", "T", "wall [min, max]", "CPU", "compile s", "note")
    parts += [_table(head, [_timing(t) for t in results.timings if not t.note.count("|")])]
    if results.costs:
        rows = [(c.feature, f"{c.rate / 1e6:.3g}", f"{100 * c.share:.3g} %", c.note) for c in results.costs]
        from benchmarks.costs import PREPARED

        parts += ["## What costs what", f"Against {PREPARED}."]
        parts += [_table(("feature", "M updates/s", "of the plain run", ""), rows)]
    if results.profile:
        parts += ["## Where the time of a step goes", *profiling.sections(results.profile, results.timings)]
    if results.versions:
        parts += ["## Versions of JAX", VERSIONS, results.versions]
    if results.sweep:
        parts += ["## Throughput", "![throughput against B, d and T](throughput.svg)", CAPTION]
    return "\n\n".join(parts) + "\n"


def _check(check: object) -> tuple[str, ...]:
    from benchmarks.check import Agreement

    assert isinstance(check, Agreement)
    task = check.task
    what = f"{task.optimizer}, {task.problem}, {task.noise}, {task.generator}, {task.B} x {task.d}, T = {task.T}"
    if check.reason:
        return check.contender, what, "", "", check.reason
    verdict = "holds" if check.holds else "**fails**"
    return check.contender, what, f"{check.distance:.2g}", f"{check.allowed:g} {check.unit}", verdict


def _timing(timing: object) -> tuple[str, ...]:
    from benchmarks.measure import Spread, Timing

    assert isinstance(timing, Timing)
    task = timing.task
    start = (
        timing.contender, str(timing.threads), task.optimizer, f"{task.B} x {task.d}",
        f"{task.noise}, {task.generator}", f"{task.T:.3g}",
    )  # fmt: skip
    if not timing.wall:
        return (*start, "", "", "", timing.reason)
    wall, cpu = (Spread.of([x / 1e6 for x in values]) for values in (timing.wall, timing.cpu))
    cells = f"{wall.median:.3g} [{wall.low:.3g}, {wall.high:.3g}]", f"{cpu.median:.3g}", f"{timing.compile:.2f}"
    return (*start, *cells, timing.note)


def save(results: Results, folder: Path) -> None:
    """RESULTS.md, results.json and, where its data were measured, the picture."""
    write(folder / "RESULTS.md", markdown(results))
    write(folder / "results.json", json.dumps(results.as_dict(), indent=1) + "\n")
    if results.sweep:
        draw(results.sweep, folder)
