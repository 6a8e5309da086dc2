"""Theorems with momentum, safeguard, regret and step sizes: right sides, chains, lemmas on the way."""

import math
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from optimizer_cases import looped
from tolerances import DOUBLE

import madatheory as mt
from madatheory.arithmetic import NUMPY, arithmetic
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import mean_squared_gradient
from madatheory.optimizers.members.safeguarded_mada import safeguarded
from madatheory.problems.problem import Problem
from madatheory.theory.chains.momentum_terms import (
    STEADY_SUMS,
    R_safeguarded,
    least_weight,
    random_step_gradient,
)
from madatheory.theory.evaluate import evaluate
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import inner_product_sum
from madatheory.theory.theorem import Setting, Theorem
from madatheory.theory.theorems import step_size_bounds

# one point at which every right side is typed by hand; ln 7 is not 0 and no symbol is 0 or 1
AT = {"T": 7.0, "d": 3.0, "D0": 2.0, "L": 1.5, "G": 1.25, "eps": 0.125, "alpha": 0.25, "beta1": 0.5, "beta2": 0.75}
AT |= {"beta3": 0.25, "rho": 0.125, "c": 0.5, "gamma": 0.75, "W": 0.375, "D": 2.0}
T, d, D0, L, G, eps, alpha, beta1, beta2, beta3, rho, c, gamma, W, D = AT.values()
w, r, lnT = 1 - beta2, beta1 / (1 - beta1), math.log(T)
R, S = math.sqrt(eps + G**2), math.sqrt(eps + (1 + w * (1 - c)) * ((1 + 2 * beta3) * G) ** 2)
_c = 2 * w * G**2 / eps
_psi = 2 * math.sqrt(_c) if _c <= 1 else 2 + math.log(_c)
K2 = min(math.log(1 + w * T * G**2 / eps) / w, math.log(1 + T * G**2 / eps) + beta2 / w * _psi)
_k = min(w, (1 - rho) * (1 - beta2**T) + rho * T * w * beta2 ** (T - 1))
Q_CRUDE = G**2 / eps * (1 + lnT)
Q_AMSGRAD = min(1 / w, G**2 / eps) * (1 + lnT)
Q_BETWEEN = min(math.log(1 + _k * T * G**2 / eps) / _k, Q_CRUDE)
P = G + math.sqrt(eps)  # R of Defossez et al.
_steps = T - beta1 / (1 - beta1)
_B = math.sqrt(1 - beta2**T) / (1 - beta1**T) * (1 - beta1) / math.sqrt(w)
_B *= math.sqrt(sum((beta1**2 / beta2) ** k for k in range(int(T))))


def t7(Q: float, root: float = R) -> float:
    bracket = D0 + alpha * d * G**2 / ((1 - beta1) * math.sqrt(eps)) + L * r**2 * alpha**2 * d * G**2 / eps
    return root / (alpha * math.sqrt(T)) * (bracket + L / 2 * (3 + r**2) * alpha**2 * d * Q)


def t7log(weight: float, Q: float, root: float = R) -> float:
    growth = alpha * G / (2 * (1 - beta1) * math.sqrt(weight)) + alpha**2 * L * beta1 / (8 * (1 - beta1) ** 2 * weight)
    ratios = alpha**2 * L * (1 + 2 * beta1) / (2 * (1 - beta1)) * Q
    return root / (alpha * math.sqrt(T)) * (D0 + d * (growth * math.log(T * root**2 / eps) + ratios))


def t5m() -> float:
    ratios = 0.4 * alpha * G * math.sqrt(w) + alpha**2 * L * (1 + 2 * beta1) / (2 * (1 - beta1))
    growth = alpha * G * beta1 / (2 * math.sqrt((1 - beta1**2) * w)) + alpha**2 * L * beta1 / (8 * (1 - beta1**2) * w)
    return R / (alpha * math.sqrt(T)) * (D0 + d * (ratios * K2 + growth * math.log(T * R**2 / eps)))


