"""Counter-based noise: the words of step t, entry i, trajectory s depend on (seed, s, t, i) and on nothing else.

The optimizer and the grid are not part of the key, so every method meets the same noise. Trajectories 2j and 2j+1 are
a pair: where two words suffice for both (`Oracle.pair`), one evaluation of the generator with key (seed, j) serves the
two, otherwise each has its own with key (seed, s). Everything is in jnp, so that it compiles into the time loop.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from madatheory.engine.backend.tracing import asked_oracle
from madatheory.problems.problem import DType, Problem, Words

Array = Any
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def _rotate(x: Array, by: int) -> Array:
    return (x << jnp.uint32(by)) | (x >> jnp.uint32(32 - by))


@partial(jax.jit, inline=True)  # written down once for each shape; the program is the same
def threefry2x32(key0: Array, key1: Array, counter0: Array, counter1: Array) -> tuple[Array, Array]:
    """Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, SC 2011): 64-bit key and counter, uint32 arrays."""
    keys = (key0, key1, key0 ^ key1 ^ jnp.uint32(0x1BD11BDA))
    x0, x1 = counter0 + keys[0], counter1 + keys[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = _rotate(x1, rotation) ^ x0
        x0 = x0 + keys[(group + 1) % 3]
        x1 = x1 + keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return x0, x1


def _mix(h: Array) -> Array:
    """A bijection of 32-bit words: two multiplications and three xor-shifts, as Wellons (2018) searched."""
    h = (h ^ (h >> jnp.uint32(16))) * jnp.uint32(0x21F0AAAD)
    h = (h ^ (h >> jnp.uint32(15))) * jnp.uint32(0x735A2D97)
    return h ^ (h >> jnp.uint32(15))


def hash2x32(key0: Array, key1: Array, counter0: Array, counter1: Array) -> tuple[Array, Array]:
    """Two words from three rounds of a 32-bit mix: fast and weak, with no published test results. Not the default."""
    stream = key1 * jnp.uint32(0x9E3779B1) + counter1 * jnp.uint32(0x27D4EB2F)
    inner = _mix((counter0 * jnp.uint32(0x9E3779B9)) ^ stream) + (stream * jnp.uint32(0x85EBCA6B) ^ key0)
    return _mix(inner), _mix(inner ^ jnp.uint32(0x68BC21EB))


GENERATORS: dict[str, Callable[..., tuple[Array, Array]]] = {"threefry2x32-20": threefry2x32, "hash": hash2x32}


def words(seed: Array, key: Array, t: Array, entries: int, generator: str = "threefry2x32-20") -> Words:
    """The words of step `t` (uint32 scalar) for `entries` noise entries of each key (uint32, any shape)."""
    index = jnp.arange(entries, dtype=jnp.uint32).reshape((entries,) + (1,) * jnp.ndim(key))
    counter = jnp.broadcast_to(t, key.shape).astype(jnp.uint32)
    return Words(*GENERATORS[generator](jnp.uint32(seed), key[None], counter[None], index))


class Draw(NamedTuple):
    """How the noise of a step arises in the time loop.

    `ahead(source, t, dtype)` is computed one step early and carried in the loop's state, `xi(source, carried)`
    turns it into the noise, shape (entries, batch). Carrying keeps the compiler from evaluating the generator once per
    use. `chosen`: the same as `xi` in a form that is faster in many lanes of a CPU. `alone`: the same noise for
    trajectories computed one by one; the last item of their source is whether they are odd, and `shared` says that
    `ahead` is the same for both trajectories of a pair.
    """

    ahead: Callable[[Any, Array, Any], Array]
    xi: Callable[[Any, Array], Array]
    chosen: Callable[[Any, Array], Array] | None = None
    alone: "Draw | None" = None
    shared: bool = False


@lru_cache(maxsize=128)
def counter_noise(problem: Problem, generator: str) -> Draw:
    """Noise from a counter generator; source = (seed scalar, pairs j of the trajectories 2j, 2j+1, ..), both uint32."""
    oracle = asked_oracle(problem.name, problem.oracle)

    def of(seed: Array, trajectory: Array, t: Array, dtype: DType) -> Array:
        return oracle.sample(words(seed, trajectory, t, oracle.entries, generator), dtype)

    def of_pair(seed: Array, pair: Array, t: Array, dtype: DType) -> Array:
        assert oracle.pair is not None
        # the only element type of two values, so that the backend evaluates the generator once for both
        return lax.complex(*oracle.pair(words(seed, pair, t, oracle.entries, generator), dtype))

    if oracle.pair is None or oracle.entries == 0:
        return Draw(
            lambda source, t, dtype: of(source[0], _adjacent(2 * source[1], 2 * source[1] + jnp.uint32(1)), t, dtype),
            lambda source, xi: xi,
            alone=Draw(
                lambda source, t, dtype: of(source[0], 2 * source[1] + source[2], t, dtype), lambda source, xi: xi
            ),
        )
    return Draw(
        lambda source, t, dtype: of_pair(source[0], source[1], t, dtype),
        lambda source, z: _adjacent(lax.real(z), lax.imag(z)),
        lambda source, z: _chosen(lax.real(z), lax.imag(z)),
        alone=Draw(
            lambda source, t, dtype: of_pair(source[0], source[1], t, dtype),
            lambda source, z: jnp.where(source[2] == 0, lax.real(z), lax.imag(z)),
            shared=True,
        ),
    )


def _adjacent(even: Array, odd: Array) -> Array:
    """(.., pairs) twice -> (.., batch) with `even` at 0, 2, .. and `odd` at 1, 3, .."""
    return jnp.stack([even, odd], axis=-1).reshape(*even.shape[:-1], 2 * even.shape[-1])


def _chosen(even: Array, odd: Array) -> Array:
    """As `_adjacent`, by a choice between two values that both are read, where a concatenation branches for each."""
    first = lax.broadcasted_iota(jnp.uint32, (*even.shape, 2), even.ndim) == 0
    return jnp.where(first, even[..., None], odd[..., None]).reshape(*even.shape[:-1], 2 * even.shape[-1])
