"""A theorem as an object: assumptions, left side, chain of inequalities, right side, source.

A chain is a list of levels q_0 <= q_1 <= .. <= q_n. Level 0 is the left side, as measured; the last is the right side,
a formula of constants alone; those between are measured on the same trajectories (data-dependent forms of the bound
among them). Each level says by which lemma it follows from the one before. All levels have the units of the left side.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from madatheory.arithmetic import Arithmetic
from madatheory.blame import Misuse, blame
from madatheory.engine.statistic import Statistic
from madatheory.errors import UserError, check_text, unknown
from madatheory.hparams import Hyper, one_number
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Constants, Problem
from madatheory.structure import conform, kind
from madatheory.theory.quantities import Quantities

Number = Any
Measured = Mapping[str, Number]  # statistic name -> per-trajectory values, shape (*grid, seed, t)
Value = Callable[[Measured, Quantities, Arithmetic], Number]
Formula = Callable[[Quantities, Arithmetic], Number]
Origin = Literal["published", "new"]
Kind = Literal["expectation", "every-path", "probability"]
At = Literal["any", "final"]
# what the problem and the run decide; a statement cannot fix it
_GIVEN = ("T", "d", "D0", "L", "G", "D", "Delta", "S", "sigma", "M4", "N")


class Setting(NamedTuple):
    """One use of a method: problem, optimizer, hyper-parameters (numbers), number of steps."""

    problem: Problem
    optimizer: Optimizer
    hyper: Hyper
    steps: int


@dataclass(frozen=True)
class Condition:
    """An assumption called `name`: `fails(setting)` returns None where it holds, else the reason in words."""

    name: str
    fails: Callable[[Setting], str | None]

    def __post_init__(self) -> None:
        check_text("condition", name=self.name)
        _check(f"condition {self.name!r}", "fails", self.fails, callable(self.fails), "a function of the setting")

    def reason(self, setting: Setting) -> str | None:
        """Why it fails at `setting`, None where it holds; an answer that is neither raises `UserError`."""
        found = self.fails(setting)
        if found is not None and not (isinstance(found, str) and found.strip()):
            raise UserError(
                f"condition {self.name!r}: fails(setting) gave {found!r}: return None where the condition holds, "
                "else the reason in words"
            )
        return found


@dataclass(frozen=True)
class Level:
    """One quantity of a chain.

    name         what it is, short (a bar's label)
    by           the lemma or argument by which the previous level is at most this one ("" for the first)
    value        (measured, quantities, arithmetic) -> per-trajectory values, or a number when nothing is measured
    statistics   what the engine must measure for it
    highest      almost sure upper bound of `value` for one trajectory, from constants alone (the lower bound is 0);
                 with it a distribution-free confidence bound on the mean exists. None: no verdict at this level
    second_moment upper bound of E `value`^2, from constants alone: of use where `highest` is inf or None
    data_bound   True where this level is itself a bound in a data-dependent form, to be compared with the left side
    """

    name: str
    by: str
    value: Value
    statistics: tuple[Statistic, ...] = ()
    highest: Formula | None = None
    data_bound: bool = False
    second_moment: Formula | None = None

    def __post_init__(self) -> None:
        check_text("level", name=self.name)
        owner = f"level {self.name!r}"
        _check(owner, "by", self.by, isinstance(self.by, str), "a text")
        _check(owner, "value", self.value, callable(self.value), "a function (measured, quantities, arithmetic)")
        _check(owner, "statistics", self.statistics, _all(self.statistics, Statistic), "a tuple of `Statistic`")
        for name, given in (("highest", self.highest), ("second_moment", self.second_moment)):
            _check(owner, name, given, given is None or callable(given), "a function (quantities, arithmetic), or None")
        _check(owner, "data_bound", self.data_bound, isinstance(self.data_bound, bool), "True or False")

    def at(self, values: Mapping[str, Number], q: Quantities, xp: Arithmetic) -> Number:
        """`value`, which may read the statistics of this level, and of `values` nothing else."""
        known = {s.name: values[s.name] for s in self.statistics if s.name in values}
        return self.value(Measurements(self.name, known), q, xp)


class Measurements(Mapping[str, Number]):
    """The measured values that a level may read; it cannot change them."""

    def __init__(self, level: str, values: Mapping[str, Number]) -> None:
        self._level, self._values = level, values

    def __getitem__(self, name: str) -> Number:
        if name not in self._values:
            known = ", ".join(self._values) or "none, for it is a bound of constants alone"
            raise UserError(
                f"level {self._level!r} reads the measured {name!r}, which is not among its statistics ({known}): "
                "add it to `statistics`; a bound that reads measured values needs data_bound = True and a bound of "
                "constants after it"
            )
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class Theorem:
    """A statement about a method, checkable by simulation.

    kind   expectation: E[left] <= right; every-path: left <= right on every trajectory;
           probability: P(left > right at the recorded time) <= q.p
    at     any: the bound holds at every T of one run; final: only at the horizon T of the run
    method builds the optimizer that the statement is about, `settings` are the hyper-parameters it is checked at by
    default. `conditions` decide whether another (problem, optimizer, hyper, steps) is covered. `symbols` are values
    that the statement fixes by itself, such as the failure probability p. `name` and `label` are what commands take;
    `origin` is "published" or "new", `source` where it is from; `chain` goes from what is measured to the right side.
    """

    name: str
    label: str
    statement: str
    source: str
    origin: Origin
    method: Callable[[], Optimizer]
    conditions: tuple[Condition, ...]
    chain: tuple[Level, ...]
    settings: Mapping[str, float | tuple[float, ...]]
    kind: Kind = "expectation"
    at: At = "any"
    symbols: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owner = f"theorem {self.name!r}"
        check_text(owner, name=self.name, label=self.label, statement=self.statement, source=self.source)
        for name, known in (("origin", Origin), ("kind", Kind), ("at", At)):
            if getattr(self, name) not in get_args(known):
                raise unknown(f"{name} of {owner}", str(getattr(self, name)), get_args(known))
        _check(owner, "method", self.method, callable(self.method), "a function that builds the optimizer")
        _check(owner, "conditions", self.conditions, _all(self.conditions, Condition), "a tuple of `Condition`")
        _check(owner, "chain", self.chain, _all(self.chain, Level), "a tuple of `Level`")
        _check(owner, "settings", self.settings, isinstance(self.settings, Mapping), "a mapping of hyper-parameters")
        _check(owner, "symbols", self.symbols, isinstance(self.symbols, Mapping), "a mapping of numbers")
        self._check_chain(owner)
        for name, value in self.symbols.items():
            if name not in Quantities._fields or name in _GIVEN:
                raise unknown(f"symbol of {owner}", str(name), set(Quantities._fields) - set(_GIVEN))
            one_number(f"{owner}: symbols[{name!r}]", value)

    def _check_chain(self, owner: str) -> None:
        names = [level.name for level in self.chain]
        if len(self.chain) < 2 or not self.left.statistics:
            raise UserError(
                f"{owner}: its chain has the levels {names}: give first the left side, with the `statistics` that it "
                "measures, and last the right side"
            )
        if len(set(names)) < len(names):
            raise UserError(f"{owner}: two levels of its chain have one name: {names}")
        if self.left.data_bound or self.right.data_bound or self.right.statistics:
            raise UserError(
                f"{owner}: the first level is the left side, and the last one a bound of constants without statistics "
                "and without data_bound; a data-dependent bound stands between them"
            )
        if self.kind == "expectation":
            for level in self.chain:
                _check(owner, f"highest of level {level.name!r}", None, level.highest or not level.data_bound, _HIGHEST)

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
        return (self.right, *(level for level in self.chain if level.data_bound))

    @property
    def measured(self) -> tuple[Level, ...]:
        """The measured levels among those compared: the left side, then the data-dependent forms."""
        return (self.left, *self.judged[1:])

    def bound(self, q: Quantities, xp: Arithmetic) -> Number:
        """The a-priori right side as a formula of constants, under any arithmetic."""
        return self.right.at({}, q, xp)

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """All statistics of the chain, each name once."""
        named = {s.name: s for level in self.chain for s in level.statistics}
        return tuple(named.values())

    def quantities(self, setting: Setting, **more: Number) -> Quantities:
        """The symbols' values in a setting, those that the statement fixes included."""
        for name in self.symbols:
            if name in {*setting.hyper, *setting.optimizer.traits.get("pinned", {})}:
                raise UserError(
                    f"theorem {self.name!r}: its symbols fix {name}, which its method chooses: give it in `settings`, "
                    "or as a condition"
                )
        return quantities(setting, **{**self.symbols, **more})

    def reasons(self, setting: Setting) -> list[str]:
        """Why the theorem does not apply to `setting`; empty where it does."""
        found = []
        for c in self.conditions:
            with blame(f"theorem {self.name!r}, its condition {c.name!r}", c.fails):
                found.append((c.name, c.reason(setting)))
        return [f"{name}: {reason}" for name, reason in found if reason is not None]

    def optimizer(self) -> Optimizer:
        """The method, built and looked at: what is no optimizer with these settings is a `UserError`."""
        what = f"theorem {self.name!r}, its method"
        with blame(what, self.method, "method is a function without arguments that returns an Optimizer"):
            optimizer = self.method()
            if not isinstance(optimizer, Optimizer):
                raise Misuse(f"returns {kind(optimizer)}")
            conform(optimizer, "the Optimizer that it returns")
            optimizer.hyper(self.settings)
        return optimizer


_HIGHEST = "the almost sure bound of its value, without which no confidence interval exists"


def _all(values: object, kind: type) -> bool:
    return isinstance(values, Sequence) and all(isinstance(value, kind) for value in values)


def _check(owner: str, name: str, value: object, good: object, wanted: str) -> None:
    if not good:
        raise UserError(f"{owner}: {name} = {value!r:.80}: give {wanted}")


def moments_from_bound(G: Number, d: Number) -> dict[str, Number]:
    """S, sigma and M4 from G alone: E|g - grad F|^2 <= E|g|^2 <= d G^2, and |g_i - d_i F| <= 2G."""
    return {"S": G, "sigma": d**0.5 * G, "M4": 4 * d**2 * G**4}


def _of_the_gradient(constants: Constants, d: Number) -> dict[str, Number]:
    """G, S, sigma and M4."""
    given = {name: getattr(constants, name) for name in ("G", "S", "sigma", "M4")}
    certified = {name: constant.value for name, constant in given.items() if constant is not None}
    return moments_from_bound(constants.G.value, d) | certified


def quantities(setting: Setting, **more: Number) -> Quantities:
    """The symbols' values in a setting (T and arrays may be overridden by `more`); needs certified constants."""
    problem = setting.problem
    known: dict[str, Number] = {name: value for name, value in setting.hyper.items() if name in Quantities._fields}
    for name, value in setting.optimizer.traits.get("pinned", {}).items():
        known.setdefault(name, value)
    known |= {"T": setting.steps, "d": problem.dimension}
    if problem.constants is not None:
        known |= {"L": problem.constants.L.value, "D0": problem.gap, **_of_the_gradient(problem.constants, known["d"])}
        known["N"] = known["d"] * known["L"] if problem.constants.N is None else problem.constants.N.value
        if problem.constants.distance is not None:
            known["Delta"] = problem.constants.distance.value
    if problem.box is not None:
        known["D"] = problem.box[1] - problem.box[0]
    return Quantities(**{**known, **more})
