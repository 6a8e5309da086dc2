"""Tasks beyond deep learning: the package's own problems, logistic regression, and matrix factorization."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from madatheory.errors import UserError
from madatheory.hparams import Parameter, whole
from madatheory.problems.data import CLASSIFICATION, table
from madatheory.problems.noise_laws import index
from madatheory.problems.problem import Problem, Words
from madatheory.studies.tasks.task import Array, Key, Parameters, Task

CPU_BATCH = 16
"""Runs that share a vectorized step: a step on so few numbers costs about as much for many runs as for one."""


def draw(key: Key, batch: int, count: int) -> Array:
    """`batch` of the numbers 0 .. count-1 with replacement; one call of the generator, which `randint` makes thrice."""
    bits = jax.random.bits(key, (batch,), jnp.uint32)
    return index(Words(bits, bits), count).astype(jnp.int32)


def stochastic_gradient(problem: Problem, x: Array, key: Key, t: float = 1.0) -> Array:
    """The oracle's answer at `x` (d,) and time `t` to the noise that `key` draws."""
    bits = jax.random.bits(key, (2, problem.oracle.entries), jnp.uint32)
    xi = problem.oracle.sample(Words(bits[0], bits[1]), x.dtype.type)
    return problem.oracle.gradient(x, problem.full_gradient(x), xi, jnp.asarray(t, x.dtype))


def _refuse(problem: Problem) -> None:
    if problem.box is not None:
        raise UserError(f"{problem.name} lives in the box {problem.box}, and methods of training do not project")
    x, key = jnp.asarray(problem.start, jnp.float32), jax.random.key(0)
    first, *others = (np.asarray(stochastic_gradient(problem, x, key, t)) for t in range(1, 9))
    if not all(np.array_equal(first, other, equal_nan=True) for other in others):
        raise UserError(f"{problem.name}: its gradients depend on the time, and a training task has none")


def problem_task(problem: Problem) -> Task:
    """min F with the problem's own oracle, from its own start: runs differ in the noise only.

    The loss is F(x), and its gradient is not grad F but the stochastic gradient. Measures: `objective`, F(x);
    `squared_gradient`, |grad F(x)|^2; and, where the problem certifies F_star (the infimum or a lower bound of it),
    `excess`, F(x) - F_star. The parameters are one array, so BAdam has one block here. Raises `UserError` for problems
    on a box or with oracles that depend on the time.
    """
    _refuse(problem)

    def init(key: Key) -> Parameters:
        del key
        return jnp.asarray(problem.start, jnp.float32)

    def loss(x: Parameters, key: Key) -> Array:
        g = lax.stop_gradient(stochastic_gradient(problem, x, key))
        linear = jnp.sum(g * x)
        return linear + lax.stop_gradient(problem.value(x) - linear)

    def measures(x: Parameters) -> Mapping[str, Array]:
        value = problem.value(x)
        found = {"objective": value, "squared_gradient": jnp.sum(problem.full_gradient(x) ** 2)}
        return found if problem.constants is None else found | {"excess": value - problem.constants.F_star.value}

    return Task(problem.name, problem.summary, init, loss, measures, "objective", "F(x)", cpu_batch=CPU_BATCH)


