"""T5m: AVGrad with any momentum keeps the rate ln T/sqrt T for every fixed beta2, logarithmic in 1/eps."""

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import conditional_ratio
from madatheory.theory.chains.momentum import LogProof
from madatheory.theory.chains.momentum_terms import scale
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import (
    AVERAGE,
    K2_avgrad,
    R,
    inner_product_sum,
    ratio_sum,
    squared_gradient_over_root_t,
)
from madatheory.theory.theorem import Level, Theorem

_CONDITIONAL_RATIO = conditional_ratio(lambda e: 1 - e.hyper["beta2"])


def _decoupling(q: Quantities, xp: Arithmetic) -> tuple[Number, Number]:
    """L1 at (1, 2/5): (2/5) alpha G sqrt(w) on sum g^2/b."""
    return 0, xp.rational(2, 5) * q.alpha * q.G * xp.sqrt(q.w)


avgrad_momentum = Theorem(
    "avgrad-momentum-rate",
    "T5m",
    "AVGrad, any beta1, alpha_t = alpha/sqrt(t): (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + "
    "d ((2/5) alpha G sqrt(w) + alpha^2 L (1+2beta1)/(2(1-beta1))) K2 + d (alpha G beta1/(2 sqrt((1-beta1^2) w)) + "
    "alpha^2 L beta1/(8(1-beta1^2) w)) ln(T R^2/eps)]; T5 at beta1 = 0",
    "new, with L1 at (1, 2/5)",
    "new",
    lambda: get_optimizer("avgrad:schedule=inverse_sqrt"),
    (*STOCHASTIC_SMOOTH, method_is("avgrad", form="theory", schedule="inverse_sqrt")),
    (
        AVERAGE,
        Level(
            "weights 1/sqrt(t)",
            "L5: 1 <= sqrt(T/t)",
            lambda m, q, xp: m["squared_gradient_over_root_t"] / xp.sqrt(q.T),
            (squared_gradient_over_root_t,),
        ),
        Level(
            "expected denominator",
            "sqrt(E b) <= sqrt(t) R",
            lambda m, q, xp: R(q, xp) / xp.sqrt(q.T) * m["conditional_ratio"],
            (_CONDITIONAL_RATIO,),
        ),
        Level(
            "decoupled",
            "L1: m^2/sqrt(E b) <= E[m g/sqrt(b)] + (2/5) G sqrt(w) E[g^2/b]",
            lambda m, q, xp: scale(q, xp) * (q.alpha * m["inner_product_sum"] + _decoupling(q, xp)[1] * m["ratio_sum"]),
            (inner_product_sum, ratio_sum),
        ),
        # |m_{t-1}|^2 <= (1-beta1)/(1+beta1) sum g_j^2 (Cauchy-Schwarz) and w sum g_j^2 <= b_{t-1}
        *LogProof(
            _decoupling,
            lambda q, xp: (1 - q.beta1) / (1 + q.beta1),
            lambda q, xp: q.w,
            K2_avgrad,
            "ln(b_T/b_0) <= ln(T R^2/eps), L2(d)",
        ).levels(),
    ),
    {"alpha": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1.0},
)
