"""The resisting oracle reaches what is known, and its function of least D0 is one."""

from fractions import Fraction
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import approx_fprime

from madatheory.errors import UserError
from madatheory.problems.piecewise import Piecewise
from madatheory.theory.catalogue import get_theorem
from madatheory.worst.certificate import certify
from madatheory.worst.instance import with_exact_constants
from madatheory.worst.resisting import ResistingOracle, least_gap, least_interpolant
from madatheory.worst.search import _descents, worst_case
from madatheory.worst.unknowns import unknowns_of

T5 = get_theorem("avgrad-rate")
PROBE = Piecewise((0.0, 1.0, 2.0, 4.0), (0.0, -1.0, -1.0, 1.0), 0.5)


def oracle(name: str, steps: int, noise: str = "none", free: Any = None, most: float = 1.0, **settings: float) -> Any:
    theorem = get_theorem(name)
    hyper = {**theorem.settings, **{k: v for k, v in settings.items() if k not in ("L", "G")}}
    setting = with_exact_constants(theorem, steps, theorem.optimizer().hyper(hyper), PROBE).setting()
    return theorem, ResistingOracle(theorem, steps, unknowns_of(theorem, setting, settings, free), noise, most)


def smooth_functions(rng: np.random.Generator, x: np.ndarray, m: np.ndarray, most: float, tries: int) -> list[Any]:
    """F' on a grid of functions with |F''| <= 1 and |F'| <= most through the points, of the right sign far away."""
    x, m = np.append(x, [x.min() - 3, x.max() + 3]), np.append(m, [-most * rng.random(), most * rng.random()])
    grid = np.unique(np.concatenate([np.linspace(x.min(), x.max(), 2001), x]))
    low = np.maximum(-most, np.max(m[:, None] - np.abs(grid - x[:, None]), axis=0))
    high = np.minimum(most, np.min(m[:, None] + np.abs(grid - x[:, None]), axis=0))
    found = []
    for _ in range(tries):
        # a minimum and maximum of 1-Lipschitz functions is one; so is what they bound
        wave = np.interp(grid, np.linspace(grid[0], grid[-1], 30), np.cumsum(rng.uniform(-0.2, 0.2, 30)))
        found.append((grid, np.clip(wave + rng.uniform(-1, 1), low, high)))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_no_other_function_through_the_points_has_a_smaller_gap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, most = int(rng.integers(1, 7)), float(rng.uniform(0.3, 1))
    x, m = np.zeros(n), np.zeros(n)
    for i in range(n):
        x[i] = rng.uniform(-2, 2)
        low = max([-most, *(m[j] - abs(x[i] - x[j]) for j in range(i))])
        high = min([most, *(m[j] + abs(x[i] - x[j]) for j in range(i))])
        m[i] = rng.uniform(low, high)
    with jax.enable_x64(True):
        least = float(jax.jit(least_gap)(*map(jnp.asarray, (x, m, x[0], most))))
    start, points = least_interpolant(x, m, np.zeros(n), most)
    attained = Piecewise(tuple(p[0] for p in points), tuple(p[1] for p in points), start)
    assert float(attained.bounds.D0) == pytest.approx(least, abs=1e-14)
    assert float(attained.bounds.L) <= 1 + 1e-9
    for grid, slope in smooth_functions(rng, x, m, most, 40):
        F = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(grid))])
        assert F[np.searchsorted(grid, x[0])] - F.min() >= least - 2e-5  # the grid cuts corners


CASES = [
    ("amsgrad-monotone-rate", 4, "state", {}),
    ("adam-published-rate", 4, "additive", {}),
    ("avgrad-rate", 5, "none", {"free": ("alpha", "L", "G=0.5:2")}),
]


@pytest.mark.parametrize(("name", "steps", "noise", "more"), CASES)
def test_a_run_of_it_is_the_run_on_the_function_that_it_gives(
    name: str, steps: int, noise: str, more: dict[str, Any]
) -> None:
    """The ratio that the search computes in floats is that of the certificate, which knows the function alone."""
    theorem, game = oracle(name, steps, noise, **more)
    rng = np.random.default_rng(1)
    compared, checked = 0, False
    for _ in range(60):
        u = game.start(rng)
        loss, slope = game.loss(u)
        if loss > 10:  # steps so long that a run forgets its digits
            continue
        if not checked and np.max(np.abs(slope)) < 100:
            checked = True
            numerical = approx_fprime(u, lambda v: game.loss(v)[0], 1e-7)
            assert slope == pytest.approx(numerical, rel=1e-3, abs=1e-5)
        hyper, shape = game.found(u)
        one = with_exact_constants(theorem, steps, hyper, shape)
        found = certify(one)
        played = game.played(u)
        assert float(played["L"]) * (1 + 1e-6) >= one.L
        assert float(played["G"]) * (1 + 1e-9) >= one.G
        # where |g| stays below its bound the certificate has the smaller right side
        assert found.left == pytest.approx(float(played["left"]), rel=1e-4)
        assert found.lower >= np.exp(-loss) * (1 - 1e-4)
        compared += 1
        if checked and compared >= 3:
            break
    assert checked
    assert compared >= 3


def test_t5_at_four_steps() -> None:
    theorem, game = oracle("avgrad-rate", 4)
    descents = islice(_descents(game, np.inf, np.random.default_rng(0)), 3)
    best = max(descents, key=lambda candidate: candidate[0])
    found = certify(with_exact_constants(theorem, 4, *best[1]()))
    assert 0.4996 <= found.lower <= found.upper < 0.5001
    assert found.lower == pytest.approx(best[0], rel=1e-6)


def test_given_hyper_parameters_stay_as_they_are() -> None:
    given = worst_case("avgrad-rate", steps=2, seconds=0.1, free=(), settings={"eps": 0.5})
    assert given.instance.hyper == {**T5.optimizer().hyper(), **T5.settings, "eps": 0.5}
    assert given.free == {}
    assert 0 < given.ratio < 1
    assert given.ratio == given.certificate.lower == given.as_json()["ratio"][0]


@pytest.mark.slow  # ten seconds of search
def test_t5_at_eight_steps() -> None:
    assert worst_case("avgrad-rate", steps=8, seconds=10).ratio >= 0.4403


def test_noise_can_be_forced() -> None:
    found = worst_case("avgrad-rate", steps=3, noise="state", slope_at_most=0.25, seconds=0.3)
    one = found.instance
    assert one.shape.atoms
    assert one.shape.steepest <= Fraction(one.G) / 4
    assert found.certificate.histories == 8


def test_what_the_search_cannot_know_it_refuses() -> None:
    from dataclasses import replace

    from madatheory.engine.statistic import final_value

    first, *_, last = T5.chain
    valued = replace(first, value=lambda m, q, xp: m["final_value"], statistics=(final_value,))
    with pytest.raises(UserError, match=r"the left side reads `problem.value`"):
        worst_case(replace(T5, chain=(valued, last)), steps=4, seconds=0.1)
