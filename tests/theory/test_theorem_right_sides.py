"""The right sides of T1 to T6: the statements typed by hand, every arithmetic, and the constants inside."""

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from theorem_cases import ALL, NAMES
from tolerances import DOUBLE

from madatheory.arithmetic import NUMPY, arithmetic
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.chains import momentum_terms
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import K2_avgrad
from madatheory.theory.theorems import interpolation_rate

POINT = {
    "T": 1000,
    "d": 7,
    "D0": 2.5,
    "L": 2.0,
    "G": 1.5,
    "eps": 0.03125,
    "alpha": 0.25,
    "beta1": 0.0,
    "beta2": 0.875,
    "rho": 0.25,
    "p": 0.1,
}
POINTS = (
    POINT,
    {**POINT, "T": 1, "eps": 4.0},
    {**POINT, "T": 10**6, "eps": 2.0**-30, "beta2": 0.9990234375, "rho": 1.0},
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", ["jax", "sympy", "balls"])
def test_right_sides_agree_in_every_arithmetic(name: str, other: str, float64: None) -> None:
    if other == "jax":
        lift: Callable[[Any], Any] = lambda x: jnp.asarray(float(x))  # noqa: E731
    elif other == "sympy":
        import sympy

        lift = sympy.Rational
    else:
        import flint

        lift = flint.arb
    for point in POINTS:
        expected = float(ALL[name].bound(Quantities(**{k: float(v) for k, v in point.items()}), NUMPY))
        found = ALL[name].bound(Quantities(**{k: lift(v) for k, v in point.items()}), arithmetic(other))
        assert float(found) == pytest.approx(expected, rel=DOUBLE.thousands)


@pytest.mark.parametrize("name", NAMES)
def test_right_sides_broadcast(name: str) -> None:
    T, rho = np.array([1.0, 10.0, 1e5]), np.array([[0.0], [1e-9], [0.5], [1.0]])
    grid = ALL[name].bound(Quantities(**{**POINT, "T": T, "rho": rho}), NUMPY)
    for i, j in np.ndindex(4, 3):
        one = ALL[name].bound(Quantities(**{**POINT, "T": T[j], "rho": rho[i, 0]}), NUMPY)
        assert np.broadcast_to(grid, (4, 3))[i, j] == pytest.approx(float(one))


def psi(c: float) -> float:
    return 2 * math.sqrt(c) if c <= 1 else 2 + math.log(c)


def typed_K2(T: float, G: float, eps: float, beta2: float) -> float:
    w = 1 - beta2
    return min(
        math.log(1 + w * T * G**2 / eps) / w,
        math.log(1 + T * G**2 / eps) + beta2 / w * psi(2 * w * G**2 / eps),
    )


def typed(name: str, T, d, D0, L, G, eps, alpha, beta1, beta2, rho, p) -> float:
    """The right sides once more, straight from the statements, with math.log."""
    w, R, P = 1 - beta2, math.sqrt(eps + G**2), G + math.sqrt(eps)
    rootT, Lam, K2 = math.sqrt(T), math.log(1 + G**2 / eps), typed_K2(T, G, eps, beta2)
    floor = -math.log(beta2)
    if name == "adagrad-published-rate":
        return 2 * P * D0 / (alpha * rootT) + (4 * d * P**2 + alpha * d * P * L) * math.log(1 + T * P**2 / eps) / rootT
    if name == "adagrad-rate":
        return R / (alpha * rootT) * (D0 + d * (0.4 * alpha * G + alpha**2 * L / 2) * math.log(1 + T * G**2 / eps))
    if name == "adam-published-rate":
        E = 4 * d * P**2 / math.sqrt(w) + alpha * d * P * L / w
        return 2 * P * D0 / (alpha * T) + E * (math.log(1 + P**2 / (w * eps)) / T + floor)
    if name == "adam-rate":
        ratios = math.log(1 + G**2 / (w * eps)) + (T - 1) * floor
        return R / (alpha * T) * (D0 + d * (0.4 * alpha * G / math.sqrt(w) + alpha**2 * L / (2 * w)) * ratios)
    if name.startswith("adam-constant-step-rate"):
        c, K = (0.5, 2.0) if name.endswith("constants") else (1.0, 0.4)
        sums = (Lam + (T - 1) * floor) / T
        return R / c * (D0 / (alpha * T) + (K * G * math.sqrt(w) + alpha * L / 2) * d / w * sums)
    if name.startswith("avgrad-rate"):
        c, K = (0.5, 2.0) if name.endswith("constants") else (1.0, 0.4)
        return R / (c * alpha * rootT) * (D0 + d * (K * alpha * G * math.sqrt(w) + alpha**2 * L / 2) * K2)
    if name == "avgrad-weighted-rate":
        return R / alpha * (D0 + d * (0.4 * alpha * G * math.sqrt(w) + alpha**2 * L / 2) * K2)
    if name == "avgrad-high-probability":
        deviation = 4 * d * alpha * G * math.log(1 / p) / math.sqrt(w)
        return R / alpha * (D0 + d * (alpha * G * math.sqrt(w) + alpha**2 * L / 2) * K2 + deviation)
    if name == "amsgrad-rate":
        theory = 1 + math.log(T) + beta2 / w * (1 + math.log(2 + Lam))
        Q = min(theory, (1 + math.log(T)) / w, G**2 / eps * (1 + math.log(T)))
        return R / (alpha * rootT) * (D0 + d * alpha * G * Lam / (2 * math.sqrt(w)) + d * alpha**2 * L / 2 * Q)
    if name == "amsgrad-horizon-rate":
        Q = min(1 + beta2 / (w * T) * (1 + Lam), G**2 / eps)
        return R / (alpha * rootT) * (D0 + d * alpha * G * Lam / (2 * math.sqrt(w * T)) + d * alpha**2 * L / 2 * Q)
    if name == "avgrad-horizon-rate":
        c = 2 * w * G**2 / eps
        first = 4 + math.log(c / T) if c > T else math.sqrt(c / T) * (4 - math.log(c / T))
        second = 3 + math.log(c / T) if c > T else 4 * math.sqrt(c / T) - c / T
        S1 = min(Lam + 2, 2 * Lam) + beta2 / w * min(psi(c), first)
        S2 = Lam + beta2 / w * min(psi(c), second)
        return R / (alpha * rootT) * (D0 + d * (0.4 * alpha * G * math.sqrt(w) * S1 + alpha**2 * L / 2 * S2))
    if name == "interpolation-moving-rate":
        K1, sums = 2 * math.sqrt(w * T) * G**2 / eps, G**2 / eps * (1 + math.log(T))
        return R / (alpha * rootT) * (D0 + d * (0.4 * alpha * G * K1 + alpha**2 * L / 2 * sums))
    raise KeyError(name)


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("interpolation-rate")])
def test_right_sides_are_the_statements(name: str) -> None:
    for point in POINTS:
        expected = typed(name, **point)
        assert float(ALL[name].bound(Quantities(**point), NUMPY)) == pytest.approx(expected, rel=DOUBLE.thousands)


