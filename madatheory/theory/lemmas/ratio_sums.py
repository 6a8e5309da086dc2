"""L2 (a)-(c): sums of terms over their running sum, plain, discounted, and over its root."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, partial_sums
from madatheory.theory.samplers import decay, log_uniform, sequence


def _draw(rng: np.random.Generator, n: int) -> Values:
    x = sequence(rng, n)
    return {"x": x * log_uniform(rng, -2, 2, n), "e": log_uniform(rng, -10, 4, n), "beta": decay(rng, n)}


def _hypothesis(v: Values) -> list:
    return [v["e"] > 0, v["beta"] > 0, v["beta"] < 1, *[x >= 0 for x in v["x"]]]


def _over(v: Values, sums: list[Number]) -> Number:
    return sum(x / (v["e"] + s) for x, s in zip(v["x"], sums, strict=True))


def _one(v: Values, xp: Arithmetic) -> Number:
    return xp.rational(1, 1)  # the logarithm of 1 + y carries an absolute rounding error


_PLAIN = Lemma(
    "ratio-sum",
    "L2a",
    "sum x_t/(e + sum_{j<=t} x_j) <= ln(1 + sum x_t/e), x_t >= 0, e > 0",
    "folklore; Ward, Wu, Bottou (2019)",
    _draw,
    lambda v, xp: _over(v, partial_sums(v["x"])),
    lambda v, xp: xp.log(1 + sum(v["x"]) / v["e"]),
    _hypothesis,
    "published",
    size=_one,
)
ratio_sum = replace(
    _PLAIN,
    false_variants=(
        replace(
            _PLAIN,
            name="ratio-sum-twice-e",
            statement="the same with 2e in the logarithm",
            right=lambda v, xp: xp.log(1 + sum(v["x"]) / (2 * v["e"])),
        ),
        replace(
            _PLAIN,
            name="ratio-sum-previous",
            statement="the same with sum_{j<t} in the denominator",
            left=lambda v, xp: _over(v, [0, *partial_sums(v["x"])[:-1]]),
        ),
    ),
)


def _discounted(v: Values) -> list[Number]:
    sums, S = [], 0
    for x in v["x"]:
        S = v["beta"] * S + x
        sums.append(S)
    return sums


def _discounted_right(v: Values, xp: Arithmetic, fewer: int) -> Number:
    return xp.log(1 + _discounted(v)[-1] / v["e"]) - (len(v["x"]) - fewer) * xp.log(v["beta"])


_DISCOUNTED = Lemma(
    "discounted-ratio-sum",
    "L2b",
    "S_t = sum_{j<=t} beta^(t-j) x_j: sum x_t/(e + S_t) <= ln(1 + S_T/e) - (T-1) ln beta",
    "Defossez, Bottou, Bach, Usunier (TMLR 2022), Lemma 5.2, with T-1 for T",
    _draw,
    lambda v, xp: _over(v, _discounted(v)),
    lambda v, xp: _discounted_right(v, xp, 1),
    _hypothesis,
    size=_one,
)
discounted_ratio_sum = replace(
    _DISCOUNTED,
    false_variants=(
        replace(
            _DISCOUNTED,
            name="discounted-ratio-sum-shorter",
            statement="the same with (T-2) ln beta",
            right=lambda v, xp: _discounted_right(v, xp, 2),
        ),
        replace(
            _DISCOUNTED,
            name="discounted-ratio-sum-no-floor",
            statement="the same without (T-1) ln beta",
            right=lambda v, xp: xp.log(1 + _discounted(v)[-1] / v["e"]),
        ),
    ),
)


def _draw_rooted(rng: np.random.Generator, n: int) -> Values:
    """Leading zeros change nothing and are left out, so that no 0/0 arises."""
    x = sequence(rng, n, most=60)
    x[0] = np.maximum(x[0], log_uniform(rng, -12, 0, n))
    return {"x": x * log_uniform(rng, -2, 2, n)}


def _rooted(v: Values, xp: Arithmetic) -> Number:
    return sum(x / xp.sqrt(s) for x, s in zip(v["x"], partial_sums(v["x"]), strict=True))


_ROOTED = Lemma(
    "ratio-root-sum",
    "L2c",
    "sum x_t/sqrt(sum_{j<=t} x_j) <= 2 sqrt(sum x_t), x_t >= 0, x_1 > 0",
    "folklore; Auer, Cesa-Bianchi, Gentile (2002)",
    _draw_rooted,
    _rooted,
    lambda v, xp: 2 * xp.sqrt(sum(v["x"])),
    lambda v: [v["x"][0] > 0, *[x >= 0 for x in v["x"]]],
    "published",
)
ratio_root_sum = replace(
    _ROOTED,
    false_variants=(
        replace(
            _ROOTED,
            name="ratio-root-sum-9-5",
            statement="the same with 9/5 for 2",
            right=lambda v, xp: xp.rational(9, 5) * xp.sqrt(sum(v["x"])),
        ),
    ),
)
