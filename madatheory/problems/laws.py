"""Noise laws: independent, identical, centred entries, one per coordinate.

Finite laws carry their atoms for exact enumeration; unbounded ones say which assumption they break.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from madatheory.problems.problem import Array, Atoms, Oracle, Words


def uniform01(word: Array, dtype: Any) -> Array:
    """The midpoint (w + 1/2)/2^32 of the word's cell: symmetric about 1/2 and never 0 or 1 in float64."""
    if jnp.dtype(dtype) == jnp.float64:
        return (word.astype(dtype) + 0.5) * 2.0**-32
    return ((word >> jnp.uint32(9)).astype(jnp.int32).astype(dtype) + dtype(0.5)) * dtype(2.0**-23)


@dataclass(frozen=True)
class Law:
    """A centred law on the reals: sampler, bound on |xi| (inf if none), variance (inf if none), atoms if finite."""

    name: str
    sample: Callable[[Words, Any], Array]
    bound: float
    variance: float
    atoms: Atoms | None = None


def none() -> Law:
    """No noise: xi = 0."""
    return Law("none", lambda w, dtype: jnp.zeros(w.first.shape, dtype), 0.0, 0.0, Atoms(np.zeros(1), np.ones(1)))


def rademacher(scale: float) -> Law:
    """xi = +-scale, each with probability 1/2."""
    half = np.array([0.5, 0.5])
    return Law(
        "rademacher",
        lambda w, dtype: jnp.where(w.first >> jnp.uint32(31), dtype(scale), dtype(-scale)),
        scale,
        scale**2,
        Atoms(np.array([scale, -scale]), half),
    )


def uniform(scale: float) -> Law:
    """xi uniform on [-scale, scale]."""
    return Law(
        "uniform", lambda w, dtype: dtype(scale) * (2 * uniform01(w.first, dtype) - 1), scale, scale**2 / 3
    )
