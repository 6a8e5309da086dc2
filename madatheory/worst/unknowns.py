"""What a search may choose besides the function: hyper-parameters, and the units L and G, inside stated ranges."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madatheory.errors import UserError, unknown
from madatheory.hparams import Parameter
from madatheory.optimizers.update import PARAMETERS
from madatheory.theory.theorem import Setting, Theorem

UNITS = ("L", "G")
"""F -> c F and x -> c x make any L and G of 1 and 1; so both are 1 unless they are set, or free."""
USUAL = ("alpha", "eps", "beta2", "beta1")
"""What is free unless it is said what is."""
_DECAYS = ("beta1", "beta2", "beta3", "beta1_lion", "beta2_lion")


@dataclass(frozen=True)
class Range:
    """The values `low`..`high` of one unknown, searched on a scale: "log", "linear", or "decay", ln(1 - value)."""

    low: float
    high: float
    scale: str

    def at(self, place: Any, xp: Any) -> Any:
        """The value at `place` in [0, 1]; `xp` is numpy or jax.numpy."""
        if self.scale == "linear":
            return self.low + (self.high - self.low) * place
        if self.scale == "decay":
            low, high = math.log(1 - self.high), math.log(1 - self.low)
            return 1 - xp.exp(high + (low - high) * place)
        return xp.exp(math.log(self.low) + (math.log(self.high) - math.log(self.low)) * place)

    def __str__(self) -> str:
        return f"{self.low:.6g}:{self.high:.6g}"


# in units L = G = 1; wider ranges change no ratio that was found by more than its third digit
KNOWN: Mapping[str, Range] = {
    "alpha": Range(math.exp(-10), math.exp(10), "log"),
    "eps": Range(math.exp(-12), math.exp(14), "log"),
    "beta1": Range(0.0, 1 - math.exp(-6), "decay"),
    "beta2": Range(0.0, 1 - math.exp(-12), "decay"),
    "beta3": Range(0.0, 1 - math.exp(-6), "decay"),
    "W": Range(math.exp(-6), math.exp(6), "log"),
    "L": Range(math.exp(-8), math.exp(8), "log"),
    "G": Range(math.exp(-8), math.exp(8), "log"),
}


def parse_free(texts: Sequence[str] | None) -> tuple[str, ...] | None:
    """The entries of `--free alpha,eps=0.1:1`, which may be repeated; None where it is not given, () for "none"."""
    if not texts:
        return None
    names = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    return () if names == ["none"] else tuple(names)


def _written_range(name: str, text: str, parameter: Parameter) -> Range:
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise UserError(f"--free {name}={text}: write {name}=low:high, two numbers") from None
    parameter.refuse(f"--free {name}", [low, high])
    if not low < high:
        raise UserError(f"--free {name}={text}: the range is empty; give low < high, or fix it: --set {name}={low:g}")
    scale = "decay" if name in _DECAYS else "log" if low > 0 else "linear"
    return Range(low, high, scale)


def _range_of(name: str, parameter: Parameter) -> Range:
    """The range of a free unknown: a known one where it is admitted, else what its declaration bounds."""
    known = KNOWN.get(name) if name in UNITS or parameter.low == getattr(PARAMETERS.get(name), "low", None) else None
    if known is not None and parameter.low <= known.low and known.high <= parameter.high:
        return known
    if not (math.isfinite(parameter.low) and math.isfinite(parameter.high)):
        raise UserError(f"--free {name}: no range is known for it; write --free {name}=low:high")
    inset = 1e-3 * (parameter.high - parameter.low)
    low = parameter.low + inset * parameter.open_low
    return Range(low, parameter.high - inset * parameter.open_high, "linear")


@dataclass(frozen=True)
class Unknowns:
    """The free unknowns with their ranges, in order, and the others' values; `L` and `G` are among them."""

    ranges: Mapping[str, Range]
    fixed: Mapping[str, float]

    @property
    def size(self) -> int:
        """How many are free."""
        return len(self.ranges)

    def at(self, places: Any, xp: Any) -> dict[str, Any]:
        """All values, the free ones at `places` in [0, 1]."""
        free = {name: one.at(place, xp) for (name, one), place in zip(self.ranges.items(), places, strict=True)}
        return {**self.fixed, **free}


def unknowns_of(
    theorem: Theorem, setting: Setting, settings: Mapping[str, float], free: Sequence[str] | None
) -> Unknowns:
    """The unknowns of a search: `free` names them, "name" or "name=low:high"; None means the usual ones.

    The usual ones are alpha, eps, beta1 and beta2 where the method has them, `settings` do not fix them, and no
    condition of the theorem does. `UserError` for a name that the method does not have, and for one without a range.
    """
    parameters = {**setting.optimizer.parameters, **{unit: Parameter(1.0, 0, open_low=True) for unit in UNITS}}
    for name in settings:
        if name not in parameters:
            raise unknown(f"hyper-parameter of {setting.optimizer.name}", str(name), parameters)
    given = setting.optimizer.hyper({**theorem.settings, **{k: v for k, v in settings.items() if k not in UNITS}})
    values = {name: _one(name, value, parameters[name]) for name, value in given.items()}
    values |= {unit: _one(unit, settings.get(unit, 1.0), parameters[unit]) for unit in UNITS}
    ranges: dict[str, Range] = {}
    if free is None:
        names = [n for n in USUAL if n in given and n not in settings]
        ranges = {name: _range_of(name, parameters[name]) for name in names}
        ranges = {name: one for name, one in ranges.items() if _admitted(theorem, setting, values, name, one)}
    for text in free or ():
        name, equals, written = text.partition("=")
        if name not in parameters:
            raise unknown(f"free hyper-parameter of {setting.optimizer.name}", name, parameters)
        if name in settings:
            raise UserError(f"--free {name}: it is fixed too, {name} = {settings[name]:g}; choose one of the two")
        if name in ranges:
            raise UserError(f"--free {name}: it is given twice")
        one = _written_range(name, written, parameters[name]) if equals else _range_of(name, parameters[name])
        if not _admitted(theorem, setting, values, name, one):
            raise UserError(f"--free {name}: {theorem.name} holds for {name} = {values[name]:g} alone; leave it out")
        ranges[name] = one
    return Unknowns(ranges, {name: value for name, value in values.items() if name not in ranges})


def _one(name: str, value: Any, parameter: Parameter) -> float:
    if np.ndim(value):
        raise UserError(f"{name} = {value!r:.60}: give one value; to search it, --free {name}=low:high")
    parameter.refuse(name, value)
    return float(value)


def _admitted(theorem: Theorem, setting: Setting, values: Mapping[str, float], name: str, one: Range) -> bool:
    """Whether the theorem applies at some value of the range other than the fixed one."""
    if name in UNITS:
        return True
    hyper = {key: value for key, value in values.items() if key not in UNITS}
    tried = [one.at(place, np) for place in (0.1, 0.35, 0.6, 0.85)]
    return any(not theorem.reasons(setting._replace(hyper={**hyper, name: float(value)})) for value in tried)
