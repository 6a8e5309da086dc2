"""TA: Adam with a constant step and no bias correction comes down to a floor set by -ln beta2; TX: with N for d L."""

from dataclasses import replace

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import (
    PUBLISHED,
    SHARP,
    SMOOTH_BY_COORDINATE,
    DecoupledProof,
    DecouplingConstants,
    conditional_ratio,
)
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, R, log_range, ratio_sum
from madatheory.theory.theorem import Theorem


def _sum_of_ratios(q: Quantities, xp: Arithmetic) -> Number:
    """(1/w)(ln(1 + G^2/eps) - (T-1) ln beta2) >= sum g^2/(eps + v): L2(b) for S = v/w."""
    return (log_range(q, xp) - (q.T - 1) * xp.log(q.beta2)) / q.w


def _proof(pair: DecouplingConstants) -> DecoupledProof:
    return DecoupledProof(
        pair,
        lambda q, xp: R(q, xp) / q.T,
        "E b <= R^2",
        conditional_ratio(lambda e: 1 - e.hyper["beta2"]),
        lambda m, q, xp: xp.sqrt(q.w) * m["ratio_sum"],
        (ratio_sum,),
        lambda q, xp: xp.sqrt(q.w) * _sum_of_ratios(q, xp),
        _sum_of_ratios,
        "L2(b): w sum g^2/(eps + v) <= ln(1 + G^2/eps) - (T-1) ln beta2",
    )


def _theorem(name: str, pair: DecouplingConstants, source: str) -> Theorem:
    return Theorem(
        name,
        "TA",
        "Adam, beta1 = 0, constant step, no bias correction: (1/T) sum E|grad F|^2 <= (R/c)[D0/(alpha T) "
        f"+ (K G sqrt(w) + alpha L/2)(d/w)(ln(1+G^2/eps)/T - (1-1/T) ln beta2)], (c, K) = {pair}",
        source,
        "new",
        lambda: get_optimizer("adam:schedule=constant"),
        (
            *STOCHASTIC_SMOOTH,
            method_is("adam", form="theory", schedule="constant"),
            hyper_is("beta1", 0.0),
            hyper_positive("beta2"),
        ),
        (AVERAGE, *_proof(pair).levels()),
        {"alpha": 0.01, "beta1": 0.0, "beta2": 0.999, "eps": 1e-2},
    )


adam_constant_step_rate = _theorem("adam-constant-step-rate", SHARP, "new, with L1 at (1, 2/5)")
adam_constant_step_rate_published_constants = _theorem(
    "adam-constant-step-rate-published-constants",
    PUBLISHED,
    "technique of Defossez, Bottou, Bach, Usunier (TMLR 2022): L1 at (1/2, 2)",
)

adam_coordinate_rate = replace(
    adam_constant_step_rate,
    name="adam-coordinate-rate",
    label="TX",
    statement="Adam, beta1 = 0, constant step, no bias correction, s.H(x)s <= sum_i N_i s_i^2, N = sum_i N_i: "
    "(1/T) sum E|grad F|^2 <= R [D0/(alpha T) "
    "+ ((2/5) d G sqrt(w) + alpha N/2)(1/w)(ln(1+G^2/eps)/T - (1-1/T) ln beta2)]",
    source="that the (1,1)-norm governs Adam is due to Xie, Mohamadi and Li (arXiv 2410.08198), known to us at second "
    "hand; statement, constants and proof our own",
    chain=(AVERAGE, *replace(_proof(SHARP), descent=SMOOTH_BY_COORDINATE).levels()),
)
