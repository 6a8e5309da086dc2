"""A theorem's right side and conditions as functions of JavaScript, from the package's own formulas.

Both are run on symbols. The problem is any that the statement is about: its constants are inputs, and assumptions about
it are taken for granted and named. Hyper-parameters that the method has are inputs too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from madatheory.blame import blame
from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.problems.problem import Constant, Constants
from madatheory.report.expression import JAVASCRIPT, Branch, Reason, decisions, symbol
from madatheory.report.javascript import Written, written, written_decisions
from madatheory.theory.theorem import Condition, Formula, Setting, Theorem

GIVEN: Mapping[str, Parameter] = {
    "T": Parameter(1e4, 1, meaning="steps"),
    "d": Parameter(1, 1, meaning="dimension"),
    "D0": Parameter(1.0, 0, meaning="F(x_0) - F_star"),
    "L": Parameter(1.0, 0, open_low=True, meaning="smoothness"),
    "G": Parameter(1.0, 0, open_low=True, meaning="bound on every |g_i|"),
    "D": Parameter(1.0, 0, open_low=True, meaning="width of the box"),
    "Delta": Parameter(1.0, 0, meaning="|x_0 - x_star|, F convex"),
    "S": Parameter(1.0, 0, meaning="bound on every |d_i F|"),
    "sigma": Parameter(1.0, 0, meaning="root of the bound on E|g - grad F|^2"),
    "M4": Parameter(1.0, 0, meaning="bound on E|g - grad F|^4"),
    "N": Parameter(1.0, 0, open_low=True, meaning="sum of N_i with s.H(x)s <= sum_i N_i s_i^2; d L will do"),
}
"""What the problem and the run decide, with the values at which the statements are about anything."""
WHOLE = ("T", "d")
_REMEDY = "it takes (.., q, xp), reads q.T, q.D0, .. and computes with + - * / ** and the functions of xp alone"


class GivenFacts(dict[str, Any]):
    """Of a problem's facts those that the page takes for granted; a condition on another one cannot be asked."""

    def __missing__(self, name: str) -> Any:
        raise KeyError(f"it asks for the problem's fact {name!r}, and a page knows the constants alone")

    def get(self, name: str, default: Any = None) -> Any:
        """As `facts[name]`: what is not known is not absent."""
        return self[name]


@dataclass(frozen=True)
class AnyProblem:
    """A problem of which only the constants' names are known; what it is asked beyond them no page can answer."""

    box: tuple[Any, Any] | None
    facts: Mapping[str, Any]
    name: str = "the problem"
    dimension: Any = field(default_factory=lambda: symbol("d"))
    gap: Any = field(default_factory=lambda: symbol("D0"))
    not_covered: Mapping[str, str] = field(default_factory=dict)
    constants: Constants = field(
        default_factory=lambda: Constants(*(Constant(cast(Any, v), "exact", "given", "") for v in _CONSTANTS))
    )

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"it asks for the problem's {name}, and a page knows the constants alone")


_CONSTANTS = (symbol("L"), symbol("G"), 0.0, *(symbol(name) for name in ("Delta", "S", "sigma", "M4", "N")))
_PROBLEMS = (
    AnyProblem(None, GivenFacts()),
    AnyProblem((0.0, symbol("D")), GivenFacts(losses="linear")),  # [0, D] stands for any box of width D
)


class LiveCondition(NamedTuple):
    """A condition on numbers: the function answers null where it holds, else the reason in words."""

    name: str
    fails: Written


class Undecided(NamedTuple):
    """A condition that the page cannot ask, and why."""

    name: str
    why: str


class LiveBound(NamedTuple):
    """What a page needs of a theorem.

    bound      its right side
    ceiling    an almost sure bound on the left side alone, where the theorem states one
    conditions those that depend on numbers; `assumed` are the others, `undecided` what could not be asked
    admitted   ranges of the inputs
    measured   names of its bounds in a data-dependent form, which no page can know
    left_formula  of the statistic that the left side is, None where it is computed from some
    """

    theorem: Theorem
    method: str
    bound: Written
    ceiling: Written | None
    conditions: tuple[LiveCondition, ...]
    assumed: tuple[str, ...]
    undecided: tuple[Undecided, ...]
    admitted: Mapping[str, Parameter]
    measured: tuple[str, ...]
    left_formula: str | None

    @property
    def inputs(self) -> tuple[str, ...]:
        """All that its functions read."""
        read = [*self.bound.inputs, *(name for c in self.conditions for name in c.fails.inputs)]
        return tuple(dict.fromkeys([*read, *(self.ceiling.inputs if self.ceiling else ())]))


