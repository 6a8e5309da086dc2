"""L4: F(y) <= F(x) + <grad F(x), y-x> + (L/2)|y-x|^2, on the scalar functions of the test problems."""

from collections.abc import Callable

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values
from madatheory.theory.samplers import log_uniform, mixed

Function = Callable[[Number, Arithmetic], Number]


def _draw(rng: np.random.Generator, n: int) -> Values:
    """Points near and far, and near 0 where these functions curve most."""
    x = rng.choice([-1, 1], n) * mixed(rng, log_uniform(rng, -3, 3, n), rng.uniform(0, 3, n), np.zeros(n))
    return {"x": x, "y": x + rng.choice([-1, 1], n) * log_uniform(rng, -3, 3, n)}


def _lemma(name: str, text: str, phi: Function, slope: Function) -> Lemma:
    def linear(v: Values, xp: Arithmetic) -> Number:
        return slope(v["x"], xp) * (v["y"] - v["x"])

    def claim(L: tuple[int, int], false: tuple[Lemma, ...] = (), suffix: str = "") -> Lemma:
        def right(v: Values, xp: Arithmetic) -> Number:
            move = v["y"] - v["x"]
            return phi(v["x"], xp) + linear(v, xp) + xp.rational(*L) * move * move / 2

        return Lemma(
            f"smoothness-{name}{suffix}",
            "L4",
            f"phi = {text}: phi(y) <= phi(x) + phi'(x)(y-x) + (L/2)(y-x)^2, L = {L[0] / L[1]:g}",
            "descent lemma",
            _draw,
            lambda v, xp: phi(v["y"], xp),
            right,
            lambda v: [],
            "published",
            size=lambda v, xp: 1 + xp.maximum(linear(v, xp), -linear(v, xp)),
            false_variants=false,
        )

    return claim((2, 1), (claim((19, 10), suffix="-19-10"),))


smoothness_ratio = _lemma(
    "ratio", "x^2/(1+x^2)", lambda x, xp: x * x / (1 + x * x), lambda x, xp: 2 * x / (1 + x * x) ** 2
)
smoothness_log = _lemma("log", "log(1+x^2)", lambda x, xp: xp.log(1 + x * x), lambda x, xp: 2 * x / (1 + x * x))
smoothness_exponential = _lemma(
    "exponential", "1-exp(-x^2)", lambda x, xp: 1 - xp.exp(-x * x), lambda x, xp: 2 * x * xp.exp(-x * x)
)