def t7_sharp(Q: float) -> float:
    shrink = 1 / math.sqrt(eps) - 1 / (R * math.sqrt(T))
    squares = (math.sqrt(Q) + r * G * shrink) ** 2 + 2 * r * Q
    bracket = D0 + alpha * d * G**2 * shrink / (1 - beta1) + alpha**2 * d * L / 2 * squares
    return R * math.sqrt(T - 1) / (alpha * T) * bracket


def t3_sharp() -> float:
    weight = alpha * G * (0.4 + beta1 / (2 * math.sqrt(1 - beta1**2)))
    weight += alpha**2 * L * ((1 + 2 * beta1) / (2 * (1 - beta1)) + beta1 / (8 * (1 - beta1**2)))
    return R / (alpha * math.sqrt(T)) * (D0 + d * weight * math.log(1 + T * G**2 / eps))


def t4_sharp() -> float:
    sigma = beta1 / math.sqrt(beta2)
    theta, N = (1 - beta1) / (1 - sigma), math.log(1 + G**2 / (w * eps)) - (T - 1) * math.log(beta2)
    ratios = 0.4 * alpha * G / math.sqrt(w) + alpha**2 * L * theta / (2 * w) * (1 + 2 * sigma) / (1 - sigma)
    growth = alpha * G * sigma / (2 * math.sqrt((1 - sigma**2) * w)) + alpha**2 * L * sigma * theta / (
        8 * (1 - sigma**2) * w
    )
    return R / (alpha * T) * (D0 / theta + d * (ratios * N + growth * (N + 4)))


def t3() -> float:
    E = alpha * d * P * L + 12 * d * P**2 / (1 - beta1) + 2 * alpha**2 * d * L**2 * beta1 / (1 - beta1)
    return 2 * P * math.sqrt(T) * D0 / (alpha * _steps) + math.sqrt(T) / _steps * E * math.log(1 + T * P**2 / eps)


def t4() -> float:
    u = 1 - beta1 / beta2
    E = alpha * d * P * L * (1 - beta1) / (u * w) + 12 * d * P**2 * math.sqrt(1 - beta1) / (u**1.5 * math.sqrt(w))
    E += 2 * alpha**2 * d * L**2 * beta1 / (u * w**1.5)
    logs = math.log(1 + P**2 / (w * eps)) / _steps - T / _steps * math.log(beta2)
    return 2 * P * D0 / (alpha * _steps) + E * logs


