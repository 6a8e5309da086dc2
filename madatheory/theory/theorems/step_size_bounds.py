"""T10: how far one step of the practical methods can go, on every path: no assumption on the problem at all."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number, arithmetic
from madatheory.engine.statistic import Event, extreme
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.theory.chains.momentum_conditions import GEOMETRIC, PURE_POWERS
from madatheory.theory.conditions import hyper_is, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Condition, Formula, Level, Theorem


def adam_step(q: Quantities, xp: Arithmetic) -> Number:
    """Largest |m_T/(1-beta1^T)|/sqrt(v_T/(1-beta2^T)), attained by g_j proportional to (beta1/beta2)^{T-j}.

    (sqrt(1-beta2^T)/(1-beta1^T)) ((1-beta1)/sqrt(1-beta2)) sqrt((1-s^T)/(1-s)), s = beta1^2/beta2: Cauchy-Schwarz.
    """
    s = q.beta1**2 / q.beta2
    corrections = xp.sqrt(1 - q.beta2**q.T) / (1 - q.beta1**q.T)
    return corrections * (1 - q.beta1) / xp.sqrt(q.w) * xp.sqrt((1 - s**q.T) / (1 - s))


def mada_step(q: Quantities, xp: Arithmetic) -> Number:
    """gamma B/sqrt(rho + (1-rho)/T) + 1-gamma with B = `adam_step`: vbar_T >= v_T/T, and |sign| <= 1."""
    return q.gamma * adam_step(q, xp) / xp.sqrt(q.rho + (1 - q.rho) / q.T) + 1 - q.gamma


def yogi_step(q: Quantities, xp: Arithmetic) -> Number:
    """sqrt(1-beta2^T)/sqrt(min(beta2, 1-beta2)) at beta1 = 0: v_T >= min(beta2, 1-beta2) g_T^2 (L8)."""
    return xp.sqrt((1 - q.beta2**q.T) / xp.minimum(q.beta2, q.w))


def claimed_by_kingma_and_ba(q: Quantities, xp: Arithmetic) -> Number:
    """max(1, (1-beta1)/sqrt(1-beta2)), claimed by Kingma and Ba (2015), section 2.1. Refuted: g = 5, 6 at (.9, .99)."""
    return xp.maximum(1, (1 - q.beta1) / xp.sqrt(q.w))


def step_size_theorem(
    name: str,
    statement: str,
    source: str,
    formula: Formula,
    method: tuple[str, Mapping[str, Any]],
    conditions: tuple[Condition, ...],
    settings: Mapping[str, float],
    *,
    label: str = "T10",
) -> Theorem:
    """|x_t - x_{t-1}|_inf <= alpha B(t) for every t <= T, where `formula` is B.

    Left side: the largest |x_t - x_{t-1}|_inf/(alpha B(t)), in units of B(T), so that one number covers all t <= T.
    """
    optimizer, options = method

    def ratio(e: Event) -> Number:
        known = {k: v for k, v in e.hyper.items() if k in Quantities._fields}
        bound = formula(Quantities(**{**known, "T": e.clock.t}), arithmetic("jax"))
        return jnp.max(jnp.abs(e.step.delta), axis=0) / (e.hyper["alpha"] * bound)

    worst = extreme(
        f"worst_{name.replace('-', '_')}", f"max over s <= t of |delta_s|_inf/(alpha B(s)), {statement}", ratio
    )
    return Theorem(
        name,
        label,
        statement,
        source,
        "new",
        lambda: list_optimizers()[optimizer].make({**options, "schedule": "constant"}),
        (method_is(optimizer, schedule="constant", **options), *conditions),
        (
            Level(
                "longest step",
                "",
                lambda m, q, xp: m[worst.name] * formula(q, xp),
                (worst,),
            ),
            Level("bound", "Cauchy-Schwarz", lambda m, q, xp: formula(q, xp)),
        ),
        settings,
        kind="every-path",
    )


PRACTICAL = {"form": "practical"}
BETAS = (hyper_positive("beta2"), GEOMETRIC, PURE_POWERS)

adam_step_size = step_size_theorem(
    "adam-step-size",
    "Adam in practice: |x_T - x_{T-1}| <= alpha (sqrt(1-beta2^T)/(1-beta1^T)) ((1-beta1)/sqrt(1-beta2)) "
    "sqrt((1-s^T)/(1-s)), s = beta1^2/beta2",
    "new; attained. Corrects Kingma and Ba (2015), section 2.1",
    adam_step,
    ("adam", PRACTICAL),
    BETAS,
    {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8},
)
avgrad_step_size = step_size_theorem(
    "avgrad-step-size",
    "AVGrad in practice: |x_T - x_{T-1}| <= alpha sqrt(T) B, B Adam's bound: vbar_T >= v_T/T",
    "new",
    lambda q, xp: xp.sqrt(q.T) * adam_step(q, xp),
    ("avgrad", PRACTICAL),
    BETAS,
    {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8},
)
mada_step_size = step_size_theorem(
    "mada-step-size",
    "MADA in practice, beta3 = 0, c = 1: |x_T - x_{T-1}| <= alpha (gamma B/sqrt(rho + (1-rho)/T) + 1 - gamma), "
    "B Adam's bound",
    "new",
    mada_step,
    ("mada-family", PRACTICAL),
    (*BETAS, hyper_is("beta3", 0.0), hyper_is("c", 1.0)),
    {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.99, "rho": 0.5, "gamma": 0.5, "eps": 1e-8},
)
yogi_step_size = step_size_theorem(
    "yogi-step-size",
    "Yogi in practice, beta1 = 0: |x_T - x_{T-1}| <= alpha sqrt(1-beta2^T)/sqrt(min(beta2, 1-beta2))",
    "new",
    yogi_step,
    ("yogi", PRACTICAL),
    (hyper_positive("beta2"), PURE_POWERS, hyper_is("beta1", 0.0)),
    {"alpha": 1e-3, "beta1": 0.0, "beta2": 0.99, "eps": 1e-8},
)
lion_step_size = step_size_theorem(
    "lion-step-size",
    "Lion: every coordinate of x_T - x_{T-1} is alpha, -alpha or 0, so |x_T - x_{T-1}| <= alpha",
    "by definition; Chen et al. (NeurIPS 2023)",
    lambda q, xp: xp.rational(1, 1),
    ("lion", {}),
    (),
    {"alpha": 1e-3},
)
