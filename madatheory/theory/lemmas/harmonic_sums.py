"""L7: 1/(A+B) <= th^2/A + (1-th)^2/B, and for sums K <= K_A K_B/(K_A + K_B)."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values
from madatheory.theory.samplers import log_uniform, sequence


def _draw_split(rng: np.random.Generator, n: int) -> Values:
    """Half of the cases near the best split, A/(A+B)."""
    A, B = log_uniform(rng, -6, 6, n), log_uniform(rng, -6, 6, n)
    share = np.clip(A / (A + B) * (1 + log_uniform(rng, -8, -1, n)), 0, 1)
    return {"A": A, "B": B, "share": np.where(rng.random(n) < 0.5, share, rng.random(n))}


def _split(v: Values, power: int) -> Number:
    return v["share"] ** power / v["A"] + (1 - v["share"]) ** power / v["B"]


_SPLIT = Lemma(
    "harmonic-split",
    "L7",
    "1/(A+B) <= th^2/A + (1-th)^2/B, A, B > 0, 0 <= th <= 1",
    "Cauchy-Schwarz",
    _draw_split,
    lambda v, xp: 1 / (v["A"] + v["B"]),
    lambda v, xp: _split(v, 2),
    lambda v: [v["A"] > 0, v["B"] > 0, v["share"] >= 0, v["share"] <= 1],
)
harmonic_split = replace(
    _SPLIT,
    false_variants=(
        replace(
            _SPLIT,
            name="harmonic-split-cubes",
            statement="the same with th^3 and (1-th)^3",
            right=lambda v, xp: _split(v, 3),
        ),
    ),
)


def _draw_sums(rng: np.random.Generator, n: int) -> Values:
    """A and B proportional in half of the cases: there equality holds."""
    x = sequence(rng, n)
    x[0] = np.maximum(x[0], 1e-12)
    A, B = log_uniform(rng, -3, 3, x.shape), log_uniform(rng, -3, 3, x.shape)
    return {"x": x, "A": A, "B": np.where(rng.random(n) < 0.5, A * log_uniform(rng, -3, 3, n), B)}


def _over(v: Values, denominators: list) -> Number:
    return sum(x / d for x, d in zip(v["x"], denominators, strict=True))


def _both(v: Values, xp: Arithmetic) -> Number:
    first, second = _over(v, v["A"]), _over(v, v["B"])
    return first * second / (first + second)


_SUMS = Lemma(
    "harmonic-sums",
    "L7",
    "sum x_t/(A_t+B_t) <= K_A K_B/(K_A+K_B), K_A = sum x_t/A_t, K_B = sum x_t/B_t, x_t >= 0, A_t, B_t > 0",
    "new",
    _draw_sums,
    lambda v, xp: _over(v, [a + b for a, b in zip(v["A"], v["B"], strict=True)]),
    _both,
    lambda v: [v["x"][0] > 0, *[x >= 0 for x in v["x"]], *[a > 0 for a in v["A"]], *[b > 0 for b in v["B"]]],
)
harmonic_sums = replace(
    _SUMS,
    false_variants=(
        replace(
            _SUMS,
            name="harmonic-sums-99",
            statement="the same with 99/100 of the right side",
            right=lambda v, xp: xp.rational(99, 100) * _both(v, xp),
        ),
    ),
)
