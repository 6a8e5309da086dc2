"""CartPole by policy gradients: REINFORCE with the mean reward-to-go of the batch as baseline."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from madatheory.errors import UserError, remedy
from madatheory.hparams import Parameter, whole
from madatheory.studies.tasks.modules import arrays, shapes_and_frame
from madatheory.studies.tasks.task import Array, Key, Parameters, Task

CAP = 500
"""Steps after which CartPole-v1 itself ends an episode."""
Logits = Callable[[Array], Array]


class Episodes(NamedTuple):
    """What episodes went through, time first: observations (T, E, 4), actions (T, E) 0 or 1, and which steps count.

    `alive` (T, E) is 1 for the steps taken, the one that ends the episode included, and 0 after the end. Every step
    taken is rewarded by 1, so the return of an episode is the number of its steps.
    """

    observations: Array
    actions: Array
    alive: Array

    @property
    def returns(self) -> Array:
        """The undiscounted return of every episode, (E,)."""
        return jnp.sum(self.alive, axis=0)


@cache
def environment() -> tuple[Any, Any]:
    """gymnax's CartPole-v1 and its parameters. Raises `UserError` if gymnax cannot be imported."""
    try:
        with jax.ensure_compile_time_eval():  # it makes arrays, which must not be those of a trace
            import gymnax  # an extra, slow to import

            return gymnax.make("CartPole-v1")
    except ImportError as error:
        raise UserError(f"CartPole needs gymnax: {error}; {remedy('gymnax')}") from error


class Chances(NamedTuple):
    """All that is random in episodes: the environment's initial states (E,) and uniform numbers (T, E) for actions."""

    starts: Any
    uniform: Array


def chances(key: Key, episodes: int, horizon: int) -> Chances:
    """Initial states as the environment draws them, and one number in [0, 1) for every action."""
    env, params = environment()
    keys = jax.random.split(key, episodes + 1)
    _, starts = jax.vmap(lambda k: env.reset_env(k, params))(keys[1:])
    return Chances(starts, jax.random.uniform(keys[0], (horizon, episodes)))


_chances = jax.jit(chances, static_argnums=(1, 2))


def rollout(logits: Logits, drawn: Chances) -> Episodes:
    """Episodes with actions from softmax(logits(observation)): action 1 where its probability is above the uniform.

    All take as many steps of the simulator; what comes after the end of an episode is masked. Nothing is differentiated
    through: neither the simulator nor the choice of actions.
    """
    env, params = environment()
    # no weak types in the loop
    starts = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(leaf)), drawn.starts)
    key = jax.random.key(0)  # this simulator does not use the key of a step

    def step(carry: tuple[Any, Array], u: Array) -> Any:
        states, alive = carry
        seen = jax.vmap(env.get_obs)(states)
        score = jax.vmap(logits)(seen)
        action = (u < jax.nn.sigmoid(score[:, 1] - score[:, 0])).astype(jnp.int32)
        # without automatic reset
        _, after, _, ended, _ = jax.vmap(lambda s, a: env.step_env(key, s, a, params))(states, action)
        after = jax.tree.map(lambda leaf, like: leaf.astype(like.dtype), after, states)
        return (after, alive & ~ended), (seen, action, alive.astype(jnp.float32))

    _, (seen, actions, alive) = lax.scan(step, (starts, jnp.ones(drawn.uniform.shape[1], bool)), drawn.uniform)
    return lax.stop_gradient(Episodes(seen, actions, alive))


def reward_to_go(rewards: Array, discount: float) -> Array:
    """R_t = r_t + discount R_{t+1}, time on axis 0."""
    return lax.scan(lambda after, r: (r + discount * after,) * 2, jnp.zeros_like(rewards[0]), rewards, reverse=True)[1]


