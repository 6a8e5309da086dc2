"""L5: sum a_t/sqrt(t) >= (1/sqrt T) sum a_t for a_t >= 0."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values
from madatheory.theory.samplers import log_uniform, sequence


def _draw(rng: np.random.Generator, n: int) -> Values:
    return {"a": sequence(rng, n) * log_uniform(rng, -2, 2, n)}


def _left(v: Values, xp: Arithmetic, factor: Number) -> Number:
    return sum(v["a"]) * factor / xp.sqrt(xp.rational(len(v["a"]), 1))


_BASE = Lemma(
    "decreasing-weights",
    "L5",
    "(1/sqrt T) sum a_t <= sum a_t/sqrt(t), a_t >= 0",
    "folklore",
    _draw,
    lambda v, xp: _left(v, xp, 1),
    lambda v, xp: sum(a / xp.sqrt(xp.rational(t, 1)) for t, a in enumerate(v["a"], 1)),
    lambda v: [a >= 0 for a in v["a"]],
    "published",
)
decreasing_weights = replace(
    _BASE,
    false_variants=(
        replace(
            _BASE,
            name="decreasing-weights-more",
            statement="the same with 101/100 on the left",
            left=lambda v, xp: _left(v, xp, xp.rational(101, 100)),
        ),
    ),
)