def typed_interpolation_sums(T: int, G: float, eps: float, beta2: float, rho: float) -> tuple[float, float]:
    """K1 and K2 of T6 from its list of options with the sums of c_t added up term by term, 0 < rho < 1."""
    w = 1 - beta2
    k, found = (1 - rho) * w, []
    for K in (1, 2):
        w_t = [w * (rho * t + 1 - rho) for t in range(1, T + 1)]
        c = [math.sqrt(x) / t if K == 1 else 1 / t for t, x in enumerate(w_t, 1)]
        s = math.sqrt(w_t[-1]) if K == 1 else 1.0

        def adam(e: float, c=c) -> float:
            return c[0] * math.log(1 + rho * G**2 / e) / (rho * w) - math.log(beta2) / (rho * w) * sum(c)

        def avgrad(e: float, s=s) -> float:
            return s * math.log(1 + k * T * G**2 / e) / k

        both = adam(eps / 2) * avgrad(eps / 2) / (adam(eps / 2) + avgrad(eps / 2))
        found.append(min(adam(eps), avgrad(eps), G**2 / eps * sum(c), both))
    return found[0], found[1]


@pytest.mark.parametrize("rho", [0.01, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(("T", "eps", "beta2"), [(1, 1.0, 0.9), (50, 1e-4, 0.99), (3000, 1e-2, 0.5), (3000, 1e-6, 0.9)])
def test_interpolation_sums_are_the_smallest_of_the_list(T: int, eps: float, beta2: float, rho: float) -> None:
    q = Quantities(T=T, G=1.5, eps=eps, beta2=beta2, rho=rho)
    listed = typed_interpolation_sums(T, 1.5, eps, beta2, rho)
    found = interpolation_rate.K1(q, NUMPY), interpolation_rate.K2(q, NUMPY)
    # above the list only by the closed forms of sum c_t (1 + integral); below it by the option with Psi
    assert all(mine <= 1.2 * theirs for mine, theirs in zip(found, listed, strict=True))
    root = sum(math.sqrt(rho * t + 1 - rho) / t for t in range(1, T + 1))
    assert root * (1 - 1e-12) <= interpolation_rate.sum_of_roots(q, NUMPY) <= 1.2 * root


def test_interpolation_ends_are_avgrad_and_adam() -> None:
    q = Quantities(T=np.array([1.0, 1e3, 1e6]), G=1.5, eps=1e-3, beta2=0.99, rho=0.0)
    end = K2_avgrad(q, NUMPY)
    assert np.all(interpolation_rate.K2(q, NUMPY) <= end * (1 + 1e-12))
    assert np.all(interpolation_rate.K1(q, NUMPY) <= math.sqrt(0.01) * end * (1 + 1e-12))
    assert interpolation_rate.K2(q, NUMPY)[2] == pytest.approx(end[2])
    q, w = q._replace(rho=1.0), 0.01
    adam = math.log(1 + 1.5**2 / 1e-3) / w - math.log(0.99) / w * (1 + np.log(q.T))
    ends = np.minimum(adam, 1.5**2 / 1e-3 * (1 + np.log(q.T)))
    assert interpolation_rate.K2(q, NUMPY)[1:] == pytest.approx(ends[1:])  # at T = 1 the two halves of eps do better


@pytest.mark.parametrize("seed", range(30))
def test_interpolation_sums_bound_every_gradient_sequence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, T, G = 400, int(rng.integers(1, 60)), 1.5
    x = np.where(rng.random((T, n)) < rng.random(n), G**2, 0.0) * np.where(
        rng.random((T, n)) < 0.5, 1, rng.random((T, n))
    )
    rho = np.where(rng.random(n) < 0.3, rng.integers(0, 2, n), rng.random(n) ** rng.integers(1, 12, n))
    beta2, eps = 1 - 10 ** rng.uniform(-4, -0.01, n), 10 ** rng.uniform(-6, 1, n)
    v, V, first, second = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    for t in range(1, T + 1):
        v = beta2 * v + (1 - beta2) * x[t - 1]
        V = V + v
        b = t * (eps + rho * v) + (1 - rho) * V
        first += np.sqrt((1 - beta2) * (rho * t + 1 - rho)) * x[t - 1] / b
        second += x[t - 1] / b
    q = Quantities(T=float(T), G=G, eps=eps, beta2=beta2, rho=rho)
    assert np.all(first <= interpolation_rate.K1(q, NUMPY) * (1 + 1e-10))
    assert np.all(second <= interpolation_rate.K2(q, NUMPY) * (1 + 1e-10))


@pytest.mark.parametrize("stem", ["avgrad-rate", "adam-constant-step-rate", "interpolation-rate"])
def test_new_constants_are_never_worse(stem: str) -> None:
    q = Quantities(**{**POINT, "T": np.geomspace(1, 1e8, 9), "alpha": np.geomspace(1e-4, 1e2, 7)[:, None]})
    new, old = ALL[stem].bound(q, NUMPY), ALL[f"{stem}-published-constants"].bound(q, NUMPY)
    assert np.all(2 * new <= old * (1 + 1e-12))
    assert np.any(4.5 * new <= old)


def drawn(seed: int, number: int = 20_000) -> Quantities:
    """Symbols over many orders of magnitude, beta1 < beta2 up to 1 - 1e-5 and T > beta1/(1-beta1)."""
    rng = np.random.default_rng(seed)
    beta2 = 1 - 10 ** rng.uniform(-5, 0, number)
    beta1 = beta2 * (1 - 10 ** rng.uniform(-5, 0, number)) * rng.integers(0, 2, number)
    T = np.floor(beta1 / (1 - beta1)) + np.ceil(10 ** rng.uniform(0, 5, number))
    found = {name: 10 ** rng.uniform(-4, 4, number) for name in ("D0", "L", "G", "eps", "alpha")}
    return Quantities(**found, T=T, d=rng.integers(1, 9, number), beta1=beta1, beta2=beta2)


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("adagrad-rate", "adagrad-published-rate"),
        ("adam-rate", "adam-published-rate"),
        ("adagrad-momentum-rate", "adagrad-momentum-published"),
        ("adam-momentum-rate", "adam-momentum-published"),
    ],
)
def test_the_new_bounds_are_at_most_half_of_the_published_ones(new: str, old: str) -> None:
    """With momentum T3 and T4 are about a random step: E|grad F(x_tau)|^2 <= (T/T~) (1/T) sum E|grad F|^2."""
    q = drawn(1)
    if not old.endswith("published"):
        q = q._replace(beta1=0 * q.beta1)
    steps = q.T - q.beta1 / (1 - q.beta1)
    half = list_theorems()[old].bound(q, NUMPY) / 2
    found = list_theorems()[new].bound(q, NUMPY) * q.T / steps
    assert np.all(found <= half * (1 + 1e-9))
    assert np.any(found >= 0.95 * half)


