"""T2: the published rate of Adam without momentum, its proof level by level, and what the sharper L1 makes of it."""

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import PUBLISHED, SHARP, DecoupledProof, DecouplingConstants, conditional_ratio
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, R, R_published, log1p, measured_sum
from madatheory.theory.theorem import Level, Origin, Theorem


def correction(e: Event) -> Number:
    """C_t = (1 - beta2^t)/(1 - beta2), the sum of the weights in v_t = sum beta2^{t-s} g_s^2."""
    return (1 - e.hyper["beta2"] ** e.clock.t) / (1 - e.hyper["beta2"])


def denominator(e: Event) -> Number:
    """eps + v_t: the step is alpha_t m_t/sqrt(eps + v_t), with alpha_t = alpha (1-beta1) sqrt(C_t)."""
    return e.step.b * correction(e) * (1 - e.hyper["beta1"]) ** 2


ratio_over_root_correction = measured_sum(
    "ratio_over_root_correction",
    "sum_s sum_i sqrt(C_s) g^2/(eps + v_s), C_s = (1-beta2^s)/(1-beta2)",
    lambda e: jnp.sqrt(correction(e)) * e.g**2 / denominator(e),
)
ratio_over_correction = measured_sum(
    "ratio_over_correction", "sum_s sum_i g^2/(eps + v_s)", lambda e: e.g**2 / denominator(e)
)

conditional = conditional_ratio(lambda e: e.step.b / denominator(e))


def sum_of_ratios(q: Quantities, xp: Arithmetic) -> Number:
    """ln(1 + G^2/((1-beta2) eps)) - (T-1) ln beta2 >= sum g^2/(eps + v)."""
    return log1p(q.G**2 / (q.w * q.eps), xp) - (q.T - 1) * xp.log(q.beta2)


BY_SUMS = "L2(b): sum g^2/(eps + v) <= ln(1 + G^2/((1-beta2) eps)) - (T-1) ln beta2"


def _levels(pair: DecouplingConstants) -> tuple[Level, ...]:
    proof = DecoupledProof(
        pair,
        lambda q, xp: R(q, xp) / q.T,
        "E b <= R^2",
        conditional,
        lambda m, q, xp: m["ratio_over_root_correction"],
        (ratio_over_root_correction,),
        lambda q, xp: sum_of_ratios(q, xp) / xp.sqrt(q.w),
        lambda q, xp: sum_of_ratios(q, xp) / q.w,
        BY_SUMS,
    )

    def full_correction(m, q: Quantities, xp: Arithmetic) -> Number:
        ratios = m["ratio_over_correction"]
        return proof.bracket(q, xp, q.D0, ratios / xp.sqrt(q.w), ratios / q.w)

    *measured, right = proof.levels()
    longest = "(1-beta2^t)/(1-beta2) <= 1/(1-beta2)"
    return (*measured, Level("longest memory", longest, full_correction, (ratio_over_correction,)), right)


def published(q: Quantities, xp: Arithmetic) -> Number:
    """2RD0/(alpha T) + E( (1/T) ln(1 + R^2/((1-beta2) eps)) - ln beta2 ), R = G + sqrt(eps).

    E = 4dR^2/sqrt(1-beta2) + alpha dRL/(1-beta2).
    """
    bound = R_published(q, xp)
    weight = 4 * q.d * bound**2 / xp.sqrt(q.w) + q.alpha * q.d * bound * q.L / q.w
    ratios = log1p(bound**2 / (q.w * q.eps), xp) / q.T - xp.log(q.beta2)
    return 2 * bound * q.D0 / (q.alpha * q.T) + weight * ratios


def _theorem(name: str, label: str, statement: str, source: str, origin: Origin, levels: tuple[Level, ...]) -> Theorem:
    return Theorem(
        name,
        label,
        "Adam in the form of Defossez et al., beta1 = 0: (1/T) sum E|grad F|^2 <= " + statement,
        source,
        origin,
        lambda: get_optimizer("adam:form=defossez"),
        (
            *STOCHASTIC_SMOOTH,
            method_is("adam", form="defossez", schedule="defossez_adam"),
            hyper_is("beta1", 0.0),
            hyper_positive("beta2"),
        ),
        (AVERAGE, *levels),
        {"alpha": 0.01, "beta1": 0.0, "beta2": 0.999, "eps": 1e-2},
    )


adam_published_rate = _theorem(
    "adam-published-rate",
    "T2",
    "2RD0/(alpha T) + E((1/T) ln(1 + R^2/((1-beta2) eps)) - ln beta2), "
    "E = 4dR^2/sqrt(1-beta2) + alpha dRL/(1-beta2), |g_i| <= R - sqrt(eps)",
    "Defossez, Bottou, Bach, Usunier (TMLR 2022), Theorem 2",
    "published",
    (
        *_levels(PUBLISHED),
        Level("published form", "sqrt(eps + G^2) <= G + sqrt(eps) = R", lambda m, q, xp: published(q, xp)),
    ),
)
adam_rate = _theorem(
    "adam-rate",
    "T2'",
    "(R/(alpha T)) [D0 + d ((2/5) alpha G/sqrt(w) + alpha^2 L/(2w)) (ln(1 + G^2/(w eps)) - (T-1) ln beta2)], "
    "w = 1-beta2, R = sqrt(eps + G^2)",
    "new: T2 with L1 at (1, 2/5)",
    "new",
    _levels(SHARP),
)
