"""CartPole by policy gradients: the environment, masks, and the gradient against what it estimates."""

import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tolerances import SINGLE, STANDARD_ERRORS

from madatheory.errors import UserError
from madatheory.studies.tasks import cartpole as module
from madatheory.studies.tasks.cartpole import (
    CAP,
    Episodes,
    advantages,
    cartpole,
    chances,
    environment,
    policy_loss,
    reward_to_go,
    rollout,
)

HORIZON = 60


def leaning(x: Any, seen: Any) -> Any:
    """A linear policy that pushes in the direction in which the pole leans."""
    return jnp.stack([0.0 * seen[0], x @ seen])


def play(x: Any, key: Any) -> tuple[Any, Episodes]:
    """What is drawn, and 24 episodes of the leaning policy."""
    drawn = chances(key, 24, HORIZON)
    return drawn, rollout(partial(leaning, x), drawn)


@pytest.fixture(scope="module")
def played() -> tuple[Any, Any, Episodes]:
    x = np.array([0.3, 0.5, 4.0, 2.0], np.float32)
    return x, *jax.tree.map(np.asarray, jax.jit(play)(x, jax.random.key(1)))


def test_the_environment_is_cartpole_v1() -> None:
    _, params = environment()
    assert params.max_steps_in_episode == CAP == 500
    assert float(params.theta_threshold_radians) == pytest.approx(np.deg2rad(12))
    starts = jax.jit(lambda: chances(jax.random.key(0), 500, 1).starts)()
    for name in ("x", "x_dot", "theta", "theta_dot"):
        values = np.asarray(getattr(starts, name))
        assert -0.05 <= values.min() < -0.045
        assert 0.045 < values.max() < 0.05


def test_a_random_policy_stays_up_for_about_twenty_steps() -> None:
    # hardly one in a million episodes is longer than 200 steps
    found = jax.jit(lambda: rollout(lambda seen: jnp.zeros(2), chances(jax.random.key(3), 2000, 200)).returns)()
    # 22 is the customary figure; the standard error is about .3
    assert 20 < float(jnp.mean(found)) < 24.5
    assert float(jnp.min(found)) >= 8


def test_equal_keys_give_equal_episodes_and_others_do_not(played: Any) -> None:
    x, _, first = played
    anew = jax.jit(lambda x, key: play(x, key)[1])  # traced again
    again, other = (anew(x, jax.random.key(number)) for number in (1, 2))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=SINGLE.hundreds, atol=1e-5), first, again)
    assert not np.array_equal(first.actions, other.actions)


def test_episodes_are_those_of_the_environment_step_by_step(played: Any) -> None:
    """The public step with automatic reset, until it says that the episode has ended."""
    x, drawn, found = played
    env, params = environment()
    observed, step = jax.jit(env.get_obs), jax.jit(lambda state, u: env.step(jax.random.key(0), state, u, params))
    lengths = set()
    for e in (0, 5, 11):
        state, steps, total = jax.tree.map(lambda leaf, e=e: leaf[e], drawn.starts), 0, 0.0
        for t in range(HORIZON):
            seen = np.asarray(observed(state))
            np.testing.assert_allclose(found.observations[t, e], seen, rtol=1e-3, atol=1e-5)
            likely = 1 / (1 + np.exp(-float(x @ seen)))
            assert int(found.actions[t, e]) == int(float(drawn.uniform[t, e]) < likely)
            _, state, reward, ended, _, _ = step(state, found.actions[t, e])
            steps, total = steps + 1, total + float(reward)
            if ended:
                break
        assert float(found.returns[e]) == total == steps
        np.testing.assert_array_equal(found.alive[:, e], np.arange(HORIZON) < steps)
        lengths.add(steps)
    assert len(lengths) > 1


def test_nothing_after_the_end_of_an_episode_counts(played: Any) -> None:
    x, _, found = played
    assert 0 < np.mean(found.alive) < 1  # some have ended
    over = found.alive == 0
    changed = Episodes(
        np.where(over[..., None], np.float32(7), found.observations),
        np.where(over, 1 - found.actions, found.actions),
        found.alive,
    )
    weights, to_go = jax.tree.map(
        np.asarray, jax.jit(lambda alive: (advantages(alive, 0.99), reward_to_go(alive, 0.9)))(found.alive)
    )

    @jax.jit
    def gradient(episodes: Episodes, weights: Any) -> Any:
        return jax.grad(lambda x: policy_loss(partial(leaning, x), episodes, weights))(x)

    expected = gradient(found, weights)
    assert np.max(np.abs(expected)) > 0.1
    np.testing.assert_allclose(gradient(changed, np.where(over, np.float32(99), weights)), expected, rtol=SINGLE.tens)
    np.testing.assert_array_equal(to_go[over], 0)


