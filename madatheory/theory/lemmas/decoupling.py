"""L1: E[m g/sqrt(b)] >= c m^2/sqrt(E b) - K G sqrt(w) E[g^2/b] where b = a + w g^2, for the pairs (c, K) below."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, mean
from madatheory.theory.samplers import law, log_uniform

Constant = Callable[[Values, Arithmetic], Number]


def _draw(rng: np.random.Generator, n: int) -> Values:
    """Half of the cases: the extremal two-atom laws, 1 with probability p and -s with w s^2/(a + w s^2) = theta."""
    p, g = law(rng, n)
    a = log_uniform(rng, -30, 3, n)
    two, theta, chance = rng.random(n) < 0.5, rng.random(n), rng.random(n)
    a = np.where(two, log_uniform(rng, -30, -6, n), a)
    p[:, two] = 0
    p[0, two], p[1, two] = chance[two], 1 - chance[two]
    g[1, two] = -np.sqrt(a * theta / (1 - theta))[two]
    G, w = log_uniform(rng, -2, 2, n), log_uniform(rng, -4, 2, n)
    k = np.where(rng.random(n) < 0.5, rng.uniform(0.01, 0.99, n), 1 - log_uniform(rng, -4, -1, n))
    return {"p": p, "g": G * g, "G": G, "a": a * w * G**2, "w": w, "k": k}


def _denominators(v: Values) -> list[Number]:
    return [v["a"] + v["w"] * g * g for g in v["g"]]


def _parts(v: Values, xp: Arithmetic) -> tuple[Number, Number, Number]:
    """m, E[g/sqrt(b)], E[g^2/b]."""
    b = _denominators(v)
    m = mean(v["p"], v["g"])
    ratio = mean(v["p"], [g / xp.sqrt(d) for g, d in zip(v["g"], b, strict=True)])
    square = mean(v["p"], [g * g / d for g, d in zip(v["g"], b, strict=True)])
    return m, ratio, square


def _hypothesis(v: Values) -> list:
    bounded = [relation for g in v["g"] for relation in (-v["G"] <= g, g <= v["G"])]
    return [v["a"] > 0, v["w"] > 0, v["k"] > 0, v["k"] < 1, sum(v["p"]) > 0, *[p >= 0 for p in v["p"]], *bounded]


def _lemma(name: str, pair: str, c: Constant, K: Constant, source: str, origin, false: tuple[Lemma, ...] = ()) -> Lemma:
    def left(v: Values, xp: Arithmetic) -> Number:
        m, _, _ = _parts(v, xp)
        return c(v, xp) * m * m / xp.sqrt(mean(v["p"], _denominators(v)))

    def right(v: Values, xp: Arithmetic) -> Number:
        m, ratio, square = _parts(v, xp)
        return m * ratio + K(v, xp) * v["G"] * xp.sqrt(v["w"]) * square

    def size(v: Values, xp: Arithmetic) -> Number:
        return mean(v["p"], [xp.maximum(g, -g) for g in v["g"]]) / xp.sqrt(v["w"])

    return Lemma(
        name,
        "L1",
        f"c m^2/sqrt(E b) <= E[m g/sqrt(b)] + K G sqrt(w) E[g^2/b], b = a + w g^2, m = E g, |g| <= G; (c, K) = {pair}",
        source,
        _draw,
        left,
        right,
        _hypothesis,
        origin,
        size=size,
        false_variants=false,
    )


def _fraction(p: int, q: int) -> Constant:
    return lambda v, xp: xp.rational(p, q)


def _two_atoms(p: float, K: float) -> Values:
    """1 with probability p, -s otherwise, a s^2-small: the law that needs the largest K (a -> 0)."""
    theta, a = (p / (2 * K)) ** 2, 1e-30
    return {"p": [p, 1 - p], "g": [1.0, -((a * theta / (1 - theta)) ** 0.5)], "G": 1.0, "a": a, "w": 1.0, "k": 0.5}


def _false(name: str, pair: str, c: Constant, K: Constant, witness: Values | None = None) -> Lemma:
    return replace(_lemma(name, pair, c, K, "false", "new"), witness=witness)


decoupling = _lemma(
    "decoupling",
    "(1, 2/5)",
    _fraction(1, 1),
    _fraction(2, 5),
    "new; no K below 0.388355 works at c = 1",
    "new",
    (
        _false("decoupling-38", "(1, 19/50)", _fraction(1, 1), _fraction(19, 50), _two_atoms(0.366, 0.38835)),
        _false("decoupling-halved", "(1, 1/5)", _fraction(1, 1), _fraction(1, 5), _two_atoms(0.366, 0.38835)),
        _false("decoupling-more", "(11/10, 2/5)", _fraction(11, 10), _fraction(2, 5)),
    ),
)
decoupling_family = _lemma(
    "decoupling-family",
    "(1-k, 1/(8k)), 0 < k < 1",
    lambda v, xp: 1 - v["k"],
    lambda v, xp: 1 / (8 * v["k"]),
    "new; the best K tends to 1/8 as k tends to 1",
    "new",
    (_false("decoupling-family-ninth", "(1-k, 1/(9k))", lambda v, xp: 1 - v["k"], lambda v, xp: 1 / (9 * v["k"])),),
)
decoupling_published = _lemma(
    "decoupling-published",
    "(1/2, 2)",
    _fraction(1, 2),
    _fraction(2, 1),
    "Defossez, Bottou, Bach, Usunier (TMLR 2022), Lemma 5.1, with a weight w",
    "published",
    (
        _false(
            "decoupling-published-fifth", "(1/2, 1/5)", _fraction(1, 2), _fraction(1, 5), _two_atoms(0.2735, 0.21694)
        ),
    ),
)
