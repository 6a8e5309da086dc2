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
# T5low's ratchet with constants that show it early: those of its proof need more steps than any run has
RATCHET = {"M": 0.03, "mu": 0.03, "L": 2.0, "X0": float(np.sqrt(2 * 0.03 * 40)), "X1": 1e9, "s": 1.0, "Lam": 1.0}
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
    # so near to it is the constant
    assert 11 < squares / np.sqrt(T) / least < 13


def tooth(z: NDArray) -> NDArray:
    """The wave of docs/theory.md, T5low, where it is called phi."""
    y = np.mod(z, 8)
    return np.minimum(y, 8 - y) - 1


def ratchet_gradients(x: NDArray, draws: NDArray, hot_above: float = -2 / 5) -> NDArray:
    """The gradient at x of each draw 0, .., 3, left of X1; noise where the wave is above `hot_above`."""
    wave = tooth(x**2 / (2 * RATCHET["M"]))
    engine = x >= RATCHET["X0"]
    slope = np.where(engine, RATCHET["mu"] * wave / np.where(engine, x, 1.0), -RATCHET["mu"] / RATCHET["X0"])
    return np.where(engine & (wave > hot_above), np.where(draws < 2, 1.0 - 2.0 * draws, 2 * slope), slope)


def heights(hot_above: float, T: int) -> dict[int, NDArray]:
    """z_t/sqrt(t) of 64 runs of AVGrad (eps = 1, beta2 = 0.9) at powers of 2; at z = 40 after the first 200 steps."""
    rng, speed, found = np.random.default_rng(0), RATCHET["mu"] / RATCHET["X0"], {}
    start = 200
    v, total = speed**2 * (1 - 0.9**start), speed**2 * np.sum(1 - 0.9 ** np.arange(1, start + 1))
    x = np.full(64, RATCHET["X0"])
    for t in range(start + 1, T + 1):
        g = ratchet_gradients(x, rng.integers(0, 4, x.size), hot_above)
        v = 0.9 * v + 0.1 * g**2
        total = total + v
        x = x - g / np.sqrt(t + total)
        if t & (t - 1) == 0:
            found[t] = x**2 / (2 * RATCHET["M"]) / np.sqrt(t)
    return found


def test_the_gradients_of_the_ratchet_are_those_of_its_proof() -> None:
    x, functions = np.linspace(0.5, 9, 400), definitions("RatchetWalk")
    for k in range(4):
        gradient = functions["ratchet_gradient"]
        for value in RATCHET.values():
            gradient = gradient(value)
        in_coq = [gradient(k)(lambda _, y=y: y)(0) for y in x]
        assert ratchet_gradients(x, np.full(x.shape, k)) == pytest.approx(in_coq, rel=1e-12)


def test_noise_drives_the_ratchet_uphill() -> None:
    """F rises like ln z_t, and z_t keeps up with sqrt(t) where the noise is as in T5low."""
    ratchet, everywhere = heights(-2 / 5, 2**15), heights(-2.0, 2**15)
    for t in (2**12, 2**13, 2**14, 2**15):
        assert np.quantile(ratchet[t], 0.25) > 0.7
    # with noise on the whole engine most points stay in the valley where they begin
    assert np.quantile(everywhere[2**15], 0.75) < 0.4


@pytest.mark.parametrize("eps", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("L", [0.1, 1.0, 30.0])
def test_the_drift_of_the_ratchet(eps: float, L: float) -> None:
    """E exp(-dH/200) <= exp(-a (sqrt t - sqrt(t-1))/200) with the constants of the proof, hot and cold."""
    e, r = np.sqrt(eps), np.sqrt(1 + eps)
    M, a = e / (12000 * r**3), L / (5 * r)
    mu, most = L * M / 2, a + 216 + 16 * L / e
    root = max(3200 * most / (M * eps), 100 * L / e) * np.array([1, 10, 1e4])
    w, lift, fast, other = (
        axis[..., None] for axis in np.meshgrid(np.linspace(0, 8, 81)[:-1], [0.0, 0.5, 1.0], [0.0, 1.0], [0.0, 1.0])
    )
    z = np.exp(
        lift * np.log(most * root) + (1 - lift) * np.log(a * root / 16)
    )  # where H >= a sqrt(t-1), to where z can be
    x, wave = np.sqrt(2 * M * z), np.minimum(np.abs(w - 1 / 2), 17 / 2 - w) - 1
    slope, h = mu * wave / x, np.where(w >= 1, w, 8 - 7 * w)
    eta, eta_drift = (q / (e * root) + (1 - q) / (r * root) for q in (fast, other))

    def left(threshold: float, weight: float = 1.0) -> NDArray:
        """E exp(-dH/200) - 1, by small numbers only; `weight` of the climb against the drift is 1."""
        total = 0.0
        for g, step in ((1.0, eta), (-1.0, eta), (2 * slope, eta_drift), (2 * slope, eta_drift)):
            moved = ((step * g) ** 2 - 2 * x * step * g) / (2 * M)
            total = total + np.expm1(-(h * moved + weight * moved**2 / 2) / 200) / 4
        dz = ((eta * slope) ** 2 - 2 * x * eta * slope) / (2 * M)
        return np.where(wave > threshold, total, np.expm1(-dz / 200))

    right = np.expm1(-a / (root + np.sqrt(root**2 - 1)) / 200)
    assert np.all(left(-2 / 5) <= right)
    # without the climb of H', or without noise, the wave takes it back
    assert np.any(left(-2 / 5, weight=0.0) > right)
    assert np.any(left(4.0) > right)
