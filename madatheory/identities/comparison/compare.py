"""`compare`: do two optimizers take the same steps, and if not, what is the smallest difference that explains it?"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from madatheory.defaults import SEARCH
from madatheory.errors import UserError
from madatheory.identities.comparison.accounts import (
    Account,
    ExplainedDifference,
    Observed,
    accounts_of,
    deviations,
    holding,
    least,
)
from madatheory.identities.comparison.cases import CHANGING, ComparedCase, cases
from madatheory.identities.comparison.comparison import OptimizerComparison
from madatheory.identities.comparison.judged import ComparedRun, judge
from madatheory.identities.comparison.program import program
from madatheory.identities.comparison.remedies import remedies
from madatheory.identities.comparison.sides import ComparedSide
from madatheory.identities.comparison.transforms import by_step_size, on_changed_gradients
from madatheory.identities.recognition.observations import Observations
from madatheory.identities.targets.lookup import OptimizerLike, find
from madatheory.identities.targets.target import Target, Tensor
from madatheory.identities.tolerance import unit

MOST = 3
"""Settings changed at once."""
STEP_SIZE = 0.1
"""Of two targets that need a step size and have no default."""
BY_RUNS = "tried: with the change both take the same steps"
BY_RATIO = "the updates are multiples of each other"
BY_REFERENCES = "the recurrences with either reproduce the runs of either side"


def compare(
    a: OptimizerLike,
    b: OptimizerLike,
    *old: object,
    settings: Mapping[str, Any] | None = None,
    limit: float = SEARCH,
) -> OptimizerComparison:
    """Whether two optimizers, of any frameworks, take the same steps on the same gradients; and if not, why not.

    `a` and `b` are whatever `find` takes: a factory, a class, a name such as "optax:adam", a `Target`. Both run from
    the same starts on the same gradients: at their own defaults, on gradients of the size of eps, on matrices, in
    float32, at settings that hide nothing, with weight decay and a changing step size, as far as both have these. A
    difference counts if rounding, measured by slightly changed runs, cannot explain it. Explanations are looked for
    among settings (each tried by running), conventions of the references that `identify` knows, and changes of
    gradients and step sizes; the smallest is kept. `settings` are given to both, by neutral names; a side whose step
    size has no default gets the other's, or 0.1. `limit` is in seconds for the search. Raises `UserError` if a side
    cannot be run, or takes other steps when it is run again.
    """
    if old:
        raise UserError("compare takes two optimizers; compare(task, config, plan) is now called compare_methods")
    if not (isinstance(limit, int | float) and 0 < limit < math.inf):
        raise UserError(f"limit = {limit!r}: give the seconds that the search may take, such as {SEARCH:g}")
    targets = find(a), find(b)
    given = dict(settings or {})
    for name in given:
        if not any(name in target.settable for target in targets):
            known = ", ".join(sorted(targets[0].settable | targets[1].settable)) or "none"
            raise UserError(f"neither side has a setting {name!r}; they have {known}")
    sides = _sides(*targets, given)
    trials = [_Trial(case, *judge(case, *sides)) for case in cases(*targets, given)]
    _check(trials, sides)
    counted = [trial for trial in trials if trial.run.counts and trial.paths is not None]
    shown = next((t for t in counted if t.run.verdict == "differ"), counted[0])
    found = OptimizerComparison(
        targets[0].name,
        targets[1].name,
        (targets[0].framework, targets[1].framework),
        (sides[0].settings, sides[1].settings),
        tuple(trial.run for trial in trials),
        program=program(*sides, shown.case, shown.run),
    )
    return found if found.same else _explained(found, sides, counted, time.monotonic() + limit)


class _Trial(NamedTuple):
    case: ComparedCase
    run: ComparedRun
    paths: tuple[Tensor, Tensor] | None


def _sides(a: Target, b: Target, given: Mapping[str, Any]) -> tuple[ComparedSide, ComparedSide]:
    """Both with what they need: settings of the user's, and a step size."""
    own = [{name: value for name, value in given.items() if name in target.settable} for target in (a, b)]
    for mine, target, other in zip(own, (a, b), (b, a), strict=True):
        if "lr" in target.settable and "lr" not in {**target.defaults, **mine}:
            mine["lr"] = other.defaults.get("lr", STEP_SIZE)
    return ComparedSide(a, own[0]), ComparedSide(b, own[1])


