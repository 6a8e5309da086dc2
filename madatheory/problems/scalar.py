"""Scalar functions phi with certified sup |phi'|, sup |phi''| and inf phi: what the other problems are made of.

A file of the folder `instances` that defines a `Scalar` makes it known to all of them by name.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import jax.numpy as jnp

from madatheory.entry import collect
from madatheory.errors import unknown
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import constant_start
from madatheory.problems.problem import Constant, Problem
from madatheory.problems.separable import separable

Number = Any


class Elementary(NamedTuple):
    """The functions that phi may call, so that one formula runs in JAX and in ball arithmetic."""

    exp: Callable[[Number], Number]
    log: Callable[[Number], Number]
    sqrt: Callable[[Number], Number]
    sin: Callable[[Number], Number]
    cos: Callable[[Number], Number]
    tanh: Callable[[Number], Number]


JAX = Elementary(jnp.exp, jnp.log, jnp.sqrt, jnp.sin, jnp.cos, jnp.tanh)


@dataclass(frozen=True)
class Scalar:
    """phi : R -> R with its constants.

    `phi` and `derivative` take (x, Elementary); `minimizer` is where the infimum is attained, None if nowhere; `convex`
    says why phi is, "" where it is not.
    A constant "exact" is the supremum itself, rounded up to a float.
    """

    name: str
    formula: str
    phi: Callable[[Number, Elementary], Number]
    derivative: Callable[[Number, Elementary], Number]
    slope: Constant
    curvature: Constant
    infimum: Constant
    minimizer: float | None
    convex: str = ""


@cache
def scalars() -> dict[str, Scalar]:
    """The scalar functions that the files of the folder `instances` define, by name."""
    package = importlib.import_module("madatheory.problems.instances")
    modules = sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name)
    found = [s for m in modules for s in collect(importlib.import_module(f"{package.__name__}.{m.name}"), Scalar)]
    return {scalar.name: scalar for scalar in found}


def scalar_named(name: str) -> Scalar:
    """The scalar function called `name`; unknown: `UserError`."""
    known = scalars()
    if name not in known:
        raise unknown("scalar function phi", name, known)
    return known[name]


def separable_entry(scalar: Scalar, about: str) -> ProblemEntry:
    """The catalogue entry of F(x) = sum_j phi(x_j) with options d, noise, scale and start."""
    summary = f"sum_j {scalar.formula}: {about}"

    def build(d: int = 10, noise: str = "uniform", scale: float = 1.0, start: float = 1.0) -> Problem:
        return separable(
            scalar.name,
            summary,
            lambda x: scalar.phi(x, JAX),
            slope=scalar.slope,
            curvature=scalar.curvature,
            infimum=scalar.infimum,
            start=constant_start(d, start),
            noise=noise,
            scale=scale,
            derivative=lambda x: scalar.derivative(x, JAX),
            minimizer=scalar.minimizer if scalar.convex else None,
            convex=scalar.convex,
        )

    return ProblemEntry(scalar.name, summary, build)