SUM_ROOT = max(S, math.sqrt(eps + W * G**2))
Q_SUM = math.log(1 + W * T * G**2 / eps) / W
DISTANCE = d * D**2 / (2 * alpha) * math.sqrt(T) * R
FADING_STEPS = (1 + beta1) / (2 * (1 - beta1) ** 2) * d * alpha * math.sqrt((1 + lnT) / w) * G * math.sqrt(T)
BY_HAND = {
    "adagrad-momentum-published": t3(),
    "adam-momentum-published": t4(),
    "adagrad-momentum-rate": t3_sharp(),
    "adam-momentum-rate": t4_sharp(),
    "avgrad-momentum-rate": t5m(),
    "amsgrad-monotone-rate": t7(Q_AMSGRAD),
    "avgrad-monotone-rate": t7(min(K2, Q_CRUDE)),
    "interpolation-monotone-rate": t7(Q_BETWEEN),
    "amsgrad-monotone-sharp-rate": t7_sharp(Q_AMSGRAD),
    "avgrad-monotone-sharp-rate": t7_sharp(min(K2, Q_CRUDE)),
    "interpolation-monotone-sharp-rate": t7_sharp(Q_BETWEEN),
    "amsgrad-monotone-log-rate": t7log(w, Q_AMSGRAD),
    "avgrad-monotone-log-rate": t7log(w, K2),
    "interpolation-monotone-log-rate": t7log(w, Q_BETWEEN),
    "safeguarded-monotone-log-rate": t7log(min(w, beta2 + w * c), Q_CRUDE, S),
    "safeguarded-rate": t7(Q_CRUDE, S),
    "safeguarded-hindsight-rate": t7(Q_CRUDE, S),
    "safeguarded-sum-rate": t7log(W, Q_SUM, SUM_ROOT),
    "safeguarded-sum-hindsight-rate": t7log(W, Q_SUM, SUM_ROOT),
    "avgrad-regret": DISTANCE + d * alpha / math.sqrt(w) * G * math.sqrt(T),
    "amsgrad-regret": DISTANCE + d * alpha * math.sqrt(1 + lnT) / (2 * math.sqrt(w)) * G * math.sqrt(T),
    "avgrad-momentum-regret": DISTANCE / (1 - beta1) + d * 3 * alpha / math.sqrt(w) * G * math.sqrt(T),
    # beta1 = 1/2, beta2 = 3/4: 1 - beta1^2/beta2 = 2/3 > 1/4
    "amsgrad-momentum-regret": DISTANCE / (1 - beta1)
    + d * 1.5 * alpha * math.sqrt(1 + lnT) / (2 * math.sqrt(w * 2 / 3)) * G * math.sqrt(T),
    "amsgrad-fading-regret": DISTANCE / (1 - beta1) + FADING_STEPS,
    "amsgrad-published-regret": 2 * DISTANCE * (1 + beta1) / (1 - beta1)
    + 2 / (1 + beta1) * FADING_STEPS / (1 - beta1 / math.sqrt(beta2)),
    "adamx-regret": DISTANCE * (1 + 2 * beta1) / (1 - beta1) + FADING_STEPS,
    "adam-step-size": _B,
    "avgrad-step-size": math.sqrt(T) * _B,
    "mada-step-size": gamma * _B / math.sqrt(rho + (1 - rho) / T) + 1 - gamma,
    "yogi-step-size": math.sqrt((1 - beta2**T) / min(beta2, w)),
    "lion-step-size": 1.0,
}


def theorem(name: str) -> Theorem:
    return mt.list_theorems()[name]


@pytest.mark.parametrize("name", BY_HAND)
def test_right_side_is_the_statement_in_every_arithmetic(name: str, float64: None) -> None:
    bound = theorem(name).bound
    assert float(bound(Quantities(**AT), NUMPY)) == pytest.approx(BY_HAND[name], rel=DOUBLE.hundreds)
    assert float(bound(Quantities(**{k: jnp.asarray(v) for k, v in AT.items()}), arithmetic("jax"))) == pytest.approx(
        BY_HAND[name], rel=DOUBLE.thousands
    )
    import flint
    import sympy

    exact = bound(Quantities(**{k: sympy.Rational(v) for k, v in AT.items()}), arithmetic("sympy"))
    assert not sympy.sympify(exact).has(sympy.Float)
    assert float(sympy.N(exact, 30)) == pytest.approx(BY_HAND[name], rel=DOUBLE.hundreds)
    ball = flint.arb(bound(Quantities(**{k: flint.arb(v) for k, v in AT.items()}), arithmetic("balls")))
    assert abs(float(ball.mid()) - BY_HAND[name]) <= 1e-12 * BY_HAND[name]
    assert float(ball.rad()) < 1e-9


def tiny(noise: str = "rademacher", scale: float = 1.0, dimension: int = 1, start: float = 0.75) -> Problem:
    return mt.list_problems()["log"].make({"d": dimension, "noise": noise, "scale": scale, "start": start})


def levels(name: str, problem: Problem, data: xr.Dataset, hyper: dict[str, float]) -> np.ndarray:
    """Values of the chain's levels, shape (level, t)."""
    proof = theorem(name)
    found = evaluate(proof, Setting(problem, proof.method(), hyper, 1), data.expand_dims("seed"))
    return np.array([level[0] for level in found.values()])


