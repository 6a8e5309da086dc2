"""L1log: decoupling for a denominator that may depend on g in any way, at the price of a logarithm."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, mean
from madatheory.theory.samplers import law, log_uniform, mixed


def _draw(rng: np.random.Generator, n: int) -> Values:
    """b = max(a, W g^2) times a random factor >= 1; a quarter of the cases near the extremal law.

    There g = G but for rare -G, a = W G^2, and b/a -> 1+ where g > 0.
    """
    p, g = law(rng, n)
    a = mixed(rng, log_uniform(rng, -12, 4, n), np.ones(n), log_uniform(rng, -1, 1, n))
    rise = 1 + log_uniform(rng, -8, 6, g.shape)
    factor = mixed(rng, np.ones(g.shape), rise, np.where(g > 0, rise, 1.0))
    b = np.maximum(a, g * g) * factor
    near = rng.random(n) < 0.25
    rare, small = log_uniform(rng, -4, 0, n), log_uniform(rng, -6, 0, n)
    p[:, near], g[1:, near], a[near], b[:, near] = 0, -1, 1, 1
    p[0, near], p[1, near], b[0, near] = 1 - rare[near], rare[near], 1 + small[near]
    G, W = log_uniform(rng, -2, 2, n), log_uniform(rng, -4, 2, n)
    scale = W * G**2
    return {"p": p, "g": G * g, "b": b * scale * (1 + 1e-15), "G": G, "a": a * scale, "W": W}


def _left(v: Values, xp: Arithmetic) -> Number:
    m = mean(v["p"], v["g"])
    return m * m / xp.sqrt(xp.maximum(v["a"], v["W"] * m * m))


def _right(v: Values, xp: Arithmetic, K: Number) -> Number:
    m = mean(v["p"], v["g"])
    ratio = mean(v["p"], [g / xp.sqrt(b) for g, b in zip(v["g"], v["b"], strict=True)])
    return m * ratio + K * v["G"] / xp.sqrt(v["W"]) * mean(v["p"], [xp.log(b / v["a"]) for b in v["b"]])


def _hypothesis(v: Values) -> list:
    atoms = [r for g, b in zip(v["g"], v["b"], strict=True) for r in (b >= v["a"], b >= v["W"] * g * g)]
    bounded = [r for g in v["g"] for r in (-v["G"] <= g, g <= v["G"])]
    return [v["a"] > 0, v["W"] > 0, sum(v["p"]) > 0, *[p >= 0 for p in v["p"]], *atoms, *bounded]


_BASE = Lemma(
    "decoupling-any-denominator",
    "L1log",
    "m^2/sqrt(max(a, W m^2)) <= E[m g/sqrt(b)] + (G/(2 sqrt W)) E ln(b/a), b >= max(a, W g^2), m = E g, |g| <= G",
    "new; 1/2 is best",
    _draw,
    _left,
    lambda v, xp: _right(v, xp, xp.rational(1, 2)),
    _hypothesis,
    size=lambda v, xp: v["G"] / xp.sqrt(v["W"]),
)
decoupling_any_denominator = replace(
    _BASE,
    false_variants=(
        replace(
            _BASE,
            name="decoupling-any-denominator-12-25",
            statement="the same with 12/25 for 1/2",
            right=lambda v, xp: _right(v, xp, xp.rational(12, 25)),
        ),
        replace(
            _BASE,
            name="decoupling-any-denominator-no-max",
            statement="the same with sqrt(a) for sqrt(max(a, W m^2))",
            left=lambda v, xp: mean(v["p"], v["g"]) ** 2 / xp.sqrt(v["a"]),
        ),
    ),
)
