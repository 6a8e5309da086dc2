"""The figure of the authors' toy: its claims can fail, and its rest points are those of a plain loop."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from figure_cases import committed, last, put

from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.figures.catalogue import list_figures
from madatheory.studies.theory.published_toy import ABLATIONS, held_beta3, held_runs, toy_path, what_theorems_say
from madatheory.studies.theory.rest_point import Period

FIGURE = list_figures()["published-toy"]


def _there(value: float) -> Callable[[list[float]], list[float]]:
    """MADA's value after the published number of steps."""
    index = committed("published-toy")["published"]
    return lambda old: [*old[:index], value, *old[index + 1 :]]


def _first(value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda old: [value, *old[1:]]


DOCTORED = [
    (("paths", "mada", "rho"), 0.3, 0),
    (("paths", "mada", "x"), 0.3, 0),
    (("paths", "adam", "x"), last(-1.0), 0),
    (("paths", "rho, beta3", "x"), last(0.5), 1),
    (("paths", "previous gradient zeroed", "x"), last(-0.5), 1),
    (("held", "turning"), _first(0.08), (2, 4)),  # then beta3 = 0 would help, too
    (("held_runs", "rho"), _first(0.2), 3),
    (("held_runs", "down"), _first(True), 3),
    (("paths", "mada", "beta3"), 0.1, 4),
    (("theorems", "rho", "T6"), [], 5),
    (("paths", "mada", "rho"), last(0.0), 6),
]


@pytest.mark.parametrize(("path", "value", "index"), DOCTORED)
def test_a_claim_fails_on_doctored_numbers(path: Any, value: Any, index: Any) -> None:
    value = _there(value) if isinstance(value, float) else value
    claims = FIGURE.claims(put(committed("published-toy"), path, value))
    wanted = list(index) if isinstance(index, tuple) else [index]
    assert [i for i, claim in enumerate(claims) if not claim.holds] == wanted, [c.text for c in claims]


@pytest.mark.parametrize("beta3", [0.0, 0.5])
def test_the_rest_point_with_beta3_is_where_a_slow_descent_ends(beta3: float) -> None:
    """The family's recurrences on one period of 9, run in, with a constant reference; rho by small steps."""
    g, beta1, beta2 = np.array([81.0, *[-10.0] * 8]), 0.8, 0.9
    v, m, n, before = 0.0, 0.0, 0.0, g[-1]
    for _ in range(300):
        seen = []
        for slope in g:
            difference = slope - before
            m, n = beta1 * m + (1 - beta1) * slope, beta3 * n + (1 - beta3) * difference
            v = beta2 * v + (1 - beta2) * (slope + beta3 * difference) ** 2
            before = slope
            seen.append((m + beta3 * n, v))
    along, squares = np.array(seen).T
    w, rho = squares.mean(), 0.5
    for _ in range(40_000):
        mixed = rho * squares + (1 - rho) * w
        rho = np.clip(rho - 2e-3 * np.sum(np.roll(g, -1) * along * (squares - w) / mixed**1.5), 0, 1)
    period = Period(g.tolist(), beta2, "mean", beta1=beta1, beta3=beta3)
    found = period.rest()
    assert found.rho == pytest.approx(rho, abs=1e-6)
    assert found.drift == pytest.approx(np.sum(along / np.sqrt(rho * squares + (1 - rho) * w)), rel=1e-4, abs=1e-6)
    assert period.drift(period.turning() - 1e-3) > 0 > period.drift(period.turning() + 1e-3)


def test_a_held_beta3_moves_x_the_way_that_is_computed() -> None:
    """A tenth of the figure's steps, at two values that are far from the border."""
    beta3 = (0.0, 0.65)
    runs, computed = held_runs(simulate, beta3, 202_000), held_beta3(beta3)
    assert list(runs.down) == list(computed.rest < computed.turning) == [False, True]
    np.testing.assert_allclose(runs.rho, computed.rest, atol=0.01)


def test_what_a_run_learns_is_what_it_records() -> None:
    path = toy_path(simulate, "rho, c", (101, 202))
    assert path.learned.keys() == {"rho", "c"}
    assert path.x.shape == path.average_regret.shape == path.learned["c"].shape == (2,)
    with pytest.raises(UserError, match="unknown run of the published toy 'rho, beta'; did you mean 'rho, beta3'"):
        toy_path(simulate, "rho, beta", (101,))


def test_theorems_say_why_they_do_not_apply() -> None:
    for name in ABLATIONS:
        found = what_theorems_say(name)
        assert found.keys() == {"T6", "T8"}
        assert any("projected" in reason for reason in found["T6"])
        assert any("beta1" in reason for reason in found["T6"])
        assert any("safeguard" in reason for reason in found["T8"])
