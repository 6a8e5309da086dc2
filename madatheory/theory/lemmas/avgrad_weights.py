"""L3: t vbar_t = sum_{j<=t} (1 - beta2^(t-j+1)) g_j^2, and what follows from it."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, second_moments
from madatheory.theory.samplers import decay, log_uniform, sequence


def _draw(rng: np.random.Generator, n: int, least: int = 1) -> Values:
    """x_t = g_t^2."""
    return {"x": sequence(rng, n, least) * log_uniform(rng, -2, 2, n), "beta2": decay(rng, n)}


def _hypothesis(v: Values) -> list:
    return [v["beta2"] > 0, v["beta2"] < 1, *[x >= 0 for x in v["x"]]]


def _total(v: Values) -> Number:
    """t vbar_t = v_1 + .. + v_t."""
    return sum(second_moments(v["x"], v["beta2"]))


def _by_weights(v: Values, shift: int) -> Number:
    t = len(v["x"])
    return sum((1 - v["beta2"] ** (t - j + shift)) * x for j, x in enumerate(v["x"], 1))


def _before(v: Values) -> Values:
    return {**v, "x": v["x"][:-1]}


_IDENTITY = Lemma(
    "avgrad-weights",
    "L3",
    "t vbar_t = sum_{j<=t} (1 - beta2^(t-j+1)) g_j^2",
    "new",
    _draw,
    lambda v, xp: _total(v),
    lambda v, xp: _by_weights(v, 1),
    _hypothesis,
    relation="==",
)
avgrad_weights = replace(
    _IDENTITY,
    false_variants=(
        replace(
            _IDENTITY,
            name="avgrad-weights-shifted",
            statement="the same with beta2^(t-j)",
            right=lambda v, xp: _by_weights(v, 0),
        ),
    ),
)

_LOWER = Lemma(
    "avgrad-least-weight",
    "L3a",
    "w sum_{j<=t} g_j^2 <= t vbar_t",
    "new",
    _draw,
    lambda v, xp: (1 - v["beta2"]) * sum(v["x"]),
    lambda v, xp: _total(v),
    _hypothesis,
)
avgrad_least_weight = replace(
    _LOWER,
    false_variants=(
        replace(_LOWER, name="avgrad-least-weight-beta2", left=lambda v, xp: v["beta2"] * sum(v["x"])),
        replace(
            _LOWER,
            name="avgrad-least-weight-more",
            left=lambda v, xp: xp.rational(101, 100) * (1 - v["beta2"]) * sum(v["x"]),
        ),
    ),
)
_UPPER = Lemma(
    "avgrad-largest-weight",
    "L3a",
    "t vbar_t <= sum_{j<=t} g_j^2",
    "new",
    _draw,
    lambda v, xp: _total(v),
    lambda v, xp: sum(v["x"]),
    _hypothesis,
)
avgrad_largest_weight = replace(
    _UPPER,
    false_variants=(
        replace(_UPPER, name="avgrad-largest-weight-less", right=lambda v, xp: xp.rational(19, 20) * sum(v["x"])),
    ),
)


def _correction(v: Values) -> Number:
    """1 - beta2^t = w (1 + beta2 + .. + beta2^(t-1)), without cancellation."""
    return (1 - v["beta2"]) * sum(v["beta2"] ** j for j in range(len(v["x"])))


_MONOTONE = Lemma(
    "avgrad-sum-nondecreasing",
    "L3b",
    "(t-1) vbar_{t-1} <= t vbar_t",
    "new",
    lambda rng, n: _draw(rng, n, 2),
    lambda v, xp: _total(_before(v)),
    lambda v, xp: _total(v),
    _hypothesis,
)
avgrad_sum_nondecreasing = replace(
    _MONOTONE,
    false_variants=(
        replace(
            _MONOTONE,
            name="avgrad-mean-nondecreasing",
            statement="vbar_{t-1} <= vbar_t",
            left=lambda v, xp: _total(_before(v)) * xp.rational(len(v["x"]), len(v["x"]) - 1),
        ),
    ),
)
_CORRECTED = Lemma(
    "avgrad-corrected-sum-nondecreasing",
    "L3b",
    "(t-1) vbar_{t-1}/(1-beta2^(t-1)) <= t vbar_t/(1-beta2^t)",
    "new",
    lambda rng, n: _draw(rng, n, 2),
    lambda v, xp: _total(_before(v)) / _correction(_before(v)),
    lambda v, xp: _total(v) / _correction(v),
    _hypothesis,
)
avgrad_corrected_sum_nondecreasing = replace(
    _CORRECTED,
    false_variants=(
        replace(
            _CORRECTED,
            name="avgrad-corrected-twice-nondecreasing",
            statement="(t-1) vbar_{t-1}/(1-beta2^(t-1))^2 <= t vbar_t/(1-beta2^t)^2",
            left=lambda v, xp: _total(_before(v)) / _correction(_before(v)) ** 2,
            right=lambda v, xp: _total(v) / _correction(v) ** 2,
        ),
    ),
)


def _draw_constant(rng: np.random.Generator, n: int) -> Values:
    x = sequence(rng, n, most=60)
    return {"x": np.ones_like(x) * log_uniform(rng, -2, 2, n), "beta2": decay(rng, n)}


def _constant(v: Values) -> list:
    return [*_hypothesis(v), v["x"][0] > 0, *[x == v["x"][0] for x in v["x"]]]


def _factor(v: Values, xp: Arithmetic, power: int) -> Number:
    """1 - beta2^power (1 - beta2^t)/(t(1-beta2))."""
    t = len(v["x"])
    return 1 - v["beta2"] ** power * sum(v["beta2"] ** j for j in range(t)) * xp.rational(1, t)


_FACTOR = Lemma(
    "avgrad-bias-factor",
    "L3d",
    "constant g: vbar_t/g^2 = 1 - beta2(1-beta2^t)/(t(1-beta2))",
    "new",
    _draw_constant,
    lambda v, xp: _total(v) * xp.rational(1, len(v["x"])) / v["x"][0],
    lambda v, xp: _factor(v, xp, 1),
    _constant,
    relation="==",
    size=lambda v, xp: xp.rational(1, 1),
)
avgrad_bias_factor = replace(
    _FACTOR,
    false_variants=(
        replace(_FACTOR, name="avgrad-bias-factor-power", right=lambda v, xp: 1 - v["beta2"] ** len(v["x"])),
        replace(_FACTOR, name="avgrad-bias-factor-shifted", right=lambda v, xp: _factor(v, xp, 0)),
    ),
)
_BIAS_UPPER = Lemma(
    "avgrad-bias-upper",
    "L3d",
    "constant g: vbar_t/((1-beta2^t) g^2) <= 1",
    "new",
    _draw_constant,
    lambda v, xp: _total(v) * xp.rational(1, len(v["x"])),
    lambda v, xp: _correction(v) * v["x"][0],
    _constant,
)
avgrad_bias_upper = replace(
    _BIAS_UPPER,
    false_variants=(
        replace(
            _BIAS_UPPER,
            name="avgrad-bias-upper-less",
            right=lambda v, xp: xp.rational(19, 20) * _correction(v) * v["x"][0],
        ),
    ),
)
_BIAS_LOWER = Lemma(
    "avgrad-bias-lower",
    "L3d",
    "constant g: (t+1)/(2t) <= vbar_t/((1-beta2^t) g^2)",
    "new",
    _draw_constant,
    lambda v, xp: xp.rational(len(v["x"]) + 1, 2 * len(v["x"])) * _correction(v) * v["x"][0],
    lambda v, xp: _total(v) * xp.rational(1, len(v["x"])),
    _constant,
)
avgrad_bias_lower = replace(
    _BIAS_LOWER,
    false_variants=(
        replace(
            _BIAS_LOWER,
            name="avgrad-bias-lower-more",
            statement="the same with (t+2)/(2t)",
            left=lambda v, xp: xp.rational(len(v["x"]) + 2, 2 * len(v["x"])) * _correction(v) * v["x"][0],
        ),
    ),
)
