"""Terms and statistics of the proofs with momentum, each typed once.

Notation: r = beta1/(1-beta1), z_t = x_t + r (x_t - x_{t-1}) with x_{-1} = x_0, eta_0 = alpha/sqrt(eps), and per step

    u_t = eta_t g_t,   q_t = eta_{t-1} m_{t-1} = x_{t-2} - x_{t-1},   p_t = (eta_{t-1} - eta_t) m_{t-1},

so that z_t - z_{t-1} = -u_t + r p_t: the shifted point moves by the gradient, not by the momentum. All of it is about
methods with x_t = x_{t-1} - eta_t m_t, m_t an average with weight 1-beta1, and eta_t = alpha/sqrt(b_t), b_0 = eps.
Where step sizes may grow, or m_t is a sum, the same holds with the numbers of a `Shift`.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number, arithmetic
from madatheory.engine.statistic import Context, Event, Statistic, latest, squared_norm
from madatheory.hparams import Hyper
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R, harmonic, log1p_over
from madatheory.theory.theorem import Formula, Level


def momentum_ratio(q: Quantities) -> Number:
    """r = beta1/(1-beta1)."""
    return q.beta1 / (1 - q.beta1)


class Shift(NamedTuple):
    """The shifted point z_t = x_t + r (x_t - x_{t-1}), r = sigma/(1-sigma), of step sizes with phi eta_t <= eta_{t-1}.

    sigma = beta1/phi < 1. With `fresh`, the weight of g_t in m_t, and gain = fresh/(1-sigma),

        z_t - z_{t-1} = -u_t + r p_t,   u_t = gain eta_t g_t,   p_t = (eta_{t-1} - phi eta_t) m_{t-1}.

    phi = 1 is the case of step sizes that never grow. Where they may grow because of bias corrections alone, the p_t
    that this makes negative are paid for apart.
    """

    phi: Formula
    fresh: Formula

    def sigma(self, q: Quantities, xp: Arithmetic) -> Number:
        """beta1/phi, with which momentum decays relative to step sizes that grow by 1/phi."""
        return q.beta1 / self.phi(q, xp)

    def r(self, q: Quantities, xp: Arithmetic) -> Number:
        """sigma/(1-sigma)."""
        return self.sigma(q, xp) / (1 - self.sigma(q, xp))

    def theta(self, q: Quantities, xp: Arithmetic) -> Number:
        """(1-beta1)/(1-sigma) >= 1: how much longer than alpha g/sqrt(b) the steps of z are."""
        return (1 - q.beta1) / (1 - self.sigma(q, xp))

    def gain(self, q: Quantities, xp: Arithmetic) -> Number:
        """fresh/(1-sigma)."""
        return self.fresh(q, xp) / (1 - self.sigma(q, xp))

    def of(self, hyper: Hyper) -> tuple[Number, Number, Number]:
        """(r, gain, phi) as the engine has them."""
        q, xp = Quantities(beta1=hyper["beta1"], beta2=hyper.get("beta2")), arithmetic("jax")
        return self.r(q, xp), self.gain(q, xp), self.phi(q, xp)


STEADY = Shift(lambda q, xp: 1, lambda q, xp: 1 - q.beta1)
"""Step sizes that never grow and averaged momentum: r = beta1/(1-beta1) and gain = 1."""


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


def lagged_sum(name: str, formula: str, term: Callable[[Event, Move], Number], shift: Shift = STEADY) -> Statistic:
    """sum over steps of `term(event, move)` (one number per trajectory), with eta_0 = alpha/sqrt(eps) and m_0 = 0."""

    def init(c: Context) -> MomentumPast:
        return MomentumPast(jnp.zeros(c.x.shape[1:], c.x.dtype), _first_step_size(c), jnp.zeros_like(c.x))

    def step(past: MomentumPast, e: Event) -> MomentumPast:
        r, gain, phi = shift.of(e.hyper)
        move = Move(
            gain * e.step.eta * e.g,
            (past.eta - phi * e.step.eta) * past.m,
            past.eta * past.m,
            past.eta,
            r,
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


class ShiftedSums(NamedTuple):
    """What is measured of the shifted point of one `Shift`."""

    shift: Shift
    decrease: Statistic
    first_order: Statistic
    step: Statistic
    drift_length: Statistic
    squared_drift: Statistic
    cross_length: Statistic
    squared_move: Statistic


def shifted_sums(shift: Shift, prefix: str = "") -> ShiftedSums:
    """The statistics of a shifted point, their names beginning with `prefix`."""

    def ahead(e: Event) -> Number:
        return e.next + shift.of(e.hyper)[0] * (e.next - e.x)

    def lagged(name: str, formula: str, term: Callable[[Event, Move], Number]) -> Statistic:
        return lagged_sum(prefix + name, formula, term, shift)

    return ShiftedSums(
        shift,
        Statistic(
            f"{prefix}shifted_decrease",
            "F(x_0) - F(z_t), z_t = x_t + r (x_t - x_{t-1})",
            lambda c: (c.problem.value(c.x), jnp.zeros(c.x.shape[1:], c.x.dtype)),
            lambda s, e: (s[0], s[0] - e.problem.value(ahead(e))),
            lambda s, clock: s[1],
        ),
        lagged(
            "shifted_first_order",
            "sum_s [<grad F(z_{s-1}), r p_s> + <grad F(x_{s-1}) - grad F(z_{s-1}), u_s>]",
            _shifted_first_order,
        ),
        lagged("shifted_step", "sum_s |z_s - z_{s-1}|^2", lambda e, move: squared_norm(move.u - move.r * move.p)),
        lagged("drift_length", "sum_s sum_i |p_{s,i}|", lambda e, move: jnp.sum(jnp.abs(move.p), axis=0)),
        lagged("squared_drift", "sum_s |p_s|^2", lambda e, move: squared_norm(move.p)),
        lagged("cross_length", "sum_s |q_s| |u_s|", lambda e, move: _length(move.q) * _length(move.u)),
        lagged("squared_move", "sum_s |q_s|^2", lambda e, move: squared_norm(move.q)),
    )


STEADY_SUMS = shifted_sums(STEADY)
log_growth = latest(
    "log_growth", "sum_i ln(b_{t,i}/b_{0,i})", lambda e: jnp.sum(jnp.log(e.step.b / e.hyper["eps"]), axis=0)
)


def stale_ratio(name: str, W: str, weight: Callable[[Event], Number]) -> Statistic:
    """sum_s sum_i (d_iF)^2/sqrt(max(b_{s-1,i}, W (d_iF)^2)): the left side of T7log."""

    def term(e: Event, move: Move) -> Number:
        b = (e.hyper["alpha"] / move.eta_before) ** 2
        return jnp.sum(e.grad**2 / jnp.sqrt(jnp.maximum(b, weight(e) * e.grad**2)), axis=0)

    return lagged_sum(name, f"sum_s sum_i (d_iF)^2/sqrt(max(b_{{s-1,i}}, W (d_iF)^2)), W = {W}", term)


class MonotoneCost(NamedTuple):
    """How T7 bounds what it sums up: a choice of elementary inequalities, T7's or those of T7'.

    name     of the inequality for squares
    steps    sqrt of the largest t-1 or more: eta_{t-1} >= alpha/(R steps)
    shrink   bound on sum (eta_{t-1} - eta_t)/alpha, whose square bounds the sum of the squares
    squares  (r, U, P, M, xp) -> bound on sum |u_t - r p_t|^2 + 2r |q_t||u_t|, for U = sum |u_t|^2, P = sum |p_t|^2 and
             M = sum |q_t|^2
    by_steps, by_shrink, by_squares   the inequalities
    """

    name: str
    steps: Formula
    shrink: Formula
    squares: Callable[[Number, Number, Number, Number, Arithmetic], Number]
    by_steps: str
    by_shrink: str
    by_squares: str

    def front(self, q: Quantities, xp: Arithmetic, root: Formula) -> Number:
        """R steps/(alpha T), which turns sum eta_{t-1} |grad F|^2 into the average squared gradient."""
        return root(q, xp) * self.steps(q, xp) / (q.alpha * q.T)

    def bracket(self, q: Quantities, xp: Arithmetic, start: Number, ratios: Number, moves: Number) -> Number:
        """start + alpha d G^2 shrink/(1-beta1) + (L/2) squares, for U = alpha^2 ratios and M = alpha^2 moves."""
        r, shrunk = momentum_ratio(q), self.shrink(q, xp)
        drift = q.alpha**2 * q.d * (q.G * shrunk) ** 2
        second = self.squares(r, q.alpha**2 * ratios, drift, q.alpha**2 * moves, xp)
        return start + q.alpha * q.d * q.G**2 * shrunk / (1 - q.beta1) + q.L / 2 * second


YOUNG = MonotoneCost(
    "Young",
    lambda q, xp: xp.sqrt(q.T),
    lambda q, xp: 1 / xp.sqrt(q.eps),
    lambda r, U, P, M, xp: 3 * U + r**2 * (2 * P + M),
    "eta_{t-1} >= alpha/(R sqrt T)",
    "|m_i| <= G, sum (eta_{t-1} - eta_t) <= eta_0, sum (eta_{t-1} - eta_t)^2 <= eta_0^2",
    "|u - rp|^2 <= 2|u|^2 + 2r^2|p|^2, 2r|q||u| <= r^2|q|^2 + |u|^2",
)
"""T7: (L/2)(3 + r^2) sum |u|^2 + L r^2 sum |p|^2."""


def _until_last(q: Quantities, xp: Arithmetic) -> Number:
    """1/sqrt(eps) - 1/(R sqrt T) >= (eta_0 - eta_T)/alpha, without the cancellation."""
    first, last = xp.sqrt(q.eps), R(q, xp) * xp.sqrt(q.T)
    return ((q.T - 1) * q.eps + q.T * q.G**2) / (first * last * (first + last))


MINKOWSKI = MonotoneCost(
    "Minkowski",
    lambda q, xp: xp.sqrt(xp.maximum(q.T - 1, xp.rational(1, 1))),
    _until_last,
    lambda r, U, P, M, xp: (xp.sqrt(U) + r * xp.sqrt(P)) ** 2 + r * (U + M),
    "eta_{t-1} >= alpha/(R sqrt(max(T-1, 1)))",
    "|m_i| <= G, sum (eta_{t-1} - eta_t) <= eta_0 - alpha/(R sqrt T), sum (eta_{t-1} - eta_t)^2 <= its square",
    "sum |u - rp|^2 <= (sqrt(sum |u|^2) + r sqrt(sum |p|^2))^2, 2|q||u| <= |q|^2 + |u|^2",
)
"""T7': what the two Young inequalities of T7 cost at their best weights, which depend on the sums."""


