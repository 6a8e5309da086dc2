"""What MADA is compared with: Adam with learned decays, and Adam on one block of the parameters at a time."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from madatheory.deprecated import renamed
from madatheory.errors import UserError, choice
from madatheory.hparams import one_number, whole
from madatheory.optimizers.convention import PRACTICAL
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State
from madatheory.optimizers.request import Descent, Value
from madatheory.training.arguments import at, own_state, spelled
from madatheory.training.transformation import mada
from madatheory.training.trees import refuse_changed, working

_ORDERS = ("random", "ascending", "descending")
Blocks = optax.Params | Callable[[optax.Params], optax.Params] | None
"""A tree of labels, or a function that makes one from the parameters."""


@renamed(kappa="hyper_learning_rate", beta1="b1", beta2="b2", partner="reference")
def hyperadam(
    learning_rate: Value,
    hyper_learning_rate: Value | Descent | Mapping[str, Value | Descent],
    *,
    b1: Value = 0.9,
    b2: Value = 0.99,
    eps: Value = 1e-6,
    **rest: Any,
) -> optax.GradientTransformationExtraArgs:
    """Adam whose b1 and b2 are learned by one-step hyper-gradients: `mada` with nothing else learned.

    x_t = x_{t-1} - learning_rate (m_t/(1-b1^t))/(sqrt(v_t/(1-b2^t)) + eps). `hyper_learning_rate` is that of both, or a
    mapping with keys "b1" and "b2" (see `Descent`). `rest`, errors and what happens with gradients that are not finite
    as for `mada`; the coefficients of other members are refused. Source: Baydin et al. (ICLR 2018); the baseline of
    Ozkara et al. (MADA, ICML 2024).
    """
    both = dict.fromkeys(("b1", "b2"), hyper_learning_rate)
    learn = hyper_learning_rate if isinstance(hyper_learning_rate, Mapping) else both
    for name in (*learn, *rest):
        if spelled(name) in ("learning_rate", "b3", "rho", "c", "gamma"):
            raise UserError(f"hyperadam learns b1 and b2 of Adam; for {name} use mada")
    return mada(learning_rate, learn, b1=b1, b2=b2, eps=eps, **rest)


@jax.tree_util.register_static
@dataclass(frozen=True)
class MadeFor:
    """The tree that a state was made for; no array, so that it costs nothing and compiled code knows it."""

    structure: Any
    shapes: tuple[tuple[int, ...], ...]

    def like(self) -> Any:
        """The tree with shapes for arrays."""
        return self.structure.unflatten([jax.ShapeDtypeStruct(shape, jnp.float32) for shape in self.shapes])


class BadamState(NamedTuple):
    """Steps done, the block of the last step, Adam's state of that block, flat and as long as the largest, and the tree
    that it was made for."""

    count: Array
    block: Array
    adam: dict[str, Array]
    made_for: Any  # a `MadeFor`


@renamed(beta1="b1", beta2="b2")
def badam(
    learning_rate: Value,
    steps_per_block: int,
    *,
    blocks: Blocks = None,
    order: str = "random",
    seed: int = 0,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    """Block-coordinate Adam: one block of leaves moves for `steps_per_block` steps, then another, each from m = v = 0.

    Within its turn a block follows Adam (bias-corrected, eps outside the root); the other parameters stand still. The
    state is two arrays of the size of the largest block. `blocks` is a tree like the parameters, or a function that
    makes one from them, with equal labels for leaves of one block; by default the leaves under one top-level key are
    one. `order`: "ascending" and "descending" in the order of the leaves, "random" a new permutation for every round,
    from `seed`. `learning_rate` may be a function of the number of steps done. Gradients that are not finite do what
    they do in Adam, until the turn of their block ends. Raises `UserError` for values out of
    range and shapes that change. Source: Luo, Yu, Li (BAdam, NeurIPS 2024).
    """
    choice("order of badam", order, _ORDERS)
    steps_per_block, seed = whole("badam: steps_per_block", steps_per_block, 1), whole("badam: seed", seed, 0)
    point = member("badam", "Adam", free=("alpha", "beta1", "beta2", "eps"), form="practical", convention=PRACTICAL)
    given: dict[str, Value] = {"alpha": learning_rate, "beta1": b1, "beta2": b2, "eps": eps}
    for name, value in given.items():
        if name != "alpha" or not callable(value):
            given[name] = one_number(f"badam: {spelled(name)}", value, point.parameters[name])
    asked = _Badam(point, given, steps_per_block, blocks, order, seed)
    return optax.GradientTransformation(partial(_init, asked), partial(_update, asked))


class _Badam(NamedTuple):
    """A checked request: Adam, its hyper-parameters (alpha may be a schedule), and whose turn it is when."""

    point: Optimizer
    given: Mapping[str, Value]
    steps_per_block: int
    blocks: Blocks
    order: str
    seed: int

    def hyper(self, count: Array, dtype: jnp.dtype) -> dict[str, Array]:
        """Adam's hyper-parameters after `count` steps."""
        allowed = self.point.parameters
        return {
            name: jnp.asarray(at(f"badam: {spelled(name)}", value, count, allowed[name]), dtype)
            for name, value in self.given.items()
        }


