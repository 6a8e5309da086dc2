"""The assumptions that theorems share, each with the reason when it fails."""

import math
from collections.abc import Iterable

from madatheory.theory.theorem import Condition, Setting, quantities
from madatheory.theory.verdict import deterministic


def assumption(label: str, meaning: str) -> Condition:
    """A1 .. A4 of the problem: fails with the problem's own reason, or where no constants are certified."""

    def fails(setting: Setting) -> str | None:
        problem = setting.problem
        if label in problem.not_covered:
            return problem.not_covered[label]
        return None

    return Condition(f"{label} ({meaning})", fails)


def _certified(setting: Setting) -> str | None:
    if setting.problem.constants is None and not setting.problem.not_covered:
        return f"{setting.problem.name} has no certified L, G, F_star"
    return None


def _constants(setting: Setting) -> str | None:
    if setting.problem.constants is not None:
        return None
    return f"{setting.problem.name} has no certified constants, of which L and F_star are needed"


def _unconstrained(setting: Setting) -> str | None:
    return None if setting.problem.box is None else f"{setting.problem.name} is projected on a box"


def _convex(setting: Setting) -> str | None:
    problem = setting.problem
    if problem.constants is None or problem.constants.distance is None:
        return f"{problem.name} is not known to be convex with a known minimizer"
    if problem.constants.F_star.side != "exact":
        return f"{problem.name} has a bound of F_star only, and the left side is F - F_star"
    return None


def _variance(setting: Setting) -> str | None:
    if setting.problem.constants is None or quantities(setting).sigma < math.inf:
        return None
    return f"the noise of {setting.problem.name} has no finite variance"


def _noiseless(setting: Setting) -> str | None:
    return None if deterministic(setting.problem) else f"{setting.problem.name} has {setting.problem.oracle.name} noise"


A1 = assumption("A1", "F bounded below")
A2 = assumption("A2", "gradients bounded by G")
A3 = assumption("A3", "L-smooth")
A4 = assumption("A4", "unbiased gradients")
CERTIFIED = Condition("certified constants", _certified)
CONSTANTS = Condition("certified constants", _constants)
UNCONSTRAINED = Condition("unconstrained", _unconstrained)
CONVEX = Condition("convex with a known minimizer", _convex)
VARIANCE = Condition("variance of the noise bounded by sigma^2", _variance)
NOISELESS = Condition("no noise", _noiseless)
STOCHASTIC_SMOOTH = (A1, A2, A3, A4, CERTIFIED, UNCONSTRAINED)


def hyper_is(name: str, value: float) -> Condition:
    """A hyper-parameter (free or pinned) has a given value."""

    def fails(setting: Setting) -> str | None:
        pinned = setting.optimizer.traits.get("pinned", {})
        got = setting.hyper.get(name, pinned.get(name, value))
        return None if got == value else f"{name} = {got:g}, the statement needs {value:g}"

    return Condition(f"{name} = {value:g}", fails)


def hyper_positive(name: str) -> Condition:
    """A hyper-parameter (free or pinned) is positive."""

    def fails(setting: Setting) -> str | None:
        got = setting.hyper.get(name, setting.optimizer.traits.get("pinned", {}).get(name))
        return None if got is None or got > 0 else f"{name} = {got:g}, the statement needs {name} > 0"

    return Condition(f"{name} > 0", fails)


def method_is(method: str | Iterable[str], **traits: str) -> Condition:
    """The optimizer is one of the named methods, with the given traits (form, schedule, ...)."""
    methods = (method,) if isinstance(method, str) else tuple(method)

    def fails(setting: Setting) -> str | None:
        optimizer = setting.optimizer
        if optimizer.name not in methods:
            return f"it is about {' or '.join(methods)}, not {optimizer.name}"
        for name, value in traits.items():
            if optimizer.traits.get(name) != value:
                return f"{optimizer.name} has {name} {optimizer.traits.get(name)!r}, the statement needs {value!r}"
        return None

    return Condition("method " + " or ".join(methods), fails)
