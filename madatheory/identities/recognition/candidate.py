"""A reference with all its switches set, and how exactly a run of a target agrees with it."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities.recognition.family import Arguments, Family, From, Switch
from madatheory.identities.recognition.recurrences import steps
from madatheory.identities.tolerance import path_tolerance, unit

SEQUENCES: Mapping[str, tuple[float, ...]] = {
    "cancelling": (-6, 2, -6, 2, -6, 2, -6, 2, -6, 2, -6, 2),
    "growth": (0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16),
    "shrinking": (-16, -16, -8, -8, -4, -4, -2, -2, -1, -1, -0.5, -0.5),
    "zero prefix": (0, 0, 0, 2, 2, -1, 2, 2, -1, 2, 2, -1),
    "zeros between": (2, 0, 0, -1, 0, 0, 3, 0, 0, -1.5, 0, 0),
    "constant": (1.5,) * 12,
    "plain": (1.25, -0.75, 2, 0.5, -1.75, 1.125, -0.625, 0.875, 1.5, -2.25, 0.375, -1.0),
    "plain, negated start": (-2.5, -1.125, 0.75, -0.375, 1.875, 2.25, -1.625, 0.5, -0.875, 1.25, -2, 0.625),
}
"""Gradients, one coordinate each: dyadic numbers aimed at where conventions differ."""
X0 = np.array([1.0, -2.0, 0.5, 1.5, -0.75, 2.0, -1.25, 0.625])
G = np.array(list(SEQUENCES.values())).T
OPERATIONS = 4 * len(G) + 16
"""Roundings between an input and an update: an average rounds thrice a step (weight, product, sum) and its power once,
for 12 steps; corrections, root, quotient, step size and decay make up the rest, with their weights 1 - beta."""
FEW = 8
"""The same in bfloat16, where more would hide what the format can show."""


_UPDATES: dict[Any, np.ndarray] = {}
_KEPT = 20_000
"""Updates of references that were run already: targets with the same settings share them; 8 kB each."""


@dataclass(frozen=True)
class Observation:
    """A run of the target: x_1 .. x_T as `path` (T, n), under `settings`; `values` are all known hyper-parameters."""

    name: str
    settings: Mapping[str, Any]
    values: Mapping[str, float]
    x0: np.ndarray
    g: np.ndarray
    path: np.ndarray

    @cached_property
    def updates(self) -> np.ndarray:
        """x_t - x_{t-1}."""
        return steps(self.path, self.x0)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Of the updates."""
        return np.abs(self.updates)

    @cached_property
    def expected(self) -> dict[Any, np.ndarray | None]:
        """Updates of references on these gradients, by what they depend on besides."""
        return {}

    @cached_property
    def allowed(self) -> dict[Any, np.ndarray]:
        """Tolerances of references on these gradients, likewise."""
        return {}


class FirstDeviation(NamedTuple):
    """The first update that differs."""

    run: str
    sequence: str
    step: int
    got: complex
    expected: complex


