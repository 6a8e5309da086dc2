"""Step-size schedules alpha_t: each as alpha_t itself and as its inverse-squared scale s_t = (alpha/alpha_t)^2.

With eps inside the root, b_t = s_t (eps + vhat_t) and eta_t = alpha/sqrt(b_t): one root and one division a step.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp

from madatheory.hparams import Hyper
from madatheory.optimizers.optimizer import Array, Clock

Schedule = Callable[[Hyper, Clock], Array]


class Rate(NamedTuple):
    """A step-size schedule: `alpha` is alpha_t, `inverse_square` (alpha/alpha_t)^2, as functions of (hyper, clock)."""

    alpha: Schedule
    inverse_square: Schedule
    needs_horizon: bool = False


def rate_of(alpha: Schedule) -> Rate:
    """The rate of any function alpha_t of (hyper, clock)."""
    return Rate(alpha, lambda h, clock: (h["alpha"] / alpha(h, clock)) ** 2)


def _defossez_adam(h: Hyper, clock: Clock) -> Array:
    return h["alpha"] * (1 - h["beta1"]) * jnp.sqrt((1 - h["beta2"] ** clock.t) / (1 - h["beta2"]))


def _defossez_adam_inverse_square(h: Hyper, clock: Clock) -> Array:
    return (1 - h["beta2"]) / ((1 - h["beta2"] ** clock.t) * (1 - h["beta1"]) ** 2)


SCHEDULES: Mapping[str, Rate] = {
    # alpha_t = alpha
    "constant": Rate(lambda h, clock: h["alpha"], lambda h, clock: 1.0),
    # alpha_t = alpha/sqrt(t)
    "inverse_sqrt": Rate(lambda h, clock: h["alpha"] / jnp.sqrt(clock.t), lambda h, clock: clock.t),
    # alpha_t = alpha/sqrt(T)
    "horizon": Rate(lambda h, clock: h["alpha"] / jnp.sqrt(clock.T), lambda h, clock: clock.T, needs_horizon=True),
    # alpha_t = alpha (1-beta1) sqrt((1-beta2^t)/(1-beta2)): T2 and T4
    "defossez_adam": Rate(_defossez_adam, _defossez_adam_inverse_square),
    # alpha_t = alpha (1-beta1): T3
    "defossez_adagrad": Rate(lambda h, clock: h["alpha"] * (1 - h["beta1"]), lambda h, clock: (1 - h["beta1"]) ** -2.0),
}
