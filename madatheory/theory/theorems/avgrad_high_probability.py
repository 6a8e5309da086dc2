"""T5hp: AVGrad without momentum, with high probability, at all T at once."""

from typing import NamedTuple

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number, arithmetic
from madatheory.engine.statistic import Context, Event, Statistic, squared_norm
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import K2_avgrad, R
from madatheory.theory.theorem import Level, Theorem

PROBABILITY = 0.1


def right(q: Quantities, xp: Arithmetic) -> Number:
    """(R/alpha) [D0 + d(alpha G sqrt(w) + alpha^2 L/2) K2(T) + 4 d alpha G ln(1/p)/sqrt(w)]."""
    root = xp.sqrt(q.w)
    sums = (q.alpha * q.G * root + q.alpha**2 * q.L / 2) * K2_avgrad(q, xp)
    deviation = -4 * q.alpha * q.G * xp.log(q.p) / root
    return R(q, xp) / q.alpha * (q.D0 + q.d * (sums + deviation))


class Record(NamedTuple):
    """D0, sum_s |grad F|^2/sqrt(s), and the largest ratio of it to the bound so far."""

    gap: Number
    total: Number
    worst: Number


def _start(c: Context) -> Record:
    constants = c.problem.constants
    assert constants is not None, "the theorem's conditions ask for certified constants"
    zero = jnp.zeros(c.x.shape[1:], c.x.dtype)
    return Record(zero + c.problem.value(c.x) - constants.F_star.value, zero, zero)


def _fold(so_far: Record, e: Event) -> Record:
    constants = e.problem.constants
    assert constants is not None
    q = Quantities(
        T=e.clock.t,
        d=e.problem.dimension,
        D0=so_far.gap,
        L=constants.L.value,
        G=constants.G.value,
        eps=e.hyper["eps"],
        alpha=e.hyper["alpha"],
        beta2=e.hyper["beta2"],
        p=PROBABILITY,
    )
    total = so_far.total + squared_norm(e.grad) / jnp.sqrt(e.clock.t)
    worst = jnp.maximum(so_far.worst, total / right(q, arithmetic("jax")))
    return Record(so_far.gap, total, worst)


largest_share_of_bound = Statistic(
    "largest_share_of_bound",
    "max_{s<=t} (sum_{j<=s} |grad F(x_{j-1})|^2/sqrt(j)) / right(s)",
    _start,
    _fold,
    lambda so_far, clock: so_far.worst,
)

avgrad_high_probability = Theorem(
    "avgrad-high-probability",
    "T5hp",
    "AVGrad, beta1 = 0, alpha_t = alpha/sqrt(t): with probability >= 1-p, for every T at once, "
    "sum_{t<=T} |grad F(x_{t-1})|^2/sqrt(t) <= (R/alpha) [D0 + d(alpha G sqrt(w) + alpha^2 L/2) K2(T) "
    "+ 4 d alpha G ln(1/p)/sqrt(w)]",
    "new: exponential supermartingale and Ville's inequality",
    "new",
    lambda: get_optimizer("avgrad:schedule=inverse_sqrt"),
    (*STOCHASTIC_SMOOTH, method_is("avgrad", form="theory", schedule="inverse_sqrt"), hyper_is("beta1", 0.0)),
    (
        Level(
            "largest share of the bound so far, times the bound",
            "",
            lambda m, q, xp: m["largest_share_of_bound"] * right(q, xp),
            (largest_share_of_bound,),
        ),
        Level("a-priori bound", "Ville's inequality, L4, L2(d)", lambda m, q, xp: right(q, xp)),
    ),
    {"alpha": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 0.1},
    kind="probability",
    symbols={"p": PROBABILITY},
)
