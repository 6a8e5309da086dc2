"""The theorems without momentum: formulas against hand-typed ones, chains on simulated and exact data, mistakes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from madatheory.arithmetic import NUMPY, Arithmetic, arithmetic
from madatheory.bounds.decoupled_chain import SHARP
from madatheory.bounds.quantities import Quantities
from madatheory.bounds.terms import K2_avgrad, log1p
from madatheory.bounds.theorem import Level, Setting, Theorem
from madatheory.bounds.theorems import avgrad_high_probability, interpolation_rate
from madatheory.catalogue import optimizers, problems, theorems
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import Statistic
from madatheory.engine.tree import enumerate_tree
from madatheory.problems.coordinatewise import oracle_of
from madatheory.problems.laws import Law
from madatheory.problems.problem import Atoms, Constant, Problem
from madatheory.problems.separable import separable

LABELS = ("T1", "T1'", "T2", "TA", "T5", "T5w", "T5A", "T5hp", "T5c", "T6", "T6t")
ALL = {name: t for name, t in theorems().items() if t.label in LABELS}
NAMES = sorted(ALL)
RATIO = problems()["ratio"].make({"d": 3})


def huber(start: float, noise: str = "none", scale: float = 0.0) -> Problem:
    """F = x^2/2 near 0, |x| - 1/2 beyond 1: |F'| <= 1, L = 1, and descent as slow as L allows."""

    def one(value: float) -> Constant:
        return Constant(value, "exact", "by hand", "here")

    return separable(
        "huber",
        "Huber's function",
        lambda x: jnp.where(jnp.abs(x) < 1, x * x / 2, jnp.abs(x) - 0.5),
        slope=one(1.0),
        curvature=one(1.0),
        infimum=one(0.0),
        start=[start],
        noise=noise,
        scale=scale,
        derivative=lambda x: jnp.clip(x, -1.0, 1.0),
    )


def at(theorem: Theorem, problem: Problem, hyper: Mapping[str, float], T: np.ndarray) -> Quantities:
    setting = Setting(problem, theorem.method(), hyper, int(T[-1]))
    return theorem.quantities(setting, T=T.astype(float))


def levels(theorem: Theorem, data: xr.Dataset, q: Quantities, along: str) -> np.ndarray:
    """Every level per trajectory: (level, path or seed, t)."""
    measured = {str(name): value.values for name, value in data.data_vars.items()}
    shape = (data.sizes[along], data.sizes["t"])
    return np.array([np.broadcast_to(level.value(measured, q, NUMPY), shape) for level in theorem.chain])


def statistics_of(group: Sequence[Theorem]) -> tuple[Statistic, ...]:
    """The statistics of all levels, each name once."""
    return tuple({s.name: s for theorem in group for s in theorem.statistics}.values())


# --- the right sides --------------------------------------------------------------------------------------------------

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
        lift = pytest.importorskip("sympy").Rational
    else:
        lift = pytest.importorskip("flint").arb
    for point in POINTS:
        expected = float(ALL[name].bound(Quantities(**{k: float(v) for k, v in point.items()}), NUMPY))
        found = ALL[name].bound(Quantities(**{k: lift(v) for k, v in point.items()}), arithmetic(other))
        assert float(found) == pytest.approx(expected, rel=1e-10)


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
        deviation = 5 * d * alpha * G * math.log(1 / p) / math.sqrt(w)
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
        assert float(ALL[name].bound(Quantities(**point), NUMPY)) == pytest.approx(expected, rel=1e-9)


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


def test_the_new_adagrad_bound_improves_the_published_one() -> None:
    q = Quantities(**{**POINT, "T": np.geomspace(1, 1e8, 9), "alpha": np.geomspace(1e-4, 1e2, 7)[:, None]})
    assert np.all(2 * ALL["adagrad-rate"].bound(q, NUMPY) <= ALL["adagrad-published-rate"].bound(q, NUMPY))


# --- the chains ------------------------------------------------------------------------------------------------------


def grouped(names: Sequence[str]) -> list[list[str]]:
    """Theorems that can share a run: same method, same default settings."""
    found: dict[str, list[str]] = {}
    for name in names:
        method = ALL[name].method()
        key = (method.name, method.traits["form"], method.traits["schedule"], sorted(ALL[name].settings.items()))
        found.setdefault(repr(key), []).append(name)
    return list(found.values())


QUICK = ("avgrad-rate", "amsgrad-rate", "interpolation-rate")


