"""Hyper-parameters tuned against the worst case: min over h of V(h), with V(h) the worst left side of a theorem.

V(h) is the supremum of the left side, (1/T) sum E|grad F|^2 say, over functions of one dimension with L = G = 1 and
F(x_0) - inf F <= D0, after T steps of the theorem's method at hyper-parameters h. The minimum is sought by alternation
(Remez; also "cutting planes"): functions are kept in a pool; h is where the pool's worst is least, on a grid; what is
worst at h is searched and joins the pool, until that is no worse than the pool. A value is a worst one *found*: V(h) is
at least so much, and certified to be.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.theory.theorem import Level, Theorem
from madatheory.worst.certificate import Certificate, Refused, TracedRun, certify, traced_run
from madatheory.worst.evolution import trials
from madatheory.worst.instance import Instance, with_exact_constants
from madatheory.worst.resisting import ResistingOracle
from madatheory.worst.unknowns import Range, Unknowns

Array = Any
Report = Callable[[int, int], None]
_STEEPNESS = 1000  # V grows more slowly with D0 than this power, so that it does not pay to exceed D0
_INSIDE = 1 - 1e-6
_SETTLED = 1 + 5e-4  # what is worse than the pool by less ends the alternation
_ROUNDS = 60
_PLACES = 4  # points of the grid that are searched at once, for each case
_PARENTS, _GENERATIONS, _LAST = 8, 25, 75  # candidates and generations of a search, and of the last, per unknown
_FEWEST = 32  # candidates
_BATCH = 512


def left_side(theorem: Theorem, D0: float) -> Theorem:
    """The statement "left side <= 1 where F(x_0) - inf F <= D0": its left/right is the left side, there."""

    def right(measured: Any, q: Any, xp: Any) -> Any:
        return xp.maximum(q.D0 / (D0 * _INSIDE), xp.rational(1, 1)) ** _STEEPNESS

    level = Level(f"1 where F(x_0) - inf F <= {D0:g}", "", right)
    return replace(theorem, name=f"{theorem.name}-left-side", chain=(theorem.left, level))


class TunedPoint(NamedTuple):
    """Hyper-parameters, the worst left side that was found there, and the numbers of its function in the oracle."""

    hyper: Mapping[str, float]
    worst: float
    function: np.ndarray


class WorstLeftSide:
    """Worst left sides of `theorem`'s method after `steps` steps, at the points of a grid of hyper-parameters.

    `grid` gives the values of the hyper-parameters that differ; the others are the theorem's. `noise` as in
    `madatheory.worst.search.worst_case`.
    """

    def __init__(
        self,
        theorem: Theorem,
        steps: int,
        D0: float,
        grid: Mapping[str, Sequence[float]],
        *,
        noise: str = "none",
        seed: int = 0,
    ) -> None:
        self.statement, self.steps, self._D0 = left_side(theorem, D0), steps, D0
        self._run: TracedRun | None = None
        self._grid = {name: np.asarray(values, float) for name, values in grid.items()}
        ends = {name: (float(v.min()), float(v.max())) for name, v in self._grid.items()}
        self._ranges = {name: Range(low, high, "linear") for name, (low, high) in ends.items() if low < high}
        own = theorem.optimizer().hyper(theorem.settings)
        fixed = {**own, **{name: low for name, (low, _) in ends.items()}, "L": 1.0, "G": 1.0}
        unknowns = Unknowns(self._ranges, {n: v for n, v in fixed.items() if n not in self._ranges})
        self._oracle = ResistingOracle(self.statement, steps, unknowns, noise)
        self._size = self._oracle.size - unknowns.size
        self._rng = np.random.default_rng(seed)
        self._values = jax.jit(jax.vmap(self._oracle.ratio))
        self._pool = np.zeros((0, self._size))

    def _place(self, hyper: Mapping[str, float]) -> np.ndarray:
        """The oracle's numbers for these hyper-parameters."""
        shares = [(hyper[name] - one.low) / (one.high - one.low) for name, one in self._ranges.items()]
        return np.arcsin(2 * np.clip(shares, 0, 1) - 1)

    def _left(self, places: np.ndarray, functions: np.ndarray) -> np.ndarray:
        """The left side (over the steep right side) at places with functions, (.., numbers) each, broadcast."""
        shape = np.broadcast_shapes(places.shape[:-1], functions.shape[:-1])
        numbers = [np.broadcast_to(a, (*shape, a.shape[-1])).reshape(-1, a.shape[-1]) for a in (places, functions)]
        flat = np.concatenate(numbers, axis=1)
        full = np.pad(flat, ((0, -len(flat) % _BATCH), (0, 0)), mode="edge")
        with jax.enable_x64(True):
            found = [np.asarray(self._values(jnp.asarray(full[i : i + _BATCH]))) for i in range(0, len(full), _BATCH)]
        return np.nan_to_num(np.concatenate(found)[: len(flat)].reshape(shape))

    def worst_at(self, points: Sequence[Mapping[str, float]], generations: int = _LAST) -> list[TunedPoint]:
        """The worst that is found at each of these points, by differential evolution; it joins the pool.

        `generations` are per unknown. A point need not be of the grid, but lies within its ranges.
        """
        places, n = np.array([self._place(point) for point in points]), max(_PARENTS * self._size, _FEWEST)
        starts = [self._oracle.start(self._rng)[-self._size :] for _ in range(n * len(points))]
        functions = np.array(starts).reshape(len(points), n, self._size).transpose(0, 2, 1)
        if len(self._pool):
            order = np.argsort(-self._left(places[:, None], self._pool[None]), axis=1)[:, : n // 4]
            functions[:, :, : order.shape[1]] = self._pool[order].transpose(0, 2, 1)
        reached = self._left(places[:, None], functions.transpose(0, 2, 1))
        for _ in range(generations * self._size):
            tried = trials(functions, reached, self._rng)
            values = self._left(places[:, None], tried.transpose(0, 2, 1))
            better = values > reached
            functions, reached = np.where(better[:, None], tried, functions), np.where(better, values, reached)
        best = np.argmax(reached, axis=1)
        found = [functions[i, :, k] for i, k in enumerate(best)]
        self._pool = np.concatenate([self._pool, found])
        return [TunedPoint(dict(p), float(reached[i, best[i]]), found[i]) for i, p in enumerate(points)]

    def tuned(
        self, cases: Sequence[Mapping[str, float]], report: Report = lambda done, total: None
    ) -> list[TunedPoint]:
        """For each case, values of the grid that it fixes: where on the rest of the grid the worst found is least."""
        values = np.array(list(product(*self._grid.values())))
        points = [dict(zip(self._grid, map(float, row), strict=True)) for row in values]
        places = np.array([self._place(point) for point in points])
        fixed = [{list(self._grid).index(name): value for name, value in case.items()} for case in cases]
        of_case = [np.flatnonzero(np.all([values[:, k] == v for k, v in one.items()], axis=0)) for one in fixed]
        highest, known, found = np.zeros(len(points)), 0, dict[int, TunedPoint]()
        least, settled = [int(one[len(one) // 2]) for one in of_case], dict[int, float]()
        for done in range(_ROUNDS):
            open_ = [k for k, i in enumerate(least) if highest[i] > settled.get(i, -1.0) * _SETTLED]
            if not open_:
                break
            report(done, _ROUNDS)
            before = highest
            chosen = [i for k in open_ for i in self._beside(least[k], of_case[k], highest)]
            for i, answer in zip(chosen, self.worst_at([points[i] for i in chosen], _GENERATIONS), strict=True):
                if i not in found or answer.worst > found[i].worst:
                    found[i] = answer
            highest = np.maximum(highest, self._left(places[:, None], self._pool[None, known:]).max(axis=1))
            known = len(self._pool)
            searched = [least[k] for k in open_]
            settled |= {i: highest[i] for i in searched if highest[i] <= before[i] * _SETTLED}
            least = [int(one[np.argmin(highest[one])]) for one in of_case]
        last = self.worst_at([points[i] for i in least])
        return [max(found.get(i, one), one, key=lambda t: t.worst) for i, one in zip(least, last, strict=True)]

    def _beside(self, first: int, among: np.ndarray, highest: np.ndarray) -> list[int]:
        """A point, and some of those with the lowest values beside it."""
        low = among[np.argsort(highest[among], kind="stable")]
        low = low[low != first][: max(len(low) // 6, _PLACES)]
        return [first, *map(int, self._rng.choice(low, _PLACES - 1, replace=False))]

    def instance(self, found: TunedPoint) -> Instance:
        """The function of an answer with its exact constants."""
        place = np.concatenate([self._place(found.hyper), found.function])
        _, shape = self._oracle.found(place)
        hyper = {**self.statement.optimizer().hyper(self.statement.settings), **found.hyper}
        return with_exact_constants(self.statement, self.steps, hyper, shape)

    def certified(self, found: TunedPoint) -> Certificate:
        """An enclosure of the left side of an answer; `UserError` as of `certify`, and where F(x_0) - inf F > D0."""
        instance = self.instance(found)
        if instance.D0 > self._D0:
            raise Refused(f"F(x_0) - inf F = {instance.D0!r} is more than D0 = {self._D0!r}")
        if self._run is None:
            self._run = traced_run(instance)
        return certify(instance, self._run)
