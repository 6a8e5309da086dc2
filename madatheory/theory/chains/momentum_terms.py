"""Terms and statistics of the proofs with momentum, each typed once.

Notation: r = beta1/(1-beta1), z_t = x_t + r (x_t - x_{t-1}) with x_{-1} = x_0, eta_0 = alpha/sqrt(eps), and per step

    u_t = eta_t g_t,   q_t = eta_{t-1} m_{t-1} = x_{t-2} - x_{t-1},   p_t = (eta_{t-1} - eta_t) m_{t-1},

so that z_t - z_{t-1} = -u_t + r p_t: the shifted point moves by the gradient, not by the momentum. All of it is about
methods with x_t = x_{t-1} - eta_t m_t, m_t an average with weight 1-beta1, and eta_t = alpha/sqrt(b_t), b_0 = eps.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Context, Event, Statistic, latest, squared_norm
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R, harmonic, log1p_over
from madatheory.theory.theorem import Formula, Level


def momentum_ratio(q: Quantities) -> Number:
    """r = beta1/(1-beta1)."""
    return q.beta1 / (1 - q.beta1)


def R_safeguarded(q: Quantities, xp: Arithmetic) -> Number:
    """R of T8, R^2 = eps + (1 + (1-beta2)(1-c)) ((1+2 B3) G)^2 >= b_t/t.

    A look-ahead gradient is at most (1+2 B3) G, and Yogi's rule may overshoot the largest square by the factor
    1 + (1-beta2)(1-c). beta2 and c are least values over the path, B3 the largest beta3; a c or beta3 that is None
    moves freely in [0, 1].
    """
    B3 = q.B3 if q.B3 is not None else 1 if q.beta3 is None else q.beta3
    overshoot = 1 + q.w * (1 - (0 if q.c is None else q.c))
    return xp.sqrt(q.eps + overshoot * ((1 + 2 * B3) * q.G) ** 2)


def R_safeguarded_sum(q: Quantities, xp: Arithmetic) -> Number:
    """R of T8log: as in T8, and eps + W sum_{j<=t} g_j^2 <= t (eps + W G^2)."""
    return xp.maximum(R_safeguarded(q, xp), xp.sqrt(q.eps + q.W * q.G**2))


def effective_steps(q: Quantities, xp: Arithmetic) -> Number:
    """T~ = T - beta1/(1-beta1); where that is not positive the statement is void, and 1e-12 makes the bound huge."""
    return xp.maximum(q.T - momentum_ratio(q), xp.rational(1, 10**12))


def scale(q: Quantities, xp: Arithmetic, root: Formula = R) -> Number:
    """R/(alpha sqrt T), which turns alpha sum_t |grad F|^2/(sqrt(T) R) into the average squared gradient."""
    return root(q, xp) / (q.alpha * xp.sqrt(q.T))


def largest_growth(q: Quantities, xp: Arithmetic, root: Formula = R) -> Number:
    """d ln(T R^2/eps) >= sum_i ln(b_{T,i}/b_{0,i})."""
    return q.d * xp.log(q.T * root(q, xp) ** 2 / q.eps)


def Q_amsgrad(q: Quantities, xp: Arithmetic) -> Number:
    """min(1/w, G^2/eps) (1 + ln T) >= sum g_t^2/(t (eps + vmax_t)), because vmax_t >= v_t >= w g_t^2."""
    return xp.minimum(1 / q.w, q.G**2 / q.eps) * harmonic(q.T, xp)


def least_weight(q: Quantities, xp: Arithmetic) -> Number:
    """k with t vhat_t >= k sum_{j<=t} g_j^2 for t <= T and vhat = rho v + (1-rho) vbar, constant rho.

    g_j^2 has weight at least h(n) = (1-rho)(1-beta2^{n+1}) + rho (n+1) w beta2^n in t vhat_t, n = t-j. h(n+1) - h(n) =
    w beta2^n (beta2 - rho (n+1) w), so h first grows, then falls: its least value is at n = 0 or at n = T-1.
    Within the range of L6 with eps = 0 that is h(0) = w.
    """
    last = (1 - q.rho) * (1 - q.beta2**q.T) + q.rho * q.T * q.w * q.beta2 ** (q.T - 1)
    return xp.minimum(q.w, last)


def Q_interpolation(q: Quantities, xp: Arithmetic) -> Number:
    """min(ln(1 + kTG^2/eps)/k, (G^2/eps)(1 + ln T)) >= sum g_t^2/(t (eps + vhat_t)), k = `least_weight` (L2a)."""
    X = q.T * q.G**2 / q.eps
    return xp.minimum(X * log1p_over(least_weight(q, xp) * X, xp), q.G**2 / q.eps * harmonic(q.T, xp))


class MomentumPast(NamedTuple):
    """What the proofs remember of the step before: total so far, eta_{t-1}, m_{t-1}."""

    total: Number
    eta: Number
    m: Number


class Move(NamedTuple):
    """One step as the proofs see it: u, p, q of the module's notation, eta_{t-1}, and r, all (d, batch) but r."""

    u: Number
    p: Number
    q: Number
    eta_before: Number
    r: Number