def test_reward_to_go_and_advantages_by_hand() -> None:
    alive = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]], np.float32)
    to_go, better = jax.jit(lambda alive: (reward_to_go(alive, 0.5), advantages(alive, 0.5)))(alive)
    np.testing.assert_allclose(to_go, [[1.75, 1.5], [1.5, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(better, [[0.125, -0.125], [0.25, -0.25], [0.5, -0.5]])


def test_the_gradient_is_the_policy_gradient_of_a_bandit() -> None:
    """One step, two arms with rewards 3 and -1: the mean over the arms is minus the gradient of the mean reward."""
    rewards, seen = jnp.array([3.0, -1.0]), jnp.array([0.2, -0.4, 0.1, 0.7])
    x = jax.random.normal(jax.random.key(5), (2, 4))

    def logits(x: Any, seen: Any) -> Any:
        return x @ jnp.tanh(seen)

    def mean_reward(x: Any) -> Any:
        return jnp.sum(jax.nn.softmax(logits(x, seen)) * rewards)

    def of_arm(arm: int, x: Any) -> Any:
        one = Episodes(seen[None, None], jnp.array([[arm]]), jnp.ones((1, 1)))
        return jax.grad(lambda x: policy_loss(partial(logits, x), one, rewards[arm][None, None]))(x)

    @jax.jit
    def both(x: Any) -> Any:
        chance = jax.nn.softmax(logits(x, seen))
        return chance[0] * of_arm(0, x) + chance[1] * of_arm(1, x), -jax.grad(mean_reward)(x)

    found, expected = both(x)
    np.testing.assert_allclose(found, expected, rtol=SINGLE.tens, atol=1e-7)


def test_the_gradient_estimates_that_of_the_expected_return() -> None:
    """Against central differences of the mean return; with batches of 2 the baseline must take half of it."""
    horizon, batches, h = 40, 15_000, 0.5
    slope = jnp.array([0.0, 0.0, 6.0, 1.0])

    def gradient(key: Any) -> Any:
        drawn = chances(key, 2, horizon)

        def surrogate(s: Any) -> Any:
            found = rollout(partial(leaning, jax.lax.stop_gradient(s) * slope), drawn)
            return policy_loss(partial(leaning, s * slope), found, advantages(found.alive, 1.0))

        return -2 * jax.grad(surrogate)(jnp.ones([]))

    each = jax.jit(jax.vmap(gradient))(jax.random.split(jax.random.key(7), batches))

    @jax.jit
    def returns(s: Any) -> Any:
        return rollout(partial(leaning, s * slope), chances(jax.random.key(8), 30_000, horizon)).returns

    each, difference = np.asarray(each), np.asarray(returns(1 + h) - returns(1 - h)) / (2 * h)
    found, error = float(each.mean()), float(each.std()) / np.sqrt(batches)
    expected, uncertain = float(difference.mean()), float(difference.std()) / np.sqrt(30_000)
    assert found > 20 * error
    # 5 %: what the curvature of the mean return may put into a difference with such a step
    assert abs(found - expected) < STANDARD_ERRORS * np.hypot(error, uncertain) + 0.05 * expected


def test_the_loss_is_minus_the_mean_return_and_moves_by_the_policy_gradient() -> None:
    import equinox as eqx

    task = cartpole(hidden=8, episodes=4, horizon=HORIZON, evaluated=20, discount=0.9)
    x, key = jax.jit(task.init)(jax.random.key(0)), jax.random.key(4)
    layers = [leaf for leaf in jax.tree.leaves(x) if eqx.is_array(leaf)]
    assert [leaf.shape for leaf in layers] == [(8, 4), (8,), (2, 8), (2,)]

    def logits(x: Any, seen: Any) -> Any:
        w, b, v, c = jax.tree.leaves(x)
        return v @ jnp.tanh(w @ seen + b) + c

    @jax.jit
    def by_hand(x: Any) -> Any:
        found = rollout(partial(logits, x), chances(key, 4, HORIZON))
        return found, found.returns, advantages(found.alive, 0.9)

    found, returns, raw = jax.tree.map(np.asarray, by_hand(x))
    value, gradient = jax.jit(jax.value_and_grad(task.loss))(x, key)
    assert float(value) == -float(returns.mean())
    valid = np.asarray(found.alive) == 1
    weights = raw / np.sqrt(np.mean(raw[valid] ** 2)) * 4 / valid.sum()
    expected = jax.jit(jax.grad(lambda x: policy_loss(partial(logits, x), found, jnp.asarray(weights))))(x)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5), gradient, expected)


def test_episodes_that_all_reach_the_horizon_teach_nothing() -> None:
    task = cartpole(hidden=4, episodes=3, horizon=5, evaluated=3)
    x = jax.jit(task.init)(jax.random.key(0))
    value, gradient = jax.jit(jax.value_and_grad(task.loss))(x, jax.random.key(1))
    assert float(value) == -5
    assert all(np.all(np.asarray(leaf) == 0) for leaf in jax.tree.leaves(gradient))
    assert {name: float(v) for name, v in jax.jit(task.measures)(x).items()} == {
        "mean_return": 5,
        "share_at_horizon": 1,
    }


def test_measures_are_those_of_fixed_episodes() -> None:
    task = cartpole(hidden=4, episodes=2, horizon=HORIZON, evaluated=20)
    x = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), jax.eval_shape(task.init, jax.random.key(0)))
    expected = jax.jit(lambda: rollout(lambda seen: jnp.zeros(2), chances(jax.random.key(0), 20, HORIZON)).returns)()
    found = jax.jit(task.measures)(x)
    assert float(found["mean_return"]) == pytest.approx(float(expected.mean()))
    assert task.judged in found
    assert task.better == "higher"


@pytest.mark.parametrize(
    "arguments",
    [{"horizon": 0}, {"horizon": 501}, {"hidden": 0}, {"episodes": 1}, {"evaluated": 0}, {"discount": 0.0}],
)
def test_values_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(arguments))):
        cartpole(**arguments)


@pytest.fixture
def no_gymnax(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cartpole()  # compiled programs do not ask for it again
    monkeypatch.setitem(sys.modules, "gymnax", None)
    module.environment.cache_clear()
    yield
    module.environment.cache_clear()


def test_a_missing_library_is_named(no_gymnax: None) -> None:
    with pytest.raises(UserError, match=r"gymnax.*pip install"):
        cartpole()
