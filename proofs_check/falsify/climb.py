"""A search for a counterexample of a lemma: adversarial draws, then a climb from the worst of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madatheory.theory.lemma import Lemma, Values, case

Array = np.ndarray

SMALLEST, LARGEST = 1e-60, 1e12  # numbers of a climb stay within: beyond them products over- and underflow
NEAREST = 1e-3  # to 1: nearer, differences such as 1 - beta2^t lose digits; the draws go nearer where that is allowed


@dataclass(frozen=True)
class Budget:
    """How long to search: `draws` of `cases` each; from the `starts` worst, `rounds` of `children` changed copies."""

    draws: int = 40
    cases: int = 256
    starts: int = 5
    rounds: int = 40
    children: int = 192


@dataclass(frozen=True)
class WorstCase:
    """The case with the largest excess that was met, and among how many."""

    excess: float
    case: dict[str, Any]
    tried: int


def excesses(lemma: Lemma, values: Values) -> Array:
    """The excess of every case; -inf where the hypothesis fails, inf where the formulas give no number."""
    with np.errstate(all="ignore"):
        excess = np.where(lemma.admits(values), lemma.excess(values), -np.inf)
    return np.where(np.isnan(excess), np.inf, excess)


def random_search(lemma: Lemma, budget: Budget, seed: int = 0) -> Iterator[WorstCase]:
    """The worst case of each draw."""
    for number in range(budget.draws):
        with np.errstate(all="ignore"):
            values = lemma.draw(np.random.default_rng([seed, number]), budget.cases)
        excess = excesses(lemma, values)
        worst = int(np.argmax(excess))
        yield WorstCase(float(excess[worst]), case(values, worst), budget.cases)


def _factors(rng: np.random.Generator, shape: tuple[int, ...], together: Array, size: Array) -> Array:
    """exp(size z), z normal; one z for all terms of a sequence where `together`."""
    z = rng.normal(size=shape)
    z = np.where(together, z.reshape(-1, shape[-1])[0], z)
    return np.exp(size * z)


def changed(rng: np.random.Generator, start: Values, n: int) -> dict[str, Array]:
    """n copies of a case with some of its numbers changed, the first as it is.

    A number is multiplied, or its distance to 1 is; the changes are of all sizes from 1e-7 to 3. Sometimes it becomes
    0, or the largest of its sequence, or changes its sign.
    """
    names = list(start)
    size, near_one = 10 ** rng.uniform(-7, 0.5, n), rng.random(n) < 0.3
    chosen, together = rng.integers(len(names) + 2, size=n), rng.random(n) < 0.3
    found = {}
    for index, name in enumerate(names):
        value = np.asarray(start[name], dtype=float)
        copies = np.repeat(value[..., None], n, axis=-1)
        factor = _factors(rng, copies.shape, together, size)
        inner = near_one & (copies > 0) & (copies < 1)
        multiplied = np.where(
            (copies < 1) & (copies * factor < 1), np.minimum(copies * factor, 1 - NEAREST), copies * factor
        )
        moved = np.where(inner, 1 - np.maximum((1 - copies) * factor, NEAREST), multiplied)
        largest = np.abs(copies).max(axis=0) if value.ndim else np.abs(copies)
        leap = rng.random(copies.shape)
        moved = np.where(leap < 0.02, 0.0, np.where(leap < 0.04, largest, np.where(leap < 0.06, -copies, moved)))
        few = together | (rng.random(copies.shape) < np.maximum(1.5 / max(1, value.size), rng.random(n) ** 2))
        active = few & ((chosen == index) | (chosen >= len(names)))
        active[..., 0] = False
        moved = np.where(active, moved, copies)
        found[name] = np.sign(moved) * np.clip(np.abs(moved), np.where(moved == 0, 0, SMALLEST), LARGEST)
    return found


def climb(lemma: Lemma, start: WorstCase, budget: Budget, seed: int = 0) -> WorstCase:
    """The best of `children` changed copies replaces the case, `rounds` times; stops at a counterexample."""
    rng, best, tried = np.random.default_rng([seed, 1]), start, 0
    for _ in range(budget.rounds):
        values = changed(rng, best.case, budget.children)
        excess = excesses(lemma, values)
        excess = np.where(np.isfinite(excess), excess, -np.inf)  # out of the range of floats, not out of the lemma
        tried += budget.children
        at = int(np.argmax(excess))
        if excess[at] > best.excess:
            best = WorstCase(float(excess[at]), case(values, at), 0)
        if best.excess > lemma.tolerance:
            break
    return WorstCase(best.excess, best.case, tried)


def _varied(met: Sequence[WorstCase]) -> list[WorstCase]:
    """Those of different lengths first: one term is often a case of equality, from which nothing climbs."""
    seen: set[tuple[int, ...]] = set()
    first, rest = [], []
    for worst in met:
        lengths = tuple(np.size(value) for value in worst.case.values())
        (rest if lengths in seen else first).append(worst)
        seen.add(lengths)
    return first + rest


def search(lemma: Lemma, budget: Budget | None = None, seed: int = 0) -> WorstCase:
    """Draws, then climbs from the worst of different draws; the worst case of all. Stops at a counterexample."""
    budget = budget or Budget()
    met: list[WorstCase] = []
    for worst in random_search(lemma, budget, seed):
        met.append(worst)
        if worst.excess > lemma.tolerance:
            break
    tried = sum(worst.tried for worst in met)
    met.sort(key=lambda worst: worst.excess, reverse=True)
    best, met = met[0], _varied(met)
    for number, start in enumerate(met[: budget.starts]):
        if best.excess > lemma.tolerance or not np.isfinite(start.excess):
            break
        higher = climb(lemma, start, budget, seed + number)
        tried += higher.tried
        if higher.excess > best.excess:
            best = higher
    return WorstCase(best.excess, best.case, tried)
