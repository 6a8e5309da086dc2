"""The small arithmetic whose values are expressions, and the JavaScript functions that these become.

A right side is run once on symbols, and what it did is written down operation by operation, so that the browser does in
double precision what NumPy does: the same operations in the same order, `Math.log1p` for log1p. What is used twice has
a name. Conditions of a theorem branch, so they are run once for every outcome of their comparisons, and a reason in
words that shows a number becomes a template.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
_INFIX = {"+": 1, "-": 1, "*": 2, "/": 2}  # how tightly an operation binds
_SIGN, _ATOM = 3, 4
_NEUTRAL = {"+": 0, "-": 0, "*": 1, "/": 1}
_SHOWN = re.compile("\ue000(\\d+)\\|(.*?)\ue001")


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
        if _is_number(other) and other == 2:
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


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _operation(operation: str, *args: Any) -> Any:
    if not all(isinstance(arg, Expression) or _is_number(arg) for arg in args):
        return NotImplemented
    left, right = args
    # exact without being done: x + 0, x - 0, x * 1, x / 1, 0 + x, 1 * x
    if _is_number(right) and right == _NEUTRAL.get(operation):
        return left
    if _is_number(left) and operation in "+*" and left == _NEUTRAL[operation]:
        return right
    return Expression(operation, *args)


def _comparison(relation: str, left: Expression, right: Any) -> Any:
    return Relation(relation, left, right) if isinstance(right, Expression) or _is_number(right) else NotImplemented


def _function(name: str) -> Callable[[Any], Expression]:
    def apply(value: Any) -> Expression:
        if not isinstance(value, Expression) and not _is_number(value):
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


@dataclass
class _Path:
    """One run of a condition: the outcomes it is given, those it had to choose, and the numbers its words show."""

    given: Sequence[bool]
    asked: list[tuple[Relation, bool]] = field(default_factory=list)
    shown: list[Expression] = field(default_factory=list)

    def decide(self, comparison: Relation) -> bool:
        key = Script().text(comparison)
        for known, outcome in self.asked:
            if Script().text(known) == key:
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


class Script:
    """The text of one JavaScript function: equal parts are computed once, and have a name if they are used twice."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}
        self._known: dict[int, tuple[Expression, int]] = {}  # keeps the expression, so that its id stays its own
        self._parts: list[tuple[str, tuple[Any, ...]]] = []
        self._uses: list[int] = []
        self.inputs: dict[str, None] = {}

    def add(self, value: Any) -> Any:
        """The place of an expression among the parts, or the text of a number; counts one use."""
        place = self._place(value)
        if isinstance(place, int):
            self._uses[place] += 1
        return place

    def _place(self, value: Any) -> Any:
        if not isinstance(value, Expression):
            return number(value)
        if id(value) not in self._known:
            leaf = value.operation == "input"
            key = (value.operation, value.args if leaf else tuple(self._place(arg) for arg in value.args))
            if key not in self._places:
                self._places[key] = len(self._parts)
                self._parts.append(key)
                self._uses.append(0)
                if leaf and not value.args[0].startswith("Math."):
                    self.inputs[value.args[0]] = None
                for arg in key[1]:
                    if isinstance(arg, int):
                        self._uses[arg] += 1
            self._known[id(value)] = (value, self._places[key])
        return self._known[id(value)][1]

    def _named(self, place: int) -> bool:
        operation, _ = self._parts[place]
        return operation != "input" and self._uses[place] > 1

    def _name(self, place: int) -> str:
        return f"v{1 + sum(map(self._named, range(place)))}"

    def text(self, value: Any) -> str:
        """An expression or a comparison, with the names of `consts`."""
        if isinstance(value, Relation):
            return f"{self.text(value.left)} {value.relation} {self.text(value.right)}"
        return self._written(self._place(value))[0]

    def _written(self, place: Any, whole: bool = False) -> tuple[str, int]:
        """Text, and how tightly it binds; `whole`: not its name."""
        if isinstance(place, str):
            return place, _SIGN if place.startswith("-") else _ATOM
        operation, args = self._parts[place]
        if operation == "input":
            return (args[0] if args[0].startswith("Math.") else _property(args[0])), _ATOM
        if self._named(place) and not whole:
            return self._name(place), _ATOM
        if operation == "-" and len(args) == 1:
            text, binds = self._written(args[0])
            return f"-{text}" if binds == _ATOM else f"-({text})", _SIGN
        if operation in _INFIX:
            own = _INFIX[operation]
            (left, first), (right, second) = (self._written(arg) for arg in args)
            # the order of operations is the formula's: a + (b + c) is not a + b + c
            left = left if first >= own else f"({left})"
            right = right if second > own else f"({right})"
            return f"{left} {operation} {right}", own
        return f"{operation}({', '.join(self._written(arg)[0] for arg in args)})", _ATOM

    def consts(self) -> list[str]:
        """The lines that give names, in order."""
        named = (place for place in range(len(self._parts)) if self._named(place))
        return [f"const {self._name(place)} = {self._written(place, whole=True)[0]};" for place in named]

    def function(self, result: Callable[[], str]) -> str:
        """`q => {consts; return result;}`; `result` is asked when all parts have been added."""
        lines = "".join(f"  {line}\n" for line in [*self.consts(), f"return {result()};"])
        return f"q => {{\n{lines}}}"


