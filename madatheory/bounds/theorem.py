"""A theorem as an object: assumptions, left side, chain of inequalities, right side, source.

A chain is a list of levels q_0 <= q_1 <= .. <= q_n. Level 0 is the left side, as measured; the last is the right side,
a formula of constants alone; those between are measured on the same trajectories (data-dependent forms of the bound
among them). Each level says by which lemma it follows from the one before. All levels have the units of the left side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from madatheory.arithmetic import Arithmetic
from madatheory.bounds.quantities import Quantities
from madatheory.engine.statistic import Statistic
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem

Number = Any
Measured = Mapping[str, Number]  # statistic name -> per-trajectory values, shape (*grid, seed, t)
Value = Callable[[Measured, Quantities, Arithmetic], Number]
Formula = Callable[[Quantities, Arithmetic], Number]


class Setting(NamedTuple):
    """One use of a method: problem, optimizer, hyper-parameters (numbers), number of steps."""

    problem: Problem
    optimizer: Optimizer
    hyper: Mapping[str, float]
    steps: int


@dataclass(frozen=True)
class Condition:
    """An assumption: `fails(setting)` returns None where it holds, else the reason in words."""

    name: str
    fails: Callable[[Setting], str | None]


@dataclass(frozen=True)
class Level:
    """One quantity of a chain.

    name         what it is, short (a bar's label)
    by           the lemma or argument by which the previous level is at most this one ("" for the first)
    value        (measured, quantities, arithmetic) -> per-trajectory values, or a number when nothing is measured
    statistics   what the engine must measure for it
    highest      almost sure upper bound of `value` for one trajectory, from constants alone (the lower bound is 0);
                 with it a distribution-free confidence bound on the mean exists. None: no verdict at this level
    data_bound   True where this level is itself a bound in a data-dependent form, to be compared with the left side
    """

    name: str
    by: str
    value: Value
    statistics: tuple[Statistic, ...] = ()
    highest: Formula | None = None
    data_bound: bool = False


@dataclass(frozen=True)
class Theorem:
    """A statement about a method, checkable by simulation.

    kind   expectation: E[left] <= right; every-path: left <= right on every trajectory;
           probability: P(left > right at the recorded time) <= q.p
    at     any: the bound holds at every T of one run; final: only at the horizon T of the run
    method builds the optimizer that the statement is about, `settings` are the hyper-parameters it is checked at by
    default. `conditions` decide whether another (problem, optimizer, hyper, steps) is covered. `symbols` are values
    that the statement fixes by itself, such as the failure probability p.
    """

    name: str
    label: str
    statement: str
    source: str
    origin: Literal["published", "new"]
    method: Callable[[], Optimizer]
    conditions: tuple[Condition, ...]
    chain: tuple[Level, ...]
    settings: Mapping[str, float | tuple[float, ...]]
    kind: Literal["expectation", "every-path", "probability"] = "expectation"
    at: Literal["any", "final"] = "any"
    symbols: Mapping[str, float] = field(default_factory=dict)

    @property
    def left(self) -> Level:
        """The first level: what is bounded."""
        return self.chain[0]

    @property
    def right(self) -> Level:
        """The last level: the a-priori right side."""
        return self.chain[-1]

    @property
    def judged(self) -> tuple[Level, ...]:
        """The levels that the left side is compared with: the a-priori right side, then the data-dependent forms."""
        return (self.right, *(level for level in self.chain if level.data_bound and level.highest is not None))

    def bound(self, q: Quantities, xp: Arithmetic) -> Number:
        """The a-priori right side as a formula of constants, under any arithmetic."""
        return self.right.value({}, q, xp)

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """All statistics of the chain, each name once."""
        named = {s.name: s for level in self.chain for s in level.statistics}
        return tuple(named.values())

    def quantities(self, setting: Setting, **more: Number) -> Quantities:
        """The symbols' values in a setting, those that the statement fixes included."""
        return quantities(setting, **{**self.symbols, **more})

    def reasons(self, setting: Setting) -> list[str]:
        """Why the theorem does not apply to `setting`; empty where it does."""
        found = [(c.name, c.fails(setting)) for c in self.conditions]
        return [f"{name}: {reason}" for name, reason in found if reason is not None]


def quantities(setting: Setting, **more: Number) -> Quantities:
    """The symbols' values in a setting (T and arrays may be overridden by `more`); needs certified constants."""
    problem = setting.problem
    known: dict[str, Number] = {name: value for name, value in setting.hyper.items() if name in Quantities._fields}
    for name, value in setting.optimizer.traits.get("pinned", {}).items():
        known.setdefault(name, value)
    known |= {"T": setting.steps, "d": problem.dimension}
    if problem.constants is not None:
        known |= {"L": problem.constants.L.value, "G": problem.constants.G.value, "D0": problem.gap}
    if problem.box is not None:
        known["D"] = problem.box[1] - problem.box[0]
    return Quantities(**{**known, **more})