def _init(asked: _Badam, params: optax.Params) -> BadamState:
    leaves = [working(leaf) for leaf in jax.tree.leaves(params)]
    made_for = MadeFor(jax.tree.structure(params), tuple(leaf.shape for leaf in leaves))
    zeros = jnp.zeros(_largest(_groups(params, asked.blocks), leaves), jnp.result_type(jnp.float32, *leaves))
    adam = asked.point.init({k: jnp.asarray(v, zeros.dtype) for k, v in asked.point.hyper().items()}, zeros)
    return BadamState(jnp.zeros([], jnp.int32), jnp.zeros([], jnp.int32), adam, made_for)


def _update(
    asked: _Badam, updates: optax.Updates, state: optax.OptState, params: optax.Params | None = None
) -> tuple[optax.Updates, BadamState]:
    state = own_state(state, BadamState, "badam")
    tree = updates if params is None else params
    for what, given in (("gradients", updates), ("parameters", tree)):
        refuse_changed(state.made_for.like(), given, what)
    leaves, structure = jax.tree.flatten(updates)
    for leaf in leaves:
        working(leaf)
    groups, v = _groups(tree, asked.blocks), state.adam["v"]
    if _largest(groups, leaves) != v.size:
        raise UserError(f"badam: the largest block is no longer one of {v.size} numbers: call init again")
    count = jnp.asarray(optax.safe_increment(state.count))
    if not groups:
        return updates, state._replace(count=count)
    turn, t = state.count // asked.steps_per_block, state.count % asked.steps_per_block + 1
    block = _block(turn, len(groups), asked.order, asked.seed)
    fresh = {name: jnp.where(t == 1, 0, part) for name, part in state.adam.items()}
    hyper, clock = asked.hyper(state.count, v.dtype), Clock(t.astype(v.dtype), jnp.nan)
    branches = [partial(_moved, asked.point, hyper, clock, group) for group in groups]
    moves, adam = lax.switch(block, branches, [jnp.asarray(leaf) for leaf in leaves], fresh)
    return structure.unflatten(moves), BadamState(count, block, adam, state.made_for)


def _moved(
    point: Optimizer, hyper: Mapping[str, Array], clock: Clock, group: Sequence[int], leaves: list[Array], adam: State
) -> tuple[list[Array], State]:
    """The moves of all leaves, those outside of the group standing still, and Adam's state."""
    v = adam["v"]
    flat = jnp.concatenate([leaves[i].astype(v.dtype).ravel() for i in group])
    g = jnp.zeros(v.size, v.dtype).at[: flat.size].set(flat)
    step, after = point.step(hyper, adam, g, clock)
    moves, start = [jnp.zeros_like(leaf) for leaf in leaves], 0
    for i in group:
        own = -step.delta[start : start + leaves[i].size]
        moves[i], start = own.reshape(leaves[i].shape).astype(leaves[i].dtype), start + leaves[i].size
    return moves, {name: after[name].astype(adam[name].dtype) for name in adam}


def _largest(groups: Sequence[Sequence[int]], leaves: Sequence[Array]) -> int:
    """The size of the largest block."""
    return max((sum(leaves[i].size for i in group) for group in groups), default=0)


def _block(turn: Array, number: int, order: str, seed: int) -> Array:
    """Which block has this turn."""
    place = turn % number
    if order == "random":
        key = jax.random.fold_in(jax.random.key(seed), turn // number)
        place = jax.random.permutation(key, number)[place]
    return (number - 1 - place if order == "descending" else place).astype(jnp.int32)


def _groups(params: optax.Params, blocks: Blocks) -> list[list[int]]:
    """The leaves of every block by their numbers, in the order of first appearance."""
    if blocks is None:
        paths = jax.tree_util.tree_leaves_with_path(params)
        labels: list[Hashable] = [jax.tree_util.keystr(path[:1]) for path, _ in paths]
    else:
        labels = jax.tree.leaves(blocks(params) if callable(blocks) else blocks)
        if len(labels) != len(jax.tree.leaves(params)):
            raise UserError(f"badam: {len(labels)} labels of blocks for {len(jax.tree.leaves(params))} leaves")
        for label in labels:
            if not isinstance(label, Hashable):
                raise UserError(f"badam: the label {label!r} of a block is no name or number")
    found: dict[Hashable, list[int]] = {}
    for i, label in enumerate(labels):
        found.setdefault(label, []).append(i)
    return list(found.values())
