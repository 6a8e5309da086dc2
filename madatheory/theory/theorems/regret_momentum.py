"""T9m: regret of AVGrad and AMSGrad on a box with momentum of a constant beta1, convex losses, every path."""

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event, Statistic
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.momentum_conditions import BOXED, KNOWN_LOSSES
from madatheory.theory.conditions import A2, CERTIFIED, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R, harmonic, measured_sum
from madatheory.theory.theorem import Formula, Level, Measured, Theorem
from madatheory.theory.theorems.regret_bounds import box_of, by_data, inverse_step_size, lane_zeros, regret


def _paid(state: tuple[Number, Number, Number], e: Event) -> tuple[Number, Number, Number]:
    a = e.problem.facts.get("curvature", 0.0)  # f_t(u) = f_t(x) + g_t (u - x) + (a/2) (u - x)^2
    paid, slopes = state[0] + e.g * e.x - a / 2 * e.x**2, state[1] + e.g - a * e.x
    low, high = box_of(e)
    bend = a * e.clock.t
    best = jnp.clip(-slopes / bend, low, high) if a else jnp.where(slopes > 0, low, high)
    return paid, slopes, jnp.sum(paid - slopes * best - bend / 2 * best**2, axis=0)


def _by_moments(state: tuple[Number, ...], e: Event) -> tuple[Number, ...]:
    slopes = state[2] + e.g
    to_ends = [
        total + ((e.x - end) ** 2 - (e.next - end) ** 2) / (2 * e.step.eta) + (e.g - e.step.m) * (e.x - end)
        for total, end in zip(state[:2], box_of(e), strict=True)
    ]
    return *to_ends, slopes, jnp.sum(jnp.where(slopes > 0, to_ends[0], to_ends[1]), axis=0)


loss_regret = Statistic(
    "loss_regret",
    "sum_s f_s(x_{s-1}) - min over the box of sum_s f_s",
    lambda c: (jnp.zeros_like(c.x), jnp.zeros_like(c.x), lane_zeros(c)),
    _paid,
    lambda state, clock: state[2],
)
momentum_approach = Statistic(
    "momentum_approach",
    "sum_s sum_i [((x_{s-1,i} - x*_i)^2 - (x_{s,i} - x*_i)^2)/(2 eta_{s,i}) + (g_{s,i} - m_{s,i}) (x_{s-1,i} - x*_i)]",
    lambda c: (jnp.zeros_like(c.x), jnp.zeros_like(c.x), jnp.zeros_like(c.x), lane_zeros(c)),
    _by_moments,
    lambda state, clock: state[3],
)
weighted_moments = measured_sum(
    "weighted_moments", "sum_s sum_i eta_{s,i} m_{s,i}^2", lambda e: e.step.eta * e.step.m**2
)
ONLINE = (BOXED, KNOWN_LOSSES, A2, CERTIFIED)
SETTINGS = {"alpha": 0.45, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}
REGRET = (
    Level("regret", "", lambda m, q, xp: m["loss_regret"], (loss_regret,)),
    Level("linear regret", "f_t(x) - f_t(u) <= <g_t, x - u>", lambda m, q, xp: m["regret"], (regret,)),
)


def kept(q: Quantities, xp: Arithmetic) -> Number:
    """max((1-beta1)^2, 1 - beta1^2/beta2): by Jensen's inequality, or by Cauchy-Schwarz against v_t."""
    return xp.maximum((1 - q.beta1) ** 2, 1 - q.beta1**2 / q.beta2)


def momentum_right(steps: Formula) -> Formula:
    """d sqrt(T) (D^2 R/(2 alpha (1-beta1)) + steps G)."""
    return lambda q, xp: q.d * xp.sqrt(q.T) * (q.D**2 * R(q, xp) / (2 * q.alpha * (1 - q.beta1)) + steps(q, xp) * q.G)


def momentum_levels(steps: Formula, by: str, right: Formula) -> tuple[Level, ...]:
    """From the regret to its data-dependent bound, for decays that do not increase; `steps` is the factor of |g|."""

    def distance(m: Measured, q: Quantities) -> Number:
        return q.D**2 / (2 * (1 - q.beta1)) * m["inverse_step_size"]

    def squares(m: Measured, q: Quantities) -> Number:
        return (1 + q.beta1) / (2 * (1 - q.beta1)) * m["weighted_moments"]

    return (
        *REGRET,
        Level(
            "one step",
            "m_t for g_t; clipping brings no point of the box further away",
            lambda m, q, xp: m["momentum_approach"] + m["weighted_moments"] / 2,
            (momentum_approach, weighted_moments),
        ),
        Level(
            "telescoped distances",
            "m_t = beta_t m_{t-1} + (1-beta_t) g_t, 1/eta_t nondecreasing, (x - x*)^2 <= D^2, "
            "|x_t - x_{t-1}| <= eta_t |m_t|",
            lambda m, q, xp: distance(m, q) + squares(m, q),
            (inverse_step_size, weighted_moments),
            highest=right,
            data_bound=True,
        ),
        by_data(distance, steps, by, right),
    )


def _theorem(method: str, name: str, steps: Formula, moment: str, text: str, by: str) -> Theorem:
    right = momentum_right(steps)
    return Theorem(
        name,
        "T9m",
        f"{method}, any constant beta1, clipped to a box of widths D, convex losses, every path: regret <= "
        f"sum_i [(D^2/(2alpha(1-beta1))) sqrt(T(eps + {moment}_T,i)) + {text} sqrt(sum_t g_t,i^2)]",
        "after Alacaoglu, Malitsky, Mertikopoulos, Cevher (2020), arXiv 2003.09729: derived anew",
        "new",
        lambda: get_optimizer(f"{method.lower()}:schedule=inverse_sqrt"),
        (*ONLINE, method_is(method.lower(), form="theory", schedule="inverse_sqrt"), hyper_positive("beta2")),
        (*momentum_levels(steps, by, right), Level("a-priori bound", "|g| <= G", lambda m, q, xp: right(q, xp))),
        SETTINGS,
        kind="every-path",
    )


avgrad_momentum_regret = _theorem(
    "AVGrad",
    "avgrad-momentum-regret",
    lambda q, xp: (1 + q.beta1) * q.alpha / ((1 - q.beta1) * xp.sqrt(q.w)),
    "vbar",
    "((1+beta1) alpha/((1-beta1) sqrt w))",
    "sum eta m^2 <= sum eta g^2, t vbar_t >= w sum g_j^2 (L3), L2(c)",
)
amsgrad_momentum_regret = _theorem(
    "AMSGrad",
    "amsgrad-momentum-regret",
    lambda q, xp: (1 + q.beta1) * q.alpha * xp.sqrt(harmonic(q.T, xp)) / (2 * xp.sqrt(q.w * kept(q, xp))),
    "vmax",
    "((1+beta1) alpha sqrt(1 + ln T)/(2 sqrt(w C))), C = max((1-beta1)^2, 1 - beta1^2/beta2),",
    "sum eta m^2 <= sum eta g^2, or vmax_t >= v_t >= w (1 - beta1^2/beta2) (sum_j beta1^(t-j) |g_j|)^2; Cauchy-Schwarz",
)
