"""Random and optimizing search: every lemma, every planted mistake, T10's steps, and claims known to be wrong.

A search that finds nothing says SUPPORTED, never more; what it finds is confirmed with 60 digits and shortened.
"""

from collections.abc import Iterable
from functools import partial
from math import inf

from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.lemma import Lemma
from proofs_check.evidence import Check, Finding, Status
from proofs_check.falsify import constants, steps
from proofs_check.falsify.climb import Budget, search
from proofs_check.falsify.precise import precise_excess, refutes, shrink, written
from proofs_check.statements import Statement
from proofs_check.tenth import NO_CONSTANT, TENTH, tenth_of_lemma

SECONDS = 24.0
TOGETHER = False


def decide(lemma: Lemma) -> Finding:
    """REFUTED with a short counterexample, or SUPPORTED with the largest excess that was met."""
    worst = search(lemma)
    detail = f"{worst.tried} cases, draws and climbs from the worst"
    if worst.excess == -inf:
        return Finding(Status.OPEN, f"{detail}; none of them satisfies the hypothesis")
    if worst.excess == inf:
        return Finding(Status.OPEN, f"{detail}; a side is no number", written(worst.case))
    if worst.excess > lemma.tolerance and refutes(lemma, worst.case):
        short = shrink(lemma, worst.case)
        return Finding(Status.REFUTED, detail, written(short), precise_excess(lemma, short))
    if worst.excess > lemma.tolerance:
        exact = precise_excess(lemma, worst.case)
        return Finding(Status.SUPPORTED, f"{detail}; beyond the tolerance in floats only", "", exact)
    return Finding(Status.SUPPORTED, detail, "", worst.excess)


def _longest_step(name: str, less: bool) -> Finding:
    lemma = steps.as_lemma(list_theorems()[name])
    return _in_floats(steps.less(lemma) if less else lemma)


def _in_floats(lemma: Lemma) -> Finding:
    """As `decide`, for what runs in float64 alone: the tolerance allows for its rounding."""
    worst = search(lemma, Budget(children=256))  # as many as a draw has cases: one compilation
    detail = f"{worst.tried} paths of {steps.STEPS} steps of the package's optimizer, with their hyper-parameters"
    if worst.excess > lemma.tolerance:
        return Finding(Status.REFUTED, detail, written(worst.case), worst.excess)
    return Finding(Status.SUPPORTED, detail, "", worst.excess)


def checks() -> Iterable[Check]:
    """One search per lemma, per false variant of it, and per step-size theorem; refuted rows; constants."""
    for lemma in list_lemmas().values():
        yield Check(lemma.name, partial(decide, lemma))
        if lemma.name not in NO_CONSTANT:
            yield Check(lemma.name, partial(decide, tenth_of_lemma(lemma)), TENTH, false=True)
        for false in lemma.false_variants:
            yield Check(lemma.name, partial(decide, false), false.name, false=True)
    for theorem in steps.step_size_theorems():
        box = f"T <= {steps.STEPS}"
        yield Check(theorem.name, partial(_longest_step, theorem.name, False), box=box)
        yield Check(theorem.name, partial(_longest_step, theorem.name, True), "97/100 of the bound", box, True)
    yield Check("problem-constants", constants.search)
    yield Check("problem-constants", partial(constants.search, 0.999), "constants times 999/1000", false=True)
    yield Check("kingma-ba-step-bound", steps.kingma_ba)
    yield Check("yogi-below-largest-square", steps.yogi_below_largest_square)


_REASONS = {
    "decoupling-least-constant": "says that a law exists; balls evaluates one, and no search can add to it",
    "decoupling-largest-factor": "says that a law exists for every K; balls evaluates one",
    **dict.fromkeys(
        ("adam-rests-only-if-symmetric", "adam-rest-shift"),
        "says that a beta2 exists for every law, not how near to 1 it is",
    ),
    "data-constants": "norms of fixed matrices: there is nothing to search over; balls encloses them",
    **dict.fromkeys(
        ("reddi-drift", "adam-rests-at-the-mean"),
        "an identity between expectations over an infinite past: samples would carry the larger error",
    ),
}


def not_applicable(statement: Statement) -> str:
    """Why a statement is not searched."""
    if statement.name in _REASONS:
        return _REASONS[statement.name]
    if statement.name in {check.statement for check in checks()}:
        return ""
    if statement.kind == "theorem":
        return "about whole runs on whole problems: bridge searches it, where expectations are exact on noise trees"
    if statement.kind == "refutation":
        return "needs a choice of coefficients at every step of a run: bridge runs its counterexample"
    return "there is no finite case to draw"
