"""T9: regret of AVGrad and AMSGrad on a box, on every path; AVGrad's is data-dependent like Adagrad's."""

from collections.abc import Callable

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Context, Event, Statistic, latest
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.theory.chains.momentum_conditions import BOXED, LINEAR_LOSSES
from madatheory.theory.conditions import A2, CERTIFIED, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R, harmonic, measured_sum
from madatheory.theory.theorem import Formula, Level, Measured, Theorem


def lane_zeros(c: Context) -> Number:
    """0 per trajectory."""
    return jnp.zeros(c.x.shape[1:], c.x.dtype)


def box_of(e: Event) -> tuple[float, float]:
    """The ends of the box."""
    assert e.problem.box is not None, "the regret is taken over a box"
    return e.problem.box


def _regret(state: tuple[Number, Number, Number], e: Event) -> tuple[Number, Number, Number]:
    paid, slopes = state[0] + jnp.sum(e.g * e.x, axis=0), state[1] + e.g
    low, high = box_of(e)
    return paid, slopes, paid - jnp.sum(jnp.minimum(low * slopes, high * slopes), axis=0)


def _one_step(state: tuple[Number, ...], e: Event) -> tuple[Number, ...]:
    slopes = state[2] + e.g
    to_ends = [
        total + ((e.x - end) ** 2 - (e.next - end) ** 2) / (2 * e.step.eta)
        for total, end in zip(state[:2], box_of(e), strict=True)
    ]
    # the best fixed point in hindsight is the low end where the slopes add up to a positive number, else the high end
    return *to_ends, slopes, jnp.sum(jnp.where(slopes > 0, to_ends[0], to_ends[1]), axis=0)


regret = Statistic(
    "regret",
    "sum_s <g_s, x_{s-1}> - min over the box of <sum_s g_s, x>",
    lambda c: (lane_zeros(c), jnp.zeros_like(c.x), lane_zeros(c)),
    _regret,
    lambda state, clock: state[2],
)
weighted_approach = Statistic(
    "weighted_approach",
    "sum_s sum_i ((x_{s-1,i} - x*_i)^2 - (x_{s,i} - x*_i)^2)/(2 eta_{s,i}), x* the best fixed point at t",
    lambda c: (jnp.zeros_like(c.x), jnp.zeros_like(c.x), jnp.zeros_like(c.x), lane_zeros(c)),
    _one_step,
    lambda state, clock: state[3],
)
weighted_squares = measured_sum("weighted_squares", "sum_s sum_i eta_{s,i} g_{s,i}^2", lambda e: e.step.eta * e.g**2)
inverse_step_size = latest("inverse_step_size", "sum_i 1/eta_{t,i}", lambda e: jnp.sum(1 / e.step.eta, axis=0))
root_of_squares = Statistic(
    "root_of_squares",
    "sum_i sqrt(sum_s g_{s,i}^2)",
    lambda c: jnp.zeros_like(c.x),
    lambda s, e: s + e.g**2,
    lambda s, clock: jnp.sum(jnp.sqrt(s), axis=0),
)


def by_data(
    distance: Callable[[Measured, Quantities], Number], steps: Formula, by: str, right: Formula, *more: Statistic
) -> Level:
    """distance + steps sum_i sqrt(sum_t g_{t,i}^2); `more` are statistics of `distance` beside 1/eta_T."""
    return Level(
        "data-dependent bound",
        by,
        lambda m, q, xp: distance(m, q) + steps(q, xp) * m["root_of_squares"],
        (inverse_step_size, *more, root_of_squares),
        highest=right,
        data_bound=True,
    )


def _theorem(method: str, name: str, steps: Formula, moment: str, text: str, by: str) -> Theorem:
    def distance(m: Measured, q: Quantities) -> Number:
        return q.D**2 / 2 * m["inverse_step_size"]

    def right(q: Quantities, xp: Arithmetic) -> Number:
        return q.d * xp.sqrt(q.T) * (q.D**2 * R(q, xp) / (2 * q.alpha) + steps(q, xp) * q.G)

    return Theorem(
        name,
        "T9",
        f"{method}, beta1 = 0, clipped to a box of widths D, convex losses, every path: regret <= "
        f"sum_i [(D^2/(2alpha)) sqrt(T(eps + {moment}_T,i)) + {text} sqrt(sum_t g_t,i^2)]",
        "new",
        "new",
        lambda: list_optimizers()[method.lower()].make({"schedule": "inverse_sqrt"}),
        (
            BOXED,
            LINEAR_LOSSES,
            A2,
            CERTIFIED,
            method_is(method.lower(), form="theory", schedule="inverse_sqrt"),
            hyper_is("beta1", 0.0),
        ),
        (
            Level("regret", "", lambda m, q, xp: m["regret"], (regret,)),
            Level(
                "one step",
                "clipping brings no point of the box further away",
                lambda m, q, xp: m["weighted_approach"] + m["weighted_squares"] / 2,
                (weighted_approach, weighted_squares),
            ),
            Level(
                "telescoped distances",
                "1/eta_t nondecreasing, (x - x*)^2 <= D^2",
                lambda m, q, xp: distance(m, q) + m["weighted_squares"] / 2,
                (inverse_step_size, weighted_squares),
                highest=right,
                data_bound=True,
            ),
            by_data(distance, steps, by, right),
            Level("a-priori bound", "|g| <= G", lambda m, q, xp: right(q, xp)),
        ),
        {"alpha": 0.45, "beta1": 0.0, "beta2": 0.99, "eps": 1e-8},
        kind="every-path",
    )


avgrad_regret = _theorem(
    "AVGrad",
    "avgrad-regret",
    lambda q, xp: q.alpha / xp.sqrt(q.w),
    "vbar",
    "(alpha/sqrt w)",
    "t vbar_t >= w sum g_j^2 (L3), L2(c)",
)
amsgrad_regret = _theorem(
    "AMSGrad",
    "amsgrad-regret",
    lambda q, xp: q.alpha * xp.sqrt(harmonic(q.T, xp)) / (2 * xp.sqrt(q.w)),
    "vmax",
    "(alpha sqrt(1 + ln T)/(2 sqrt w))",
    "vmax_t >= w g_t^2, Cauchy-Schwarz",
)
