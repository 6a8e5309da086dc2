"""Two steps that reach the minimum for one rho only, against the recurrence typed by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madatheory.studies.theory import two_steps


def two_steps_by_hand(x0: tuple[float, float], beta2: float, rho: float, alpha: float) -> float:
    x, v, total = np.array(x0), np.zeros(2), np.zeros(2)
    for t in (1, 2):
        v = beta2 * v + (1 - beta2) * x * x
        total = total + v
        x = x - alpha / math.sqrt(t) * x / np.sqrt(rho * v + (1 - rho) * total / t)
    return float(np.sum(x * x) / 2)


@given(rho=st.floats(0.02, 0.98), beta2=st.floats(0.02, 0.98))
def test_two_steps_reach_the_minimum_at_the_target_only(rho: float, beta2: float) -> None:
    x0, alpha = two_steps.start(rho, beta2), math.sqrt(1 - beta2)
    assert 0 < x0[1] <= x0[0]
    assert two_steps_by_hand(x0, beta2, rho, alpha) < 1e-22
    grid = alpha * np.geomspace(0.05, 20, 400)
    for end in (0.0, 1.0):
        assert min(two_steps_by_hand(x0, beta2, end, float(a)) for a in grid) > 1e-12


def test_best_value_agrees_with_an_independent_search() -> None:
    x0, beta2 = two_steps.start(0.5, 0.9), 0.9
    rho = np.array([0.0, 0.3, 0.5, 1.0])
    found, alpha = two_steps.best_value(x0, beta2, rho)
    for r, value, a in zip(rho, found, alpha, strict=True):
        grid = math.sqrt(0.1) * np.geomspace(0.1, 10, 300)
        rough = grid[int(np.argmin([two_steps_by_hand(x0, beta2, r, float(s)) for s in grid]))]
        near = rough * np.linspace(0.98, 1.02, 4001)
        best = min(two_steps_by_hand(x0, beta2, r, float(s)) for s in near)
        assert value == pytest.approx(best, rel=1e-3, abs=1e-9)
        assert value == pytest.approx(two_steps_by_hand(x0, beta2, r, a), rel=1e-6, abs=1e-20)
    # the numbers that the instance was constructed for
    assert found[0] == pytest.approx(4.0e-3, rel=0.02)
    assert found[3] == pytest.approx(1.5e-4, rel=0.02)
    assert found[2] == 0
