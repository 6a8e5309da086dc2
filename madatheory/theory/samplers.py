"""Random cases that aim at the extremes: vanishing and huge constants, two-atom laws, spikes, growth, zeros."""

import numpy as np

Array = np.ndarray


def log_uniform(rng: np.random.Generator, low: float, high: float, shape: int | tuple[int, ...]) -> Array:
    """10^u, u uniform on [low, high]."""
    return 10 ** rng.uniform(low, high, shape)


def mixed(rng: np.random.Generator, *choices: Array) -> Array:
    """For each case (last axis) one of the arrays, which have equal shapes."""
    stacked = np.stack(choices)
    pick = rng.integers(len(choices), size=stacked.shape[-1])
    return np.take_along_axis(stacked, pick.reshape((1,) * (stacked.ndim - 1) + (-1,)), axis=0)[0]


def decay(rng: np.random.Generator, n: int, least: float = -4) -> Array:
    """beta2 in (0, 1): uniform, or within 10^least of either end."""
    near = log_uniform(rng, least, -0.3, n)
    return mixed(rng, rng.uniform(0.01, 0.99, n), near, 1 - near)


def weights(rng: np.random.Generator, atoms: int, n: int) -> Array:
    """Probabilities (atoms, n): uniform on the simplex, or concentrated on one atom."""
    flat = rng.dirichlet(np.ones(atoms), n).T
    spread = log_uniform(rng, -6, 0, (atoms, n))
    spread[0] = 1
    return mixed(rng, flat, spread / spread.sum(axis=0), rng.permuted(flat**4, axis=0))


def law(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Weights and values (atoms, n) in [-1, 1], the first value being 1; 2 to 5 atoms."""
    atoms = int(rng.integers(2, 6))
    signs = rng.choice([-1.0, 1.0], (atoms, n))
    values = mixed(
        rng, rng.uniform(-1, 1, (atoms, n)), signs * log_uniform(rng, -20, 0, (atoms, n)), signs, np.abs(signs) * 0.5
    )
    values[0] = 1
    return weights(rng, atoms, n), values


def sequence(rng: np.random.Generator, n: int, least: int = 1, most: int = 40) -> Array:
    """Terms (T, n) in [0, 1]: constant, uniform, sparse, geometric, one spike, or a block of ones; T log-uniform."""
    T = int(np.exp(rng.uniform(np.log(least), np.log(most + 1))))
    steps = np.arange(T)[:, None]
    uniform = rng.random((T, n))
    rate = log_uniform(rng, -2, 1, n)
    growth = np.exp(-rate * (T - 1 - steps))
    at = rng.integers(T, size=n)
    return mixed(
        rng,
        np.ones((T, n)),
        uniform,
        np.where(rng.random((T, n)) < 0.2, uniform, 0.0),
        growth,
        growth[::-1],
        np.where(steps == at, 1.0, 0.0),
        np.where(steps >= at, 1.0, 0.0),
        np.where(steps <= at, 1.0, 0.0),
        log_uniform(rng, -12, 0, (T, n)),
    )
