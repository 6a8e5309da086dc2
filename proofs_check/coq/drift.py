"""The Coq statements beside the package's: the same numbers on the same cases, or `Drifted`."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.lemma import Lemma, case
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Theorem
from proofs_check.coq.claims import DRAWN, CoqClaim
from proofs_check.coq.theorem import CoqTheorem, application, statement

TOLERANCE = 1e-9
_SEED = 20260720
_SIGN = {"<=": "<=", "==": "="}


class Drifted(Exception):
    """A theorem does not say what the package's statement says."""


def agreement(claim: CoqClaim, cases: int = 30, said: Lemma | Theorem | None = None) -> float | None:
    """The largest relative difference between a claim's theorem and the package's statement; `Drifted` if above 1e-9.

    Compared are both sides of a lemma, the right side of a theorem, and the hypotheses: wherever the package's hold,
    Coq's must. None where the claim has nothing to compute. `said` is compared in the place of the package's statement.
    """
    theorem = statement(claim.module, claim.theorem) if claim.values else None
    if theorem is None:
        return None
    package = said or {**list_lemmas(), **list_theorems()}[claim.statement]
    compare = _lemma if isinstance(package, Lemma) else _rate
    return max(compare(claim, theorem, cases, package))


def _close(claim: CoqClaim, what: str, coq: float, package: float, size: float, where: Mapping[str, Any]) -> float:
    difference = 0.0 if coq == package else abs(coq - package) / size
    if not difference <= TOLERANCE:
        values = {name: value for name, value in where.items() if not callable(value)}
        numbers = f"its {what} is {coq:.17g}, the package's {package:.17g}"
        raise Drifted(f"{claim.name} is not {claim.statement}: {numbers}, at {values}")
    return difference


def _lemma(claim: CoqClaim, theorem: CoqTheorem, cases: int, lemma: Any) -> Iterator[float]:
    rng, done = np.random.default_rng(_SEED), 0
    if theorem.relation != _SIGN[lemma.relation]:
        raise Drifted(f"{claim.name} says {theorem.relation}, {lemma.name} {lemma.relation}")
    for _ in range(20):
        drawn = lemma.draw(rng, cases)
        for index in np.flatnonzero(np.broadcast_to(lemma.admits(drawn), (cases,))):
            one = case(drawn, int(index))
            given = _values(claim, one)
            if not theorem.admits(given, max((len(v) for v in one.values() if isinstance(v, list)), default=0)):
                raise Drifted(f"{claim.name} does not cover what {lemma.name} admits: {one}")
            left, right = float(lemma.left(one, NUMPY)), float(lemma.right(one, NUMPY))
            size = abs(left) + abs(right) + (0.0 if lemma.size is None else float(lemma.size(one, NUMPY)))
            coq = theorem.sides(given)
            yield _close(claim, "left side", coq[0], left, size, one)
            yield _close(claim, "right side", coq[1], right, size, one)
            done += 1
            if done == cases:
                return
    raise Drifted(f"{lemma.name}: only {done} admitted cases drawn, {cases} wanted")


def _rate(claim: CoqClaim, theorem: CoqTheorem, cases: int, rate: Any) -> Iterator[float]:
    rng = np.random.default_rng(_SEED)
    for _ in range(cases):
        symbols = draw_symbols(rng, claim.ranges)
        given = _values(claim, symbols)
        if not theorem.admits(given):
            raise Drifted(f"{claim.name} does not cover {symbols}")
        package = float(rate.bound(Quantities(**symbols), NUMPY))
        right = application(theorem.left, claim.bound) if claim.bound else theorem.right
        yield _close(claim, "right side", theorem.value(right, given), package, abs(package), symbols)


def _values(claim: CoqClaim, one: Mapping[str, Any]) -> Mapping[str, Any]:
    assert claim.values is not None
    return claim.values(one)


def draw_symbols(rng: np.random.Generator, ranges: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Values of a bound's symbols: uniform in the logarithm where the interval is above 0, T and d integers."""
    found: dict[str, float] = {}
    for name, (low, high) in {**DRAWN, **ranges}.items():
        value = math.exp(rng.uniform(math.log(low), math.log(high))) if low > 0 else float(rng.uniform(low, high))
        found[name] = round(value) if name in ("T", "d") else value
    return found
