"""TP: the previous second moment in the denominator, by formulas, enumerations and runs typed a second time."""

import itertools
import math

import numpy as np
import pytest

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting
from madatheory.theory.theorems.adopt_rate import previous_ratio_sum

TP, TA = list_theorems()["adopt-rate"], list_theorems()["adam-constant-step-rate"]


def longest(T: float, M: float, beta2: float) -> float:
    """Q, from M = G^2/eps."""
    return M * min(T, (math.log(1 + M) + T * math.log(1 / beta2)) / math.log(1 + (1 - beta2) / beta2 * M))


def test_the_right_side() -> None:
    T, d, D0, L, G, eps, alpha, beta2 = 300.0, 3.0, 2.0, 1.5, 0.7, 1e-3, 0.02, 0.95
    q = Quantities(T=T, d=d, D0=D0, L=L, G=G, eps=eps, alpha=alpha, beta2=beta2)
    right = math.sqrt(eps + G**2) * (D0 / alpha / T + alpha * L * d * longest(T, G**2 / eps, beta2) / 2 / T)
    assert TP.bound(q, NUMPY) == pytest.approx(right, rel=1e-13)


def ratios(squares: np.ndarray, eps: float, beta2: float) -> float:
    v, total = 0.0, 0.0
    for x in squares:
        total, v = total + x / (eps + v), beta2 * v + (1 - beta2) * x
    return total


@pytest.mark.parametrize("beta2", [0.01, 0.5, 0.9, 0.999])
def test_no_sequence_of_gradients_has_a_larger_sum_of_ratios_and_some_come_near(beta2: float) -> None:
    """One large gradient after so many of 0 that v has been forgotten: what a small eps is paid for."""
    rng, T, near = np.random.default_rng(0), 400, 0.0
    for eps in (1e-6, 1e-2, 10.0):
        q = Quantities(T=float(T), G=1.0, eps=eps, beta2=beta2)
        most = float(previous_ratio_sum(q, NUMPY))
        assert most == pytest.approx(longest(T, 1 / eps, beta2), rel=1e-12)
        every = [np.arange(T) % gap == 0 for gap in range(1, 200)]
        random = [rng.uniform(size=T) ** power for power in (0, 1, 10, 100)]
        sums = [ratios(np.asarray(squares, float), eps, beta2) for squares in (*every, *random)]
        assert max(sums) <= most * (1 + 1e-12)
        near = max(near, max(sums) / most)
    assert near > 0.6


def enumerated(alpha: float, eps: float, beta2: float, scale: float, steps: int) -> float:
    """(1/T) sum E F'^2 on Huber's function from 1, exactly, noise +-scale."""
    total = 0.0
    for signs in itertools.product((-1, 1), repeat=steps):
        x, v = 1.0, 0.0
        for sign in signs:
            slope = min(max(x, -1.0), 1.0)
            total += slope**2
            g = slope + sign * scale
            x, v = x - alpha * g / math.sqrt(eps + v), beta2 * v + (1 - beta2) * g * g
    return total / steps / 2**steps


def test_no_enumerated_mean_exceeds_it() -> None:
    for alpha, eps, beta2, scale in itertools.product((0.1, 1.0, 10.0), (1e-2, 1e2), (0.01, 0.5, 0.99), (0.0, 1.0)):
        q = Quantities(T=7.0, d=1.0, D0=0.5, L=1.0, G=1 + scale, eps=eps, alpha=alpha, beta2=beta2)
        assert enumerated(alpha, eps, beta2, scale, 7) <= TP.bound(q, NUMPY) * (1 + 1e-12)


def test_for_any_beta2_the_floor_vanishes_with_alpha_and_adam_s_does_not() -> None:
    """alpha = 1/sqrt(T): the order 1/sqrt(T) whatever beta2 is."""
    for beta2 in (0.1, 0.9, 0.999):
        points = [
            Quantities(T=T, d=1.0, D0=1.0, L=1.0, G=1.0, eps=0.01, alpha=T**-0.5, beta2=beta2) for T in (1e6, 1e8, 1e10)
        ]
        slopes = np.diff(np.log([float(TP.bound(q, NUMPY)) for q in points])) / np.log(100)
        assert slopes == pytest.approx([-0.5, -0.5], abs=0.01)
        assert float(TA.bound(points[-1], NUMPY)) > 0.9 * float(TA.bound(points[-2], NUMPY)) > 0.01


def mean_squared_gradient(d: int, T: int, trajectories: int = 32) -> float:
    """On sum_j r^2/(1+r^2), r = a_j.x, d random rows: not separable; alpha = 1/sqrt(T), beta2 = .9, noise +-1."""
    rng = np.random.default_rng(d)
    rows = rng.standard_normal((d, d)) / math.sqrt(d)
    x, v, total = np.ones((d, trajectories)), np.zeros((d, trajectories)), 0.0
    for _ in range(T):
        r = rows @ x
        grad = rows.T @ (2 * r / (1 + r * r) ** 2)
        g = grad + rng.choice([-1.0, 1.0], grad.shape)
        total += float(np.mean(np.sum(grad**2, axis=0)))
        x, v = x - 1 / math.sqrt(T) * g / np.sqrt(0.01 + v), 0.9 * v + 0.1 * g * g
    return total / T


def test_measured_rates_in_the_dimension_and_in_the_steps() -> None:
    """The bound is linear in d, as D0 is, and of the order 1/sqrt(T): so is what is measured, nearly."""
    dimensions, steps = (4, 16, 64), (100, 400, 1600)
    in_d = np.polyfit(np.log(dimensions), np.log([mean_squared_gradient(d, 400) for d in dimensions]), 1)[0]
    in_T = np.polyfit(np.log(steps), np.log([mean_squared_gradient(8, T) for T in steps]), 1)[0]
    assert in_d == pytest.approx(0.94, abs=0.05)
    assert in_T == pytest.approx(-0.45, abs=0.05)


@pytest.mark.parametrize(
    ("spec", "beta2", "words"),
    [
        ("ratio:noise=gaussian", 0.9, "unbounded"),
        ("reddi-stochastic", 0.9, "projected on a box"),
        ("ratio", 0.0, "the statement needs beta2 > 0"),
        ("ratio", 0.9, ""),
    ],
)
def test_it_says_why_it_does_not_apply(spec: str, beta2: float, words: str) -> None:
    setting = Setting(mt.get_problem(spec), TP.method(), {**TP.settings, "beta2": beta2}, 100)
    found = "; ".join(TP.reasons(setting))
    assert words in found
    assert bool(found) == bool(words)