def _first_step_size(c: Context) -> Number:
    return jnp.zeros_like(c.x) + c.hyper["alpha"] / jnp.sqrt(c.hyper["eps"])


def lagged_sum(name: str, formula: str, term: Callable[[Event, Move], Number]) -> Statistic:
    """sum over steps of `term(event, move)` (one number per trajectory), with eta_0 = alpha/sqrt(eps) and m_0 = 0."""

    def init(c: Context) -> MomentumPast:
        return MomentumPast(jnp.zeros(c.x.shape[1:], c.x.dtype), _first_step_size(c), jnp.zeros_like(c.x))

    def step(past: MomentumPast, e: Event) -> MomentumPast:
        beta1 = e.hyper["beta1"]
        move = Move(
            e.step.eta * e.g,
            (past.eta - e.step.eta) * past.m,
            past.eta * past.m,
            past.eta,
            beta1 / (1 - beta1),
        )
        return MomentumPast(past.total + term(e, move), e.step.eta, e.step.m)

    return Statistic(name, formula, init, step, lambda past, clock: past.total)


def _length(x: Number) -> Number:
    return jnp.sqrt(squared_norm(x))


def _shifted_first_order(e: Event, move: Move) -> Number:
    at_z = e.problem.full_gradient(e.x - move.r * move.q)
    return jnp.sum(at_z * move.r * move.p + (e.grad - at_z) * move.u, axis=0)


stale_step_gradient = lagged_sum(
    "stale_step_gradient",
    "sum_s sum_i eta_{s-1,i} (d_iF(x_{s-1}))^2",
    lambda e, move: jnp.sum(move.eta_before * e.grad**2, axis=0),
)
step_size_decrease = latest(
    "step_size_decrease",
    "sum_i (eta_{0,i} - eta_{t,i})",
    lambda e: jnp.sum(e.hyper["alpha"] / jnp.sqrt(e.hyper["eps"]) - e.step.eta, axis=0),
)
shifted_decrease = Statistic(
    "shifted_decrease",
    "F(x_0) - F(z_t), z_t = x_t + r (x_t - x_{t-1})",
    lambda c: (c.problem.value(c.x), jnp.zeros(c.x.shape[1:], c.x.dtype)),
    lambda s, e: (
        s[0],
        s[0] - e.problem.value(e.next + e.hyper["beta1"] / (1 - e.hyper["beta1"]) * (e.next - e.x)),
    ),
    lambda s, clock: s[1],
)
shifted_first_order = lagged_sum(
    "shifted_first_order",
    "sum_s [<grad F(z_{s-1}), r p_s> + <grad F(x_{s-1}) - grad F(z_{s-1}), u_s>]",
    _shifted_first_order,
)
shifted_step = lagged_sum(
    "shifted_step", "sum_s |z_s - z_{s-1}|^2", lambda e, move: squared_norm(move.u - move.r * move.p)
)
drift_length = lagged_sum("drift_length", "sum_s sum_i |p_{s,i}|", lambda e, move: jnp.sum(jnp.abs(move.p), axis=0))
squared_drift = lagged_sum("squared_drift", "sum_s |p_s|^2", lambda e, move: squared_norm(move.p))
cross_length = lagged_sum("cross_length", "sum_s |q_s| |u_s|", lambda e, move: _length(move.q) * _length(move.u))
squared_move = lagged_sum("squared_move", "sum_s |q_s|^2", lambda e, move: squared_norm(move.q))
log_growth = latest(
    "log_growth", "sum_i ln(b_{t,i}/b_{0,i})", lambda e: jnp.sum(jnp.log(e.step.b / e.hyper["eps"]), axis=0)
)


