"""The step of the high-probability bound T5hp: its exponential process is a supermartingale."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, mean
from madatheory.theory.samplers import law, log_uniform


def _draw(rng: np.random.Generator, n: int) -> Values:
    p, g = law(rng, n)
    a = log_uniform(rng, -12, 3, n)
    two, theta, chance = rng.random(n) < 0.5, rng.random(n), rng.random(n)
    p[:, two] = 0
    p[0, two], p[1, two] = chance[two], 1 - chance[two]
    g[1, two] = -np.minimum(np.sqrt(a * theta / (1 - theta)), 1)[two]
    G, w = log_uniform(rng, -2, 2, n), log_uniform(rng, -4, 0, n)
    return {"p": p, "g": G * g, "G": G, "a": a * w * G**2, "w": w}


def _moment(v: Values, xp: Arithmetic, rate: Number) -> Number:
    b = [v["a"] + v["w"] * g * g for g in v["g"]]
    m, kappa = mean(v["p"], v["g"]), v["G"] * xp.sqrt(v["w"])
    drift = m * m / xp.sqrt(mean(v["p"], b))
    lam = rate * xp.sqrt(v["w"]) / v["G"]
    exponents = [drift - m * g / xp.sqrt(d) - kappa * g * g / d for g, d in zip(v["g"], b, strict=True)]
    return mean(v["p"], [xp.exp(lam * e) for e in exponents])


def _hypothesis(v: Values) -> list:
    bounded = [relation for g in v["g"] for relation in (-v["G"] <= g, g <= v["G"])]
    return [v["a"] > 0, v["w"] > 0, sum(v["p"]) > 0, *[p >= 0 for p in v["p"]], *bounded]


_BASE = Lemma(
    "exponential-moment",
    "T5hp",
    "E exp(lam (m^2/sqrt(E b) - m g/sqrt(b) - G sqrt(w) g^2/b)) <= 1, lam = sqrt(w)/(4G), b = a + w g^2, m = E g, "
    "|g| <= G",
    "new",
    _draw,
    lambda v, xp: _moment(v, xp, xp.rational(1, 4)),
    lambda v, xp: xp.rational(1, 1),
    _hypothesis,
)
exponential_moment = replace(
    _BASE,
    false_variants=(
        replace(
            _BASE,
            name="exponential-moment-3-2",
            statement="the same with lam = (3/2) sqrt(w)/G",
            left=lambda v, xp: _moment(v, xp, xp.rational(3, 2)),
        ),
    ),
)
