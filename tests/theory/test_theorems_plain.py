"""The theorems without momentum: formulas against hand-typed ones, chains on simulated and exact data, mistakes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from theorem_cases import ALL, NAMES, RATIO, at, huber, levels, statistics_of
from tolerances import DOUBLE

from madatheory.arithmetic import NUMPY
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.engine.simulate import simulate
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.problems.catalogue import list_problems
from madatheory.theory.theorem import Setting
from madatheory.theory.theorems import avgrad_high_probability

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
        RATIO,
        first.method(),
        T,
        num_trajectories=seeds,
        settings=first.settings,
        statistics=statistics_of(group),
        save_at=records,
    )
    for theorem in group:
        values = levels(theorem, RATIO, first.settings, data)
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
    tree = enumerate_tree(problem, first.method(), T, settings=hyper, statistics=statistics_of(group), save_at=records)
    axes = [name for name in grids if name in tree.dims]
    for index in np.ndindex(*[tree.sizes[name] for name in axes]):
        one = tree.isel(dict(zip(axes, index, strict=True)))
        point = {**first.settings, **{name: float(one[name]) for name in axes}}
        for theorem in group:
            values = levels(theorem, problem, point, one)
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
                assert found == pytest.approx(expected[key], rel=DOUBLE.thousands), (statistic, path)
                compared.add(statistic)
    assert len(compared) >= 3


def test_high_probability_is_measured_at_every_step() -> None:
    """Without noise and with long steps the share peaks early, and the statistic remembers the peak."""
    theorem, problem = ALL["avgrad-high-probability"], list_problems()["ratio"].make({"d": 2, "noise": "none"})
    statistics = (*theorem.statistics, *ALL["avgrad-weighted-rate"].left.statistics)
    hyper = {**theorem.settings, "alpha": 1.0, "eps": 1.0}
    data = simulate(
        problem,
        theorem.method(),
        40,
        num_trajectories=2,
        settings=hyper,
        statistics=statistics,
        save_at=list(range(1, 41)),
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
    method = list_optimizers()[entry].make(options)
    full = {k: v for k, v in {**method.hyper(), "beta1": 0.0, **hyper}.items() if k in method.parameters}
    found = ALL[name].reasons(Setting(RATIO, method, full, 10))
    assert any(reason in text for text in found), found


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_covered_and_say_something(name: str) -> None:
    """At T = 10^4 each default setting has a bound below what |g_i| <= G gives by itself.

    T6 at the published constants does not, at the settings of the sharp ones (which the two share to share runs).
    """
    theorem, problem = ALL[name], list_problems()["ratio"].make({})
    setting = Setting(problem, theorem.method(), theorem.method().hyper(theorem.settings), 10**4)
    assert theorem.reasons(setting) == []
    q = theorem.quantities(setting)
    trivial = q.d * q.G**2 * (2 * math.sqrt(q.T) if theorem.label in ("T5w", "T5hp") else 1)
    assert theorem.bound(q, NUMPY) < trivial or name == "interpolation-rate-published-constants"
