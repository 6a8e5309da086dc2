"""Lemmas that z3 decides: unbounded ones whole, those on sequences for a few terms."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import Lemma
from proofs_check.evidence import Check, Finding, Status
from proofs_check.smt.decide import Sizes, decide

Relations = Callable[[Mapping[str, Any]], Sequence[Any]]


@dataclass(frozen=True)
class Question:
    """A lemma for each of `sizes`.

    exactly      relations of the statement itself, where the hypothesis leaves room for rounding
    hints        for a false variant: sizes and numbers among which z3 finds a model
    """

    lemma: str
    sizes: Sequence[Sizes]
    box: str = ""
    exactly: Relations | None = None
    hints: Mapping[str, tuple[Sizes, Mapping[str, Any]]] = field(default_factory=dict)

    def decide(self) -> Finding:
        """All sizes: PROVED only if every one is."""
        lemma, finding = list_lemmas()[self.lemma], Finding(Status.OPEN, "no sizes")
        for size in self.sizes:
            finding = decide(lemma, size, self.exactly)
            if finding.status is not Status.PROVED:
                return replace(finding, detail=f"{size}: {finding.detail}")
        return replace(finding, detail=f"{len(self.sizes)} questions: {finding.detail}" if self.box else finding.detail)

    def refute(self, false: Lemma) -> Finding:
        """A false variant, at the first size that has a model."""
        if false.name in self.hints:
            size, fixed = self.hints[false.name]
            return decide(false, size, self.exactly, fixed)
        finding = Finding(Status.OPEN, "no sizes")
        for size in self.sizes:
            finding = decide(false, size, self.exactly)
            if finding.status is Status.REFUTED:
                return finding
        return finding

    def checks(self) -> Iterable[Check]:
        """The lemma and its false variants."""
        yield Check(self.lemma, self.decide, box=self.box)
        for false in list_lemmas()[self.lemma].false_variants:
            yield Check(self.lemma, partial(self.refute, false), false.name, self.box, True)


def _terms(most: int, least: int = 1, **more: int) -> list[Sizes]:
    return [{"x": T, **more} for T in range(least, most + 1)]


def _squares_bounded(v: Mapping[str, Any]) -> Sequence[Any]:
    """g_t^2 <= G^2, where the hypothesis allows for rounding, and G > 0."""
    return [v["G"] > 0, *[x <= v["G"] ** 2 for x in v["x"]]]


# S_t = (36/25)^(t-1): the left side is 11/6 - (5/6)(5/6)^19 of the root of S_T
_GEOMETRIC = [Fraction(1), *(Fraction(36, 25) ** t - Fraction(36, 25) ** (t - 1) for t in range(1, 20))]
_YOGI = {"v": 0, "x": 0, "beta2": 0, "sign": 0}
_GROWTH = {"G": 0, "eps": 0, "beta2": 0, "rho": 0}

QUESTIONS = (
    Question("harmonic-split", [{"A": 0, "B": 0, "share": 0}]),
    Question("harmonic-sums", [{"x": T, "A": T, "B": T} for T in (1, 2, 3)], "T <= 3"),
    *(Question(f"yogi-{name}", [_YOGI]) for name in ("nonnegative", "increment", "lower")),
    Question("yogi-upper", [{**_YOGI, "M": 0}]),
    Question("interpolation-growth", _terms(6, 2, **_GROWTH), "t <= 6", _squares_bounded),
    Question("interpolation-monotone", _terms(6, 2, **_GROWTH), "t <= 6", _squares_bounded),
    Question("interpolation-monotone-bounded", _terms(6, 2, **_GROWTH), "t <= 6", _squares_bounded),
    Question("avgrad-weights", _terms(8, beta2=0), "T <= 8"),
    Question("avgrad-least-weight", _terms(8, beta2=0), "T <= 8"),
    Question("avgrad-largest-weight", _terms(8, beta2=0), "T <= 8"),
    Question("avgrad-sum-nondecreasing", _terms(8, 2, beta2=0), "T <= 8"),
    Question("avgrad-corrected-sum-nondecreasing", _terms(8, 2, beta2=0), "T <= 8"),
    Question("avgrad-bias-factor", _terms(8, beta2=0), "T <= 8"),
    Question("avgrad-bias-upper", _terms(8, beta2=0), "T <= 8"),
    Question("avgrad-bias-lower", _terms(8, beta2=0), "T <= 8"),
    Question("decreasing-weights", [{"a": T} for T in range(1, 7)], "T <= 6"),
    Question("ratio-root-sum", _terms(4), "T <= 4", hints={"ratio-root-sum-9-5": ({"x": 20}, {"x": _GEOMETRIC})}),
    Question("smoothness-ratio", [{"x": 0, "y": 0}]),
)


def _law(p: Fraction, legs: tuple[int, int], k: Fraction = Fraction(1, 2)) -> tuple[Sizes, Mapping[str, Any]]:
    """Two atoms, 1 with probability p and -s otherwise, s/sqrt(a) = legs[0]/legs[1], a small, w = G = 1.

    a + 1 is a square, and so is a + s^2 for the legs of a Pythagorean triangle: E b alone has an irrational root.
    """
    n, one = 10**5, Fraction(1)
    root = Fraction(2 * n, n * n - 1)
    law = {"p": [p, 1 - p], "g": [one, -root * Fraction(*legs)], "G": one, "a": root**2, "w": one, "k": k}
    return {"p": 2, "g": 2, "G": 0, "a": 0, "w": 0, "k": 0}, law


_ONE_ATOM = {"p": 1, "g": 1, "G": 0, "a": 0, "w": 0, "k": 0}
_ONE = {"p": [Fraction(1)], "g": [Fraction(1)], "G": Fraction(1), "w": Fraction(1), "k": Fraction(1, 2)}
LAWS: Mapping[str, tuple[Sizes, Mapping[str, Any]]] = {
    "decoupling-38": _law(Fraction(366, 1000), (8, 15)),
    "decoupling-halved": _law(Fraction(366, 1000), (8, 15)),
    "decoupling-more": (_ONE_ATOM, _ONE),
    "decoupling-family-ninth": _law(Fraction(1, 6), (20, 21), Fraction(99, 100)),
    "decoupling-published-fifth": _law(Fraction(2735, 10**4), (3, 4)),
}
"""Laws at which false variants of L1 fail; for more than one atom z3 decides L1 at given laws only."""


def laws() -> Iterable[Check]:
    """The false variants of L1, each at a law."""
    for name in ("decoupling", "decoupling-family", "decoupling-published"):
        for false in list_lemmas()[name].false_variants:
            size, fixed = LAWS[false.name]
            yield Check(name, partial(decide, false, size, None, fixed), false.name, "one law", True)
