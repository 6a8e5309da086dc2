"""Hyper-parameters: how one is declared, which values it takes, and how a grid of them is written, checked and walked.

Two words, here and everywhere: `settings` maps names to a number, or to a sequence of numbers, which is a grid; `hyper`
is one point of it, a number for every name, which is what a step reads.
"""

import itertools
import math
import operator
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple, cast

import numpy as np

from madatheory.errors import UserError, unknown

Settings = Mapping[str, float | Sequence[float]]
Hyper = Mapping[str, Any]
_DIMENSIONS = ("seed", "t", "path", "coordinate")  # of a result, beside the axes of a grid


def reals(value: object) -> np.ndarray | None:
    """`value` as a float64 array; None where it is no array of real numbers (text, booleans, ragged lists)."""
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            real = all(isinstance(entry, Real) and not isinstance(entry, bool) for entry in array.flat)
        else:
            real = _is_real(array.dtype)
        return array.astype(float) if real else None
    except (TypeError, ValueError, OverflowError):  # lists of different lengths, and what refuses to be an array
        return None


def _is_real(dtype: Any) -> bool:
    # a V may be one of the short floats that NumPy does not know
    return dtype.kind in "iuf" or (dtype.kind == "V" and np.can_cast(dtype, float))


def _no_number(name: str, value: object, wanted: str) -> UserError:
    hint = ", without quotes" if isinstance(value, str) else ""
    return UserError(f"{name} = {value!r:.60} is not a number: give {wanted}{hint}")


def _shaped(name: str, value: object, wanted: str) -> UserError:
    return UserError(f"{name} = {value!r:.60} has shape {np.shape(cast(Any, value))}: give {wanted}")


@dataclass(frozen=True)
class Parameter:
    """A hyper-parameter: `default`, admitted range (`open_low`/`open_high`: the end itself is refused) and `meaning`.

    `low` and `high` are the ends of the range, infinite where it has none.
    """

    default: float
    low: float = -np.inf
    high: float = np.inf
    open_low: bool = False
    open_high: bool = False
    meaning: str = ""

    def refuse(self, name: str, value: Any) -> None:
        """Raise `UserError` unless every entry of `value` is a number in the range."""
        array = reals(value)
        if array is None:
            raise _no_number(name, value, "a number or a list of numbers")
        entries = np.atleast_1d(array).ravel()
        low = entries <= self.low if self.open_low else entries < self.low
        high = entries >= self.high if self.open_high else entries > self.high
        bad = entries[~np.isfinite(entries) | low | high]
        if bad.size:
            left = "(" if self.open_low or self.low == -np.inf else "["
            right = ")" if self.open_high or self.high == np.inf else "]"
            raise UserError(
                f"{name} = {bad[0]:g} is out of range: give a value in {left}{self.low:g}, {self.high:g}{right}"
            )


ANY = Parameter(0.0)
"""Every real number."""


def one_number(name: str, value: object, allowed: Parameter = ANY, *, known: bool = False) -> Any:
    """`value` if it is one real number in the allowed range: a number of any kind, or an array of shape ().

    A traced array passes, and is asked for its range by nobody, unless it must be `known` now. `UserError` for text,
    booleans, complex numbers, arrays of several, and what is no number at all.
    """
    from jax.core import Tracer  # here, for what only reads settings does without JAX

    traced = isinstance(value, Tracer)
    array = (value if _is_real(value.dtype) else None) if traced else reals(value)
    if array is None:
        raise _no_number(name, value, "one number")
    if array.shape != ():
        raise _shaped(name, value, "one number")
    if traced and known:
        raise UserError(f"{name} is traced: give a number that is known before the program is compiled")
    if not traced:
        allowed.refuse(name, value)
    return value if isinstance(value, int | float) or hasattr(value, "dtype") else float(array)


def whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """`value` as an int in low..high; 1e6 is taken for 1000000, anything else raises `UserError`."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = int(value) if isinstance(value, float) and value.is_integer() else operator.index(cast(Any, value))
    except TypeError:
        raise UserError(f"{name} = {value!r:.60} is not an integer: give a whole number") from None
    if number < low or (high is not None and number > high):
        admitted = f"{low} or more" if high is None else f"{low} to {high}"
        raise UserError(f"{name} = {number} is out of range: give {admitted}")
    return number


class Grid(Mapping[str, float | tuple[float, ...]]):
    """Settings of a method, complete and checked: a number is fixed everywhere, a tuple is an axis (full product)."""

    def __init__(self, settings: Mapping[str, float | tuple[float, ...]], parameters: Mapping[str, Parameter]) -> None:
        self._settings, self.parameters = dict(settings), parameters
        self.axes = {name: value for name, value in self._settings.items() if isinstance(value, tuple)}
        self.fixed = {name: value for name, value in self._settings.items() if not isinstance(value, tuple)}

    def __getitem__(self, name: str) -> float | tuple[float, ...]:
        return self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def __repr__(self) -> str:
        return f"Grid({self._settings})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def points(self) -> int:
        """Number of grid points."""
        return math.prod(self.shape)

    def table(self, dtype: str) -> "GridTable":
        """What `hyper` at any point is read from."""
        axes, stride = {}, self.points
        for name, values in self.axes.items():
            stride //= len(values)
            # few lengths: new values seldom are a new shape of what is compiled
            padding = (values[-1],) * ((1 << (len(values) - 1).bit_length()) - len(values))
            axes[name] = np.array(values + padding, dtype), np.uint32(stride), np.uint32(len(values))
        return GridTable({name: np.array(value, dtype) for name, value in self.fixed.items()}, axes)


class GridTable(NamedTuple):
    """A grid as arrays: numbers that are fixed, and of each axis its values, stride and length."""

    fixed: dict[str, Any]
    axes: dict[str, tuple[Any, Any, Any]]

    def at(self, point: Any) -> dict[str, Any]:
        """`hyper` at the given point numbers (row-major, uint32): scalars where fixed, else like `point`."""
        walked = {name: values[point // stride % length] for name, (values, stride, length) in self.axes.items()}
        return {**self.fixed, **walked}


def hypers(settings: Settings) -> Iterator[dict[str, float]]:
    """Every point of `settings`, the last name fastest."""
    axes = {name: np.atleast_1d(value) for name, value in settings.items()}
    for values in itertools.product(*axes.values()):
        yield {name: float(value) for name, value in zip(axes, values, strict=True)}


def complete(owner: str, parameters: Mapping[str, Parameter], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The defaults overridden by `given`; unknown names and values out of range raise `UserError`."""
    given = dict(given or {})
    for name, value in given.items():
        if name not in parameters:
            raise unknown(f"hyper-parameter of {owner}", name, parameters)
        parameters[name].refuse(f"{owner}: {name}", value)
    return {name: given.get(name, parameter.default) for name, parameter in parameters.items()}


def grid_of(owner: str, parameters: Mapping[str, Parameter], settings: Settings | None) -> Grid:
    """The grid that `settings` ask for; `UserError` for what `complete` refuses, and for axes that are none.

    A `Grid` is taken as it is where it was checked against the same declarations.
    """
    if isinstance(settings, Grid) and settings.parameters == parameters:
        return settings
    check_mapping(settings, "a dict of hyper-parameters, for example {'rho': [0, 1]}")
    grid: dict[str, float | tuple[float, ...]] = {}
    for name, value in complete(owner, parameters, settings).items():
        if np.ndim(value) == 0:
            grid[name] = float(value)
            continue
        if np.ndim(value) > 1:
            raise _shaped(f"{owner}: {name}", value, "a number or a flat list")
        grid[name] = values = tuple(float(v) for v in value)
        if name in _DIMENSIONS:
            raise UserError(f"{owner}: {name!r} is the name of a result's dimension; it cannot be a grid axis")
        if not values:
            raise UserError(f"{owner}: {name} has no values; give at least one")
        if len(set(values)) < len(values):
            raise UserError(f"{owner}: {name} = {list(values)} repeats a value; grid values must be distinct")
    return Grid(grid, parameters)


def check_mapping(settings: object, wanted: str) -> None:
    """`UserError` unless `settings` map names to values, or are None."""
    if settings is not None and not isinstance(settings, Mapping):
        raise UserError(f"settings = {settings!r:.60}: give {wanted}")


def override(settings: Settings, given: Settings | None, known: Collection[str]) -> dict[str, Any]:
    """`settings` overridden by those of `given` whose names are `known`."""
    return {**settings, **{name: value for name, value in (given or {}).items() if name in known}}


def parse_settings(assignments: Sequence[str] | None) -> dict[str, float | tuple[float, ...]]:
    """What `--set` means: `name=value` fixes a hyper-parameter, `name=value,value` makes it an axis."""
    found: dict[str, float | tuple[float, ...]] = {}
    for text in assignments or ():
        name, equals, tail = (part.strip() for part in text.partition("="))
        if not (name and equals and tail):
            raise UserError(f"--set {text!r}: write --set name=value or --set name=value,value")
        if name in found:
            raise UserError(f"--set {name} is given twice: write all its values in one --set, {name}=value,value")
        try:
            values = [float(value) for value in tail.split(",")]
            if not tail.isascii():  # Python reads the digits of every script
                raise ValueError
        except ValueError as error:
            raise UserError(f"--set {text!r}: values must be numbers, separated by commas") from error
        ANY.refuse(f"--set {name}", values)
        found[name] = tuple(values) if len(values) > 1 else values[0]
    return found


def in_words(hyper: Mapping[str, float]) -> str:
    """`alpha = 0.3, beta2 = 0.99`."""
    return ", ".join(f"{name} = {value:g}" for name, value in hyper.items())
