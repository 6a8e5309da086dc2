"""TD1 to TD4: where Adam diverges, as bounds on how near it comes to what is best."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from madatheory.arithmetic import NUMPY, Arithmetic, Number, arithmetic
from madatheory.engine.statistic import Context, Event, Statistic, latest, total
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.momentum_conditions import BOXED, PURE_POWERS
from madatheory.theory.conditions import hyper_is, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import reach
from madatheory.theory.theorem import Condition, Level, Setting, Theorem

_ONLINE = (BOXED, method_is("adam", form="theory", schedule="inverse_sqrt"))
_DERIVED = "the statement of Reddi, Kale and Kumar (ICLR 2018), Theorem {}, with constants and a proof of our own"


def _reach(beta1: Number, beta2: Number, xp: Arithmetic) -> Number:
    return reach(Quantities(beta1=beta1, beta2=beta2), xp)


def _root_below(setting: Setting) -> str | None:
    beta1, beta2 = setting.hyper["beta1"], setting.hyper["beta2"]
    return None if beta1**2 < beta2 else f"beta1 = {beta1:g} is not below sqrt(beta2) = {beta2**0.5:g}"


ROOT_BELOW = Condition("beta1 < sqrt(beta2)", _root_below)


def _scaled(setting: Setting) -> tuple[float, float]:
    """C and eps in units of the small slope: (up/down, eps/down^2)."""
    up, down = setting.problem.facts["slopes"]
    return up / down, setting.hyper["eps"] / down**2


def three_steps(eps: float, beta2: float, C: float) -> bool:
    """Whether the two steps up outweigh the step down, in the first period and in every later one."""
    w, kept = 1 - beta2, beta2 * C**2
    down, second = C / np.sqrt(eps + w * C**2), kept + w
    first = 1 / np.sqrt(2 * (eps + w * (kept + 1))) + 1 / np.sqrt(3 * (eps + w * (beta2 * (kept + 1) + 1)))
    later = 1 / np.sqrt(eps + second) + 1 / np.sqrt(eps + beta2 * second + w)
    return bool(down <= first and np.sqrt(2) * down <= later)


def long_period(eps: float, beta1: float, beta2: float, C: float, period: int) -> bool:
    """Whether Adam forgets C early enough in the period to climb back in what is left of it."""
    age = np.arange(period)
    forgotten = (beta1**age * (C + 1) <= 1 / 2) & (eps + beta2**age * C**2 <= 5 / 4)
    K = _reach(beta1, beta2, NUMPY)
    return bool(forgotten.any() and 3 * K * np.sqrt(period) <= period - int(np.argmax(forgotten)))


def _three(setting: Setting) -> str | None:
    if setting.problem.facts.get("period") != 3:
        return f"{setting.problem.name} has no losses of period 3"
    (C, eps), beta2 = _scaled(setting), setting.hyper["beta2"]
    if three_steps(eps, beta2, C):
        return None
    return (
        f"the two steps up may be shorter than the step down (beta2 = {beta2:g}, C = {C:g}): take beta2 = 1/(1 + C^2)"
    )


def _long(setting: Setting) -> str | None:
    period = setting.problem.facts.get("period")
    if period is None:
        return f"{setting.problem.name} has no periodic losses"
    (C, eps), hyper = _scaled(setting), setting.hyper
    if _root_below(setting) is None and long_period(eps, hyper["beta1"], hyper["beta2"], C, period):
        return None
    return f"the period {period} is too short for beta1 = {hyper['beta1']:g}, beta2 = {hyper['beta2']:g}"


def _start(c: Context) -> tuple[Number, Number, Number]:
    zero = jnp.zeros(c.x.shape[1:], c.x.dtype)
    return c.x, zero, zero


def _farthest(state: tuple[Number, Number, Number], e: Event) -> tuple[Number, Number, Number]:
    start, _, most = state
    period = e.problem.facts["period"]
    first = 1 + period * jnp.floor((e.clock.t - 0.5) / period)  # the step at which the period of x_t began
    back = jnp.sqrt(first) * jnp.max(start - e.next, axis=0)
    return start, back, jnp.maximum(most, back)


farthest_back = Statistic(
    "farthest_back",
    "max over s <= t of sqrt(first step of the period of x_s) max_i (x_{0,i} - x_{s,i})",
    _start,
    _farthest,
    lambda state, clock: state[2],
)


def _online(
    name: str, label: str, words: str, number: int, conditions: tuple[Condition, ...], settings: Mapping[str, float]
) -> Theorem:
    return Theorem(
        name,
        label,
        f"Adam, alpha_t = alpha/sqrt(t), {words}: never nearer to the best point -1 than its start but for "
        "x_0 - x_t <= (alpha/sqrt(n)) K, n the first step of the period, "
        "K = (1-beta1)/(sqrt(1-beta2) (1-beta1/sqrt(beta2))); from x_0 = 1 the regret of k periods of P steps is at "
        "least 2k(C-P+1)",
        _DERIVED.format(number),
        "new",
        lambda: get_optimizer("adam:schedule=inverse_sqrt"),
        (*_ONLINE, *conditions),
        (
            Level("farthest back", "", lambda m, q, xp: m["farthest_back"], (farthest_back,)),
            Level(
                "what one slope C moves",
                "v_t >= (1-beta2) beta2^j C^2 at age j; the rest of the period leads back",
                lambda m, q, xp: q.alpha * reach(q, xp),
            ),
        ),
        settings,
        kind="every-path",
    )


adam_period_divergence = _online(
    "adam-period-divergence",
    "TD1",
    "beta1 = 0, losses Cx once in three steps, else -x, on [-1,1], beta2 about 1/(1+C^2)",
    1,
    (hyper_is("beta1", 0.0), Condition("three steps lead up", _three)),
    {"alpha": 0.45, "beta1": 0.0, "beta2": 1 / 17, "eps": 1e-8},
)
adam_online_divergence = _online(
    "adam-online-divergence",
    "TD2",
    "any beta1 < sqrt(beta2), losses Cx once in P steps, else -x, on [-1,1], P long",
    2,
    (hyper_positive("beta2"), Condition("long period", _long)),
    {"alpha": 0.45, "beta1": 0.5, "beta2": 0.5, "eps": 1e-8},
)


def drift_over_reach(eps: Number, beta1: Number, beta2: Number, facts: Mapping[str, Any]) -> Number:
    """((1-beta1)(1-p) u/sqrt(eps + E g^2) - p K)/K: how far a step of unit length leads up on average, over K."""
    p, (up, down) = facts["chance"], facts["slopes"]
    K = _reach(beta1, beta2, arithmetic("jax"))
    second = p * up**2 + (1 - p) * down**2
    return (1 - beta1) * (1 - p) * down / (jnp.sqrt(eps + second) * K) - p


def _two_valued(setting: Setting) -> str | None:
    facts, hyper = setting.problem.facts, setting.hyper
    if facts.get("chance") is None:
        return f"{setting.problem.name} has no slopes of two values"
    if facts["slopes"][0] < facts["slopes"][1]:
        return "the slope up is smaller than the slope down"
    if _root_below(setting) is not None:
        return None  # said by the condition on beta1
    led = float(drift_over_reach(hyper["eps"], hyper["beta1"], hyper["beta2"], facts))
    return None if led >= 0 else f"the mean step leads down: drift/K = {led:.3g}; take a smaller beta1 or a larger C"


def _short(setting: Setting) -> str | None:
    if _root_below(setting) is not None:
        return None
    alpha, beta1, beta2 = (setting.hyper[name] for name in ("alpha", "beta1", "beta2"))
    K = (1 - beta1) / ((1 - beta2) ** 0.5 * (1 - beta1 / beta2**0.5))
    return None if alpha * K <= 1 else f"alpha K = {alpha * K:g} is above 1: take alpha <= {1 / K:g}"


def _to_the_end(e: Event) -> Number:
    assert e.problem.box is not None, "the distance is measured in a box"
    return jnp.mean(e.problem.box[1] - e.x, axis=0)


mean_distance = total(
    "mean_distance_to_the_upper_end",
    "(1/t) sum_{s<=t} mean_i (1 - x_{s-1,i})",
    _to_the_end,
    mean=True,
)
drift = latest(
    "drift_over_reach",
    "((1-beta1)(1-p) u/sqrt(eps + E g^2) - p K)/K",
    lambda e: (
        jnp.zeros(e.x.shape[1:], e.x.dtype)
        + drift_over_reach(e.hyper["eps"], e.hyper["beta1"], e.hyper["beta2"], e.problem.facts)
    ),
)

adam_stochastic_divergence = Theorem(
    "adam-stochastic-divergence",
    "TD3",
    "Adam, constant alpha <= 1/K, slope C with probability p, else -u, on [-1,1]: the mean distance from the worst "
    "point, (1/T) sum E(1 - x_{t-1}), is at most 2 + 2/(alpha K T) - drift/K, "
    "drift = (1-beta1)(1-p) u/sqrt(eps + E g^2) - p K, K = (1-beta1)/(sqrt(1-beta2) (1-beta1/sqrt(beta2)))",
    _DERIVED.format(3),
    "new",
    lambda: get_optimizer("adam"),
    (
        BOXED,
        method_is("adam", form="theory", schedule="constant"),
        hyper_positive("beta2"),
        ROOT_BELOW,
        Condition("slopes of two values that lead up", _two_valued),
        Condition("alpha K <= 1", _short),
    ),
    (
        Level(
            "distance and drift",
            "",
            lambda m, q, xp: m[mean_distance.name] + m[drift.name],
            (mean_distance, drift),
            highest=lambda q, xp: q.D + 1,
        ),
        Level(
            "wall",
            "the wall at 1 returns at most alpha K a step, and only near it",
            lambda m, q, xp: q.D + q.D / (q.alpha * reach(q, xp) * q.T),
        ),
    ),
    {"alpha": 0.45, "beta1": 0.0, "beta2": 0.5, "eps": 1e-8},
)


def _in_step(setting: Setting) -> str | None:
    facts, hyper = setting.problem.facts, setting.hyper
    if facts.get("stride") is None:
        return f"{setting.problem.name} has no hills at the distance of a step"
    length = hyper["alpha"] * facts["slope"] / (facts["slope"] + hyper["eps"])
    if abs(length - facts["stride"]) <= 1e-12 * length and not np.any(setting.problem.start % facts["stride"]):
        return None
    return f"Adam's step is {length:.17g}, the hills of {setting.problem.name} are {facts['stride']:.17g} apart"


def _time_per_distance(e: Event) -> Number:
    start = jnp.asarray(e.problem.start, e.x.dtype).reshape((-1,) + (1,) * (e.x.ndim - 1))
    return jnp.max(jnp.where(e.next > start, e.clock.t / (e.next - start), jnp.inf), axis=0)


time_per_distance = latest("time_per_distance", "max_i t/(x_{t,i} - x_{0,i}), inf where not above", _time_per_distance)
adam_constant_step_divergence = Theorem(
    "adam-constant-step-divergence",
    "TD4",
    "Adam in practice, constant alpha, no noise, any beta1, beta2 and eps: there is a bounded smooth F on which it "
    "moves by alpha c/(c+eps) in every step for ever and meets the gradient -c, T/(x_T - x_0) <= (c+eps)/(alpha c); "
    "with eps = 0 for every L > 0",
    "new; the claim of Toint (2023), arXiv 2308.00720, with a construction of our own",
    "new",
    lambda: get_optimizer("adam:form=practical,schedule=constant"),
    (method_is("adam", form="practical", schedule="constant"), PURE_POWERS, Condition("hills in step", _in_step)),
    (
        Level("time per distance", "", lambda m, q, xp: m["time_per_distance"], (time_per_distance,)),
        Level(
            "constant speed", "F' = -c at every multiple of a step", lambda m, q, xp: (q.G + q.eps) / (q.alpha * q.G)
        ),
    ),
    {"alpha": 0.25, "beta1": 0.9, "beta2": 0.999, "eps": 0.0},
    kind="every-path",
)
