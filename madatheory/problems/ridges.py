"""Sums of ridge functions F(x) = c sum_j phi(a_j.x - b_j), the non-separable problems, whole or as minibatches."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from madatheory.errors import UserError, unknown
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import CHECK, certify, constant_start, coordinatewise, distance_from
from madatheory.problems.data import Table, sample
from madatheory.problems.noise_laws import NOISES, index, law
from madatheory.problems.norms import entry_sum, inflated, largest_column_sum, largest_eigenvalue
from madatheory.problems.problem import Array, Atoms, Constant, Constants, Oracle, Problem
from madatheory.problems.scalar import JAX, Scalar

INFIMUM = f"{CHECK}::test_infimum"


class Ridges(NamedTuple):
    """F(x) = weight sum_j phi(a_j.x - b_j): `rows` a_j of shape (n, d), `offsets` b_j of shape (n,)."""

    phi: Scalar
    rows: np.ndarray
    offsets: np.ndarray
    weight: float

    def arguments(self, x: Array) -> Array:
        """a_j.x - b_j for every row, shape (n, *trajectories)."""
        rows = jnp.asarray(self.rows, x.dtype)
        z = jnp.tensordot(rows, x, axes=1, precision=lax.Precision.HIGHEST)
        return (
            z - jnp.asarray(self.offsets, x.dtype).reshape((-1,) + (1,) * (x.ndim - 1)) if np.any(self.offsets) else z
        )

    def value(self, x: Array) -> Array:
        """F(x), shape of x without axis 0."""
        return self.weight * jnp.sum(self.phi.phi(self.arguments(x), JAX), axis=0)

    def gradient(self, x: Array) -> Array:
        """grad F(x) = weight A^T phi'(A x - b)."""
        slopes = self.phi.derivative(self.arguments(x), JAX)
        transposed = jnp.asarray(self.rows.T, x.dtype)
        return self.weight * jnp.tensordot(transposed, slopes, axes=1, precision=lax.Precision.HIGHEST)

    @property
    def smoothness(self) -> Constant:
        """L <= weight sup|phi''| lambda_max(A^T A)."""
        value = inflated(self.weight * self.phi.curvature.value * largest_eigenvalue(self.rows), 4)
        return Constant(
            value,
            "upper",
            f"{self.weight:.6g} sup|phi''| lambda_max(A^T A), the norm enclosed; {self.phi.curvature.derivation}",
            f"{CHECK}::test_ridge_norms",
        )

    @property
    def curvature_sum(self) -> Constant:
        """N <= weight sup|phi''| sum_ij |(A^T A)_ij|, or d L: |s_i s_j| <= (s_i^2 + s_j^2)/2, so N_i are row sums."""
        value = inflated(self.weight * self.phi.curvature.value * entry_sum(self.rows), 4)
        return Constant(
            min(value, inflated(self.rows.shape[1] * self.smoothness.value, 1)),
            "upper",
            f"{self.weight:.6g} sup|phi''| sum_ij |(A^T A)_ij|, or d L; {self.phi.curvature.derivation}",
            f"{CHECK}::test_ridge_norms",
        )

    def slope_bound(self, rows: np.ndarray, weight: float) -> float:
        """weight sup|phi'| max_i sum_j |A_ji|."""
        return inflated(weight * self.phi.slope.value * largest_column_sum(rows), 4)

    @property
    def slope(self) -> Constant:
        """sup |d_i F| <= weight sup|phi'| max_i sum_j |a_ji|, attained when the rows are linearly independent."""
        return Constant(
            self.slope_bound(self.rows, self.weight),
            "upper",
            f"{self.weight:.6g} sup|phi'| max_i sum_j |a_ji|; {self.phi.slope.derivation}",
            f"{CHECK}::test_gradient_bound",
        )

    @property
    def infimum(self) -> Constant:
        """weight n inf phi: exact when every term attains it at x = 0, else a lower bound."""
        value = self.weight * len(self.rows) * self.phi.infimum.value
        if self.phi.minimizer == 0 and not np.any(self.offsets):
            return Constant(value, "exact", f"every term is least at x = 0; {self.phi.infimum.derivation}", INFIMUM)
        return Constant(value, "lower", f"no term is below its infimum; {self.phi.infimum.derivation}", INFIMUM)

    def distance(self, start: np.ndarray) -> Constant | None:
        """|x_0|, where phi is convex and every term is least at x = 0."""
        if self.phi.convex and self.phi.minimizer == 0 and not np.any(self.offsets):
            return distance_from(0.0, start, f"every term is convex and least there; {self.phi.convex}")
        return None


