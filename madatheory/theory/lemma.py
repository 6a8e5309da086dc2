"""A lemma as an object: an inequality between two formulas, typed once, and a sampler that tries to break it.

Values are a mapping from names to numbers or to sequences of numbers (atoms of a finite law, terms of a sum). The
formulas use operators, Python's `sum` over sequences and the functions of an `Arithmetic`, so that the same lemma runs
on NumPy arrays, SymPy expressions, balls and, where it is algebraic, on the terms of a solver. A sampler that cannot
refute a false variant of its lemma is too weak: the false variants are kept with the lemma.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from madatheory.arithmetic import NUMPY, Arithmetic

Number = Any
Values = Mapping[str, Any]
Side = Callable[[Values, Arithmetic], Number]


@dataclass(frozen=True)
class Lemma:
    """For all values with `hypothesis`: left <= right (or left == right, by `relation`).

    name, label     what commands take: the name of its own, and that of the group ("L1")
    statement       the lemma in words and signs
    source, origin  where it is from; "published" or "new"
    draw            (generator, n) -> n adversarial cases: numbers have shape (n,), sequences (length, n)
    left, right     (values, arithmetic) -> number
    hypothesis      values -> relations (comparisons), all of which must hold
    size            magnitude of the terms that left and right are made of, where they may cancel; rounding errors are a
                    small multiple of it. Default: |left| + |right|
    false_variants  statements of the same kind that are false and that `draw` must refute
    tolerance       relative excess that is granted to rounding
    witness         of a false variant: a case that refutes it
    """

    name: str
    label: str
    statement: str
    source: str
    draw: Callable[[np.random.Generator, int], Values]
    left: Side
    right: Side
    hypothesis: Callable[[Values], Sequence[Any]]
    origin: Literal["published", "new"] = "new"
    relation: Literal["<=", "=="] = "<="
    size: Side | None = None
    tolerance: float = 1e-12
    false_variants: tuple["Lemma", ...] = ()
    witness: Values | None = None

    def admits(self, values: Values) -> np.ndarray:
        """Where the hypothesis holds, one truth value per case (NumPy values)."""
        return np.all(np.broadcast_arrays(*[np.asarray(r, dtype=bool) for r in self.hypothesis(values)]), axis=0)

    def excess(self, values: Values) -> np.ndarray:
        """(left - right)/(|left| + |right| + size) per case, its absolute value for an equality (NumPy values)."""
        left, right = np.asarray(self.left(values, NUMPY)), np.asarray(self.right(values, NUMPY))
        gap = np.abs(left - right) if self.relation == "==" else left - right
        extent = np.abs(left) + np.abs(right) + (0.0 if self.size is None else self.size(values, NUMPY))
        return gap / np.where(extent > 0, extent, 1.0)

    def counterexample(self, values: Values) -> dict[str, Any] | None:
        """The worst admitted case of a draw that breaks the claim by more than `tolerance`, or None."""
        excess = np.where(self.admits(values), self.excess(values), -np.inf)
        excess = np.where(np.isnan(excess), np.inf, excess)
        worst = int(np.argmax(excess))
        return None if excess[worst] <= self.tolerance else case(values, worst)


def case(values: Values, index: int) -> dict[str, Any]:
    """One case of a draw, as plain numbers and lists."""
    return {
        name: value if np.ndim(value) == 0 else np.asarray(value)[..., index].tolist() for name, value in values.items()
    }


def mean(p: Iterable[Number], terms: Iterable[Number]) -> Number:
    """E f = sum p f/sum p for weights p >= 0 that need not add up to 1."""
    weights = list(p)
    return sum(a * b for a, b in zip(weights, terms, strict=True)) / sum(weights)


def second_moments(x: Iterable[Number], beta2: Number) -> list[Number]:
    """v_t = beta2 v_{t-1} + (1-beta2) x_t, v_0 = 0, for x_t = g_t^2."""
    moments, v = [], 0
    for term in x:
        v = beta2 * v + (1 - beta2) * term
        moments.append(v)
    return moments


def partial_sums(x: Iterable[Number]) -> list[Number]:
    """x_1, x_1 + x_2, .."""
    sums, total = [], 0
    for term in x:
        total = total + term
        sums.append(total)
    return sums
