"""L8: one step of Yogi's second moment, v' = v - w s x with x = g^2 and s = sign(v - x)."""

from collections.abc import Sequence

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Side, Values
from madatheory.theory.samplers import log_uniform, mixed


def _draw(rng: np.random.Generator, n: int) -> Values:
    """v just below, just above, at, and far from x; beta2 at both ends; M = max(x, v) at least, v <= (2-beta2) M."""
    x = mixed(rng, rng.random(n), np.ones(n), np.zeros(n), log_uniform(rng, -12, 0, n))
    near = x * (1 + rng.choice([-1, 1], n) * log_uniform(rng, -9, 0, n))
    beta2 = mixed(rng, rng.random(n), np.zeros(n), np.ones(n), log_uniform(rng, -6, 0, n))
    v = np.maximum(mixed(rng, near, x, rng.random(n), (2 - beta2) * rng.random(n), np.zeros(n)), 0)
    M = np.maximum(x, v / (2 - beta2)) * (1 + mixed(rng, np.full(n, 1e-15), rng.random(n)))
    return {"v": v, "x": x, "beta2": beta2, "sign": np.sign(v - x), "M": M}


def _hypothesis(v: Values) -> list:
    """s is the sign of v - x, in polynomial form; where v = x any s in {-1, 0, 1} is allowed."""
    s, gap = v["sign"], v["v"] - v["x"]
    sign = [s * gap >= 0, s * (s - 1) * (s + 1) == 0, (1 - s * s) * gap == 0]
    return [v["beta2"] >= 0, v["beta2"] <= 1, v["v"] >= 0, v["x"] >= 0, *sign]


def _next(v: Values) -> Number:
    return v["v"] - (1 - v["beta2"]) * v["sign"] * v["x"]


def _bounded(v: Values) -> list:
    return [*_hypothesis(v), v["x"] <= v["M"], v["v"] <= (2 - v["beta2"]) * v["M"]]


def _magnitude(v: Values, xp: Arithmetic) -> Number:
    return v["v"] + v["x"]


def _lemma(name: str, statement: str, left: Side, right: Side, hypothesis, false: Sequence[Lemma] = ()) -> Lemma:
    return Lemma(
        name, "L8", statement, "new", _draw, left, right, hypothesis, size=_magnitude, false_variants=tuple(false)
    )


def _weight(v: Values, xp: Arithmetic) -> Number:
    return xp.minimum(v["beta2"], 1 - v["beta2"])


yogi_nonnegative = _lemma(
    "yogi-nonnegative",
    "0 <= v', 0 <= beta2 <= 1, v >= 0",
    lambda v, xp: 0 * v["v"],
    lambda v, xp: _next(v),
    _hypothesis,
    (
        _lemma(
            "yogi-nonnegative-twice",
            "the same with step 2 w x",
            lambda v, xp: 0 * v["v"],
            lambda v, xp: 2 * _next(v) - v["v"],
            _hypothesis,
        ),
    ),
)
yogi_increment = _lemma(
    "yogi-increment",
    "|v' - v| <= w x",
    lambda v, xp: xp.maximum(_next(v) - v["v"], v["v"] - _next(v)),
    lambda v, xp: (1 - v["beta2"]) * v["x"],
    _hypothesis,
    (
        _lemma(
            "yogi-increment-less",
            "|v' - v| <= (9/10) w x",
            lambda v, xp: xp.maximum(_next(v) - v["v"], v["v"] - _next(v)),
            lambda v, xp: xp.rational(9, 10) * (1 - v["beta2"]) * v["x"],
            _hypothesis,
        ),
    ),
)
yogi_lower = _lemma(
    "yogi-lower",
    "min(beta2, w) x <= v'",
    lambda v, xp: _weight(v, xp) * v["x"],
    lambda v, xp: _next(v),
    _hypothesis,
    (
        _lemma(
            "yogi-lower-w",
            "w x <= v'",
            lambda v, xp: (1 - v["beta2"]) * v["x"],
            lambda v, xp: _next(v),
            _hypothesis,
        ),
        _lemma(
            "yogi-lower-beta2", "beta2 x <= v'", lambda v, xp: v["beta2"] * v["x"], lambda v, xp: _next(v), _hypothesis
        ),
    ),
)
yogi_upper = _lemma(
    "yogi-upper",
    "v' <= (2-beta2) M where x <= M and v <= (2-beta2) M: so v_t <= (2-beta2) max g^2 if it holds of v_0",
    lambda v, xp: _next(v),
    lambda v, xp: (2 - v["beta2"]) * v["M"],
    _bounded,
    (
        _lemma(
            "yogi-upper-max",
            "v' <= M where x <= M and v <= M",
            lambda v, xp: _next(v),
            lambda v, xp: v["M"],
            lambda v: [*_bounded(v), v["v"] <= v["M"]],
        ),
        _lemma(
            "yogi-upper-any-start",
            "v' <= (2-beta2) M where x <= M, v >= 0",
            lambda v, xp: _next(v),
            lambda v, xp: (2 - v["beta2"]) * v["x"],
            _hypothesis,
        ),
    ),
)