def live_bound(theorem: Theorem) -> LiveBound:
    """The functions of a theorem; `UserError` where its formula does more than arithmetic, with its file and line."""
    optimizer = theorem.optimizer()
    hyper = {name: symbol(name) for name in optimizer.parameters}
    settings = [Setting(cast(Any, problem), optimizer, hyper, cast(Any, symbol("T"))) for problem in _PROBLEMS]
    found = [_conditions(theorem, setting) for setting in settings]
    place = next((place for place, (_, _, _, never) in enumerate(found) if not never), None)
    if place is None:
        raise UserError(f"theorem {theorem.name!r}: {found[0][3]}")
    conditions, assumed, undecided, _ = found[place]
    setting = settings[place]
    bound = _function(theorem, setting, theorem.right.name, lambda q, xp: theorem.bound(q, xp), theorem.right.value)
    highest = theorem.left.highest
    ceiling = None if highest is None else _function(theorem, setting, theorem.left.name, highest, highest)
    return LiveBound(
        theorem,
        optimizer.name,
        bound,
        ceiling,
        conditions,
        assumed,
        undecided,
        {**GIVEN, **optimizer.parameters},
        tuple(level.name for level in theorem.chain if level.data_bound),
        _left_formula(theorem, setting),
    )


def _left_formula(theorem: Theorem, setting: Setting) -> str | None:
    values = {statistic.name: symbol(statistic.name) for statistic in theorem.left.statistics}
    try:
        left = theorem.left.at(values, theorem.quantities(setting), JAVASCRIPT)
    except Exception:  # a left side may do with its measurements what it likes
        return None
    return next((s.formula for s in theorem.left.statistics if left is values[s.name]), None)


def _function(theorem: Theorem, setting: Setting, what: str, formula: Formula, author: Any) -> Written:
    with blame(f"theorem {theorem.name!r}, {what!r} as JavaScript", author, _REMEDY):
        try:
            return written(formula(theorem.quantities(setting), JAVASCRIPT))
        except (TypeError, AttributeError, OverflowError) as error:
            raise UserError(f"theorem {theorem.name!r}, {what!r} as JavaScript: {error}; {_REMEDY}") from error


Conditions = tuple[tuple[LiveCondition, ...], tuple[str, ...], tuple[Undecided, ...], str]


def _conditions(theorem: Theorem, setting: Setting) -> Conditions:
    """On numbers, assumed, undecided; and why one never holds of this problem, "" where all may."""
    numeric: list[LiveCondition] = []
    assumed: list[str] = []
    undecided: list[Undecided] = []
    never: list[str] = []
    for condition in theorem.conditions:
        try:
            tree = decisions(lambda condition=condition: _reason(theorem, condition, setting))
        except UserError as error:
            undecided.append(Undecided(condition.name, str(error)))
            continue
        if tree is None:
            assumed.append(condition.name)
        elif isinstance(tree, Reason):
            never.append(f"{condition.name}: {tree.text}")
        else:
            assert isinstance(tree, Branch)
            numeric.append(LiveCondition(condition.name, written_decisions(tree)))
    return tuple(numeric), tuple(assumed), tuple(undecided), "; ".join(never)


def _reason(theorem: Theorem, condition: Condition, setting: Setting) -> str | None:
    try:
        with blame(f"theorem {theorem.name!r}, its condition {condition.name!r}", condition.fails):
            return condition.reason(setting)
    except (TypeError, AttributeError, KeyError) as error:  # of a condition of the package's
        raise UserError(str(error.args[0] if error.args else error)) from error


def ends(parameter: Parameter) -> tuple[float | None, float | None, bool, bool]:
    """(low, high, low is refused, high is refused), None for an end that is infinite."""
    low, high = (None if math.isinf(end) else end for end in (parameter.low, parameter.high))
    return low, high, parameter.open_low, parameter.open_high
