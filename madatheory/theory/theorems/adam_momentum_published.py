"""T4: Adam with momentum, as published by Defossez, Bottou, Bach and Usunier, and T4', less than half of it.

For fixed beta2 both keep a floor.
"""

from dataclasses import replace

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import latest
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.momentum import LogProof, decoupled_momentum_chain
from madatheory.theory.chains.momentum_conditions import BETA1_BELOW_BETA2, ENOUGH_STEPS, SQUARE_BELOW_BETA2
from madatheory.theory.chains.momentum_terms import RANDOM_STEP, Shift, effective_steps, shifted_sums
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R, R_published, log1p
from madatheory.theory.theorem import Level, Theorem
from madatheory.theory.theorems.adam_published_rate import (
    conditional,
    denominator,
    ratio_over_correction,
    ratio_over_root_correction,
    sum_of_ratios,
)


def _right(q: Quantities, xp: Arithmetic) -> Number:
    R, T, w, u = R_published(q, xp), effective_steps(q, xp), q.w, 1 - q.beta1 / q.beta2
    E = (
        q.alpha * q.d * R * q.L * (1 - q.beta1) / (u * w)
        + 12 * q.d * R**2 * xp.sqrt(1 - q.beta1) / (u * xp.sqrt(u) * xp.sqrt(w))
        + 2 * q.alpha**2 * q.d * q.L**2 * q.beta1 / (u * w * xp.sqrt(w))
    )
    forgetting = log1p(R**2 / (w * q.eps), xp) - q.T * xp.log(q.beta2)
    return (2 * R * q.D0 / q.alpha + E * forgetting) / T


FORGETTING = Shift(lambda q, xp: xp.sqrt(q.beta2), lambda q, xp: 1)
"""eps + v_t >= beta2 (eps + v_{t-1}), m_t = beta1 m_{t-1} + g_t: sigma = beta1/sqrt(beta2)."""

denominator_growth = latest(
    "denominator_growth",
    "sum_i ln(1 + v_{t,i}/eps)",
    lambda e: jnp.sum(jnp.log(denominator(e) / e.hyper["eps"]), axis=0),
)


def _decoupling(q: Quantities, xp: Arithmetic) -> tuple[Number, Number]:
    """L1 at (1, 2/5): (2/5) theta alpha G sqrt(w) on sum g^2/(w (eps + v_t))."""
    return 0, xp.rational(2, 5) * FORGETTING.theta(q, xp) * q.alpha * q.G * xp.sqrt(q.w)


def _size(q: Quantities, xp: Arithmetic) -> Number:
    """(1-beta1)^2/(1-sigma^2): (1-beta1)^2 |m_t|^2 is at most so much times v_t <= b_t/w (Cauchy-Schwarz)."""
    return (1 - q.beta1) ** 2 / (1 - FORGETTING.sigma(q, xp) ** 2)


def _front(q: Quantities, xp: Arithmetic) -> Number:
    """R/(theta alpha T)."""
    return R(q, xp) / (FORGETTING.theta(q, xp) * q.alpha * q.T)


def _growth(m, q: Quantities, xp: Arithmetic) -> Number:
    """sum_i ln(1 + v_T/eps) - (T-1) ln beta2 + 4: the last for step sizes that grow with C_t."""
    return m["denominator_growth"] - q.d * ((q.T - 1) * xp.log(q.beta2) - 4)


_PROOF = LogProof(
    _decoupling,
    _size,
    lambda q, xp: q.w,
    lambda q, xp: sum_of_ratios(q, xp) / q.w,
    "v_T <= G^2/w, L2(b): sum g^2/(eps + v) <= ln(1 + G^2/(w eps)) - (T-1) ln beta2",
    growing=lambda q, xp: q.d * (sum_of_ratios(q, xp) + 4),
    front=_front,
    sums=shifted_sums(FORGETTING, "forgetting_"),
    paid=lambda m, q, xp: _decoupling(q, xp)[1] / xp.sqrt(q.w) * m["ratio_over_root_correction"],
    paying=(ratio_over_root_correction,),
    growth=_growth,
    grows=(denominator_growth,),
    ratios=lambda m, q, xp: m["ratio_over_correction"] / q.w,
    adds=(ratio_over_correction,),
)

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
adam_momentum_rate = replace(
    adam_momentum_published,
    name="adam-momentum-rate",
    label="T4'",
    statement="Adam, sigma = beta1/sqrt(beta2) < 1, alpha_t = alpha(1-beta1) sqrt((1-beta2^t)/(1-beta2)), sums in the "
    "place of averages, theta = (1-beta1)/(1-sigma), w = 1-beta2, N = ln(1 + G^2/(w eps)) - (T-1) ln beta2: "
    "(1/T) sum E|grad F|^2 <= (R/(alpha T)) [D0/theta + d ((2/5) alpha G/sqrt(w) + alpha^2 L theta (1+2sigma)/"
    "(2(1-sigma) w)) N + d (alpha G sigma/(2 sqrt((1-sigma^2) w)) + alpha^2 L sigma theta/(8(1-sigma^2) w)) (N + 4)], "
    "R = sqrt(eps + G^2); T2' at beta1 = 0",
    source="new, with L1 at (1, 2/5) and a shifted point that forgets",
    origin="new",
    conditions=(
        *STOCHASTIC_SMOOTH,
        method_is("adam", form="defossez", schedule="defossez_adam"),
        hyper_positive("beta2"),
        SQUARE_BELOW_BETA2,
    ),
    chain=decoupled_momentum_chain(
        _PROOF,
        conditional,
        "E b <= R^2",
        "L1 at (c, K) = (1, 2/5): m^2/sqrt(E b) <= E[m g/sqrt(b)] + K G sqrt(w_t) E[g^2/b]",
    ),
)
