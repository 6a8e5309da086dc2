"""Points on the real line in search of a slope or a curvature above the certified constants of a scalar function."""

from collections.abc import Callable
from functools import cache

import numpy as np

from madatheory.problems.scalar import JAX, Scalar, scalars
from proofs_check.evidence import Finding, Status

ROUNDING = 1e-12
POINTS = 20_001
ZOOMS = 4


def _largest(f: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
    """Largest value met and where: a grid dense near 0 that reaches 1e4, then finer grids around the best point."""
    x = np.sinh(np.linspace(-10, 10, POINTS))
    for _ in range(ZOOMS):
        y = f(x)
        y = np.where(np.isnan(y), np.inf, y)  # no number is no support
        at = int(np.argmax(y))
        best = float(y[at]), float(x[at])
        x = np.linspace(x[max(at - 2, 0)], x[min(at + 2, POINTS - 1)], POINTS)
    return best


@cache
def excesses(scalar: Scalar) -> dict[str, tuple[float, float]]:
    """By how much slope, curvature (relatively) and infimum are exceeded, and where."""
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        slope = jax.jit(lambda x: scalar.derivative(x, JAX))
        automatic = jax.jit(jax.vmap(jax.grad(lambda x: scalar.phi(x, JAX))))
        curvature = jax.jit(jax.vmap(jax.grad(lambda x: scalar.derivative(x, JAX))))
        value = jax.jit(lambda x: scalar.phi(x, JAX))

        def found(f: Callable, constant: float) -> tuple[float, float]:
            most, x = _largest(lambda x: np.asarray(f(jnp.asarray(x))))
            return most / constant - 1, x

        least, x = _largest(lambda x: -np.asarray(value(jnp.asarray(x))))
        return {
            "slope": found(lambda x: jnp.abs(slope(x)), scalar.slope.value),
            "slope of phi": found(lambda x: jnp.abs(automatic(x)), scalar.slope.value),
            "curvature": found(lambda x: jnp.abs(curvature(x)), scalar.curvature.value),
            "infimum": (scalar.infimum.value + least, x),
        }


def search(factor: float = 1.0) -> Finding:
    """All scalar functions; with `factor` below 1 the constants are made too small on purpose."""
    worst, tried = (-np.inf, ""), 0
    for scalar in scalars().values():
        for what, (excess, x) in excesses(scalar).items():
            tried += POINTS * ZOOMS
            excess = excess if what == "infimum" else (1 + excess) / factor - 1
            worst = max(worst, (excess, f"{scalar.name}: {what} at x = {x:.9g}"))
    found = f"{len(scalars())} functions, {tried} points"
    if worst[0] > ROUNDING:
        return Finding(Status.REFUTED, found, worst[1], worst[0])
    return Finding(Status.SUPPORTED, found, residual=worst[0])
