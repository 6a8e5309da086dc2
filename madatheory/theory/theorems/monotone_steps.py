"""T7: methods whose coordinatewise step sizes never grow converge with any momentum: AMSGrad, AVGrad, and near them.

The step size may depend on the current gradient. The price is 1/sqrt(eps): see `monotone_log` for a form without.
"""

from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.momentum import monotone_chain
from madatheory.theory.chains.momentum_conditions import MONOTONE_RANGE
from madatheory.theory.chains.momentum_terms import Q_amsgrad, Q_interpolation
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.terms import K2_avgrad, harmonic
from madatheory.theory.theorem import Theorem

SOURCE = "new, technique of Chen, Liu, Sun, Hong (ICLR 2019)"
STATEMENT = (
    "alpha_t = alpha/sqrt(t), any beta1, r = beta1/(1-beta1): (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + "
    "alpha d G^2/((1-beta1) sqrt(eps)) + L r^2 alpha^2 d G^2/eps + (L/2)(3+r^2) alpha^2 d Q], Q = "
)
SETTINGS = {"alpha": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1.0}

amsgrad = Theorem(
    "amsgrad-monotone-rate",
    "T7",
    "AMSGrad, " + STATEMENT + "min(1/w, G^2/eps)(1 + ln T)",
    SOURCE,
    "new",
    lambda: get_optimizer("amsgrad:schedule=inverse_sqrt"),
    (*STOCHASTIC_SMOOTH, method_is("amsgrad", form="theory", schedule="inverse_sqrt")),
    monotone_chain(Q_amsgrad, "vmax_t >= w g_t^2: sum g^2/b <= Q"),
    SETTINGS,
)
avgrad = Theorem(
    "avgrad-monotone-rate",
    "T7",
    "AVGrad, " + STATEMENT + "min(K2, (G^2/eps)(1 + ln T))",
    SOURCE,
    "new",
    lambda: get_optimizer("avgrad:schedule=inverse_sqrt"),
    (*STOCHASTIC_SMOOTH, method_is("avgrad", form="theory", schedule="inverse_sqrt")),
    monotone_chain(
        lambda q, xp: xp.minimum(K2_avgrad(q, xp), q.G**2 / q.eps * harmonic(q.T, xp)), "L2(d): sum g^2/b <= Q"
    ),
    SETTINGS,
)
interpolation = Theorem(
    "interpolation-monotone-rate",
    "T7",
    "Adam-AVGrad interpolation, constant rho, while eps + G^2 (1-beta2^{T-1})(beta2 - rho (T-1)(1-beta2)) >= 0, "
    + STATEMENT
    + "min(ln(1 + kTG^2/eps)/k, (G^2/eps)(1 + ln T)), k = min(w, (1-rho)(1-beta2^T) + rho T w beta2^{T-1})",
    SOURCE,
    "new",
    lambda: get_optimizer("adam-avgrad:schedule=inverse_sqrt"),
    (*STOCHASTIC_SMOOTH, method_is("adam-avgrad", form="theory", schedule="inverse_sqrt"), MONOTONE_RANGE),
    monotone_chain(Q_interpolation, "t vhat_t >= k sum g^2, L2(a): sum g^2/b <= Q"),
    {**SETTINGS, "beta2": 0.999, "rho": 0.1},
)
