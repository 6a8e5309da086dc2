"""TR: RMSProp with a constant step under a bound on the variance: gradients and noise may be unbounded.

TRx is the same with N in the place of d L in front of alpha.
"""

from dataclasses import dataclass, replace

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import SMOOTH, SMOOTH_BY_COORDINATE, DescentLemma, conditional_ratio
from madatheory.theory.conditions import A1, A3, A4, CONSTANTS, UNCONSTRAINED, VARIANCE, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import (
    decrease,
    expected_denominator,
    inner_product_sum,
    log1p,
    mean_absolute_gradient,
    measured_sum,
    ratio_sum,
)
from madatheory.theory.theorem import Level, Measured, Theorem


def _w(e: Event) -> Number:
    return 1 - e.hyper["beta2"]


denominator_sum = measured_sum(
    "denominator_sum",
    "sum_s sum_i sqrt(E_{s-1} b_{s,i})",
    lambda e: jnp.sqrt(expected_denominator(e, _w(e))),
)
_CONDITIONAL = conditional_ratio(_w)


def farthest_gradient(q: Quantities, xp: Arithmetic) -> Number:
    """M = sqrt(2 L D0) + alpha L T sqrt(d/w) >= |grad F(x_{t-1})|, t <= T: a step is at most alpha sqrt(d/w) long."""
    return xp.sqrt(2 * q.L * q.D0) + q.alpha * q.L * q.T * xp.sqrt(q.d / q.w)


def ratios(q: Quantities, xp: Arithmetic) -> Number:
    """N = (ln(1 + (sigma^2 + M^2)/eps) - (T-1) ln beta2)/w >= E sum g_t^2/b_t in a coordinate."""
    second = q.sigma**2 + farthest_gradient(q, xp) ** 2
    return (log1p(second / q.eps, xp) - (q.T - 1) * xp.log(q.beta2)) / q.w


def _denominators(q: Quantities, xp: Arithmetic, mean: Number) -> Number:
    """d sqrt(eps + sigma^2) + (1 + sqrt(beta2)) mean >= (1/T) sum_t sum_i E sqrt(E_{t-1} b_{t,i})."""
    return q.d * xp.sqrt(q.eps + q.sigma**2) + (1 + xp.sqrt(q.beta2)) * mean


