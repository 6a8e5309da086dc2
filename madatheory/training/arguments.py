"""Arguments of the transformations, refused in words before anything is computed with them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import jax
import numpy as np
import optax
from jax.core import Tracer
from jax.typing import ArrayLike

from madatheory.errors import UserError
from madatheory.hparams import ANY, Parameter, one_number

OPTAX: Mapping[str, str] = {
    "alpha": "learning_rate",
    "beta1": "b1",
    "beta2": "b2",
    "beta3": "b3",
    "beta1_lion": "b1_lion",
    "beta2_lion": "b2_lion",
}
"""Optax's names of the coefficients that the papers, and with them the engine, call otherwise."""
FAMILY: Mapping[str, str] = {optax: family for family, optax in OPTAX.items()}
"""And back."""
T = TypeVar("T")
Mask = optax.Params | Callable[[optax.Params], optax.Params] | None
"""A tree of booleans, or a function that makes one from the parameters."""


def spelled(name: str) -> str:
    """The name of a coefficient in arguments, states and messages."""
    return OPTAX.get(name, name)


def in_optax(values: Mapping[str, T]) -> dict[str, T]:
    """Coefficients by optax's names."""
    return {spelled(name): value for name, value in values.items()}


def in_family(values: Mapping[str, T]) -> dict[str, T]:
    """Coefficients by the papers' names."""
    return {FAMILY.get(name, name): value for name, value in values.items()}


def argument(name: str, value: object, allowed: Parameter = ANY) -> Any:
    """A coefficient: one number, or a function of the number of steps done, which is asked when it is called."""
    return value if callable(value) else one_number(name, value, allowed)


def at(name: str, value: object, count: ArrayLike, allowed: Parameter = ANY) -> Any:
    """What a coefficient is after `count` steps: what a schedule gives must be in the range, ends included, if known.

    The ends belong to it because a step size may well come to 0 at last.
    """
    if not callable(value):
        return value
    closed = replace(allowed, open_low=False, open_high=allowed.high == np.inf)
    return one_number(f"{name} from its schedule", value(count), closed)


def mask_leaves(params: optax.Params, mask: Mask) -> list[bool]:
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


def own_state(state: object, kind: type[T], name: str) -> T:
    """The state; `UserError` unless it is of this kind."""
    if not isinstance(state, kind):
        raise UserError(
            f"{name}: the state is a {type(state).__name__}, not the {kind.__name__} that init and update give; "
            "give update(gradients, state, params) the state of the same transformation"
        )
    return state


def own_part(what: str, found: object, wanted: object, remedy: str) -> None:
    """`UserError` with a remedy unless a part of a state is as its transformation wants it."""
    if found != wanted:
        raise UserError(
            f"the state was made by another transformation: it has {what} {found}, this one {wanted}; {remedy}"
        )
