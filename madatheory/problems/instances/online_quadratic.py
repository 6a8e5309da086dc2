"""Online losses that bend: f_t(x) = (a/2) sum_i (x_i - c_{t,i})^2 on [-1, 1]^d, the centres c_t drawn in every step."""

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.hparams import ANY
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import CHECK, constant_start, product_up, sum_up
from madatheory.problems.noise_laws import bernoulli
from madatheory.problems.periodic import BOX
from madatheory.problems.problem import Atoms, Constant, Constants, Oracle, Problem


def _constants(a: float, p: float, high: float, low: float, d: int) -> Constants:
    """L = a, G = a (1 + max |c|), F_star = (a d/2) (Var c + dist(E c, [-1, 1])^2)."""
    A, P, H, W = map(Fraction, (a, p, high, low))
    mean = P * H + (1 - P) * W
    beyond = max(abs(mean) - 1, Fraction(0))
    least = A * d / 2 * (P * (1 - P) * (H - W) ** 2 + beyond**2)
    check = f"{CHECK}::test_constants_of_online_quadratics"
    far = product_up(a, sum_up(1.0, max(abs(high), abs(low))))
    return Constants(
        Constant(a, "exact", "the Hessian is a times the identity", check),
        Constant(far, "upper", "|x - c| <= 1 + |c| on the box", check),
        Constant(math.nextafter(float(least), -math.inf), "lower", "F = (a/2) sum (Var c + (x_i - E c)^2)", check),
    )


def build(
    curvature: float = 1.0, p: float = 0.25, high: float = 1.5, low: float = -0.5, d: int = 1, start: float = 0.0
) -> Problem:
    """c_{t,i} = high with probability p, else low, independently; g_t = a (x - c_t), a the `curvature`.

    The best fixed point in hindsight is the mean of the centres, clipped to the box.
    """
    x0 = constant_start(d, start)
    if not (math.isfinite(curvature) and curvature > 0):
        raise UserError(f"online-quadratic: curvature = {curvature:g} is out of range: give a finite number > 0")
    if not 0 < p < 1:
        raise UserError(f"online-quadratic: p = {p:g} is out of range: give a probability in (0, 1)")
    for name, value in (("high", high), ("low", low)):
        ANY.refuse(f"online-quadratic: {name}", value)
    mean, variance = p * high + (1 - p) * low, p * (1 - p) * (high - low) ** 2
    return Problem(
        "online-quadratic",
        f"f_t = ({curvature:g}/2)(x - c_t)^2, c_t = {high:g} with probability {p:g}, else {low:g}, on [-1,1]",
        d,
        x0,
        lambda x: curvature / 2 * jnp.sum((x - mean) ** 2 + variance, axis=0),
        Oracle(
            "two centres",
            d,
            lambda w, dtype: jnp.where(bernoulli(w, p), dtype(high), dtype(low)),
            lambda x, grad, xi, t: curvature * (x - xi),
            lambda x, grad, t: curvature**2 * ((x - mean) ** 2 + variance),
            Atoms(np.array([high, low]), np.array([p, 1 - p])),
        ),
        _constants(curvature, p, high, low, d),
        lambda x: curvature * (x - mean),
        box=BOX,
        facts={"losses": "quadratic", "curvature": curvature},
        parameters={"curvature": curvature, "p": p, "high": high, "low": low, "d": d, "start": start},
    )


online_quadratic = ProblemEntry("online-quadratic", "f_t = (a/2)(x - c_t)^2, random centres c_t, on [-1,1]", build)
