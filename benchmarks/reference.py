"""The benchmark's recurrence in float64 NumPy, written apart from the engine, with the same noise words.

Uniform noise only. Trajectories 2j and 2j+1 take the two words of key (seed, j), counter (t, coordinate); a word w
stands for ((w >> 9) + 1/2) 2^-23 in (0, 1), and xi is that, stretched to (-1, 1).
"""

import numpy as np

from benchmarks.task import BETA1, EPS, GOLDEN, KAPPA, SPREAD, Workload

Words = tuple[np.ndarray, np.ndarray]
_MASK = np.uint64(0xFFFFFFFF)


def _u32(x: np.ndarray) -> np.ndarray:
    return x & _MASK  # words are kept in 64 bits, where products of two do not overflow


def threefry(seed: int, pair: np.ndarray, t: int, coordinate: np.ndarray) -> Words:
    """Threefry-2x32-20 of key (seed, pair) and counter (t, coordinate)."""
    ks = [np.uint64(seed), pair, pair ^ np.uint64(seed ^ 0x1BD11BDA)]
    a, b = _u32(np.uint64(t) + ks[0]) + 0 * pair + 0 * coordinate, _u32(coordinate + ks[1])
    turns = (13, 15, 26, 6, 17, 29, 16, 24)
    for r in range(20):
        a = _u32(a + b)
        by = turns[r % 8]
        b = (_u32(b << np.uint64(by)) | (b >> np.uint64(32 - by))) ^ a
        if r % 4 == 3:
            k = r // 4 + 1
            a, b = _u32(a + ks[k % 3]), _u32(b + ks[(k + 1) % 3] + np.uint64(k))
    return a, b


def _mix(h: np.ndarray) -> np.ndarray:
    for shift, factor in ((16, 0x21F0AAAD), (15, 0x735A2D97)):
        h = _u32((h ^ (h >> np.uint64(shift))) * np.uint64(factor))
    return h ^ (h >> np.uint64(15))


def hashed(seed: int, pair: np.ndarray, t: int, coordinate: np.ndarray) -> Words:
    """The two words of the hash generator."""
    stream = _u32(_u32(pair * np.uint64(0x9E3779B1)) + _u32(coordinate * np.uint64(0x27D4EB2F)))
    now = np.uint64((t * GOLDEN) & 0xFFFFFFFF)
    inner = _u32(_mix(now ^ stream) + (_u32(stream * np.uint64(SPREAD)) ^ np.uint64(seed)))
    return _mix(inner), _mix(inner ^ np.uint64(0x68BC21EB))


GENERATORS = {"own": threefry, "threefry": threefry, "hash": hashed}


def recurrence(task: Workload, seed: int) -> np.ndarray:
    """Mean over steps of |grad F(x_{t-1})|^2, shape (B,)."""
    pair = np.arange((task.B + 1) // 2, dtype=np.uint64)[:, None]
    coordinate = np.arange(task.d, dtype=np.uint64)[None]
    x = np.ones((task.B, task.d))
    m, v, vbar, bent = (np.zeros_like(x) for _ in range(4))
    rho, total = np.ones((task.B, 1)), np.zeros(task.B)
    for t in range(1, task.T + 1):
        words = np.stack(GENERATORS[task.generator](seed, pair, t, coordinate), axis=1)
        unit = ((words >> np.uint64(9)).astype(np.float64) + 0.5) * 2.0**-23
        gradient = 2 * x / (1 + x * x) ** 2
        total += (gradient * gradient).sum(1)
        g = gradient + (2 * unit - 1).reshape(-1, task.d)[: task.B]
        m = BETA1 * m + (1 - BETA1) * g
        v = task.beta2 * v + (1 - task.beta2) * g * g
        vbar = ((t - 1) * vbar + v) / t
        if task.optimizer == "mada":
            rho = np.clip(rho + KAPPA * (g * bent).sum(1, keepdims=True), 0, 1)
        weight = {"adam": 1.0, "avgrad": 0.0}.get(task.optimizer, rho)
        correction = 1 - task.beta2**t
        root = np.sqrt((weight * v + (1 - weight) * vbar) / correction)
        move = task.alpha * m / (1 - BETA1**t) / (root + EPS)
        bent = -move * (v - vbar) / (2 * correction * root * (root + EPS))  # d delta/d rho
        x = x - move
    return total / task.T
