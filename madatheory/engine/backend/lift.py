"""Traced functions on arrays padded to powers of two, which is what the kernel language of GPUs needs.

A value of true shape s is held in an array of shape `padded(s)`, every axis rounded up to a power of two. `evaluate`
runs a jaxpr on such arrays. Elementwise primitives go through unchanged; what lies in the padding is arbitrary and
never reaches a true entry, because reductions replace it by their identity first. Loops, branches and calls are
entered. A complex value is a `Complex` of two real arrays; it can be made, kept and taken apart, which is all that the
engine does with it. Products, slices and the like multiply or select on an array with one axis more, then sum. What
has no form on arrays in registers (large products, gathers, sorts) raises `Unsupported` with the reason.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend import core
from jax.typing import ArrayLike

from madatheory.engine.backend.lift_rules import apply, padded
from madatheory.jaxprs import Atom, Jaxpr, body_of, dtype_of, inner_jaxprs, is_variable, opened

Array = Any
Constant = Callable[[Any], Array]
"""How an array constant of a jaxpr, of true shape, becomes a padded array."""


def pad(x: ArrayLike, shape: Sequence[int] | None = None) -> Array:
    """`x` in an array of shape `shape`, by default `padded(x.shape)`.

    The padding repeats the last entries, so that what a run computes there stays as tame as the rest.
    """
    x = jnp.asarray(x)
    room = [(0, big - n) for n, big in zip(x.shape, padded(x.shape) if shape is None else shape, strict=True)]
    return jnp.pad(x, room, mode="edge" if x.size else "constant")


def unpad(x: Array, shape: Sequence[int]) -> Array:
    """The entries of a padded array that belong to the true shape."""
    return x[tuple(slice(n) for n in shape)]


def live(jaxpr: Jaxpr, wanted: Sequence[bool] | None = None) -> list[tuple[core.JaxprEqn, list[bool]]]:
    """The equations that the wanted results (by default all) depend on, each with which of its results are needed.

    Derivatives leave the value that they differentiate in the jaxpr, often a sum that could not be lifted.
    """
    outputs = opened(jaxpr)[0].outvars
    needed = {v for v, want in zip(outputs, wanted or [True] * len(outputs), strict=True) if want and is_variable(v)}
    found = []
    for equation in reversed(opened(jaxpr)[0].eqns):
        used = [v in needed for v in equation.outvars]
        if any(used) or equation.effects:
            found.append((equation, used))
            needed.update(filter(is_variable, equation.invars))
    return found[::-1]


def array_constants(jaxpr: Jaxpr) -> Iterator[Any]:
    """The constants with at least one axis that a jaxpr holds, at any depth."""
    yield from (c for c in opened(jaxpr)[1] if np.ndim(c))
    for equation, _ in live(jaxpr):
        yield from (a.val for a in equation.invars if not is_variable(a) and np.ndim(a.val))
        for inner in inner_jaxprs(equation):
            yield from array_constants(inner)


def evaluate(
    jaxpr: Jaxpr, args: Sequence[Array], constant: Constant = pad, wanted: Sequence[bool] | None = None
) -> list[Array]:
    """The results of a jaxpr, open or closed, on padded arguments, None where not wanted; raises `Unsupported`."""
    inside, consts = opened(jaxpr)
    known: dict[Any, Array] = {}

    def held(value: ArrayLike, dtype: np.dtype) -> Array:
        return constant(value) if np.ndim(value) else np.asarray(value, dtype)[()]

    def read(atom: Atom) -> Array:
        return known.get(atom) if is_variable(atom) else held(atom.val, dtype_of(atom))

    for variable, value in zip(inside.constvars, consts, strict=True):
        known[variable] = held(value, dtype_of(variable))
    known.update(zip(inside.invars, args, strict=True))
    for equation, used in live(jaxpr, wanted):
        results = evaluate_equation(equation, [read(atom) for atom in equation.invars], constant, used)
        known.update(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in inside.outvars]


def evaluate_equation(
    equation: core.JaxprEqn, values: Sequence[Array], constant: Constant = pad, wanted: Sequence[bool] | None = None
) -> list[Array]:
    """The results of one equation of a jaxpr on padded values; raises `Unsupported`."""

    def recurse(inner: Jaxpr, args: Sequence[Array]) -> list[Array]:
        return evaluate(inner, args, constant)

    call = body_of(equation)
    return apply(equation, values, recurse) if call is None else evaluate(call, values, constant, wanted)
