"""TP: Adam that divides by the previous second moment, as ADOPT does: no floor but one that vanishes with alpha."""

from dataclasses import replace

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import DecoupledProof, DecouplingConstants, conditional_ratio
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, R, log1p
from madatheory.theory.theorem import Theorem


def previous_ratio_sum(q: Quantities, xp: Arithmetic) -> Number:
    """M min(T, (ln(1+M) - T ln beta2)/ln(1 + w M/beta2)) >= sum g_t^2/(eps + v_{t-1}), M = G^2/eps."""
    M = q.G**2 / q.eps
    longest = (log1p(M, xp) - q.T * xp.log(q.beta2)) / log1p(q.w * M / q.beta2, xp)
    return M * xp.minimum(q.T, longest)


_PROOF = DecoupledProof(
    DecouplingConstants((1, 1), (0, 1)),
    lambda q, xp: R(q, xp) / q.T,
    "eps + v_{t-1} <= R^2",
    conditional_ratio(lambda e: 0),
    lambda m, q, xp: 0,
    (),
    lambda q, xp: 0,
    previous_ratio_sum,
    "each ratio is at most M = G^2/eps, and (x/M) ln(1 + w M/beta2) <= ln(b_{t+1}/b_t) - ln beta2",
)
_KNOWN_BEFORE = "E_{t-1} g_t = grad F(x_{t-1}), and b_t is known before g_t"


adopt_rate = Theorem(
    "adopt-rate",
    "TP",
    "denominator eps + v_{t-1}, beta1 = 0, constant step: (1/T) sum E|grad F|^2 <= (R/T) [D0/alpha + (alpha L d/2) Q], "
    "Q = M min(T, (ln(1+M) - T ln beta2)/ln(1 + w M/beta2)), M = G^2/eps, R = sqrt(eps + G^2)",
    "the method of Taniguchi et al. (NeurIPS 2024) without momentum; statement, constants and proof our own",
    "new",
    lambda: get_optimizer("adopt"),
    (*STOCHASTIC_SMOOTH, method_is("adopt", schedule="constant"), hyper_positive("beta2")),
    (
        AVERAGE,
        *(replace(level, by=_KNOWN_BEFORE) if level.name == "decoupled" else level for level in _PROOF.levels()),
    ),
    {"alpha": 0.01, "beta2": 0.9, "eps": 1e-2},
)