def stale_ratio(name: str, W: str, weight: Callable[[Event], Number]) -> Statistic:
    """sum_s sum_i (d_iF)^2/sqrt(max(b_{s-1,i}, W (d_iF)^2)): the left side of T7log."""

    def term(e: Event, move: Move) -> Number:
        b = (e.hyper["alpha"] / move.eta_before) ** 2
        return jnp.sum(e.grad**2 / jnp.sqrt(jnp.maximum(b, weight(e) * e.grad**2)), axis=0)

    return lagged_sum(name, f"sum_s sum_i (d_iF)^2/sqrt(max(b_{{s-1,i}}, W (d_iF)^2)), W = {W}", term)


def monotone_bracket(q: Quantities, xp: Arithmetic, start: Number, ratios: Number) -> Number:
    """start + alpha d G^2/((1-beta1) sqrt(eps)) + L r^2 alpha^2 d G^2/eps + (L/2)(3+r^2) alpha^2 ratios, as in T7."""
    r = momentum_ratio(q)
    return (
        start
        + q.alpha * q.d * q.G**2 / ((1 - q.beta1) * xp.sqrt(q.eps))
        + q.L * r**2 * q.alpha**2 * q.d * q.G**2 / q.eps
        + q.L / 2 * (3 + r**2) * q.alpha**2 * ratios
    )


def growth_weight(q: Quantities, xp: Arithmetic, W: Number, size: Number) -> Number:
    """Coefficient of sum_i ln(b_T/b_0) that momentum costs when |m_{t-1}| <= sqrt(size b_{t-1}/W) coordinatewise.

    r G alpha sqrt(size)/(2 sqrt W) for the first order, because 1 - y^{-1/2} <= (ln y)/2, and
    (L/2) r (1+r) alpha^2 size/(4 W) for the second, because (1 - y^{-1/2})^2 <= (ln y)/4.
    """
    r = momentum_ratio(q)
    first = r * q.G * q.alpha * xp.sqrt(size) / (2 * xp.sqrt(W))
    return first + q.L * r * (1 + r) * q.alpha**2 * size / (8 * W)


def ratio_weight(q: Quantities) -> Number:
    """alpha^2 L (1+2beta1)/(2(1-beta1)): the coefficient of sum g^2/b in T5m and T7log, from |u|^2 and |q|^2."""
    return q.alpha**2 * q.L * (1 + 2 * q.beta1) / (2 * (1 - q.beta1))


def _weighted_by_age(state: tuple[Number, Number], e: Event) -> tuple[Number, Number]:
    # sum_j beta1^{T-j} a_j over j < T, a_j = |grad F(x_j)|^2, becomes beta1 (itself + a_T) when T grows by one
    a, beta1 = squared_norm(e.grad), e.hyper["beta1"]
    return state[0] + a, beta1 * (state[1] + a)


random_step_gradient = Statistic(
    "random_step_gradient",
    "sum_{j<t} (1 - beta1^{t-j}) |grad F(x_j)|^2",
    lambda c: (jnp.zeros(c.x.shape[1:], c.x.dtype), jnp.zeros(c.x.shape[1:], c.x.dtype)),
    _weighted_by_age,
    lambda state, clock: state[0] - state[1],
)

RANDOM_STEP = Level(
    "gradient at a random step",
    "",
    # sum_{j<T} (1 - beta1^{T-j}) = T - beta1 (1 - beta1^T)/(1-beta1)
    lambda m, q, xp: m["random_step_gradient"] / (q.T - momentum_ratio(q) * (1 - q.beta1**q.T)),
    (random_step_gradient,),
    lambda q, xp: q.d * q.G**2,
)
"""E |grad F(x_tau)|^2 with P[tau = j] proportional to 1 - beta1^{T-j}, j = 0..T-1: the left side of T3 and T4."""
