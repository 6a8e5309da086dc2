"""What a problem declares, before anything is computed with it: shapes, numbers, and on which side they err."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.problems.problem import Constants, Problem, Words

_OPTIONAL = ("distance", "S", "sigma", "M4", "N")
WRONG_SIDE = {"L": "lower", "G": "lower", "F_star": "upper"} | dict.fromkeys(_OPTIONAL, "lower")
_MAY_BE_INF = ("S", "sigma", "M4")  # and G, where A2 is said to fail
_POINTS = 3


def check_declared(problem: Problem) -> None:
    """`UserError` naming what is malformed: a start, a constant, the noise's atoms, or the shape of a function."""
    start, d = np.asarray(problem.start), problem.dimension
    if start.shape != (d,) or not np.all(np.isfinite(start)):
        raise UserError(
            f"{problem.name}: start = {start.tolist()}; give {d} finite coordinates, as many as `dimension`"
        )
    if problem.constants is not None:
        _check_constants(problem.name, problem.constants, bounded="A2" not in problem.not_covered)
    atoms = problem.oracle.atoms
    if atoms is not None and not (np.ndim(atoms.values) == 1 and 0 < len(atoms.values) == len(atoms.probabilities)):
        raise UserError(f"{problem.name}: the noise's atoms need as many probabilities as values, at least one")
    _check_shapes(problem)


def _check_constants(name: str, constants: Constants, *, bounded: bool) -> None:
    for symbol, constant in zip(constants._fields, constants, strict=True):
        if constant is None:
            continue
        endless = constant.value == math.inf and (symbol in _MAY_BE_INF or (symbol == "G" and not bounded))
        if not math.isfinite(constant.value) and not endless:
            raise UserError(f"{name}: the certificate {symbol} = {constant.value:g} is not finite; give a number")
        if constant.side == WRONG_SIDE[symbol]:
            needed = "lower" if symbol == "F_star" else "upper"
            raise UserError(
                f"{name}: the certificate {symbol} = {constant.value:g} is declared {constant.side!r}; a bound needs "
                f"one that is 'exact' or {needed!r}"
            )
    if constants.L.value < 0:
        raise UserError(f"{name}: the certificate L = {constants.L.value:g} is negative; give a number >= 0")
    if constants.G.value <= 0:
        raise UserError(f"{name}: the certificate G = {constants.G.value:g} is not positive; give a number > 0")
    for symbol in _OPTIONAL:
        constant = getattr(constants, symbol)
        if constant is not None and constant.value < 0:
            raise UserError(f"{name}: the certificate {symbol} = {constant.value:g} is negative; give a number >= 0")


def _check_shapes(problem: Problem) -> None:
    d, n, oracle = problem.dimension, _POINTS, problem.oracle
    with jax.enable_x64(True):
        x, t = jax.ShapeDtypeStruct((d, n), jnp.float64), jax.ShapeDtypeStruct((), jnp.float64)
        xi = jax.ShapeDtypeStruct((oracle.entries, n), jnp.float64)
        word = jax.ShapeDtypeStruct((oracle.entries, n), jnp.uint32)
        functions: dict[str, tuple[Any, tuple[int, ...]]] = {
            "value": (jax.eval_shape(problem.value, x), (n,)),
            "gradient": (jax.eval_shape(problem.full_gradient, x), (d, n)),
            "oracle.sample": (_sampled(oracle.sample, word), (oracle.entries, n)),
            "oracle.gradient": (jax.eval_shape(oracle.gradient, x, x, xi, t), (d, n)),
        }
        if oracle.pair is not None:
            for which, half in zip(("first", "second"), _sampled(oracle.pair, word), strict=True):
                functions[f"oracle.pair ({which})"] = half, (oracle.entries, n)
        if oracle.second_moment is not None:
            functions["oracle.second_moment"] = _spread(jax.eval_shape(oracle.second_moment, x, x, t), x), (d, n)
    for name, (found, shape) in functions.items():
        if getattr(found, "shape", None) != shape or found.dtype != np.float64:
            what = f"{found.dtype} {found.shape}" if hasattr(found, "shape") else type(found).__name__
            raise UserError(
                f"{problem.name}: `{name}` returns {what} at {n} points of dimension {d} in float64; "
                f"it must return float64 {shape}"
            )


def _spread(found: jax.ShapeDtypeStruct, like: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
    """What is folded with others of the shape of `like` may have fewer axes."""
    try:
        return jax.eval_shape(lambda a: jnp.broadcast_to(a, like.shape), found)
    except (TypeError, ValueError):
        return found


def _sampled(sampler: Callable[..., Any], word: jax.ShapeDtypeStruct) -> Any:
    return jax.eval_shape(lambda first, second: sampler(Words(first, second), np.float64), word, word)
