"""Points at which a right side is compared in two languages: inside a theorem's conditions, ends of ranges too."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from madatheory.arithmetic import Arithmetic
from madatheory.hparams import Parameter
from madatheory.problems.problem import Constant, Constants
from madatheory.report.live_bound import GIVEN, WHOLE, AnyProblem, LiveBound
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting

POINTS = 2000
# what is tried of a range without an end: what a run could have
WIDE = {"T": (1, 10**7), "d": (1, 10**6), "eps": (1e-16, 1e2), "alpha": (1e-6, 1e2), "W": (1e-4, 1e2)}
CLOSE = 1e-6  # to an end that is refused


def _ends(name: str, parameter: Parameter) -> tuple[float, float]:
    low, high = WIDE.get(name, (parameter.low, parameter.high))
    if not np.isfinite(high):
        low, high = max(low, 1e-4), 1e4
    return low + CLOSE * (name not in WIDE and parameter.open_low), high - CLOSE * (
        name not in WIDE and parameter.open_high
    )


def _values(name: str, parameter: Parameter, usual: float, count: int, random: np.random.Generator) -> np.ndarray:
    """Some at the theorem's own value, a tenth at each end, the rest between: with few digits, as they are typed.

    An own value that is an end, such as beta1 = 0, may be the only one that the theorem admits.
    """
    low, high = _ends(name, parameter)
    if low > 0 and high > 1:
        values = np.exp(random.uniform(np.log(low), np.log(high), count))
        values = np.maximum(1, np.round(values)) if name in WHOLE else np.array([float(f"{v:.5g}") for v in values])
    else:  # decays and weights: as often near an end as in the middle
        near = 10.0 ** random.uniform(-6, 0, count)
        values = np.choose(random.integers(0, 3, count), [near, 1 - near, random.uniform(0, 1, count)])
        values = low + (high - low) * np.round(values, 7)
    place, own = random.uniform(size=count), 0.8 if usual in (low, high) and name not in GIVEN else 0.2
    return np.select([place < 0.1, place < 0.2, place < 0.2 + own], [low, high, usual], np.clip(values, low, high))


def draw(live: LiveBound, count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """`count` points, inside the conditions or not."""
    settings = cast(Mapping[str, Any], live.theorem.settings)
    return {
        name: _values(name, p, float(np.ravel(settings.get(name, p.default))[0]), count, random)
        for name, p in live.admitted.items()
        if name in live.inputs
    }


def _problem(point: Mapping[str, float]) -> Any:
    known = {name: Constant(point.get(name, 1.0), "exact", "given", "") for name in ("L", "G", "S", "sigma", "M4")}
    known["distance"] = Constant(point.get("Delta", 1.0), "exact", "given", "")
    constants = Constants(**known, F_star=Constant(0.0, "exact", "given", ""))
    return AnyProblem(None, {}, dimension=point.get("d", 1), gap=point.get("D0", 1.0), constants=constants)


def reasons(live: LiveBound, points: Mapping[str, np.ndarray]) -> list[list[str | None]]:
    """Of every point: what the theorem's own conditions on numbers answer, in Python."""
    by_name = {condition.name: condition for condition in live.theorem.conditions}
    chosen = [by_name[condition.name] for condition in live.conditions]
    read = {name for condition in live.conditions for name in condition.fails.inputs}
    optimizer, problem = live.theorem.method(), _problem({})
    rest = {name: p.default for name, p in optimizer.parameters.items() if name not in points}
    found = []
    for row in zip(*(values.tolist() for values in points.values()), strict=True):
        point = dict(zip(points, row, strict=True))
        setting = Setting(
            _problem(point) if read & set(GIVEN) - {"T"} else problem, optimizer, rest | point, point.get("T", 1.0)
        )
        found.append([condition.reason(setting) for condition in chosen])
    return found


def points_of(live: LiveBound, seed: int, count: int = POINTS) -> dict[str, np.ndarray]:
    """`count` points inside the conditions."""
    random, found = np.random.default_rng(seed), []
    while sum(len(part) for part in found) < count:
        drawn = draw(live, count // 2, random)
        if not drawn:
            return {}
        inside = slice(None) if not live.conditions else [not any(row) for row in reasons(live, drawn)]
        found.append(np.column_stack(list(drawn.values()))[inside])
    return dict(zip(drawn, np.concatenate(found)[:count].T, strict=True))


def expected(live: LiveBound, points: Mapping[str, np.ndarray], xp: Arithmetic, count: int) -> np.ndarray:
    """The right side in NumPy."""
    pinned = live.theorem.method().traits.get("pinned", {})
    known = {name: points[name] for name in Quantities._fields if name in points}
    with np.errstate(all="ignore"):
        values = live.theorem.bound(Quantities(**{**live.theorem.symbols, **pinned, **known}), xp)
    return np.broadcast_to(np.asarray(values, float), (count,))
