"""Separable problems F(x) = sum_j phi(x_j): the sup norms of phi' and phi'' are the constants."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from madatheory.errors import UserError
from madatheory.problems.coordinatewise import CHECK, certify, coordinatewise, distance_from
from madatheory.problems.problem import Array, Constant, Problem


def separable(
    name: str,
    summary: str,
    phi: Callable[[Array], Array],
    *,
    slope: Constant,
    curvature: Constant,
    infimum: Constant,
    start: Sequence[float] | ArrayLike,
    noise: str,
    scale: float,
    derivative: Callable[[Array], Array] | None = None,
    minimizer: float | None = None,
    convex: str = "",
) -> Problem:
    """F(x) = sum_j phi(x_j) with coordinatewise noise.

    `slope` = sup |phi'|, `curvature` = sup |phi''| and `infimum` = inf phi over the real line; `derivative` is phi' in
    a form that is fast in the time loop (without it, automatic differentiation); `minimizer` is where phi is least and
    `convex` why it is convex, if it is. L = sup |phi''| (the Hessian is diagonal), G = sup |phi'| + sup |xi|, F_star =
    d inf phi. Unknown noise, negative scale, bad start: `UserError`.
    """
    x0 = np.asarray(start, dtype=float)
    if x0.ndim != 1 or x0.size == 0:
        raise UserError(f"{name}: start has shape {x0.shape}; give d >= 1 coordinates")
    if not np.all(np.isfinite(x0)):
        raise UserError(f"{name}: start has a non-finite entry {x0[~np.isfinite(x0)][0]}; give finite coordinates")
    d = x0.size
    oracle, law = coordinatewise(noise, scale, d)
    smoothness = Constant(
        curvature.value, curvature.side, f"L = sup|phi''|; {curvature.derivation}", f"{CHECK}::test_scalar_constants"
    )
    lowest = Constant(
        d * infimum.value, infimum.side, f"F_star = d inf phi; {infimum.derivation}", f"{CHECK}::test_scalar_constants"
    )
    distance = distance_from(minimizer, x0, convex) if convex and minimizer is not None else None
    constants, not_covered = certify(
        smoothness, slope, lowest, law, d, multiplicative=oracle.name == "multiplicative", distance=distance
    )
    return Problem(
        name=name,
        summary=summary,
        dimension=d,
        start=x0,
        value=lambda x: jnp.sum(phi(x), axis=0),
        oracle=oracle,
        constants=constants,
        gradient=derivative or jax.grad(lambda x: jnp.sum(phi(x))),
        not_covered=not_covered,
        parameters={"d": d, "noise": noise, "scale": scale},
    )