@dataclass(frozen=True)
class RMSPropProof:
    """The chain, with L4 in one of its forms."""

    descent: DescentLemma

    def bracket(self, q: Quantities, xp: Arithmetic, gained: Number, summed: Number, curved: Number) -> Number:
        """(2/T) [gained/alpha + sqrt(w) sigma summed + (alpha L/2) curved], L the curvature of `descent`."""
        lost = xp.sqrt(q.w) * q.sigma * summed + q.alpha * self.descent.curvature(q, xp) / 2 * curved
        return 2 / q.T * (gained / q.alpha + lost)

    def p(self, q: Quantities, xp: Arithmetic) -> Number:
        """p >= (1/T) sum_t sum_i E (d_iF)^2/sqrt(E_{t-1} b_{t,i})."""
        most = q.d * ratios(q, xp)
        return self.bracket(q, xp, q.D0, most, most)

    def split(self, q: Quantities, xp: Arithmetic, mean: Number, denominators: Number) -> Number:
        """(z mean + denominators/z)/2 with the best z that is known beforehand."""
        p = self.p(q, xp)
        z = xp.sqrt(_denominators(q, xp, p) / p)
        return (z * mean + denominators / z) / 2

    def at(self, q: Quantities, xp: Arithmetic, mean: Number) -> Number:
        """`split` with the bound of the denominators."""
        return self.split(q, xp, mean, _denominators(q, xp, mean))

    def measured(self, m: Measured, q: Quantities, xp: Arithmetic, gained: Number) -> Number:
        """`at` the bracket of the sums that were measured."""
        return self.at(q, xp, self.bracket(q, xp, gained, m["ratio_sum"], self.descent.ratios(m, q, xp)))

    def highest(self, q: Quantities, xp: Arithmetic) -> Number:
        """`measured` from D0 is at most this: g^2/b <= 1/w."""
        most = q.d * q.T / q.w
        return self.at(q, xp, self.bracket(q, xp, q.D0, most, most))

    def right(self, q: Quantities, xp: Arithmetic) -> Number:
        """sqrt(p (d sqrt(eps + sigma^2) + (1 + sqrt(beta2)) p))."""
        p = self.p(q, xp)
        return xp.sqrt(p * _denominators(q, xp, p))

    def levels(self) -> tuple[Level, ...]:
        """From the left side to the right one."""
        return (
            Level(
                "measured average of |grad F|_1",
                "",
                lambda m, q, xp: m["mean_absolute_gradient"],
                (mean_absolute_gradient,),
                # the mean of t - 1 over t <= T is less than T/2
                lambda q, xp: xp.minimum(q.d * q.S, xp.sqrt(q.d) * farthest_gradient(q._replace(T=q.T / 2), xp)),
            ),
            Level(
                "expected denominator",
                "|m| <= (z m^2/sqrt(E b) + sqrt(E b)/z)/2 for every z > 0",
                lambda m, q, xp: self.split(q, xp, m["conditional_ratio"] / q.T, m["denominator_sum"] / q.T),
                (_CONDITIONAL, denominator_sum),
            ),
            Level(
                "denominators",
                "E sqrt(E b) <= sqrt(eps + sigma^2) + w sum_k sqrt(beta2)^k E[m^2/sqrt(E b)], k steps before",
                lambda m, q, xp: self.at(q, xp, m["conditional_ratio"] / q.T),
                (_CONDITIONAL,),
            ),
            Level(
                "decoupled",
                "m^2/sqrt(E b)/2 <= E[m g/sqrt(b)] + sqrt(w) sigma E[g^2/b]",
                lambda m, q, xp: self.at(
                    q, xp, 2 / q.T * (m["inner_product_sum"] + xp.sqrt(q.w) * q.sigma * m["ratio_sum"])
                ),
                (inner_product_sum, ratio_sum),
            ),
            Level(
                "descent",
                self.descent.by,
                lambda m, q, xp: self.measured(m, q, xp, m["decrease"]),
                (decrease, ratio_sum, *self.descent.needs),
            ),
            Level(
                "data-dependent bound",
                "F >= F_star",
                lambda m, q, xp: self.measured(m, q, xp, q.D0),
                (ratio_sum, *self.descent.needs),
                highest=self.highest,
                data_bound=True,
            ),
            Level(
                "a-priori bound",
                "L2(b), E ln <= ln E and E g^2 <= sigma^2 + M^2",
                lambda m, q, xp: self.right(q, xp),
            ),
        )


rmsprop_rate = Theorem(
    "rmsprop-rate",
    "TR",
    "RMSProp, constant step, E|g - grad F|^2 <= sigma^2: (1/T) sum E|grad F|_1 <= "
    "sqrt(p (d sqrt(eps + sigma^2) + (1 + sqrt(beta2)) p)), p = (2/T) [D0/alpha + d (sqrt(w) sigma + alpha L/2) N], "
    "N = (ln(1 + (sigma^2 + M^2)/eps) - (T-1) ln beta2)/w, M = sqrt(2 L D0) + alpha L T sqrt(d/w)",
    "that gradients need no bound is an idea of Li, Dong and Lin (arXiv 2402.00389), known to us at second hand; "
    "statement, constants and proof our own",
    "new",
    lambda: get_optimizer("rmsprop"),
    (
        A1,
        A3,
        A4,
        CONSTANTS,
        UNCONSTRAINED,
        VARIANCE,
        method_is("rmsprop", form="theory", schedule="constant"),
        hyper_positive("beta2"),
    ),
    RMSPropProof(SMOOTH).levels(),
    {"alpha": 0.003, "beta2": 0.99, "eps": 1e-2},
)

rmsprop_coordinate_rate = replace(
    rmsprop_rate,
    name="rmsprop-coordinate-rate",
    label="TRx",
    statement="RMSProp, constant step, E|g - grad F|^2 <= sigma^2, s.H(x)s <= sum_i N_i s_i^2, N = sum_i N_i: "
    "(1/T) sum E|grad F|_1 <= sqrt(p (d sqrt(eps + sigma^2) + (1 + sqrt(beta2)) p)), "
    "p = (2/T) [D0/alpha + (d sqrt(w) sigma + alpha N/2) Q], Q = (ln(1 + (sigma^2 + M^2)/eps) - (T-1) ln beta2)/w, "
    "M = sqrt(2 L D0) + alpha L T sqrt(d/w)",
    source="new: TR with TX's descent lemma",
    chain=RMSPropProof(SMOOTH_BY_COORDINATE).levels(),
)
