"""JavaScript functions that compute expressions.

The browser does in double precision what NumPy does: the same operations in the same order, `Math.log1p` for log1p.
What is used twice has a name.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from madatheory.report.expression import Branch, Expression, Reason, Relation, is_number

_INFIX = {"+": 1, "-": 1, "*": 2, "/": 2}  # how tightly an operation binds
_SIGN, _ATOM = 3, 4
_SHOWN = re.compile("\ue000(\\d+)\\|(.*?)\ue001")


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
    if not isinstance(value, Expression) and not is_number(value):
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
