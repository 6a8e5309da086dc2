"""T6: the interpolation between Adam and AVGrad, without momentum, for every rho in [0, 1].

b_t = t(eps + rho v_t + (1-rho) vbar_t) is linear in g_t^2 with coefficient w_t = w(rho t + 1 - rho), so L1 asks for
K1 >= sum sqrt(w_t) g_t^2/b_t and L4 for K2 >= sum g_t^2/b_t. With c_t = sqrt(w_t)/t, s = sqrt(w_T) for K1 and
c_t = 1/t, s = 1 for K2:

    Adam part    b_t >= t(e + rho v_t): c_1 ln(1+rho G^2/e)/(rho w) + (-ln beta2/(rho w)) sum c_t   (L2b, Abel)
    AVGrad part  b_t >= e + k sum g^2, k = (1-rho)w: s ln(1+kTG^2/e)/k                              (L3a, L2a)
                 b_t >= t e + (1-rho) t vbar_t, k' = 1-rho:
                 (s/k') [ln(1+k'TG^2/e) + (beta2/w) Psi(2k'wG^2/e)]                                 (L2d)
    trivial      b_t >= t eps: (G^2/eps) sum c_t
    both         with eps/2 each: K_A K_B/(K_A + K_B)                                               (L7)

and each K is the smallest. sum c_t is replaced by its first term plus an integral, in closed form.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import PUBLISHED, SHARP, DecoupledProof, DecouplingConstants, conditional_ratio
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, hyper_positive, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import (
    AVERAGE,
    Psi,
    R,
    harmonic,
    log1p_over,
    measured_sum,
    squared_gradient_over_root_t,
)
from madatheory.theory.theorem import Formula, Level, Theorem


class Weights(NamedTuple):
    """What distinguishes K1 from K2: c_1, an upper bound on sum c_t, and s >= t c_t."""

    first: Number
    total: Number
    s: Number


def sum_of_roots(q: Quantities, xp: Arithmetic) -> Number:
    """1 + int_1^T sqrt(rho t + 1 - rho) dt/t >= sum_{t<=T} sqrt(rho t + 1 - rho)/t; the terms decrease.

    With u = sqrt(rho T + k^2), k = sqrt(1-rho): 1 + 2(u-1) + k (ln T - 2 ln((u+k)/(1+k))).
    """
    k = xp.sqrt(1 - q.rho)
    u = xp.sqrt(q.rho * q.T + 1 - q.rho)
    return 2 * u - 1 + k * (xp.log(q.T) - 2 * xp.log((u + k) / (1 + k)))


def _weights_K1(q: Quantities, xp: Arithmetic) -> Weights:
    root = xp.sqrt(q.w)
    return Weights(root, root * sum_of_roots(q, xp), root * xp.sqrt(q.rho * q.T + 1 - q.rho))


def _weights_K2(q: Quantities, xp: Arithmetic) -> Weights:
    one = xp.rational(1, 1)
    return Weights(one, harmonic(q.T, xp), one)


def _adam_part(q: Quantities, xp: Arithmetic, c: Weights, eps: Number) -> Number:
    """c_1 ln(1+rho G^2/eps)/(rho w) + q sum c_t, q = -ln beta2/(rho w).

    Where rho is so small that q > G^2/eps the trivial bound is better; rho is kept at the value with q = G^2/eps.
    """
    decay = -xp.log(q.beta2)
    rho = xp.maximum(q.rho, decay * eps / (q.w * q.G**2))
    first = q.G**2 / (eps * q.w) * log1p_over(q.rho * q.G**2 / eps, xp)
    return c.first * first + decay / (rho * q.w) * c.total


def _avgrad_part(q: Quantities, xp: Arithmetic, c: Weights, eps: Number) -> Number:
    """The smaller of the two bounds that use (1-rho) vbar only.

    Psi(y)/y, y = 2(1-rho)wG^2/eps, is kept at the y where its term alone exceeds the trivial bound T s G^2/eps.
    """
    X = q.T * q.G**2 / eps
    plain = X * log1p_over((1 - q.rho) * q.w * X, xp)
    least = xp.minimum((4 * q.beta2 / q.T) ** 2, xp.rational(1, 1))
    y = xp.maximum(2 * (1 - q.rho) * q.w * q.G**2 / eps, least)
    uniform = X * log1p_over((1 - q.rho) * X, xp) + 2 * q.beta2 * q.G**2 / eps * Psi(y, xp) / y
    return c.s * xp.minimum(plain, uniform)


def _smallest(q: Quantities, xp: Arithmetic, c: Weights) -> Number:
    adam, avgrad = _adam_part(q, xp, c, q.eps), _avgrad_part(q, xp, c, q.eps)
    half = q.eps / 2
    adam_half, avgrad_half = _adam_part(q, xp, c, half), _avgrad_part(q, xp, c, half)
    both = adam_half * avgrad_half / (adam_half + avgrad_half)
    return xp.minimum(adam, avgrad, q.G**2 / q.eps * c.total, both)


def K1(q: Quantities, xp: Arithmetic) -> Number:
    """The smallest listed bound on sum sqrt(w_t) g_t^2/b_t."""
    return _smallest(q, xp, _weights_K1(q, xp))


def K2(q: Quantities, xp: Arithmetic) -> Number:
    """The smallest listed bound on sum g_t^2/b_t."""
    return _smallest(q, xp, _weights_K2(q, xp))


def proof(
    pair: DecouplingConstants,
    rho: Callable[[Event], Number],
    bounds: tuple[Formula, Formula],
    by_sums: str,
    suffix: str = "",
) -> DecoupledProof:
    """The chain for a predictable rho_t = rho(event), with `bounds` = (K1, K2)."""

    def slope(e: Event) -> Number:
        at = rho(e)
        return (1 - e.hyper["beta2"]) * (at * e.clock.t + 1 - at)

    weighted = measured_sum(
        f"root_weighted_ratio{suffix}",
        "sum_s sum_i sqrt(w_s) g^2/b, w_s = w(rho_s s + 1 - rho_s)",
        lambda e: jnp.sqrt(slope(e)) * e.g**2 / e.step.b,
    )
    return DecoupledProof(
        pair,
        lambda q, xp: R(q, xp) / xp.sqrt(q.T),
        "sqrt(E b) <= sqrt(t) R",
        conditional_ratio(slope),
        lambda m, q, xp: m[weighted.name],
        (weighted,),
        *bounds,
        by_sums,
    )


WEIGHTED = Level(
    "weights 1/sqrt(t)",
    "L5: 1 <= sqrt(T/t)",
    lambda m, q, xp: m["squared_gradient_over_root_t"] / xp.sqrt(q.T),
    (squared_gradient_over_root_t,),
)
COVERED = (*STOCHASTIC_SMOOTH, hyper_is("beta1", 0.0), hyper_positive("beta2"))
RIGHT = "(R/(c alpha sqrt T)) [D0 + d (K alpha G K1 + (alpha^2 L/2) K2)]"


def _theorem(name: str, pair: DecouplingConstants, source: str) -> Theorem:
    chain = proof(pair, lambda e: e.hyper["rho"], (K1, K2), "L2(b), L2(a), L2(d), L7: the smallest K1 and K2")
    return Theorem(
        name,
        "T6",
        "Adam-AVGrad interpolation, constant rho, beta1 = 0, alpha_t = alpha/sqrt(t): "
        f"(1/T) sum E|grad F|^2 <= {RIGHT}, (c, K) = {pair}, K1 >= sum sqrt(w_t) E[g^2/b], "
        "K2 >= sum E[g^2/b], w_t = w(rho t + 1 - rho)",
        source,
        "new",
        lambda: get_optimizer("adam-avgrad:schedule=inverse_sqrt"),
        (*COVERED, method_is("adam-avgrad", form="theory", schedule="inverse_sqrt")),
        (AVERAGE, WEIGHTED, *chain.levels()),
        {"alpha": 0.1, "beta1": 0.0, "beta2": 0.9, "rho": 0.5, "eps": 0.1},
    )


interpolation_rate = _theorem("interpolation-rate", SHARP, "new, with L1 at (1, 2/5)")
interpolation_rate_published_constants = _theorem(
    "interpolation-rate-published-constants",
    PUBLISHED,
    "technique of Defossez, Bottou, Bach, Usunier (TMLR 2022): L1 at (1/2, 2)",
)
