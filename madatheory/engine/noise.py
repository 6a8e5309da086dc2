"""Counter-based noise: the words of step t, coordinate i, trajectory s depend on (seed, s, t, i) and on nothing else.

Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, SC 2011), in jnp so that it compiles into the time loop.
The optimizer and the grid are not part of the key, so every method meets the same noise.
"""

from typing import Any

import jax.numpy as jnp

from madatheory.problems.problem import Words

Array = Any
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def _rotate(x: Array, by: int) -> Array:
    return (x << jnp.uint32(by)) | (x >> jnp.uint32(32 - by))


def threefry2x32(key0: Array, key1: Array, counter0: Array, counter1: Array) -> tuple[Array, Array]:
    """Threefry-2x32-20 of a 64-bit key and a 64-bit counter, all uint32 arrays that broadcast."""
    keys = (key0, key1, key0 ^ key1 ^ jnp.uint32(0x1BD11BDA))
    x0, x1 = counter0 + keys[0], counter1 + keys[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = _rotate(x1, rotation) ^ x0
        x0 = x0 + keys[(group + 1) % 3]
        x1 = x1 + keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return x0, x1


def words(seed: Array, trajectory: Array, t: Array, entries: int) -> Words:
    """The words of step `t` (uint32 scalar) for `entries` noise entries of each trajectory (uint32, any shape)."""
    index = jnp.arange(entries, dtype=jnp.uint32).reshape((entries,) + (1,) * jnp.ndim(trajectory))
    counter = jnp.broadcast_to(t, trajectory.shape).astype(jnp.uint32)
    return Words(*threefry2x32(jnp.uint32(seed), trajectory[None], counter[None], index))
