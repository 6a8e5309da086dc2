"""Functions whose derivative is piecewise linear: exact constants, against other ways of computing them."""

from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.problems.audit.declared import check_declared
from madatheory.problems.audit.promises import broken_at_samples
from madatheory.problems.piecewise import Piecewise, float_above, piecewise

HILL = Piecewise((0.0, 1.0, 3.0, 5.0), (0.0, -1.0, -1.0, 1.0), 0.5)
NOISY = Piecewise(
    (-1.0, 0.25, 1.0, 2.5), (-0.5, 0.25, -0.75, 0.5), 0.5, (0.25, 0.5, 0.0, 0.25), ((0.75, 0.25), (-0.25, 0.75))
)


def shape(**changed: Any) -> Piecewise:
    given = {"knots": (0.0, 1.0, 3.0), "slopes": (-1.0, 0.5, 1.0), "start": 0.25, **changed}
    return Piecewise(**given)


def random_shape(rng: np.random.Generator) -> Piecewise:
    n = int(rng.integers(2, 9))
    knots = np.cumsum(np.round(rng.uniform(0.1, 2, n), 3))
    slopes = np.round(rng.uniform(-1, 1, n), 3)
    slopes[0], slopes[-1] = -abs(slopes[0]), abs(slopes[-1])
    start = float(rng.uniform(knots[0] - 2, knots[-1] + 2))
    return Piecewise(tuple(map(float, knots)), tuple(map(float, slopes)), start)


def test_constants_by_hand() -> None:
    # from 1/2: 3/8 of the top, 2 of the slope, 1/2 until the zero at 4
    assert HILL.bounds == (Fraction(1), Fraction(1), Fraction(3, 8) + 2 + Fraction(1, 2))
    assert Fraction(4, 3) == NOISY.bounds.L
    assert Fraction(3, 4) == NOISY.bounds.G  # |-.75| at 1; |.25 + .75 .5| = .625 and |.5 + .75 .25| = .6875 are less
    assert NOISY.steepest == Fraction(3, 4)


@pytest.mark.parametrize("seed", range(8))
def test_the_gap_is_that_of_a_fine_sum(seed: int) -> None:
    """The trapezoidal rule is exact for a piecewise linear F' on a grid that holds its knots."""
    one = random_shape(np.random.default_rng(seed))
    x = np.union1d(np.linspace(min(one.start, one.knots[0]) - 1, max(one.start, one.knots[-1]) + 1, 40_001), one.knots)
    x = np.union1d(x, [one.start])
    slope = np.interp(x, one.knots, one.slopes)
    F = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(x))])
    gap = F[np.searchsorted(x, one.start)] - F.min()
    assert float(one.bounds.D0) == pytest.approx(gap, abs=1e-7)
    steepest = np.max(np.abs(np.diff(one.slopes) / np.diff(one.knots)))
    assert float(one.bounds.L) == pytest.approx(steepest)


@pytest.mark.parametrize("one", [HILL, NOISY, *(random_shape(np.random.default_rng(seed)) for seed in range(4))])
def test_the_functions_of_the_problem_are_those_of_the_shape(one: Piecewise) -> None:
    problem = piecewise("mine", "a test", one)
    x = np.linspace(one.knots[0] - 3, one.knots[-1] + 3, 301)[None]
    with jax.enable_x64(True):
        slope = np.asarray(problem.full_gradient(jnp.asarray(x)))[0]
        automatic = np.asarray(jax.vmap(jax.grad(lambda y: problem.value(y[None])))(jnp.asarray(x[0] + 1e-7)))
        at_start = float(problem.value(jnp.asarray([one.start])))
    assert slope == pytest.approx(np.interp(x[0], one.knots, one.slopes), abs=1e-12)
    assert automatic == pytest.approx(np.interp(x[0] + 1e-7, one.knots, one.slopes), abs=1e-12)
    assert at_start == 0.0
    assert problem.gap == float_above(one.bounds.D0)


def test_its_promises_hold_where_they_are_audited() -> None:
    problem = piecewise("mine", "a test", NOISY)
    check_declared(problem)
    assert broken_at_samples(problem, 1e-4, 0) == []
    data = simulate(problem, "avgrad", 50, num_trajectories=8, settings={"alpha": 0.5, "eps": 0.1})
    assert np.all(np.isfinite(data["mean_squared_gradient"].values))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"knots": (0.0, 1.0, 1.0)}, "do not increase"),
        ({"knots": (0.0,), "slopes": (1.0,)}, "at least two"),
        ({"slopes": (1.0, 2.0)}, "3 knots and 2 slopes"),
        ({"knots": (0.0, float("nan"), 3.0)}, "finite"),
        ({"start": float("inf")}, "start = inf"),
        ({"scales": (0.1, 0.1, 0.1)}, "without atoms"),
        ({"scales": (0.1, -0.1, 0.1), "atoms": ((0.5, 0.5), (-0.5, 0.5))}, "none negative"),
        ({"scales": (0.1,), "atoms": ((0.5, 0.5), (-0.5, 0.5))}, "one for each of 3 knots"),
        ({"scales": (0.1,) * 3, "atoms": ((0.5, 0.5), (-0.5, 0.25))}, "add up to exactly 1"),
        ({"scales": (0.1,) * 3, "atoms": ((0.7, 0.3), (-0.3, 0.7))}, "exactly 1"),  # floats next to .7 and .3
        ({"scales": (0.1,) * 3, "atoms": ((0.5, 0.25), (-0.25, 0.75))}, "not centred, its noise has mean -0.0625"),
    ],
)
def test_what_is_no_function_or_no_oracle_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        shape(**changed)


@pytest.mark.parametrize("slopes", [(0.5, -0.5, 1.0), (-1.0, 0.5, -0.25)])
def test_a_function_that_is_unbounded_below_has_no_constants(slopes: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match="unbounded below"):
        _ = shape(slopes=slopes).bounds


@pytest.mark.parametrize("symbol", ["L", "G", "D0"])
def test_a_declared_constant_may_be_larger_but_not_smaller(symbol: str) -> None:
    least = float(getattr(HILL.bounds, symbol))
    assert getattr(
        piecewise("mine", "a test", HILL, **{symbol: 2 * least}).constants, {"D0": "F_star"}.get(symbol, symbol)
    )
    with pytest.raises(UserError, match=f"{symbol} = .* is declared, but it is {least!r} or more"):
        piecewise("mine", "a test", HILL, **{symbol: np.nextafter(least, 0)})
