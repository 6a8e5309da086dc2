"""T5: AVGrad without momentum converges at ln T/sqrt T for every fixed beta2, and what each step of the proof gives away."""

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.bounds.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.bounds.quantities import Quantities
from madatheory.bounds.terms import (
    AVERAGE,
    K2_avgrad,
    R,
    decrease,
    inner_product_sum,
    measured_sum,
    ratio_sum,
    squared_gradient_over_root_t,
)
from madatheory.bounds.theorem import Level, Theorem
from madatheory.catalogue import optimizers

conditional_ratio = measured_sum(
    "conditional_ratio",
    "sum_s sum_i (d_iF)^2/sqrt(E_{s-1} b_{s,i})",
    lambda e: e.grad**2 / jnp.sqrt(e.step.b + (1 - e.hyper["beta2"]) * (e.second_moment - e.g**2)),
)


def _theorem(name: str, pair: tuple[tuple[int, int], tuple[int, int]], origin: str, source: str) -> Theorem:
    def constants(xp: Arithmetic) -> tuple[Number, Number]:
        return xp.rational(*pair[0]), xp.rational(*pair[1])

    def front(q: Quantities, xp: Arithmetic) -> Number:
        return R(q, xp) / (constants(xp)[0] * q.alpha * xp.sqrt(q.T))

    def weight(q: Quantities, xp: Arithmetic) -> Number:
        """Coefficient of sum g^2/b: K alpha G sqrt(w) from L1 and alpha^2 L/2 from L4."""
        return constants(xp)[1] * q.alpha * q.G * xp.sqrt(q.w) + q.alpha**2 * q.L / 2

    def right(q: Quantities, xp: Arithmetic) -> Number:
        return front(q, xp) * (q.D0 + q.d * weight(q, xp) * K2_avgrad(q, xp))

    c_text, k_text = ("/".join(str(n) for n in fraction if n != 1) or "1" for fraction in pair)
    return Theorem(
        name,
        "T5",
        "AVGrad, beta1 = 0, alpha_t = alpha/sqrt(t): (1/T) sum E|grad F|^2 <= (R/(c alpha sqrt T)) "
        f"[D0 + d (K alpha G sqrt(w) + alpha^2 L/2) K2], (c, K) = ({c_text}, {k_text})",
        source,
        origin,  # type: ignore[arg-type]
        lambda: optimizers()["avgrad"].make({"schedule": "inverse_sqrt"}),
        (*STOCHASTIC_SMOOTH, method_is("avgrad", form="theory", schedule="inverse_sqrt"), hyper_is("beta1", 0.0)),
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
                (conditional_ratio,),
            ),
            Level(
                "decoupled",
                "L1: c m^2/sqrt(E b) <= E[m g/sqrt(b)] + K G sqrt(w) E[g^2/b]",
                lambda m, q, xp: (
                    R(q, xp)
                    / (constants(xp)[0] * xp.sqrt(q.T))
                    * (m["inner_product_sum"] + constants(xp)[1] * q.G * xp.sqrt(q.w) * m["ratio_sum"])
                ),
                (inner_product_sum, ratio_sum),
            ),
            Level(
                "descent",
                "L4: smoothness",
                lambda m, q, xp: front(q, xp) * (m["decrease"] + weight(q, xp) * m["ratio_sum"]),
                (decrease, ratio_sum),
            ),
            Level(
                "data-dependent bound",
                "F >= F_star",
                lambda m, q, xp: front(q, xp) * (q.D0 + weight(q, xp) * m["ratio_sum"]),
                (ratio_sum,),
                highest=right,
                data_bound=True,
            ),
            Level("a-priori bound", "L2(d): sum g^2/b <= K2", lambda m, q, xp: right(q, xp)),
        ),
        {"alpha": 0.3, "beta1": 0.0, "beta2": 0.99, "eps": 1e-4},
    )


avgrad_rate = _theorem("avgrad-rate", ((1, 1), (2, 5)), "new", "new, with L1 at (1, 2/5)")
avgrad_rate_published_constants = _theorem(
    "avgrad-rate-published-constants",
    ((1, 2), (2, 1)),
    "new",
    "technique of Defossez, Bottou, Bach, Usunier (TMLR 2022): L1 at (1/2, 2)",
)
