"""Every theorem on every problem: verdict and tightness."""

import math
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch, Rectangle

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.problems.catalogue import list_problems
from madatheory.problems.problem import Problem
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Theorem
from madatheory.theory.verdict import Verdict
from madatheory.theory.verify import verify
from madatheory.worst.instance_file import worst_of

COLOURS = {"holds": "#b7e1cd", "violated": "#e66b5b", "inconclusive": "#fde29b", "not applicable": "#ececec"}
MOST = 1e12


def _code(condition: str) -> str:
    """A short code of an assumption's name: the label A1 .. A4, else its last words."""
    head = condition.split(" (")[0]
    return {"certified constants": "const", "unconstrained": "box", "projected on a box": "no box"}.get(head, head)


def _cell(found: list[Verdict]) -> dict[str, Any]:
    """One cell: the worst outcome over the settings and the largest tightness; the first reason's code where n.a."""
    order = ("violated", "inconclusive", "holds", "not applicable")
    worst = min(found, key=lambda v: order.index(v.outcome))
    tight = [v.tightness for v in found if v.outcome != "not applicable" and math.isfinite(v.tightness)]
    cell: dict[str, Any] = {
        "outcome": worst.outcome,
        "reason": worst.reason,
        "tightness": min(tight) if tight else None,
    }
    if worst.outcome == "not applicable":
        cell["code"] = _code(worst.reason.split(": ")[0])
    return cell


class Verified(NamedTuple):
    """`verify` on the whole catalogue, or on a part of it in the smoke profile."""

    statements: list[Theorem]
    problems: list[Problem]
    verdicts: list[Verdict]
    steps: int
    trajectories: int


def verified(run: Run) -> Verified:
    """What the figure shows."""
    steps, seeds = run.pick((50, 8), (400, 768), (20_000, 4096))
    statements = list(list_theorems().values())
    made = [entry.make() for entry in list_problems().values()]
    if run.profile == "smoke":
        statements = [t for t in statements if t.label in ("T5", "T5A", "T9") or t.name == "lion-step-size"]
        made = [p for p in made if p.name in ("ratio", "reddi-online", "rosenbrock")]
    verdicts = verify(
        statements,
        made,
        steps=steps,
        num_trajectories=seeds,
        seed=run.seed,
        save_at=4,
        run=run.simulate,
        at_once=run.workers,
        progress=lambda done, total, what: run.report(int(done), total, what),
    )
    return Verified(statements, made, verdicts, steps, seeds)


def hardest(run: Run, known: Verified | None = None) -> xr.Dataset:
    """For each theorem the problem on which left/right is largest in the end, and left/right there at its times, nan
    beyond; `known` saves verifying, and the store both."""
    theorems, problems = list(list_theorems().values()), [entry.make() for entry in list_problems().values()]
    return run.cached(
        "hardest problem of each theorem",
        {"profile": run.profile, "seed": run.seed, "theorems": theorems, "problems": problems},
        lambda: _hardest(verified(run) if known is None else known),
    )


def _hardest(known: Verified) -> xr.Dataset:
    names, problems, times, ratios = [], [], [], []
    for theorem in known.statements:
        found = [(v.comparisons[0], v.problem) for v in known.verdicts if v.theorem == theorem.name and v.comparisons]
        if not found:
            continue
        side, problem = max(found, key=lambda one: one[0].left[-1] / one[0].right[-1])
        names.append(theorem.name)
        problems.append(problem)
        times.append(side.T)
        ratios.append(side.left / side.right)
    most = max(map(len, times))
    padded = [
        np.array([np.pad(row.astype(float), (0, most - len(row)), constant_values=np.nan) for row in rows])
        for rows in (times, ratios)
    ]
    kept = {name: (("theorem", "time"), rows) for name, rows in zip(("T", "ratio"), padded, strict=True)}
    return xr.Dataset({**kept, "problem": ("theorem", problems)}, {"theorem": names})


