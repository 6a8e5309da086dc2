"""The state of MADA as an optax transformation: what it holds, its dtypes, and that it can be stored."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tolerances import SINGLE
from training_cases import (
    FULL,
    ONLY,
    X0,
    G,
    flat,
    mada,
    made,
    tree,
)

from madatheory.training import MadaState
from madatheory.training.arguments import spelled


def test_the_state_holds_only_what_the_learned_coefficients_need():
    def arrays(*names: str, **options: Any) -> tuple[set[str], bool]:
        state = mada(0.1, dict.fromkeys(names, 0.01), **options).init({"w": jnp.zeros((2, 3))})
        kept = {name for name, part in state.moments.items() if isinstance(part, dict)}
        return kept, state.gradient is not None

    assert arrays() == ({"m", "v"}, False)
    assert arrays("rho") == ({"m", "v", "reference"}, False)
    assert arrays("learning_rate", "rho") == ({"m", "v", "reference"}, False)
    assert arrays("b1", "b2") == ({"m", "v"}, True)
    assert arrays("c") == ({"m", "v"}, True)
    assert arrays("gamma") == ({"m", "v", "l"}, True)
    everything = ("b1", "b2", "b3", "rho", "c", "gamma")
    assert arrays(*everything) == ({"m", "v", "reference", "n", "g", "l"}, True)
    assert arrays(*everything, convention="published") == ({"m", "v", "reference", "n", "l"}, True)


@pytest.mark.parametrize("names", [("rho",), ("beta1", "c")])
def test_half_precision_parameters_have_states_in_single_precision(names):
    tx = made(FULL | {"gamma": 1.0, "beta3": 0.0}, names)
    x: Any = {"h": jnp.ones((2, 2), jnp.bfloat16), "f": jnp.ones(3, jnp.float16)}
    g = jax.tree.map(lambda a: (0.5 * a).astype(a.dtype), x)
    state, update = tx.init(x), jax.jit(tx.update)
    for _ in range(3):
        move, after = update(g, state, x)
        jax.tree.map(lambda a, b: (_ for _ in ()).throw(AssertionError) if a.dtype != b.dtype else None, state, after)
        state, x = after, optax.apply_updates(x, move)
    assert x["h"].dtype == jnp.bfloat16
    assert x["f"].dtype == jnp.float16
    assert {leaf.dtype for leaf in jax.tree.leaves(state.moments)} == {jnp.dtype("float32")}
    single = jax.tree.map(lambda a: a.astype(jnp.float32), g)
    other = tx.init(single)
    for _ in range(3):
        _, other = update(single, other, single)
    for name in names:
        np.testing.assert_allclose(
            state.coefficients[spelled(name)], other.coefficients[spelled(name)], rtol=SINGLE.few
        )


@pytest.mark.parametrize("names", [("rho",), tuple(FULL)])
def test_a_run_goes_on_from_a_checkpoint(names):
    import pickle

    tx = made(FULL if len(names) > 1 else ONLY, names, weight_decay=0.1)
    update = jax.jit(tx.update)
    x = tree(jnp.asarray(X0, jnp.float32))
    state, g = tx.init(x), tree(jnp.asarray(G, jnp.float32))
    for t in range(6):
        if t == 3:
            leaves, structure = jax.tree.flatten(state)
            stored = pickle.loads(pickle.dumps([np.asarray(leaf) for leaf in leaves]))
            assert structure == jax.tree.structure(tx.init(x))
            other = (x, jax.tree.unflatten(structure, stored))
        move, state = update(jax.tree.map(lambda a, t=t: a[t], g), state, x)
        x = optax.apply_updates(x, move)
    y, again = other
    for t in range(3, 6):
        move, again = update(jax.tree.map(lambda a, t=t: a[t], g), again, y)
        y = optax.apply_updates(y, move)
    np.testing.assert_array_equal(flat(x), flat(y))
    for a, b in zip(jax.tree.leaves(state), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_empty_tree_and_a_scalar_are_parameters_too():
    tx = mada(0.1, {"rho": 0.1, "b1": 0.1})
    state = tx.init({})
    move, state = tx.update({}, state, {})
    assert move == {}
    assert int(state.count) == 1
    move, state = jax.jit(tx.update)(jnp.float32(1.0), tx.init(jnp.float32(2.0)))
    np.testing.assert_allclose(move, -0.1, rtol=SINGLE.tens)
    assert isinstance(state, MadaState)


def test_the_state_says_which_of_its_arrays_are_like_the_parameters():
    """`optax.tree_map_params`, which sharding and restoring code relies on."""
    tx = mada(0.1, {"rho": 0.1, "b1": 0.1}, rho=0.5)
    state: Any = tx.init(tree(jnp.ones(3)))
    marked: Any = optax.tree_map_params(tx, lambda leaf: jnp.full_like(leaf, 7.0), state)
    for part in (*(marked.moments[name] for name in ("m", "v", "reference")), marked.gradient):
        np.testing.assert_array_equal(flat(part), 7.0)
    np.testing.assert_array_equal(marked.coefficients["rho"], state.coefficients["rho"])
    assert int(marked.count) == 0
