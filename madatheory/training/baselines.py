"""What MADA is compared with: Adam with learned decays, and Adam on one block of the parameters at a time."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from madatheory.errors import UserError
from madatheory.optimizers.family import PRACTICAL, member
from madatheory.optimizers.optimizer import Array, Clock
from madatheory.training.arguments import at, choice, natural, number, own_state
from madatheory.training.plan import Descent, Value
from madatheory.training.transformation import mada
from madatheory.training.trees import refuse_changed, working

_ORDERS = ("random", "ascending", "descending")


def hyperadam(
    learning_rate: Value,
    kappa: float | Mapping[str, float | Descent],
    *,
    beta1: Value = 0.9,
    beta2: Value = 0.99,
    eps: Value = 1e-6,
    **rest: Any,
) -> optax.GradientTransformationExtraArgs:
    """Adam whose beta1 and beta2 are learned by one-step hyper-gradients: `mada` with nothing else learned.

    x_t = x_{t-1} - alpha (m_t/(1-beta1^t))/(sqrt(v_t/(1-beta2^t)) + eps). `kappa` is the hyper step size of both, or a
    mapping with keys "beta1" and "beta2" (see `Descent`). `rest`, errors and what happens with gradients that are not
    finite as for `mada`; the coefficients of other members are refused. Source: Baydin et al. (ICLR 2018); the baseline
    of Ozkara et al. (MADA, ICML 2024).
    """
    learn = dict(kappa) if isinstance(kappa, Mapping) else {"beta1": kappa, "beta2": kappa}
    for name in (*learn, *rest):
        if name in ("beta3", "rho", "c", "gamma", "alpha"):
            raise UserError(f"hyperadam learns beta1 and beta2 of Adam; for {name} use mada")
    return mada(learning_rate, learn, beta1=beta1, beta2=beta2, eps=eps, **rest)


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


def badam(
    learning_rate: float | Callable[[Array], Array],
    steps_per_block: int,
    *,
    blocks: Any = None,
    order: str = "random",
    seed: int = 0,
    beta1: float = 0.9,
    beta2: float = 0.999,
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
    if isinstance(steps_per_block, bool) or not isinstance(steps_per_block, int) or steps_per_block < 1:
        raise UserError(f"steps_per_block = {steps_per_block!r}: give a number of steps, 1, 2, ..")
    point = member("badam", "Adam", free=("alpha", "beta1", "beta2", "eps"), form="practical", convention=PRACTICAL)
    natural("badam: seed", seed, "a whole number, 0, 1, ..")
    numbers = {"beta1": beta1, "beta2": beta2, "eps": eps}
    if not callable(learning_rate):
        numbers["alpha"] = learning_rate
    fixed = point.hyper() | {
        name: number(f"badam: {name}", value, point.parameters[name]) for name, value in numbers.items()
    }

    def init(params: optax.Params) -> BadamState:
        leaves = [working(leaf) for leaf in jax.tree.leaves(params)]
        made_for = MadeFor(jax.tree.structure(params), tuple(leaf.shape for leaf in leaves))
        groups = _groups(params, blocks)
        size = max((sum(leaves[i].size for i in group) for group in groups), default=0)
        zeros = jnp.zeros(size, jnp.result_type(jnp.float32, *leaves))
        state = point.init({name: jnp.asarray(value, zeros.dtype) for name, value in fixed.items()}, zeros)
        return BadamState(jnp.zeros([], jnp.int32), jnp.zeros([], jnp.int32), state, made_for)

    def update(
        updates: optax.Updates, state: Any, params: optax.Params | None = None
    ) -> tuple[optax.Updates, BadamState]:
        own_state(state, BadamState, "badam")
        tree = updates if params is None else params
        for what, given in (("gradients", updates), ("parameters", tree)):
            refuse_changed(state.made_for.like(), given, what)
        leaves, structure = jax.tree.flatten(updates)
        for leaf in leaves:
            working(leaf)
        groups, dtype = _groups(tree, blocks), state.adam["v"].dtype
        size = state.adam["v"].size
        if max((sum(leaves[i].size for i in group) for group in groups), default=0) != size:
            raise UserError(f"badam: the largest block is no longer one of {size} numbers: call init again")
        if not groups:
            return updates, state._replace(count=jnp.asarray(optax.safe_increment(state.count)))
        turn, t = state.count // steps_per_block, state.count % steps_per_block + 1
        block = _block(turn, len(groups), order, seed)
        fresh = {name: jnp.where(t == 1, 0, part) for name, part in state.adam.items()}
        hyper = {name: jnp.asarray(value, dtype) for name, value in fixed.items()}
        if callable(learning_rate):
            hyper["alpha"] = jnp.asarray(
                at("badam: alpha", learning_rate, state.count, point.parameters["alpha"]), dtype
            )

        def moved(group: list[int]) -> Callable[..., Any]:
            def branch(leaves: list[Array], adam: dict[str, Array]) -> Any:
                flat = jnp.concatenate([leaves[i].astype(dtype).ravel() for i in group])
                g = jnp.zeros(size, dtype).at[: flat.size].set(flat)
                step, after = point.step(hyper, adam, g, Clock(t.astype(dtype), jnp.nan))
                moves, start = [jnp.zeros_like(leaf) for leaf in leaves], 0
                for i in group:
                    piece = -step.delta[start : start + leaves[i].size]
                    moves[i], start = piece.reshape(leaves[i].shape).astype(leaves[i].dtype), start + leaves[i].size
                return moves, {name: after[name].astype(adam[name].dtype) for name in adam}

            return branch

        moves, adam = lax.switch(block, [moved(group) for group in groups], [jnp.asarray(x) for x in leaves], fresh)
        count = jnp.asarray(optax.safe_increment(state.count))
        return structure.unflatten(moves), BadamState(count, block, adam, state.made_for)

    return optax.GradientTransformation(init, update)


def _block(turn: Array, number: int, order: str, seed: int) -> Array:
    """Which block has this turn."""
    place = turn % number
    if order == "random":
        key = jax.random.fold_in(jax.random.key(seed), turn // number)
        place = jax.random.permutation(key, number)[place]
    return (number - 1 - place if order == "descending" else place).astype(jnp.int32)


def _groups(params: Any, blocks: Any) -> list[list[int]]:
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
