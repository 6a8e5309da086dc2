"""Regret on periodic losses: at ends of periods, and on a path done by hand."""

import math

import numpy as np
import pytest
from tolerances import DOUBLE

from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.problems.catalogue import list_problems
from madatheory.studies.theory import regret


def test_period_ends_are_multiples_of_the_period() -> None:
    times = regret.period_ends(10_000, 101, 30)
    assert (times[0], times[-1]) == (101, 99 * 101)
    assert np.all(times % 101 == 0)
    assert np.all(np.diff(times) > 0)
    with pytest.raises(UserError, match="periods"):
        regret.period_ends(150, 101, 5)


def test_regret_curves_on_a_path_done_by_hand() -> None:
    """Average regret and bound of AVGrad on the period-3 problem against a plain recurrence; none with momentum."""
    problem = list_problems()["reddi-period"].make({"C": 4.0})
    settings = {"alpha": 1.0, "beta2": 1 / 17, "eps": 1e-8}
    found = regret.regret_curves(
        simulate, problem, "avgrad", times=[3, 30], settings=settings, momenta=(0.0, 0.9), num_trajectories=1, seed=0
    )
    x, v, total, paid, slopes, squares = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(1, 31):
        g = 4.0 if t % 3 == 1 else -1.0
        paid, slopes, squares = paid + g * x, slopes + g, squares + g * g
        v = v / 17 + 16 / 17 * g * g
        total += v
        x = min(1.0, max(-1.0, x - g / math.sqrt(t) / math.sqrt(1e-8 + total / t)))
    curve = found[0.0]
    assert curve.x[0, -1] == pytest.approx(x, rel=DOUBLE.thousands)
    assert curve.average_regret[0, -1] == pytest.approx((paid + abs(slopes)) / 30, rel=DOUBLE.thousands)
    expected = (2 * math.sqrt(30 * (1e-8 + total / 30)) + math.sqrt(17 / 16) * math.sqrt(squares)) / 30
    assert curve.bound is not None
    assert curve.bound[0, -1] == pytest.approx(expected, rel=DOUBLE.thousands)
    assert found[0.9].bound is None
    adam = regret.regret_curves(
        simulate, problem, "adam", times=[30], settings=settings, momenta=(0.0,), num_trajectories=1, seed=0
    )
    assert adam[0.0].bound is None
