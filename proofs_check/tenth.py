"""Is a constant tested? A tenth of every right side is a planted mistake; what no method refutes is declared here."""

from collections.abc import Mapping
from dataclasses import replace

from madatheory.theory.lemma import Lemma
from madatheory.theory.theorem import Theorem, Value

TENTH = "a tenth of the right side"
UNTESTED: Mapping[str, tuple[str, ...]] = {}
"""Cuts that pass every check, by statement: only a proof on paper stands for these constants."""
UNSEEN_ON_TREES: Mapping[str, tuple[str, ...]] = {
    "adagrad-momentum-published": (TENTH,),
    "adam-momentum-published": (TENTH,),
    **UNTESTED,
}
"""Cuts that pass on every exact tree: T3 and T4 lose more than a factor of 10 wherever they are tried. A tree that
refutes one of them makes the run fail until it is removed here."""


def remark(statement: str) -> tuple[str, str]:
    """What `madatheory list theorems NAME` adds: the entry point `untested` of the group `madatheory.remarks`."""
    return "untested, because it passes every check:", ", ".join(UNTESTED.get(statement, ()))


# one side is 0, so that a tenth of the right side says the same
NO_CONSTANT = ("interpolation-monotone", "interpolation-monotone-bounded", "yogi-nonnegative")


def tenth_of_lemma(lemma: Lemma) -> Lemma:
    """The lemma with a tenth of its right side."""
    return replace(lemma, right=lambda v, xp: lemma.right(v, xp) / 10)


def with_right(theorem: Theorem, value: Value) -> Theorem:
    """The theorem with another right side."""
    return replace(theorem, chain=(*theorem.chain[:-1], replace(theorem.right, value=value)))


def tenth_of_theorem(theorem: Theorem) -> Theorem:
    """The theorem with a tenth of its right side."""
    return with_right(theorem, lambda m, q, xp: theorem.right.value(m, q, xp) / 10)
