"""MADA with what optax and JAX put around it: trees, jit, vmap, chains, schedules, injected values, blocks."""

from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tolerances import DOUBLE, SAME_PATH, SINGLE
from training_cases import (
    EPS,
    FULL,
    KAPPA,
    MU,
    STEPS,
    X0,
    G,
    mada,
    made,
    run,
    scale_by_mada,
)

import madatheory.references.mada as reference
from madatheory.errors import UserError
from madatheory.training import Descent, coefficients, passes
from madatheory.training.arguments import spelled


@pytest.mark.parametrize("names", [("rho",), ("beta1", "rho", "gamma")])
def test_a_compiled_tree_is_an_eager_vector(names, float64):
    tx = made(FULL | {"beta3": 0.0}, names)
    compiled, states = run(tx, G[:4], compiled=True)
    x: Any = jnp.asarray(X0)
    whole = tx.init(x)
    for t in range(4):
        move, whole = tx.update(jnp.asarray(G[t]), whole, x)
        x = optax.apply_updates(x, move)
    np.testing.assert_allclose(x, compiled[-1], rtol=DOUBLE.hundreds)
    for name in names:
        np.testing.assert_allclose(
            whole.coefficients[spelled(name)], states.coefficients[spelled(name)][-1], rtol=DOUBLE.thousands
        )


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"b3": 0.2, "gamma": 0.7}])
def test_a_large_leaf_is_walked_in_blocks_and_agrees_with_small_ones(options, float64):
    """Blocks have derivatives and sums of their own; the last begins within the one before it."""
    names = ("learning_rate", "rho", "b1") if options else ("learning_rate", "rho")
    size = 3 * 50_001
    assert 2 * passes._BLOCK < size < 3 * passes._BLOCK
    assert size // 3 < passes._BLOCK
    g = np.sin(np.arange(size, dtype=float))
    tx = mada(0.1, dict.fromkeys(names, 1e-5), rho=0.4, eps=EPS, **options)

    def last(shape: tuple[int, ...], parts: int) -> Any:
        x = [jnp.asarray(p).reshape(shape) for p in np.split(1 + g, parts)]
        state, update = tx.init(x), jax.jit(tx.update)
        for k in range(3):
            gradients = [jnp.asarray(p).reshape(shape) for p in np.split(g * np.cos(k), parts)]
            _, state = update(gradients, state, x)
        return state.hypergradients

    large, small = last((3, -1), 1), last((-1,), 3)
    for name in names:
        assert abs(float(small[name])) > 1e-3
        np.testing.assert_allclose(large[name], small[name], rtol=DOUBLE.thousands)


def test_vmap_learns_apart(float64):
    """Two starts and two hyper step sizes at once are the two runs alone."""

    def alone(x0: Any, kappa: Any) -> Any:
        tx = mada(0.1, {"rho": Descent(lambda _: kappa, MU), "b1": 0.01}, rho=0.4, eps=EPS)

        def step(carry: Any, g: Any) -> Any:
            x, state = carry
            move, state = tx.update(g * x, state, x)
            return (x + move, state), coefficients(state)["rho"]

        return jax.lax.scan(step, (x0, tx.init(x0)), jnp.asarray(G[:20]))[1]

    starts, kappas = jnp.stack([jnp.asarray(X0), -2 * jnp.asarray(X0)]), jnp.array([0.02, 0.1])
    both = jax.vmap(alone)(starts, kappas)
    for i in range(2):
        np.testing.assert_allclose(both[i], alone(starts[i], kappas[i]), rtol=DOUBLE.thousands)
    assert np.ptp(np.asarray(both[:, -1])) > 1e-6


