"""Where Adam comes to rest on the mean of data: at the mean if and only if the data are symmetric.

F(x) = E (x - xi)^2/2 with xi from a finite law, a step sees the mean of a batch of b independent xi, so g = x - xi_b.
As alpha -> 0 the iterate stays near a zero of

    Phi(x) = E[m_t/sqrt(v_t)],    v_t = (1-beta2) sum_{k>=0} beta2^k g_{t-k}^2 stationary at x,

where v_t knows the gradients of m_t = (1-beta1) sum_{k>=0} beta1^k g_{t-k}. See "Where Adam comes to rest" in
docs/theory.md. Formulas in float64 NumPy; `simulated_mean` runs the optimizer.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import xarray as xr
from scipy.optimize import brentq

from madatheory.engine.statistic import mean_iterate
from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.coordinatewise import moments, oracle_of, unbounded
from madatheory.problems.noise_laws import NoiseLaw, uniform01
from madatheory.problems.problem import Array, Atoms, Constant, Constants, DType, Problem, Words
from madatheory.studies.theory.drift import FiniteLaw, inverse_root_of

_CHECK = "tests/studies/test_stationary_mean.py::test_the_problem_is_the_data"


def skewed(p: float) -> FiniteLaw:
    """Mean 0 and variance 1: sqrt((1-p)/p) with probability p, else -sqrt(p/(1-p)); symmetric for p = 1/2."""
    if not 0 < p < 1:
        raise UserError(f"p = {p:g} is out of range: give a number in (0, 1)")
    return FiniteLaw(np.array([((1 - p) / p) ** 0.5, -((p / (1 - p)) ** 0.5)]), np.array([p, 1 - p]))


def centred(law: FiniteLaw) -> FiniteLaw:
    """The law minus its mean."""
    return law._replace(values=law.values - law.moment(1))


def batch(law: FiniteLaw, b: int) -> FiniteLaw:
    """The law of the mean of b independent values."""
    found = FiniteLaw(np.zeros(1), np.ones(1))
    for _ in range(b):
        sums = np.add.outer(found.values, law.values / b).ravel()
        values, where = np.unique(np.round(sums, 12), return_inverse=True)
        found = FiniteLaw(values, np.bincount(where, np.outer(found.probabilities, law.probabilities).ravel()))
    return found


def is_symmetric(law: FiniteLaw, tolerance: float = 1e-9) -> bool:
    """Whether the law is symmetric about its mean: then, and only then, Adam rests there for every beta2."""
    about = centred(law)
    order = np.argsort(about.values)
    values, p = about.values[order], about.probabilities[order]
    scale = np.abs(values).max()
    return bool(np.allclose(values, -values[::-1], atol=tolerance * scale) and np.allclose(p, p[::-1], atol=tolerance))


def field(x: float, law: FiniteLaw, beta2: float, beta1: float = 0.0) -> float:
    """Phi(x) for 0 < beta2 < 1, exact up to quadrature."""
    return inverse_root_of(1.0, beta2, law._replace(values=x - law.values), beta1)[0]


def stationary_shift(law: FiniteLaw, beta2: float, beta1: float = 0.0) -> float:
    """A zero of Phi minus the mean: Phi is negative below all data and positive above them."""
    about = centred(law)
    low, high = float(about.values.min()), float(about.values.max())
    return float(np.asarray(brentq(lambda x: field(x, about, beta2, beta1), low, high, xtol=1e-12)))


def predicted_shift(law: FiniteLaw, beta2: float, beta1: float = 0.0) -> float:
    """-(1-beta2) (1-beta1)/(1-beta1 beta2) m3/(2 sigma^2), m3 the third central moment: exact up to o(1-beta2)."""
    about = centred(law)
    return -(1 - beta2) * (1 - beta1) / (1 - beta1 * beta2) * about.moment(3) / (2 * about.moment(2))


def data_problem(law: FiniteLaw, copies: int) -> Problem:
    """F(x) = sum_i E (x_i - xi)^2/2 up to a constant, `copies` independent coordinates, from the mean of the law."""
    about = centred(law)
    edges = np.cumsum(about.probabilities)[:-1]

    def sample(words: Words, dtype: DType) -> Array:
        u = uniform01(words.first, dtype)
        return sum((jnp.where(u >= e, dtype(step), dtype(0)) for e, step in steps), dtype(-about.values[0]) + 0 * u)

    steps = list(zip(edges, -np.diff(about.values), strict=True))
    values, p = -about.values, about.probabilities
    noise = NoiseLaw(
        "data", sample, float(np.abs(values).max()), about.moment(2), Atoms(values, p), fourth=about.moment(4)
    )
    reason = "the gradient of a quadratic is unbounded, so no G bounds it"
    return Problem(
        "data-mean",
        "sum_i E (x_i - xi)^2/2, xi from a finite law",
        copies,
        np.zeros(copies),
        lambda x: jnp.sum(x * x, axis=0) / 2,
        oracle_of(noise, copies),
        Constants(
            Constant(1.0, "exact", "F'' = 1", _CHECK),
            unbounded(reason),
            Constant(0.0, "exact", "F >= 0 = F(0)", _CHECK),
            None,
            unbounded(reason),
            *moments(noise, copies),
        ),
        lambda x: x,
        {"A2": reason},
    )


def simulated_mean(
    run: Callable[..., xr.Dataset],
    optimizer: Optimizer,
    law: FiniteLaw,
    *,
    steps: int,
    num_trajectories: int,
    seed: int,
    settings: dict[str, Any],
    copies: int = 8,
) -> tuple[xr.DataArray, xr.DataArray]:
    """Mean of x_t minus that of the data over the last nine tenths of the steps, and its standard error over paths.

    Dimensions: those hyper-parameters of `settings` that are grids.
    """
    first = steps // 10
    data = run(
        data_problem(law, copies),
        optimizer,
        steps,
        num_trajectories=num_trajectories,
        seed=seed,
        settings=settings,
        statistics=(mean_iterate,),
        save_at=[first, steps],
    )["mean_iterate"]
    late = (steps * data.isel(t=1, drop=True) - first * data.isel(t=0, drop=True)) / (steps - first)
    paths = ("seed", "coordinate")
    error = late.std(paths, ddof=1) / (late.sizes["seed"] * late.sizes["coordinate"]) ** 0.5
    return late.mean(paths), error
