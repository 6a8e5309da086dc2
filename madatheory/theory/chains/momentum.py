"""The chains of T7 (monotone step sizes) and T7log, and what T5m, T3' and T4' share with them.

Both compare the method with the shifted point z_t of `madatheory.theory.chains.momentum_terms`. `root` is the R with
b_t <= T R^2: R itself, or that of the safeguarded method.
"""

from collections.abc import Callable
from dataclasses import dataclass

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Statistic
from madatheory.theory.chains.momentum_terms import (
    STEADY_SUMS,
    YOUNG,
    MonotoneCost,
    ShiftedSums,
    growth_weight,
    largest_growth,
    log_growth,
    momentum_ratio,
    ratio_weight,
    scale,
    stale_step_gradient,
    step_size_decrease,
)
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, R, inner_product_sum, ratio_sum
from madatheory.theory.theorem import Formula, Level, Measured, Value

Weights = Callable[[Quantities, Arithmetic], tuple[Number, Number]]
Needs = tuple[Statistic, ...]


def shifted_levels(paid: Value, needs: Needs, front: Formula, sums: ShiftedSums = STEADY_SUMS) -> tuple[Level, Level]:
    """The two levels after the inner products <grad F(x_{t-1}), u_t>: smoothness at z, then the gradients' bounds.

    `paid(m, q, xp)` is what came before and stays, measured by `needs`; `front` is what all is multiplied by.
    """

    def smooth(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        descent = m[sums.decrease.name] + m[sums.first_order.name] + q.L / 2 * m[sums.step.name]
        return front(q, xp) * (descent + paid(m, q, xp))

    def bounded(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        first_order = sums.shift.r(q, xp) * (q.G * m[sums.drift_length.name] + q.L * m[sums.cross_length.name])
        descent = m[sums.decrease.name] + first_order + q.L / 2 * m[sums.step.name]
        return front(q, xp) * (descent + paid(m, q, xp))

    return (
        Level(
            "smooth at the shifted point",
            "L4 at z_{t-1}, z_t - z_{t-1} = -u_t + r p_t",
            smooth,
            (sums.decrease, sums.first_order, sums.step, *needs),
        ),
        Level(
            "bounded gradients",
            "|d_iF(z)| <= G, |grad F(x_{t-1}) - grad F(z_{t-1})| <= L r |q_t|",
            bounded,
            (sums.decrease, sums.drift_length, sums.cross_length, sums.step, *needs),
        ),
    )


def monotone_chain(Q: Formula, by_right: str, root: Formula = R, cost: MonotoneCost = YOUNG) -> tuple[Level, ...]:
    """T7, T7': eta_t <= eta_{t-1} coordinatewise, eta_0 = alpha/sqrt(eps); `Q` bounds sum g^2/b per coordinate."""
    sums = STEADY_SUMS

    def front(q: Quantities, xp: Arithmetic) -> Number:
        return cost.front(q, xp, root)

    def shrunk(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        return q.G**2 * m["step_size_decrease"]

    def squares(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        r, u = momentum_ratio(q), q.alpha**2 * m["ratio_sum"]
        second = cost.squares(r, u, m["squared_drift"], m["squared_move"], xp)
        first = m["shifted_decrease"] + r * q.G * m["drift_length"]
        return front(q, xp) * (first + q.L / 2 * second + shrunk(m, q, xp))

    def telescoped(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        moves = m["squared_move"] / q.alpha**2
        return front(q, xp) * cost.bracket(q, xp, m["shifted_decrease"], m["ratio_sum"], moves)

    def bracket(q: Quantities, xp: Arithmetic, start: Number, ratios: Number) -> Number:
        return front(q, xp) * cost.bracket(q, xp, start, ratios, ratios)

    def right(q: Quantities, xp: Arithmetic) -> Number:
        return bracket(q, xp, q.D0, q.d * Q(q, xp))

    return (
        AVERAGE,
        Level(
            "stale step sizes",
            cost.by_steps,
            lambda m, q, xp: front(q, xp) * m["stale_step_gradient"],
            (stale_step_gradient,),
        ),
        Level(
            "current step sizes",
            "E_{t-1} g_t = grad F, |d_iF g_i| <= G^2",
            lambda m, q, xp: front(q, xp) * (q.alpha * m["inner_product_sum"] + shrunk(m, q, xp)),
            (inner_product_sum, step_size_decrease),
        ),
        *shifted_levels(shrunk, (step_size_decrease,), front),
        Level(
            cost.name,
            cost.by_squares,
            squares,
            (sums.decrease, sums.drift_length, sums.squared_drift, sums.squared_move, ratio_sum, step_size_decrease),
        ),
        Level(
            "telescoped step sizes",
            cost.by_shrink,
            telescoped,
            (sums.decrease, sums.squared_move, ratio_sum),
        ),
        Level(
            "averaged momentum",
            "sum |eta_t m_t|^2 <= sum |eta_t g_t|^2",
            lambda m, q, xp: bracket(q, xp, m["shifted_decrease"], m["ratio_sum"]),
            (sums.decrease, ratio_sum),
        ),
        Level(
            "data-dependent bound",
            "F >= F_star",
            lambda m, q, xp: bracket(q, xp, q.D0, m["ratio_sum"]),
            (ratio_sum,),
            highest=right,
            data_bound=True,
        ),
        Level("a-priori bound", by_right, lambda m, q, xp: right(q, xp)),
    )


@dataclass(frozen=True)
class LogProof:
    """What differs between the proofs of T7log, T5m, T3' and T4', which bound what momentum costs by logarithms of b.

    decoupling  coefficients of `growth` and of `ratios` that the decoupling lemma costs, once both are bounded
    size, W     |m_{t-1}|^2 <= size b_{t-1}/W coordinatewise
    Q, growing  almost sure bounds on `ratios` per coordinate, and on `growth`
    by_right    the lemmas that give them
    front       what all is multiplied by to have the units of the left side
    sums        the shifted point's
    paid        the cost of decoupling as it is measured, by the statistics `paying`; None: that of `decoupling`
    growth      what bounds sum_i ln(b_T/b_0) and what it stands for, measured by the statistics `grows`
    ratios      what bounds sum_t sum_i g_t^2/b_t, measured by the statistics `adds`
    """

    decoupling: Weights
    size: Formula
    W: Formula
    Q: Formula
    by_right: str
    growing: Formula = largest_growth
    front: Formula = scale
    sums: ShiftedSums = STEADY_SUMS
    paid: Value | None = None
    paying: Needs = ()
    growth: Value = lambda m, q, xp: m["log_growth"]
    grows: Needs = (log_growth,)
    ratios: Value = lambda m, q, xp: m["ratio_sum"]
    adds: Needs = (ratio_sum,)

    def cost(self, q: Quantities, xp: Arithmetic, growth: Number, ratios: Number) -> Number:
        """What decoupling costs."""
        on_growth, on_ratios = self.decoupling(q, xp)
        return on_growth * growth + on_ratios * ratios

    def measured_cost(self, m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        """The same as measured, by the statistics `measured_by`."""
        if self.paid is not None:
            return self.paid(m, q, xp)
        return self.cost(q, xp, self.growth(m, q, xp), self.ratios(m, q, xp))

    @property
    def measured_by(self) -> Needs:
        """What `measured_cost` reads."""
        return self.paying if self.paid is not None else (*self.grows, *self.adds)

    def bracket(self, q: Quantities, xp: Arithmetic, start: Number, growth: Number, ratios: Number) -> Number:
        """front [start + costs of decoupling and of momentum]."""
        shift = self.sums.shift
        on_growth = growth_weight(q, xp, self.W(q, xp), self.size(q, xp), shift)
        momentum = on_growth * growth + ratio_weight(q, xp, shift) * ratios
        return self.front(q, xp) * (start + self.cost(q, xp, growth, ratios) + momentum)

    def right(self, q: Quantities, xp: Arithmetic) -> Number:
        """The a-priori right side."""
        return self.bracket(q, xp, q.D0, self.growing(q, xp), q.d * self.Q(q, xp))

    def levels(self) -> tuple[Level, ...]:
        """The levels after decoupling, from smoothness to the a-priori bound."""
        sums, shift = self.sums, self.sums.shift

        def young(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
            r, u = shift.r(q, xp), (shift.gain(q, xp) * q.alpha) ** 2 * m["ratio_sum"]
            drift, move = m[sums.squared_drift.name], m[sums.squared_move.name]
            second = (1 + r) * u + r * (1 + r) * drift + r * (move + u)
            first = m[sums.decrease.name] + r * q.G * m[sums.drift_length.name]
            return self.front(q, xp) * (first + q.L / 2 * second + self.measured_cost(m, q, xp))

        def averaged(m: Measured, q: Quantities, xp: Arithmetic, start: Number) -> Number:
            return self.bracket(q, xp, start, self.growth(m, q, xp), self.ratios(m, q, xp))

        return (
            *shifted_levels(self.measured_cost, self.measured_by, self.front, sums),
            Level(
                "Young",
                "|u - rp|^2 <= (1+r)(|u|^2 + r|p|^2), 2|q||u| <= |q|^2 + |u|^2",
                young,
                (sums.decrease, sums.drift_length, sums.squared_drift, sums.squared_move, ratio_sum, *self.measured_by),
            ),
            Level(
                "averaged momentum",
                "sum |q|^2 <= sum |u|^2, and |p_i| through ln(b_t/b_{t-1})",
                lambda m, q, xp: averaged(m, q, xp, m[sums.decrease.name]),
                (sums.decrease, *self.grows, *self.adds),
            ),
            Level(
                "data-dependent bound",
                "F >= F_star",
                lambda m, q, xp: averaged(m, q, xp, q.D0),
                (*self.grows, *self.adds),
                highest=self.right,
                data_bound=True,
            ),
            Level("a-priori bound", self.by_right, lambda m, q, xp: self.right(q, xp)),
        )


def decoupled_momentum_chain(proof: LogProof, conditional: Statistic, by: str, by_l1: str) -> tuple[Level, ...]:
    """T3', T4': L1, then the shifted point. `conditional` measures sum (d_iF)^2/sqrt(E b), b the step's."""
    shift = proof.sums.shift

    def decoupled(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        steps = shift.gain(q, xp) * q.alpha * m["inner_product_sum"]
        return proof.front(q, xp) * (steps + proof.measured_cost(m, q, xp))

    return (
        AVERAGE,
        Level(
            "expected denominator",
            by,
            lambda m, q, xp: proof.front(q, xp) * shift.gain(q, xp) * q.alpha * m[conditional.name],
            (conditional,),
        ),
        Level("decoupled", by_l1, decoupled, (inner_product_sum, *proof.measured_by)),
        *proof.levels(),
    )


def monotone_log_chain(stale: Statistic, W: Formula, Q: Formula, by_right: str, root: Formula = R) -> tuple[Level, ...]:
    """T7log: b_t nondecreasing, b_t >= W g_j^2 for j <= t; `stale` measures the left side with that W."""

    def decoupling(q: Quantities, xp: Arithmetic) -> tuple[Number, Number]:
        return q.alpha * q.G / (2 * xp.sqrt(W(q, xp))), 0

    proof = LogProof(
        decoupling,
        lambda q, xp: 1,
        W,
        Q,
        by_right,
        growing=lambda q, xp: largest_growth(q, xp, root),
        front=lambda q, xp: scale(q, xp, root),
    )
    return (
        AVERAGE,
        Level(
            "stale denominators",
            "max(b_{t-1}, W (d_iF)^2) <= T R^2",
            lambda m, q, xp: root(q, xp) / xp.sqrt(q.T) * m[stale.name],
            (stale,),
        ),
        Level(
            "decoupled",
            "L1log with a = b_{t-1}",
            lambda m, q, xp: (
                scale(q, xp, root) * (q.alpha * m["inner_product_sum"] + decoupling(q, xp)[0] * m["log_growth"])
            ),
            (inner_product_sum, log_growth),
        ),
        *proof.levels(),
    )
