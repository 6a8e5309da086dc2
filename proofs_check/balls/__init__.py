"""Rigorous enclosures by ball arithmetic (python-flint): suprema on the real line, boxes of parameters, explicit laws.

A ball contains every value that its formula can take on the balls it is given, rounding included, so an inequality
between the ends of balls is proved. What holds with equality inside a box cannot be decided this way.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from madatheory.errors import needs
from proofs_check.balls import constants, data, decoupling, drift, lemmas, resting
from proofs_check.evidence import Check, Finding
from proofs_check.statements import Statement

SECONDS = 60

_EQUALITY = "algebraic and attained: a solver decides all values, a box would have to stay away from equality"
_REASONS = {
    "interpolation-growth": "an identity; balls decide inequalities",
    "avgrad-weights": "an identity; balls decide inequalities",
    "avgrad-bias-factor": "an identity; balls decide inequalities",
    **dict.fromkeys(
        ("avgrad-weighted-logarithm", "avgrad-rate-weight-growth", "avgrad-rate-logarithm"),
        "about any number of steps: no box holds them",
    ),
    **dict.fromkeys(
        ("adam-rests-only-if-symmetric", "adam-rest-shift"), "about every law and all beta2 near 1: no box holds them"
    ),
    "kingma-ba-step-bound": "refuted on two steps of the package's optimizer: bridge",
    "yogi-below-largest-square": "refuted on two steps of the package's optimizer: bridge",
}


def checks() -> Iterable[Check]:
    """Every question to this method."""
    for module in (constants, data, decoupling, drift, lemmas, resting):
        for check in module.checks():
            yield replace(check, decide=partial(_with_flint, check.decide))


def _with_flint(decide: Callable[[], Finding]) -> Finding:
    with needs("enclosures"):
        import flint  # noqa: F401
    return decide()


def not_applicable(statement: Statement) -> str:
    """Why there is no check of the whole of `statement`; "" where there is one."""
    if any(c.statement == statement.name and not c.part and not c.false for c in checks()):
        return ""
    if statement.name in _REASONS:
        return _REASONS[statement.name]
    if statement.kind == "theorem":
        return "about whole runs of a method, of any length and on any problem: no box holds them"
    return "about whole runs: bridge" if statement.kind == "refutation" else _EQUALITY
