"""T5c: AVGrad and AMSGrad with a known horizon, alpha_t = alpha/sqrt(T): no ln T.

AVGrad. With V_t = t vbar_t, B_t = t eps + V_t and g^2 = v_t + (beta2/w)(v_t - v_{t-1}), the proof needs

    S1 = sum sqrt(t/T) g_t^2/B_t <= min(Lam + 2, 2 Lam) + (beta2/w) min(Psi(c), Psi1(c/T)),     c = 2wG^2/eps,
    S2 = sum (t/T) g_t^2/B_t     <= Lam + (beta2/w) min(Psi(c), Psi2(c/T)).

Proof. The part v_t: v_t/B_t <= l_t - l_{t-1} + l_{t-1}/t with l_t = ln((eps + vbar_t)/eps) <= Lam, because v_t/B_t <=
ln(B_t/(t eps + V_{t-1})) and ln is concave; also v_t/B_t <= l_t - l_{t-1} + ln(t/(t-1)); sum by parts. The part
v_t - v_{t-1}: its tails D_T - D_{s-1} = sum_{t>=s} (v_t - v_{t-1})/B_t are at most Psi(2wG^2/B_s) <= Psi(c/s) as in
L2(d), and weights that grow from 0 to 1 average them: int_0^1 Psi(c/(T u)) du = Psi2(c/T) for t/T and
int_0^1 Psi(c/(T u^2)) du = Psi1(c/T) for sqrt(t/T).
"""

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event, latest
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import SHARP, DecoupledProof, conditional_ratio
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import (
    AVERAGE,
    Psi,
    R,
    decrease,
    inner_product_sum,
    log_range,
    measured_sum,
    ratio_sum,
)
from madatheory.theory.theorem import Level, Theorem


def Psi1(c: Number, xp: Arithmetic) -> Number:
    """int_0^1 Psi(c/u^2) du: 4 + ln c for c >= 1, sqrt(c)(4 - ln c) for c < 1."""
    small, one = xp.minimum(c, xp.rational(1, 1)), xp.rational(1, 1)
    return xp.sqrt(small) * (4 - xp.log(small)) + xp.log(xp.maximum(c, one))


def Psi2(c: Number, xp: Arithmetic) -> Number:
    """int_0^1 Psi(c/u) du: 3 + ln c for c >= 1, 4 sqrt(c) - c for c < 1."""
    small, one = xp.minimum(c, xp.rational(1, 1)), xp.rational(1, 1)
    return 4 * xp.sqrt(small) - small + xp.log(xp.maximum(c, one))


def S1(q: Quantities, xp: Arithmetic) -> Number:
    """Bound on sum sqrt(t/T) g_t^2/(t eps + t vbar_t)."""
    c, span = 2 * q.w * q.G**2 / q.eps, log_range(q, xp)
    rises = xp.minimum(Psi(c, xp), Psi1(c / q.T, xp))
    return xp.minimum(span + 2, 2 * span) + q.beta2 / q.w * rises


def S2(q: Quantities, xp: Arithmetic) -> Number:
    """Bound on sum (t/T) g_t^2/(t eps + t vbar_t)."""
    c = 2 * q.w * q.G**2 / q.eps
    return log_range(q, xp) + q.beta2 / q.w * xp.minimum(Psi(c, xp), Psi2(c / q.T, xp))


def _avgrad_slope(e: Event) -> Number:
    return (1 - e.hyper["beta2"]) * e.clock.T / e.clock.t


horizon_weighted_ratio = measured_sum(
    "horizon_weighted_ratio",
    "sum_s sum_i sqrt(T w/s) g^2/b",
    lambda e: jnp.sqrt(_avgrad_slope(e)) * e.g**2 / e.step.b,
)
_PROOF = DecoupledProof(
    SHARP,
    lambda q, xp: R(q, xp) / xp.sqrt(q.T),
    "E b <= T R^2",
    conditional_ratio(_avgrad_slope),
    lambda m, q, xp: m["horizon_weighted_ratio"],
    (horizon_weighted_ratio,),
    lambda q, xp: xp.sqrt(q.w) * S1(q, xp),
    S2,
    "sum sqrt(t/T) g^2/B <= S1, sum (t/T) g^2/B <= S2",
)