@pytest.mark.parametrize(
    "names",
    [pytest.param(g, id=g[0], marks=() if set(g) & set(QUICK) else pytest.mark.slow) for g in grouped(NAMES)],
)
def test_chains_are_ordered_on_simulated_data(names: list[str]) -> None:
    group = [ALL[name] for name in names]
    first, seeds, T = group[0], 200, 200
    records = [T] if first.at == "final" else [1, 15, T]
    data = simulate(
        RATIO, first.method(), T, seeds=seeds, settings=first.settings, statistics=statistics_of(group), record=records
    )
    for theorem in group:
        values = levels(theorem, data, at(theorem, RATIO, first.settings, data["t"].values), "seed")
        gaps = np.diff(values, axis=0)
        mean, error = gaps.mean(axis=1), gaps.std(axis=1, ddof=1) / math.sqrt(seeds)
        assert np.all(mean >= -4.5 * error - 1e-9 * np.abs(values[1:]).mean(axis=1)), theorem.name


@pytest.mark.parametrize(
    "names", grouped([n for n in NAMES if ALL[n].kind == "expectation"]), ids=lambda names: names[0]
)
def test_chains_are_ordered_exactly_on_the_noise_tree(names: list[str]) -> None:
    group = [ALL[name] for name in names]
    first, T, problem = group[0], 6, huber(0.8, "rademacher", 1.5)
    grids = {"alpha": [0.05, 1.0, 30.0], "eps": [1e-6, 0.1, 100.0], "beta2": [0.1, 0.9, 0.999], "rho": [0.0, 0.5, 1.0]}
    hyper = {**first.settings, **{k: v for k, v in grids.items() if k in first.method().parameters}}
    records = [T] if first.at == "final" else [1, 2, T]
    tree = enumerate_tree(problem, first.method(), T, settings=hyper, statistics=statistics_of(group), record=records)
    axes = [name for name in grids if name in tree.dims]
    for index in np.ndindex(*[tree.sizes[name] for name in axes]):
        one = tree.isel(dict(zip(axes, index, strict=True)))
        point = {**first.settings, **{name: float(one[name]) for name in axes}}
        for theorem in group:
            values = levels(theorem, one, at(theorem, problem, point, one["t"].values), "path")
            means = np.einsum("p,lpt->lt", one["probability"].values, values)
            assert np.all(np.diff(means, axis=0) >= -1e-9 * np.abs(means[1:])), (theorem.name, point, means)


def by_hand(name: str, noise: Sequence[float], hyper: Mapping[str, float]) -> dict[str, float]:
    """The measured sums of one path on Huber's function from 0.8 with noise +-1.5, typed once more."""
    alpha, eps, beta2, rho = hyper["alpha"], hyper["eps"], hyper.get("beta2", 1.0), hyper.get("rho", 0.0)
    w, T, x, v, V, largest, total = 1 - beta2, len(noise), 0.8, 0.0, 0.0, 0.0, 0.0
    found: dict[str, float] = dict.fromkeys(MEASURED.values(), 0.0)
    for t, xi in enumerate(noise, 1):
        m = min(1.0, max(-1.0, x))
        g, second = m + xi, m * m + 1.5**2
        v = beta2 * v + w * g * g
        total, V, past, largest = total + g * g, V + v, eps + largest, max(largest, v)
        summed = sum(beta2 ** (t - 1 - j) for j in range(t))  # (1-beta2^t)/(1-beta2)
        published = v / w if w else 0.0
        b, slope, weight = {
            "adagrad-rate": (eps + total, 1.0, 1.0),
            "adam-published-rate": ((eps + published) / summed, 1 / summed, 1 / math.sqrt(summed)),
            "adam-constant-step-rate": (eps + v, w, math.sqrt(w)),
            "avgrad-rate": (t * eps + V, w, math.sqrt(w)),
            "avgrad-horizon-rate": (T * (eps + V / t), T * w / t, math.sqrt(T * w / t)),
            "amsgrad-rate": (t * (eps + largest), 0.0, 0.0),
            "interpolation-rate": (
                t * (eps + rho * v) + (1 - rho) * V,
                t * rho * w + (1 - rho) * w,
                math.sqrt(t * rho * w + (1 - rho) * w),
            ),
        }[name]
        expected = b + slope * (second - g * g)
        found["conditional"] += m * m / math.sqrt(expected)
        found["weighted"] += weight * g * g / b
        found["plain"] += g * g / b
        found["inner"] += m * g / math.sqrt(b)
        found["known"] += m * m / math.sqrt(t * max(past, w * m * m))
        found["growth"] += math.log((eps + largest) / past) / math.sqrt(t)
        x -= alpha * g / math.sqrt(b)
    return found


