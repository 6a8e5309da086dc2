"""Where Adam climbs without a box: g = xi h'(x), h = sqrt(1+x^2), xi = C rarely, else -1 (after Reddi et al. 2018)."""

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import CHECK, constant_start, distance_from
from madatheory.problems.noise_laws import bernoulli
from madatheory.problems.problem import Array, Atoms, Constant, Constants, Oracle, Problem


def build(C: float = 10.0, delta: float = 0.5, d: int = 1, start: float = 20.0) -> Problem:
    """F(x) = delta sum_i sqrt(1 + x_i^2); xi_i = C with probability (1+delta)/(C+1), else -1, so that E xi = delta.

    L = delta, G = C (|h'| < 1, approached far away), F_star = delta d. Needs C >= 1 and 0 < delta <= C.
    """
    x0 = constant_start(d, start)
    if not 1 <= C < np.inf:
        raise UserError(f"reddi-smooth: C = {C:g} is out of range: give a finite number >= 1")
    if not 0 < delta <= C:
        raise UserError(f"reddi-smooth: delta = {delta:g} is out of range: give a number in (0, C], C = {C:g}")
    p = (1 + delta) / (C + 1)
    second = p * C**2 + (1 - p)

    def slope(x: Array) -> Array:
        return x / jnp.sqrt(1 + x * x)

    oracle = Oracle(
        "two-valued",
        d,
        lambda w, dtype: jnp.where(bernoulli(w, p), dtype(C), dtype(-1)),
        lambda x, grad, xi, t: xi * slope(x),
        lambda x, grad, t: second * slope(x) ** 2,
        Atoms(np.array([C, -1.0]), np.array([p, 1 - p])),
    )
    return Problem(
        "reddi-smooth",
        f"g = xi x/sqrt(1+x^2), xi = {C:g} with probability {p:.3g}, else -1",
        d,
        x0,
        lambda x: delta * jnp.sum(jnp.sqrt(1 + x * x), axis=0),
        oracle,
        Constants(
            Constant(
                delta,
                "exact",
                "delta sup|h''| = delta h''(0)",
                f"{CHECK}::test_smoothness",
            ),
            Constant(C, "exact", "|xi| <= C and |h'| < 1, approached far away", f"{CHECK}::test_gradient_bound"),
            Constant(delta * d, "exact", "h >= 1 = h(0)", f"{CHECK}::test_infimum"),
            distance_from(0.0, x0, "h'' = (1+x^2)^{-3/2} > 0"),
        ),
        lambda x: delta * slope(x),
        parameters={"C": C, "delta": delta, "d": d, "start": start},
    )


reddi_smooth = ProblemEntry("reddi-smooth", "smooth and unconstrained, g = xi h'(x): Adam may climb", build)
