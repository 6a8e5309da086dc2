"""Certified constants of the scalar functions: each enclosed to 1e-9 on the whole real line, then compared."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from madatheory.problems.problem import Constant
from madatheory.problems.scalar import Scalar, scalars
from proofs_check.evidence import Check, Finding, Status

STATEMENT = "problem-constants"
NEEDED = 1e-9
ORDERS = {"infimum": 0, "slope": 1, "curvature": 2}
SYMBOLS = {"infimum": "inf phi", "slope": "sup |phi'|", "curvature": "sup |phi''|"}
SHIFT = 1e-8  # of a planted mistake


def checks() -> Iterator[Check]:
    """The whole statement, each constant by itself, and constants that are wrong by 1e-8."""
    yield Check(STATEMENT, everything)
    for scalar in scalars().values():
        for name in ORDERS:
            yield Check(STATEMENT, partial(decide, scalar, name), part=f"{scalar.name}: {SYMBOLS[name]}")
            what = f"{scalar.name}: {SYMBOLS[name]} too {'high' if name == 'infimum' else 'low'} by {SHIFT:g}"
            wrong = moved(scalar, name, SHIFT if name == "infimum" else -SHIFT)
            yield Check(STATEMENT, partial(decide, wrong, name), part=what, false=True)
        what = f"{scalar.name}: {SYMBOLS['slope']} too high by {SHIFT:g} and called exact"
        yield Check(STATEMENT, partial(decide, moved(scalar, "slope", SHIFT), "slope"), part=what, false=True)


def moved(scalar: Scalar, name: str, shift: float) -> Scalar:
    """The scalar function with one constant changed by a relative `shift` (absolute for the infimum)."""
    constant: Constant = getattr(scalar, name)
    value = constant.value + shift if name == "infimum" else constant.value * (1 + shift)
    return replace(scalar, **{name: replace(constant, value=value)})


def everything() -> Finding:
    """All constants of all scalar functions."""
    found = {(s.name, name): decide(s, name) for s in scalars().values() for name in ORDERS}
    for (phi, name), finding in found.items():
        if finding.status is not Status.PROVED:
            return replace(finding, detail=f"{phi}, {SYMBOLS[name]}: {finding.detail}")
    widest = max(finding.residual or 0.0 for finding in found.values())
    return Finding(Status.PROVED, f"{len(found)} constants of {len(scalars())} functions enclosed", residual=widest)


def decide(scalar: Scalar, name: str) -> Finding:
    """Enclose the constant, and prove that the certified one is not below it and, if exact, not 1e-9 above it."""
    from flint import arb

    from proofs_check.balls.branch import SLACK, NotProved, precision, prove_at_most
    from proofs_check.balls.suprema import X, enclose

    order = ORDERS[name]
    found, constant = enclose(scalar, order), getattr(scalar, name)
    side = -1 if order == 0 else 1
    certified = side * arb(constant.value)
    ends = (f"{float(side * found.lower):.12g}", f"{float(side * found.upper):.12g}")
    interval = f"{SYMBOLS[name]} in [{', '.join(ends[::side])}], {found.boxes} boxes, certified {constant.value!r}"
    if certified < found.lower:
        return Finding(Status.REFUTED, interval, f"x = {float(found.at):.9g}", found.width)
    if constant.side == "exact" and certified - found.lower > NEEDED * max(abs(constant.value), 1.0):
        return Finding(Status.REFUTED, f"{interval}, claimed to be exact", residual=found.width)
    with precision(256):
        covered = found.tail <= certified + SLACK
    if not found.width <= NEEDED or not covered:
        return Finding(Status.OPEN, interval, residual=found.width)
    try:
        for sign in (-1,) if order == 0 else (1, -1):
            prove_at_most(scalar.phi, order, sign, side * constant.value, X)
    except NotProved as error:
        return Finding(Status.OPEN, f"{interval}; {error}", residual=found.width)
    return Finding(Status.PROVED, f"{interval}; |x| >= {X} by expansion in 1/x", residual=found.width)
