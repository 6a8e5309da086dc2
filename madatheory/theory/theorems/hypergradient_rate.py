"""TH: gradient descent with a step size learned by hyper-gradients is as good as with any fixed one, but for regret.

Losses of the online learning are h_t(a) = (F(x_{t-1} - a g_t) - F(x_{t-1}))/|g_t|^2, convex in a.
"""

from collections.abc import Callable

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event, Statistic, latest, squared_norm, total
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.members.hypergradient_descent import counts
from madatheory.theory.conditions import A1, A3, A4, CONVEX, NOISELESS, UNCONSTRAINED, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import gap
from madatheory.theory.theorem import Condition, Level, Measured, Setting, Theorem


def _short(setting: Setting) -> str | None:
    constants, hyper = setting.problem.constants, setting.hyper
    if constants is None:
        return None  # CONVEX says so
    if hyper["A"] * constants.L.value > 2:
        return f"A L = {hyper['A'] * constants.L.value:g}, the statement needs A L <= 2"
    return None if hyper["alpha"] <= hyper["A"] else "the first step size is above A"


def _away(setting: Setting) -> str | None:
    problem = setting.problem
    if problem.constants is None:
        return None  # CONVEX says so
    return None if problem.gap > 0 else f"{problem.name} starts at its minimizer"


SHORT = Condition("A L <= 2 and alpha <= A", _short)
AWAY = Condition("starts above F_star", _away)


def _ratio(e: Event, numerator: Number, otherwise: Number) -> Number:
    """numerator/|g_t|^2. Where g_t vanishes F = F_star from there on, and any number will do."""
    square = squared_norm(e.grad)
    return jnp.where(counts(square), numerator / jnp.where(counts(square), square, 1), otherwise)


def _most(e: Event) -> Number:
    constants = e.problem.constants
    return jnp.nan if constants is None else 1 / (2 * constants.L.value)


def _fall(e: Event, after: Number) -> Number:
    return _ratio(e, e.problem.value(e.x) - e.problem.value(after), _most(e))


def _promised(e: Event) -> Number:
    """min(A, 1/L): the step of [0, A] for which descent promises most."""
    return jnp.minimum(e.hyper["A"], 2 * _most(e))


def _fixed(name: str, c: Callable[[Event], Number]) -> Statistic:
    return total(f"fixed_{name}", f"sum_s -h_s(c), c = {name}", lambda e: _fall(e, e.x - c(e) * e.grad))


_progress = total("progress", "sum_s max(0, -h_s(a_s))", lambda e: jnp.maximum(_fall(e, e.next), 0))
_slopes = total(
    "squared_hypergradients",
    "sum_s h_s'(a_s)^2",
    lambda e: _ratio(e, jnp.sum(e.problem.full_gradient(e.next) * e.grad, axis=0), 0) ** 2,
)
_FIXED = {
    "promised": (_fixed("promised", _promised), lambda q, xp: promised(q, xp)),
    "half": (_fixed("half", lambda e: e.hyper["A"] / 2), lambda q, xp: q.A / 2),
    "whole": (_fixed("whole", lambda e: e.hyper["A"]), lambda q, xp: q.A),
}


def promised(q: Quantities, xp: Arithmetic) -> Number:
    """min(A, 1/L)."""
    return xp.minimum(q.A, 1 / q.L)


def after(progress: Number, q: Quantities, xp: Arithmetic) -> Number:
    """D0 Delta^2/(Delta^2 + D0 max(0, P)): 1/(F - F_star) has grown by P/Delta^2."""
    return q.D0 * q.Delta**2 / (q.Delta**2 + q.D0 * xp.maximum(progress, 0 * q.D0))


def _hindsight(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
    found = [m[statistic.name] - (q.alpha - c(q, xp)) ** 2 / (2 * q.eta) for name, (statistic, c) in _FIXED.items()]
    best = xp.maximum(xp.maximum(found[0], found[1]), found[2])
    return after(best - q.eta / 2 * m["squared_hypergradients"], q, xp)


def hypergradient_bound(q: Quantities, xp: Arithmetic) -> Number:
    """`after` P = T (c - L c^2/2 - eta/2) - (alpha - c)^2/(2 eta), c = min(A, 1/L)."""
    c = promised(q, xp)
    return after(q.T * (c - q.L * c**2 / 2 - q.eta / 2) - (q.alpha - c) ** 2 / (2 * q.eta), q, xp)


hypergradient_rate = Theorem(
    "hypergradient-rate",
    "TH",
    "learned step size, F convex, no noise: F(x_T) - F_star <= D0 Delta^2/(Delta^2 + D0 max(0, P)), "
    "P = T (c - L c^2/2 - eta/2) - (alpha - c)^2/(2 eta), c = min(A, 1/L)",
    "the idea of Chu, Gao, Ye and Udell (2025); statement, constants and proof our own",
    "new",
    lambda: get_optimizer("hypergradient-descent"),
    (A1, A3, A4, CONVEX, UNCONSTRAINED, NOISELESS, method_is("hypergradient-descent"), SHORT, AWAY),
    (
        Level(
            "measured F - F_star",
            "",
            lambda m, q, xp: m["last_gap"],
            (latest("last_gap", "F(x_t) - F_star", lambda e: gap(e.problem, e.next)),),
        ),
        Level(
            "progress",
            "F(x) - F_star <= |grad F(x)| Delta, so 1/(F - F_star) grows by -h_t(a_t)/Delta^2",
            lambda m, q, xp: after(m["progress"], q, xp),
            (_progress,),
        ),
        Level(
            "best fixed step",
            "regret of online gradient descent: sum h_t(a_t) - h_t(c) <= (alpha-c)^2/(2 eta) + (eta/2) sum h_t'^2",
            _hindsight,
            (*(statistic for statistic, _ in _FIXED.values()), _slopes),
        ),
        Level(
            "a-priori bound",
            "-h_t(c) >= c - L c^2/2 and |h_t'| <= 1 on [0, 2/L]",
            lambda m, q, xp: hypergradient_bound(q, xp),
        ),
    ),
    {"alpha": 0.1, "eta": 0.02, "A": 0.6},
    kind="every-path",
)
