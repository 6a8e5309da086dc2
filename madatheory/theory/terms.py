"""Terms that several bounds share, each typed once, and the statistics that measure them."""

from collections.abc import Callable
from dataclasses import replace

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event, Statistic, mean_squared_gradient, total
from madatheory.engine.statistic import squared_gradient_over_root_t as squared_gradient_over_root_t
from madatheory.problems.problem import Problem
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Level


def R(q: Quantities, xp: Arithmetic) -> Number:
    """R = sqrt(eps + G^2)."""
    return xp.sqrt(q.eps + q.G**2)


def R_published(q: Quantities, xp: Arithmetic) -> Number:
    """R = G + sqrt(eps): Defossez et al. assume |g_i| <= R - sqrt(eps)."""
    return q.G + xp.sqrt(q.eps)


def reach(q: Quantities, xp: Arithmetic) -> Number:
    """K = (1-beta1)/(sqrt(1-beta2) (1 - beta1/sqrt(beta2))): how far one gradient moves Adam at alpha = 1."""
    return (1 - q.beta1) / (xp.sqrt(q.w) * (1 - q.beta1 / xp.sqrt(q.beta2)))


def log1p(x: Number, xp: Arithmetic) -> Number:
    """ln(1 + x)."""
    return xp.log1p(x)


def log1p_over(y: Number, xp: Arithmetic) -> Number:
    """Upper bound of h(y) = ln(1+y)/y that exists at y = 0: h(z) + (z-y)/2, z = max(y, 2^-20); exact for y >= 2^-20.

    h is convex with h'(0) = -1/2, so h(y) - h(z) <= (z-y)/2.
    """
    z = xp.maximum(y, xp.rational(1, 2**20))
    return xp.log1p(z) / z + (z - y) / 2


def log_range(q: Quantities, xp: Arithmetic) -> Number:
    """Lam = ln(1 + G^2/eps): how far ln(eps + vhat) can move."""
    return log1p(q.G**2 / q.eps, xp)


def harmonic(T: Number, xp: Arithmetic) -> Number:
    """1 + ln T, which is at least 1 + 1/2 + .. + 1/T."""
    return 1 + xp.log(T)


def Psi(c: Number, xp: Arithmetic) -> Number:
    """Psi(c) = int_1^inf min(1, sqrt(c/z)) dz/z: 2 sqrt(c) for c <= 1, 2 + ln c for c > 1."""
    return 2 * xp.sqrt(xp.minimum(c, xp.rational(1, 1))) + xp.log(xp.maximum(c, xp.rational(1, 1)))


def K2_avgrad(q: Quantities, xp: Arithmetic) -> Number:
    """L2(d): bound on sum_t g_t^2/(t eps + t vbar_t) for |g_t| <= G."""
    plain = log1p(q.w * q.T * q.G**2 / q.eps, xp) / q.w
    uniform = log1p(q.T * q.G**2 / q.eps, xp) + q.beta2 / q.w * Psi(2 * q.w * q.G**2 / q.eps, xp)
    return xp.minimum(plain, uniform)


def gap(problem: Problem, x: Number) -> Number:
    """F(x) - F_star; not a number where no F_star is certified."""
    return problem.value(x) - (jnp.nan if problem.constants is None else problem.constants.F_star.value)


Term = Callable[[Event], Number]


def _over_coordinates(term: Term) -> Term:
    return lambda e: jnp.sum(term(e), axis=0)


mean_absolute_gradient = total(
    "mean_absolute_gradient",
    "(1/t) sum_{s<=t} |grad F(x_{s-1})|_1",
    _over_coordinates(lambda e: jnp.abs(e.grad)),
    mean=True,
)
ratio_sum = total("ratio_sum", "sum_s sum_i g_{s,i}^2/b_{s,i}", _over_coordinates(lambda e: e.g**2 / e.step.b))
largest_ratio_sum = replace(
    total(
        "largest_ratio_sum",
        "max_i sum_s g_{s,i}^2/b_{s,i}",
        lambda e: e.g**2 / e.step.b,
        dims=("coordinate",),
    ),
    read=lambda s, clock: jnp.max(s[0], axis=0),
    dims=(),
)
inner_product_sum = total(
    "inner_product_sum",
    "sum_s sum_i d_iF(x_{s-1}) g_{s,i}/sqrt(b_{s,i})",
    _over_coordinates(lambda e: e.grad * e.g / jnp.sqrt(e.step.b)),
)
decrease = Statistic(
    "decrease",
    "F(x_0) - F(x_t)",
    lambda c: (c.problem.value(c.x), jnp.zeros(c.x.shape[1:], c.x.dtype)),
    lambda s, e: (s[0], s[0] - e.value()),
    lambda s, clock: s[1],
)

MEAN_GAP = Level(
    "measured average of F - F_star",
    "",
    lambda m, q, xp: m["mean_gap"],
    (total("mean_gap", "(1/t) sum_{s<=t} F(x_{s-1}) - F_star", lambda e: gap(e.problem, e.x), mean=True),),
)
AVERAGE = Level(
    "measured average",
    "",
    lambda m, q, xp: m["mean_squared_gradient"],
    (mean_squared_gradient,),
    lambda q, xp: q.d * q.G**2,
)


def expected_denominator(event: Event, slope: Number) -> Number:
    """E_{s-1} b_{s,i} where b is linear in g^2 with coefficient `slope` once the past is given."""
    return event.step.b + slope * (event.second_moment - event.g**2)


def measured_sum(name: str, formula: str, term: Term) -> Statistic:
    """sum over steps and coordinates of `term(event)`."""
    return total(name, formula, _over_coordinates(term))