def test_the_least_constants_of_T7_are_below_both_of_its_youngs() -> None:
    q = drawn(2)._replace(T=np.geomspace(1, 1e4, 20_000).round())
    new, old = (list_theorems()[f"amsgrad-monotone-{name}"].bound(q, NUMPY) for name in ("sharp-rate", "rate"))
    r, Q = q.beta1 / (1 - q.beta1), momentum_terms.Q_amsgrad(q, NUMPY)
    drift = q.G**2 / q.eps  # the Young step of T7log: 1 + 3r and r(1+r)
    squares = (1 + 3 * r) * Q + r * (1 + r) * drift
    first = q.D0 + q.alpha * q.d * q.G**2 / ((1 - q.beta1) * np.sqrt(q.eps))
    other = momentum_terms.scale(q, NUMPY) * (first + q.alpha**2 * q.d * q.L / 2 * squares)
    assert np.all(new <= np.minimum(old, other) * (1 + 1e-9))
    assert np.any(new <= 0.2 * np.minimum(old, other))


@pytest.mark.parametrize("settings", [(100.0, 60.0, 0.5, 1.0), (2.0, 2.0, 0.0, 1.0), (300.0, 1.0, 0.5, 1.0)])
def test_a_weight_that_underflows_costs_no_term(settings: tuple[float, float, float, float]) -> None:
    """k near 0: ln(1 + kX)/k -> X; computed as written it would be 0/0, or 0, and the bound too small."""
    T, eps, beta2, rho = settings
    q = Quantities(T=T, d=1.0, D0=1.0, L=1.0, G=1.0, eps=eps, alpha=0.1, beta1=0.0, beta2=beta2, rho=rho)
    assert momentum_terms.Q_interpolation(q, NUMPY) == pytest.approx(min(T, 1 + math.log(T)) / eps, rel=1e-6)
