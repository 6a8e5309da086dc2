"""Safeguarded MADA: coefficients may be chosen in any way, and the step size still never grows."""

from collections.abc import Mapping
from dataclasses import replace

import jax.numpy as jnp

from madatheory.errors import unknown
from madatheory.hparams import Hyper
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.convention import THEORY
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State
from madatheory.optimizers.schedule import Schedule
from madatheory.optimizers.update import Adapted, Policy

_SAFEGUARDS = ("max", "sum")


def greedy(hyper: Hyper, clock: Clock, state: State, g: Array) -> Array:
    """rho_t chosen after g_t, per coordinate, to make the step as long as possible: 1 where v_t < vbar_t, else 0.

    v_t is formed with c = 1 and beta3 = 0: a choice that sees g_t is what matters, not that it is optimal.
    """
    v = hyper["beta2"] * state["v"] + (1 - hyper["beta2"]) * g * g
    return jnp.where(v < state["reference"], 1.0, 0.0).astype(g.dtype)


_PATHS: Mapping[str, Mapping[str, Adapted]] = {"constant": {}, "greedy": {"rho": greedy}}


def safeguarded(
    safeguard: str = "max",
    *,
    schedules: Mapping[str, Schedule] | None = None,
    policies: Mapping[str, Policy] | None = None,
    adapted: Mapping[str, Adapted] | None = None,
    **defaults: float,
) -> Optimizer:
    """b_t = max(b_{t-1}, t (eps + vhat_t)), b_0 = eps, x_t = x_{t-1} - alpha m_t/sqrt(b_t), any coefficient paths.

    rho, c, beta2 and beta3 act inside vhat only and may be given as functions of (hyper, clock), of the state as well
    (`policies`) or of g_t as well (`adapted`); alpha, beta1 and gamma = 1 stay fixed. `safeguard` "sum" adds
    b_t >= eps + W sum_{s<=t} g_s^2 (T8log).
    """
    if safeguard not in _SAFEGUARDS:
        raise unknown("safeguard", safeguard, _SAFEGUARDS)
    moving = {**(schedules or {}), **(policies or {}), **(adapted or {})}
    for name in moving:
        if name not in ("rho", "c", "beta2", "beta3"):
            raise unknown("moving coefficient of safeguarded-mada", name, ("rho", "c", "beta2", "beta3"))
    inside = tuple(name for name in ("beta2", "beta3", "rho", "c") if name not in moving or name == "beta2")
    return member(
        "safeguarded-mada",
        "any path of the coefficients inside vhat, step size kept from growing",
        free=("alpha", "beta1", *inside, "eps", *(("W",) if safeguard == "sum" else ())),
        convention=replace(THEORY, difference_place="square", safeguard=safeguard),
        schedules=schedules,
        policies=policies,
        adapted=adapted,
        source="derived for this project (T8, T8log)",
    ).defaults(**({name: value for name, value in {"rho": 0.5, "c": 1.0}.items() if name in inside} | defaults))


def build(safeguard: str = "max", path: str = "constant") -> Optimizer:
    """`safeguarded` with constant coefficients, or with rho_t chosen after g_t (`path` = "greedy")."""
    if path not in _PATHS:
        raise unknown("path of safeguarded-mada", path, _PATHS)
    return safeguarded(safeguard, adapted=_PATHS[path])


safeguarded_mada = OptimizerEntry(
    "safeguarded-mada", "any path of the coefficients inside vhat, step size kept from growing", build
)
