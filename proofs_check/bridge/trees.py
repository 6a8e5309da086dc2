"""A theorem's chain of inequalities, exactly, over all noise histories of the package's own optimizer."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from madatheory.arithmetic import NUMPY
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.engine.statistic import Statistic
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.store.cache_key import fingerprint
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting, Theorem
from proofs_check.bridge.hostile import PLACES, Field, Grid, fields, grid_of

ROUNDING = 1e-9
Array = np.ndarray
Points = tuple[tuple[str, tuple[float, ...]], ...]


class WorstSetting(NamedTuple):
    """The largest left/right over the settings, where, and the first link that breaks ("" if none does)."""

    ratio: float
    setting: Mapping[str, float]
    broken: str
    settings: int
    histories: int


Tried = tuple[Field, WorstSetting]


def _points(grid: Mapping[str, Sequence[float]]) -> Points:
    return tuple((name, tuple(values)) for name, values in grid.items())


def family(theorem: Theorem) -> str:
    """What theorems about the same method, on the same kind of problem, have in common."""
    return repr((fingerprint(theorem.method()), theorem.label if theorem.label in PLACES else ""))


@dataclass(frozen=True, eq=False)
class Group:
    """One object per method, so that the engine compiles it once, and what all theorems about it measure."""

    method: Optimizer
    statistics: tuple[Statistic, ...]


@cache
def _package_group(key: str) -> Group:
    group = [theorem for theorem in list_theorems().values() if family(theorem) == key]
    named = {s.name: s for theorem in group for s in theorem.statistics}
    return Group(group[0].method(), tuple(named.values()))


class _Same(NamedTuple):
    """Cache key of a theorem compared by identity (it holds mappings); keeps it alive."""

    theorem: Theorem

    def __hash__(self) -> int:
        return id(self.theorem)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.theorem is other.theorem


@lru_cache(maxsize=64)
def _group(same: _Same) -> Group:
    theorem = same.theorem
    if list_theorems().get(theorem.name) is theorem:
        return _package_group(family(theorem))
    return Group(theorem.method(), theorem.statistics)


def group_of(theorem: Theorem) -> Group:
    """The group of a theorem of the package; one of its own for any other."""
    return _group(_Same(theorem))


def tree(theorem: Theorem, field: Field, grid: Mapping[str, Sequence[float]]) -> tuple[xr.Dataset, Optimizer]:
    """Everything that the theorem's chain measures, on every history, after every step."""
    times = (field.steps,) if theorem.at == "final" else tuple(range(1, field.steps + 1))
    group = group_of(theorem)
    return _tree(group, field.problem, times, _points(grid)), group.method


@lru_cache(maxsize=6)  # a theorem and the mistakes planted in it follow each other
def _tree(group: Group, problem: Problem, times: tuple[int, ...], points: Points) -> xr.Dataset:
    measured = {"statistics": group.statistics, "save_at": list(times)}
    return enumerate_tree(problem, group.method, times[-1], settings=dict(points), **measured)


def examine(
    theorem: Theorem, field: Field, grid: Mapping[str, Sequence[float]], chain: Theorem | None = None
) -> WorstSetting:
    """Compare every level with the next, and the left side with the right one, at every setting of the grid.

    `chain` is the theorem whose formulas are checked, if they are not those of `theorem`.
    """
    if not _covered(_Same(theorem), field.problem, field.steps, _points(grid)).any():
        return WorstSetting(0.0, {}, "", 0, 0)
    data, method = tree(theorem, field, grid)
    return compare(theorem, chain or theorem, field, grid, data, method)


def compare(
    theorem: Theorem,
    chain: Theorem,
    field: Field,
    grid: Mapping[str, Sequence[float]],
    data: xr.Dataset,
    method: Optimizer,
) -> WorstSetting:
    """`examine` on a tree that is already measured."""
    names = list(grid)
    mesh = dict(zip(names, np.meshgrid(*grid.values(), indexing="ij"), strict=True)) if names else {}
    shape = tuple(len(grid[name]) for name in names)
    covered = _covered(_Same(theorem), field.problem, field.steps, _points(grid))
    hyper: Mapping[str, Any] = {name: values[..., None, None] for name, values in mesh.items()}
    T = data["t"].values.astype(float)
    q = theorem.quantities(Setting(field.problem, method, hyper, field.steps), T=T)
    levels = _levels(chain, data, q, (*shape, data.sizes["path"], len(T)))
    weights = data["probability"].values
    lows, highs, left, right = _sides(chain, levels, weights, q)
    where = np.broadcast_to(covered[..., None] if chain.kind != "every-path" else covered[..., None, None], left.shape)
    broken = _first_broken(chain, lows, highs, where)
    with np.errstate(all="ignore"):
        ratio = np.where(where & (right > 0), left / right, 0.0)
    worst = np.unravel_index(int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio))), ratio.shape)
    setting = {name: float(mesh[name][worst[: len(shape)]]) for name in names} | {"T": float(T[worst[-1]])}
    return WorstSetting(float(ratio[worst]), setting, broken, int(covered.sum()), int(data.sizes["path"]))


