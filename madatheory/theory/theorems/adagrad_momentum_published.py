"""T3: Adagrad with heavy-ball momentum, as published by Defossez, Bottou, Bach and Usunier, and T3', less than half."""

from dataclasses import replace

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event, latest
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import conditional_ratio
from madatheory.theory.chains.momentum import LogProof, decoupled_momentum_chain
from madatheory.theory.chains.momentum_conditions import ENOUGH_STEPS
from madatheory.theory.chains.momentum_terms import RANDOM_STEP, Shift, effective_steps, shifted_sums
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R_published, log1p, measured_sum
from madatheory.theory.theorem import Level, Theorem


def _right(q: Quantities, xp: Arithmetic) -> Number:
    R, T = R_published(q, xp), effective_steps(q, xp)
    E = (
        q.alpha * q.d * R * q.L
        + 12 * q.d * R**2 / (1 - q.beta1)
        + 2 * q.alpha**2 * q.d * q.L**2 * q.beta1 / (1 - q.beta1)
    )
    return xp.sqrt(q.T) / T * (2 * R * q.D0 / q.alpha + E * log1p(q.T * R**2 / q.eps, xp))


def _denominator(e: Event) -> Number:
    """eps + sum_{s<=t} g_s^2: the step is alpha (1-beta1) m_t over its root."""
    return e.step.b * (1 - e.hyper["beta1"]) ** 2


adagrad_ratio = measured_sum(
    "adagrad_ratio", "sum_s sum_i g^2/(eps + sum_{j<=s} g_j^2)", lambda e: e.g**2 / _denominator(e)
)
adagrad_growth = latest(
    "adagrad_growth",
    "sum_i ln(1 + sum_{s<=t} g_{s,i}^2/eps)",
    lambda e: jnp.sum(jnp.log(_denominator(e) / e.hyper["eps"]), axis=0),
)


def _logarithm(q: Quantities, xp: Arithmetic) -> Number:
    return log1p(q.T * q.G**2 / q.eps, xp)


SUMMED_MOMENTUM = Shift(lambda q, xp: 1, lambda q, xp: 1)
"""Step sizes that never grow, m_t = beta1 m_{t-1} + g_t."""

_PROOF = LogProof(
    # L1 at (1, 2/5): (2/5) alpha G on sum g^2/b
    lambda q, xp: (0, xp.rational(2, 5) * q.alpha * q.G),
    # (1-beta1)^2 |m_{t-1}|^2 <= (1-beta1)/(1+beta1) sum g_j^2 (Cauchy-Schwarz)
    lambda q, xp: (1 - q.beta1) / (1 + q.beta1),
    lambda q, xp: 1,
    _logarithm,
    "L2(a): sum g^2/b <= ln(1 + T G^2/eps) = ln(b_T/b_0)",
    growing=lambda q, xp: q.d * _logarithm(q, xp),
    sums=shifted_sums(SUMMED_MOMENTUM, "summed_"),
    growth=lambda m, q, xp: m["adagrad_growth"],
    grows=(adagrad_growth,),
    ratios=lambda m, q, xp: m["adagrad_ratio"],
    adds=(adagrad_ratio,),
)

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
adagrad_momentum_rate = replace(
    adagrad_momentum_published,
    name="adagrad-momentum-rate",
    label="T3'",
    statement="Adagrad, m_t = beta1 m_{t-1} + g_t, alpha_t = (1-beta1) alpha: (1/T) sum E|grad F|^2 <= "
    "(R/(alpha sqrt(T))) [D0 + d ((2/5) alpha G + alpha G beta1/(2 sqrt(1-beta1^2)) + "
    "alpha^2 L (1+2beta1)/(2(1-beta1)) + alpha^2 L beta1/(8(1-beta1^2))) "
    "ln(1 + TG^2/eps)], R = sqrt(eps + G^2); T1' at beta1 = 0",
    source="new, with L1 at (1, 2/5) and the shifted point",
    origin="new",
    conditions=(*STOCHASTIC_SMOOTH, method_is("adagrad", form="defossez", schedule="defossez_adagrad")),
    chain=decoupled_momentum_chain(
        _PROOF,
        conditional_ratio(lambda e: e.step.b / _denominator(e)),
        "sqrt(E b) <= sqrt(T) R",
        "L1 at (c, K) = (1, 2/5): m^2/sqrt(E b) <= E[m g/sqrt(b)] + K G E[g^2/b]",
    ),
)
