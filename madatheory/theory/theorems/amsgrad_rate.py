"""T5A: AMSGrad without momentum, at any eps: only a logarithm of 1/eps enters."""

from typing import NamedTuple

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Context, Event, Statistic
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import (
    AVERAGE,
    R,
    decrease,
    harmonic,
    inner_product_sum,
    log_range,
    ratio_sum,
    squared_gradient_over_root_t,
)
from madatheory.theory.theorem import Level, Theorem


class DenominatorPast(NamedTuple):
    """Total so far, and A_{s-1} = eps + vmax_{s-1} per coordinate."""

    total: Number
    before: Number


def _with_past(name: str, formula: str, term) -> Statistic:
    """sum over steps and coordinates of `term(event, A_{s-1}, A_s)`, A_s = b_s/s."""

    def init(c: Context) -> DenominatorPast:
        return DenominatorPast(jnp.zeros(c.x.shape[1:], c.x.dtype), jnp.zeros_like(c.x) + c.hyper["eps"])

    def step(past: DenominatorPast, e: Event) -> DenominatorPast:
        now = e.step.b / e.clock.t
        return DenominatorPast(past.total + jnp.sum(term(e, past.before, now), axis=0), now)

    return Statistic(name, formula, init, step, lambda past, clock: past.total)


def _known_denominator(e: Event, before: Number, now: Number) -> Number:
    weight = 1 - e.hyper["beta2"]
    return e.grad**2 / jnp.sqrt(e.clock.t * jnp.maximum(before, weight * e.grad**2))


known_ratio = _with_past(
    "known_ratio",
    "sum_s sum_i (d_iF)^2/sqrt(s max(eps + vmax_{s-1}, w (d_iF)^2))",
    _known_denominator,
)
log_growth_over_root_t = _with_past(
    "log_growth_over_root_t",
    "sum_s sum_i ln((eps + vmax_s)/(eps + vmax_{s-1}))/sqrt(s)",
    lambda e, before, now: jnp.log(now / before) / jnp.sqrt(e.clock.t),
)


def Q_A(q: Quantities, xp: Arithmetic) -> Number:
    """Bound on sum g^2/(t (eps + vmax_t)): the smaller of

    1 + ln T + (beta2/w)(1 + ln(2+Lam)), Lam = ln(1 + G^2/eps), and min(1/w, G^2/eps)(1 + ln T) (vmax_t >= w g_t^2).
    """
    by_parts = harmonic(q.T, xp) + q.beta2 / q.w * (1 + xp.log(2 + log_range(q, xp)))
    return xp.minimum(by_parts, xp.minimum(1 / q.w, q.G**2 / q.eps) * harmonic(q.T, xp))


def _bracket(q: Quantities, xp: Arithmetic, start: Number, growth: Number, ratios: Number) -> Number:
    """(R/(alpha sqrt T)) [start + alpha G growth/(2 sqrt w) + (alpha^2 L/2) ratios]."""
    front = R(q, xp) / (q.alpha * xp.sqrt(q.T))
    return front * (start + q.alpha * q.G / (2 * xp.sqrt(q.w)) * growth + q.alpha**2 * q.L / 2 * ratios)


def right(q: Quantities, xp: Arithmetic) -> Number:
    """(R/(alpha sqrt T)) [D0 + d alpha G Lam/(2 sqrt w) + (d alpha^2 L/2) Q_A]."""
    return _bracket(q, xp, q.D0, q.d * log_range(q, xp), q.d * Q_A(q, xp))


def _per_root(m, q: Quantities, xp: Arithmetic, value: Number) -> Number:
    return R(q, xp) / xp.sqrt(q.T) * value


amsgrad_rate = Theorem(
    "amsgrad-rate",
    "T5A",
    "AMSGrad, beta1 = 0, alpha_t = alpha/sqrt(t): (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) "
    "[D0 + d alpha G Lam/(2 sqrt w) + (d alpha^2 L/2) Q_A], Lam = ln(1 + G^2/eps), "
    "Q_A = min(1 + ln T + (beta2/w)(1 + ln(2+Lam)), min(1/w, G^2/eps)(1 + ln T))",
    "new, with L1log",
    "new",
    lambda: get_optimizer("amsgrad:schedule=inverse_sqrt"),
    (*STOCHASTIC_SMOOTH, method_is("amsgrad", form="theory", schedule="inverse_sqrt"), hyper_is("beta1", 0.0)),
    (
        AVERAGE,
        Level(
            "weights 1/sqrt(t)",
            "L5: 1 <= sqrt(T/t)",
            lambda m, q, xp: m["squared_gradient_over_root_t"] / xp.sqrt(q.T),
            (squared_gradient_over_root_t,),
        ),
        Level(
            "known denominator",
            "max(eps + vmax_{t-1}, w (d_iF)^2) <= R^2",
            lambda m, q, xp: _per_root(m, q, xp, m["known_ratio"]),
            (known_ratio,),
        ),
        Level(
            "decoupled",
            "L1log with W = t w, a = t (eps + vmax_{t-1})",
            lambda m, q, xp: _per_root(
                m, q, xp, m["inner_product_sum"] + q.G / (2 * xp.sqrt(q.w)) * m["log_growth_over_root_t"]
            ),
            (inner_product_sum, log_growth_over_root_t),
        ),
        Level(
            "descent",
            "L4: smoothness",
            lambda m, q, xp: _bracket(q, xp, m["decrease"], m["log_growth_over_root_t"], m["ratio_sum"]),
            (decrease, log_growth_over_root_t, ratio_sum),
        ),
        Level(
            "data-dependent bound",
            "F >= F_star",
            lambda m, q, xp: _bracket(q, xp, q.D0, m["log_growth_over_root_t"], m["ratio_sum"]),
            (log_growth_over_root_t, ratio_sum),
            highest=right,
            data_bound=True,
        ),
        Level(
            "telescoped logarithms",
            "sum ln((eps + vmax_t)/(eps + vmax_{t-1}))/sqrt(t) <= Lam",
            lambda m, q, xp: _bracket(q, xp, q.D0, q.d * log_range(q, xp), m["ratio_sum"]),
            (ratio_sum,),
        ),
        Level("a-priori bound", "sum g^2/b <= Q_A", lambda m, q, xp: right(q, xp)),
    ),
    {"alpha": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 0.1},
)
