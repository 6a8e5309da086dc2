"""One identity on one example: what a snippet calls where the runs alone do not show the failure."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from madatheory.errors import unknown
from madatheory.identities.identity import Identity, NotApplicable, identities
from madatheory.identities.methods import method_of
from madatheory.identities.recognition.traits import detect
from madatheory.identities.report.outcome import base_settings
from madatheory.identities.rollout import Runs, literal
from madatheory.identities.targets.lookup import OptimizerLike, find


def example(
    make_optimizer: OptimizerLike, code: str, case: object = None, settings: Mapping[str, Any] | None = None
) -> str:
    """Try an identity on one of its examples; raises `Violation` if it does not hold, else says what it does."""
    if code not in identities():
        raise unknown("identity", code, identities())
    target = find(make_optimizer)
    base = base_settings(target) | dict(settings or {})
    with np.errstate(all="ignore"):
        traits = {name: trait.present for name, trait in detect(target, base).items()}
        try:
            identities()[code].test(Runs(target, traits, base, method_of(target)), case)
        except NotApplicable as error:
            return f"{code} does not apply: {error}"
    return f"{code} holds here"


def program(item: Identity, runs: Runs, case: object) -> str:
    """The runs so far as a program; where they print nothing, the identity on its example."""
    if any(line.startswith("print(") for line in runs.log):
        return runs.snippet()
    lines = ["import numpy as np", "from madatheory.identities.report.example import example"]
    try:
        written = _written(case, lines)
    except TypeError:
        return runs.snippet()
    arguments = f"optimizer, {item.code!r}, {written}, {dict(runs.settings)!r}"
    return "\n".join([*lines, *runs.target.code.splitlines(), f"print(example({arguments}))"])


def _written(value: object, lines: list[str]) -> str:
    """Python code of an example; its imports are added to `lines`. `TypeError` if there is no such code."""
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, np.ndarray | np.generic | float | complex):
        return literal(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        kind = type(value)
        lines.append(f"from {kind.__module__} import {kind.__name__}")
        return f"{kind.__name__}({', '.join(_written(part, lines) for part in value)})"
    if isinstance(value, list | tuple):
        inside = ", ".join(_written(part, lines) for part in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(k, lines)}: {_written(v, lines)}" for k, v in value.items()) + "}"
    raise TypeError(type(value).__name__)
