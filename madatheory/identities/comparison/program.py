"""A program of a few lines that runs two targets on few numbers and asserts that they agree."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from madatheory.identities.comparison.cases import ComparedCase
from madatheory.identities.comparison.judged import ComparedRun, judge
from madatheory.identities.comparison.sides import ComparedSide
from madatheory.identities.rollout import literal

SHORT = 3
"""Steps of a program for two targets that are the same."""


def program(a: ComparedSide, b: ComparedSide, case: ComparedCase, found: ComparedRun) -> str:
    """Python code; its last line is an assertion that fails where the two differ."""
    case, found = _short(a, b, case, found)
    lines = ["import numpy as np", "from madatheory import runs_of"]
    for name, side in (("a", a), ("b", b)):
        lines += [*side.target.code.splitlines(), f"run_{name} = runs_of(optimizer)"]
    single = len(case.x0) == 1
    g = np.array([row[0] for row in case.g]) if single else [list(row) for row in case.g]
    lines += [f"x0 = {literal(case.x0[0] if single else list(case.x0))}", f"g = {literal(g)}"]
    for name, side in (("a", a), ("b", b)):
        settings = [f"{key}={value!r}" for key, value in side.given(case).items()]
        mode = [f"mode={case.mode!r}"] if case.mode else []
        call = f"run_{name}" if single else f"run_{name}.many"
        lines.append(f"{name} = {', '.join([f'{call}(x0, g', *mode, *settings])}){'' if single else '[-1]'}")
    if not single:
        at = found.first.tensor if found.first else 0
        lines += [f"a, b = a[{at}], b[{at}]"]
    message = f", 'they differ at step {found.first.step}'" if found.first else ""
    lines += ["print('A', a)", "print('B', b)", f"assert np.allclose(a, b, rtol=0, atol={_margin(found):.1g}){message}"]
    return "\n".join(lines)


def _margin(found: ComparedRun) -> float:
    """A tenth of the first difference; where there is none, ten times the largest."""
    if found.first is None:
        return max(10 * found.largest, 1e-15)
    apart = abs(found.first.x[0] - found.first.x[1])
    return apart / 10 if np.isfinite(apart) else 1e-6


def _short(
    a: ComparedSide, b: ComparedSide, case: ComparedCase, found: ComparedRun
) -> tuple[ComparedCase, ComparedRun]:
    """No more steps, tensors and entries than show the first difference."""
    if found.first is None:
        return _cut(case, case.x0, case.g[:SHORT]), found
    steps, at = found.first.step, found.first.tensor
    entry = tuple(slice(i, i + 1) for i in found.first.entry)
    for part in (entry, ...):
        g = [[None if (whole := row[at]) is None else whole[part]] for row in case.g[:steps]]
        smaller = _cut(case, [case.x0[at][part]], g)
        again, _ = judge(smaller, a, b)
        if again.first is not None and again.verdict == "differ":
            return smaller, again
    return _cut(case, case.x0, case.g[:steps]), found


def _cut(case: ComparedCase, x0: Sequence, g: Sequence) -> ComparedCase:
    if case.mode == "scheduled":
        case = replace(case, settings={**case.settings, "lr": case.settings["lr"][: len(g)]})
    return case.changed(x0, g)
