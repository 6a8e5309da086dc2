"""The update of the seven-coefficient family: one pure elementwise step, written once.

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
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.hparams import Hyper, Parameter
from madatheory.optimizers.convention import THEORY, Convention
from madatheory.optimizers.optimizer import Array, Clock, State, Step
from madatheory.optimizers.schedule import SCHEDULES, Rate, Schedule

Policy = Callable[[Hyper, Clock, State], Array]
"""A coefficient of step t as a function of the state after step t-1, that is of g_1 .. g_{t-1} only (predictable)."""

Adapted = Callable[[Hyper, Clock, State, Array], Array]
"""A coefficient of step t that may also look at g_t, as a hyper-gradient without a lag does."""

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


@jax.custom_jvp
def _root(x: Array) -> Array:
    """sqrt with derivative 0 at 0, so that hyper-gradients of a coordinate with no gradient yet are 0 and not nan."""
    return jnp.sqrt(x)


@_root.defjvp
def _root_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (dx,) = primals, tangents
    root = jnp.sqrt(x)
    return root, jnp.where(x > 0, dx / (2 * jnp.where(x > 0, root, 1)), 0)


@jax.custom_jvp
def _inverse(x: Array) -> Array:
    """1/x (1 at 0), whose derivative - (1/x)^2 costs no further division."""
    return 1 / jnp.where(x == 0, 1, x)


@_inverse.defjvp
def _inverse_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    y = _inverse(*primals)
    return y, -y * y * tangents[0]


@jax.custom_jvp
def _one_minus_power(beta: Array, t: Array) -> Array:
    """1 - beta^t for t = 1, 2, .. without cancellation, and in vector code, which a power is not; t is no variable."""
    return -jnp.expm1(t * jnp.log(jnp.maximum(beta, jnp.finfo(t.dtype).tiny)))


@_one_minus_power.defjvp
def _one_minus_power_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (beta, t), (dbeta, _) = primals, tangents
    found, usual = _one_minus_power(beta, t), beta > jnp.finfo(t.dtype).tiny
    slope = dbeta / jnp.where(usual, beta, 1) * t * (1 - found)
    return found, -jnp.where(usual, slope, jnp.where(t == 1, dbeta, 0))  # t beta^(t-1) is 1 at t = 1 for beta = 0 too


class Parts(NamedTuple):
    """Which parts of the step a member needs; the others are never built and keep no state."""

    ratio: bool
    sign: bool
    momentum: bool
    difference: bool
    reference: bool
    current: bool
    adam: bool
    yogi: bool


@dataclass(frozen=True)
class Member:
    """A point, line or face of the family: coefficients that are pinned, the rest free, under one convention.

    `compensated` keeps what rounding loses from the running average (Kahan 1965), one more array of state: without it
    a float32 average of more than 10^7 terms stands still, since v/t falls below half a unit in its last place.
    A coefficient may also move: `schedules` sees (hyper, clock), `policies` also the state before the step, `adapted`
    also the gradient of the step. `rate` is the step-size schedule.
    """

    pinned: Mapping[str, float] = field(default_factory=dict)
    convention: Convention = THEORY
    rate: Rate = SCHEDULES["constant"]
    compensated: bool = False
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    adapted: Mapping[str, Adapted] = field(default_factory=dict)

    def coefficients(self, hyper: Hyper, clock: Clock, state: State, g: Array) -> dict[str, Array]:
        """All coefficients at this step but the step-size schedule, which is `rate`'s."""
        h = {**{name: p.default for name, p in PARAMETERS.items()}, **self.pinned, **hyper}
        # Python numbers stay weakly typed; arrays follow the gradient's dtype, so that the state keeps its own
        h = {k: v if isinstance(v, int | float) else jnp.asarray(v, g.dtype) for k, v in h.items()}
        moved = {name: rule(h, clock) for name, rule in self.schedules.items()}
        moved |= {name: rule(h, clock, state) for name, rule in self.policies.items()}
        moved |= {name: rule(h, clock, state, g) for name, rule in self.adapted.items()}
        return {**h, **moved}

    def _moves(self, name: str) -> bool:
        return name in self.schedules or name in self.policies or name in self.adapted

    def _pin(self, name: str, end: float, hyper: Hyper) -> bool:
        """Whether a coefficient is pinned to `end`, so that the part it switches off is never built."""
        free = name in hyper or self._moves(name)
        return not free and float(self.pinned.get(name, PARAMETERS[name].default)) == end

    def parts(self, hyper: Hyper) -> Parts:
        """The parts of the step that the free coefficients need."""
        ratio = not self._pin("gamma", 0.0, hyper)
        return Parts(
            ratio=ratio,
            sign=not self._pin("gamma", 1.0, hyper),
            momentum=ratio and not self._pin("beta1", 0.0, hyper),
            difference=ratio and not self._pin("beta3", 0.0, hyper),
            reference=ratio and not self._pin("rho", 1.0, hyper),
            current=not self._pin("rho", 0.0, hyper),
            adam=not self._pin("c", 0.0, hyper),
            yogi=not self._pin("c", 1.0, hyper),
        )

    def init(self, hyper: Hyper, x: Array) -> State:
        """The state before the first step: only what the free coefficients need."""
        kind, parts = self.convention, self.parts(hyper)
        xp = np if isinstance(x, np.ndarray) else jnp  # nothing is compiled for what starts in NumPy

        def full(value: float) -> Array:
            return xp.full_like(x, value)

        def ones(name: str) -> Array:  # the moment recurrence run on ones; shaped like its decay
            if self._moves(name):
                return full(0.0)
            return xp.zeros(np.shape(hyper.get(name, 0.0)), x.dtype)

        state: State = {}
        if parts.ratio:
            state["v"] = full(kind.initial_v)
            corrected = kind.bias_correction in ("product", "exact")
            if corrected:
                state["ones2"] = ones("beta2")
            if parts.momentum:
                state["m"] = full(kind.initial_m)
                if corrected:
                    state["ones1"] = ones("beta1")
        if parts.reference:
            state["reference"] = full(kind.initial_reference)
            if self.compensated and kind.reference == "mean":
                state["reference_lost"] = full(0.0)
            if kind.bias_correction == "exact" and kind.reference == "mean":
                state["ones_reference"] = ones("beta2")
        if parts.difference:
            if kind.previous_gradient == "kept":
                state["g"] = full(0.0)
            if kind.difference_place == "numerator_and_square":
                state["n"] = full(0.0 if isinstance(kind.initial_n, str) else kind.initial_n)
                if kind.difference_correction:
                    state["ones3"] = ones("beta3")
        if parts.sign:
            state["l"] = full(0.0)
        if kind.safeguard != "none":
            state["b"] = full(1.0) * hyper.get("eps", self.pinned.get("eps", PARAMETERS["eps"].default))
        if kind.safeguard == "sum":
            state["sum"] = full(0.0)
        return state

    def step(self, hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        """One elementwise step of the family; see the module's formula."""
        clock = Clock(jnp.asarray(clock.t, g.dtype), jnp.asarray(clock.T, g.dtype))
        kind, parts, h = self.convention, self.parts(hyper), self.coefficients(hyper, clock, state, g)
        new = dict(state)
        ratio = self._ratio(h, parts, state, new, g, clock) if parts.ratio else None
        if not parts.sign:
            assert ratio is not None
            return ratio, new
        new["l"] = h["beta2_lion"] * state["l"] + (1 - h["beta2_lion"]) * g
        base = state["l"] if kind.lion_order == "old" else new["l"]
        alpha = self.rate.alpha(h, clock)
        move = alpha * jnp.sign(h["beta1_lion"] * base + (1 - h["beta1_lion"]) * g)
        if ratio is None:
            zero = jnp.zeros_like(g)
            return Step(move, zero + alpha, zero + self.rate.inverse_square(h, clock), new["l"], zero, zero), new
        return ratio._replace(delta=h["gamma"] * ratio.delta + (1 - h["gamma"]) * move), new

    def _ratio(self, h: Hyper, parts: Parts, state: State, new: State, g: Array, clock: Clock) -> Step:
        """The part m/sqrt(v): fills `new`, returns the step for gamma = 1."""
        kind, t, beta1, beta2 = self.convention, clock.t, h["beta1"], h["beta2"]
        lookahead, extra = self._difference(h, parts, state, new, g, t)
        m = g
        if parts.momentum:
            m = new["m"] = beta1 * state["m"] + (g if kind.first_moment == "summed" else (1 - beta1) * g)
        square = lookahead * lookahead
        if parts.yogi and not parts.adam:
            v = state["v"] + (1 - beta2) * square * jnp.sign(square - state["v"])
        else:
            if parts.yogi:
                yogi = state["v"] + square * jnp.sign(square - state["v"])
                square = h["c"] * square + (1 - h["c"]) * yogi
            v = beta2 * state["v"] + (square if kind.second_moment == "summed" else (1 - beta2) * square)
        new["v"] = v

        correction1 = self._correction("ones1", beta1, state, new, t) if parts.momentum else 1.0
        correction2 = self._correction("ones2", beta2, state, new, t)
        per2 = 1 / correction2
        if parts.reference:
            if kind.reference == "mean":
                share = 1 / t
                if self.compensated:
                    change = share * (v - state["reference"]) - state["reference_lost"]
                    vbar = new["reference"] = state["reference"] + change
                    new["reference_lost"] = (vbar - state["reference"]) - change
                else:
                    vbar = new["reference"] = (1 - share) * state["reference"] + share * v
                per = per2
                if kind.bias_correction == "exact":
                    past = state["ones_reference"]
                    new["ones_reference"] = (1 - share) * past + share * new["ones2"]
                    per = 1 / new["ones_reference"]
                reference = self._seen(vbar) * per
            elif kind.max_order == "before_correction":
                new["reference"] = jnp.maximum(state["reference"], v)
                reference = self._seen(new["reference"]) * per2
            else:
                new["reference"] = jnp.maximum(state["reference"], v * per2)
                reference = self._seen(new["reference"])
            vhat = h["rho"] * (v * per2) + (1 - h["rho"]) * reference if parts.current else reference
        else:
            vhat = v * per2

        # one division per trajectory, not one per coordinate
        numerator = m * (1 / correction1) + extra if kind.bias_correction != "none" else m + extra
        eta, b = self._step_size(h, state, new, g, clock, vhat, correction2)
        return Step(eta * numerator, eta, b, m, v, vhat)

    def _difference(self, h: Hyper, parts: Parts, state: State, new: State, g: Array, t: Array) -> tuple[Array, Array]:
        """The look-ahead gradient, and what the difference adds to the numerator."""
        kind, beta3 = self.convention, h["beta3"]
        if not parts.difference:
            return g, 0.0
        difference = g
        if kind.previous_gradient == "kept":
            first = g if kind.first_difference == "gradient" else jnp.zeros_like(g)
            difference = jnp.where(t == 1, first, g - state["g"])
            new["g"] = g
        weight = beta3 if kind.difference_weight == "beta3" else 1 - beta3
        lookahead = g + weight * difference
        if kind.difference_place == "square":
            return lookahead, 0.0
        n = jnp.where(t == 1, g * g, state["n"]) if kind.initial_n == "first_gradient_squared" else state["n"]
        new["n"] = beta3 * n + (1 - beta3) * difference
        correction3 = self._correction("ones3", beta3, state, new, t) if kind.difference_correction else 1.0
        return lookahead, weight * (new["n"] * (1 / correction3))

    def _seen(self, reference: Array) -> Array:
        """The second-moment reference as vhat sees it; with its derivative cut, a constant."""
        return jax.lax.stop_gradient(reference) if self.convention.average_derivative == "cut" else reference

    def _correction(self, name: str, beta: Array, state: State, new: State, t: Array) -> Array:
        """What the moment recurrence gives on ones: 1 - beta^t, or 1 - prod beta_s."""
        if self.convention.bias_correction == "none":
            return 1.0
        if self.convention.bias_correction == "power":
            return _one_minus_power(jnp.asarray(beta, t.dtype), t)
        new[name] = beta * state[name] + (1 - beta)
        return new[name]

    def _step_size(
        self, h: Hyper, state: State, new: State, g: Array, clock: Clock, vhat: Array, correction2: Array
    ) -> tuple[Array, Array]:
        """(eta_t, b_t) with eta_t = alpha/sqrt(b_t)."""
        kind = self.convention
        if kind.eps_place == "inside":
            b = (h["eps"] + vhat) * self.rate.inverse_square(h, clock)
            if kind.safeguard != "none":
                b = jnp.maximum(state["b"], b)
                if kind.safeguard == "sum":
                    new["sum"] = state["sum"] + g * g
                    b = jnp.maximum(b, h["eps"] + h["W"] * new["sum"])
                new["b"] = b
            # the guard stops XLA from making x/sqrt(b) into x rsqrt(b), which is a third slower in float64 here and
            # less accurate; it also keeps 0/0 out where eps underflows in single precision
            return h["alpha"] / jnp.where(b == 0, 1, jnp.sqrt(b)), b
        eps = h["eps"] if kind.eps_place == "outside" else h["eps"] / jnp.sqrt(correction2)
        # eps = 0 is allowed here: a coordinate that never had a gradient has m = 0 and stays where it is
        eta = self.rate.alpha(h, clock) * _inverse(_root(vhat) + eps)
        return eta, (h["alpha"] / eta) ** 2
