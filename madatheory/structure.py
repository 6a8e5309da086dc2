"""Whether a record is what its class says: the declared types of a dataclass or `NamedTuple`, looked at once.

The annotations are the specification: texts, numbers, functions, literals, unions, sequences, mappings and records of
the package inside each other. What a function returns and what values mean is for others to check.
"""

import dataclasses
import functools
import numbers
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from madatheory.errors import UserError

_PLAIN: Mapping[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text"),
    bool: ((bool, np.bool_), "True or False"),
    int: ((numbers.Integral,), "a whole number"),
    float: ((numbers.Real,), "a number"),
    type(None): ((type(None),), "None"),
}


def conform(record: Any, what: str) -> None:
    """`UserError` unless every field of `record` is of its declared kind; `what` names the record."""
    found = next(_fields(record, type(record), ""), None)
    if found is not None:
        raise UserError(f"{what}: {found}")


def kind(value: Any) -> str:
    """A value in a few words, for a message."""
    name = type(value).__name__
    if value is None or isinstance(value, bool | str | numbers.Number):
        return f"{value!r:.60}"
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def several(name: str, given: Any, one: Any) -> list[Any]:
    """One thing, or any number of them in a collection, as a list; `UserError` for what is neither."""
    if isinstance(given, one):
        return [given]
    if isinstance(given, Mapping):
        given = list(given.values())
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise UserError(f"{name} = {kind(given)}: give one, or a list of them")
    return list(given)


@functools.cache
def _hints(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _fields(record: Any, declared: type, path: str) -> Iterator[str]:
    for name in _names(declared):
        yield from _wrong(getattr(record, name), _hints(declared)[name], f"{path}{name}")


def _names(declared: type) -> Sequence[str]:
    if dataclasses.is_dataclass(declared):
        return [field.name for field in dataclasses.fields(declared)]
    return getattr(declared, "_fields", ())


def _wrong(value: Any, hint: Any, path: str) -> Iterator[str]:
    """What is wrong with a value at `path`, in words with the remedy."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        admitted, words = _PLAIN[hint]
        if not isinstance(value, admitted) or (isinstance(value, bool) and hint in (int, float)):
            yield f"{path} is {kind(value)}: give {words}"
    elif origin is Literal:
        if value not in arguments:
            yield f"{path} is {kind(value)}: give {' or '.join(map(repr, arguments))}"
    elif origin in (Union, types.UnionType):
        wrong = [next(_wrong(value, one, path), None) for one in arguments]
        if None not in wrong:
            kinds = [one for one in arguments if one is not type(None)]
            yield str(wrong[arguments.index(kinds[0])]) if len(kinds) == 1 else f"{path} is {kind(value)}: give {hint}"
    elif origin is Callable or hint is Callable:
        if not callable(value):
            yield f"{path} is {kind(value)}: give a function"
    elif origin in (tuple, Sequence):
        fixed = arguments if origin is tuple and arguments[-1] is not ... else None
        if isinstance(value, str) or not isinstance(value, Sequence):
            yield f"{path} is {kind(value)}: give a tuple"
        elif fixed is not None and len(value) != len(fixed):
            yield f"{path} has {len(value)} entries: give {len(fixed)}"
        else:
            for number, item in enumerate(value):
                yield from _wrong(item, fixed[number] if fixed else arguments[0], f"{path}[{number}]")
    elif origin is Mapping:
        if not isinstance(value, Mapping):
            yield f"{path} is {kind(value)}: give a dict"
        else:
            for key, item in value.items():
                yield from _wrong(key, arguments[0], f"a key of {path}")
                yield from _wrong(item, arguments[1], f"{path}[{key!r}]")
    elif hint is np.ndarray:
        if np.asarray(value).dtype.kind not in "biuf":
            yield f"{path} is {kind(value)}: give real numbers"
    elif isinstance(hint, type) and _names(hint):
        if not isinstance(value, hint):
            yield f"{path} is {kind(value)}: give a {hint.__name__}"
        else:
            yield from _fields(value, hint, f"{path}.")
