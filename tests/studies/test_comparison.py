"""Comparisons: tuning picks the best rate, pairs and their correction are those of SciPy and of the definition."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from madatheory.errors import UserError
from madatheory.optimizers.presets import PRESETS
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.comparison import ComparisonPlan, against, compare_methods, corrected, final, paired
from madatheory.studies.training.robustness import VariedMethod, final_over_grid, grid, tuned_rate
from madatheory.studies.training.training_runs import TrainConfig, nothing_cached, train
from madatheory.studies.training.trajectories import MEMBERS, coefficients_of, distances, nearest
from madatheory.training.methods import METHODS

VALUES = np.array([0.31, 0.28, 0.35, 0.30, 0.33])
OTHERS = np.array([0.36, 0.33, 0.34, 0.38, 0.37])


@cache  # programs are kept by task
def quadratic(better: str = "lower") -> Task:
    sign = 1.0 if better == "lower" else -1.0
    return Task(
        "quadratic",
        "a noisy quadratic",
        lambda key: jax.random.normal(key, (3,)),
        lambda x, key: 0.5 * jnp.sum((x - 0.1 * jax.random.normal(key, (3,))) ** 2),
        lambda x: {"score": sign * jnp.sum(x**2)},
        "score",
        "squared distance",
        "lower" if better == "lower" else "higher",
    )


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_the_best_rate_is_chosen_and_fresh_runs_judge(better: str) -> None:
    task, plan = quadratic(better), ComparisonPlan(("sgd",), (0.01, 10.0, 1000.0), 2, 3)
    outcome = compare_methods(task, TrainConfig(20, 2), plan, seed=3)["sgd"]
    assert outcome.rate == pytest.approx(0.1)
    assert outcome.interior
    assert not np.isfinite(outcome.candidates[2])
    again = train(task, METHODS["sgd"], TrainConfig(20, 2), {"rate": [0.1]}, range(3), seed=3)
    np.testing.assert_array_equal(final(task, outcome.tuned), final(task, again.isel(setting=0)))
    tried = train(task, METHODS["sgd"], TrainConfig(20, 2), {"rate": [0.1]}, range(3, 5), seed=3)
    assert outcome.candidates[1] == pytest.approx(final(task, tried.isel(setting=0)).mean())


def test_the_end_of_the_grid_is_no_interior() -> None:
    outcome = compare_methods(quadratic(), TrainConfig(20, 2), ComparisonPlan(("sgd",), (0.01, 0.1), 1, 2))["sgd"]
    assert not outcome.interior


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (ComparisonPlan(("adamm",)), "did you mean"),
        (ComparisonPlan(()), "give methods"),
        (ComparisonPlan(("sgd",), runs=1), "2 runs"),
        (ComparisonPlan(("sgd",), ()), "give methods"),
    ],
)
def test_a_plan_without_sense_is_refused(plan: ComparisonPlan, message: str) -> None:
    with pytest.raises(UserError, match=message):
        compare_methods(quadratic(), TrainConfig(2, 1), plan)


def test_a_pair_is_the_paired_t_test() -> None:
    for better, sign in (("lower", 1), ("higher", -1)):
        pair = paired("a", "b", VALUES, OTHERS, better)
        assert pair.p == pytest.approx(stats.ttest_rel(VALUES, OTHERS)[1])
        assert pair.difference == pytest.approx(sign * (OTHERS - VALUES).mean())
        assert pair.low < pair.difference < pair.high
    assert paired("a", "b", VALUES, OTHERS, "lower")._replace(corrected=0.01).result() == "win"
    assert paired("a", "b", OTHERS, VALUES, "lower")._replace(corrected=0.01).result() == "loss"
    assert paired("a", "b", OTHERS, VALUES, "lower")._replace(corrected=0.06).result() == "tie"


def test_pairs_that_are_no_sample() -> None:
    same = paired("a", "b", VALUES, VALUES, "lower")
    assert (same.p, same.difference) == (1.0, 0.0)
    diverged = np.full(5, np.inf)
    assert paired("a", "b", VALUES, diverged, "lower").p == pytest.approx(2 / 2**5)
    assert paired("a", "b", VALUES, diverged, "lower").difference == np.inf
    assert paired("a", "b", diverged, VALUES, "lower").difference == -np.inf
    assert paired("a", "b", diverged, diverged, "lower").p == 1.0
    assert paired("a", "b", VALUES, -diverged, "higher").difference == np.inf


def test_the_correction_is_holms() -> None:
    ps = [0.01, 0.04, 0.03, 0.005, 0.9]
    pairs = [paired("a", str(i), VALUES, OTHERS, "lower")._replace(p=p) for i, p in enumerate(ps)]
    # sorted .005 .01 .03 .04 .9 times 5 4 3 2 1, made monotone
    assert [pair.corrected for pair in corrected(pairs)] == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.9])
    assert corrected([]) == []


def test_ours_is_compared_with_every_other() -> None:
    found = compare_methods(quadratic(), TrainConfig(4, 1), ComparisonPlan(("sgd", "adam"), (1.0,), 1, 3))
    found["mada"] = found["sgd"]  # ours goes by its name
    assert [pair.other for pair in against(quadratic(), found, "tuned")] == ["sgd", "adam"]


def test_the_grid_trains_every_cell_as_it_would_be_alone() -> None:
    task, config = quadratic(), TrainConfig(6, 1)
    beta1, beta2 = grid(3)
    assert (beta1[0], beta1[-1], beta2[0], beta2[-1]) == (0.01, 0.99, 0.501, 0.99)
    for contender in (VariedMethod("adam", None, "Adam"), VariedMethod("mada", 10.0, "MADA")):
        found = final_over_grid(task, config, contender, 0.1, beta1, beta2, range(2), measures=("loss", "score"))
        point = {"rate": 0.1, "b1": beta1[2], "b2": beta2[0]}
        point |= {} if contender.scale is None else {"scale": contender.scale}
        alone = train(task, METHODS[contender.method], config, [point], [1])
        for measure, values in found.items():
            assert values.shape == (3, 3, 2)
            assert values[2, 0, 1] == alone[measure].isel(setting=0, run=0, t=-1)
    rate = tuned_rate(task, config, [1e-6, 0.1], range(2), cached=nothing_cached)
    assert rate == 0.1


def test_distances_are_to_the_members_and_zero_at_them() -> None:
    for name, point in MEMBERS.items():
        whole = {"beta3": 0.3, "rho": 0.4, "c": 0.5, "gamma": 0.6, **point}
        assert distances(whole)[name] == 0
        assert nearest(whole) == name
    start = distances(PRESETS["train_ddp"].initial)
    assert start["adam"] == pytest.approx(0.4)
    assert start["avgrad"] == pytest.approx(0.6)
    assert start["lion"] == 1.0
    path = {"gamma": np.array([1.0, 0.4, 0.0]), "rho": np.array([0.9, 0.9, 0.1])}
    assert list(nearest(path)) == ["adam", "lion", "lion"]


def test_coefficients_are_read_from_runs() -> None:
    data = train(quadratic(), METHODS["mada-rho"], TrainConfig(4, 2), {"rate": [0.1]}, range(2))
    assert list(coefficients_of(data.isel(setting=0))) == ["rho"]
