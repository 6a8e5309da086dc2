"""Trees of parameters: leaves in their working precision, and early refusals of trees that changed."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import DTypeLike

from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Array, State
from madatheory.training.arguments import Mask, mask_leaves


def working(leaf: object) -> Array:
    """The leaf in float32 or better; `UserError` for one that is not real floating point."""
    if not isinstance(leaf, int | float | complex | np.generic | np.ndarray | jax.Array):
        raise UserError(f"{leaf!r} is no array of parameters or gradients: give real floating-point arrays")
    leaf = jnp.asarray(leaf)
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
        raise UserError(f"parameters of dtype {leaf.dtype} have no update here: give real floating-point arrays")
    return leaf.astype(jnp.promote_types(leaf.dtype, jnp.float32))


def _most(dtype: DTypeLike) -> float:
    return float(jnp.finfo(dtype).max) ** 0.5 / 8


def limited(g: Array) -> Array:
    """Finite gradients within +-sqrt(largest number)/8, the others as they are.

    The second moments of every member then stay finite: |g_t + beta3 (g_t - g_{t-1})| < 3/8 of that root. Where a
    square overflows, Adam divides by infinity and the coordinate never moves again; in the family's blends
    rho v + (1-rho) vbar and c g^2 + (1-c) (..) infinity meets a weight of 0, which is nan.
    """
    most = _most(g.dtype)
    return jnp.where(jnp.abs(g) < jnp.inf, jnp.clip(g, -most, most), g)


def unless_limited(g: Array) -> Array:
    """The gradients that `limited` leaves alone, nan for the others: as a derivative of a loss 1e19 says nothing."""
    return jnp.where(jnp.abs(g) <= _most(g.dtype), g, jnp.nan)


def refuse_changed(reference: optax.Params, tree: optax.Params, what: str) -> None:
    """`UserError` unless `tree` has the structure and the shapes of `reference`."""
    old, new = jax.tree.structure(reference), jax.tree.structure(tree)
    if old != new:
        raise UserError(f"the {what} are the tree {new}, but the state was made for {old}: call init again")
    pairs = zip(jax.tree_util.tree_leaves_with_path(reference), jax.tree.leaves(tree), strict=True)
    for (path, one), other in pairs:
        where = jax.tree_util.keystr(path) or "the only leaf"
        dtype = getattr(other, "dtype", type(other))
        if not jnp.issubdtype(dtype, jnp.number):
            raise UserError(f"the {what} at {where} are {other!r}: give real floating-point arrays")
        if jnp.shape(one) != jnp.shape(other):
            raise UserError(
                f"the {what} at {where} have shape {jnp.shape(other)}, but the state was made for {jnp.shape(one)}: "
                "call init again when shapes change"
            )


def leaf_states(moments: Mapping[str, Any], like: Mapping[str, bool], gradients: Sequence[Array]) -> list[State]:
    """The state of every leaf; `like` says of a moment whether it is a tree, or a number that all leaves share."""
    columns = {name: jax.tree.leaves(tree) for name, tree in moments.items() if like[name]}
    shared = {name: jnp.asarray(number) for name, number in moments.items() if not like[name]}
    return [
        {name: column[i] for name, column in columns.items()} | {k: v.astype(g.dtype) for k, v in shared.items()}
        for i, g in enumerate(gradients)
    ]


def moment_trees(
    old: Mapping[str, Any], like: Mapping[str, bool], structure: Any, states: Sequence[State]
) -> dict[str, Any]:
    """The inverse of `leaf_states`: the shared numbers are those of the first leaf, the `old` ones if there is none."""
    trees = {name: structure.unflatten([s[name] for s in states]) for name in old if like[name]}
    shared = {k: states[0][k].astype(v.dtype) if states else v for k, v in old.items() if not like[k]}
    return trees | shared


def decayed(params: optax.Params, mask: Mask, structure: Any) -> list[Any]:
    """The leaves of `params`, None for those that `mask` exempts from the weight decay."""
    leaves = structure.flatten_up_to(params)
    if mask is None:
        return leaves
    return [leaf if keep else None for leaf, keep in zip(leaves, mask_leaves(params, mask), strict=True)]
