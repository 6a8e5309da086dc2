"""Tuned step sizes: chosen among finite runs, on other seeds than those they are judged on."""

from typing import Any

import numpy as np
import xarray as xr

from madatheory.engine.statistic import final_value
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.catalogue import list_problems
from madatheory.studies.theory import tuning
from madatheory.studies.theory.step_sizes import best_alpha


def test_best_alpha_ignores_runs_that_are_not_finite():
    values = np.array([[[3.0]], [[1.0]], [[np.nan]]])  # alpha, seed, t

    def fake(*args: Any, **options: Any) -> xr.Dataset:
        assert options["settings"] == {"beta1": 0.0, "alpha": (0.1, 0.2, 0.3)}
        return xr.Dataset({"final_value": (("alpha", "seed", "t"), values)})

    problem: Any = None
    chosen = best_alpha(
        fake, problem, problem, 10, (0.1, 0.2, 0.3), final_value, num_trajectories=range(1), settings={"beta1": 0.0}
    )
    assert chosen == 0.2


def test_tuning_chooses_on_one_set_of_seeds_and_judges_on_another() -> None:
    """A false `simulate` whose error is known: (alpha - rho)^2 + 10 on the tuning seeds, + 20 on the others."""
    problem = list_problems()["pseudo-huber"].make({"d": 1, "noise": "none"})
    asked: list[range] = []

    def false_run(
        problem: Any, optimizer: Optimizer, steps: int, *, num_trajectories: range, settings: Any, **_: Any
    ) -> xr.Dataset:
        asked.append(num_trajectories)
        alphas, rhos = np.atleast_1d(settings["alpha"]), np.atleast_1d(settings["rho"])
        error = (alphas[:, None] - rhos) ** 2 + (10 if num_trajectories.start == 0 else 20)
        x = np.sqrt((error + 1) ** 2 - 1)  # sqrt(1+x^2) - 1 = error
        values = np.broadcast_to(x[..., None, None, None], (*x.shape, len(num_trajectories), 1, 1))
        data = xr.DataArray(values, dims=("alpha", "rho", "seed", "t", "coordinate"), coords={"rho": rhos})
        return xr.Dataset({"iterate": data if np.ndim(settings["alpha"]) else data.isel(alpha=0, drop=True)})

    found = tuning.tune(
        false_run,
        problem,
        None,  # type: ignore[arg-type]
        steps=1,
        alphas=[0.0, 0.4, 0.6, 1.0],
        settings={},
        over={"rho": (0.0, 0.45, 0.7)},
        tuning_seeds=3,
        fresh_seeds=5,
        seed=0,
    )
    assert {key[0]: (one.alpha, one.interior) for key, one in found.items()} == {
        0.0: (0.0, False),
        0.45: (0.4, True),
        0.7: (0.6, True),
    }
    for (rho,), one in found.items():
        np.testing.assert_allclose(one.errors, 20 + (one.alpha - rho) ** 2)
        np.testing.assert_allclose(one.candidates, 10 + (np.array([0.0, 0.4, 0.6, 1.0]) - rho) ** 2)
    assert asked[0] == range(3)
    assert all(seeds == range(3, 8) for seeds in asked[1:])