MEASURED = {
    "conditional_ratio": "conditional",
    "ratio_sum": "plain",
    "inner_product_sum": "inner",
    "ratio_over_root_correction": "weighted",
    "horizon_weighted_ratio": "weighted",
    "root_weighted_ratio": "weighted",
    "known_ratio": "known",
    "log_growth_over_root_t": "growth",
}


@pytest.mark.parametrize(
    "name",
    [
        "adagrad-rate",
        "adam-published-rate",
        "adam-constant-step-rate",
        "avgrad-rate",
        "avgrad-horizon-rate",
        "amsgrad-rate",
        "interpolation-rate",
    ],
)
def test_what_the_proofs_measure(name: str) -> None:
    theorem, problem, T = ALL[name], huber(0.8, "rademacher", 1.5), 4
    hyper = {**theorem.settings, "alpha": 0.7, "eps": 0.02}
    tree = enumerate_tree(problem, theorem.method(), T, settings=hyper, statistics=theorem.statistics)
    assert problem.oracle.atoms is not None
    atoms, compared = problem.oracle.atoms.values, set()
    for path in range(2**T):
        expected = by_hand(name, [float(atoms[path >> t & 1]) for t in range(T)], hyper)
        for statistic, key in MEASURED.items():
            if statistic in tree:
                found = float(tree[statistic].values[path, 0])
                assert found == pytest.approx(expected[key], rel=1e-9), (statistic, path)
                compared.add(statistic)
    assert len(compared) >= 3


def test_high_probability_is_measured_at_every_step() -> None:
    """Without noise and with long steps the share peaks early, and the statistic remembers the peak."""
    theorem, problem = ALL["avgrad-high-probability"], problems()["ratio"].make({"d": 2, "noise": "none"})
    statistics = (*theorem.statistics, *ALL["avgrad-weighted-rate"].left.statistics)
    hyper = {**theorem.settings, "alpha": 1.0, "eps": 1.0}
    data = simulate(
        problem, theorem.method(), 40, seeds=2, settings=hyper, statistics=statistics, record=list(range(1, 41))
    )
    q = at(theorem, problem, hyper, data["t"].values)
    shares = data["squared_gradient_over_root_t"].values / avgrad_high_probability.right(q, NUMPY)
    assert shares[0].argmax() < 20
    assert data["largest_share_of_bound"].values == pytest.approx(np.maximum.accumulate(shares, axis=1))


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "entry", "options", "hyper", "reason"),
    [
        ("avgrad-rate", "avgrad", {"schedule": "constant"}, {}, "schedule"),
        ("avgrad-rate", "avgrad", {"form": "practical"}, {}, "form"),
        ("avgrad-rate", "amsgrad", {}, {}, "not amsgrad"),
        ("avgrad-rate", "avgrad", {}, {"beta1": 0.9}, "beta1 = 0.9"),
        ("adam-constant-step-rate", "adam", {"schedule": "constant"}, {"beta2": 0.0}, "beta2 > 0"),
        ("adam-published-rate", "adam", {"schedule": "constant"}, {}, "form"),
        ("adagrad-rate", "adagrad", {"initial": 1.0}, {}, "starts at v = 1"),
        ("avgrad-horizon-rate", "avgrad", {}, {}, "schedule"),
    ],
)
def test_what_a_theorem_does_not_cover(name: str, entry: str, options: dict, hyper: dict, reason: str) -> None:
    method = optimizers()[entry].make(options)
    full = {k: v for k, v in {**method.hyper(), "beta1": 0.0, **hyper}.items() if k in method.parameters}
    found = ALL[name].reasons(Setting(RATIO, method, full, 10))
    assert any(reason in text for text in found), found


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_covered_and_say_something(name: str) -> None:
    """At T = 10^4 each default setting has a bound below what |g_i| <= G gives by itself.

    T6 at the published constants does not, at the settings of the sharp ones (which the two share to share runs).
    """
    theorem, problem = ALL[name], problems()["ratio"].make({})
    setting = Setting(problem, theorem.method(), theorem.method().hyper(theorem.settings), 10**4)
    assert theorem.reasons(setting) == []
    q = theorem.quantities(setting)
    trivial = q.d * q.G**2 * (2 * math.sqrt(q.T) if theorem.label in ("T5w", "T5hp") else 1)
    assert theorem.bound(q, NUMPY) < trivial or name == "interpolation-rate-published-constants"


# --- planted mistakes: where each is caught --------------------------------------------------------------------------
# T1 and T2 lose a factor of about 5 and 2 at the worst settings known, so a halved right side survives measurements:
# only the hand-typed formulas above catch it. T5hp is loose by a factor of 50: its constant is tested by the lemma
# "exponential-moment". The other mistakes:

