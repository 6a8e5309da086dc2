"""Tasks beyond deep learning: gradients, held-out parts and known optima."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tolerances import SINGLE, STANDARD_ERRORS, STANDARD_ERRORS_OF_MANY

from madatheory.errors import UserError
from madatheory.problems.catalogue import list_problems
from madatheory.problems.data import table
from madatheory.studies.tasks.problems import draw, logistic_regression, matrix_factorization, problem_task
from madatheory.studies.tasks.task import Task


def keys(count: int, seed: int = 0) -> Any:
    return jax.random.split(jax.random.key(seed), count)


@pytest.mark.parametrize("name", ["sigmoid-loss", "geman-mcclure"])
def test_the_gradient_of_a_problem_is_its_oracles(name: str) -> None:
    """Every drawn gradient is that of one mini-batch, all of them occur, equally often, and the loss is F."""
    problem = list_problems()[name].make({"n": 48, "batches": 4})
    task = problem_task(problem)
    x = jnp.linspace(-0.4, 0.5, problem.dimension)

    @jax.jit
    def computed(x: Any) -> Any:
        full, one, block = problem.full_gradient(x), jnp.ones([]), jnp.arange(4.0)[:, None]
        blocks = jax.vmap(lambda b: problem.oracle.gradient(x, full, b, one))(block)
        return problem.value(x), blocks, jax.vmap(jax.value_and_grad(task.loss), (None, 0))(x, keys(400))

    value, blocks, (values, drawn) = jax.tree.map(np.asarray, computed(x))
    np.testing.assert_allclose(values, value, rtol=SINGLE.tens)
    far = np.abs(drawn[:, None] - blocks).max(axis=2)
    assert far.min(axis=1).max() < 1e-6
    counts = np.bincount(far.argmin(axis=1), minlength=4)
    assert np.all(np.abs(counts - 100) < STANDARD_ERRORS * np.sqrt(400 * 0.25 * 0.75))


def test_measures_of_a_problem_are_its_own() -> None:
    problem = list_problems()["log"].make({"d": 3})
    task = problem_task(problem)
    x = jnp.array([0.5, -1.0, 2.0])
    found, value, gradient = jax.jit(lambda x: (task.measures(x), problem.value(x), problem.full_gradient(x)))(x)
    assert problem.constants is not None
    assert float(found["objective"]) == pytest.approx(float(value))
    assert float(found["excess"]) == pytest.approx(float(value) - problem.constants.F_star.value)
    assert float(found["squared_gradient"]) == pytest.approx(float(np.sum(np.asarray(gradient) ** 2)))
    np.testing.assert_allclose(task.init(jax.random.key(9)), problem.start, rtol=SINGLE.few)
    uncertified = problem_task(list_problems()["rastrigin"].make())
    assert "excess" not in jax.eval_shape(uncertified.measures, uncertified.init(jax.random.key(0)))


def test_problems_that_cannot_be_trained_are_refused() -> None:
    with pytest.raises(UserError, match="box"):
        problem_task(list_problems()["reddi-stochastic"].make())
    with pytest.raises(UserError, match="time"):
        problem_task(replace(list_problems()["reddi-period"].make(), box=None))


@pytest.mark.parametrize("count", [1, 3, 1000])
def test_draws_are_equally_likely(count: int) -> None:
    found = np.asarray(jax.jit(jax.vmap(lambda key: draw(key, 100, count)))(keys(600)))
    assert found.min() == 0
    assert found.max() == count - 1
    each = np.bincount(found.ravel(), minlength=count)
    p = 1 / count
    assert np.all(np.abs(each - 60_000 * p) <= STANDARD_ERRORS_OF_MANY * np.sqrt(60_000 * p * (1 - p)))


def test_logistic_regression_is_least_where_scikit_learn_says() -> None:
    """The full gradient vanishes at its solution (C = 1/(ridge n), bias free); mini-batches have it as their mean."""
    from sklearn.linear_model import LogisticRegression

    ridge, kept = 0.05, round(0.25 * 178)
    task = logistic_regression("wine", batch=16, ridge=ridge)
    everything, order = table("wine"), np.random.default_rng(0).permutation(178)
    rows, signs = everything.rows[order, :-1], everything.target[order]
    solved = LogisticRegression(C=1 / (ridge * (178 - kept)), tol=1e-8, max_iter=1000).fit(rows[kept:], signs[kept:])
    x = {"bias": np.float32(solved.intercept_[0]), "weights": np.float32(solved.coef_[0])}
    full = jax.jit(jax.grad(lambda x: task.measures(x)["train_loss"]))
    beside = jax.tree.map(lambda leaf: leaf + np.float32(0.3), x)
    at, away = full(x), full(beside)
    assert all(np.max(np.abs(leaf)) < 1e-4 for leaf in jax.tree.leaves(at))
    drawn = jax.jit(jax.vmap(jax.grad(task.loss), (None, 0)))(beside, keys(2000))
    for name in ("bias", "weights"):
        error = np.std(drawn[name], axis=0) / np.sqrt(2000)
        assert np.all(np.abs(np.mean(drawn[name], axis=0) - away[name]) < STANDARD_ERRORS_OF_MANY * error)
    found = {name: float(value) for name, value in jax.jit(task.measures)(x).items()}
    margins = signs * (rows @ solved.coef_[0] + solved.intercept_[0])
    losses = np.log1p(np.exp(-margins))
    assert found["valid_loss"] == pytest.approx(losses[:kept].mean(), rel=1e-4)
    assert found["train_loss"] == pytest.approx(losses[kept:].mean() + ridge / 2 * np.sum(solved.coef_**2), rel=1e-4)
    assert found["valid_error"] == pytest.approx(np.mean(margins[:kept] <= 0))


def test_training_draws_no_held_out_row_or_entry() -> None:
    """A batch as large as the training part, many times: only losses of training rows and entries occur."""
    task = matrix_factorization(6, 5, 1, observed=1.0, noise=1.0, batch=1)
    x = task.init(jax.random.key(0))
    seen = {round(v, 5) for v in np.asarray(jax.jit(jax.vmap(task.loss, (None, 0)))(x, keys(2000))).tolist()}
    assert len(seen) == 24  # of 30 entries, 6 are held out
    # and of these 24 the training loss is the mean
    assert float(jax.jit(task.measures)(x)["train_loss"]) == pytest.approx(np.mean(list(seen)), abs=1e-4)


def truth(rows: int, columns: int, rank: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    left, right = rng.standard_normal((rows, rank)), rng.standard_normal((columns, rank)) / np.sqrt(rank)
    return {"U": np.float32(left), "V": np.float32(right)}


def test_the_factors_that_made_the_matrix_leave_the_noise() -> None:
    x = truth(80, 70, 3, 4)
    made = ({"noise": 0.0, "seed": 4}, {"noise": 0.3, "seed": 4}, {"seed": 5})
    tasks = [matrix_factorization(80, 70, 3, **arguments) for arguments in made]
    clean, noisy, other = jax.jit(lambda x: [task.measures(x) for task in tasks])(x)
    for part in ("train_loss", "valid_loss"):
        assert float(clean[part]) < 1e-10
        assert float(noisy[part]) == pytest.approx(0.09, rel=0.2)
    assert float(other["valid_loss"]) > 1


def test_both_parts_together_are_all_entries() -> None:
    x = {"U": np.zeros((9, 2), np.float32), "V": np.zeros((7, 2), np.float32)}
    task = matrix_factorization(9, 7, 2, observed=1.0, noise=0.0, seed=1, batch=8)
    made = truth(9, 7, 2, 1)
    total = float(np.sum(np.asarray(made["U"] @ made["V"].T) ** 2))
    found, kept = jax.jit(task.measures)(x), round(0.2 * 63)
    assert (63 - kept) * float(found["train_loss"]) + kept * float(found["valid_loss"]) == pytest.approx(
        total, rel=SINGLE.tens
    )


@pytest.mark.parametrize(
    "make", [lambda: problem_task(list_problems()["sigmoid-loss"].make()), logistic_regression, matrix_factorization]
)
def test_tasks_are_functions_of_the_key_and_can_be_vectorized(make: Callable[[], Task]) -> None:
    task, drawn = make(), keys(3, 1)
    x = jax.jit(jax.vmap(task.init))(keys(3))
    together, again = (jax.jit(jax.vmap(jax.grad(each.loss)))(x, drawn) for each in (task, make()))
    first, second = (jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], x) for i in range(2))
    alone = jax.jit(jax.grad(task.loss))(second, drawn[1])
    jax.tree.map(np.testing.assert_array_equal, together, again)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a[1], b, rtol=SINGLE.tens, atol=1e-6), together, alone)
    assert all(np.any(np.asarray(leaf)[0] != np.asarray(leaf)[1]) for leaf in jax.tree.leaves(together))
    found = jax.eval_shape(task.measures, first)
    assert task.judged in found
    assert all(value.shape == () for value in found.values())


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (logistic_regression, {"data": "diabetes"}),
        (logistic_regression, {"batch": 0}),
        (logistic_regression, {"batch": 5000}),
        (logistic_regression, {"ridge": -1.0}),
        (logistic_regression, {"held_out": 1.0}),
        (matrix_factorization, {"rank": 41}),
        (matrix_factorization, {"noise": -0.1}),
        (matrix_factorization, {"observed": 0.0}),
        (matrix_factorization, {"held_out": 0.0}),
        (matrix_factorization, {"batch": 961}),
    ],
)
def test_values_out_of_range_are_refused(make: Callable[..., Task], arguments: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(arguments))):
        make(**arguments)
