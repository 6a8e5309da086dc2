"""F(x) = sum_j phi(a_j.x), fixed Gaussian rows a_j: the non-separable version of every scalar function."""

import numpy as np

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start
from madatheory.problems.problem import Problem
from madatheory.problems.ridges import Ridges, ridge_problem
from madatheory.problems.scalar import scalar_named


def build(
    phi: str = "ratio",
    d: int = 10,
    rows: int = 0,
    matrix_seed: int = 0,
    noise: str = "uniform",
    scale: float = 1.0,
    start: float = 1.0,
) -> Problem:
    """`rows` vectors a_j (0: d of them) with independent N(0, 1/d) entries drawn by `matrix_seed`."""
    x0 = constant_start(d, start)
    if rows < 0 or matrix_seed < 0:
        raise UserError(f"rows = {rows}, matrix_seed = {matrix_seed}: both must be >= 0")
    scalar = scalar_named(phi)
    matrix = np.random.default_rng(matrix_seed).standard_normal((rows or d, d)) / np.sqrt(d)
    return ridge_problem(
        "ridge-sum",
        f"sum_j {scalar.formula} at a_j.x, {rows or d} fixed random rows a_j",
        Ridges(scalar, matrix, np.zeros(len(matrix)), 1.0),
        start=x0,
        noise=noise,
        scale=scale,
        parameters={"phi": phi, "d": d, "rows": rows, "matrix_seed": matrix_seed, "noise": noise, "scale": scale},
    )


ridge_sum = ProblemEntry("ridge-sum", "sum_j phi(a_j.x) with fixed random rows: non-separable, any phi", build)
