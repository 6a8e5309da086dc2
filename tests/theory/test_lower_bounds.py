"""Instances that show what a bound cannot do without, on all paths of the package's own method."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from optimizer_cases import looped

from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from proofs_check.coq.values import definitions

STEPS = 10
SIGNS = np.array(list(product((1.0, -1.0), repeat=STEPS))).T


@pytest.mark.parametrize(
    ("alpha", "eps", "beta2"), [(0.3, 0.1, 0.9), (2.0, 1e-3, 0.5), (0.1, 10.0, 0.999), (1.0, 0.01, 0.0)]
)
def test_the_weighted_rate_of_avgrad_needs_a_logarithm_of_its_steps(alpha: float, eps: float, beta2: float) -> None:
    """F' = clip(L x, -1, 1), g = +-1 with that mean, x_0 = D0 = 0, G = 1: the harmonic sum of docs/theory.md, T5low."""
    theorem, w, t = list_theorems()["avgrad-weighted-rate"], 1 - beta2, np.arange(1, STEPS + 1)
    L, R = np.sqrt(eps + w) / (2 * alpha), np.sqrt(eps + 1)
    method = theorem.method()
    with jax.enable_x64(True):
        g = jnp.asarray(SIGNS)[:, None]
        hyper = method.hyper({"alpha": alpha, "beta1": 0.0, "beta2": beta2, "eps": eps})
        run = looped(method)(jnp.zeros(g.shape[1:]), g, hyper)
    before = np.concatenate([np.zeros((1, SIGNS.shape[1])), np.asarray(run.x)[:-1, 0]])
    slope = np.clip(L * before, -1, 1)
    chances = np.cumprod((1 + SIGNS * slope) / 2, axis=0)[-1]
    assert chances.sum() == pytest.approx(1, rel=1e-12)
    means = (slope**2) @ chances
    assert np.all(means[1:] >= alpha * L / (9 * R * np.sqrt(t[1:])))
    least = alpha * L / (9 * R) * np.cumsum(1 / t)[1:] - alpha * L / (9 * R)
    found = np.cumsum(means / np.sqrt(t))[1:]
    in_coq = definitions("AVGradLogarithm")["coin_weighted"](eps)(alpha)(beta2)(L)
    assert in_coq(STEPS) == pytest.approx(found[-1], rel=1e-9)
    symbols = Quantities(T=t[1:], d=1, D0=0.0, L=L, G=1.0, eps=eps, alpha=alpha, beta1=0.0, beta2=beta2)
    assert np.all(least <= found)
    assert np.all(found <= theorem.bound(symbols, NUMPY))
    # twenty times the constant is more than there is
    assert np.any(20 * least > found)