@dataclass(frozen=True)
class Candidate:
    """`labels` has one option per switch of the family; `known` are hyper-parameters that had to be estimated."""

    family: Family
    labels: tuple[str, ...]
    step_size: str = "constant"
    known: Mapping[str, float] = field(default_factory=dict)
    extra: Arguments = field(default_factory=dict)

    def arguments(self, values: Mapping[str, float]) -> dict[str, Any] | None:
        """Arguments of the reference; None if a hyper-parameter is unknown."""
        values, made = {**values, **self.known}, {}
        for argument, names in self.family.hyper.items():
            name = next((name for name in names if name in values), None)
            if name is not None:
                made[argument] = values[name]
            elif argument not in self.family.optional:
                return None
        made |= {name: values[name] for name in self.family.fitted if name in values}
        if any(name not in made for name in self.family.fitted):
            return None
        for switch, label in zip(self.family.switches, self.labels, strict=True):
            made |= switch.options[label]
        if any(isinstance(value, From) and value not in values for value in made.values()):
            return None
        made = {name: values[value] if isinstance(value, From) else value for name, value in made.items()}
        if not self.family.plain and values.get("weight_decay"):
            made["weight_decay"] = values["weight_decay"]
        return {**made, **self.extra}

    def unknown(self, values: Mapping[str, float], optional: bool = False) -> tuple[str, ...]:
        """Neutral names of the hyper-parameters that the recurrence needs, or can have, and `values` lacks."""
        missing = [
            names[0]
            for argument, names in self.family.hyper.items()
            if (argument not in self.family.optional or (optional and argument != "eps_root"))
            and not any(name in values for name in names)
        ]
        return tuple(missing) + tuple(name for name in self.family.fitted if name not in values)

    def updates(self, observation: Observation) -> np.ndarray | None:
        """The recurrence's own updates; None if a hyper-parameter is unknown."""
        if self.known or self.extra:
            return self._found(observation)
        choice = (self.family.name, self.labels, self.step_size)
        if choice not in observation.expected:
            observation.expected[choice] = self._found(observation)
        return observation.expected[choice]

    def _found(self, observation: Observation) -> np.ndarray | None:
        arguments = self.arguments(observation.values)
        if self.family.matrices and observation.x0.ndim != 2:
            return None
        if arguments is None or self.known:
            return None if arguments is None else self._updates(arguments, observation.x0, observation.g)
        key = (
            self.family.name,
            self.step_size,
            *sorted(arguments.items()),
            observation.x0.tobytes(),
            observation.g.tobytes(),
            observation.x0.dtype,
            observation.x0.shape,
        )
        if key not in _UPDATES:
            if len(_UPDATES) >= _KEPT:
                _UPDATES.clear()
            _UPDATES[key] = self._updates(arguments, observation.x0, observation.g)
        return _UPDATES[key]

    def _updates(self, arguments: dict[str, Any], x0: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Of tensors of any shape; an elementwise method gets the entries in a row."""
        if x0.ndim != 1 and not self.family.whole:
            return self._updates(arguments, x0.ravel(), g.reshape(len(g), -1)).reshape(g.shape)
        if self.step_size == "lr/sqrt(t)":
            arguments = {**arguments, "alpha": arguments["alpha"] / np.sqrt(np.arange(1, len(g) + 1))}
        with np.errstate(all="ignore"):
            return steps(self.family.run(x0, g, **arguments), x0)

    def _allowed(self, observation: Observation, dtype: DTypeLike) -> np.ndarray:
        """`tolerance`, measured once: matching asks for it, and so do the deviations of what is printed."""
        known, extra = (tuple(sorted(given.items())) for given in (self.known, self.extra))
        choice = (self.family.name, self.labels, self.step_size, known, extra, np.dtype(dtype))
        if choice not in observation.allowed:
            observation.allowed[choice] = self.tolerance(observation, dtype)
        return observation.allowed[choice]

    def tolerance(self, observation: Observation, dtype: DTypeLike) -> np.ndarray:
        """What rounding can change in each update.

        The recurrence is run again with each gradient, each coefficient and the start in turn changed by `OPERATIONS`
        units of roundoff; the changes add up (conditioning measured, not guessed: cancellation, and a sign that hangs
        by a rounding, show there). Subtracting from x rounds x_t and x_{t-1} besides (`path_tolerance`).
        """
        arguments = self.arguments(observation.values)
        assert arguments is not None
        x0, g = observation.x0, observation.g
        operations = OPERATIONS if unit(dtype) <= unit(np.float32) else FEW
        steps, size, by = len(g), x0.size, 1 + operations * unit(dtype)
        if self.family.whole:
            total = self._one_by_one(arguments, x0, g, by)
            before = np.concatenate([x0[None], observation.path[:-1]])
            # what is computed in bfloat16 is the step; the iterates have the dtype of the run
            own = dtype if unit(dtype) <= unit(np.float32) else observation.path.dtype
            rounding = path_tolerance(observation.path[None], before, own, operations)[0]
            moved = operations * unit(dtype) * np.abs(observation.updates)
            return total + rounding + moved + unit(own) * np.abs(before)
        shape, x0, g = g.shape, x0.ravel(), g.reshape(steps, -1)
        # elementwise: all changes of gradients and start side by side, the unchanged run first
        many_x0, many_g = np.tile(x0, steps + 2), np.tile(g, steps + 2)
        for t in range(steps):
            many_g[t, (t + 1) * size : (t + 2) * size] *= by
        many_x0[-size:] *= by
        runs = self._updates(arguments, many_x0, many_g).reshape(steps, steps + 2, size)
        base = runs[:, 0]
        total = np.abs(np.nan_to_num(runs[:, 1:] - base[:, None])).sum(axis=1)
        for name, value in arguments.items():
            if isinstance(value, float) and value:
                total += np.abs(np.nan_to_num(self._updates({**arguments, name: value * by}, x0, g) - base))
        total = total.reshape(shape)
        before = np.concatenate([observation.x0[None], observation.path[:-1]])
        rounding = path_tolerance(observation.path[None], before, dtype, operations)[0]
        return total + rounding + unit(dtype) * np.abs(before)

    def _one_by_one(self, arguments: dict[str, Any], x0: np.ndarray, g: np.ndarray, by: float) -> np.ndarray:
        """What the changes of each gradient, the start and each coefficient add up to, where entries are mixed."""
        base = self._updates(arguments, x0, g)
        signs = np.where(np.arange(x0.size) % 2, 1.0, -1.0).reshape(x0.shape)  # a common factor may cancel
        changed = [self._updates(arguments, x0 * by**signs, g)]
        for t in range(len(g)):
            other = g.copy()
            other[t] = other[t] * by**signs
            changed.append(self._updates(arguments, x0, other))
        for name, value in arguments.items():
            if isinstance(value, float) and np.isfinite(value) and value:
                changed.append(self._updates({**arguments, name: value * by}, x0, g))
        return np.sum([np.abs(np.nan_to_num(one - base)) for one in changed], axis=0)

    def distance(self, observation: Observation) -> float:
        """Mean of |a - b|/(|a| + |b|) over the updates, in [0, 1]; 0/0 = 0, and 1 where one is not a number."""
        return distances([self], observation)[0]

    def unusual(self) -> int:
        """How many switches are not at their first option."""
        usual = [next(iter(switch.options)) for switch in self.family.switches]
        return sum(a != b for a, b in zip(self.labels, usual, strict=True)) + (self.step_size != "constant")

    def parts(self, observation: Observation, dtype: DTypeLike) -> FirstDeviation | None:
        """Where the target first leaves the recurrence; None if nowhere."""
        mine, theirs = self.updates(observation), observation.updates
        assert mine is not None
        same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        if not same.all():
            same |= np.abs(mine - theirs) <= self._allowed(observation, dtype)
        if same.all():
            return None
        step, *entry = map(int, np.argwhere(~same)[0])
        sequences = observation.x0.shape == (len(SEQUENCES),)
        name = list(SEQUENCES)[entry[0]] if sequences else f"entry {entry}"
        place = (step, *entry)
        return FirstDeviation(observation.name, name, step + 1, theirs[place].item(), mine[place].item())

    def agrees(self, observation: Observation, dtype: DTypeLike) -> bool:
        """`parts` is None, found out quickly for most candidates.

        Rounding cannot separate more than half of the updates by a thousand `OPERATIONS` units: conditions of that
        size come from a cancellation or an undecided sign, in single coordinates.
        """
        mine, theirs = self.updates(observation), observation.updates
        if mine is None:
            return False
        limit = 1e3 * OPERATIONS * unit(dtype) * np.nanmax(observation.sizes, initial=0)
        far = ~(np.abs(mine - theirs) <= limit) & ~(np.isnan(mine) & np.isnan(theirs))
        return bool(far.mean() < 0.5) and self.parts(observation, dtype) is None

    def with_label(self, place: int, label: str) -> "Candidate":
        """With one switch set to `label`."""
        return replace(self, labels=(*self.labels[:place], label, *self.labels[place + 1 :]))

    def neighbours(self) -> list["Candidate"]:
        """With one switch set otherwise."""
        return [
            self.with_label(i, label)
            for i, switch in enumerate(self.family.switches)
            for label in switch.options
            if label != self.labels[i]
        ]

    def choice(self) -> dict[str, str]:
        """Switch -> label."""
        return {switch.name: label for switch, label in zip(self.family.switches, self.labels, strict=True)}

    def describe(self) -> str:
        """In one line."""
        inner = "; ".join(f"{name} {label}" for name, label in self.choice().items())
        more = "; step size lr/sqrt(t)" if self.step_size != "constant" else ""
        return f"{self.family.name} ({inner}{more})" if inner else f"{self.family.name}{more}"


def distances(of: Sequence[Candidate], observation: Observation) -> list[float]:
    """`Candidate.distance` of several; 1 where a hyper-parameter is unknown."""
    found = [candidate.updates(observation) for candidate in of]
    known = [updates for updates in found if updates is not None]
    if not known:
        return [1.0] * len(of)
    mine, theirs = np.stack(known), observation.updates
    with np.errstate(all="ignore"):
        apart = np.abs(mine - theirs) / (np.abs(mine) + observation.sizes)
    apart[~(apart <= 1)] = 1.0
    apart[(mine == theirs) | (np.isnan(mine) & np.isnan(theirs))] = 0.0
    means = iter(apart.reshape(len(known), -1).mean(axis=1))
    return [1.0 if updates is None else float(next(means)) for updates in found]


def candidates(family: Family, step_size: str = "constant") -> Iterator[Candidate]:
    """Every combination of a family's switches."""
    for labels in itertools.product(*(switch.options for switch in family.switches)):
        yield Candidate(family, labels, step_size)


def forms(candidate: Candidate, switch: Switch) -> dict[str, Candidate]:
    """A candidate with each option of one more switch."""
    return {
        label: replace(candidate, extra={**candidate.extra, **arguments}) for label, arguments in switch.options.items()
    }