def assert_ordered(name: str, values: np.ndarray) -> None:
    for level, low, high in zip(theorem(name).chain[1:], values[:-1], values[1:], strict=True):
        assert np.all(low <= high + 1e-11 * np.abs(high)), f"{name}: {level.name} ({level.by}): {low} > {high}"


# theorems that share a method and hyper-parameters share an enumeration
TREES = {
    "adagrad": (("adagrad-momentum-rate",), {}),
    "adam": (("adam-momentum-rate", "adam-rate"), {"beta2": 0.85}),
    "avgrad": (
        (
            "avgrad-momentum-rate",
            "avgrad-monotone-rate",
            "avgrad-monotone-sharp-rate",
            "avgrad-monotone-log-rate",
        ),
        {"beta2": 0.9},
    ),
    "amsgrad": (
        ("amsgrad-monotone-rate", "amsgrad-monotone-sharp-rate", "amsgrad-monotone-log-rate"),
        {"beta2": 0.6},
    ),
    "interpolation": (
        ("interpolation-monotone-rate", "interpolation-monotone-sharp-rate", "interpolation-monotone-log-rate"),
        {"beta2": 0.8, "rho": 0.6},
    ),
    "safeguarded": (("safeguarded-rate", "safeguarded-monotone-log-rate"), {"beta2": 0.6, "rho": 1.0, "c": 0.3}),
    "hindsight": (("safeguarded-hindsight-rate",), {"beta2": 0.9, "c": 0.5, "beta3": 0.4}),
    "sum": (("safeguarded-sum-hindsight-rate",), {"beta2": 0.9, "c": 0.5, "beta3": 0.4, "W": 0.5}),
}


@pytest.mark.parametrize("method", TREES)
def test_every_link_of_the_proof_holds_exactly_on_noise_trees(method: str) -> None:
    names, fixed = TREES[method]
    problem, steps = tiny(), 7
    grid = {"beta1": (0.0, 0.9), "alpha": (0.1, 2.0), "eps": (1e-4, 3.0)}
    statistics = {s.name: s for name in names for s in theorem(name).statistics}
    tree = enumerate_tree(
        problem,
        theorem(names[0]).method(),
        steps,
        settings={**grid, **fixed},
        statistics=tuple(statistics.values()),
        save_at=[1, 2, 3, 5, 7],
    )
    data = tree.weighted(tree.probability).mean("path")
    for name in names:
        for point in np.ndindex(2, 2, 2):
            moving = {key: values[i] for (key, values), i in zip(grid.items(), point, strict=True)}
            hyper = theorem(name).method().hyper({**fixed, **moving})
            setting = Setting(problem, theorem(name).method(), hyper, steps)
            if not theorem(name).reasons(setting):
                assert_ordered(name, levels(name, problem, data.sel(moving), hyper))


def test_smoothness_at_the_shifted_point_is_an_equality_for_a_parabola() -> None:
    # F = |x|^2/2 attains L4, so <grad F(x_{t-1}), u_t> must come back from the folds exactly
    parabola = replace(tiny(dimension=2), value=lambda x: jnp.sum(x * x, axis=0) / 2, gradient=lambda x: x)
    sums = STEADY_SUMS
    folds = (sums.decrease, sums.first_order, sums.step, inner_product_sum)
    settings = {"alpha": 1.5, "beta1": 0.8, "beta2": 0.9, "eps": 0.1}
    data = simulate(
        parabola,
        theorem("avgrad-momentum-rate").method(),
        50,
        num_trajectories=4,
        settings=settings,
        statistics=folds,
        save_at=[1, 2, 50],
    )
    recovered = data["shifted_decrease"] + data["shifted_first_order"] + data["shifted_step"] / 2
    np.testing.assert_allclose(recovered, 1.5 * data["inner_product_sum"], rtol=DOUBLE.thousands, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BY_HAND if not name.endswith(("step-size", "published"))])