def ridge_problem(
    name: str,
    summary: str,
    ridges: Ridges,
    *,
    start: np.ndarray,
    noise: str,
    scale: float,
    parameters: Mapping[str, Any],
) -> Problem:
    """F(x) = weight sum_j phi(a_j.x - b_j) with coordinatewise noise; constants from the rows."""
    d = ridges.rows.shape[1]
    oracle, noise_law = coordinatewise(noise, scale, d)
    constants, not_covered = certify(
        ridges.smoothness,
        ridges.slope,
        ridges.infimum,
        noise_law,
        d,
        multiplicative=noise == "multiplicative",
        distance=ridges.distance(start),
        N=ridges.curvature_sum,
    )
    return Problem(
        name,
        summary,
        d,
        np.asarray(start, dtype=float),
        ridges.value,
        oracle,
        constants,
        ridges.gradient,
        not_covered,
        parameters=parameters,
    )


def minibatch_problem(
    name: str,
    summary: str,
    ridges: Ridges,
    *,
    batches: int,
    start: np.ndarray,
    noise: str,
    scale: float,
    parameters: Mapping[str, Any],
) -> Problem:
    """The mean over the rows; noise "minibatch" draws one of `batches` equal consecutive blocks of rows.

    E g = grad F since the blocks have equal size and probability. G = max over blocks and coordinates. Another noise is
    coordinatewise.
    """
    if noise != "minibatch":
        if noise not in NOISES:
            raise unknown("noise", noise, ("minibatch", *NOISES))
        return ridge_problem(name, summary, ridges, start=start, noise=noise, scale=scale, parameters=parameters)
    law("none", scale)
    n, d = ridges.rows.shape
    if batches < 1 or n % batches:
        raise UserError(f"{name}: {n} rows do not split into {batches} equal batches; give a divisor of {n}")
    size = n // batches
    blocks = ridges.rows.reshape(batches, size, d)

    def batch_gradients(x: Array) -> Array:
        """The gradient of every block's mean, shape (batches, d, *trajectories)."""
        slopes = ridges.phi.derivative(ridges.arguments(x), JAX).reshape(batches, size, *x.shape[1:])
        transposed = jnp.asarray(blocks.transpose(0, 2, 1), x.dtype)
        product = lax.dot_general(transposed, slopes, (((2,), (1,)), ((0,), (0,))), precision=lax.Precision.HIGHEST)
        return product / size

    def gradient(x: Array, grad: Array, xi: Array, t: Array) -> Array:
        every = batch_gradients(x)
        chosen = jnp.arange(batches, dtype=xi.dtype).reshape(-1, *(1,) * (every.ndim - 1)) == xi[None]
        return jnp.sum(jnp.where(chosen, every, 0), axis=0)

    oracle = Oracle(
        "minibatch",
        1,
        lambda w, dtype: index(w, batches).astype(dtype),
        gradient,
        lambda x, grad, t: jnp.mean(batch_gradients(x) ** 2, axis=0),
        Atoms(np.arange(batches, dtype=float), np.full(batches, 1 / batches)),
    )
    largest = max(ridges.slope_bound(block, 1 / size) for block in blocks)
    bound = Constant(
        largest,
        "upper",
        f"sup|phi'| max over {batches} batches of {size} and coordinates of mean|a_ji|; {ridges.phi.slope.derivation}",
        f"{CHECK}::test_gradient_bound",
    )
    return Problem(
        name,
        summary,
        d,
        np.asarray(start, dtype=float),
        ridges.value,
        oracle,
        Constants(ridges.smoothness, bound, ridges.infimum, N=ridges.curvature_sum),
        lambda x: jnp.mean(batch_gradients(x), axis=0),
        parameters=parameters,
    )


def data_entry(
    name: str, about: str, summary: str, known: Mapping[str, Any], lacking: str, of: Callable[[Table], Ridges]
) -> ProblemEntry:
    """The catalogue entry of a loss on bundled data: `of` takes the sampled table to its ridges.

    `summary` names the loss, `known` has the data sets with their facts, the first by default, and `lacking` says what
    the others do not have.
    """

    def build(
        data: str = next(iter(known)),
        n: int = 128,
        batches: int = 8,
        data_seed: int = 0,
        noise: str = "minibatch",
        scale: float = 1.0,
        start: float = 0.0,
    ) -> Problem:
        """`n` rows (0: all) of a data set in `batches` equally likely minibatches; `scale` is for other noises."""
        if data not in known:
            raise UserError(f"data = {data!r} has no {lacking}; give one of {', '.join(known)}")
        ridges = of(sample(data, n, batches, data_seed))
        rows, dimension = ridges.rows.shape
        return minibatch_problem(
            name,
            f"{summary} on {data} ({known[data][1]}), {rows} rows",
            ridges,
            batches=batches,
            start=constant_start(dimension, start),
            noise=noise,
            scale=scale,
            parameters={
                "data": data,
                "n": n,
                "batches": batches,
                "data_seed": data_seed,
                "noise": noise,
                "scale": scale,
            },
        )

    return ProblemEntry(name, about, build)
