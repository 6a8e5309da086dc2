"""How far rounding alone may move a path: measured on the optimizer itself, not guessed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities.identity import Violation
from madatheory.identities.rollout import Runs
from madatheory.identities.targets.target import Misbehaved, Target, Unusable
from madatheory.identities.tolerance import close, equal, path_tolerance, unit

_STEP = 2.0**-30  # large against float64's rounding, small against every gradient
_UNKNOWN = 1e4  # 1/(1-beta) where no decay is known: decays up to 0.9999
OPERATIONS = 16  # roundings of one update outside its recurrences: corrections, root, quotient, products


LIFT = 2.0**80
"""A size of gradients at which no usual eps is felt, and whose squares are far from overflow in float64."""


def without_eps(run: Runs, g: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    """Settings and gradients at which eps is not felt: eps = 0, or gradients `LIFT` times as large if it cannot be set.

    For statements that do not depend on the gradients' scale.
    """
    return ({"eps": 0.0}, g) if "eps" in run.target.settable else ({}, LIFT * g)


def once(run: Runs) -> dict[str, Any]:
    """The execution mode for settings that are run once: operation by operation where compiling would take longer.

    Branches and loops are compiled anew in every step that is not compiled as a whole.
    """
    return {"mode": mode} if (mode := mode_once(run.target, run.settings)) else {}


def mode_once(target: Target, settings: Mapping[str, Any]) -> str:
    """`numpy` where there is this mode, else `eager`, or "" where a step is compiled in any case."""
    if "numpy" in target.modes:
        return "numpy"
    if "eager" not in target.modes:
        return ""
    if target.start not in _BRANCHING:
        try:
            stepper = target.begin([np.zeros(3), np.zeros((3, 2))], settings)
            _BRANCHING[target.start] = bool(getattr(stepper, "branches", bool)())
        except (Misbehaved, Unusable):  # it takes no matrices, or no vectors
            _BRANCHING[target.start] = True
    return "" if _BRANCHING[target.start] else "eager"


_BRANCHING: WeakKeyDictionary[Callable[..., Any], bool] = WeakKeyDictionary()


def condition(run: Runs) -> float:
    """max 1/(1-beta) of the known decays: what subtracting beta or beta^t from 1 magnifies rounding by."""
    names = [name for name in ("beta1", "beta2", "beta3", "momentum") if name in run.target.defaults]
    values = [float(run.value(name)) for name in names]
    return max([1.0, *(1 / (1 - value) for value in values if value < 1)]) if values else _UNKNOWN


def rounding(
    run: Runs, x0: np.ndarray, g: np.ndarray, dtype: DTypeLike, path: np.ndarray, **settings: Any
) -> np.ndarray:
    """A bound on |path - the same in exact arithmetic| when every operation rounds to `dtype`; shape of the path.

    A recurrence over T steps is backward stable: its rounding is that of gradients off by (2T + 2) unit. What such
    gradients do is measured: each g_t is changed by a factor 1 + 2^-30, and the changes of x add up. Where a sign or a
    comparison is decided by rounding, the measured change is large, and so is the bound. To this come `OPERATIONS`
    roundings of each step, magnified by `condition`, and one of every iterate.
    """
    moved = np.zeros(path.shape)
    for t in np.flatnonzero(np.any(g.reshape(len(g), -1) != 0, axis=1)):
        other = g.copy()
        other[t] *= 1 + _STEP
        moved += np.abs(run(x0, other, **settings) - path)
    steps = len(g)
    return (2 * steps + 2) * unit(dtype) / _STEP * moved + path_tolerance(path, x0, dtype, OPERATIONS, condition(run))


def near(
    run: Runs,
    got: np.ndarray,
    expected: np.ndarray,
    what: str,
    x0: np.ndarray,
    g: np.ndarray,
    dtype: DTypeLike = np.float64,
    **settings: Any,
) -> None:
    """|got - expected| <= 2 `rounding`, where `expected` is the float64 path of run(x0, g): both may be off.

    What is nearer than rounding without any amplification needs no measurement. Where that is not enough, the precision
    that the optimizer computes in is measured, too (`inner`): float64 parameters may be updated in bfloat16.
    """
    for allowed in (
        lambda: path_tolerance(expected, x0, dtype, OPERATIONS),
        lambda: 2 * rounding(run, x0, g, dtype, expected, **settings),
    ):
        with suppress(Violation):
            return close(got, expected, allowed(), what)
    return close(got, expected, inner(run, x0, g, dtype, expected, **settings), what)


def inner(run: Runs, x0: np.ndarray, g: np.ndarray, dtype: DTypeLike, path: np.ndarray, **settings: Any) -> np.ndarray:
    """2 `rounding` in the precision that the optimizer computes in, if that is coarser than `dtype`; shape of the path.

    A factor 1 +- 2^-k on every gradient moves x_t by an amount proportional to 2^-k as long as 2^-k is felt. In float32
    2^-30 is not, and in bfloat16 2^-14 is not: then the amount is 0, or that of a rounding. Steps of one size, whose
    signs feel nothing, show no precision.
    """
    signs = np.where(np.indices(g.shape).sum(axis=0) % 2, 1.0, -1.0)

    def felt(k: int) -> np.ndarray:
        return np.abs(run(x0, g * (1 + 2.0**-k * signs), **settings) - path) * 2.0**k

    plain = felt(4)
    size, found = plain.max(initial=0.0), unit(dtype)
    if size and not run.traits.get("sign step", False):
        for k, finer, coarser in ((30, np.float64, np.float32), (14, np.float32, ml_dtypes.bfloat16)):
            if found <= unit(finer) and not size / 4 <= felt(k).max(initial=0.0) <= 4 * size:
                found = unit(coarser)
    parts = path_tolerance(path, x0, dtype, OPERATIONS, condition(run))
    return 2 * found / unit(dtype) * parts + 2 * (2 * len(g) + 2) * found * np.maximum.accumulate(plain)


def alike(
    run: Runs, got: np.ndarray, expected: np.ndarray, what: str, x0: np.ndarray, g: np.ndarray, **settings: Any
) -> None:
    """The same arithmetic in another arrangement: bit for bit; to rounding where a compiler arranges it anew.

    XLA contracts products and sums differently for other shapes and programs: then `near`.
    """
    if "compiled" not in run.target.abilities:
        return equal(got, expected, what)
    return near(run, got, expected, what, x0, g, **settings)