def logistic_regression(
    data: str = "digits", batch: int = 32, ridge: float = 1e-3, held_out: float = 0.25, seed: int = 0
) -> Task:
    """(1/n) sum_j log(1 + exp(-y_j (a_j.w + b))) + (ridge/2) |w|^2 on a data set bundled with scikit-learn.

    Columns are standardized over all rows; a share `held_out` of the rows, drawn by `seed`, is kept to judge by.
    Mini-batches are drawn with replacement, every run starts at w = 0, b = 0. Measures: `train_loss` with the ridge
    term, the convex function that is minimised, and `valid_loss` without it (nats), and both error rates.
    """
    if data not in CLASSIFICATION:
        raise UserError(f"data = {data!r} has no two classes here; give one of {', '.join(CLASSIFICATION)}")
    Parameter(0.0, 0).refuse("ridge", ridge)
    everything = table(data)
    count = len(everything.target)
    kept = _kept(count, held_out, "held_out")
    batch = whole("batch", batch, 1, count - kept)
    order = np.random.default_rng(seed).permutation(count)
    rows, signs = everything.rows[order, :-1].astype(np.float32), everything.target[order].astype(np.float32)
    train, valid = slice(kept, None), slice(0, kept)

    def init(key: Key) -> Parameters:
        del key
        return {"bias": jnp.zeros([], jnp.float32), "weights": jnp.zeros(rows.shape[1], jnp.float32)}

    def margins(x: Parameters, a: Array, y: Array) -> Array:
        return y * (a @ x["weights"] + x["bias"])

    def penalised(x: Parameters, a: Array, y: Array) -> Array:
        return jnp.mean(jax.nn.softplus(-margins(x, a, y))) + ridge / 2 * jnp.sum(x["weights"] ** 2)

    def loss(x: Parameters, key: Key) -> Array:
        chosen = draw(key, batch, count - kept)
        return penalised(x, jnp.asarray(rows[train])[chosen], jnp.asarray(signs[train])[chosen])

    def measures(x: Parameters) -> Mapping[str, Array]:
        judged = margins(x, jnp.asarray(rows[valid]), jnp.asarray(signs[valid]))
        return {
            "train_loss": penalised(x, jnp.asarray(rows[train]), jnp.asarray(signs[train])),
            "train_error": jnp.mean(margins(x, jnp.asarray(rows[train]), jnp.asarray(signs[train])) <= 0),
            "valid_loss": jnp.mean(jax.nn.softplus(-judged)),
            "valid_error": jnp.mean(judged <= 0),
        }

    summary = f"logistic regression on {data} ({CLASSIFICATION[data][1]})"
    return Task("logistic", summary, init, loss, measures, "valid_loss", "nats", cpu_batch=CPU_BATCH)


def matrix_factorization(
    rows: int = 60,
    columns: int = 40,
    rank: int = 4,
    observed: float = 0.5,
    noise: float = 0.1,
    held_out: float = 0.2,
    batch: int = 64,
    seed: int = 0,
) -> Task:
    """min over U (rows, rank), V (columns, rank) of the mean over observed (i, j) of (M_ij - U_i.V_j)^2.

    M = A B^T + `noise` Z with standard normal Z, A and B normal such that entries of A B^T have variance 1. A share
    `observed` of the entries is known, and of those `held_out` is kept to judge by; all of it is drawn by `seed`.
    Mini-batches of entries are drawn with replacement. U and V start normal with standard deviation 0.1. Measures: mean
    squared error on both parts; the noise alone has noise^2.
    """
    rows, columns = whole("rows", rows, 1), whole("columns", columns, 1)
    rank = whole("rank", rank, 1, min(rows, columns))
    Parameter(0.0, 0).refuse("noise", noise)
    rng = np.random.default_rng(seed)
    left, right = rng.standard_normal((rows, rank)), rng.standard_normal((columns, rank)) / np.sqrt(rank)
    matrix = (left @ right.T + noise * rng.standard_normal((rows, columns))).astype(np.float32)
    known = rng.permutation(rows * columns)[: _kept(rows * columns, observed, "observed", whole=True)]
    kept = _kept(len(known), held_out, "held_out")
    places = np.stack(np.unravel_index(known, matrix.shape)).astype(np.int32)
    train, valid = places[:, kept:], places[:, :kept]
    batch = whole("batch", batch, 1, train.shape[1])

    def init(key: Key) -> Parameters:
        first, second = jax.random.split(key)
        return {
            "U": 0.1 * jax.random.normal(first, (rows, rank), jnp.float32),
            "V": 0.1 * jax.random.normal(second, (columns, rank), jnp.float32),
        }

    def error(x: Parameters, at: Array) -> Array:
        found = jnp.sum(x["U"][at[0]] * x["V"][at[1]], axis=-1)
        return jnp.mean((jnp.asarray(matrix)[at[0], at[1]] - found) ** 2)

    def loss(x: Parameters, key: Key) -> Array:
        return error(x, jnp.asarray(train)[:, draw(key, batch, train.shape[1])])

    def measures(x: Parameters) -> Mapping[str, Array]:
        return {"train_loss": error(x, jnp.asarray(train)), "valid_loss": error(x, jnp.asarray(valid))}

    summary = f"factorization of a {rows} x {columns} matrix of rank {rank} plus noise"
    return Task("factorization", summary, init, loss, measures, "valid_loss", "squared error", cpu_batch=CPU_BATCH)


def _kept(count: int, share: float, name: str, *, whole: bool = False) -> int:
    """round(share count), at least one and, unless the whole may be taken, not all."""
    found = round(share * count)
    if not 1 <= found <= count - (not whole):
        raise UserError(f"{name} = {share} of {count}: give a share of at least one{'' if whole else ', and not all'}")
    return found
