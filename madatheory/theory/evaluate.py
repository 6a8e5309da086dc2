"""The numbers of a statement in one setting: its left side, right sides and almost sure bounds.

A comparison with nan is false, whichever way it is written, so a right side that is no number could pass for one that
holds. What is no real number is therefore refused here, once for all who compare.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from madatheory.arithmetic import NUMPY
from madatheory.blame import Blamed, blame
from madatheory.errors import UserError
from madatheory.hparams import reals
from madatheory.theory.quantities import Number, Quantities
from madatheory.theory.theorem import Formula, Level, Setting, Theorem

_REMEDY = "it takes (.., q, xp), reads q.T, q.D0, .. (see Quantities) and returns real numbers"


def evaluate(
    theorem: Theorem, setting: Setting, data: xr.Dataset, levels: Sequence[Level] | None = None
) -> dict[str, np.ndarray]:
    """The levels of the chain (or those given) by name, (n, times), on a run (seed, t) or a noise tree (path, t).

    A measured level has a value per trajectory and time, each from its own measurements; one of constants has the same
    for all. `UserError` for nan or -inf where all that a level reads is finite, and for what is no real number.
    """
    times, n = data["t"].values, data.sizes["path" if "path" in data.sizes else "seed"]
    measured = {str(name): value.values for name, value in data.data_vars.items()}
    return {
        level.name: _on_trajectories(theorem, level, setting, times, measured, n)
        if level.statistics
        else np.broadcast_to(right_side(theorem, setting, times, level), (n, len(times)))
        for level in (theorem.chain if levels is None else levels)
    }


def right_side(theorem: Theorem, setting: Setting, times: np.ndarray, level: Level | None = None) -> np.ndarray:
    """A level of constants at `times`, by default the a-priori bound: real numbers, or +inf where it says nothing.

    `UserError` for anything else.
    """
    chosen = level or theorem.right
    what = f"the right side {chosen.name!r}"
    return _prior(theorem, setting, times, what, lambda q, xp: chosen.at({}, q, xp), chosen.value)


def largest(theorem: Theorem, level: Level, setting: Setting, times: np.ndarray) -> np.ndarray:
    """The almost sure bound `highest` of a level at `times`: finite and not negative, else `UserError`.

    It may be inf where the level has a bound on its second moment.
    """
    what = f"`highest` of level {level.name!r}"
    with blame("", level.highest or level.value):
        if level.highest is None:
            raise UserError(f"theorem {theorem.name!r}: {what} is missing: give the almost sure bound of its value")
        values = _prior(theorem, setting, times, what, level.highest, level.highest)
        bad = ~((values >= 0) & ((values < np.inf) | (level.second_moment is not None)))
        if bad.any():
            found = f"{what} is {values[bad][0]:g} at T = {times[bad][0]}"
            raise UserError(f"theorem {theorem.name!r}: {found}: give a finite number >= 0")
        return values


def second_moment(theorem: Theorem, level: Level, setting: Setting, times: np.ndarray) -> np.ndarray:
    """The bound on E value^2 of a level at `times`, inf where there is none; negative: `UserError`."""
    if level.second_moment is None:
        return np.full(len(times), np.inf)
    what = f"`second_moment` of level {level.name!r}"
    values = _prior(theorem, setting, times, what, level.second_moment, level.second_moment)
    if not np.all(values >= 0):
        raise UserError(f"theorem {theorem.name!r}: {what} is {values.min():g}: give a number >= 0")
    return values


def _on_trajectories(
    theorem: Theorem, level: Level, setting: Setting, times: np.ndarray, measured: Mapping[str, np.ndarray], n: int
) -> np.ndarray:
    """A measured level on n trajectories, (n, times)."""
    what = f"level {level.name!r}"

    def on(chosen: slice) -> np.ndarray:
        # its own copies: what it changes nobody else sees
        own = {s.name: np.array(measured[s.name][chosen]) for s in level.statistics if s.name in measured}
        whole = all(np.all(np.isfinite(value)) for value in own.values())
        values = _call(theorem, setting, times, what, lambda q, xp: level.at(own, q, xp), level.value)
        shape = (len(range(n)[chosen]), len(times))
        if np.shape(values) != shape:
            raise UserError(
                f"theorem {theorem.name!r}: {what} has shape {np.shape(values)}: give a value per trajectory and time, "
                f"{shape}, from what it measures"
            )
        with blame("", level.value):
            return _real(theorem, what, values, shape, times, allow_nan=not whole)

    values = on(slice(None))
    if not np.allclose(on(slice(1)), values[:1], rtol=1e-9, atol=0, equal_nan=True):
        with blame("", level.value):
            raise UserError(
                f"theorem {theorem.name!r}: {what} mixes trajectories: its value on one must come from that one alone, "
                "for means over trajectories are taken of it"
            )
    return values


def failure_probability(theorem: Theorem, setting: Setting) -> float:
    """The p of a statement about a probability; `UserError` outside (0, 1)."""
    p = theorem.quantities(setting).p
    if not isinstance(p, int | float | np.number) or not 0 < p < 1:
        raise UserError(
            f"theorem {theorem.name!r}: p = {p!r}: give a failure probability in (0, 1) among its `symbols`"
        )
    return float(p)


def _prior(
    theorem: Theorem, setting: Setting, times: np.ndarray, what: str, formula: Formula, written: Callable[..., Number]
) -> np.ndarray:
    """A formula of constants at `times`; `written` is the function that whoever stated it has written."""
    values = _call(theorem, setting, times, what, formula, written)
    with blame("", written):
        return _real(theorem, what, values, (len(times),), times)


def _call(
    theorem: Theorem, setting: Setting, times: np.ndarray, what: str, formula: Formula, written: Callable[..., Number]
) -> Any:
    q: Quantities = theorem.quantities(setting, T=times.astype(float))
    try:
        with np.errstate(all="ignore"), blame(f"theorem {theorem.name!r}, {what}", written, _REMEDY):
            return formula(q, NUMPY)
    except (TypeError, Blamed) as error:
        if setting.problem.constants is not None or not isinstance(error.__cause__ or error, TypeError):
            raise
        raise UserError(
            f"{theorem.name} needs L, G or F_star, which {setting.problem.name} does not have: "
            "add STOCHASTIC_SMOOTH, or A1 .. A4 that it uses, to its conditions"
        ) from error


def _real(
    theorem: Theorem, what: str, values: object, shape: tuple[int, ...], times: np.ndarray, *, allow_nan: bool = False
) -> np.ndarray:
    """`values` as floats of `shape`, whose last axis is `times`."""
    array = reals(values)
    if array is None:
        raise UserError(f"theorem {theorem.name!r}: {what} is {values!r}, which is no real number: correct its formula")
    try:
        array = np.broadcast_to(array, shape)
    except ValueError:
        raise UserError(
            f"theorem {theorem.name!r}: {what} has shape {array.shape}: give {' or '.join(map(str, {(), shape}))}"
        ) from None
    bad = np.isnan(array) | (array == -np.inf)
    if bad.any() and not allow_nan:
        first = tuple(np.argwhere(bad)[0])
        raise UserError(
            f"theorem {theorem.name!r}: {what} is {array[first]:g} at T = {times[first[-1]]}: "
            "correct its formula, or add the condition under which it is a number"
        )
    return array
