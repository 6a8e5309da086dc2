"""T8: MADA's coefficients may be chosen in any way, after the gradient too, once the step size may not grow."""

from collections.abc import Mapping

from madatheory.optimizers.catalogue import list_optimizers
from madatheory.theory.chains.momentum import monotone_chain, monotone_log_chain
from madatheory.theory.chains.momentum_conditions import SAFEGUARDED, safeguard_is
from madatheory.theory.chains.momentum_terms import (
    R_safeguarded,
    R_safeguarded_sum,
    stale_ratio,
)
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.terms import harmonic, log1p
from madatheory.theory.theorem import Level, Theorem

MOVING = "rho_t, c_t, beta2_t in [0,1] and beta3_t in [0,B3] chosen in any way and used only inside vhat, "


def _theorem(
    name: str, label: str, statement: str, chain: tuple[Level, ...], safeguard: str, path: str, settings: Mapping
) -> Theorem:
    return Theorem(
        name,
        label,
        statement,
        "new",
        "new",
        lambda: list_optimizers()["safeguarded-mada"].make({"safeguard": safeguard, "path": path}),
        (
            *STOCHASTIC_SMOOTH,
            method_is("safeguarded-mada", form="theory", schedule="inverse_sqrt"),
            safeguard_is(safeguard),
            *SAFEGUARDED,
        ),
        chain,
        settings,
    )


_MAX = (
    "b_t = max(b_{t-1}, t(eps+vhat_t)), b_0 = eps, any beta1, " + MOVING + "R^2 = eps + (1+(1-min beta2)(1-min c))"
    "((1+2B3)G)^2: (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + alpha d G^2/((1-beta1) sqrt(eps)) + "
    "L r^2 alpha^2 d G^2/eps + (L/2)(3+r^2) alpha^2 d (G^2/eps)(1 + ln T)]"
)
_MAX_CHAIN = monotone_chain(
    lambda q, xp: q.G**2 / q.eps * harmonic(q.T, xp), "b_t >= t eps: sum g^2/b <= (G^2/eps)(1 + ln T)", R_safeguarded
)
_MAX_SETTINGS = {"alpha": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1.0}

_SUM = (
    "b_t = max(b_{t-1}, t(eps+vhat_t), eps + W sum_{j<=t} g_j^2), any beta1, " + MOVING + "R of T8: "
    "(1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + d (alpha G/(2(1-beta1) sqrt W) + alpha^2 L beta1/(8(1-beta1)^2 "
    "W)) ln(T R^2/eps) + alpha^2 L (1+2beta1)/(2(1-beta1)) (d/W) ln(1 + WTG^2/eps)]"
)
_SUM_CHAIN = monotone_log_chain(
    stale_ratio("stale_ratio_sum", "the safeguard's", lambda e: e.hyper["W"]),
    lambda q, xp: q.W,
    lambda q, xp: log1p(q.W * q.T * q.G**2 / q.eps, xp) / q.W,
    "ln(b_T/b_0) <= ln(T R^2/eps), L2(a)",
    R_safeguarded_sum,
)
_SUM_SETTINGS = {"alpha": 0.2, "beta1": 0.5, "beta2": 0.9, "eps": 0.3, "W": 1.0}

rate = _theorem(
    "safeguarded-rate",
    "T8",
    "Safeguarded MADA, constant coefficients as a case: " + _MAX,
    _MAX_CHAIN,
    "max",
    "constant",
    {**_MAX_SETTINGS, "rho": 0.5, "c": 0.5, "beta3": 0.1},
)
hindsight_rate = _theorem(
    "safeguarded-hindsight-rate",
    "T8",
    "Safeguarded MADA, rho_t chosen after g_t: " + _MAX,
    _MAX_CHAIN,
    "max",
    "greedy",
    {**_MAX_SETTINGS, "c": 1.0, "beta3": 0.0},
)
sum_rate = _theorem(
    "safeguarded-sum-rate",
    "T8log",
    "Safeguarded MADA with the sum of squares as a floor: " + _SUM,
    _SUM_CHAIN,
    "sum",
    "constant",
    {**_SUM_SETTINGS, "rho": 0.5, "c": 0.5, "beta3": 0.1},
)
sum_hindsight_rate = _theorem(
    "safeguarded-sum-hindsight-rate",
    "T8log",
    "Safeguarded MADA with the sum of squares as a floor, rho_t chosen after g_t: " + _SUM,
    _SUM_CHAIN,
    "sum",
    "greedy",
    {**_SUM_SETTINGS, "c": 1.0, "beta3": 0.0},
)
