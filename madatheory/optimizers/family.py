"""The seven-coefficient family: one pure elementwise step from which every member is obtained by fixing coefficients.

Coefficients h = (alpha, beta1, beta2, beta3, rho, c, gamma). With diff_t = g_t - g_{t-1} and gh_t = g_t + beta3 diff_t,

    gt2_t  = c gh_t^2 + (1-c) (v_{t-1} + gh_t^2 sign(gh_t^2 - v_{t-1}))
    m_t    = beta1 m_{t-1} + (1-beta1) g_t            v_t    = beta2 v_{t-1} + (1-beta2) gt2_t
    n_t    = beta3 n_{t-1} + (1-beta3) diff_t         vbar_t = ((t-1) vbar_{t-1} + v_t)/t     (or vmax_t)
    vhat_t = rho v_t + (1-rho) vbar_t
    u_t    = beta1_lion l_{t-1} + (1-beta1_lion) g_t  l_t    = beta2_lion l_{t-1} + (1-beta2_lion) g_t
    d_t    = gamma (m_t + beta3 n_t)/(sqrt(vhat_t) + eps) + (1-gamma) sign(u_t),     x_t = x_{t-1} - alpha_t d_t

Where a method departs from this (place of eps, bias correction, initial moments, sums instead of averages, order of the
max, Lion's order ...) is a value of `Convention`. Source: Ozkara et al. (ICML 2024), and each member's own paper.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import jax.numpy as jnp

from madatheory.errors import unknown
from madatheory.optimizers.optimizer import Array, Clock, Hyper, Optimizer, Parameter, State, Step

Schedule = Callable[[Hyper, Clock], Array]


@dataclass(frozen=True)
class Convention:
    """Everything that two implementations of "the same" method can disagree on.

    eps_place            inside: sqrt(eps + vhat); outside: sqrt(vhat/correction) + eps; outside_before: (sqrt(vhat) + eps)/sqrt(correction)
    bias_correction      none; power: 1 - beta^t with the current beta; product: 1 - prod beta_s; exact: product for m and
                         v, and for vbar the weight that makes it 1 on constant gradients, 1 - beta2(1-beta2^t)/(t(1-beta2))
    partner              what rho interpolates v with: the running average vbar or the running maximum vmax
    max_order            vmax over v (before_correction) or over v/(1-beta2^t) (after_correction)
    first_moment,        averaged: weight (1-beta) on the new term; summed: weight 1
    second_moment
    initial_*            initial values of m, v, the partner and n; n may start at "first_gradient_squared"
    first_difference     g_1 - g_0: zero, or the gradient itself (g_0 = 0)
    difference_weight    weight of the new difference in n: 1-beta3 (MADA's family, optax's Adan), or beta3 (Adan's paper)
    lion_order           sign(u) from l before its update (old, Lion's paper) or after it (new)
    safeguard            none; max: b_t = max(b_{t-1}, t(eps+vhat_t)), b_0 = eps; sum: also >= eps + W sum g^2
    """

    eps_place: Literal["inside", "outside", "outside_before"] = "inside"
    bias_correction: Literal["none", "power", "product", "exact"] = "none"
    partner: Literal["average", "max"] = "average"
    max_order: Literal["before_correction", "after_correction"] = "before_correction"
    first_moment: Literal["averaged", "summed"] = "averaged"
    second_moment: Literal["averaged", "summed"] = "averaged"
    initial_m: float = 0.0
    initial_v: float = 0.0
    initial_partner: float = 0.0
    initial_n: float | Literal["first_gradient_squared"] = 0.0
    first_difference: Literal["zero", "gradient"] = "zero"
    difference_weight: Literal["1-beta3", "beta3"] = "1-beta3"
    lion_order: Literal["old", "new"] = "old"
    safeguard: Literal["none", "max", "sum"] = "none"


THEORY = Convention()
PRACTICAL = Convention(eps_place="outside", bias_correction="power")
FORMS: Mapping[str, Convention] = {"theory": THEORY, "practical": PRACTICAL}

PARAMETERS: Mapping[str, Parameter] = {
    "alpha": Parameter(0.01, 0, open_low=True, meaning="step size"),
    "beta1": Parameter(0.0, 0, 1, open_high=True, meaning="decay of the first moment"),
    "beta2": Parameter(0.99, 0, 1, open_high=True, meaning="decay of the second moment"),
    "beta3": Parameter(0.0, 0, 1, open_high=True, meaning="weight of the gradient difference (Adan)"),
    "rho": Parameter(1.0, 0, 1, meaning="1: Adam's v; 0: its average (AVGrad) or maximum (AMSGrad)"),
    "c": Parameter(1.0, 0, 1, meaning="1: Adam's second moment; 0: Yogi's"),
    "gamma": Parameter(1.0, 0, 1, meaning="1: moment ratio; 0: Lion's sign"),
    "eps": Parameter(1e-8, 0, open_low=True, meaning="regulariser of the denominator"),
    "beta1_lion": Parameter(0.95, 0, 1, open_high=True, meaning="Lion's interpolation weight"),
    "beta2_lion": Parameter(0.98, 0, 1, open_high=True, meaning="decay of Lion's momentum"),
    "W": Parameter(0.01, 0, open_low=True, meaning="weight of the sum in the T8log safeguard"),
}


def constant(hyper: Hyper, clock: Clock) -> Array:
    """alpha_t = alpha."""
    return hyper["alpha"]


def inverse_sqrt(hyper: Hyper, clock: Clock) -> Array:
    """alpha_t = alpha/sqrt(t)."""
    return hyper["alpha"] / jnp.sqrt(clock.t)


def horizon(hyper: Hyper, clock: Clock) -> Array:
    """alpha_t = alpha/sqrt(T)."""
    return hyper["alpha"] / jnp.sqrt(clock.T)


SCHEDULES: Mapping[str, Schedule] = {"constant": constant, "inverse_sqrt": inverse_sqrt, "horizon": horizon}


def _fixed(value: Any, end: float) -> bool:
    """True when a coefficient is pinned to `end` while tracing, so that the part it switches off is never built."""
    return isinstance(value, int | float) and float(value) == end


@dataclass(frozen=True)
class Member:
    """A point, line or face of the family: coefficients that are pinned, the rest free, under one convention."""

    pinned: Mapping[str, float] = field(default_factory=dict)
    convention: Convention = THEORY
    schedules: Mapping[str, Schedule] = field(default_factory=dict)

    def coefficients(self, hyper: Hyper, clock: Clock) -> dict[str, Array]:
        """All coefficients at this step; `alpha0` is the hyper-parameter alpha before its schedule."""
        h = {**{name: p.default for name, p in PARAMETERS.items()}, **self.pinned, **hyper}
        scheduled = {name: schedule(h, clock) for name, schedule in self.schedules.items()}
        return {**h, **scheduled, "alpha0": h["alpha"]}

    def _pin(self, name: str, end: float, hyper: Hyper) -> bool:
        free = name in self.schedules or name in hyper
        return not free and _fixed(self.pinned.get(name, PARAMETERS[name].default), end)

    def _uses(self, hyper: Hyper) -> dict[str, bool]:
        ratio = not self._pin("gamma", 0.0, hyper)
        return {
            "ratio": ratio,
            "sign": not self._pin("gamma", 1.0, hyper),
            "difference": ratio and not self._pin("beta3", 0.0, hyper),
            "partner": ratio and not self._pin("rho", 1.0, hyper),
            "adam": not self._pin("c", 0.0, hyper),
            "yogi": not self._pin("c", 1.0, hyper),
        }

    def init(self, hyper: Hyper, x: Array) -> State:
        """The state before the first step: only what the free coefficients need."""
        kind, uses = self.convention, self._uses(hyper)
        full = lambda value: jnp.full_like(x, value)  # noqa: E731
        state: State = {}
        if uses["ratio"]:
            state |= {"m": full(kind.initial_m), "v": full(kind.initial_v)}
            if kind.bias_correction in ("product", "exact"):
                state |= {f"product{i}": jnp.ones_like(jnp.asarray(hyper[f"beta{i}"], x.dtype)) for i in (1, 2)}
        if uses["partner"]:
            state["partner"] = full(kind.initial_partner)
        if uses["difference"]:
            start = 0.0 if kind.initial_n == "first_gradient_squared" else kind.initial_n
            state |= {"n": full(start), "g": full(0.0)}
        if uses["sign"]:
            state["l"] = full(0.0)
        if kind.safeguard != "none":
            state["b"] = full(0.0) + hyper["eps"]
        if kind.safeguard == "sum":
            state["sum"] = full(0.0)
        return state

    def step(self, hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        """One elementwise step of the family; see the module's formula."""
        kind, uses, h, new = self.convention, self._uses(hyper), self.coefficients(hyper, clock), dict(state)
        alpha = h["alpha"]
        zero = jnp.zeros_like(g)
        step = Step(zero, zero, zero, zero, zero, zero)
        if uses["ratio"]:
            step, new = self._ratio(h, uses, state, new, g, clock)
        if uses["sign"]:
            new["l"] = h["beta2_lion"] * state["l"] + (1 - h["beta2_lion"]) * g
            base = state["l"] if kind.lion_order == "old" else new["l"]
            sign = jnp.sign(h["beta1_lion"] * base + (1 - h["beta1_lion"]) * g)
            if uses["ratio"]:
                step = step._replace(delta=h["gamma"] * step.delta + (1 - h["gamma"]) * alpha * sign)
            else:
                step = step._replace(delta=alpha * sign, m=new["l"])
        return step, new

    def _ratio(self, h, uses, state, new, g, clock):
        kind, t = self.convention, clock.t
        beta1, beta2, beta3 = h["beta1"], h["beta2"], h["beta3"]
        lookahead = g
        if uses["difference"]:
            first = g if kind.first_difference == "gradient" else jnp.zeros_like(g)
            difference = jnp.where(t == 1, first, g - state["g"])
            lookahead = g + beta3 * difference
            weight = 1 - beta3 if kind.difference_weight == "1-beta3" else beta3
            n = state["n"]
            if kind.initial_n == "first_gradient_squared":
                n = jnp.where(t == 1, g * g, n)
            new |= {"n": (1 - weight) * n + weight * difference, "g": g}
        square = lookahead * lookahead
        if uses["yogi"]:
            yogi = state["v"] + square * jnp.sign(square - state["v"])
            square = h["c"] * square + (1 - h["c"]) * yogi if uses["adam"] else yogi
        new["m"] = beta1 * state["m"] + (g if kind.first_moment == "summed" else (1 - beta1) * g)
        new["v"] = v = beta2 * state["v"] + (square if kind.second_moment == "summed" else (1 - beta2) * square)

        correction1 = correction2 = correction_partner = 1.0
        if kind.bias_correction == "power":
            correction1, correction2 = 1 - beta1**t, 1 - beta2**t
        elif kind.bias_correction in ("product", "exact"):
            new |= {"product1": state["product1"] * beta1, "product2": state["product2"] * beta2}
            correction1, correction2 = 1 - new["product1"], 1 - new["product2"]
        correction_partner = correction2
        if kind.bias_correction == "exact" and kind.partner == "average":
            correction_partner = 1 - beta2 * (1 - new["product2"]) / (t * (1 - beta2))

        vhat = v / correction2
        if uses["partner"]:
            if kind.partner == "average":
                new["partner"] = ((t - 1) * state["partner"] + v) / t
                partner = new["partner"] / correction_partner
            elif kind.max_order == "before_correction":
                new["partner"] = jnp.maximum(state["partner"], v)
                partner = new["partner"] / correction2
            else:
                new["partner"] = partner = jnp.maximum(state["partner"], v / correction2)
            vhat = h["rho"] * vhat + (1 - h["rho"]) * partner

        alpha, eps = h["alpha"], h["eps"]
        numerator = new["m"] / correction1
        if uses["difference"]:
            numerator = numerator + beta3 * new["n"]
        if kind.safeguard == "none":
            if kind.eps_place == "inside":
                denominator = jnp.sqrt(eps + vhat)
            elif kind.eps_place == "outside":
                denominator = jnp.sqrt(vhat) + eps
            else:
                denominator = jnp.sqrt(vhat) + eps / jnp.sqrt(correction2)
            eta = alpha / denominator
            b = (h["alpha0"] / eta) ** 2
        else:
            b = jnp.maximum(state["b"], t * (eps + vhat))
            if kind.safeguard == "sum":
                new["sum"] = state["sum"] + g * g
                b = jnp.maximum(b, eps + h["W"] * new["sum"])
            new["b"] = b
            eta = h["alpha0"] / jnp.sqrt(b)
        return Step(eta * numerator, eta, b, new["m"], new["v"], vhat), new


def member(
    name: str,
    summary: str,
    *,
    free: tuple[str, ...],
    pinned: Mapping[str, float] | None = None,
    form: str = "theory",
    convention: Convention | None = None,
    schedules: Mapping[str, Schedule] | None = None,
    schedule: str = "constant",
    source: str = "",
    **defaults: float,
) -> Optimizer:
    """A member of the family as an `Optimizer`.

    `free` names its hyper-parameters, `pinned` the coefficients held at a value (the rest stay at their default),
    `form` is "theory" or "practical" and picks the convention unless one is given, `schedule` names alpha's, `schedules` gives further ones as functions of (hyper, clock).
    """
    for kind, value, known in (("form", form, FORMS), ("schedule", schedule, SCHEDULES)):
        if value not in known:
            raise unknown(kind, value, known)
    convention = convention or FORMS[form]
    rules = {**({} if schedule == "constant" else {"alpha": SCHEDULES[schedule]}), **(schedules or {})}
    point = Member(pinned or {}, convention, rules)
    traits = {
        "family": True,
        "form": form,
        "schedule": schedule,
        "convention": convention,
        "pinned": dict(pinned or {}),
        "free": free,
    }
    parameters = {key: PARAMETERS[key] for key in free}
    return Optimizer(name, summary, parameters, point.init, point.step, traits, source).defaults(**defaults)
