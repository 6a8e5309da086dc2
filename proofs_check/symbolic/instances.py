"""Lemmas of the package on symbols: a case of given length whose hypothesis is built into the symbols' signs.

beta in (0, 1) is u/(1+u) with u > 0, a number in (0, 1) likewise; an upper bound is met by dividing by 1 + s, s > 0.
What holds for these open ranges holds at their ends by continuity.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from madatheory.arithmetic import arithmetic
from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import Lemma
from proofs_check.evidence import Finding, Status
from proofs_check.symbolic.signs import Expression, identity, inequality, sympy_or_missing, together

Build = Callable[[int], Mapping[str, Any]]


def symbols(names: str) -> Any:
    """Positive symbols."""
    return sympy_or_missing().symbols(names, positive=True)


def sequence(name: str, length: int) -> list[Any]:
    """Positive symbols name1, name2, ..; zero terms follow by continuity."""
    return [symbols(f"{name}{index}") for index in range(1, length + 1)]


def fraction(name: str) -> Expression:
    """A number in (0, 1): u/(1+u)."""
    u = symbols(name)
    return u / (1 + u)


def sides(lemma: Lemma, values: Mapping[str, Any]) -> tuple[Expression, Expression]:
    """Left and right side of a lemma, by its own formulas."""
    xp = arithmetic("sympy")
    return lemma.left(values, xp), lemma.right(values, xp)


def gap(lemma: Lemma, values: Mapping[str, Any]) -> Expression:
    """right - left of a lemma."""
    left, right = sides(lemma, values)
    return right - left


@dataclass(frozen=True)
class Instances:
    """A lemma on sequences of the given `lengths`, all of which must be decided.

    `build` gives the values for a length, `build_false` those for the false variants where their hypothesis differs.
    """

    lemma: str
    build: Build
    lengths: Sequence[int]
    box: str
    build_false: Build | None = None

    def decide(self) -> Finding:
        """Every length, by the lemma's formulas on symbols."""
        found = list_lemmas()[self.lemma]
        return together([_decide(found, self.build(length)) for length in self.lengths])

    def refute(self, name: str) -> Finding:
        """A false variant at the first length at which it fails."""
        false = next(f for f in list_lemmas()[self.lemma].false_variants if f.name == name)
        build = self.build_false or self.build
        for length in self.lengths:
            finding = _decide(false, build(length))
            if finding.status is Status.REFUTED:
                return finding
        return Finding(Status.OPEN, f"{name} is not refuted by short numbers and {len(self.lengths)} lengths")


def _decide(lemma: Lemma, values: Mapping[str, Any]) -> Finding:
    length = max((len(v) for v in values.values() if isinstance(v, list)), default=0)
    at = f"{length} terms, " if length else ""
    if lemma.relation == "==":
        return identity(gap(lemma, values), f"{at}the two sides cancel")
    return inequality(gap(lemma, values), f"{at}right - left has no negative factor")


def _sequence_and_beta2(T: int) -> Mapping[str, Any]:
    return {"x": sequence("x", T), "beta2": fraction("u")}


def _constant_and_beta2(T: int) -> Mapping[str, Any]:
    return {"x": [symbols("x")] * T, "beta2": fraction("u")}


def _growth(T: int) -> Mapping[str, Any]:
    return {**_sequence_and_beta2(T), "eps": symbols("e"), "rho": fraction("s"), "G": symbols("G")}


def _in_range(T: int, gap_of_times: int) -> Mapping[str, Any]:
    """rho = u/((t-1)(1+s)), so that rho (t-1)(1-beta2) <= beta2; whether rho <= 1 does not matter."""
    u, s = symbols("u s")
    return {**_growth(T), "beta2": u / (1 + u), "rho": u / (gap_of_times * (1 + s))}


def _squares(T: int) -> Mapping[str, Any]:
    """x_t with sqrt(x_1 + .. + x_t) = r_1 + .. + r_t."""
    r, terms, root = sequence("r", T), [], 0
    for step in r:
        terms.append((root + step) ** 2 - root**2)
        root = root + step
    return {"x": terms}


def _harmonic(T: int) -> Mapping[str, Any]:
    return {"x": sequence("x", T), "A": sequence("A", T), "B": sequence("B", T)}


def _split(_: int) -> Mapping[str, Any]:
    A, B = symbols("A B")
    return {"A": A, "B": B, "share": fraction("u")}


INSTANCES = (
    *(
        Instances(name, _sequence_and_beta2, range(first, 6), "T <= 5")
        for name, first in (
            ("avgrad-weights", 1),
            ("avgrad-least-weight", 1),
            ("avgrad-largest-weight", 1),
            ("avgrad-sum-nondecreasing", 2),
            ("avgrad-corrected-sum-nondecreasing", 2),
        )
    ),
    *(
        Instances(name, _constant_and_beta2, range(1, 9), "T <= 8")
        for name in ("avgrad-bias-factor", "avgrad-bias-upper", "avgrad-bias-lower")
    ),
    Instances("interpolation-growth", _growth, range(2, 7), "t <= 6"),
    Instances(
        "interpolation-monotone",
        lambda T: _in_range(T, T - 1),
        range(3, 7),
        "3 <= t <= 6",
        lambda T: _in_range(T, T - 2),
    ),
    Instances("decreasing-weights", lambda T: {"a": sequence("a", T)}, range(1, 13), "T <= 12"),
    Instances("ratio-root-sum", _squares, range(1, 5), "T <= 4"),
    Instances("harmonic-split", _split, (0,), ""),
    Instances("harmonic-sums", _harmonic, (1, 2), "T <= 2"),
)
