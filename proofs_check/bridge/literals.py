"""The numbers typed into a formula: which there are, and the formula with one of them cut to a tenth.

A formula is typed over a small arithmetic, so that numbers which notice what they are multiplied with find its literal
factors, and the lines where they stand. Summands and exponents are none: 1 - beta2, G^2.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from madatheory.arithmetic import NUMPY, Arithmetic
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Value

GUARD = 1e-5  # a literal below keeps a division from 0/0; it is no constant of a statement


class Place(NamedTuple):
    """Where a literal stands: file, line, and which instruction of its function uses it."""

    file: str
    line: int
    instruction: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"


@dataclass
class Literals:
    """The literal factors that were met, by place; the one at `cut` counts a tenth wherever it is used."""

    cut: Place | None = None
    met: dict[Place, float] = field(default_factory=dict)

    def factor(self, literal: float) -> float:
        """A literal of the formula that called the arithmetic, or a tenth of it; 0, 1, -1 and guards are left alone."""
        if abs(literal) < GUARD or abs(literal) == 1:
            return literal
        frame = inspect.currentframe()
        while frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        assert frame is not None
        place = Place(frame.f_code.co_filename, frame.f_lineno, frame.f_lasti)
        self.met[place] = literal
        return literal / 10 if place == self.cut else literal


class Noticing:
    """A number under `+ - * / **` that tells `literals` what it is multiplied with or divided by."""

    __array_ufunc__ = None  # an array on the left leaves the operation to us

    def __init__(self, value: Any, literals: Literals) -> None:
        self.value, self.literals = value, literals

    def _new(self, value: Any) -> "Noticing":
        return Noticing(value, self.literals)

    def _factor(self, other: Any, divides: bool = False) -> Any:
        if type(other) not in (int, float) or other == 0:
            return _plain(other)
        return 1 / self.literals.factor(1 / other) if divides else self.literals.factor(other)

    def __add__(self, other: Any) -> "Noticing":
        return self._new(self.value + _plain(other))

    def __sub__(self, other: Any) -> "Noticing":
        return self._new(self.value - _plain(other))

    def __rsub__(self, other: Any) -> "Noticing":
        return self._new(_plain(other) - self.value)

    def __mul__(self, other: Any) -> "Noticing":
        return self._new(self.value * self._factor(other))

    def __truediv__(self, other: Any) -> "Noticing":
        return self._new(self.value / self._factor(other, divides=True))

    def __rtruediv__(self, other: Any) -> "Noticing":
        return self._new(self._factor(other) / self.value)

    def __pow__(self, other: Any) -> "Noticing":
        return self._new(self.value ** _plain(other))

    def __rpow__(self, other: Any) -> "Noticing":
        return self._new(_plain(other) ** self.value)

    def __neg__(self) -> "Noticing":
        return self._new(-self.value)

    __radd__, __rmul__ = __add__, __mul__


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Noticing) else x


def _arithmetic(literals: Literals) -> Arithmetic:
    def lifted(function: Any) -> Any:
        return lambda *values: Noticing(function(*map(_plain, values)), literals)

    names = ("sqrt", "log", "log1p", "exp", "maximum", "minimum")
    functions = {name: lifted(getattr(NUMPY, name)) for name in names}
    return NUMPY._replace(**functions, rational=lambda p, q: Noticing(literals.factor(p / q), literals))


def through(value: Value, literals: Literals) -> Value:
    """The formula under NumPy, with `literals` noticing and cutting."""

    def noticed(measured: Any, q: Quantities, xp: Arithmetic) -> Any:
        symbols = Quantities(*(None if x is None else Noticing(x, literals) for x in q))
        return np.asarray(_plain(value(measured, symbols, _arithmetic(literals))))

    return noticed


def literals_of(value: Value, q: Quantities) -> Mapping[Place, float]:
    """The literal factors of a formula of constants, by place."""
    literals = Literals()
    through(value, literals)({}, q, NUMPY)
    return dict(literals.met)


def with_one_cut(value: Value, place: Place) -> Value:
    """The formula with the literal at `place` cut to a tenth."""
    return through(value, Literals(place))