def test_every_link_holds_on_simulated_data(name: str) -> None:
    proof, steps = theorem(name), 2000
    online = name.endswith("regret")
    problem = mt.list_problems()["reddi-stochastic" if online else "ratio"].make({})
    hyper = proof.method().hyper(proof.settings)
    data = simulate(
        problem,
        proof.method(),
        steps,
        num_trajectories=256,
        settings=proof.settings,
        statistics=proof.statistics,
        save_at=6,
    )
    assert not proof.reasons(Setting(problem, proof.method(), hyper, steps))
    found = evaluate(proof, Setting(problem, proof.method(), hyper, steps), data)
    paths = np.stack(list(found.values()), axis=1)
    gap = np.diff(paths, axis=1)  # the links that use E_{t-1} g_t = grad F hold on average only
    error = gap.std(axis=0, ddof=1) / 16
    assert np.all(gap.mean(axis=0) >= -6 * error - 1e-11 * np.abs(paths[:, 1:].mean(axis=0)))


BENT = {"p": 0.3, "high": 2.0, "low": -0.75, "curvature": 1.5, "d": 2}
ONLINE = {
    "avgrad-regret": ("reddi-stochastic", {"p": 0.3, "up": 4.0, "down": 1.0, "d": 2}, 0.0),
    "amsgrad-regret": ("reddi-stochastic", {"p": 0.3, "up": 4.0, "down": 1.0, "d": 2}, 0.0),
    "amsgrad-momentum-regret": ("online-quadratic", BENT, 0.8),
}


@pytest.mark.parametrize("name", ONLINE)
def test_regret_chain_holds_on_every_path(name: str) -> None:
    proof, (problem, options, momentum) = theorem(name), ONLINE[name]
    built = mt.list_problems()[problem].make(options)
    fixed = {"beta1": momentum, "eps": 1e-6}
    settings = {"alpha": (0.1, 1.0, 5.0), "beta2": (0.05 if momentum else 0.0, 0.9), **fixed}
    data = simulate(
        built,
        proof.method(),
        300,
        num_trajectories=16,
        settings=settings,
        statistics=proof.statistics,
        save_at=[1, 2, 7, 60, 300],
    )
    for point in np.ndindex(3, 2, 16):
        hyper = {"alpha": settings["alpha"][point[0]], "beta2": settings["beta2"][point[1]], **fixed}
        assert not proof.reasons(Setting(built, proof.method(), hyper, 300))
        path = data.isel(alpha=point[0], beta2=point[1], seed=point[2])
        assert_ordered(name, levels(name, built, path, hyper))


@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.9])
def test_random_step_weights_are_folded_exactly(beta1: float) -> None:
    proof, steps = theorem("adagrad-momentum-published"), 6
    data = simulate(
        tiny("none"),
        proof.method(),
        steps,
        num_trajectories=1,
        settings={**proof.settings, "beta1": beta1},
        statistics=(mean_squared_gradient, random_step_gradient),
        save_at=list(range(1, steps + 1)),
    ).isel(seed=0)
    sums = data["mean_squared_gradient"].values * np.arange(1, steps + 1)
    squares = np.diff(sums, prepend=0.0)
    for count in range(1, steps + 1):
        weights = 1 - beta1 ** (count - np.arange(count))
        measured = {"random_step_gradient": data["random_step_gradient"].values[count - 1]}
        left = proof.left.value(measured, Quantities(T=float(count), beta1=beta1), NUMPY)
        assert left == pytest.approx(weights @ squares[:count] / weights.sum(), rel=DOUBLE.thousands)


