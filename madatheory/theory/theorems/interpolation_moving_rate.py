"""T6 with a rho_t that moves on a schedule, Adam first, AVGrad afterwards: a bound in data-dependent form."""

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.members.adam_avgrad_switch import switched
from madatheory.theory.chains.decoupled import SHARP
from madatheory.theory.conditions import method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, harmonic
from madatheory.theory.theorem import Theorem
from madatheory.theory.theorems.interpolation_rate import COVERED, RIGHT, WEIGHTED, proof


def K1(q: Quantities, xp: Arithmetic) -> Number:
    """2 sqrt(wT) G^2/eps >= sum sqrt(w_t) g_t^2/b_t: w_t <= w t and b_t >= t eps, whatever rho_t in [0, 1]."""
    return 2 * xp.sqrt(q.w * q.T) * q.G**2 / q.eps


def K2(q: Quantities, xp: Arithmetic) -> Number:
    """(G^2/eps)(1 + ln T) >= sum g_t^2/b_t, whatever rho_t."""
    return q.G**2 / q.eps * harmonic(q.T, xp)


interpolation_moving_rate = Theorem(
    "interpolation-moving-rate",
    "T6t",
    "Adam-AVGrad interpolation, rho_t = 1 up to a fraction of the run, then 0, beta1 = 0, alpha_t = alpha/sqrt(t): "
    f"(1/T) sum E|grad F|^2 <= {RIGHT}, (c, K) = {SHARP}, K1 and K2 as measured; a priori only the trivial K1 and K2 "
    "(b_t >= t eps), which do not vanish",
    "new, with L1 at (1, 2/5)",
    "new",
    lambda: get_optimizer("adam-avgrad-switch:schedule=inverse_sqrt"),
    (*COVERED, method_is("adam-avgrad-switch", form="theory", schedule="inverse_sqrt")),
    (
        AVERAGE,
        WEIGHTED,
        *proof(
            SHARP,
            lambda e: switched(e.hyper, e.clock),
            (K1, K2),
            "g^2/b <= G^2/(t eps), w_t <= w t",
            suffix="_moving_rho",
        ).levels(),
    ),
    {"alpha": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 1.0, "switch": 0.9},
)
