"""TR: RMSProp under a bound on the variance, by formulas, laws, enumerations and runs typed a second time."""

import itertools
import math

import numpy as np
import pytest

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting
from madatheory.theory.theorems.rmsprop_rate import farthest_gradient, ratios

TR = list_theorems()["rmsprop-rate"]


def constants(T, d, D0, L, sigma, eps, alpha, beta2) -> tuple[float, float, float, float]:
    """M, N, p and the right side."""
    w = 1 - beta2
    M = (2 * L * D0) ** 0.5 + alpha * L * T * (d / w) ** 0.5
    N = (math.log((eps + sigma**2 + M**2) / eps) + (T - 1) * math.log(1 / beta2)) / w
    p = 2 * (D0 / alpha + d * N * (w**0.5 * sigma + alpha * L / 2)) / T
    return M, N, p, (p * d * (eps + sigma**2) ** 0.5 + p**2 * (1 + beta2**0.5)) ** 0.5


def test_the_right_side() -> None:
    values = {"T": 300.0, "d": 3.0, "D0": 2.0, "L": 1.5, "sigma": 0.7, "eps": 1e-3, "alpha": 0.02, "beta2": 0.95}
    q = Quantities(**values)
    M, N, _, right = constants(**values)
    assert farthest_gradient(q, NUMPY) == pytest.approx(M, rel=1e-13)
    assert ratios(q, NUMPY) == pytest.approx(N, rel=1e-13)
    assert TR.bound(q, NUMPY) == pytest.approx(right, rel=1e-13)


def test_the_decoupling_needs_no_bound_of_the_gradient() -> None:
    """E[m g/sqrt b] >= m^2/(2 sqrt(E b)) - K sqrt(w) s E[g^2/b] with K = 1; .7 is not enough."""
    rng = np.random.default_rng(0)
    n = 200_000
    chance = 10.0 ** rng.uniform(-6, 0, n)
    p = np.stack([chance, 1 - chance])
    noise = np.stack([1 - chance, -chance]) * 10.0 ** rng.uniform(-3, 6, n)  # mean 0
    m, a, w = (10.0 ** rng.uniform(low, high, n) for low, high in ((-3, 3), (-6, 6), (-4, 0)))
    g = m + noise
    b = a + w * g**2
    second, s = np.sum(p * g**2, axis=0), np.sqrt(np.sum(p * noise**2, axis=0))
    half = m**2 / np.sqrt(a + w * second) / 2
    left = half - m * np.sum(p * g / np.sqrt(b), axis=0)
    lost = np.sqrt(w) * s * np.sum(p * g**2 / b, axis=0)
    assert np.all(left <= lost + 1e-9 * half)
    assert np.any(left > 0.7 * lost + 1e-6 * half)


LAWS = {"signs": ((1.0, -1.0), (0.5, 0.5)), "rare": ((10.0, -1 / 3), (1 / 31, 30 / 31))}


def enumerated(alpha: float, eps: float, beta2: float, law: str, T: int) -> dict[str, float]:
    """On x^2/2 from 1, d = 1, exactly: sums over t of means, and the largest mean of |x| on a path."""
    w = 1 - beta2
    found: dict[str, float] = {"slope": 0.0, "P": 0.0, "denominators": 0.0, "ratios": 0.0, "path": 0.0}
    atoms, chances = LAWS[law]
    r2 = float(np.dot(chances, np.square(atoms)))
    for history in itertools.product(range(2), repeat=T):
        weight, x, v, path = math.prod(chances[k] for k in history), 1.0, 0.0, 0.0
        for k in history:
            root = math.sqrt(eps + beta2 * v + w * (x * x + r2))
            g = x + atoms[k]
            v = beta2 * v + w * g * g
            for name, value in (("slope", abs(x)), ("P", x * x / root), ("denominators", root)):
                found[name] += weight * value
            found["ratios"] += weight * g * g / (eps + v)
            path += abs(x) / T
            x -= alpha * g / math.sqrt(eps + v)
        found["path"] = max(found["path"], path)
    return {**found, "sigma": math.sqrt(r2)}


