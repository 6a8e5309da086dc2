"""numba: one fused loop over blocks of coordinates that stay in the L1 cache for all steps, on one core.

Noise is uniform, from a short integer hash or from Threefry-2x32-20; coordinates i and i + h of a block of 2h share one
evaluation, which yields two words. All arithmetic is in 32 bits and every inner loop runs over contiguous coordinates,
so that LLVM makes vectors of it; buffers are made once.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contenders.numba_words import generators, seeded
from benchmarks.task import BETA1, EPS, KAPPA, Execution, NotOffered, Workload

SUMMARY = "numba, fused loop, blocks in L1, one core"
NEEDS = ("numba",)
THREADS = 1
# measured: coordinates of a block, and trajectories side by side in MADA for d = 1 and above; from d = WIDE on, one
BLOCK, LANES_OF_ONE, LANES, WIDE = 1024, 256, 64, 200
F, U = np.float32, np.uint32
ONE, TWO, ZERO, HALF, TINY = F(1), F(2), F(0), F(0.5), F(1e-30)
C1, C2 = F(BETA1), F(1 - BETA1)
E, K = F(EPS), F(KAPPA)


def jit(function: Callable[..., Any], *, inline: bool = False) -> Any:
    """Compiled with the liberties that LLVM needs to make vectors of reductions and divisions."""
    import numba

    kind = "always" if inline else "never"
    return numba.njit(fastmath=True, error_model="numpy", boundscheck=False, inline=kind)(function)


def moment_kernel(noise: Callable[..., Any], averaged: bool) -> Any:
    """Adam, or AVGrad if `averaged`: coordinates are independent, so blocks are cut without regard to trajectories."""

    def advance(i, xi, B2, a, q, share, x, m, v, vbar, total):
        r = ONE / (ONE + x[i] * x[i])
        gradient = TWO * x[i] * r * r
        total[i] += gradient * gradient
        g = gradient + xi
        m[i] = C1 * m[i] + C2 * g
        v[i] = B2 * v[i] + (ONE - B2) * (g * g)
        square = v[i]
        if averaged:
            vbar[i] += share * (v[i] - vbar[i])
            square = vbar[i]
        x[i] -= a * m[i] / (math.sqrt(square * q) + E)

    advance = jit(advance, inline=True)

    @jit
    def run(T, A, B2, seed, pair, fixed, x, m, v, vbar, total):
        h = x.shape[0] // 2
        p1, p2 = ONE, ONE
        for i in range(2 * h):
            x[i], m[i], v[i], vbar[i], total[i] = ONE, ZERO, ZERO, ZERO, ZERO
        for t in range(1, T + 1):
            p1 *= C1
            p2 *= B2
            a, q, share = A / (ONE - p1), ONE / (ONE - p2), ONE / F(t)
            for i in range(h):
                xi, eta = noise(U(t), seed, pair[i], fixed[i])
                advance(i, xi, B2, a, q, share, x, m, v, vbar, total)
                advance(i + h, eta, B2, a, q, share, x, m, v, vbar, total)

    return run


def mada_kernel(noise: Callable[..., Any], lanes: int) -> Any:
    """MADA on a block of `lanes` trajectories, coordinate-major, or (1) on one trajectory with rho in a register.

    The gradient of the next step is made in the pass that makes the derivative of this one: one pass per step.
    """

    def advance(i, xi, rho, count, B2, a, q, share, x, m, v, vbar, total, g):
        """One coordinate; returns -g_{t+1} d delta_t/d rho."""
        m[i] = C1 * m[i] + C2 * g[i]
        v[i] = B2 * v[i] + (ONE - B2) * (g[i] * g[i])
        vbar[i] += share * (v[i] - vbar[i])
        apart = q * (v[i] - vbar[i])
        hat = rho * apart + q * vbar[i] + TINY
        lift = ONE / math.sqrt(hat)
        inverse = ONE / (hat * lift + E)
        move = a * m[i] * inverse
        x[i] -= move
        r = ONE / (ONE + x[i] * x[i])
        gradient = TWO * x[i] * r * r
        total[i] += count * (gradient * gradient)
        g[i] = gradient + xi
        return g[i] * HALF * move * apart * inverse * lift

    advance = jit(advance, inline=True)

    @jit
    def draw(t, seed, pair, fixed, z):
        """The noise of len(z) coordinates; those of the first and the second half share evaluations."""
        half = z.shape[0] // 2
        for k in range(half):
            z[k], z[k + half] = noise(U(t), seed, pair[k], fixed[k])

    @jit
    def begin(x, m, v, vbar, total):
        for i in range(x.shape[0]):
            x[i], m[i], v[i], vbar[i], total[i] = ONE, ZERO, ZERO, ZERO, F(0.25)

    @jit
    def run(T, A, B2, seed, pair, fixed, x, m, v, vbar, total, g, rho, slope, z):
        begin(x, m, v, vbar, total)
        d = x.shape[0] // lanes
        xs, ms, vs, vbars = x.reshape(d, lanes), m.reshape(d, lanes), v.reshape(d, lanes), vbar.reshape(d, lanes)
        totals, gs = total.reshape(d, lanes), g.reshape(d, lanes)
        pairs, fixes = pair.reshape(d, lanes // 2), fixed.reshape(d, lanes // 2)
        p1, p2 = ONE, ONE
        for k in range(lanes):
            rho[k], slope[k] = ONE, ZERO
        for j in range(d):
            draw(1, seed, pairs[j], fixes[j], z)
            for k in range(lanes):
                gs[j, k] = HALF + z[k]
        for t in range(1, T + 1):
            p1 *= C1
            p2 *= B2
            a, q, share = A / (ONE - p1), ONE / (ONE - p2), ONE / F(t)
            count = ONE if t < T else ZERO
            for k in range(lanes):
                rho[k] = min(max(rho[k] - K * slope[k], ZERO), ONE)
                slope[k] = ZERO
            for j in range(d):
                draw(t + 1, seed, pairs[j], fixes[j], z)
                xj, mj, vj, bj, sj, gj = xs[j], ms[j], vs[j], vbars[j], totals[j], gs[j]
                for k in range(lanes):
                    slope[k] += advance(k, z[k], rho[k], count, B2, a, q, share, xj, mj, vj, bj, sj, gj)

    @jit
    def run_row(T, A, B2, seed, pair, fixed, x, m, v, vbar, total, g, rho, slope, z):
        begin(x, m, v, vbar, total)
        h = x.shape[0] // 2
        p1, p2, now, sum_ = ONE, ONE, ONE, ZERO
        for i in range(h):
            xi, eta = noise(U(1), seed, pair[i], fixed[i])
            g[i], g[i + h] = HALF + xi, HALF + eta
        for t in range(1, T + 1):
            p1 *= C1
            p2 *= B2
            a, q, share = A / (ONE - p1), ONE / (ONE - p2), ONE / F(t)
            count = ONE if t < T else ZERO
            now = min(max(now - K * sum_, ZERO), ONE)
            sum_ = ZERO
            for i in range(h):
                xi, eta = noise(U(t + 1), seed, pair[i], fixed[i])
                sum_ += advance(i, xi, now, count, B2, a, q, share, x, m, v, vbar, total, g)
                sum_ += advance(i + h, eta, now, count, B2, a, q, share, x, m, v, vbar, total, g)

    return run if lanes > 1 else run_row


def prepare(task: Workload) -> Execution:
    """Compile for the task's shapes."""
    if task.problem != "ratio" or task.noise != "uniform" or task.optimizer == "mada-all":
        raise NotOffered("numba does the ratio problem with uniform noise")
    noise = generators()["hash" if task.generator == "own" else task.generator]
    n = task.B * task.d
    if task.optimizer != "mada":
        width = min(BLOCK, n + n % 2)
        kernel = moment_kernel(noise, task.optimizer == "avgrad")
        return _blocks(task, kernel, np.arange(-(-n // width) * width).reshape(-1, width), 0)
    lanes = LANES_OF_ONE if task.d == 1 else LANES if task.d <= WIDE else 1
    if lanes == 1 and task.d % 2:
        raise NotOffered(f"MADA with an odd d above {WIDE}")
    blocks = -(-task.B // lanes)
    index = np.arange(blocks * lanes * task.d).reshape(blocks, lanes, task.d)
    index = np.ascontiguousarray(index.swapaxes(1, 2)).reshape(blocks, -1)
    return _blocks(task, mada_kernel(noise, lanes), index, lanes)


def _blocks(task: Workload, kernel: Callable[..., Any], index: np.ndarray, lanes: int) -> Execution:
    """Run over blocks; `index` gives the coordinate (trajectory d + j) at each place of each block."""
    width, n = index.shape[1], task.B * task.d
    buffers = [np.zeros(width, F) for _ in range(6 if lanes else 5)]
    extra = [np.zeros(lanes, F) for _ in range(3)] if lanes else []

    def run(steps: int, seed: int) -> np.ndarray:
        sums = np.empty(index.size)
        for number, block in enumerate(index):
            pair = np.arange(number * (width // 2), (number + 1) * (width // 2), dtype=U)
            kernel(steps, F(task.alpha), F(task.beta2), U(seed), pair, seeded(pair, seed), *buffers, *extra)
            sums[block] = buffers[4]
        return sums[:n].reshape(task.B, task.d).sum(1) / steps

    run(1, 0)
    return lambda seed: run(task.T, seed)
