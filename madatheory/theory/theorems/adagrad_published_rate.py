"""T1: the published rate of Adagrad without momentum, its proof level by level, and what the sharper L1 makes of it."""

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import PUBLISHED, SHARP, DecoupledProof, DecouplingConstants, conditional_ratio
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, R, R_published, log1p, ratio_sum
from madatheory.theory.theorem import Condition, Level, Setting, Theorem


def _starts_elsewhere(setting: Setting) -> str | None:
    start = setting.optimizer.traits["convention"].initial_v
    return None if start == 0 else f"{setting.optimizer.name} starts at v = {start:g}, the statement needs 0"


_CONDITIONS = (
    *STOCHASTIC_SMOOTH,
    method_is("adagrad", form="theory", schedule="constant"),
    hyper_is("beta1", 0.0),
    Condition("v starts at 0", _starts_elsewhere),
)
_SETTINGS = {"alpha": 0.2, "beta1": 0.0, "eps": 0.1}


def _sum_of_ratios(q: Quantities, xp: Arithmetic) -> Number:
    return log1p(q.T * q.G**2 / q.eps, xp)


def _proof(pair: DecouplingConstants) -> DecoupledProof:
    return DecoupledProof(
        pair,
        lambda q, xp: R(q, xp) / xp.sqrt(q.T),
        "sqrt(E b) <= sqrt(T) R",
        conditional_ratio(lambda e: 1),
        lambda m, q, xp: m["ratio_sum"],
        (ratio_sum,),
        _sum_of_ratios,
        _sum_of_ratios,
        "L2(a): sum g^2/b <= ln(1 + T G^2/eps)",
    )


def published(q: Quantities, xp: Arithmetic) -> Number:
    """2RD0/(alpha sqrt T) + (1/sqrt T)(4dR^2 + alpha dRL) ln(1 + TR^2/eps), R = G + sqrt(eps)."""
    bound = R_published(q, xp)
    weight = 4 * q.d * bound**2 + q.alpha * q.d * bound * q.L
    return (2 * bound * q.D0 / q.alpha + weight * log1p(q.T * bound**2 / q.eps, xp)) / xp.sqrt(q.T)


def _adagrad():
    return get_optimizer("adagrad:schedule=constant")


adagrad_published_rate = Theorem(
    "adagrad-published-rate",
    "T1",
    "Adagrad, beta1 = 0: (1/T) sum E|grad F|^2 <= 2RD0/(alpha sqrt T) "
    "+ (1/sqrt T)(4dR^2 + alpha dRL) ln(1 + TR^2/eps), |g_i| <= R - sqrt(eps)",
    "Defossez, Bottou, Bach, Usunier (TMLR 2022), Theorem 1",
    "published",
    _adagrad,
    _CONDITIONS,
    (
        AVERAGE,
        *_proof(PUBLISHED).levels(),
        Level("published form", "sqrt(eps + G^2) <= G + sqrt(eps) = R", lambda m, q, xp: published(q, xp)),
    ),
    _SETTINGS,
)
adagrad_rate = Theorem(
    "adagrad-rate",
    "T1'",
    "Adagrad, beta1 = 0: (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + d ((2/5) alpha G + alpha^2 L/2) "
    "ln(1 + TG^2/eps)], R = sqrt(eps + G^2)",
    "new: T1 with L1 at (1, 2/5)",
    "new",
    _adagrad,
    _CONDITIONS,
    (AVERAGE, *_proof(SHARP).levels()),
    _SETTINGS,
)