@pytest.mark.parametrize("law", LAWS)
def test_every_step_of_the_proof_on_enumerated_means(law: str) -> None:
    T, tight, highest = 7, 0.0, TR.left.highest
    assert highest is not None
    for alpha, eps, beta2 in itertools.product((0.1, 1.0, 10.0), (1e-4, 1.0, 1e4), (0.01, 0.5, 0.99)):
        m = enumerated(alpha, eps, beta2, law, T)
        _, N, p, right = constants(T, 1, 0.5, 1.0, m["sigma"], eps, alpha, beta2)
        q = Quantities(
            T=float(T), d=1.0, D0=0.5, L=1.0, sigma=m["sigma"], S=math.inf, eps=eps, alpha=alpha, beta2=beta2
        )
        most = T * math.sqrt(eps + m["sigma"] ** 2) + (1 + math.sqrt(beta2)) * m["P"]
        for smaller, larger in (
            (m["ratios"], N),
            (m["P"], T * p),
            (m["denominators"], most),
            (m["slope"], math.sqrt(m["P"] * m["denominators"])),
            (m["slope"] / T, right),
            (m["path"], float(highest(q, NUMPY))),
        ):
            assert smaller <= larger * (1 + 1e-12)
        tight = max(tight, m["denominators"] / most)
    assert tight > 0.5


def test_the_order_for_a_known_horizon() -> None:
    """w = 1/T, alpha = 1/sqrt(T): T^{-1/4} up to a root of a logarithm."""
    steps = (1e6, 1e8, 1e10)
    points = [Quantities(T=T, d=1.0, D0=1.0, L=1.0, sigma=1.0, eps=1.0, alpha=T**-0.5, beta2=1 - 1 / T) for T in steps]
    logs = [math.log(float(TR.bound(q, NUMPY)) / math.sqrt(math.log(q.T))) for q in points]
    assert np.diff(logs) / math.log(100) == pytest.approx([-0.25, -0.25], abs=0.03)


def mean_absolute_gradient(d: int, T: int, trajectories: int = 32) -> float:
    """On |A x|^2/2, A with d random rows: unbounded gradients, Gaussian noise; w = 1/T, alpha = 1/sqrt(T)."""
    rng = np.random.default_rng(d)
    rows = rng.standard_normal((d, d)) / math.sqrt(d)
    x, v, total = np.ones((d, trajectories)), np.zeros((d, trajectories)), 0.0
    for _ in range(T):
        grad = rows.T @ (rows @ x)
        g = grad + rng.standard_normal(grad.shape)
        total += float(np.mean(np.sum(np.abs(grad), axis=0)))
        v = (1 - 1 / T) * v + g * g / T
        x = x - g / np.sqrt(T * (1 + v))
    return total / T


def test_measured_rates_in_the_dimension_and_in_the_steps() -> None:
    """With noise of size 1 in each coordinate sigma^2 = d: the bound grows like d^{3/2}, what is measured like d."""
    dimensions, steps = (4, 16, 64), (100, 400, 1600)
    in_d = np.polyfit(np.log(dimensions), np.log([mean_absolute_gradient(d, 400) for d in dimensions]), 1)[0]
    in_T = np.polyfit(np.log(steps), np.log([mean_absolute_gradient(8, T) for T in steps]), 1)[0]
    bounds = [constants(400, d, d / 2, 1.0, d**0.5, 1.0, 0.05, 1 - 1 / 400)[3] for d in (1000, 4000, 16000)]
    bound_in_d = np.polyfit(np.log((1000, 4000, 16000)), np.log(bounds), 1)[0]
    print(f"left side: d^{in_d:.2f}, T^{in_T:.2f}; bound: d^{bound_in_d:.2f}")
    assert in_d == pytest.approx(1.0, abs=0.1)
    assert in_T == pytest.approx(-0.3, abs=0.1)
    assert bound_in_d == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("spec", ["quadratic", "quadratic:noise=student-t,df=3", "ratio:d=3"])
def test_unbounded_gradients_and_noise_have_verdicts(spec: str) -> None:
    (found,) = mt.verify(TR, spec, steps=400, num_trajectories=512)
    assert found.outcome == "holds"


@pytest.mark.parametrize(
    ("spec", "beta2", "words"),
    [
        ("quadratic:noise=student-t,df=2", 0.99, "no finite variance"),
        ("rastrigin", 0.99, "no certified constants"),
        ("reddi-stochastic", 0.99, "projected on a box"),
        ("ratio", 0.0, "the statement needs beta2 > 0"),
        ("quadratic:noise=gaussian", 0.99, ""),
        ("ratio", 0.99, ""),
    ],
)
def test_it_says_why_it_does_not_apply(spec: str, beta2: float, words: str) -> None:
    setting = Setting(mt.get_problem(spec), TR.method(), {**TR.settings, "beta2": beta2}, 100)
    found = "; ".join(TR.reasons(setting))
    assert words in found
    assert bool(found) == bool(words)


@pytest.mark.parametrize("method", ["rmsprop:form=practical", "adam:schedule=constant"])
def test_another_method_is_refused(method: str) -> None:
    optimizer = mt.get_optimizer(method)
    assert TR.reasons(Setting(mt.get_problem("quadratic"), optimizer, {"beta2": 0.99}, 100))
