"""The proof that the rates without momentum share: decouple by L1, descend by L4, drop F_star, bound sums of ratios.

x_t = x_{t-1} - alpha g_t/sqrt(b_t), and given the past b_t = a_t + w_t g_t^2 with known a_t, w_t. With (c, K) of L1,

    c sum_t (d_iF)^2/sqrt(E_{t-1} b_t) <= E sum_t [ d_iF g_t/sqrt(b_t) + K G sqrt(w_t) g_t^2/b_t ].
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event, Statistic
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import (
    decrease,
    expected_denominator,
    inner_product_sum,
    largest_ratio_sum,
    measured_sum,
    ratio_sum,
)
from madatheory.theory.theorem import Formula, Level, Value


@dataclass(frozen=True)
class DecouplingConstants:
    """Constants (c, K) of L1, as numerators and denominators."""

    c: tuple[int, int]
    K: tuple[int, int]

    def __str__(self) -> str:
        texts = (f"{p}/{q}" if q != 1 else f"{p}" for p, q in (self.c, self.K))
        return f"({', '.join(texts)})"

    def values(self, xp: Arithmetic) -> tuple[Number, Number]:
        """(c, K), exact in every arithmetic."""
        return xp.rational(*self.c), xp.rational(*self.K)


SHARP = DecouplingConstants((1, 1), (2, 5))
PUBLISHED = DecouplingConstants((1, 2), (2, 1))


def conditional_ratio(slope: Callable[[Event], Number], name: str = "conditional_ratio") -> Statistic:
    """sum_s sum_i (d_iF)^2/sqrt(E_{s-1} b_{s,i}), `slope` = w_t."""
    return measured_sum(
        name,
        "sum_s sum_i (d_iF)^2/sqrt(E_{s-1} b_{s,i})",
        lambda e: e.grad**2 / jnp.sqrt(expected_denominator(e, slope(e))),
    )


@dataclass(frozen=True)
class DescentLemma:
    """L4: F(x_t) <= F(x_{t-1}) + <grad F, step> + (alpha^2/2) sum_i N_i g_{t,i}^2/b_{t,i}.

    On every path `curvature` times `ratios` is at least sum_t sum_i N_i g^2/b; d `curvature` is sum_i N_i.
    """

    by: str
    curvature: Formula
    ratios: Value
    needs: tuple[Statistic, ...]


SMOOTH = DescentLemma("L4: smoothness", lambda q, xp: q.L, lambda m, q, xp: m["ratio_sum"], (ratio_sum,))
SMOOTH_BY_COORDINATE = DescentLemma(
    "L4 by coordinate; sum_i N_i r_i <= N max_i r_i",
    lambda q, xp: q.N / q.d,
    lambda m, q, xp: q.d * m["largest_ratio_sum"],
    (largest_ratio_sum,),
)


@dataclass(frozen=True)
class DecoupledProof:
    """What differs between the theorems that this chain proves.

    norm         N with left <= N sum_t sum_i (d_iF)^2/sqrt(E b_{t,i}): R/sqrt(T) or R/T
    by           why the left side is at most that
    conditional  the statistic sum (d_iF)^2/sqrt(E b)
    weighted     sum_t sum_i sqrt(w_t) g^2/b, measured with `needs`
    K1, K2       almost sure bounds per coordinate on sum sqrt(w_t) g^2/b and sum g^2/b
    by_sums      the lemma that gives K1 and K2
    descent      L4 with one L, or with N_i by coordinate
    """

    pair: DecouplingConstants
    norm: Formula
    by: str
    conditional: Statistic
    weighted: Value
    needs: tuple[Statistic, ...]
    K1: Formula
    K2: Formula
    by_sums: str
    descent: DescentLemma = SMOOTH

    def bracket(self, q: Quantities, xp: Arithmetic, start: Number, first: Number, second: Number) -> Number:
        """(N/(c alpha)) [start + K alpha G first + (alpha^2 L/2) second], L the curvature of `descent`."""
        c, K = self.pair.values(xp)
        front = self.norm(q, xp) / (c * q.alpha)
        return front * (start + K * q.alpha * q.G * first + q.alpha**2 * self.descent.curvature(q, xp) / 2 * second)

    def right(self, q: Quantities, xp: Arithmetic) -> Number:
        """(N/(c alpha)) [D0 + d (K alpha G K1 + (alpha^2 L/2) K2)]."""
        return self.bracket(q, xp, q.D0, q.d * self.K1(q, xp), q.d * self.K2(q, xp))

    def levels(self) -> tuple[Level, ...]:
        """From "expected denominator" to "a-priori bound"."""
        pair, norm, weighted, descent = self.pair, self.norm, self.weighted, self.descent

        def decoupled(m, q: Quantities, xp: Arithmetic) -> Number:
            c, K = pair.values(xp)
            return norm(q, xp) / c * (m["inner_product_sum"] + K * q.G * weighted(m, q, xp))

        return (
            Level(
                "expected denominator",
                self.by,
                lambda m, q, xp: norm(q, xp) * m[self.conditional.name],
                (self.conditional,),
            ),
            Level(
                "decoupled",
                f"L1 at (c, K) = {pair}: c m^2/sqrt(E b) <= E[m g/sqrt(b)] + K G sqrt(w) E[g^2/b]",
                decoupled,
                (inner_product_sum, *self.needs),
            ),
            Level(
                "descent",
                descent.by,
                lambda m, q, xp: self.bracket(q, xp, m["decrease"], weighted(m, q, xp), descent.ratios(m, q, xp)),
                (decrease, *descent.needs, *self.needs),
            ),
            Level(
                "data-dependent bound",
                "F >= F_star",
                lambda m, q, xp: self.bracket(q, xp, q.D0, weighted(m, q, xp), descent.ratios(m, q, xp)),
                (*descent.needs, *self.needs),
                highest=self.right,
                data_bound=True,
            ),
            Level("a-priori bound", self.by_sums, lambda m, q, xp: self.right(q, xp)),
        )
