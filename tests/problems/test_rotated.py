"""The turned function: one spectrum at all angles, its (1,1)-norm, and what sign descent makes of it."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from madatheory.errors import UserError
from madatheory.problems.catalogue import get_problem
from madatheory.problems.norms import entry_sum
from madatheory.problems.problem import Problem
from madatheory.studies.theory.rotation import tuned_loss


def hessian(problem: Problem, x: np.ndarray) -> np.ndarray:
    return np.asarray(jax.hessian(lambda y: problem.value(y))(jnp.asarray(x)))


@pytest.mark.parametrize("angle", [0.0, 0.2, 1.0])
def test_the_spectrum_stays_and_the_norm_grows(angle: float, float64) -> None:
    problem = get_problem(f"rotated:d=6,angle={angle}")
    assert problem.constants is not None
    H = hessian(problem, np.zeros(6))
    np.testing.assert_allclose(np.linalg.eigvalsh(H)[::-1], np.arange(1, 7) ** -1.5, rtol=1e-9)
    assert problem.constants.L.value == pytest.approx(1, rel=1e-9)
    assert np.abs(H).sum() <= problem.facts["norm_1_1"] * (1 + 1e-12)
    assert problem.facts["norm_1_1"] <= np.abs(H).sum() * (1 + 1e-9)
    trace = float(np.sum(np.arange(1.0, 7) ** -1.5))
    assert (problem.facts["norm_1_1"] > 1.2 * trace) == (angle > 0)
    assert problem.gap == pytest.approx(get_problem("rotated:d=6,angle=0").gap, rel=1e-12)


def test_the_norm_bounds_every_move_by_signs(float64) -> None:
    """s.H(x)s <= norm for |s_i| <= 1 at any x; at an angle of 0 and x = 0 it is attained."""
    rng = np.random.default_rng(0)
    for angle in (0.0, 0.5):
        problem = get_problem(f"rotated:d=5,angle={angle}")
        for scale in (0.0, 1.0, 10.0):
            H = hessian(problem, scale * rng.standard_normal(5))
            signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 5)).reshape(5, -1)
            most = float(np.max(np.einsum("ik,ij,jk->k", signs, H, signs)))
            assert most <= problem.facts["norm_1_1"] * (1 + 1e-12)
            if angle == 0 and scale == 0:
                assert most == pytest.approx(problem.facts["norm_1_1"])


def sign_descent(problem: Problem, alpha: float, steps: int) -> float:
    """(1/T) sum |grad F|_1 along x - alpha sign(grad F)."""
    x, total, gradient = np.asarray(problem.start, float), 0.0, jax.jit(problem.full_gradient)
    for _ in range(steps):
        g = np.asarray(gradient(x))
        total, x = total + float(np.abs(g).sum()), x - alpha * np.sign(g)
    return total / steps


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.0])
def test_sign_descent_is_below_its_bound(angle: float, float64) -> None:
    """And not below the same with L in the place of the norm, once steps are long."""
    problem = get_problem(f"rotated:d=8,angle={angle},noise=none")
    norm, steps, long = problem.facts["norm_1_1"], 200, 0.3
    for alpha in (0.003, long, math.sqrt(2 * problem.gap / (norm * steps))):
        assert sign_descent(problem, alpha, steps) <= problem.gap / (alpha * steps) + alpha * norm / 2
    assert sign_descent(problem, long, steps) > problem.gap / (long * steps) + long / 2


def test_entry_sum_and_options() -> None:
    rows = np.random.default_rng(1).standard_normal((7, 4))
    assert entry_sum(rows) == pytest.approx(np.abs(rows.T @ rows).sum(), rel=1e-12)
    assert entry_sum(rows) >= np.abs(rows.T @ rows).sum()
    with pytest.raises(UserError, match="give numbers >= 0"):
        get_problem("rotated:angle=-1")


def test_the_step_size_is_chosen_on_seeds_that_the_loss_does_not_know() -> None:
    """On the first half 0.1 is the best, on the whole 0.2: chosen is 0.1, and said is what its second half gives."""
    values = np.array([[1.0, 1.0, 9.0, 11.0], [2.0, 2.0, 0.0, 0.0], [np.nan] * 4])
    alphas = (0.1, 0.2, 0.3)

    def run(*_: object, **__: object) -> xr.Dataset:
        return xr.Dataset({"final_value": (("alpha", "t", "seed"), values[:, None])}, {"alpha": list(alphas)})

    found = tuned_loss(
        run, "sgd", get_problem("bowl"), alphas=alphas, steps=1, num_trajectories=4, seed=0, confidence=0.5
    )
    assert (found.alpha, found.mean, found.edge) == (0.1, 10.0, True)
    assert found.low + found.high == pytest.approx(20.0)
    assert found.high - found.low == pytest.approx(2.0)  # sd/sqrt(2) = 1, as is the quartile of t_1
