"""Psi(c) = int_1^inf min(1, sqrt(c/z)) dz/z bounds every sum that the proof of L2(d) meets."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, partial_sums
from madatheory.theory.samplers import log_uniform, sequence
from madatheory.theory.terms import Psi


def _draw(rng: np.random.Generator, n: int) -> Values:
    """Nodes z_1 = 1 < z_2 < .. from positive gaps."""
    gaps = sequence(rng, n, most=60) * log_uniform(rng, -3, 3, n)
    rate = log_uniform(rng, -3, 0, n)
    geometric = np.expm1(rate) * np.exp(rate * np.arange(len(gaps))[:, None])
    return {"gap": np.where(rng.random(n) < 0.5, gaps, geometric), "c": log_uniform(rng, -4, 4, n)}


def _sum(v: Values, xp: Arithmetic) -> Number:
    """sum_t h_t (1/z_t - 1/z_{t+1}) + h_N/z_N with h_t = min(z_t, sqrt(c z_t))."""
    nodes = [1 + s for s in partial_sums([0, *v["gap"]])]
    heights = [xp.minimum(z * v["c"] ** 0, xp.sqrt(v["c"] * z)) for z in nodes]
    inner = sum(h * (1 / z - 1 / y) for h, z, y in zip(heights[:-1], nodes[:-1], nodes[1:], strict=True))
    return inner + heights[-1] / nodes[-1]


def _hypothesis(v: Values) -> list:
    return [v["c"] > 0, *[gap >= 0 for gap in v["gap"]]]


_BASE = Lemma(
    "psi-integral",
    "Psi",
    "1 = z_1 <= .. <= z_N, h_t = min(z_t, sqrt(c z_t)): sum h_t (1/z_t - 1/z_{t+1}) + h_N/z_N <= Psi(c)",
    "new",
    _draw,
    _sum,
    lambda v, xp: Psi(v["c"], xp),
    _hypothesis,
)
psi_integral = replace(
    _BASE,
    false_variants=(
        replace(
            _BASE,
            name="psi-integral-9-10",
            statement="the same with (9/10) Psi",
            right=lambda v, xp: xp.rational(9, 10) * Psi(v["c"], xp),
        ),
    ),
)