def test_chain_multi_transform_and_scale_by(float64):
    tx = mada(0.1, {"rho": Descent(KAPPA, MU)}, rho=0.4, eps=EPS)
    want, state = run(tx, np.clip(G, -1, 1))
    chained = optax.chain(
        optax.clip(1.0),
        scale_by_mada({"rho": Descent(KAPPA * 0.1, MU)}, rho=0.4, eps=EPS),
        optax.scale_by_learning_rate(0.1),
    )
    found, states = run(chained)
    np.testing.assert_allclose(found, want, rtol=DOUBLE.thousands)
    np.testing.assert_allclose(coefficients(states)["rho"], state.coefficients["rho"], rtol=DOUBLE.thousands)

    # each part learns from its own leaves
    parts = optax.multi_transform({"m": tx, "s": optax.sgd(0.1)}, {"a": "s", "b": ("m",)})
    found, states = run(parts)
    alone = mada(0.1, {"rho": Descent(KAPPA, MU)}, rho=0.4, eps=EPS)
    x, s, update = jnp.asarray(X0[1:]), alone.init(jnp.asarray(X0[1:])), jax.jit(alone.update)
    for t in range(3):
        move, s = update(jnp.asarray(G[t, 1:]), s, x)
        x = x + move
    np.testing.assert_allclose(found[2, 1:], x, rtol=DOUBLE.thousands)
    np.testing.assert_allclose(found[:, 0], X0[0] - 0.1 * np.cumsum(G[:, 0]), rtol=DOUBLE.thousands)
    np.testing.assert_allclose(coefficients(states)["rho"][2], s.coefficients["rho"], rtol=DOUBLE.thousands)


def test_schedules_of_coefficients_and_of_hyper_step_sizes(float64):
    def rate(t: Any) -> Any:
        return 0.1 - 0.0015 * jnp.asarray(t, float)

    def beta2(t: Any) -> Any:
        return 0.9 + 0.001 * jnp.asarray(t, float)

    at: dict[str, Any] = {"alpha": np.asarray(rate(np.arange(STEPS))), "beta2": np.asarray(beta2(np.arange(STEPS)))}
    found, state = run(mada(rate, {}, b1=0.8, b2=beta2, rho=0.4, eps=EPS))
    given: dict[str, Any] = FULL | at | {"beta3": 0.0, "c": 1.0, "gamma": 1.0}
    want = reference.run(X0, G, eps=EPS, **given)
    np.testing.assert_allclose(found, want, **SAME_PATH)
    np.testing.assert_allclose(state.coefficients["b2"], at["beta2"], rtol=DOUBLE.tens)
    # learning continues with the rest scheduled, and stops where its own step size does
    off = optax.piecewise_constant_schedule(KAPPA, {30: 0.0})
    _, state = run(mada(rate, {"rho": Descent(off)}, b1=0.8, b2=beta2, rho=0.4, eps=EPS))
    rho = np.asarray(state.coefficients["rho"])
    assert np.ptp(rho[:30]) > 1e-4
    assert np.ptp(rho[31:]) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"learn": {"rho": 0.1}, "rho": 0.5, "eps": EPS},
        {"learn": {"b1": 0.1, "b3": 0.1}, "b1": 0.8, "b2": 0.9, "b3": 0.3, "rho": 0.5, "c": 0.5, "gamma": 0.5},
        {"learn": {}, "b1": 0.8, "weight_decay": 0.1},
    ],
    ids=lambda given: ",".join(given["learn"]) or "none",
)
def test_injected_hyper_parameters(given: dict[str, Any]) -> None:
    inject: Any = optax.inject_hyperparams(mada, static_args="lag")
    tx, plain = inject(learning_rate=0.1, **given), cast(Any, mada(0.1, **given))
    x = jnp.asarray(X0, jnp.float32)
    state, other, same = tx.init(x), plain.init(x), x
    assert {"learning_rate", "b1_lion", "b2_lion", "weight_decay", *given} - {"learn"} <= set(state.hyperparams)
    injected, update = jax.jit(tx.update), jax.jit(plain.update)
    for t in range(4):
        g = jnp.asarray(G[t], jnp.float32)
        move, state = injected(g, state, x)
        x = x + move
        move, other = update(g, other, same)
        same = same + move
    np.testing.assert_allclose(x, same, rtol=SINGLE.tens)
    now = coefficients(state)
    for name, value in coefficients(other).items():
        assert now[name] != given[name]
        np.testing.assert_allclose(now[name], value, rtol=SINGLE.tens)
    # what is injected can be changed from outside
    state.hyperparams["learning_rate"] = jnp.zeros([])
    move, _ = injected(jnp.asarray(G[4], jnp.float32), state, x)
    np.testing.assert_array_equal(move, 0)


def test_a_lag_cannot_be_injected() -> None:
    inject: Any = optax.inject_hyperparams(mada)
    with pytest.raises(UserError, match=r"optax\.inject_hyperparams needs static_args='lag'"):
        inject(learning_rate=0.1, learn={}).init(jnp.asarray(X0))
