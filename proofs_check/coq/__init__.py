"""What Coq proves: for any dimension and number of steps, over finite probability spaces.

A claim is PROVED when its file checks, when all theorems together rest on no more than the axioms of the classical
reals, and when the theorem's statement, read from the file, is the package's: both are computed on the same cases.
"""

from collections.abc import Iterable
from functools import cache, partial

from madatheory.theory.catalogue import list_lemmas, list_theorems
from proofs_check.coq import build, mutants, sources
from proofs_check.coq.claims import CLAIMS, CoqClaim
from proofs_check.evidence import Check, Finding, Status
from proofs_check.statements import Statement, statements
from proofs_check.tenth import NO_CONSTANT, TENTH, tenth_of_lemma, tenth_of_theorem

TOGETHER = True
SECONDS = 150.0


def checks() -> Iterable[Check]:
    """Every claim, and every planted mistake."""
    for claim in CLAIMS:
        yield Check(claim.statement, partial(_claimed, claim), claim.part, claim.box)
    for claim in CLAIMS:
        if claim.statement not in NO_CONSTANT and claim.values is not None and not claim.part:
            yield Check(claim.statement, partial(_sees_a_tenth, claim), TENTH, false=True)
    for mutant in mutants.MUTANTS:
        yield Check(mutant.statement, partial(_refused, mutant), mutant.words, false=True)


def not_applicable(statement: Statement) -> str:
    """Why there is no Coq theorem of the whole of a statement."""
    if any(claim.statement == statement.name and not claim.part for claim in CLAIMS):
        return ""
    return _REASONS.get(statement.label) or _REASONS.get(statement.name, "")


def _claimed(claim: CoqClaim) -> Finding:
    from proofs_check.coq.drift import agreement

    residual = agreement(claim)
    _sound()
    words = f"{claim.module}.v, Theorem {claim.theorem}"
    if statements()[claim.statement].false:
        return Finding(Status.REFUTED, f"the theorem is a counterexample: {words}", _WITNESSES[claim.statement])
    if residual is not None:
        words += "; the same numbers as the package's statement"
    return Finding(Status.PROVED, words, residual=residual)


def _sees_a_tenth(claim: CoqClaim) -> Finding:
    """REFUTED where the comparison with the theorem's formula tells the package's from a tenth of it."""
    from proofs_check.coq.drift import Drifted, agreement

    name = claim.statement
    cut = tenth_of_lemma(list_lemmas()[name]) if name in list_lemmas() else tenth_of_theorem(list_theorems()[name])
    try:
        agreement(claim, said=cut)
    except Drifted as error:
        return Finding(Status.REFUTED, "not the formula that is proved", str(error))
    return Finding(Status.OPEN, f"the same numbers as {claim.name}")


def _sound() -> None:
    """Everything is built, assumes only the classical reals, and Check.v leaves no theorem out."""
    if problem := _unsound():
        raise build.DoesNotCheck(problem)


@cache
def _unsound() -> str:
    for name, text in sources.modules().items():
        if words := sources.suspicious(text):
            return f"{name}.v contains {', '.join(words)}"
    if sources.modules()[build.CHECK] != build.check_source():
        return "Check.v is stale: python -m proofs_check.coq"
    try:
        build.axioms()
    except build.DoesNotCheck as error:
        return str(error)
    return ""


def _refused(mutant: mutants.Mutant) -> Finding:
    said = mutants.refusal(mutant)
    if not said:
        return Finding(Status.PROVED, f"{mutant.module}.v still checks with {mutant.new!r} for {mutant.old!r}")
    return Finding(Status.REFUTED, f"{mutant.module}.v does not check with it: {said}", f"{mutant.old} -> {mutant.new}")


_WITNESSES = {
    "amsgrad-published-weights": "beta_t = 1/(2t), g = 1, 0: sqrt 2/(1 - 1/4) < 1/(1 - 1/2), any eps, alpha and beta2",
    "yogi-below-largest-square": "beta2 = 1/3, g = 1, 1: v_2 = 4/3",
    "hypergradient-convex-in-rho": "F(x) = x, gradients 1 and 1, beta2 = 15/17, eps = 0, rho = 0, 29/60, 1",
    "kingma-ba-step-bound": "beta1 = .9, beta2 = .99, g = 5, 6: step 1.0002 alpha",
}
_ENCLOSED = "a supremum over the real line or a norm of data: enclosures decide it"
_REFUTED = "refuted by a computed path, not by a theorem"
# by label, or by name where a label has several kinds of statements
_REASONS = {
    "T10": "one path of a closed form; computed elsewhere",
    "A1-A3": _ENCLOSED,
    "3": "an expectation over an infinite past, which finite trees do not contain",
    "interpolation-rate-hindsight-rho": _REFUTED,
    "safeguarded-rate-hindsight-alpha": _REFUTED,
    "safeguarded-rate-hindsight-beta1": _REFUTED,
    "safeguarded-rate-numerator": _REFUTED,
}
