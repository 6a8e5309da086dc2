"""TNs: AdaGrad-Norm with bounded noise: T1' of one coordinate, with the bound sqrt(d) G on the whole gradient."""

from collections.abc import Callable
from dataclasses import replace

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import Event
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.chains.decoupled import SHARP, DecoupledProof
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, R, log1p, measured_sum, ratio_sum
from madatheory.theory.theorem import Level, Theorem


def whole_gradient(q: Quantities, xp: Arithmetic) -> Quantities:
    """The symbols for |g| <= sqrt(d) G in the place of |g_i| <= G in d coordinates."""
    return q._replace(d=1, G=xp.sqrt(q.d) * q.G)


def _expected_norm(e: Event) -> Number:
    return e.grad**2 / jnp.sqrt(e.step.b + jnp.sum(e.second_moment - e.g**2, axis=0))


def _sum_of_ratios(q: Quantities, xp: Arithmetic) -> Number:
    return log1p(q.T * q.G**2 / q.eps, xp)


_PROOF = DecoupledProof(
    SHARP,
    lambda q, xp: R(q, xp) / xp.sqrt(q.T),
    "sqrt(E b) <= sqrt(T) R",
    measured_sum("ratio_to_expected_norm", "sum_s |grad F|^2/sqrt(E_{s-1} b_s)", _expected_norm),
    lambda m, q, xp: m["ratio_sum"],
    (ratio_sum,),
    _sum_of_ratios,
    _sum_of_ratios,
    "L2(a): sum |g|^2/b <= ln(1 + T d G^2/eps)",
)


def _of_the_whole(function: Callable[..., Number]) -> Callable[..., Number]:
    return lambda *arguments: function(*arguments[:-2], whole_gradient(*arguments[-2:]), arguments[-1])


def _levels() -> tuple[Level, ...]:
    return tuple(
        replace(
            level,
            value=_of_the_whole(level.value),
            highest=None if level.highest is None else _of_the_whole(level.highest),
        )
        for level in _PROOF.levels()
    )


adagrad_norm_stochastic_rate = Theorem(
    "adagrad-norm-stochastic-rate",
    "TNs",
    "AdaGrad-Norm: (1/T) sum E|grad F|^2 <= (R/(alpha sqrt T)) [D0 + ((2/5) alpha sqrt(d) G + alpha^2 L/2) "
    "ln(1 + T d G^2/eps)], R = sqrt(eps + d G^2)",
    "the rate of Ward, Wu and Bottou (JMLR 2020) for bounded noise, with constants and a proof of our own",
    "new",
    lambda: get_optimizer("adagrad-norm"),
    (*STOCHASTIC_SMOOTH, method_is("adagrad-norm", schedule="constant")),
    (AVERAGE, *_levels()),
    {"alpha": 0.2, "eps": 0.1},
)