avgrad_horizon_rate = Theorem(
    "avgrad-horizon-rate",
    "T5c",
    "AVGrad, beta1 = 0, alpha_t = alpha/sqrt(T): (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) "
    "[D0 + d ((2/5) alpha G sqrt(w) S1 + (alpha^2 L/2) S2)], S1 = min(Lam+2, 2Lam) + (beta2/w) min(Psi(c), Psi1(c/T)), "
    "S2 = Lam + (beta2/w) min(Psi(c), Psi2(c/T)), c = 2wG^2/eps, Lam = ln(1+G^2/eps)",
    "new, with L1 at (1, 2/5)",
    "new",
    lambda: get_optimizer("avgrad:schedule=horizon"),
    (*STOCHASTIC_SMOOTH, method_is("avgrad", form="theory", schedule="horizon"), hyper_is("beta1", 0.0)),
    (AVERAGE, *_PROOF.levels()),
    {"alpha": 0.3, "beta1": 0.0, "beta2": 0.9, "eps": 0.1},
    at="final",
)


log_growth_at_horizon = latest(
    "log_growth_at_horizon",
    "sum_i ln((eps + vmax_{T,i})/eps)",
    lambda e: jnp.sum(jnp.log(e.step.b / (e.clock.T * e.hyper["eps"])), axis=0),
)


def _amsgrad_bracket(q: Quantities, xp: Arithmetic, start: Number, growth: Number, ratios: Number) -> Number:
    """(R/(alpha sqrt T)) [start + alpha G growth/(2 sqrt(wT)) + (alpha^2 L/2) ratios]."""
    front = R(q, xp) / (q.alpha * xp.sqrt(q.T))
    return front * (start + q.alpha * q.G * growth / (2 * xp.sqrt(q.w * q.T)) + q.alpha**2 * q.L / 2 * ratios)


def amsgrad_ratios(q: Quantities, xp: Arithmetic) -> Number:
    """Bound on sum g^2/(T (eps + vmax_t)): min(1 + (beta2/(wT))(1+Lam), G^2/eps), Lam = ln(1+G^2/eps)."""
    return xp.minimum(1 + q.beta2 / (q.w * q.T) * (1 + log_range(q, xp)), q.G**2 / q.eps)


def amsgrad_right(q: Quantities, xp: Arithmetic) -> Number:
    """(R/(alpha sqrt T)) [D0 + d alpha G Lam/(2 sqrt(wT)) + (d alpha^2 L/2) min(1 + (beta2/(wT))(1+Lam), G^2/eps)]."""
    return _amsgrad_bracket(q, xp, q.D0, q.d * log_range(q, xp), q.d * amsgrad_ratios(q, xp))


amsgrad_horizon_rate = Theorem(
    "amsgrad-horizon-rate",
    "T5c",
    "AMSGrad, beta1 = 0, alpha_t = alpha/sqrt(T): (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) "
    "[D0 + d alpha G Lam/(2 sqrt(wT)) + (d alpha^2 L/2) min(1 + (beta2/(wT))(1+Lam), G^2/eps)], Lam = ln(1+G^2/eps)",
    "new, with L1log",
    "new",
    lambda: get_optimizer("amsgrad:schedule=horizon"),
    (*STOCHASTIC_SMOOTH, method_is("amsgrad", form="theory", schedule="horizon"), hyper_is("beta1", 0.0)),
    (
        AVERAGE,
        Level(
            "decoupled",
            "L1log with W = T w, a = T (eps + vmax_{t-1}); max(a, W (d_iF)^2) <= T R^2",
            lambda m, q, xp: (
                R(q, xp)
                / xp.sqrt(q.T)
                * (m["inner_product_sum"] + q.G / (2 * xp.sqrt(q.w * q.T)) * m["log_growth_at_horizon"])
            ),
            (inner_product_sum, log_growth_at_horizon),
        ),
        Level(
            "descent",
            "L4: smoothness",
            lambda m, q, xp: _amsgrad_bracket(q, xp, m["decrease"], m["log_growth_at_horizon"], m["ratio_sum"]),
            (decrease, log_growth_at_horizon, ratio_sum),
        ),
        Level(
            "data-dependent bound",
            "F >= F_star",
            lambda m, q, xp: _amsgrad_bracket(q, xp, q.D0, m["log_growth_at_horizon"], m["ratio_sum"]),
            (log_growth_at_horizon, ratio_sum),
            highest=amsgrad_right,
            data_bound=True,
        ),
        Level(
            "a-priori bound",
            "vmax <= G^2; sum g^2/b <= min(1 + (beta2/(wT))(1+Lam), G^2/eps)",
            lambda m, q, xp: amsgrad_right(q, xp),
        ),
    ),
    {"alpha": 0.7, "beta1": 0.0, "beta2": 0.9, "eps": 0.1},
    at="final",
)
