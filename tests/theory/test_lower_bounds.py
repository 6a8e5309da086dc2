"""Instances that show what a bound cannot do without, on all paths of the package's own method."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from optimizer_cases import looped

from madatheory.arithmetic import NUMPY
from madatheory.optimizers.optimizer import Optimizer
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from proofs_check.coq.values import definitions

STEPS = 10
SIGNS = np.array(list(product((1.0, -1.0), repeat=STEPS))).T
STEP = np.arange(1, STEPS + 1)


def squared_gradients(method: Optimizer, hyper: dict[str, float], clip: tuple[float, float, float]) -> NDArray:
    """E F'(x_{t-1})^2 at every step: F' = most min(max(steep x, -1), 1), g = +-G with that mean, x_0 = 0."""
    G, most, steep = clip
    with jax.enable_x64(True):
        g = jnp.asarray(G * SIGNS)[:, None]
        run = looped(method)(jnp.zeros(g.shape[1:]), g, method.hyper(hyper))
    before = np.concatenate([np.zeros((1, SIGNS.shape[1])), np.asarray(run.x)[:-1, 0]])
    slope = most * np.clip(steep * before, -1, 1)
    chances = np.cumprod((1 + SIGNS * slope / G) / 2, axis=0)[-1]
    assert chances.sum() == pytest.approx(1, rel=1e-12)
    return slope**2 @ chances


@pytest.mark.parametrize(
    ("alpha", "eps", "beta2"), [(0.3, 0.1, 0.9), (2.0, 1e-3, 0.5), (0.1, 10.0, 0.999), (1.0, 0.01, 0.0)]
)
def test_the_weighted_rate_of_avgrad_needs_a_logarithm_of_its_steps(alpha: float, eps: float, beta2: float) -> None:
    """The harmonic sum of docs/theory.md, T5low, at G = 1."""
    theorem, w = list_theorems()["avgrad-weighted-rate"], 1 - beta2
    L, R = np.sqrt(eps + w) / (2 * alpha), np.sqrt(eps + 1)
    hyper = {"alpha": alpha, "beta1": 0.0, "beta2": beta2, "eps": eps}
    means = squared_gradients(theorem.method(), hyper, (1.0, 1.0, L))
    assert np.all(means[1:] >= alpha * L / (9 * R * np.sqrt(STEP[1:])))
    least = alpha * L / (9 * R) * np.cumsum(1 / STEP)[1:] - alpha * L / (9 * R)
    found = np.cumsum(means / np.sqrt(STEP))[1:]
    in_coq = definitions("AVGradLogarithm")["coin_weighted"](eps)(alpha)(beta2)(L)
    assert in_coq(STEPS) == pytest.approx(found[-1], rel=1e-9)
    symbols = Quantities(T=STEP[1:], d=1, D0=0.0, L=L, G=1.0, **hyper)
    assert np.all(least <= found)
    assert np.all(found <= theorem.bound(symbols, NUMPY))
    # twenty times the constant is more than there is
    assert np.any(20 * least > found)


@pytest.mark.parametrize(("w", "G", "alpha"), [(0.01, 1.0, 1.0), (1e-3, 0.2, 3.0), (1e-6, 5.0, 0.1)])
def test_the_rate_of_avgrad_grows_with_its_memory(w: float, G: float, alpha: float) -> None:
    """T5low's average at every T of ten steps, and T5's right side at the T that it is about."""
    theorem, log = list_theorems()["avgrad-rate"], np.log(1 / w)
    most, steep = G / (24 * log), np.sqrt(w) / (5 * alpha)
    hyper = {"alpha": alpha, "beta1": 0.0, "beta2": 1 - w, "eps": w * G**2}
    found = np.cumsum(squared_gradients(theorem.method(), hyper, (G, most, steep))) / STEP
    in_coq = definitions("AVGradWeightGrowth")["growth_average"](w)(G)(alpha)
    assert in_coq(STEPS) == pytest.approx(found[-1], rel=1e-9)
    least = 7e-6 * (G / log) ** 2 * (1 - 1 / STEP)
    assert np.all(least <= found)
    # twenty times the constant is more than there is
    assert np.any(20 * least > found)
    T = int(log**2 / w)
    right = theorem.bound(Quantities(T=T, d=1, D0=0.0, L=most * steep, G=G, **hyper), NUMPY)
    assert 1 < np.sqrt(T) * right / (G**2 / np.sqrt(w)) <= 1.5


def test_the_average_of_avgrad_at_the_end_of_its_memory() -> None:
    """T5low at w = 1/100 over all of its 2120 steps, in plain NumPy, on a sample of paths."""
    rng, w, paths = np.random.default_rng(0), 0.01, 400
    log = np.log(1 / w)
    T, x, v, total, squares = int(log**2 / w), np.zeros(paths), 0.0, 0.0, 0.0
    for t in range(1, T + 1):
        slope = np.clip(np.sqrt(w) * x / 5, -1, 1) / (24 * log)
        squares += np.mean(slope**2)
        v = (1 - w) * v + w
        total += v
        x -= np.where(rng.random(paths) < (1 + slope) / 2, 1, -1) / np.sqrt(t * w + total)
    least = 1 / (150000 * np.sqrt(w) * log)
    # twenty times the constant is more than there is
    assert least < squares / np.sqrt(T) < 20 * least