TIGHT_AT_ONE_STEP = {
    "adagrad-rate": 0.5,
    "adam-constant-step-rate": 0.01,
    "avgrad-rate": 0.5,
    "avgrad-weighted-rate": 0.5,
    "amsgrad-rate": 0.01,
    "avgrad-horizon-rate": 0.0,
    "amsgrad-horizon-rate": 0.01,
    "interpolation-rate": 0.5,
    "interpolation-moving-rate": 0.5,
}


@pytest.mark.parametrize("name", TIGHT_AT_ONE_STEP)
def test_halving_is_caught_by_one_exact_step(name: str) -> None:
    """Huge eps, alpha = sqrt(eps)/L: the method is gradient descent, and on Huber's function L4 holds with equality."""
    theorem, problem = ALL[name], huber(1.0)
    method = theorem.method()
    hyper = {"alpha": 1e3, "eps": 1e6, "beta1": 0.0, "beta2": TIGHT_AT_ONE_STEP[name], "rho": 0.5}
    hyper = method.hyper({k: v for k, v in hyper.items() if k in method.parameters})
    data = enumerate_tree(problem, method, 1, settings=hyper, statistics=theorem.left.statistics)
    q = at(theorem, problem, hyper, np.array([1]))
    left = float(levels(replace(theorem, chain=theorem.chain[:1]), data, q, "path")[0, 0, 0])
    right = float(theorem.bound(q, NUMPY)[0])
    assert right / 2 < 0.95 * right <= left <= right


def rewritten(theorem: Theorem, level: str, value: Callable[..., Any]) -> Theorem:
    """The theorem with one level's formula replaced."""
    assert any(x.name == level for x in theorem.chain)
    return replace(theorem, chain=tuple(replace(x, value=value) if x.name == level else x for x in theorem.chain))


class Exact(NamedTuple):
    """The noise tree of one setting, and the symbols there."""

    tree: xr.Dataset
    q: Quantities

    def broken(self, theorem: Theorem) -> list[str]:
        """Names of the levels that lie below the one before, exactly."""
        values = levels(theorem, self.tree, self.q, "path")
        means = np.einsum("p,lpt->l", self.tree["probability"].values, values)
        pairs = zip(theorem.chain[1:], means[:-1], means[1:], strict=True)
        return [level.name for level, low, high in pairs if high < low * (1 - 1e-9)]


def one_step(theorem: Theorem, problem: Problem, hyper: Mapping[str, float]) -> Exact:
    tree = enumerate_tree(problem, theorem.method(), 1, settings=hyper, statistics=theorem.statistics)
    return Exact(tree, at(theorem, problem, hyper, np.array([1])))


def swapped_beta2(q: Quantities, xp: Arithmetic) -> Any:
    """T5's K2 with beta2 where w belongs."""
    return log1p(q.beta2 * q.T * q.G**2 / q.eps, xp) / q.beta2