@lru_cache(maxsize=16)
def _covered(same: _Same, problem: Problem, steps: int, points: Points) -> Array:
    """Which settings satisfy the theorem's conditions."""
    method, names = _group(same).method, [name for name, _ in points]
    found = [
        not same.theorem.reasons(Setting(problem, method, dict(zip(names, values, strict=True)), steps))
        for values in itertools.product(*(values for _, values in points))
    ]
    return np.array(found).reshape([len(values) for _, values in points])


def _levels(chain: Theorem, data: xr.Dataset, q: Quantities, shape: tuple[int, ...]) -> Array:
    """Every level on every history: (level, *grid, path, t).

    Not by `evaluate`, which takes one setting at a time and refuses nan: here it refutes the statement.
    """
    measured = {}
    for name, value in data.data_vars.items():
        dims = [dim for dim in value.dims if dim not in ("path", "t")]
        present = value.transpose(*dims, "path", "t").values
        measured[str(name)] = present.reshape(shape)
    with np.errstate(all="ignore"):
        return np.array([np.broadcast_to(level.at(measured, q, NUMPY), shape) for level in chain.chain])


def _sides(chain: Theorem, levels: Array, weights: Array, q: Quantities) -> tuple[Array, Array, Array, Array]:
    """(lower levels, upper levels, left side, right side), as means, per history, or as a probability."""
    if chain.kind == "every-path":
        return levels[:-1], levels[1:], levels[0], levels[-1]
    if chain.kind == "probability":
        # P(left > right) <= p
        chance = np.einsum("...pt,p->...t", ~(levels[0] <= levels[-1]), weights)[None]
        allowed = np.full_like(chance, q.p)
        return chance, allowed, chance[0], allowed[0]
    means = np.einsum("l...pt,p->l...t", levels, weights)
    return means[:-1], means[1:], means[0], means[-1]


def _first_broken(chain: Theorem, lows: Array, highs: Array, where: Array) -> str:
    for i, (low, high) in enumerate(zip(lows, highs, strict=True)):
        slack = ROUNDING * (np.abs(low) + np.abs(high))
        with np.errstate(all="ignore"):
            bad = where & ~(np.isfinite(high) & (low <= high + slack))
        if bad.any():
            name = chain.right.name if chain.kind == "probability" else chain.chain[i + 1].name
            if np.isnan(low[bad]).any() or np.isnan(high[bad]).any():
                return f"{name!r} is not a number, or what should lie below it is none"
            if np.isinf(high[bad]).any():
                return f"{name!r}, which is infinite and says nothing"
            with np.errstate(all="ignore"):
                excess = np.nanmax(np.where(bad, (low - high) / np.maximum(np.abs(high), 1e-300), 0.0))
            return f"{name!r} by {float(excess):.3g} of itself"
    return ""


def tried(theorem: Theorem, chain: Theorem) -> Iterator[Tried]:
    """Every field in turn, on its grid, with the formulas of `chain`."""
    for field in fields(theorem):
        yield field, examine(theorem, field, grid_of(theorem, field), chain)


def search(theorem: Theorem, rounds: int = 1, where: Iterable[tuple[Field, Grid]] | None = None) -> list[Tried]:
    """For every field the worst setting of its grid, then of `rounds` finer grids around it.

    `where` gives fields with their grids; without it those of the package's theorem. Stops at a counterexample.
    """
    found = []
    for field, grid in ((f, grid_of(theorem, f)) for f in fields(theorem)) if where is None else where:
        worst = examine(theorem, field, grid)
        count = worst.settings
        for factor in (2.0, 1.2)[:rounds]:
            if worst.broken or worst.settings == 0:
                break
            finer = examine(theorem, field, _around(grid, worst.setting, factor))
            count += finer.settings
            if finer.broken or finer.ratio > worst.ratio:
                worst = finer
        found.append((field, worst._replace(settings=count)))
        if worst.broken:
            break
    return found


def _around(grid: Mapping[str, Sequence[float]], at: Mapping[str, float], factor: float) -> dict[str, list[float]]:
    """As many values as before, so that nothing is compiled again: alpha and eps from x/factor to x factor, beta1 and
    beta2 up to a part 1/(2 factor) of the way to their ends, the others as they are."""
    near: dict[str, list[float]] = {}
    for name, values in grid.items():
        x, n = at[name], len(values)
        if n > 1 and name in ("alpha", "eps"):
            near[name] = [float(x * factor**power) for power in np.linspace(-1, 1, n)]
        elif n > 1 and name in ("beta1", "beta2"):
            near[name] = np.linspace(x - x / (2 * factor), x + (1 - x) / (2 * factor), n).tolist()
        else:
            near[name] = list(values)
    return near