def compute(run: Run) -> Numbers:
    """A cell for each theorem and problem, and the worst instance found."""
    known = verified(run)
    hardest(run, known)  # for the figures that show it
    statements, made, verdicts, steps, seeds = known
    cells: dict[str, dict[str, Any]] = {t.name: {} for t in statements}
    for theorem in statements:
        for problem in made:
            found = [v for v in verdicts if v.theorem == theorem.name and v.problem == problem.name]
            cells[theorem.name][problem.name] = _cell(found)
    return {
        "steps": steps,
        "seeds": seeds,
        "confidence": 0.99,
        "theorems": [{"name": t.name, "label": t.label, "kind": t.kind, "statement": t.statement} for t in statements],
        "problems": [{"name": p.name, "summary": p.summary, "noise": p.oracle.name, "d": p.dimension} for p in made],
        "cells": cells,
        "worst": _worst(t.name for t in statements),
        "table": _table(cells),
    }


def _worst(theorems: Iterable[str]) -> dict[str, dict[str, float]]:
    """bound/measured on the worst instance found for each theorem that has one, certified, and its T."""
    found = {name: worst_of(name) for name in theorems}
    return {name: {"tightness": 1 / e.ratio, "steps": e.steps} for name, e in found.items() if e is not None}


def _text(cell: Mapping[str, Any]) -> str:
    if cell["outcome"] == "not applicable":
        return cell["code"]
    return "✓" if cell["tightness"] is None else _number(cell["tightness"])


