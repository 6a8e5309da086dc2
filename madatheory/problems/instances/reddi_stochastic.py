"""Reddi, Kale, Kumar 2018, section 5, stochastic: f_t = 1010 x with probability 0.01, else -10 x."""

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start
from madatheory.problems.noise_laws import bernoulli
from madatheory.problems.periodic import BOX, check_slopes, linear_constants, regret_facts
from madatheory.problems.problem import Atoms, Oracle, Problem


def build(p: float = 0.01, up: float = 1010.0, down: float = 10.0, d: int = 1, start: float = 0.0) -> Problem:
    """g_i = up with probability p, else -down; F(x) = (p up - (1-p) down) sum x_i on [-1, 1]^d.

    Needs p up > (1-p) down, so that -1 is best. The regret fact is pathwise; its mean is sum F(x_{t-1}) - F_star.
    """
    x0 = constant_start(d, start)
    check_slopes("reddi-stochastic", up, down)
    if not 0 < p < 1:
        raise UserError(f"reddi-stochastic: p = {p:g} is out of range: give a probability in (0, 1)")
    mean = p * up - (1 - p) * down
    if mean <= 0:
        raise UserError(f"reddi-stochastic: p up = {p * up:g} must exceed (1-p) down = {(1 - p) * down:g}")
    second = p * up**2 + (1 - p) * down**2
    oracle = Oracle(
        "two-valued",
        d,
        lambda w, dtype: jnp.where(bernoulli(w, p), dtype(up), dtype(-down)),
        lambda x, grad, xi, t: xi,
        lambda x, grad, t: jnp.full_like(x, second),
        Atoms(np.array([up, -down]), np.array([p, 1 - p])),
    )
    return Problem(
        "reddi-stochastic",
        f"f_t = {up:g}x with probability {p:g}, else -{down:g}x, on [-1,1]",
        d,
        x0,
        lambda x: mean * jnp.sum(x, axis=0),
        oracle,
        linear_constants(up, down, mean, d),
        lambda x: jnp.full_like(x, mean),
        box=BOX,
        facts={**regret_facts(np.full(d, BOX[0])), "chance": p, "slopes": (up, down)},
        parameters={"p": p, "up": up, "down": down, "d": d, "start": start},
    )


reddi_stochastic = ProblemEntry("reddi-stochastic", "g = 1010 with probability 0.01, else -10, on [-1,1]", build)
