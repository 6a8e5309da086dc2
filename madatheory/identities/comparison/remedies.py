"""Settings that make one of two black boxes take the steps of the other: tried, not deduced."""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from madatheory.identities.comparison.accounts import ExplainedDifference
from madatheory.identities.comparison.cases import ComparedCase
from madatheory.identities.comparison.judged import same
from madatheory.identities.comparison.sides import ComparedSide

_LEFT_ALONE = ("foreach", "fused", "capturable", "differentiable", "name", "jit", "compile")
"""Arguments that say how something is computed, not what."""

_OFF = ("weight_decay", "momentum")
"""What 0 switches off, as it is in an optimizer that has no such setting."""


class Change(NamedTuple):
    """One setting of one side ("A" or "B"): `neutral` by its neutral name, else by the factory's own."""

    side: str
    name: str
    value: Any
    neutral: bool
    was: Any

    def text(self) -> str:
        """`eps = 1e-07`."""
        return f"{self.name} = {_shown(self.value)}"


class Remedy(NamedTuple):
    """Changes of one side after which both take the same steps in every case that counts."""

    side: str
    changes: tuple[Change, ...]

    def text(self) -> str:
        """In words."""
        return f"{self.side} with {', '.join(change.text() for change in self.changes)}"

    def differences(self) -> list[ExplainedDifference]:
        """As an explanation: what the side has, and what it takes to be the other."""
        found = []
        for change in self.changes:
            was, now = _shown(change.was), _shown(change.value)
            a, b = (was, now) if self.side == "A" else (now, was)
            found.append(ExplainedDifference(change.name, a, b, "setting"))
        return found


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def changes(a: ComparedSide, b: ComparedSide, hints: Mapping[str, tuple[Any, Any]]) -> list[Change]:
    """Single changes worth a try: what the other side has, then what is on or off.

    `hints` are coefficients known of the sides by name, which neither signature tells.
    """
    found: list[Change] = []
    for name, one, other, at in (("A", a, b, 1), ("B", b, a, 0)):
        mine, theirs = ({**s.target.defaults, **s.settings} for s in (one, other))
        theirs |= {k: v[at] for k, v in hints.items() if k not in theirs and v[at] is not None}
        theirs |= {k: 0.0 for k in _OFF if k in mine and k not in theirs and k not in other.target.settable}
        for setting in sorted(one.target.settable & set(theirs)):
            was = mine.get(setting, hints.get(setting, (None, None))[1 - at])
            if setting not in _LEFT_ALONE and theirs[setting] != was:
                found.append(Change(name, setting, theirs[setting], True, was))
    for name, one, other in (("A", a, b), ("B", b, a)):
        if one.target.vary is None:
            continue
        for argument, was in one.target.own.items():
            found += [Change(name, argument, value, False, was) for value in _values(argument, was, other)]
    return list(dict.fromkeys(found))


def _values(argument: str, was: Any, other: ComparedSide) -> Iterator[Any]:
    """What an argument could be instead: the other side's value of that name, the opposite, an end of [0, 1]."""
    if argument in _LEFT_ALONE or callable(was) or isinstance(was, str):
        return
    theirs = other.target.own.get(argument, was)
    if theirs is not was and theirs != was and isinstance(theirs, bool | int | float):
        yield theirs
    if isinstance(was, bool):
        yield not was
    elif isinstance(was, float) and 0 <= was <= 1:
        yield from (end for end in (0.0, 1.0) if end != was)


def applied(side: ComparedSide, made: Sequence[Change]) -> ComparedSide:
    """The side with some changes."""
    own = {change.name: change.value for change in made if not change.neutral}
    if own:
        assert side.target.vary is not None
        side = replace(side, target=side.target.vary(own))
    return side.with_settings({change.name: change.value for change in made if change.neutral})


def remedies(
    a: ComparedSide,
    b: ComparedSide,
    cases: Sequence[ComparedCase],
    precision: str,
    hints: Mapping[str, tuple[Any, Any]],
    most: int,
    until: float,
) -> list[Remedy]:
    """The smallest sets of changes, on either side, that make all cases the same; [] if none of up to `most` does.

    `cases` start with those that differ. The search ends at the time `until`.
    """
    every = changes(a, b, hints)
    for size in range(1, most + 1):
        found = []
        for name, one, other in (("A", a, b), ("B", b, a)):
            for made in itertools.combinations([c for c in every if c.side == name], size):
                if time.monotonic() > until:
                    return found
                if len({c.name for c in made}) == size and _mends(one, other, made, cases, precision):
                    found.append(Remedy(name, made))
        if found:
            return found
    return []


def _mends(
    one: ComparedSide, other: ComparedSide, made: Sequence[Change], cases: Sequence[ComparedCase], precision: str
) -> bool:
    try:
        changed = applied(one, made)
    except (ValueError, TypeError):
        return False
    with np.errstate(all="ignore"):
        return all(same(case, changed, other, precision) for case in cases)
