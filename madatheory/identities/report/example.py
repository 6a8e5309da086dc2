"""One identity on one example, and the program of a failure, which ends with an assertion of what should hold."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from madatheory.errors import unknown
from madatheory.identities.identity import Identity, NotApplicable, Violation, identities
from madatheory.identities.methods import method_of
from madatheory.identities.recognition.traits import detect
from madatheory.identities.report.counterexample import ENDING, lines
from madatheory.identities.report.outcome import base_settings
from madatheory.identities.rollout import Runs, literal
from madatheory.identities.targets.lookup import OptimizerLike
from madatheory.identities.targets.matrices import checkable


class Tried(NamedTuple):
    """What comes of an identity on one example: whether it holds, why not, and the runs that were made for it."""

    holds: bool
    detail: str
    got: object = None
    expected: object = None
    runs: str = ""


def example(
    make_optimizer: OptimizerLike,
    code: str,
    case: object = None,
    settings: Mapping[str, Any] | None = None,
    *,
    traits: Mapping[str, bool] | None = None,
    method: str = "",
) -> Tried:
    """Try an identity on one of its examples; an identity that does not apply to it holds. `UserError` on bad input."""
    if code not in identities():
        raise unknown("identity", code, identities())
    target = checkable(make_optimizer)
    base = base_settings(target) | dict(settings or {})
    declared = frozenset(name for name, value in (traits or {}).items() if value)
    with np.errstate(all="ignore"):
        present = {name: trait.present for name, trait in detect(target, base, traits).items()}
        runs = Runs(target, present, base, method_of(target, method), declared)
        try:
            identities()[code].test(runs, case)
        except NotApplicable as error:
            return Tried(True, f"{code} does not apply: {error}")
        except Violation as error:
            return Tried(False, str(error), error.got, error.expected, "\n".join(runs.lines()))
        except Exception as error:  # whatever the optimizer raises is what is shown
            return Tried(False, f"{type(error).__name__}: {error}", error, "no error", "\n".join(runs.lines()))
    return Tried(True, f"{code} holds here")


def program(item: Identity, runs: Runs, case: object, error: BaseException) -> str:
    """Lines of NumPy where parts of runs are compared; else the identity on its example.

    `runs` are those that ended with `error`.
    """
    code = lines(item, runs, case, error) if isinstance(error, Violation) else None
    if code is None:
        return law(item, runs, case)
    start = ["import numpy as np", "from madatheory import runs_of", *runs.target.code.splitlines()]
    return "\n".join([*start, "run = runs_of(optimizer)", *code])


def law(item: Identity, runs: Runs, case: object) -> str:
    """A program that tries the identity on its example."""
    start = ["import numpy as np", "from madatheory.identities.report.example import example"]
    try:
        written = _written(case, start)
    except TypeError:
        return runs.snippet()
    given = [repr(item.code), written, repr(dict(runs.settings))]
    if runs.declared:
        given.append(f"traits={dict.fromkeys(sorted(runs.declared), True)!r}")
    if runs.method != method_of(runs.target):
        given.append(f"method={runs.method!r}")
    return "\n".join(
        [
            *start,
            *runs.target.code.splitlines(),
            f"tried = example(optimizer, {', '.join(given)})",
            "print(tried.runs)",
            "got, expected = tried.got, tried.expected",
            *ENDING,
            f"assert tried.holds, {f'{item.code}, {item.name}: '!r} + tried.detail",
        ]
    )


def _written(value: object, lines: list[str]) -> str:
    """Python code of an example; its imports are added to `lines`. `TypeError` if there is no such code."""
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, np.ndarray | np.generic | float | complex):
        return literal(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        kind = type(value)
        line = f"from {kind.__module__} import {kind.__name__}"
        lines += [] if line in lines else [line]
        return f"{kind.__name__}({', '.join(_written(part, lines) for part in value)})"
    if isinstance(value, list | tuple):
        inside = ", ".join(_written(part, lines) for part in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(k, lines)}: {_written(v, lines)}" for k, v in value.items()) + "}"
    raise TypeError(type(value).__name__)