def test_wrong_beta2_is_caught_by_the_chain() -> None:
    theorem, problem = ALL["avgrad-rate"], huber(1.0)
    hyper = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.999, "eps": 1e-4}

    def wrong(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
        scale = q.d * (xp.rational(2, 5) * q.alpha * q.G * xp.sqrt(q.w) + q.alpha**2 * q.L / 2)
        return xp.sqrt(q.eps + q.G**2) / (q.alpha * xp.sqrt(q.T)) * (q.D0 + scale * swapped_beta2(q, xp))

    exact = one_step(theorem, problem, hyper)
    assert exact.broken(theorem) == []
    assert exact.broken(rewritten(theorem, "a-priori bound", wrong)) == ["a-priori bound"]


def two_atoms(p: float, K: float) -> Problem:
    """Huber's function at the start p with the law of g that needs the constant K in L1: 1 w.p. p, else about -1e-3."""
    theta, a = (p / (2 * K)) ** 2, 1e-8
    small = math.sqrt(a * theta / (1 - theta))
    start = p - (1 - p) * small
    values = np.array([1 - start, -small - start])
    law = Law(
        "two-atoms", lambda words, dtype: None, float(np.abs(values).max()), 0.0, Atoms(values, np.array([p, 1 - p]))
    )
    law = replace(law, variance=float(np.sum([p, 1 - p] * values**2)))
    base = huber(start)
    assert base.constants is not None
    G = Constant(1.0, "exact", "the larger atom of g", "here")
    return replace(base, oracle=oracle_of(law, 1), constants=base.constants._replace(G=G))


def test_half_of_K_is_caught_by_the_chain() -> None:
    """At T = 1, eps -> 0, L1 is within 3 % of equality for c = 1: half of 2/5 breaks the decoupling, 2/5 does not."""
    theorem, problem = ALL["avgrad-rate"], two_atoms(0.366, 0.38835)
    hyper = {"alpha": 1.0, "beta1": 0.0, "beta2": 0.5, "eps": 0.5e-8}
    _, K = SHARP.values(NUMPY)

    def decoupled(share: float) -> Callable[..., Any]:
        def value(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
            # sqrt(E b) <= sqrt(t) R is far from tight here, so compare with the level before as it is measured
            front = xp.sqrt(q.eps + q.G**2) / xp.sqrt(q.T)
            return front * (m["inner_product_sum"] + share * K * q.G * xp.sqrt(q.w) * m["ratio_sum"])

        return value

    exact = one_step(theorem, problem, hyper)
    assert exact.broken(rewritten(theorem, "decoupled", decoupled(1.0))) == []
    for share in (0.5, 0.95):
        assert "decoupled" in exact.broken(rewritten(theorem, "decoupled", decoupled(share)))


def test_a_dropped_ln_T_is_caught_by_simulation() -> None:
    """T5 before L5, from the minimum with large noise: the left side itself grows like ln T."""
    theorem, problem, T = ALL["avgrad-weighted-rate"], huber(0.0, "rademacher", 3.0), 20_000
    hyper = {"alpha": 3.0, "beta1": 0.0, "beta2": 0.5, "eps": 10.0}
    data = simulate(problem, theorem.method(), T, seeds=32, settings=hyper, statistics=theorem.left.statistics)
    q = at(theorem, problem, hyper, np.array([T]))
    left = data["squared_gradient_over_root_t"].values
    low = left.mean() - 5 * left.std() / math.sqrt(left.size)
    assert left.mean() < theorem.bound(q, NUMPY)[0]
    assert low > theorem.bound(q._replace(T=1.0), NUMPY)


def test_a_dropped_floor_is_caught_by_simulation() -> None:
    """TA without -ln beta2 tends to 0, Adam with a constant step does not."""
    theorem, problem, T = ALL["adam-constant-step-rate"], huber(0.0, "rademacher", 3.0), 20_000
    hyper = {"alpha": 1.0, "beta1": 0.0, "beta2": 0.5, "eps": 1.0}
    data = simulate(problem, theorem.method(), T, seeds=32, settings=hyper, statistics=theorem.left.statistics)
    q = at(theorem, problem, hyper, np.array([T]))
    left = data["mean_squared_gradient"].values
    low = left.mean() - 5 * left.std() / math.sqrt(left.size)
    floor = -(1 - 1 / T) * math.log(0.5)
    without = theorem.bound(q, NUMPY)[0] * (math.log(1 + 16.0) / T) / (math.log(1 + 16.0) / T + floor)
    assert left.mean() < theorem.bound(q, NUMPY)[0]
    assert low > without


def test_a_dropped_logarithm_of_eps_is_caught_by_the_chain() -> None:
    """T5A with 1 for Lam: at T = 1 one large gradient moves ln(eps + vmax) by more."""
    theorem, problem = ALL["amsgrad-rate"], huber(1.0)
    hyper = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.5, "eps": 1e-6}

    def wrong(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
        terms = q.D0 + q.alpha * q.G * q.d / (2 * xp.sqrt(q.w)) + q.alpha**2 * q.L / 2 * m["ratio_sum"]
        return xp.sqrt(q.eps + q.G**2) / (q.alpha * xp.sqrt(q.T)) * terms

    exact = one_step(theorem, problem, hyper)
    assert exact.broken(theorem) == []
    assert "telescoped logarithms" in exact.broken(rewritten(theorem, "telescoped logarithms", wrong))


def test_a_wrong_expected_denominator_is_caught_by_the_chain() -> None:
    """sqrt(E b) <= sqrt(t) G, with eps forgotten."""
    theorem, problem = ALL["avgrad-rate"], huber(1.0)
    hyper = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.5, "eps": 10.0}

    def wrong(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
        return q.G / xp.sqrt(q.T) * m["conditional_ratio"]

    exact = one_step(theorem, problem, hyper)
    assert "expected denominator" in exact.broken(rewritten(theorem, "expected denominator", wrong))


def test_levels_have_distinct_names() -> None:
    for theorem in ALL.values():
        names = [level.name for level in theorem.chain]
        assert len(set(names)) == len(names)
        assert isinstance(theorem.right, Level)
        assert theorem.right.statistics == ()
