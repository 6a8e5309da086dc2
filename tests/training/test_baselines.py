"""Baselines beside MADA: Adam with learned decays, block-coordinate Adam, and hyper-gradients through many steps."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optimizer_cases import in_numpy
from tolerances import DOUBLE, SAME_PATH

from madatheory.errors import UserError
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.references import adam
from madatheory.references import mada as reference
from madatheory.training import Descent, badam, coefficients, disagreement, hyperadam, unrolled
from madatheory.training import baselines as module
from madatheory.training.arguments import spelled

STEPS, D = 24, 3
RNG = np.random.default_rng(7)
G, X0 = RNG.standard_normal((STEPS, D)), np.array([1.0, -0.5, 0.25])


def run(tx: Any, x: Any, gradients: Any) -> tuple[Any, Any]:
    def step(carry: Any, g: Any) -> Any:
        x, state = carry
        move, state = tx.update(g, state, x)
        return (optax.apply_updates(x, move), state), (optax.apply_updates(x, move), state)

    return in_numpy(lambda x, g: jax.lax.scan(step, (x, tx.init(x)), g)[1])(x, gradients)


def test_hyperadam_is_adam_with_two_learned_decays(float64):
    tx = hyperadam(0.1, {"b1": Descent(0.02, 0.5), "b2": 0.01}, b1=0.8, b2=0.95, eps=1e-3)
    x, state = run(tx, jnp.asarray(X0), jnp.asarray(G))
    kappa, mu = {"beta1": 0.02, "beta2": 0.01}, {"beta1": 0.5}
    want, values = reference.run_learned(X0, G, kappa=kappa, mu=mu, alpha=0.1, beta1=0.8, beta2=0.95, eps=1e-3)
    np.testing.assert_allclose(x, want, **SAME_PATH)
    for name in kappa:
        assert np.ptp(values[name]) > 1e-4
        np.testing.assert_allclose(state.coefficients[spelled(name)], values[name], **SAME_PATH)
    assert set(coefficients(hyperadam(0.1, 0.01).init(X0))) == {"b1", "b2"}


def tree(g: Any) -> Any:
    """Three blocks by top-level key, of sizes 2, 1 and 1."""
    return {"a": (g[..., 0:1], g[..., 1:2]), "b": g[..., 2:3], "c": 2 * g[..., 0]}


def check_badam(order: str = "ascending", blocks: Any = None, number: int = 3, turn: int = 4) -> None:
    tx = badam(0.1, turn, blocks=blocks, order=order, seed=3)
    path, state = run(tx, tree(jnp.asarray(X0)), tree(jnp.asarray(G)))
    x, g = (np.concatenate([np.reshape(a, (STEPS, -1)) for a in jax.tree.leaves(t)], 1) for t in (path, tree(G)))
    start = np.concatenate([np.ravel(a) for a in jax.tree.leaves(tree(X0))])
    columns = [[0, 1], [2], [3]] if blocks is None else [[0], [1, 2, 3]]
    chosen = np.asarray(state.block)
    for k in range(STEPS // turn):
        now = slice(k * turn, (k + 1) * turn)
        assert np.ptp(chosen[now]) == 0
        active = columns[chosen[now.start]]
        before = start if k == 0 else x[now.start - 1]
        # plain Adam, from nothing, on this block alone; the others stand still
        want = np.repeat(before[None], turn, axis=0)
        want[:, active] = adam.run(before[active], g[now][:, active], alpha=0.1, beta1=0.9, beta2=0.999, eps=1e-8)
        np.testing.assert_allclose(x[now], want, rtol=DOUBLE.thousands, atol=1e-12)
    for k in range(0, STEPS // turn - number + 1, number):  # every round takes each block once
        assert sorted(chosen[::turn][k : k + number]) == list(range(number))
    if order == "ascending":
        assert list(chosen[::turn][:number]) == list(range(number))
    if order == "descending":
        assert list(chosen[::turn][:number]) == list(range(number))[::-1]


@pytest.mark.parametrize("order", ["ascending", "descending", "random"])
def test_badam_is_adam_from_nothing_on_one_block_at_a_time(order, float64):
    check_badam(order)


def test_badam_with_blocks_of_its_own(float64):
    check_badam(blocks={"a": ("p", "q"), "b": "q", "c": "q"}, number=2)
    check_badam(blocks=lambda t: {"a": ("p", "q"), "b": "q", "c": "q"}, number=2)


def test_the_state_of_badam_is_that_of_the_largest_block():
    x = {"small": jnp.zeros(3), "large": (jnp.zeros((4, 5)), jnp.zeros(2, jnp.bfloat16))}
    tx = badam(0.1, 10)
    state = tx.init(x)
    assert {leaf.shape for leaf in jax.tree.leaves(state)} == {(), (22,)}
    move, _ = jax.jit(tx.update)(jax.tree.map(jnp.ones_like, x), state, x)
    assert jax.tree.map(lambda a: (a.shape, a.dtype), move) == jax.tree.map(lambda a: (a.shape, a.dtype), x)


REFUSED = {
    "order": (lambda: badam(0.1, 10, order="randm"), "unknown order of badam 'randm'; did you mean 'random'"),
    "turn": (lambda: badam(0.1, 0), "steps_per_block = 0"),
    "b1": (lambda: badam(0.1, 1, b1=1.0), "b1 = 1 is out of range"),
    "labels": (lambda: badam(0.1, 1, blocks={"a": 1}).init({"a": jnp.ones(1), "b": jnp.ones(1)}), "1 labels of blocks"),
    "shape": (
        lambda: badam(0.1, 1).update(jnp.ones(3), badam(0.1, 1).init(jnp.ones(2))),
        r"have shape \(3,\), but the state was made for \(2,\)",
    ),
    "rho": (lambda: hyperadam(0.1, {"rho": 0.1}), "for rho use mada"),
    "gamma": (lambda: hyperadam(0.1, 0.1, gamma=0.5), "for gamma use mada"),
    "unrolled name": (
        lambda: unrolled(get_optimizer("adam"), {}, quadratic, jnp.ones(2), jnp.ones((3, 2)), ["rho"]),
        "unknown coefficient of adam 'rho'",
    ),
    "window": (
        lambda: unrolled(get_optimizer("adam"), {}, quadratic, jnp.ones(2), jnp.ones((3, 2)), ["beta1"], window=0),
        "window = 0",
    ),
}


@pytest.mark.parametrize("label", REFUSED)
def test_bad_input_is_one_clear_message(label):
    action, message = REFUSED[label]
    with pytest.raises(UserError, match=message):
        action()


def quadratic(x: Any, batch: Any) -> Any:
    return jnp.sum((x - batch) ** 2) / 2 + jnp.sum(jnp.cos(x))


POINT = "adam-avgrad:form=practical"
HYPER = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.9, "rho": 0.4, "eps": 1e-3}
NAMES = ("alpha", "beta1", "beta2", "rho")


def check_unrolled() -> None:
    """The last full derivative is the central difference of whole runs; the one-step one holds all but one step."""
    point, x0, batches = get_optimizer(POINT), jnp.asarray(X0), jnp.asarray(G[:9])
    found = unrolled(point, HYPER, quadratic, x0, batches, NAMES)
    for name in NAMES:
        width = 1e-5
        ends = [
            unrolled(point, HYPER | {name: HYPER[name] + s}, quadratic, x0, batches, ()).loss[-1]
            for s in (-width, width)
        ]
        np.testing.assert_allclose(found.full[name][-1], (ends[1] - ends[0]) / (2 * width), rtol=1e-7)
        assert abs(found.full[name][-1] - found.one_step[name][-1]) > 1e-4 * abs(found.full[name][-1])
        np.testing.assert_allclose(found.full[name][0], found.one_step[name][0], rtol=DOUBLE.hundreds, atol=1e-13)
    some = NAMES[:2]
    short = unrolled(point, HYPER, quadratic, x0, batches, some, window=1)
    three = unrolled(point, HYPER, quadratic, x0, batches, some, window=3)
    for name in some:
        np.testing.assert_allclose(short.full[name], found.one_step[name], **SAME_PATH)
        np.testing.assert_allclose(three.full[name][:3], found.full[name][:3], **SAME_PATH)
        np.testing.assert_allclose(three.full[name][3], found.one_step[name][3], **SAME_PATH)


def test_unrolled_hyper_gradients_are_derivatives_of_whole_runs(float64):
    check_unrolled()


def test_what_one_step_leaves_out_is_measured(float64):
    """On a noiseless quadratic the step size acts through the whole path: one step sees a small part of it."""
    batches = jnp.zeros((40, D))
    whole = unrolled(get_optimizer(POINT), HYPER, quadratic, jnp.asarray(X0), batches, NAMES)
    found = disagreement(whole)
    for name in NAMES:
        assert -1 <= found[name]["cosine"] <= 1
        assert 0 <= found[name]["sign"] <= 1
        assert found[name]["ratio"] > 0
    same = disagreement(whole._replace(full=whole.one_step))
    assert all(abs(row["cosine"] - 1) < 1e-12 and abs(row["ratio"] - 1) < 1e-12 for row in same.values())


def test_planted_mistakes_are_caught(float64, monkeypatch):
    """A block that keeps its old moments, one step too long a turn, and an order that is never shuffled back."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "_block", lambda turn, number, order, seed: jnp.int32(0) * turn)
        with pytest.raises(AssertionError):
            check_badam()
    with monkeypatch.context() as patch:
        real = module.Clock
        patch.setattr(module, "Clock", lambda t, T: real(t + 1, T))
        right = module.PRACTICAL
        import dataclasses

        patch.setattr(module, "PRACTICAL", dataclasses.replace(right, bias_correction="power"))
        with pytest.raises(AssertionError):
            check_badam()
