"""The package's own optimizers on exact noise trees: every level of every theorem's chain, and what refutes claims.

Expectations are exact up to rounding, but the settings are samples: a theorem is SUPPORTED here, never proved.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from madatheory.problems.catalogue import ProblemEntry
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Theorem
from proofs_check.bridge import hindsight, two_steps
from proofs_check.bridge.cuts import cuts
from proofs_check.bridge.hostile import Field
from proofs_check.bridge.kills import CAUGHT
from proofs_check.bridge.places import everywhere
from proofs_check.bridge.planted import plant
from proofs_check.bridge.trees import Tried, WorstSetting, family, search, tried
from proofs_check.evidence import Check, Finding, Status
from proofs_check.statements import Statement
from proofs_check.tenth import UNSEEN_ON_TREES

TOGETHER = True  # one process, so that a method is compiled once for all theorems about it
SECONDS = 70

_TWO_STEPS = {
    "kingma-ba-step-bound": two_steps.kingma_ba,
    "amsgrad-published-weights": two_steps.published_weights,
    "yogi-below-largest-square": two_steps.yogi,
    "hypergradient-convex-in-rho": two_steps.learned_rho,
}
_REASONS = {
    "reddi-drift": "about a stationary law, not about a run of finite length",
    "adam-rests-at-the-mean": "about a stationary law, not about a run of finite length",
    **dict.fromkeys(
        ("adam-rests-only-if-symmetric", "adam-rest-shift"),
        "about the mean step at a point, not about a run; a test enumerates it",
    ),
    "problem-constants": "about functions, not about runs",
    "data-constants": "about functions, not about runs",
    **dict.fromkeys(
        ("avgrad-weighted-logarithm", "avgrad-rate-weight-growth"),
        "its noise depends on the point, which trees do not have; a test has all sign paths",
    ),
    "avgrad-rate-logarithm": "begins after more steps than any tree has; a test runs a sample of paths",
}


def checks() -> Iterable[Check]:
    """Every theorem and the mistakes planted in it, methods in turn; then the refutations."""
    for theorem in sorted(list_theorems().values(), key=family):
        yield Check(theorem.name, partial(_support, theorem))
        yield from _mistakes(theorem)
    for name, decide in _TWO_STEPS.items():
        yield Check(name, decide)
    for name in hindsight.EXAMPLES:
        yield Check(name, partial(hindsight.refute, name))


def _mistakes(theorem: Theorem) -> Iterator[Check]:
    for mistake in CAUGHT.get(theorem.name, ()):
        yield Check(theorem.name, partial(_catch, theorem, mistake), part=mistake, false=True)
    for what in cuts(theorem.name):
        unseen = what in UNSEEN_ON_TREES.get(theorem.name, ())
        part = f"unseen: {what} passes" if unseen else what
        yield Check(theorem.name, partial(_catch_cut, theorem, what), part, false=not unseen)


def of_user(theorem: Theorem, problems: Sequence[ProblemEntry]) -> Check:
    """The search for a counterexample of a theorem that is not the package's, wherever one may be."""
    return Check(theorem.name, lambda: _judged(search(theorem, where=everywhere(theorem, problems))))


def _support(theorem: Theorem) -> Finding:
    return _judged(search(theorem))


def _judged(found: Sequence[Tried]) -> Finding:
    """SUPPORTED with the largest left/right; REFUTED where a level exceeds the next one."""
    settings = sum(worst.settings for _, worst in found)
    if not settings:
        return Finding(Status.OPEN, "no setting satisfies its conditions")
    histories = max(worst.histories for _, worst in found)
    field, top = max(found, key=lambda pair: pair[1].ratio)
    detail = f"{settings} settings, up to {histories} histories each; largest {_ratio(field, top)}"
    for field, worst in found:
        if worst.broken:
            at = f"; {_ratio(field, worst)}" if worst.ratio > 1 else ""
            return Finding(Status.REFUTED, detail, f"{field.name}: {worst.broken}{at}")
    return Finding(Status.SUPPORTED, detail, residual=top.ratio - 1)


def _ratio(field: Field, worst: WorstSetting) -> str:
    where = ", ".join([field.name, *(f"{name} = {value:.3g}" for name, value in worst.setting.items())])
    return f"left/right {worst.ratio:.4f} at {where}"


def _catch(theorem: Theorem, mistake: str) -> Finding:
    wrong = plant(theorem, mistake)
    assert wrong is not None, f"{theorem.name} has no level for {mistake!r}"
    return _caught(theorem, wrong)


def _catch_cut(theorem: Theorem, what: str) -> Finding:
    return _caught(theorem, cuts(theorem.name)[what])


def _caught(theorem: Theorem, wrong: Theorem) -> Finding:
    """REFUTED where the mistake breaks a level on one of the trees."""
    for field, worst in tried(theorem, wrong):
        if worst.broken:
            return Finding(Status.REFUTED, "on an exact tree", f"{field.name}: {worst.broken}")
    return Finding(Status.OPEN, "not caught on any tree")


def not_applicable(statement: Statement) -> str:
    """Why there is no check of the whole of `statement`; "" where there is one."""
    if statement.kind in ("theorem", "refutation"):
        return ""
    return _REASONS.get(statement.name, "about single steps or sums: its use in every chain is checked here")
