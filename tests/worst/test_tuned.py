"""Hyper-parameters tuned against the worst case: against a search on a grid, in two steps, that is typed here again."""

from dataclasses import replace

import numpy as np
import pytest

from madatheory.errors import UserError
from madatheory.problems.piecewise import Piecewise
from madatheory.theory.catalogue import get_theorem
from madatheory.worst.tuned import WorstLeftSide

T6 = get_theorem("interpolation-rate")
ALPHAS = (0.2, 0.5, 0.6, 0.7, 0.8, 1.2)
BETA2, EPS, D0 = 0.9, 0.1, 1.0


def by_grid(alpha: float) -> float:
    """max (m0^2 + m1^2)/2 over functions with |F''|, |F'| <= 1 and F(x_0) - inf F <= D0, slopes m0, m1 downhill."""
    m0, m1 = np.meshgrid(np.linspace(0, 1, 1001), np.linspace(-1, 1, 2001))
    step = alpha * m0 / np.sqrt(EPS + (1 - BETA2) * m0**2)
    lowest = np.maximum((m0 + m1 - step) / 2, -1)  # the slope falls to this, stays if it is -1, and rises again
    flat = step - (m0 - lowest) - (m1 - lowest)
    fall = (m0**2 - lowest**2) / 2 + (m1**2 - lowest**2) / 2 + lowest * flat + np.maximum(m1, 0) ** 2 / 2
    gap = np.maximum(fall, np.where(lowest <= 0, m0**2 / 2, 0))
    possible = (np.abs(m1 - m0) <= step) & (gap <= D0)
    return float(np.max(np.where(possible, (m0**2 + m1**2) / 2, 0)))


@pytest.fixture(scope="module")
def two_steps() -> WorstLeftSide:
    return WorstLeftSide(T6, 2, D0, {"rho": (0.0, 1.0), "alpha": ALPHAS})


def test_the_worst_found_in_two_steps_is_that_of_a_grid(two_steps: WorstLeftSide) -> None:
    found = two_steps.worst_at([{"rho": 0.0, "alpha": alpha} for alpha in ALPHAS])
    assert [one.worst for one in found] == pytest.approx([by_grid(alpha) for alpha in ALPHAS], rel=2e-3)


def test_the_tuned_step_size_is_the_best_of_the_grid_whatever_rho(two_steps: WorstLeftSide) -> None:
    """After two steps the left side has seen x_0 and x_1 alone, and vbar_1 = v_1."""
    best = min(ALPHAS, key=by_grid)
    found = two_steps.tuned([{"rho": 0.0}, {"rho": 1.0}])
    assert [one.hyper for one in found] == [{"rho": rho, "alpha": best} for rho in (0.0, 1.0)]
    assert [one.worst for one in found] == pytest.approx(2 * [by_grid(best)], rel=2e-3)


def test_its_left_side_is_certified_on_a_function_of_the_class(two_steps: WorstLeftSide) -> None:
    (found,) = two_steps.worst_at([{"rho": 1.0, "alpha": 0.6}])
    certificate, instance = two_steps.certified(found), two_steps.instance(found)
    assert certificate.lower == pytest.approx(found.worst, rel=1e-9)
    assert certificate.lower <= certificate.left * (1 + 1e-15)
    assert max(instance.L, instance.G) <= 1 + 1e-9
    assert instance.D0 <= D0


def test_a_function_above_D0_is_refused(two_steps: WorstLeftSide, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = two_steps.worst_at([{"rho": 1.0, "alpha": 0.6}])
    high = replace(two_steps.instance(found), shape=Piecewise((0.0, 1.0, 3.0), (-1.0, -1.0, 1.0), 0.0), D0=1.5)
    monkeypatch.setattr(two_steps, "instance", lambda found: high)
    with pytest.raises(UserError, match="is more than D0 = 1"):
        two_steps.certified(found)
