"""Arguments of the transformations, refused in words before anything is computed with them."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from madatheory.errors import UserError, unknown
from madatheory.hparams import Parameter


def choice(kind: str, name: Any, known: Collection[str]) -> None:
    """`UserError` unless `name` is one of the known names."""
    if not isinstance(name, str) or name not in known:
        raise unknown(kind, name if isinstance(name, str) else f"{name!r}", known)


def number(name: str, value: Any, allowed: Parameter | None = None, *, known: bool = False) -> Any:
    """`value` if it is one real number in the allowed range: a Python or NumPy number, or an array of shape ().

    A traced array passes, and is asked for its range by nobody, unless it must be `known` now. `UserError` for text,
    booleans, complex numbers, arrays of several, and what is no number at all.
    """
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if dtype is None or shape is None:
        dtype, shape = (np.asarray(value).dtype, ()) if isinstance(value, int | float | complex) else (None, None)
    if dtype is None or not (jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer)):
        hint = ", without quotes" if isinstance(value, str) else ""
        raise UserError(f"{name} = {value!r} is no real number: give one number{hint}")
    if shape != ():
        raise UserError(f"{name} has shape {shape}; give one number for all parameters")
    if isinstance(value, Tracer):
        if known:
            raise UserError(f"{name} is traced: give a number that is known when the transformation is made")
        return value
    (allowed or Parameter(0.0)).refuse(name, value)
    return value


def given(name: str, value: Any, allowed: Parameter | None = None) -> Any:
    """A coefficient: one number, or a function of the number of steps done, which is asked when it is called."""
    return value if callable(value) else number(name, value, allowed)


def at(name: str, value: Any, count: Any, allowed: Parameter | None = None) -> Any:
    """What a coefficient is after `count` steps: what a schedule gives must be in the range, ends included, if known.

    The ends belong to it because a step size may well come to 0 at last.
    """
    if not callable(value):
        return value
    closed = None if allowed is None else replace(allowed, open_low=False, open_high=allowed.high == np.inf)
    return number(f"{name} from its schedule", value(count), closed)


def natural(name: str, value: Any, what: str, least: int = 0) -> int:
    """A whole number of `least` or more, named by `what` in the message."""
    number(name, value, known=True)
    if value != int(value) or value < least:
        raise UserError(f"{name} = {value!r}: give {what}")
    return int(value)


def mask_leaves(params: Any, mask: Any | Callable[[Any], Any]) -> list[bool]:
    """Which leaves of `params` a mask chooses; `UserError` for another tree or for what is no boolean."""
    tree = mask(params) if callable(mask) else mask
    structure = jax.tree.structure(params)
    try:
        leaves = structure.flatten_up_to(tree)
    except (ValueError, TypeError) as error:
        raise UserError(
            f"mask is the tree {jax.tree.structure(tree)}, the parameters are {structure}: give a boolean for each leaf"
        ) from error
    for (path, _), chosen in zip(jax.tree_util.tree_leaves_with_path(params), leaves, strict=True):
        one = getattr(chosen, "dtype", None) == np.bool_ and chosen.shape == () and not isinstance(chosen, Tracer)
        if not one and not isinstance(chosen, bool):
            where = jax.tree_util.keystr(path) or "the only leaf"
            raise UserError(f"mask at {where} is {chosen!r}: give True or False for each leaf")
    return [bool(chosen) for chosen in leaves]


def own_state(state: Any, kind: type, name: str) -> None:
    """`UserError` unless `state` is of this kind."""
    if not isinstance(state, kind):
        raise UserError(
            f"{name}: the state is a {type(state).__name__}, not the {kind.__name__} that init and update give; "
            "give update(gradients, state, params) the state of the same transformation"
        )


def own_part(what: str, found: Any, wanted: Any) -> None:
    """`UserError` unless a part of a state is as its transformation wants it."""
    if found != wanted:
        raise UserError(
            f"the state was made by another transformation: it has {what} {found}, this one {wanted}; call init again"
        )