def test_least_weight_bounds_the_interpolation_from_below() -> None:
    generator = np.random.default_rng(0)
    for _ in range(300):
        steps, b2, mix = generator.integers(1, 40), generator.uniform(0, 0.999), generator.uniform()
        squares = generator.exponential(size=steps) * (generator.random(steps) < 0.5)
        v = vbar = 0.0
        for t in range(1, steps + 1):
            v = b2 * v + (1 - b2) * squares[t - 1]
            vbar += (v - vbar) / t
        k = least_weight(Quantities(T=float(steps), beta2=b2, rho=mix), NUMPY)
        assert k >= (1 - mix) * (1 - b2) * (1 - 1e-12)
        assert steps * (mix * v + (1 - mix) * vbar) >= k * squares.sum() * (1 - 1e-12)
    tail = Quantities(T=30.0, beta2=0.5, rho=1.0)  # attained by a single gradient, at the end or at the start
    assert least_weight(tail, NUMPY) == pytest.approx(30 * 0.5 * 0.5**29)


def test_safeguarded_second_moment_is_bounded_and_nearly_reaches_the_bound(float64: None) -> None:
    steps, lanes = 60, 400
    generator = np.random.default_rng(1)
    optimizer = safeguarded("max")
    g = generator.choice([-1.0, 0.0, 0.5, 1.0], size=(steps, 1, lanes)) * generator.choice(
        [1.0, 0.97], (steps, 1, lanes)
    )
    hyper = {
        "alpha": np.full(lanes, 1.0),
        "beta1": np.zeros(lanes),
        "eps": np.full(lanes, 1e-3),
        "beta2": generator.uniform(0, 1, lanes),
        "beta3": generator.uniform(0, 0.99, lanes),
        "rho": generator.uniform(0, 1, lanes),
        "c": generator.uniform(0, 1, lanes),
    }
    path = looped(optimizer)(jnp.zeros((1, lanes)), jnp.asarray(g), hyper)
    b, t = np.asarray(path.step.b)[:, 0], np.arange(1, steps + 1)[:, None]
    q = Quantities(G=1.0, **{k: hyper[k] for k in ("eps", "beta2", "beta3", "c")})
    assert np.all(b <= t * R_safeguarded(q, NUMPY) ** 2 * (1 + 1e-12))
    # tight: v grows to just below ((1+2B3)G)^2, then one square above it overshoots (beta2 = c = 0: twice as much)
    ends = {"alpha": 1.0, "beta1": 0.0, "eps": 1e-9, "beta2": 0.0, "beta3": 0.0, "rho": 1.0, "c": 0.0}
    last = np.asarray(looped(optimizer)(jnp.zeros(1), jnp.array([[0.999], [1.0]]), ends).step.b)[-1, 0]
    top = float(R_safeguarded(Quantities(G=1.0, eps=1e-9, beta2=0.0, beta3=0.0, c=0.0), NUMPY)) ** 2
    assert 0.998 * top < last / 2 <= top


@pytest.mark.parametrize(("b1", "b2"), [(0.9, 0.99), (0.9, 0.5), (0.5, 0.999), (0.99, 0.9)])
def test_step_size_bound_is_attained(b1: float, b2: float, float64: None) -> None:
    steps = 12
    optimizer = theorem("adam-step-size").method()
    g = (b1 / b2) ** (steps - np.arange(1.0, steps + 1))
    path = looped(optimizer)(
        jnp.zeros(1), jnp.asarray(g)[:, None], {"alpha": 1.0, "beta1": b1, "beta2": b2, "eps": 0.0}
    )
    bound = float(step_size_bounds.adam_step(Quantities(T=float(steps), beta1=b1, beta2=b2), NUMPY))
    assert float(path.step.delta[-1, 0]) == pytest.approx(bound, rel=DOUBLE.thousands)


def test_published_step_size_bound_is_refuted(float64: None) -> None:
    hyper = {"alpha": 1.0, "beta1": 0.9, "beta2": 0.99, "eps": 0.0}
    path = looped(theorem("adam-step-size").method())(jnp.zeros(1), jnp.array([[5.0], [6.0]]), hyper)
    claimed = step_size_bounds.claimed_by_kingma_and_ba(Quantities(beta1=0.9, beta2=0.99), NUMPY)
    assert claimed == pytest.approx(1.0)
    assert float(path.step.delta[1, 0]) > claimed + 1e-4
