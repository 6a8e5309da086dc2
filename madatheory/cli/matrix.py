"""The matrix theorem x problem of verdicts, for a terminal of any width."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT, symbol
from madatheory.hparams import in_words
from madatheory.theory.verdict import Verdict

_RANK = {"violated": 0, "inconclusive": 1, "holds": 2, "not applicable": 3}
_STYLE = {"violated": "bold red", "inconclusive": "yellow", "holds": "green", "not applicable": "dim"}
_CELL = 6  # width of a column: sign, number, gap


def _sign(outcome: str) -> str:
    pretty, plain = {
        "holds": ("✓", "+"),
        "violated": ("✗", "X"),
        "inconclusive": ("?", "?"),
        "not applicable": ("·", "."),
    }[outcome]
    return symbol(pretty, plain)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Of several settings the one that counts: the worst outcome, then the tightest."""
    return min(verdicts, key=lambda v: (_RANK[v.outcome], v.tightness if v.tightness == v.tightness else float("inf")))


def ratio(value: float) -> str:
    """At most 4 characters: 2e-2, 0.15, 1.2, 34, 567, 1e4; nothing for nan."""
    if value != value:
        return ""
    if value == float("inf"):
        return symbol("∞", "inf")
    if value >= 999.5:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    if 0 < value < 0.095:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:.0f}" if value >= 9.95 else f"{value:.2g}"


def print_matrix(verdicts: Sequence[Verdict], labels: dict[str, str], problems: Sequence[str]) -> None:
    """One row per theorem (`labels`: name -> label), one numbered column per problem, cut into blocks that fit."""
    cells = {}
    for theorem in labels:
        for problem in problems:
            found = [v for v in verdicts if v.theorem == theorem and v.problem == problem]
            cells[theorem, problem] = worst(found)
    first = max(len(label) for label in labels.values()) + 1
    second = min(max(len(name) for name in labels), 34, max(OUT.width - first - 4 * _CELL, 16))
    per_block = max(1, (OUT.width - first - second - 2) // _CELL)
    for begin in range(0, len(problems), per_block):
        block = problems[begin : begin + per_block]
        table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
        table.add_column("", no_wrap=True, width=first - 1)
        table.add_column("", no_wrap=True, width=second, overflow="ellipsis")
        for number in range(begin, begin + len(block)):
            table.add_column(str(number + 1), width=_CELL - 1, no_wrap=True)
        for theorem, label in labels.items():
            row = [cells[theorem, problem] for problem in block]
            texts = [Text(f"{_sign(v.outcome)}{ratio(v.tightness)}", _STYLE[v.outcome]) for v in row]
            table.add_row(label, theorem, *texts)
        OUT.print(table)
        OUT.print()
    numbered = Text("problems  ")
    for number, problem in enumerate(problems):
        numbered.append(f"{number + 1} ", "bold").append(f"{problem}  ")
    OUT.print(numbered)
    legend = ", ".join(
        f"{_sign(outcome)} {outcome}" for outcome in ("holds", "violated", "inconclusive", "not applicable")
    )
    OUT.print(Text(f"legend    {legend}\n          the number is right side / left side: 1 is tight"))


def print_reasons(verdicts: Sequence[Verdict], problems: Sequence[str]) -> None:
    """Why theorems do not apply: per problem, what is shared by several theorems said once."""
    grouped: dict[str, dict[str, list[str]]] = {}
    for v in verdicts:
        if v.outcome == "not applicable":
            names = grouped.setdefault(v.reason, {}).setdefault(v.problem, [])
            if v.label not in names:
                names.append(v.label)
    if not grouped:
        return
    OUT.print("\nnot applicable", style="bold")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", max_width=24)
    table.add_column(overflow="fold")
    numbers = {problem: index + 1 for index, problem in enumerate(problems)}
    for reason, where in grouped.items():
        labels = list(dict.fromkeys(label for names in where.values() for label in names))
        columns = ", ".join(str(numbers[problem]) for problem in where)
        table.add_row(Text(f"{', '.join(labels)} on {columns}"), Text(reason))
    OUT.print(table)


def print_findings(verdicts: Sequence[Verdict], outcome: str) -> None:
    """All verdicts with this outcome, with setting and numbers."""
    found = [v for v in verdicts if v.outcome == outcome]
    if not found:
        return
    OUT.print()
    for v in found:
        text = Text(f"{outcome}  ", _STYLE[outcome]).append(f"{v.label} {v.theorem}", "bold")
        text.append(f" on {v.problem}, {v.optimizer} at {in_words(v.hyper)}: ")
        OUT.print(text.append(v.reason, _STYLE[outcome]).append(_numbers(v) if outcome == "inconclusive" else ""))


def _numbers(v: Verdict) -> str:
    """The interval that reaches furthest beyond its bound."""
    if not v.comparisons:
        return ""
    main = v.comparisons[0]
    worst = max(range(len(main.T)), key=lambda i: main.upper[i] / main.right[i] if main.right[i] > 0 else 0.0)
    limits = f"[{main.lower[worst]:.4g}, {main.upper[worst]:.4g}]"
    return f" (T = {main.T[worst]}: left {main.left[worst]:.4g} in {limits}, right {main.right[worst]:.4g})"