def _property(name: str) -> str:
    """Of the argument; any name of a hyper-parameter is one."""
    return f"q.{name}" if name.isidentifier() and name.isascii() else f"q[{literal(name)}]"


def number(value: Any) -> str:
    """A number as JavaScript writes it: the shortest text that is read as the same double."""
    real = float(value)
    if real != real or real in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(real)]
    return str(int(real)) if real.is_integer() and abs(real) < 2**53 and str(real) != "-0.0" else repr(real)


class Written(NamedTuple):
    """A JavaScript function and the names it reads from its argument."""

    code: str
    inputs: tuple[str, ...]


def written(value: Any) -> Written:
    """The function that computes an expression, or gives a number."""
    if not isinstance(value, Expression) and not _is_number(value):
        raise TypeError(f"a formula gave {value!r:.60}, which is no number and no expression")
    program = Script()
    place = program.add(value)
    code = program.function(lambda: program._written(place)[0])
    return Written(code, tuple(program.inputs))


def written_decisions(tree: Any) -> Written:
    """The function that answers what a `decisions` tree does: a text, or null; `shown(number, digits)` is called."""
    program = Script()
    _add(program, tree)
    code = program.function(lambda: _tree(program, tree))
    return Written(code, tuple(program.inputs))


def _add(program: Script, tree: Any) -> None:
    """All parts of a tree, before any is written."""
    if isinstance(tree, Branch):
        for side in tree.comparison[1:]:
            program.add(side)
        _add(program, tree.then)
        _add(program, tree.otherwise)
    elif isinstance(tree, Reason):
        for place, _ in _SHOWN.findall(tree.text):
            program.add(tree.shown[int(place)])


def _tree(program: Script, tree: Any) -> str:
    if isinstance(tree, Branch):
        asked = program.text(tree.comparison)
        return f"{asked} ? {_tree(program, tree.then)} : {_tree(program, tree.otherwise)}"
    return "null" if tree is None else _template(program, tree)


def _template(program: Script, reason: Reason) -> str:
    def shown(mark: re.Match[str]) -> str:
        digits = re.fullmatch(r"(?:\.(\d+))?[gef]?", mark[2])
        precision = digits[1] if digits and digits[1] else "6" if mark[2] else "17"
        return f"${{shown({program.text(reason.shown[int(mark[1])])}, {precision})}}"

    parts, end = [], 0
    for mark in _SHOWN.finditer(reason.text):
        parts += [_escaped(reason.text[end : mark.start()]), shown(mark)]
        end = mark.end()
    return "`" + "".join([*parts, _escaped(reason.text[end:])]) + "`"


def _escaped(text: str) -> str:
    """Inside a template; no part of it ends the script that it stands in."""
    return (
        text.replace("\\", "\\\\").replace("`", "\\`").replace("$", "\\$").replace("</", "<\\/").replace("<!", "<\\!")
    )


def literal(value: Mapping[str, Any] | Sequence[Any] | str | float | None) -> str:
    """Plain data as JavaScript that may stand in a script of a page."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")
