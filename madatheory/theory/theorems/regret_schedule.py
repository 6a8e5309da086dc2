"""T9s and T9x: regret with the momentum beta1/t on a box: AMSGrad's published bound, and AdamX; convex losses."""

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Context, Event, Statistic
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.members.amsgrad_fading import fading
from madatheory.theory.conditions import hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R, harmonic, measured_sum
from madatheory.theory.theorem import Formula, Level, Measured, Theorem
from madatheory.theory.theorems.adam_divergence import ROOT_BELOW
from madatheory.theory.theorems.regret_bounds import box_of, by_data, inverse_step_size, lane_zeros, root_of_squares
from madatheory.theory.theorems.regret_momentum import (
    ONLINE,
    REGRET,
    SETTINGS,
    momentum_levels,
    momentum_right,
    weighted_moments,
)


def _beta(e: Event) -> Number:
    return fading(e.hyper, e.clock)


def _faded(state: tuple[Number, ...], e: Event) -> tuple[Number, ...]:
    slopes, beta = state[2] + e.g, _beta(e)
    to_ends = [
        total
        + (((e.x - end) ** 2 - (e.next - end) ** 2) / (2 * e.step.eta) - beta * state[3] * (e.x - end)) / (1 - beta)
        for total, end in zip(state[:2], box_of(e), strict=True)
    ]
    return *to_ends, slopes, e.step.m, jnp.sum(jnp.where(slopes > 0, to_ends[0], to_ends[1]), axis=0)


def _start(c: Context) -> tuple[Number, ...]:
    return (*(jnp.zeros_like(c.x) for _ in range(4)), lane_zeros(c))


fading_approach = Statistic(
    "fading_approach",
    "sum_s (1/(1-beta_s)) sum_i [((x_{s-1,i} - x*_i)^2 - (x_{s,i} - x*_i)^2)/(2 eta_{s,i}) "
    "- beta_s m_{s-1,i} (x_{s-1,i} - x*_i)]",
    _start,
    _faded,
    lambda state, clock: state[4],
)
fading_squares = measured_sum(
    "fading_squares",
    "sum_s sum_i eta_{s,i} m_{s,i}^2/(1-beta_s)",
    lambda e: e.step.eta * e.step.m**2 / (1 - _beta(e)),
)
fading_distances = measured_sum(
    "fading_distances", "sum_s (beta_s/(1-beta_s)) sum_i 1/eta_{s,i}", lambda e: _beta(e) / (1 - _beta(e)) / e.step.eta
)
published_distances = measured_sum(
    "published_distances", "sum_s beta_s sum_i 1/eta_{s,i}", lambda e: _beta(e) / e.step.eta
)


def _steps(q: Quantities, xp: Arithmetic) -> Number:
    return (1 + q.beta1) * q.alpha * xp.sqrt(harmonic(q.T, xp)) / (2 * (1 - q.beta1) ** 2 * xp.sqrt(q.w))


def _published_steps(q: Quantities, xp: Arithmetic) -> Number:
    gamma = q.beta1 / xp.sqrt(q.beta2)
    return q.alpha * xp.sqrt(harmonic(q.T, xp)) / ((1 - q.beta1) ** 2 * (1 - gamma) * xp.sqrt(q.w))


def _published(q: Quantities, xp: Arithmetic) -> Number:
    distances = q.D**2 * R(q, xp) * (1 + q.beta1) / (q.alpha * (1 - q.beta1))
    return q.d * xp.sqrt(q.T) * (distances + _published_steps(q, xp) * q.G)


def _adamx(q: Quantities, xp: Arithmetic) -> Number:
    distances = q.D**2 * R(q, xp) * (1 + 2 * q.beta1) / (2 * q.alpha * (1 - q.beta1))
    return q.d * xp.sqrt(q.T) * (distances + _steps(q, xp) * q.G)


def _adamx_distances(m: Measured, q: Quantities) -> Number:
    return q.D**2 / 2 * (m["inverse_step_size"] / (1 - q.beta1 / q.T) + m["fading_distances"])


def _last(right: Formula) -> Level:
    return Level("a-priori bound", "|g| <= G, sum 1/sqrt(t) <= 2 sqrt(T)", lambda m, q, xp: right(q, xp))


