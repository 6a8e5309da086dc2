"""T7: methods whose coordinatewise step sizes never grow converge with any momentum: AMSGrad, AVGrad, and near them.

The step size may depend on the current gradient. The price is 1/sqrt(eps): see `monotone_log` for a form without. T7'
has the same proof with the best constants of its elementary inequalities.
"""

from collections.abc import Mapping

from madatheory.optimizers.catalogue import list_optimizers
from madatheory.theory.chains.momentum import monotone_chain
from madatheory.theory.chains.momentum_conditions import MONOTONE_RANGE
from madatheory.theory.chains.momentum_terms import MINKOWSKI, YOUNG, MonotoneCost, Q_amsgrad, Q_interpolation
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.terms import K2_avgrad, R, harmonic
from madatheory.theory.theorem import Condition, Formula, Theorem

STATEMENT = (
    "alpha_t = alpha/sqrt(t), any beta1, r = beta1/(1-beta1): (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + "
    "alpha d G^2/((1-beta1) sqrt(eps)) + L r^2 alpha^2 d G^2/eps + (L/2)(3+r^2) alpha^2 d Q], Q = "
)
SHARP_STATEMENT = (
    "alpha_t = alpha/sqrt(t), any beta1, r = beta1/(1-beta1): (1/T) sum E|grad F|^2 <= (R sqrt(max(T-1,1))/(alpha T)) "
    "[D0 + alpha d G^2 s/(1-beta1) + (alpha^2 d L/2)((sqrt(Q) + r G s)^2 + 2rQ)], s = 1/sqrt(eps) - 1/(R sqrt T), Q = "
)
SETTINGS = {"alpha": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1.0}


def _pair(
    method: str,
    names: tuple[str, str],
    words: tuple[str, str],
    Q: Formula,
    by: str,
    conditions: tuple[Condition, ...] = (),
    settings: Mapping[str, float] = SETTINGS,
) -> tuple[Theorem, Theorem]:
    """T7 and T7' of a method whose sum of ratios is at most `Q`, which is the last of the `words`."""
    about, bound = words

    def theorem(name: str, label: str, statement: str, source: str, cost: MonotoneCost) -> Theorem:
        return Theorem(
            name,
            label,
            about + statement + bound,
            source,
            "new",
            lambda: list_optimizers()[method].make({"schedule": "inverse_sqrt"}),
            (*STOCHASTIC_SMOOTH, method_is(method, form="theory", schedule="inverse_sqrt"), *conditions),
            monotone_chain(Q, by, R, cost),
            settings,
        )

    plain, sharp = names
    return (
        theorem(plain, "T7", STATEMENT, "new, technique of Chen, Liu, Sun, Hong (ICLR 2019)", YOUNG),
        theorem(sharp, "T7'", SHARP_STATEMENT, "new: T7 with the least constants of its inequalities", MINKOWSKI),
    )


amsgrad, amsgrad_sharp = _pair(
    "amsgrad",
    ("amsgrad-monotone-rate", "amsgrad-monotone-sharp-rate"),
    ("AMSGrad, ", "min(1/w, G^2/eps)(1 + ln T)"),
    Q_amsgrad,
    "vmax_t >= w g_t^2: sum g^2/b <= Q",
)
avgrad, avgrad_sharp = _pair(
    "avgrad",
    ("avgrad-monotone-rate", "avgrad-monotone-sharp-rate"),
    ("AVGrad, ", "min(K2, (G^2/eps)(1 + ln T))"),
    lambda q, xp: xp.minimum(K2_avgrad(q, xp), q.G**2 / q.eps * harmonic(q.T, xp)),
    "L2(d): sum g^2/b <= Q",
)
interpolation, interpolation_sharp = _pair(
    "adam-avgrad",
    ("interpolation-monotone-rate", "interpolation-monotone-sharp-rate"),
    (
        "Adam-AVGrad interpolation, constant rho, while eps + G^2 (1-beta2^{T-1})(beta2 - rho (T-1)(1-beta2)) >= 0, ",
        "min(ln(1 + kTG^2/eps)/k, (G^2/eps)(1 + ln T)), k = min(w, (1-rho)(1-beta2^T) + rho T w beta2^{T-1})",
    ),
    Q_interpolation,
    "t vhat_t >= k sum g^2, L2(a): sum g^2/b <= Q",
    (MONOTONE_RANGE,),
    {**SETTINGS, "beta2": 0.999, "rho": 0.1},
)
