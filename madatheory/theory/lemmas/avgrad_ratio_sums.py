"""L2 (d): K2 = sum g_t^2/(t eps + t vbar_t) in both of its bounds, and the sums that a known horizon needs (T5c)."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, partial_sums, second_moments
from madatheory.theory.quantities import Quantities
from madatheory.theory.samplers import decay, log_uniform, sequence
from madatheory.theory.terms import Psi, log1p
from madatheory.theory.theorems.horizon_rates import S1, S2

Weight = Callable[[int, int, Arithmetic], Number]


def _draw(rng: np.random.Generator, n: int) -> Values:
    """x_t = g_t^2 in [0, G^2]."""
    G = log_uniform(rng, -1, 1, n)
    return {"x": G**2 * sequence(rng, n), "G": G, "eps": G**2 * log_uniform(rng, -8, 2, n), "beta2": decay(rng, n)}


def _hypothesis(v: Values) -> list:
    bounded = [r for x in v["x"] for r in (x >= 0, x <= v["G"] ** 2 * (1 + 1e-15))]
    return [v["eps"] > 0, v["G"] > 0, v["beta2"] >= 0, v["beta2"] < 1, *bounded]


def denominators(v: Values) -> list[Number]:
    """B_t = t eps + t vbar_t."""
    sums = partial_sums(second_moments(v["x"], v["beta2"]))
    return [t * v["eps"] + V for t, V in enumerate(sums, 1)]


def _quantities(v: Values) -> Quantities:
    return Quantities(T=len(v["x"]), G=v["G"], eps=v["eps"], beta2=v["beta2"])


def _sum(weight: Weight) -> Callable[[Values, Arithmetic], Number]:
    def left(v: Values, xp: Arithmetic) -> Number:
        T = len(v["x"])
        terms = zip(v["x"], denominators(v), strict=True)
        return sum(weight(t, T, xp) * x / b for t, (x, b) in enumerate(terms, 1))

    return left


def _lemma(name: str, label: str, statement: str, weight: Weight, right) -> Lemma:
    def size(v: Values, xp: Arithmetic) -> Number:
        return 1 / (1 - v["beta2"])  # what multiplies the logarithm of 1 + y

    return Lemma(name, label, statement, "new", _draw, _sum(weight), right, _hypothesis, size=size)


def _plain(v: Values, xp: Arithmetic) -> Number:
    q = _quantities(v)
    return log1p(q.w * q.T * q.G**2 / q.eps, xp) / q.w


def _uniform(v: Values, xp: Arithmetic, rises: Number) -> Number:
    q = _quantities(v)
    return log1p(q.T * q.G**2 / q.eps, xp) + rises * q.beta2 / q.w * Psi(2 * q.w * q.G**2 / q.eps, xp)


def _every(t: int, T: int, xp: Arithmetic) -> Number:
    return xp.rational(1, 1)


_PLAIN = _lemma(
    "avgrad-ratio-sum",
    "L2d",
    "sum g_t^2/(t eps + t vbar_t) <= ln(1 + wTG^2/eps)/w, g_t^2 <= G^2",
    _every,
    _plain,
)
avgrad_ratio_sum = replace(
    _PLAIN,
    false_variants=(
        replace(
            _PLAIN,
            name="avgrad-ratio-sum-undivided",
            statement="the same without 1/w",
            right=lambda v, xp: _plain(v, xp) * (1 - v["beta2"]),
        ),
        replace(
            _PLAIN,
            name="avgrad-ratio-sum-wrong-beta2",
            statement="the same with beta2 and w exchanged",
            right=lambda v, xp: _plain({**v, "beta2": 1 - v["beta2"]}, xp),
        ),
    ),
)
_UNIFORM = _lemma(
    "avgrad-ratio-sum-uniform",
    "L2d",
    "sum g_t^2/(t eps + t vbar_t) <= ln(1 + TG^2/eps) + (beta2/w) Psi(2wG^2/eps), g_t^2 <= G^2",
    _every,
    lambda v, xp: _uniform(v, xp, 1),
)
avgrad_ratio_sum_uniform = replace(
    _UNIFORM,
    false_variants=(
        replace(
            _UNIFORM,
            name="avgrad-ratio-sum-no-rises",
            statement="the same without Psi",
            right=lambda v, xp: _uniform(v, xp, 0),
        ),
        replace(
            _UNIFORM,
            name="avgrad-ratio-sum-quarter-rises",
            statement="the same with Psi/4",
            right=lambda v, xp: _uniform(v, xp, xp.rational(1, 4)),
        ),
    ),
)


def _right(bound) -> Callable[[Values, Arithmetic], Number]:
    return lambda v, xp: bound(_quantities(v), xp)


_ROOT = _lemma(
    "avgrad-horizon-sum-root",
    "T5c",
    "sum sqrt(t/T) g_t^2/(t eps + t vbar_t) <= S1 of T5c",
    lambda t, T, xp: xp.sqrt(xp.rational(t, T)),
    _right(S1),
)
avgrad_horizon_sum_root = replace(
    _ROOT,
    false_variants=(replace(_ROOT, name="avgrad-horizon-sum-root-third", right=lambda v, xp: _right(S1)(v, xp) / 3),),
)
_LINEAR = _lemma(
    "avgrad-horizon-sum",
    "T5c",
    "sum (t/T) g_t^2/(t eps + t vbar_t) <= S2 of T5c",
    lambda t, T, xp: xp.rational(t, T),
    _right(S2),
)
avgrad_horizon_sum = replace(
    _LINEAR,
    false_variants=(replace(_LINEAR, name="avgrad-horizon-sum-half", right=lambda v, xp: _right(S2)(v, xp) / 2),),
)
