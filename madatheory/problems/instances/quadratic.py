"""F(x) = (1/2) sum_i lambda_i x_i^2 with Gaussian or Student noise: gradient and noise are unbounded, L is known."""

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import CHECK, constant_start, oracle_of
from madatheory.problems.noise_laws import law, student
from madatheory.problems.problem import Array, Constant, Problem
from madatheory.problems.uncertified import uncertified


def build(
    d: int = 10,
    condition: float = 1.0,
    noise: str = "gaussian",
    scale: float = 1.0,
    df: float = 3.0,
    start: float = 1.0,
) -> Problem:
    """Eigenvalues lambda_i from 1/condition to 1, geometrically spaced; `df` degrees of freedom for "student-t"."""
    x0 = constant_start(d, start)
    if not 1 <= condition < np.inf:
        raise UserError(f"quadratic: condition = {condition:g} is out of range: give a finite number >= 1")
    if not 0 < df < np.inf:
        raise UserError(f"quadratic: df = {df:g} is out of range: give a finite number > 0")
    law(noise, scale)
    tailed = student(scale, df)
    eigenvalues = np.geomspace(1 / condition, 1, d)

    def gradient(x: Array) -> Array:
        return jnp.asarray(eigenvalues, x.dtype).reshape((-1,) + (1,) * (x.ndim - 1)) * x

    return uncertified(
        "quadratic",
        f"sum lambda x^2/2, condition number {condition:g}",
        lambda x: 0.5 * jnp.sum(x * gradient(x), axis=0),
        gradient,
        start=x0,
        noise=noise,
        scale=scale,
        reasons={"A2": "the gradient of a quadratic is unbounded, so no G bounds it"},
        parameters={"d": d, "condition": condition, "noise": noise, "scale": scale, "df": df, "start": start},
        oracle=(oracle_of(tailed, d), tailed) if noise == "student-t" and scale > 0 else None,
        certified=(
            Constant(1.0, "exact", "the largest eigenvalue", f"{CHECK}::test_smoothness"),
            Constant(0.0, "exact", "F >= 0 = F(0)", f"{CHECK}::test_infimum"),
        ),
    )


quadratic = ProblemEntry("quadratic", "a quadratic with Gaussian or Student noise: no bound on the gradient", build)
