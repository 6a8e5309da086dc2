"""Planted mistakes in the theorems with momentum, safeguard, regret and step sizes, and the check that catches each.

`judge` is the verdict at a hostile setting found by search. "late-slope" is flat until 65 % of the run, then steep: the
average is dominated by its last terms, where the weights 1/sqrt(t) give nothing away. Its largest left/right ratios
at T = 1e5 are .84 for T7 and T8, .77 for T7log, .76 for T5m, and they rise with T; on a plain slope .21 for T3 and .34
for T4 (.23 and .46 at T = 1e6; the factor 2R leaves no more than 1/4 and 1/2). `sums` compares the data-dependent form
with the a-priori one on noise of constant size, where the sums of ratios are nearly as large as they can be. Every
mistake in a formula is also caught by the values typed by hand in test_theorems_momentum.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.engine.simulate import simulate
from madatheory.problems.coordinatewise import exact_oracle
from madatheory.problems.problem import Array, Atoms, Constant, Constants, Oracle, Problem
from madatheory.theory.theorem import Formula, Setting, Theorem, quantities
from madatheory.theory.theorems.step_size_bounds import claimed_by_kingma_and_ba, step_size_theorem
from madatheory.theory.verdict import judge

Mistake = Callable[[Formula], Formula]
STEPS = 100_000

MISTAKES: dict[str, Mistake] = {
    "halved": lambda f: lambda q, xp: f(q, xp) / 2,
    "a sixth": lambda f: lambda q, xp: f(q, xp) / 6,
    "a third": lambda f: lambda q, xp: f(q, xp) / 3,
    "dropped log": lambda f: lambda q, xp: f(q, xp._replace(log=lambda x: 0 * x, log1p=lambda x: 0 * x)),
    "wrong beta2": lambda f: lambda q, xp: f(q._replace(beta2=1 - q.beta2), xp),
}

# check -> theorem -> the mistakes it catches
KILLS = {
    "judge": {
        "adagrad-momentum-published": ("a sixth",),
        "adam-momentum-published": ("a third",),
        "avgrad-momentum-rate": ("halved",),
        "amsgrad-monotone-rate": ("halved",),
        "avgrad-monotone-rate": ("halved",),
        "interpolation-monotone-rate": ("halved",),
        "amsgrad-monotone-log-rate": ("halved",),
        "avgrad-monotone-log-rate": ("halved",),
        "interpolation-monotone-log-rate": ("halved",),
        "safeguarded-monotone-log-rate": ("halved",),
        "safeguarded-rate": ("halved",),
        "safeguarded-hindsight-rate": ("halved",),
        "safeguarded-sum-rate": ("halved",),
        "safeguarded-sum-hindsight-rate": ("halved",),
        "avgrad-regret": ("halved",),
        "avgrad-regret, long": ("wrong beta2",),
        "amsgrad-regret": ("halved", "dropped log"),
        "amsgrad-regret, long": ("wrong beta2",),
        "adam-step-size": ("halved", "wrong beta2"),
        "avgrad-step-size": ("halved", "wrong beta2"),
        "mada-step-size": ("halved", "wrong beta2"),
        "yogi-step-size": ("halved",),
        "lion-step-size": ("halved",),
    },
    "sums": {
        "avgrad-momentum-rate": ("dropped log", "wrong beta2"),
        "amsgrad-monotone-rate": ("halved", "dropped log", "wrong beta2"),
        "avgrad-monotone-rate": ("halved", "dropped log", "wrong beta2"),
        "amsgrad-monotone-log-rate": ("halved", "dropped log", "wrong beta2"),
        "avgrad-monotone-log-rate": ("halved", "dropped log", "wrong beta2"),
        "safeguarded-rate": ("halved", "dropped log"),
        "safeguarded-hindsight-rate": ("halved", "dropped log"),
        "safeguarded-monotone-log-rate": ("dropped log",),
        "safeguarded-sum-rate": ("halved", "dropped log"),
        "safeguarded-sum-hindsight-rate": ("halved", "dropped log"),
    },
}


def exact(value: float) -> Constant:
    return Constant(value, "exact", "by construction", "this file")


def slope(distance: float, curvature: float, ramp: float | None = None) -> Problem:
    """F' = 1 for `distance`, then down through 0 with slope `curvature` to -1; started where F' = 1, or, with
    `ramp` = x_0, on a plateau of slope .01 that bends into it. L = curvature, G = 1, F_star = 0, no noise."""
    low, flat, L = -distance - 1 / curvature, 0.01, curvature
    width = (1 - flat) / L

    def gradient(x: Array) -> Array:
        steep = jnp.clip(L * (x - low), -1.0, 1.0)
        return steep if ramp is None else jnp.minimum(steep, jnp.maximum(flat, 1 - L * x))

    def value(x: Array) -> Array:
        bottom = jnp.clip(x - low, -1 / L, 1 / L)
        bowl = L * bottom**2 / 2 + jnp.maximum(low - 1 / L - x, 0)
        straight = jnp.maximum(x - low - 1 / L, 0)
        if ramp is None:
            return jnp.sum(bowl + straight, axis=0)
        bend = jnp.clip(x, 0, width)
        return jnp.sum(
            bowl + jnp.minimum(straight, distance) + bend - L * bend**2 / 2 + flat * jnp.maximum(x - width, 0), axis=0
        )

    start = np.array([0.0 if ramp is None else ramp])
    constants = Constants(exact(L), exact(1.0), exact(0.0))
    return Problem("slope" if ramp is None else "late-slope", "", 1, start, value, exact_oracle(), constants, gradient)


def late_slope(steps: int, steep: float = 0.35, curvature: float = 0.1) -> Problem:
    """Flat for the first 1 - `steep` of the run, for step sizes near 1/sqrt(t): found by search."""
    plateau = 2 * math.sqrt((1 - steep) * steps) - math.log(100) / curvature
    return slope(2 * math.sqrt(steps) * (1 - math.sqrt(1 - steep)), curvature, 0.99 / curvature + 0.01 * plateau)


def losses(slopes: tuple[float, ...], start: float, G: float) -> Problem:
    """f_t(x) = slopes[t-1] x on [-1, 1]."""
    table = np.array(slopes)

    def slope_at(t: Array, x: Array) -> Array:
        index = jnp.minimum(jnp.asarray(t, jnp.int32), len(table)) - 1
        return jnp.broadcast_to(jnp.asarray(table, x.dtype)[index], x.shape)

    oracle = Oracle(
        "table",
        0,
        lambda words, dtype: jnp.zeros((0, *words.first.shape[1:]), dtype),
        lambda x, grad, xi, t: slope_at(t, x),
        None,
        Atoms(np.zeros(1), np.ones(1)),
    )
    return Problem(
        "losses",
        "",
        1,
        np.array([start]),
        lambda x: jnp.sum(0 * x, axis=0),
        oracle,
        Constants(exact(0.0), exact(G), exact(0.0)),
        jnp.zeros_like,
        not_covered={"A4": "online"},
        box=(-1.0, 1.0),
        facts={"losses": "linear"},
    )


# eps = 10 G^2 and alpha/sqrt(eps + G^2/3) = 1: every method walks the late slope with steps near 1/sqrt(t)
LATE = {"alpha": math.sqrt(10.3), "eps": 10.0, "beta1": 0.5}
MADA = {**LATE, "beta2": 0.5, "beta3": 0.0, "c": 1.0}
LATE_SLOPE = late_slope(STEPS)
HOSTILE: dict[str, tuple[Problem, dict[str, float], int]] = {
    "adagrad-momentum-published": (
        slope(2 * math.sqrt(STEPS), 0.1),
        {"alpha": 1.0, "beta1": 0.5, "eps": 1e-4},
        STEPS,
    ),
    "adam-momentum-published": (
        slope(STEPS, 0.001),
        {"alpha": 1.0, "beta1": 0.1, "beta2": 1 - 1e-5, "eps": 1e-4},
        STEPS,
    ),
    **{
        name: (LATE_SLOPE, {**LATE, "beta2": 0.0}, STEPS)
        for name in (
            "avgrad-momentum-rate",
            "amsgrad-monotone-rate",
            "avgrad-monotone-rate",
            "amsgrad-monotone-log-rate",
            "avgrad-monotone-log-rate",
        )
    },
    **{
        name: (LATE_SLOPE, {**LATE, "beta2": 0.1, "rho": 1e-4}, STEPS)
        for name in ("interpolation-monotone-rate", "interpolation-monotone-log-rate")
    },
    "safeguarded-rate": (LATE_SLOPE, {**MADA, "rho": 1.0}, STEPS),
    "safeguarded-monotone-log-rate": (LATE_SLOPE, {**MADA, "rho": 1.0}, STEPS),
    "safeguarded-hindsight-rate": (LATE_SLOPE, MADA, STEPS),
    "safeguarded-sum-rate": (LATE_SLOPE, {**MADA, "rho": 1.0, "W": 1.0}, STEPS),
    "safeguarded-sum-hindsight-rate": (LATE_SLOPE, {**MADA, "W": 1.0}, STEPS),
    "avgrad-regret": (
        losses((-0.7, -0.23, -0.21), -1.0, 0.7),
        {"alpha": 1.04, "beta1": 0.0, "beta2": 0.01, "eps": 1e-9},
        3,
    ),
    "amsgrad-regret": (
        losses((-1.0, 1.0, -1.0), -1.0, 1.0),
        {"alpha": 2.83, "beta1": 0.0, "beta2": 1e-3, "eps": 1e-9},
        3,
    ),
    # 1 - beta2 tiny: the first steps jump from end to end
    **{
        f"{name}-regret, long": (
            losses((-1.0, 1.0) * 8, -1.0, 1.0),
            {"alpha": 1.4, "beta1": 0.0, "beta2": 0.999, "eps": 1e-9},
            16,
        )
        for name in ("avgrad", "amsgrad")
    },
    **{
        f"{name}-step-size": (losses((1.0, 2.0, -3.0), 0.0, 3.0), hyper, 3)
        for name, hyper in {
            "adam": {"beta1": 0.1, "beta2": 0.9},
            "avgrad": {"beta1": 0.1, "beta2": 0.9},
            "mada": {"beta1": 0.1, "beta2": 0.9, "rho": 0.5, "gamma": 0.5, "beta3": 0.0, "c": 1.0},
            "yogi": {"beta1": 0.0, "beta2": 0.9},
            "lion": {},
        }.items()
    },
}


def theorem(name: str) -> Theorem:
    return mt.list_theorems()[name.partition(",")[0]]


def with_mistake(proof: Theorem, mistake: Mistake) -> Theorem:
    wrong = mistake(proof.bound)
    return replace(proof, chain=(*proof.chain[:-1], replace(proof.right, value=lambda m, q, xp: wrong(q, xp))))


def run_of(name: str) -> str:
    """The first name with the same problem, method, hyper-parameters and left side: they share a run."""

    def what(other: str) -> tuple[object, ...]:
        proof, (problem, settings, steps) = theorem(other), HOSTILE[other]
        traits = proof.method().traits
        key = (id(problem), proof.method().name, repr(traits["convention"]), tuple(traits["moving"]), steps)
        return *key, proof.left.name, tuple(settings.items())

    return next(other for other in HOSTILE if what(other) == what(name))


@cache
def hostile_run(name: str) -> xr.Dataset:
    problem, settings, steps = HOSTILE[name]
    proof = theorem(name)
    statistics = proof.statistics if proof.kind == "every-path" else proof.left.statistics
    return simulate(
        problem,
        proof.method(),
        steps,
        num_trajectories=2,
        settings=settings,
        statistics=statistics,
        save_at=min(steps, 3),
    )


def verdict(name: str, proof: Theorem) -> str:
    problem, settings, steps = HOSTILE[name]
    method = proof.method()
    if proof.kind == "expectation":  # only the left side was measured
        proof = replace(proof, chain=(proof.left, proof.right))
    return judge(proof, problem, method, method.hyper(settings), hostile_run(run_of(name)), steps=steps).outcome


@pytest.mark.parametrize("name", KILLS["judge"])
def test_the_verdict_catches_planted_mistakes(name: str) -> None:
    proof = theorem(name)
    assert verdict(name, proof) == "holds"
    outcomes = {planted: verdict(name, with_mistake(proof, MISTAKES[planted])) for planted in KILLS["judge"][name]}
    assert outcomes == dict.fromkeys(outcomes, "violated")


NOISE = {"alpha": 1.0, "eps": 1e-2, "beta1": 0.5, "beta2": 0.98, "rho": 0.5, "c": 1.0, "beta3": 0.0, "W": 1.0}


@cache
def noisy_problem() -> Problem:
    return mt.list_problems()["tanh"].make({"d": 1, "noise": "rademacher", "scale": 20.0})


@pytest.mark.parametrize("name", KILLS["sums"])
def test_sums_of_ratios_catch_planted_mistakes(name: str) -> None:
    proof, problem = theorem(name), noisy_problem()
    method = proof.method()
    # with eps >> G^2 sum g^2/b is near (G^2/eps)(1 + ln T); T8's bound is of that form
    hyper = method.hyper({k: v for k, v in NOISE.items() if k in method.parameters})
    if name in ("safeguarded-rate", "safeguarded-hindsight-rate", "safeguarded-monotone-log-rate"):
        hyper["eps"] = 1e4
    form = next(level for level in proof.chain if level.data_bound)
    data = simulate(problem, method, 2000, num_trajectories=8, settings=hyper, statistics=form.statistics)
    q = quantities(Setting(problem, method, hyper, 2000))
    assert proof.reasons(Setting(problem, method, hyper, 2000)) == []
    measured = {str(key): value.mean("seed").values for key, value in data.data_vars.items()}
    largest = np.max(form.value(measured, q, NUMPY))
    assert largest <= proof.bound(q, NUMPY)
    missed = [p for p in KILLS["sums"][name] if largest <= with_mistake(proof, MISTAKES[p]).bound(q, NUMPY)]
    assert missed == []


def test_published_step_size_bound_is_judged_violated() -> None:
    claim = step_size_theorem(
        "claimed",
        "max_i |x_{t,i} - x_{t-1,i}| <= what Kingma and Ba claim",
        "Kingma and Ba (2015), section 2.1",
        lambda q, xp: claimed_by_kingma_and_ba(q, xp) + 0 * q.T,
        ("adam", {"form": "practical"}),
        (),
        {},
    )
    problem, method = losses((5.0, 6.0), 0.0, 6.0), claim.method()
    hyper = {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.99, "eps": 0.0}
    data = simulate(problem, method, 2, num_trajectories=2, settings=hyper, statistics=claim.statistics)
    assert judge(claim, problem, method, hyper, data, steps=2).outcome == "violated"


def test_hostile_problems_have_the_constants_they_state() -> None:
    x = jnp.linspace(-400.0, 60.0, 20001)[None]
    for problem in (late_slope(STEPS), slope(300.0, 0.1)):
        assert problem.constants is not None
        value, grad = problem.value(x), problem.full_gradient(x)[0]
        change = np.diff(np.asarray(value)) / np.diff(np.asarray(x[0]))
        middle = np.asarray((grad[1:] + grad[:-1]) / 2)
        assert np.max(np.abs(change - middle)) < 2e-2  # float32 differences
        assert float(jnp.min(value)) == pytest.approx(0.0, abs=1e-3)
        assert float(jnp.max(jnp.abs(grad))) <= problem.constants.G.value
        assert np.max(np.abs(np.diff(np.asarray(grad)) / np.diff(np.asarray(x[0])))) <= problem.constants.L.value * 1.01


def test_amsgrad_regret_is_attained() -> None:
    # one loss of slope 1 from x_0 = 1, alpha = 2 sqrt(w): regret 2 = 1 + 1 in the data-dependent form, vmax = w
    proof, w = theorem("amsgrad-regret"), 0.25
    hyper = {"alpha": 2 * math.sqrt(w), "beta1": 0.0, "beta2": 1 - w, "eps": 1e-14}
    problem = losses((1.0,), 1.0, 1.0)
    data = simulate(problem, proof.method(), 1, num_trajectories=1, settings=hyper, statistics=proof.statistics)
    measured = {str(key): value.values for key, value in data.data_vars.items()}
    q = quantities(Setting(problem, proof.method(), hyper, 1))
    form = [level for level in proof.chain if level.data_bound][-1]
    ratio = float(np.ravel(proof.left.value(measured, q, NUMPY) / form.value(measured, q, NUMPY))[0])
    assert 1 - 1e-6 < ratio <= 1 + 1e-12