def growth_weight(q: Quantities, xp: Arithmetic, W: Number, size: Number, shift: Shift = STEADY) -> Number:
    """Coefficient of sum_i ln(b_T/b_0) that momentum costs when |m_{t-1}| <= sqrt(size b_{t-1}/W) coordinatewise.

    r G alpha sqrt(size)/(2 sqrt W) for the first order, because 1 - y^{-1/2} <= (ln y)/2, and
    (L/2) r (1+r) alpha^2 size/(4 W) for the second, because (1 - y^{-1/2})^2 <= (ln y)/4.
    """
    r = shift.r(q, xp)
    first = r * q.G * q.alpha * xp.sqrt(size) / (2 * xp.sqrt(W))
    return first + q.L * r * (1 + r) * q.alpha**2 * size / (8 * W)


def ratio_weight(q: Quantities, xp: Arithmetic, shift: Shift = STEADY) -> Number:
    """theta^2 alpha^2 L (1+2sigma)/(2(1-sigma)): the coefficient of sum g^2/b in T5m and T7log, from |u|^2 and |q|^2.

    It is (L/2)(1+3r) theta^2 alpha^2; sigma = beta1 and theta = 1 where step sizes never grow.
    """
    sigma = shift.sigma(q, xp)
    return shift.theta(q, xp) ** 2 * q.alpha**2 * q.L * (1 + 2 * sigma) / (2 * (1 - sigma))


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