_BY = "sum eta m^2 <= sum eta g^2/(1-beta1), h_t >= w g_t^2, Cauchy-Schwarz"
_AMSGRAD = (*ONLINE, method_is("amsgrad-fading", schedule="inverse_sqrt"), hyper_positive("beta2"))
_fading = momentum_right(_steps)
amsgrad_fading_regret = Theorem(
    "amsgrad-fading-regret",
    "T9s",
    "AMSGrad, beta_t = beta1/t, clipped to a box of widths D, convex losses, every path: regret <= "
    "sum_i [(D^2/(2alpha(1-beta1))) sqrt(T(eps + vmax_T,i)) "
    "+ ((1+beta1) alpha sqrt(1 + ln T)/(2(1-beta1)^2 sqrt w)) sqrt(sum_t g_t,i^2)]",
    "new",
    "new",
    lambda: get_optimizer("amsgrad-fading"),
    _AMSGRAD,
    (*momentum_levels(_steps, _BY, _fading), Level("a-priori bound", "|g| <= G", lambda m, q, xp: _fading(q, xp))),
    SETTINGS,
    kind="every-path",
)
amsgrad_published_regret = Theorem(
    "amsgrad-published-regret",
    "T9s",
    "AMSGrad, beta_t = beta1/t, gamma = beta1/sqrt(beta2) < 1, clipped to a box of widths D, convex losses, every "
    "path: regret <= sum_i [(D^2/(alpha(1-beta1))) sqrt(T(eps + vmax_T,i)) "
    "+ (D^2/(2(1-beta1))) sum_t beta_t sqrt(t(eps + vmax_t,i))/alpha "
    "+ (alpha sqrt(1 + ln T)/((1-beta1)^2(1-gamma) sqrt w)) sqrt(sum_t g_t,i^2)]",
    "Reddi, Kale and Kumar (ICLR 2018), Theorem 4, known at second hand; proof of our own",
    "published",
    lambda: get_optimizer("amsgrad-fading"),
    (*_AMSGRAD, ROOT_BELOW),
    (
        *momentum_levels(_steps, _BY, _published),
        Level(
            "published bound",
            "1/2 <= 1, beta_t >= 0, (1+beta1)/2 <= 1/(1-gamma)",
            lambda m, q, xp: (
                q.D**2 / (1 - q.beta1) * (m["inverse_step_size"] + m["published_distances"] / 2)
                + _published_steps(q, xp) * m["root_of_squares"]
            ),
            (inverse_step_size, published_distances, root_of_squares),
            highest=_published,
            data_bound=True,
        ),
        _last(_published),
    ),
    SETTINGS,
    kind="every-path",
)
adamx_regret = Theorem(
    "adamx-regret",
    "T9x",
    "AdamX, beta_t = beta1/t, clipped to a box of widths D, convex losses, every path: regret <= "
    "sum_i [(D^2/(2alpha)) (sqrt(T h_T,i)/(1-beta_T) + sum_t (beta_t/(1-beta_t)) sqrt(t h_t,i)) "
    "+ ((1+beta1) alpha sqrt(1 + ln T)/(2(1-beta1)^2 sqrt w)) sqrt(sum_t g_t,i^2)]",
    "after Tran and Phong (IEEE Access 2019), arXiv 1904.03590: derived anew",
    "new",
    lambda: get_optimizer("adamx"),
    (*ONLINE, method_is("adamx", schedule="inverse_sqrt"), hyper_positive("beta2")),
    (
        *REGRET,
        Level(
            "one step",
            "g_t = (m_t - beta_t m_{t-1})/(1-beta_t); clipping brings no point of the box further away",
            lambda m, q, xp: m["fading_approach"] + m["fading_squares"] / 2,
            (fading_approach, fading_squares),
        ),
        Level(
            "telescoped distances",
            "1/((1-beta_t) eta_t) nondecreasing, (x - x*)^2 <= D^2",
            lambda m, q, xp: _adamx_distances(m, q) + (1 + q.beta1) / (2 * (1 - q.beta1)) * m["weighted_moments"],
            (inverse_step_size, fading_distances, weighted_moments),
            highest=_adamx,
            data_bound=True,
        ),
        by_data(_adamx_distances, _steps, _BY, _adamx, fading_distances),
        _last(_adamx),
    ),
    SETTINGS,
    kind="every-path",
)
