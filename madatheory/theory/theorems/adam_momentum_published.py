"""T4: Adam with momentum, as published by Defossez, Bottou, Bach and Usunier; for fixed beta2 it keeps a floor."""

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.momentum_conditions import BETA1_BELOW_BETA2, ENOUGH_STEPS
from madatheory.theory.chains.momentum_terms import RANDOM_STEP, effective_steps
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R_published, log1p
from madatheory.theory.theorem import Level, Theorem


def _right(q: Quantities, xp: Arithmetic) -> Number:
    R, T, w, u = R_published(q, xp), effective_steps(q, xp), q.w, 1 - q.beta1 / q.beta2
    E = (
        q.alpha * q.d * R * q.L * (1 - q.beta1) / (u * w)
        + 12 * q.d * R**2 * xp.sqrt(1 - q.beta1) / (u * xp.sqrt(u) * xp.sqrt(w))
        + 2 * q.alpha**2 * q.d * q.L**2 * q.beta1 / (u * w * xp.sqrt(w))
    )
    forgetting = log1p(R**2 / (w * q.eps), xp) - q.T * xp.log(q.beta2)
    return (2 * R * q.D0 / q.alpha + E * forgetting) / T


adam_momentum_published = Theorem(
    "adam-momentum-published",
    "T4",
    "Adam, beta1 < beta2, alpha_t = alpha(1-beta1) sqrt((1-beta2^t)/(1-beta2)), sums in the place of averages, "
    "T~ = T - beta1/(1-beta1) > 0: E|grad F(x_tau)|^2 <= 2R D0/(alpha T~) + E (ln(1 + R^2/((1-beta2) eps))/T~ - "
    "(T/T~) ln beta2), E = alpha d R L (1-beta1)/((1-beta1/beta2)(1-beta2)) + 12 d R^2 sqrt(1-beta1)/"
    "((1-beta1/beta2)^{3/2} sqrt(1-beta2)) + 2 alpha^2 d L^2 beta1/((1-beta1/beta2)(1-beta2)^{3/2}), "
    "P[tau = j] prop. to 1-beta1^{T-j}, R = G + sqrt(eps)",
    "Defossez, Bottou, Bach, Usunier (TMLR 2022), Theorem 4",
    "published",
    lambda: get_optimizer("adam:form=defossez"),
    (
        *STOCHASTIC_SMOOTH,
        method_is("adam", form="defossez", schedule="defossez_adam"),
        BETA1_BELOW_BETA2,
        ENOUGH_STEPS,
    ),
    (RANDOM_STEP, Level("a-priori bound", "the theorem", lambda m, q, xp: _right(q, xp))),
    {"alpha": 0.01, "beta1": 0.5, "beta2": 0.999, "eps": 1e-2},
)
