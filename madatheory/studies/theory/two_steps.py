"""Two exact steps on a quadratic where one rho in (0, 1) reaches the minimum and the end points cannot, whatever alpha.

F(x) = |x|^2/2 on R^2, g = x, eps = 0, beta1 = 0, alpha_t = alpha/sqrt(t), w = 1-beta2. At alpha = sqrt(w) the first
step is x_1 = x_0 - sign(x_0), and x_2 = 0 iff (1+rho) v_2 + (1-rho) v_1 = w, in either coordinate a > 0:

    A a^2 - 2 (1+rho) a + rho = 0,    A = 2 + beta2 (1+rho),    a+- = [(1+rho) +- sqrt((1+rho)^2 - rho A)]/A.

The start (a+, a-) thus has F(x_2) = 0 at that rho; at other rho the two coordinates want different step sizes.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.optimizer import Clock
from madatheory.optimizers.update import PARAMETERS

Array = Any
TINY = 1e-37  # stands for eps = 0, which the optimizer refuses; lost in the rounding of v > 1e-20
ROUNDING = 1e-24  # F(x_2) below this is 0 up to float64 rounding of coordinates of size 1


def start(rho: float, beta2: float) -> tuple[float, float]:
    """(a+, a-) for which F(x_2) = 0 at this rho and alpha = sqrt(1-beta2)."""
    for name, value in (("rho", rho), ("beta2", beta2)):
        replace(PARAMETERS[name], open_low=True, open_high=True).refuse(name, value)
    A = 2 + beta2 * (1 + rho)
    root = math.sqrt((1 + rho) ** 2 - rho * A)
    return (1 + rho + root) / A, (1 + rho - root) / A


@cache
def _two_steps() -> Callable[..., Array]:
    """Compiled (start (2, ..), beta2, rho, alpha) -> F(x_2), by the library's own step."""
    method = get_optimizer("adam-avgrad:schedule=inverse_sqrt")

    def value(x: Array, beta2: Array, rho: Array, alpha: Array) -> Array:
        hyper = {"alpha": alpha, "beta1": 0 * alpha, "beta2": beta2, "rho": rho, "eps": TINY + 0 * alpha}
        state = method.init(hyper, x)
        for t in (1.0, 2.0):
            step, state = method.step(hyper, state, x, Clock(jnp.asarray(t), jnp.asarray(2.0)))
            x = x - step.delta
        return jnp.sum(x * x, axis=0) / 2

    return jax.jit(value)


def value_after_two(x0: tuple[float, float], beta2: float, rho: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """F(x_2), shape of rho and alpha broadcast; what is 0 up to rounding is 0."""
    rho, alpha = np.broadcast_arrays(rho, alpha)
    x = np.ones((2, *rho.shape)) * np.reshape(x0, (2, *(1,) * rho.ndim))
    with jax.enable_x64(True):
        value = np.asarray(_two_steps()(jnp.asarray(x), beta2, jnp.asarray(rho), jnp.asarray(alpha)))
    return np.where(value < ROUNDING, 0.0, value)


def best_value(
    x0: tuple[float, float], beta2: float, rho: np.ndarray, *, points: int = 1001, zooms: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """(min over alpha of F(x_2), the minimizing alpha) for every rho.

    A geometric grid of `points` step sizes from sqrt(w)/30 to 30 sqrt(w), sqrt(w) among them, then `zooms` times the
    same between the neighbours of the best one, which stays in the grid.
    """
    rho = np.asarray(rho, dtype=float)
    middle = math.sqrt(1 - beta2)
    low, high = np.full(rho.shape, middle / 30), np.full(rho.shape, middle * 30)
    best = np.full(rho.shape, middle)
    value = value_after_two(x0, beta2, rho, best)
    for _ in range(1 + zooms):
        share = np.linspace(0, 1, points)
        alpha = low[..., None] * (high / low)[..., None] ** share
        found = value_after_two(x0, beta2, rho[..., None], alpha)
        at = np.argmin(found, axis=-1)[..., None]
        least, where = np.take_along_axis(found, at, -1)[..., 0], np.take_along_axis(alpha, at, -1)[..., 0]
        best, value = np.where(least < value, where, best), np.minimum(least, value)
        ratio = (high / low) ** (1 / (points - 1))
        low, high = best / ratio, best * ratio
    return value, best