def advantages(alive: Array, discount: float) -> Array:
    """Reward-to-go less its mean over the batch at the same step, (T, E).

    Ended episodes enter the mean with 0. An episode's own part in the mean shrinks the gradient by 1 - 1/E and does
    not turn it: the other episodes say nothing about its actions.
    """
    to_go = reward_to_go(alive, discount)
    return to_go - jnp.mean(to_go, axis=1, keepdims=True)


def policy_loss(logits: Logits, played: Episodes, weights: Array) -> Array:
    """-(1/E) sum_e sum_t weight log softmax(logits(observation))[action] over the steps taken.

    With advantages as weights its gradient is (E-1)/E times an unbiased estimate of that of minus the expected return
    (at discount 1). Source: Williams (1992).
    """
    scores = jax.vmap(jax.vmap(logits))(played.observations)
    likely = jnp.take_along_axis(jax.nn.log_softmax(scores), played.actions[..., None], axis=-1)[..., 0]
    return -jnp.sum(lax.stop_gradient(weights * played.alive) * likely) / played.alive.shape[1]


def cartpole(
    hidden: int = 32, episodes: int = 2, horizon: int = CAP, evaluated: int = 16, discount: float = 0.99
) -> Task:
    """REINFORCE on CartPole-v1; episodes end after `horizon` steps at the latest, by default where CartPole-v1 ends.

    The policy is 4 -> `hidden` -> 2 with tanh. A step of training plays `episodes` episodes; its loss is minus their
    mean return, its gradient the policy gradient with discounted advantages, scaled by their standard deviation and by
    episodes per step taken. Measures, on `evaluated` episodes with fixed starts and fixed uniform numbers for
    the actions: mean return (1 per step, at most `horizon`) and the share that reaches the horizon.
    """
    import equinox as eqx

    horizon = whole("horizon", horizon, 1, CAP)  # where CartPole-v1 ends
    hidden, evaluated = whole("hidden", hidden, 1), whole("evaluated", evaluated, 1)
    episodes = whole("episodes", episodes, 2)  # one for the baseline
    Parameter(0.99, 0, 1, open_low=True).refuse("discount", discount)

    environment()  # refuses now what is not installed; the next line does not where its program is there already
    # now, so that no program draws them again
    fixed = jax.tree.map(np.asarray, _chances(jax.random.key(0), evaluated, horizon))

    def build(key: Key) -> Any:
        first, last = jax.random.split(key)
        return eqx.nn.Sequential(
            [
                eqx.nn.Linear(4, hidden, key=first),
                eqx.nn.Lambda(jnp.tanh),
                eqx.nn.Linear(hidden, 2, key=last),
            ]
        )

    _, frame = shapes_and_frame(build)

    def init(key: Key) -> Parameters:
        return arrays(build(key))

    def loss(x: Parameters, key: Key) -> Array:
        policy = eqx.combine(x, frame)
        played = rollout(eqx.combine(lax.stop_gradient(x), frame), chances(key, episodes, horizon))
        raw, steps = advantages(played.alive, discount), jnp.sum(played.alive)
        spread = jnp.sqrt(jnp.sum(played.alive * raw**2) / steps)
        # of equal returns only rounding is left, which must not be scaled up; a step more or less gives far more
        weights = jnp.where(spread > 1e-3, raw / jnp.where(spread > 1e-3, spread, 1), 0) * episodes / steps
        surrogate = policy_loss(policy, played, weights)
        return surrogate + lax.stop_gradient(-jnp.mean(played.returns) - surrogate)

    def measures(x: Parameters) -> Mapping[str, Array]:
        returns = rollout(eqx.combine(x, frame), fixed).returns
        return {"mean_return": jnp.mean(returns), "share_at_horizon": jnp.mean(returns >= horizon)}

    return Task(
        "cartpole",
        f"REINFORCE on CartPole, at most {horizon} steps",
        init,
        loss,
        measures,
        "mean_return",
        f"steps, at most {horizon}",
        better="higher",
        cpu_batch=8,
    )
