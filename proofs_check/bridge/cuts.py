"""Which constants of a theorem are cut to a tenth: its right side, and what is typed in it and compared nowhere else.

A formula that is compared with a proved one (Coq) has every constant tested there.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache

import numpy as np

from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Theorem
from proofs_check.bridge.literals import Place, literals_of, with_one_cut
from proofs_check.coq.claims import COMPARED
from proofs_check.coq.drift import draw_symbols
from proofs_check.tenth import TENTH, tenth_of_theorem, with_right

_POINTS = 500


@cache
def points() -> Quantities:
    """Values of all symbols, to compare right sides at."""
    rng = np.random.default_rng(0)
    drawn = [draw_symbols(rng, {"p": (0.01, 0.5), "gamma": (0, 1), "beta3": (0, 1)}) for _ in range(_POINTS)]
    return Quantities(**{name: np.array([float(one[name]) for one in drawn]) for name in drawn[0]})


def literals(theorem: Theorem) -> Mapping[Place, float]:
    """The constants of a right side, in the order of files and lines."""
    with np.errstate(all="ignore"):
        return dict(sorted(literals_of(theorem.right.value, points()).items()))


def stronger(theorem: Theorem, place: Place) -> bool:
    """Whether the right side falls anywhere if that constant is a tenth."""
    with np.errstate(all="ignore"):
        cut = with_one_cut(theorem.right.value, place)({}, points(), NUMPY)
        return bool(np.any(cut < theorem.bound(points(), NUMPY) * (1 - 1e-9)))


@cache
def _tested_by_comparison() -> frozenset[Place]:
    return frozenset(place for name in COMPARED & set(list_theorems()) for place in literals(list_theorems()[name]))


@cache
def cuts(name: str) -> Mapping[str, Theorem]:
    """The theorem of this name with one thing cut to a tenth, by what that is."""
    theorem = list_theorems()[name]
    found = {TENTH: tenth_of_theorem(theorem)}
    if name in COMPARED:
        return found
    places = {place: x for place, x in literals(theorem).items() if place not in _tested_by_comparison()}
    words = [f"a tenth of {abs(Fraction(x).limit_denominator(1000))}" for x in places.values()]
    for number, (place, word) in enumerate(zip(places, words, strict=True), 1):
        if stronger(theorem, place):
            what = word if words.count(word) == 1 else f"{word} (no. {number})"
            found[what] = with_right(theorem, with_one_cut(theorem.right.value, place))
    return found
