"""Learned coefficients kept: they come from the runs that tuned, and fresh runs are trained at them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tolerances import SINGLE

from madatheory.errors import UserError
from madatheory.optimizers.presets import PRESETS
from madatheory.studies.tasks.task import Task
from madatheory.studies.training.comparison import ComparisonPlan, MethodOutcome, compare_methods, final
from madatheory.studies.training.kept import KEPT, kept, learned_at
from madatheory.studies.training.training_runs import TrainConfig, train
from madatheory.training.arguments import in_optax
from madatheory.training.methods import METHODS

TASK = Task(
    "quadratic",
    "a noisy quadratic",
    lambda key: jax.random.normal(key, (3,)),
    lambda x, key: 0.5 * jnp.sum((x - 0.5 * jax.random.normal(key, (3,))) ** 2),
    lambda x: {"score": jnp.sum(x**2)},
    "score",
    "squared distance",
    "lower",
)
CONFIG = TrainConfig(96, 6)  # the preset learns from step 50 on
PLAN = ComparisonPlan(("mada", "mada-frozen"), (1.0, 100.0), 2, 3)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, MethodOutcome]:
    found = compare_methods(TASK, CONFIG, PLAN, seed=5)
    assert found["mada"].rate == 0.1
    return found


def test_the_coefficients_are_means_of_the_last_records_of_the_runs_that_tuned(
    outcomes: dict[str, MethodOutcome],
) -> None:
    for rate in (1e-3, 0.1):
        tuning = train(TASK, METHODS["mada"], CONFIG, {"rate": [rate]}, range(3, 5), seed=5).isel(setting=0)
        found = learned_at(outcomes["mada"], rate, 2)
        assert set(found) == set(PRESETS["train_ddp"].initial)
        for name, values in found.items():
            want = tuning[f"coefficient_{name}"].to_numpy()[:, [4, 5]].mean(axis=1)
            np.testing.assert_allclose(values, want, rtol=SINGLE.tens)
    assert np.ptp(found["rho"]) > 1e-4, "two runs learn differently"


@pytest.mark.parametrize(
    ("rate", "records", "message"), [(0.2, 2, "0.2 was not tried"), (0.1, 7, "give 1 to 6"), (0.1, 0, "give 1")]
)
def test_what_was_not_recorded_is_refused(
    rate: float, records: int, message: str, outcomes: dict[str, MethodOutcome]
) -> None:
    with pytest.raises(UserError, match=message):
        learned_at(outcomes["mada"], rate, records)


def test_fresh_runs_are_trained_at_them(outcomes: dict[str, MethodOutcome]) -> None:
    start = dict(PRESETS["train_ddp"].initial)
    at = {"default": {**start, "gamma": 0.3}, "tuned": {**start, "rho": 0.1, "gamma": 0.6}}
    found = kept(TASK, CONFIG, outcomes["mada"], at, seed=5)
    assert found.method is KEPT
    for which, rate in (("default", 1e-3), ("tuned", 0.1)):
        settings = [{"rate": rate, **in_optax(at[which])}]
        want = train(TASK, METHODS["mada-frozen"], CONFIG, settings, range(3), seed=5).isel(setting=0)
        np.testing.assert_allclose(final(TASK, found.data(which)), final(TASK, want), rtol=SINGLE.hundreds)
    same = kept(TASK, CONFIG, outcomes["mada"], {"default": start, "tuned": start}, seed=5)
    for which in at:
        fixed = final(TASK, outcomes["mada-frozen"].data(which))
        np.testing.assert_allclose(final(TASK, same.data(which)), fixed, rtol=SINGLE.thousands)
        assert np.all(np.abs(final(TASK, found.data(which)) - fixed) > 1e-4 * fixed)
