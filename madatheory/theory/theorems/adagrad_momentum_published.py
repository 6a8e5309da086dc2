"""T3: Adagrad with heavy-ball momentum, as published by Defossez, Bottou, Bach and Usunier."""

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.momentum_conditions import ENOUGH_STEPS
from madatheory.theory.chains.momentum_terms import RANDOM_STEP, effective_steps
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R_published, log1p
from madatheory.theory.theorem import Level, Theorem


def _right(q: Quantities, xp: Arithmetic) -> Number:
    R, T = R_published(q, xp), effective_steps(q, xp)
    E = (
        q.alpha * q.d * R * q.L
        + 12 * q.d * R**2 / (1 - q.beta1)
        + 2 * q.alpha**2 * q.d * q.L**2 * q.beta1 / (1 - q.beta1)
    )
    return xp.sqrt(q.T) / T * (2 * R * q.D0 / q.alpha + E * log1p(q.T * R**2 / q.eps, xp))


adagrad_momentum_published = Theorem(
    "adagrad-momentum-published",
    "T3",
    "Adagrad, m_t = beta1 m_{t-1} + g_t, alpha_t = (1-beta1) alpha, T~ = T - beta1/(1-beta1) > 0: "
    "E|grad F(x_tau)|^2 <= 2R sqrt(T) D0/(alpha T~) + (sqrt(T)/T~) "
    "(alpha d R L + 12 d R^2/(1-beta1) + 2 alpha^2 d L^2 beta1/(1-beta1)) "
    "ln(1 + T R^2/eps), P[tau = j] prop. to 1-beta1^{T-j}, R = G + sqrt(eps)",
    "Defossez, Bottou, Bach, Usunier (TMLR 2022), Theorem 3",
    "published",
    lambda: get_optimizer("adagrad:form=defossez"),
    (*STOCHASTIC_SMOOTH, method_is("adagrad", form="defossez", schedule="defossez_adagrad"), ENOUGH_STEPS),
    (RANDOM_STEP, Level("a-priori bound", "the theorem", lambda m, q, xp: _right(q, xp))),
    {"alpha": 0.2, "beta1": 0.5, "eps": 1e-2},
)