def _check(trials: Sequence[_Trial], sides: Sequence[ComparedSide]) -> None:
    """Refuse what cannot be compared."""
    if all(trial.paths is None for trial in trials if trial.run.counts):
        raise UserError(f"nothing could be run on both: {trials[0].run.problem}")
    trial = next(trial for trial in trials if trial.paths is not None)
    assert trial.paths is not None
    for side, path in zip(sides, trial.paths, strict=True):
        again = side.run(trial.case).path
        if again is None or not np.array_equal(again, path, equal_nan=True):
            raise UserError(
                f"{side.target.name} takes other steps when it is run again, so that nothing can be compared: "
                "give a factory that fixes its seed"
            )


def _explained(
    found: OptimizerComparison, sides: tuple[ComparedSide, ComparedSide], counted: Sequence[_Trial], until: float
) -> OptimizerComparison:
    """With the smallest explanation: what is quick to find first, and no more once a single difference is found."""
    a, b = sides
    tried = [trial.case for trial in sorted(counted, key=lambda trial: trial.run.verdict != "differ")]
    observed = _observed(sides, counted)
    changing = next((run for run in observed if run.a.name == CHANGING), None)
    matrices = all(x.ndim == 2 for trial in counted for x in trial.case.x0)
    observations = [Observations(side.target, matrices) for side in sides]
    best: list[ExplainedDifference] | None = None
    evidence, mended, first, second = "", [], [], []
    for estimate in (False, True):
        accounts = [accounts_of(o, changing and changing[i], estimate) for i, o in enumerate(observations)]
        (first, kind), (second, other) = accounts
        first, kind = holding(first, [run.a for run in observed], kind)
        second, other = holding(second, [run.b for run in observed], other)
        exact = found.precision == "float64" and first and second and kind == other == np.float64
        precision = "float64" if exact else "float32"
        dtype = max((np.float64 if exact else np.float32, kind, other), key=unit)
        likely = _from_accounts(first, second, observed, dtype)
        best, evidence = _smaller(best, evidence, likely, BY_REFERENCES)
        if not mended:
            most = min(len(best), MOST) if best else MOST
            mended = remedies(a, b, tried, precision, _hints(first, second), most, until)
            best, evidence = _smaller(best, evidence, mended[0].differences() if mended else None, BY_RUNS)
        if not estimate and (best is None or len(best) > 1):
            changed = on_changed_gradients(a, b, tried, precision)
            best, evidence = _smaller(best, evidence, changed, BY_RUNS)
            paths = [trial.paths for trial in counted if trial.paths is not None]
            scaled = by_step_size([trial.case for trial in counted], paths)
            best, evidence = _smaller(best, evidence, scaled, BY_RATIO)
        if (best is not None and (len(best) == 1 or (first and second))) or time.monotonic() > until:
            break
    notes = [
        f"{name} follows none of the references{f': {o.problem}' if o.problem else ''}"
        for name, known, o in zip("AB", (first, second), observations, strict=True)
        if not known and (best is None or len(best) > 1)
    ]
    if time.monotonic() > until:
        notes.append("the search for an explanation stopped at its time limit")
    return replace(
        found,
        differences=None if best is None else tuple(best),
        evidence=evidence,
        remedies=tuple(remedy.text() for remedy in mended),
        notes=tuple(notes),
    )


def _smaller(
    best: list[ExplainedDifference] | None, evidence: str, other: list[ExplainedDifference] | None, how: str
) -> tuple[list[ExplainedDifference] | None, str]:
    if other is not None and (best is None or len(other) < len(best)):
        return other, how
    return best, evidence


def _from_accounts(
    first: Sequence[Account], second: Sequence[Account], runs: Sequence[Observed], dtype: Any
) -> list[ExplainedDifference] | None:
    if first and second:
        return least(first, second, runs, dtype)
    if first:
        return next(deviations(first, runs, dtype, forward=True), None)
    return next(deviations(second, runs, dtype, forward=False), None) if second else None


def _hints(first: Sequence[Account], second: Sequence[Account]) -> dict[str, tuple[Any, Any]]:
    """Estimated coefficients of either side."""
    known = [dict(accounts[0].candidate.known) if accounts else {} for accounts in (first, second)]
    return {name: (known[0].get(name), known[1].get(name)) for name in {**known[0], **known[1]}}


def _observed(sides: tuple[ComparedSide, ComparedSide], counted: Sequence[_Trial]) -> list[Observed]:
    """As the references want it, float64 alone: what float32 rounds is no convention."""
    found = []
    for trial in counted:
        if trial.paths is not None and trial.case.dtype == np.float64:
            pair = [side.observed(trial.case, path) for side, path in zip(sides, trial.paths, strict=True)]
            found += map(Observed, *pair)
    return found
