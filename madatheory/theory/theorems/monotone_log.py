"""T7log: T7 with ln(1/eps) in the place of 1/eps, for denominators above W times every past squared gradient."""

from collections.abc import Callable, Mapping

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Statistic
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.theory.chains.momentum import monotone_log_chain
from madatheory.theory.chains.momentum_conditions import KEEPS_SQUARES, MONOTONE_RANGE, SAFEGUARDED, safeguard_is
from madatheory.theory.chains.momentum_terms import (
    Q_amsgrad,
    Q_interpolation,
    R_safeguarded,
    stale_ratio,
)
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import K2_avgrad, R, harmonic
from madatheory.theory.theorem import Condition, Formula, Theorem

STATEMENT = (
    "alpha_t = alpha/sqrt(t), any beta1, W = {W}: (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + "
    "d (alpha G/(2(1-beta1) sqrt W) + alpha^2 L beta1/(8(1-beta1)^2 W)) ln(T R^2/eps) + "
    "alpha^2 L (1+2beta1)/(2(1-beta1)) d Q], Q >= sum g^2/b"
)
SETTINGS = {"alpha": 0.1, "beta1": 0.5, "beta2": 0.7, "eps": 1.0}

stale_ratio_w = stale_ratio("stale_ratio_w", "1-beta2", lambda e: 1 - e.hyper["beta2"])
stale_ratio_yogi = stale_ratio(
    "stale_ratio_yogi",
    "min(1-beta2, beta2 + (1-beta2) c)",
    lambda e: jnp.minimum(1 - e.hyper["beta2"], e.hyper["beta2"] + (1 - e.hyper["beta2"]) * e.hyper.get("c", 0.0)),
)


def _yogi_weight(q: Quantities, xp: Arithmetic) -> Number:
    """W = min(1-beta2, beta2 + (1-beta2) c): v_t >= W g_t^2, and t vhat_t >= v_t. A c that moves counts as 0."""
    return xp.minimum(q.w, q.beta2 + q.w * (0 if q.c is None else q.c))


def _theorem(
    method: str,
    name: str,
    W: tuple[str, Statistic, Formula],
    Q: Formula,
    by: str,
    conditions: tuple[Condition, ...] = (),
    settings: Mapping[str, float] = SETTINGS,
    root: Formula = R,
    options: Callable[[], Mapping[str, str]] = lambda: {"schedule": "inverse_sqrt"},
) -> Theorem:
    text, stale, weight = W
    return Theorem(
        name,
        "T7log",
        f"{method}, {STATEMENT.format(W=text)}",
        "new",
        "new",
        lambda: list_optimizers()[method].make(options()),
        (*STOCHASTIC_SMOOTH, method_is(method, form="theory", schedule="inverse_sqrt"), *conditions),
        monotone_log_chain(stale, weight, Q, by, root),
        settings,
    )


_W = ("1-beta2", stale_ratio_w, lambda q, xp: q.w)

amsgrad = _theorem("amsgrad", "amsgrad-monotone-log-rate", _W, Q_amsgrad, "ln(b_T/b_0) <= ln(T R^2/eps), Q")
avgrad = _theorem("avgrad", "avgrad-monotone-log-rate", _W, K2_avgrad, "ln(b_T/b_0) <= ln(T R^2/eps), L2(d)")
# b_t >= b_j >= j (eps + vhat_j) >= w g_j^2 for j <= t: monotone steps give W = w, whatever rho
interpolation = _theorem(
    "adam-avgrad",
    "interpolation-monotone-log-rate",
    _W,
    Q_interpolation,
    "ln(b_T/b_0) <= ln(T R^2/eps), L2(a) with k",
    (MONOTONE_RANGE,),
    {**SETTINGS, "rho": 0.001},
)
safeguarded = _theorem(
    "safeguarded-mada",
    "safeguarded-monotone-log-rate",
    ("min(1-beta2, beta2 + (1-beta2)c)", stale_ratio_yogi, _yogi_weight),
    lambda q, xp: q.G**2 / q.eps * harmonic(q.T, xp),
    "ln(b_T/b_0) <= ln(T R^2/eps), b_t >= t eps",
    (*SAFEGUARDED, safeguard_is("max"), KEEPS_SQUARES, hyper_is("beta3", 0.0)),
    {**SETTINGS, "beta3": 0.0, "rho": 0.5, "c": 0.5},
    R_safeguarded,
    lambda: {"safeguard": "max"},
)
