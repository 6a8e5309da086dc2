"""Noise for the numba loop: two numbers in [-1, 1) from one evaluation of a generator, all in 32-bit arithmetic."""

from functools import cache
from typing import Any

import numpy as np

from benchmarks.task import GOLDEN, SPREAD

U, F = np.uint32, np.float32


@cache
def generators() -> dict[str, Any]:
    """By name: (t, seed, s, seeded s) -> the noise of step t >= 1 for the two members of pair s."""
    import numba

    inline = numba.njit(inline="always", error_model="numpy", boundscheck=False)

    @inline
    def unit(word):
        return F(np.int32(word)) * F(2.0**-31)  # read as a signed integer

    @inline
    def mix(h):
        h = U(h ^ (h >> U(16)))
        h = U(h * U(0x21F0AAAD))
        h = U(h ^ (h >> U(15)))
        h = U(h * U(0x735A2D97))
        return U(h ^ (h >> U(15)))

    @inline
    def hashed(t, seed, pair, seeded):
        inner = U(mix(U(U(t * U(GOLDEN)) ^ pair)) + seeded)
        return unit(mix(inner)), unit(mix(U(inner ^ U(0x68BC21EB))))

    @inline
    def turned(a, b, by):
        return U(U(U(b << U(by)) | U(b >> U(32 - by))) ^ a)

    @inline
    def threefry(t, seed, pair, seeded):
        """Threefry-2x32-20 with key (seed, pair) and counter (t, 0)."""
        k0, k1 = seed, pair
        k2 = U(U(k0 ^ k1) ^ U(0x1BD11BDA))
        a, b = U(t + k0), k1
        for group in numba.literal_unroll((0, 1, 2, 3, 4)):
            r0, r1, r2, r3 = (13, 15, 26, 6) if group % 2 == 0 else (17, 29, 16, 24)
            a = U(a + b)
            b = turned(a, b, r0)
            a = U(a + b)
            b = turned(a, b, r1)
            a = U(a + b)
            b = turned(a, b, r2)
            a = U(a + b)
            b = turned(a, b, r3)
            if group in (0, 3):
                a, b = U(a + k1), U(b + k2)
            elif group in (1, 4):
                a, b = U(a + k2), U(b + k0)
            else:
                a, b = U(a + k0), U(b + k1)
            b = U(b + U(group + 1))
        return unit(a), unit(b)

    return {"hash": hashed, "threefry": threefry}


def seeded(pair: np.ndarray, seed: int) -> np.ndarray:
    """What the hash adds to the first word, the same at every step."""
    return (pair * U(SPREAD)) ^ U(seed)
