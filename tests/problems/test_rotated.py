"""The turned function: one spectrum at all angles, and its (1,1)-norm."""

import jax
import numpy as np
import pytest
import xarray as xr
from optimizer_cases import in_numpy

from madatheory.errors import UserError
from madatheory.problems.catalogue import get_problem
from madatheory.problems.norms import entry_sum
from madatheory.problems.problem import Problem
from madatheory.studies.theory.rotation import tuned_loss


def certified_norm(problem: Problem) -> float:
    assert problem.constants is not None
    assert problem.constants.N is not None
    return problem.constants.N.value


def hessian(problem: Problem, x: np.ndarray) -> np.ndarray:
    return in_numpy(jax.hessian(problem.value))(x)


@pytest.mark.parametrize("angle", [0.0, 0.2, 1.0])
def test_the_spectrum_stays_and_the_norm_grows(angle: float, float64) -> None:
    problem = get_problem(f"rotated:d=6,angle={angle}")
    assert problem.constants is not None
    H = hessian(problem, np.zeros(6))
    np.testing.assert_allclose(np.linalg.eigvalsh(H)[::-1], np.arange(1, 7) ** -1.5, rtol=1e-9)
    assert problem.constants.L.value == pytest.approx(1, rel=1e-9)
    norm = certified_norm(problem)
    assert np.abs(H).sum() <= norm * (1 + 1e-12)
    assert norm <= np.abs(H).sum() * (1 + 1e-9)
    trace = float(np.sum(np.arange(1.0, 7) ** -1.5))
    assert (norm > 1.2 * trace) == (angle > 0)
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
            assert most <= certified_norm(problem) * (1 + 1e-12)
            if angle == 0 and scale == 0:
                assert most == pytest.approx(certified_norm(problem))


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
