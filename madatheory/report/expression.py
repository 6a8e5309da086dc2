"""The small arithmetic whose values are expressions: a formula that is run on symbols leaves what it did.

Conditions of a theorem branch, so they are run once for every outcome of their comparisons; a reason in words that
shows a number keeps a mark where it stands.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import reduce
from numbers import Real
from typing import Any, NamedTuple

from madatheory.arithmetic import Arithmetic
from madatheory.errors import UserError

MOST_PATHS = 64
"""Outcomes of comparisons that one condition may have."""
_NEUTRAL = {"+": 0, "-": 0, "*": 1, "/": 1}


class Expression:
    """A value that is known when the function runs: an input, or an operation on others."""

    __slots__ = ("args", "operation")
    __array_ufunc__ = None  # numbers of NumPy leave the operation to this class
    __hash__ = None  # type: ignore[assignment]  # == gives a `Relation`

    def __init__(self, operation: str, *args: Any) -> None:
        self.operation, self.args = operation, args

    def __add__(self, other: Any) -> Any:
        return _operation("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return _operation("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return _operation("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _operation("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return _operation("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _operation("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _operation("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _operation("/", other, self)

    def __pow__(self, other: Any) -> Any:
        if is_number(other) and other == 2:
            return self * self  # as NumPy does
        return _operation("Math.pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _operation("Math.pow", other, self)

    def __neg__(self) -> "Expression":
        return Expression("-", self)

    def __pos__(self) -> "Expression":
        return self

    def __abs__(self) -> "Expression":
        return Expression("Math.abs", self)

    def __lt__(self, other: Any) -> Any:
        return _comparison("<", self, other)

    def __le__(self, other: Any) -> Any:
        return _comparison("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return _comparison(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return _comparison(">=", self, other)

    def __eq__(self, other: object) -> Any:
        return _comparison("===", self, other)

    def __ne__(self, other: object) -> Any:
        return _comparison("!==", self, other)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __format__(self, spec: str) -> str:
        path = _PATH.get()
        if path is None:
            return f"<{self.operation}>"
        path.shown.append(self)
        return f"\ue000{len(path.shown) - 1}|{spec}\ue001"

    def __str__(self) -> str:
        return format(self, "")

    __repr__ = __str__


class Relation(NamedTuple):
    """`left` compared with `right`; asked whether it holds, it answers what the path under way says."""

    relation: str
    left: Any
    right: Any

    def __bool__(self) -> bool:
        path = _PATH.get()
        if path is None:
            raise UserError(
                "a formula may not ask how large a value is (if, and, or, ==, <, min, max): write xp.maximum or "
                "xp.minimum"
            )
        return path.decide(self)


def is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _operation(operation: str, *args: Any) -> Any:
    if not all(isinstance(arg, Expression) or is_number(arg) for arg in args):
        return NotImplemented
    left, right = args
    # exact without being done: x + 0, x - 0, x * 1, x / 1, 0 + x, 1 * x
    if is_number(right) and right == _NEUTRAL.get(operation):
        return left
    if is_number(left) and operation in "+*" and left == _NEUTRAL[operation]:
        return right
    return Expression(operation, *args)


def _comparison(relation: str, left: Expression, right: Any) -> Any:
    return Relation(relation, left, right) if isinstance(right, Expression) or is_number(right) else NotImplemented


def _function(name: str) -> Callable[[Any], Expression]:
    def apply(value: Any) -> Expression:
        if not isinstance(value, Expression) and not is_number(value):
            raise TypeError(f"{name} of {value!r:.60}, which is no number and no expression")
        return Expression(name, value)

    return apply


def _folded(name: str) -> Callable[..., Any]:
    return lambda *values: reduce(lambda a, b: Expression(name, a, b), values)


JAVASCRIPT = Arithmetic(
    "javascript",
    _function("Math.sqrt"),
    _function("Math.log"),
    _function("Math.exp"),
    _folded("Math.max"),
    _folded("Math.min"),
    lambda p, q: p if q == 1 else p / q,
    Expression("input", "Math.PI"),
    _function("Math.log1p"),
)
"""Values are numbers and `Expression`s."""


def symbol(name: str) -> Expression:
    """The input `name`, a property of the object that the functions take."""
    return Expression("input", name)


def _key(value: Any) -> Any:
    """What equal parts have in common."""
    if isinstance(value, Relation):
        return value.relation, _key(value.left), _key(value.right)
    return (value.operation, *map(_key, value.args)) if isinstance(value, Expression) else value


@dataclass
class _Path:
    """One run of a condition: the outcomes it is given, those it had to choose, and the numbers its words show."""

    given: Sequence[bool]
    asked: list[tuple[Relation, bool]] = field(default_factory=list)
    shown: list[Expression] = field(default_factory=list)

    def decide(self, comparison: Relation) -> bool:
        key = _key(comparison)
        for known, outcome in self.asked:
            if _key(known) == key:
                return outcome
        place = len(self.asked)
        outcome = self.given[place] if place < len(self.given) else True
        self.asked.append((comparison, outcome))
        return outcome


_PATH: ContextVar[_Path | None] = ContextVar("path", default=None)


@contextmanager
def _following(path: _Path) -> Iterator[_Path]:
    token = _PATH.set(path)
    try:
        yield path
    finally:
        _PATH.reset(token)


class Reason(NamedTuple):
    """A text in which numbers are shown: `text` has marks, `shown` the expressions that they stand for."""

    text: str
    shown: tuple[Expression, ...]


class Branch(NamedTuple):
    """`then` where `comparison` holds, else `otherwise`: each a `Branch`, `Reason`, or None."""

    comparison: Relation
    then: Any
    otherwise: Any


def decisions(run: Callable[[], str | None]) -> Any:
    """What `run` answers on symbols, for all outcomes of the comparisons that it makes: `Branch`, `Reason` or None."""
    paths = 0

    def below(given: tuple[bool, ...]) -> Any:
        nonlocal paths
        paths += 1
        if paths > MOST_PATHS:
            raise UserError(f"it makes comparisons with more than {MOST_PATHS} outcomes")
        with _following(_Path(given)) as path:
            answer = run()
        leaf = None if answer is None else Reason(answer, tuple(path.shown))
        # this run chose True from len(given) on; what the other choices lead to is found by running again
        tree = leaf
        for place in range(len(path.asked) - 1, len(given) - 1, -1):
            before = tuple(outcome for _, outcome in path.asked[:place])
            tree = Branch(path.asked[place][0], tree, below((*before, False)))
        return tree

    return below(())
