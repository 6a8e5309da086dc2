"""T5: AVGrad without momentum converges at ln T/sqrt T for every fixed beta2; T5x with N for d L."""

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
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, K2_avgrad, R, ratio_sum, squared_gradient_over_root_t
from madatheory.theory.theorem import Level, Theorem


def _root_w(q: Quantities, xp: Arithmetic) -> Number:
    return xp.sqrt(q.w)


def _proof(pair: DecouplingConstants) -> DecoupledProof:
    return DecoupledProof(
        pair,
        lambda q, xp: R(q, xp) / xp.sqrt(q.T),
        "sqrt(E b) <= sqrt(t) R",
        conditional_ratio(lambda e: 1 - e.hyper["beta2"]),
        lambda m, q, xp: _root_w(q, xp) * m["ratio_sum"],
        (ratio_sum,),
        lambda q, xp: _root_w(q, xp) * K2_avgrad(q, xp),
        K2_avgrad,
        "L2(d): sum g^2/b <= K2",
    )


def _theorem(name: str, pair: DecouplingConstants, source: str) -> Theorem:
    weighted = Level(
        "weights 1/sqrt(t)",
        "L5: 1 <= sqrt(T/t)",
        lambda m, q, xp: m["squared_gradient_over_root_t"] / xp.sqrt(q.T),
        (squared_gradient_over_root_t,),
    )
    return Theorem(
        name,
        "T5",
        "AVGrad, beta1 = 0, alpha_t = alpha/sqrt(t): (1/T) sum E|grad F|^2 <= (R/(c alpha sqrt T)) "
        f"[D0 + d (K alpha G sqrt(w) + alpha^2 L/2) K2], (c, K) = {pair}",
        source,
        "new",
        lambda: get_optimizer("avgrad:schedule=inverse_sqrt"),
        (*STOCHASTIC_SMOOTH, method_is("avgrad", form="theory", schedule="inverse_sqrt"), hyper_is("beta1", 0.0)),
        (AVERAGE, weighted, *_proof(pair).levels()),
        {"alpha": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 0.1},
    )


avgrad_rate = _theorem("avgrad-rate", SHARP, "new, with L1 at (1, 2/5)")
avgrad_rate_published_constants = _theorem(
    "avgrad-rate-published-constants",
    PUBLISHED,
    "technique of Defossez, Bottou, Bach, Usunier (TMLR 2022): L1 at (1/2, 2)",
)

avgrad_coordinate_rate = replace(
    avgrad_rate,
    name="avgrad-coordinate-rate",
    label="T5x",
    statement="AVGrad, beta1 = 0, alpha_t = alpha/sqrt(t), s.H(x)s <= sum_i N_i s_i^2, N = sum_i N_i: (1/T) sum "
    "E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + ((2/5) d alpha G sqrt(w) + alpha^2 N/2) K2]",
    source="new: T5 with TX's descent lemma",
    chain=(*avgrad_rate.chain[:2], *replace(_proof(SHARP), descent=SMOOTH_BY_COORDINATE).levels()),
)

avgrad_weighted_rate = replace(
    avgrad_rate,
    name="avgrad-weighted-rate",
    label="T5w",
    statement="AVGrad, beta1 = 0, alpha_t = alpha/sqrt(t): sum_t E|grad F(x_{t-1})|^2/sqrt(t) <= (R/alpha) "
    "[D0 + d ((2/5) alpha G sqrt(w) + alpha^2 L/2) K2]",
    source="new: T5 before L5",
    chain=(
        Level(
            "weighted sum",
            "",
            lambda m, q, xp: m["squared_gradient_over_root_t"],
            (squared_gradient_over_root_t,),
            # sum_{t<=T} 1/sqrt(t) <= 2 sqrt(T)
            lambda q, xp: 2 * xp.sqrt(q.T) * q.d * q.G**2,
        ),
        *replace(_proof(SHARP), norm=R).levels(),
    ),
)
