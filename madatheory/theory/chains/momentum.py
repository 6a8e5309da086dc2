"""The chains of T7 (monotone step sizes) and T7log, and what T5m shares with them.

Both compare the method with the shifted point z_t of `madatheory.theory.chains.momentum_terms`. `root` is the R with
b_t <= T R^2: R itself, or that of the safeguarded method.
"""

from collections.abc import Callable

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Statistic
from madatheory.theory.chains.momentum_terms import (
    cross_length,
    drift_length,
    growth_weight,
    largest_growth,
    log_growth,
    momentum_ratio,
    monotone_bracket,
    ratio_weight,
    scale,
    shifted_decrease,
    shifted_first_order,
    shifted_step,
    squared_drift,
    squared_move,
    stale_step_gradient,
    step_size_decrease,
)
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, R, inner_product_sum, ratio_sum
from madatheory.theory.theorem import Formula, Level, Measured, Value

Weights = Callable[[Quantities, Arithmetic], tuple[Number, Number]]
Needs = tuple[Statistic, ...]


def shifted_levels(paid: Value, needs: Needs, root: Formula) -> tuple[Level, Level]:
    """The two levels after the inner products <grad F(x_{t-1}), u_t>: smoothness at z, then the gradients' bounds.

    `paid(m, q, xp)` is what came before and stays, measured by `needs`.
    """

    def smooth(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        descent = m["shifted_decrease"] + m["shifted_first_order"] + q.L / 2 * m["shifted_step"]
        return scale(q, xp, root) * (descent + paid(m, q, xp))

    def bounded(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        first_order = momentum_ratio(q) * (q.G * m["drift_length"] + q.L * m["cross_length"])
        descent = m["shifted_decrease"] + first_order + q.L / 2 * m["shifted_step"]
        return scale(q, xp, root) * (descent + paid(m, q, xp))

    return (
        Level(
            "smooth at the shifted point",
            "L4 at z_{t-1}, z_t - z_{t-1} = -u_t + r p_t",
            smooth,
            (shifted_decrease, shifted_first_order, shifted_step, *needs),
        ),
        Level(
            "bounded gradients",
            "|d_iF(z)| <= G, |grad F(x_{t-1}) - grad F(z_{t-1})| <= L r |q_t|",
            bounded,
            (shifted_decrease, drift_length, cross_length, shifted_step, *needs),
        ),
    )


def monotone_chain(Q: Formula, by_right: str, root: Formula = R) -> tuple[Level, ...]:
    """T7: eta_t <= eta_{t-1} coordinatewise, eta_0 = alpha/sqrt(eps); `Q` bounds sum g^2/b per coordinate."""

    def shrunk(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        return q.G**2 * m["step_size_decrease"]

    def young(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        r, u = momentum_ratio(q), q.alpha**2 * m["ratio_sum"]
        second = 3 * u + r**2 * (2 * m["squared_drift"] + m["squared_move"])
        first = m["shifted_decrease"] + r * q.G * m["drift_length"]
        return scale(q, xp, root) * (first + q.L / 2 * second + shrunk(m, q, xp))

    def telescoped(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        r, u = momentum_ratio(q), q.alpha**2 * m["ratio_sum"]
        rest = monotone_bracket(q, xp, m["shifted_decrease"], 0)
        return scale(q, xp, root) * (rest + q.L / 2 * (3 * u + r**2 * m["squared_move"]))

    def bracket(q: Quantities, xp: Arithmetic, start: Number, ratios: Number) -> Number:
        return scale(q, xp, root) * monotone_bracket(q, xp, start, ratios)

    def right(q: Quantities, xp: Arithmetic) -> Number:
        return bracket(q, xp, q.D0, q.d * Q(q, xp))

    return (
        AVERAGE,
        Level(
            "stale step sizes",
            "eta_{t-1} >= alpha/(R sqrt T)",
            lambda m, q, xp: scale(q, xp, root) * m["stale_step_gradient"],
            (stale_step_gradient,),
        ),
        Level(
            "current step sizes",
            "E_{t-1} g_t = grad F, |d_iF g_i| <= G^2",
            lambda m, q, xp: scale(q, xp, root) * (q.alpha * m["inner_product_sum"] + shrunk(m, q, xp)),
            (inner_product_sum, step_size_decrease),
        ),
        *shifted_levels(shrunk, (step_size_decrease,), root),
        Level(
            "Young",
            "|u - rp|^2 <= 2|u|^2 + 2r^2|p|^2, 2r|q||u| <= r^2|q|^2 + |u|^2",
            young,
            (shifted_decrease, drift_length, squared_drift, squared_move, ratio_sum, step_size_decrease),
        ),
        Level(
            "telescoped step sizes",
            "|m_i| <= G, sum (eta_{t-1} - eta_t) <= eta_0, sum (eta_{t-1} - eta_t)^2 <= eta_0^2",
            telescoped,
            (shifted_decrease, squared_move, ratio_sum),
        ),
        Level(
            "averaged momentum",
            "sum |eta_t m_t|^2 <= sum |eta_t g_t|^2",
            lambda m, q, xp: bracket(q, xp, m["shifted_decrease"], m["ratio_sum"]),
            (shifted_decrease, ratio_sum),
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


def log_levels(
    decoupling: Weights, size: Callable[[Quantities], Number], W: Formula, Q: Formula, by_right: str, root: Formula = R
) -> tuple[Level, ...]:
    """The levels of T5m and T7log after decoupling, from smoothness to the a-priori bound.

    `decoupling` gives the coefficients of sum_i ln(b_T/b_0) and of sum g^2/b that the decoupling lemma costs,
    |m_{t-1}|^2 <= size b_{t-1}/W coordinatewise, `Q` bounds sum g^2/b per coordinate.
    """

    def cost(q: Quantities, xp: Arithmetic, growth: Number, ratios: Number) -> Number:
        on_growth, on_ratios = decoupling(q, xp)
        return on_growth * growth + on_ratios * ratios

    def paid(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        return cost(q, xp, m["log_growth"], m["ratio_sum"])

    def young(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
        r, u = momentum_ratio(q), q.alpha**2 * m["ratio_sum"]
        second = (1 + r) * u + r * (1 + r) * m["squared_drift"] + r * (m["squared_move"] + u)
        first = m["shifted_decrease"] + r * q.G * m["drift_length"]
        return scale(q, xp, root) * (first + q.L / 2 * second + paid(m, q, xp))

    def bracket(q: Quantities, xp: Arithmetic, start: Number, growth: Number, ratios: Number) -> Number:
        momentum = growth_weight(q, xp, W(q, xp), size(q)) * growth + ratio_weight(q) * ratios
        return scale(q, xp, root) * (start + cost(q, xp, growth, ratios) + momentum)

    def right(q: Quantities, xp: Arithmetic) -> Number:
        return bracket(q, xp, q.D0, largest_growth(q, xp, root), q.d * Q(q, xp))

    return (
        *shifted_levels(paid, (log_growth, ratio_sum), root),
        Level(
            "Young",
            "|u - rp|^2 <= (1+r)(|u|^2 + r|p|^2), 2|q||u| <= |q|^2 + |u|^2",
            young,
            (shifted_decrease, drift_length, squared_drift, squared_move, ratio_sum, log_growth),
        ),
        Level(
            "averaged momentum",
            "sum |q|^2 <= sum |u|^2, and |p_i| through ln(b_t/b_{t-1})",
            lambda m, q, xp: bracket(q, xp, m["shifted_decrease"], m["log_growth"], m["ratio_sum"]),
            (shifted_decrease, log_growth, ratio_sum),
        ),
        Level(
            "data-dependent bound",
            "F >= F_star",
            lambda m, q, xp: bracket(q, xp, q.D0, m["log_growth"], m["ratio_sum"]),
            (log_growth, ratio_sum),
            highest=right,
            data_bound=True,
        ),
        Level("a-priori bound", by_right, lambda m, q, xp: right(q, xp)),
    )


def monotone_log_chain(stale: Statistic, W: Formula, Q: Formula, by_right: str, root: Formula = R) -> tuple[Level, ...]:
    """T7log: b_t nondecreasing, b_t >= W g_j^2 for j <= t; `stale` measures the left side with that W."""

    def decoupling(q: Quantities, xp: Arithmetic) -> tuple[Number, Number]:
        return q.alpha * q.G / (2 * xp.sqrt(W(q, xp))), 0

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
        *log_levels(decoupling, lambda q: 1, W, Q, by_right, root),
    )