def _number(value: float) -> str:
    if value >= MOST:
        return f">{MOST:.0e}".replace("e+", "e")  # what is measured has vanished
    if value >= 1000:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _table(cells: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The matrix as aligned lines of text."""
    names = list(next(iter(cells.values())))
    width = [max(len(n), 14) for n in names]
    left = max(len(t) for t in cells)
    lines = [" " * left + "  " + "  ".join(n.rjust(w) for n, w in zip(names, width, strict=True))]
    for theorem, row in cells.items():
        texts = [f"{_mark(row[n])} {_text(row[n])}".rjust(w) for n, w in zip(names, width, strict=True)]
        lines.append(theorem.ljust(left) + "  " + "  ".join(texts))
    return lines


def _mark(cell: Mapping[str, Any]) -> str:
    return {"holds": "holds", "violated": "VIOLATED", "inconclusive": "unclear", "not applicable": "n.a."}[
        cell["outcome"]
    ]


def _count(numbers: Numbers, outcome: str) -> int:
    return sum(cell["outcome"] == outcome for row in numbers["cells"].values() for cell in row.values())


def claims(numbers: Numbers) -> list[Claim]:
    """No violation; every theorem is met by a problem; every refusal has its reason."""
    cells = [(t, p, cell) for t, row in numbers["cells"].items() for p, cell in row.items()]
    violated = [f"{t} on {p}: {cell['reason']}" for t, p, cell in cells if cell["outcome"] == "violated"]
    idle = [t for t, row in numbers["cells"].items() if all(c["outcome"] == "not applicable" for c in row.values())]
    silent = [f"{t} on {p}" for t, p, cell in cells if cell["outcome"] == "not applicable" and not cell["reason"]]
    below = [
        f"{t} on {p}: {cell['tightness']:.4g}"
        for t, p, cell in cells
        if cell["outcome"] == "holds" and cell["tightness"] is not None and cell["tightness"] < 1 - 1e-9
    ]
    worst = numbers["worst"]
    farther = [
        f"{t}: {worst[t]['tightness']:.3g}, on {p} {cell['tightness']:.3g}"
        for t, p, cell in cells
        if t in worst and cell["tightness"] is not None and not worst[t]["tightness"] < cell["tightness"]
    ]
    return [
        Claim(
            f"no theorem is violated on any problem ({100 * numbers['confidence']:g} % confidence for all together)",
            not violated,
            "; ".join(violated[:3])
            or f"{_count(numbers, 'holds')} hold, {_count(numbers, 'inconclusive')} inconclusive",
        ),
        Claim(
            "every theorem applies to at least one problem",
            not idle,
            "; ".join(idle) or f"{len(numbers['theorems'])} theorems",
        ),
        Claim(
            "where a theorem does not apply the cell gives the reason and no number",
            not silent and all(c["tightness"] is None for *_, c in cells if c["outcome"] == "not applicable"),
            "; ".join(silent[:3]) or f"{_count(numbers, 'not applicable')} cells",
        ),
        Claim(
            "bound/measured is at least 1 wherever a theorem holds",
            not below,
            "; ".join(below[:3]) or f"smallest {_tightest(numbers):.3g}",
        ),
        Claim(
            "the worst instance found for a theorem keeps its bound, and is nearer to it than every problem here",
            bool(worst) and not farther and min(w["tightness"] for w in worst.values()) >= 1,
            "; ".join(farther[:3])
            or f"{len(worst)} theorems, bound/measured {min(_worst_numbers(numbers), default=math.nan):.4g} to "
            f"{max(_worst_numbers(numbers), default=math.nan):.3g}",
        ),
    ]


def _worst_numbers(numbers: Numbers) -> list[float]:
    return [w["tightness"] for w in numbers["worst"].values()]


def _tightest(numbers: Numbers) -> float:
    values = [c["tightness"] for row in numbers["cells"].values() for c in row.values() if c["tightness"] is not None]
    return min(values, default=math.nan)


def caption(numbers: Numbers) -> str:
    """What the cells mean and the counts."""
    counts = ", ".join(f"{_count(numbers, outcome)} {outcome}" for outcome in COLOURS)
    return (
        f"Every theorem of the catalogue on every problem after T = {numbers['steps']} steps with "
        f"{numbers['seeds']} seeds: "
        f"{counts}; {100 * numbers['confidence']:g} % confidence for all cells together. A number is "
        "bound/measured at the "
        f"last T, 1 is tight (smallest {_tightest(numbers):.3g}). Grey cells name the assumption that fails: A1 "
        "bounded "
        "below, A2 bounded gradients, A3 smooth, A4 unbiased, box: the problem is projected, no box: it is not; "
        "✓: holds, but a probability has no such ratio. The last column is bound/measured on the worst "
        "instance that a search found for the theorem, at its own T and hyper-parameters: "
        f"{min(_worst_numbers(numbers)):.4g} to {max(_worst_numbers(numbers)):.3g}; a dot: none is sought."
    )


def draw(canvas: Canvas, numbers: Numbers) -> None:
    """The matrix, theorems down, problems across."""
    rows, columns = numbers["theorems"], numbers["problems"]
    canvas.set_size_inches(9.0, 1.9 + 0.205 * len(rows))
    axes = canvas.add_subplot()
    for y, theorem in enumerate(rows):
        for x, problem in enumerate(columns):
            cell = numbers["cells"][theorem["name"]][problem["name"]]
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=COLOURS[cell["outcome"]], edgecolor="white", linewidth=1))
            grey = cell["outcome"] == "not applicable"
            text = "\n".join(textwrap.wrap(_text(cell), 9)[:2])
            axes.text(
                x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=4.6 if grey else 6.2,
                color="#888888" if grey else "#111111", linespacing=0.85,
            )  # fmt: skip
    last = len(columns) + 0.2  # the worst instances stand apart
    for y, theorem in enumerate(rows):
        worst = numbers["worst"].get(theorem["name"])
        shade = COLOURS["not applicable" if worst is None else "holds"]
        axes.add_patch(Rectangle((last, y), 1, 1, facecolor=shade, edgecolor="white", linewidth=1))
        text = "·" if worst is None else _number(worst["tightness"])
        axes.text(last + 0.5, y + 0.5, text, ha="center", va="center", fontsize=6.2, fontweight="bold")
    axes.set(xlim=(0, last + 1), ylim=(len(rows), 0))
    named = [*(p["name"] for p in columns), "worst found"]
    places = [*(x + 0.5 for x in range(len(columns))), last + 0.5]
    axes.set_xticks(places, named, rotation=40, ha="left", fontsize=7)
    axes.set_yticks([y + 0.5 for y in range(len(rows))], [f"{t['name']}  {t['label']}" for t in rows], fontsize=6.3)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    handles = [Patch(color=COLOURS[key], label=key) for key in COLOURS]
    canvas.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    canvas.suptitle("Theorem × problem: verdict, and bound/measured (1 is tight)", fontsize=10.5)


figure = Figure("summary-matrix", "Every theorem on every problem", compute, claims, draw, caption)
