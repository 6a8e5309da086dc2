"""Gradients that are huge, infinite or nan: what learned coefficients, moments and parameters do with them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tolerances import SINGLE

import madatheory.training.transformation as module
from madatheory import badam, coefficients, hyperadam, mada
from madatheory.training import MadaState, passes
from madatheory.training.trees import limited, unless_limited

STEPS, D, HIT = 12, 3, 5
G = np.random.default_rng(20261130).standard_normal((STEPS, D)).astype(np.float32)
LEARN = {"learning_rate": 1e-3, "b1": 1e-3, "b2": 1e-3, "b3": 0.1, "rho": 0.1, "c": 0.1, "gamma": 0.1}
MADE: dict[str, Any] = {
    "adam": lambda: optax.adam(0.01),
    "mada": lambda: mada(0.01, {}),
    "mada-two": lambda: mada(0.01, {"learning_rate": 1e-3, "rho": 0.1}),
    "mada-all": lambda: mada(0.01, LEARN, rho=0.6, weight_decay=0.1),
    "hyperadam": lambda: hyperadam(0.01, 1e-3),
    "badam": lambda: badam(0.01, 4),
}


def sequences() -> dict[str, np.ndarray]:
    """A gradient whose square just overflows in float32 once, 1e25 always and by turns, and the largest numbers."""
    found = {name: G.copy() for name in ("once", "always", "turns", "largest")}
    found["once"][HIT, 1] = 3e19
    found["always"][:] = 1e25 * np.sign(G)
    found["turns"][::2] = 1e25 * np.sign(G[::2])
    found["largest"][HIT] = np.finfo(np.float32).max * np.array([1, -1, 1])
    found["largest"][HIT + 1] = -found["largest"][HIT]
    return found


def run(tx: Any, g: Any) -> tuple[np.ndarray, Any]:
    """x_1 .. x_T and the states, for many sequences at once."""

    def one(g: Any) -> Any:
        def step(carry: Any, now: Any) -> Any:
            x, state = carry
            move, state = tx.update(now, state, x)
            return (x + move, state), (x + move, state)

        x = jnp.array([1.0, -0.5, 0.25], jnp.float32)
        return jax.lax.scan(step, (x, tx.init(x)), g)[1]

    x, states = jax.jit(jax.vmap(one))(jnp.asarray(g))
    return np.asarray(x), states


def check_huge(name: str) -> None:
    given = sequences()
    x, states = run(MADE[name](), np.stack([*given.values()]))
    for label, path in zip(given, x, strict=True):
        assert np.all(np.isfinite(path)), (name, label)
        assert np.all(np.abs(path) < 10), (name, label)
    if not isinstance(states, MadaState):
        return
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(states.moments)), name
    for value in (*states.coefficients.values(), *states.momenta.values()):
        assert np.all(np.isfinite(value)), name
    once, learned = np.asarray(states.skipped)[0], len(states.momenta)
    np.testing.assert_array_equal(once, np.where(np.arange(STEPS) < HIT, 0, learned))
    for key in states.momenta:  # kept for this step, learned again afterwards
        values = np.asarray(states.coefficients[key])[0]
        assert values[HIT] == values[HIT - 1], key
        assert values[HIT + 1] != values[HIT] or key in ("c", "gamma"), key


@pytest.mark.parametrize("name", MADE)
def test_huge_gradients_make_nothing_nan_and_spoil_no_coefficient(name):
    check_huge(name)


def test_without_the_limits_it_is_seen(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(module, "limited", lambda g: g)
        with pytest.raises(AssertionError):
            check_huge("mada-all")
    with monkeypatch.context() as patch:
        patch.setattr(passes, "unless_limited", lambda g: g)
        with pytest.raises(AssertionError):
            check_huge("mada-two")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ordinary_gradients_keep_their_bits(dtype, float64):
    top = float(np.finfo(dtype).max) ** 0.5 / 8
    g = np.array([0.0, -0.0, 1e-30, -1.5, 0.99 * top, -0.99 * top], dtype)
    assert np.asarray(limited(jnp.asarray(g))).tobytes() == g.tobytes()
    assert np.asarray(unless_limited(jnp.asarray(g))).tobytes() == g.tobytes()
    bad = jnp.asarray([np.nan, np.inf, -np.inf, 1e3 * top, -np.finfo(dtype).max], dtype)
    np.testing.assert_array_equal(limited(bad)[:3], bad[:3])
    np.testing.assert_allclose(limited(bad)[3:], [top, -top], rtol=SINGLE.few)
    assert np.all(np.isnan(unless_limited(bad)))


@pytest.mark.parametrize("lag", [0, 1])
def test_a_nan_goes_into_the_parameters_and_not_into_the_coefficients(lag):
    g = G.copy()
    g[HIT, 0] = np.nan
    x, states = run(mada(0.01, {"rho": 0.1}, rho=0.5, lag=lag), g[None])
    assert np.all(np.isfinite(x[0, :HIT]))
    assert np.all(np.isnan(x[0, HIT:, 0]))
    assert np.all(np.isfinite(x[0, :, 1:]))
    rho, first = np.asarray(states.coefficients["rho"])[0], HIT + lag
    assert np.ptp(rho[:first]) > 0
    np.testing.assert_array_equal(rho[first:], rho[first - 1])
    np.testing.assert_array_equal(states.skipped[0], np.maximum(np.arange(STEPS) - first + 1, 0))


def test_within_apply_if_finite_a_nan_leaves_no_trace():
    tx = optax.apply_if_finite(mada(0.01, {"learning_rate": 1e-3, "b1": 1e-3, "rho": 0.1}, rho=0.5), 3)
    g = G.copy()
    g[HIT] = np.nan
    found, states = run(tx, np.stack([g]))
    plain, _ = run(tx, np.stack([np.delete(g, HIT, axis=0)]))
    np.testing.assert_allclose(found[0, -1], plain[0, -1], rtol=SINGLE.few)
    assert not np.any(states.inner_state.skipped)
    assert int(states.inner_state.count[0, -1]) == STEPS - 1
    last = jax.tree.map(lambda leaf: leaf[0, -1], states)
    assert all(np.isfinite(value) for value in coefficients(last).values())
